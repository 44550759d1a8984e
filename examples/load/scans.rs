//! Where do the files come from that are entered and asked about?
//!
//! Simulated shots as X3P, their heights kept to about a nanometre as an instrument keeps them. A file can be had in any
//! number of copies that differ by a comment at the end of the container: another hash, another scan to the service, at no
//! cost to the client.

use anyhow::Context as _;
use casemark::Surface;
use casemark::format::{Metadata, x3p};
use casemark::simulate::{Firearm, Simulation, shot_name};
use casemark::units::Length;
use prost::bytes::Bytes;
use rayon::prelude::*;

/// Steps of height in a metre: a power of two, so that what is left out is left out of the bytes too.
const STEPS: f64 = (1_u64 << 30) as f64;

/// A world of firearms, sampled so.
pub(crate) fn simulation(seed: u64, spacing_um: f64) -> anyhow::Result<Simulation> {
    let simulation =
        Simulation { seed, spacing: Length::from_micrometres(spacing_um), ..Simulation::default() };
    simulation.check()?;
    Ok(simulation)
}

/// One shot, as it would be measured, and its file.
pub(crate) fn shot(firearm: &Firearm, shot: usize) -> anyhow::Result<(Surface, Vec<u8>)> {
    let fired = firearm.shot(shot).surface;
    let heights = fired.heights().mapv(|height| (height * STEPS).round() / STEPS);
    let surface = Surface::new(heights, fired.mask().clone(), fired.spacing(), fired.kind())?;
    let metadata = Metadata { creator: Some("casemark load".to_owned()), ..Metadata::default() };
    let file = x3p::write(&surface, &metadata)?;
    Ok((surface, file))
}

/// A file of some megabytes: sampled as finely as may be, every bit of a height kept.
pub(crate) fn large() -> anyhow::Result<Vec<u8>> {
    let fired = simulation(1, 3.0)?.firearm(0)?.shot(0);
    Ok(x3p::write(&fired.surface, &Metadata::default())?)
}

/// Files to send.
#[derive(Debug)]
pub(crate) struct Pool {
    files: Vec<(String, Vec<u8>)>,
}

impl Pool {
    /// Two shots each of so many firearms, of full size.
    pub(crate) fn new(seed: u64, firearms: usize) -> anyhow::Result<Self> {
        let simulation = simulation(seed, 6.25)?;
        let files: Vec<Vec<(String, Vec<u8>)>> = (0..firearms)
            .into_par_iter()
            .map(|index| {
                let firearm = simulation.firearm(index)?;
                let file = |number| {
                    let name = format!("{}.x3p", shot_name(index, number));
                    anyhow::Ok((name, shot(&firearm, number)?.1))
                };
                (0..2).map(file).collect()
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { files: files.into_iter().flatten().collect() })
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// A copy of a file that no other copy with another note equals.
    pub(crate) fn copy(&self, index: usize, note: &str) -> anyhow::Result<(String, Bytes)> {
        let (name, file) = &self.files[index % self.files.len()];
        let length = u16::try_from(note.len()).context("a note is short")?;
        let mut bytes = Vec::with_capacity(file.len() + note.len());
        // A container without a comment ends with the two bytes of its length.
        bytes.extend_from_slice(&file[..file.len() - 2]);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(note.as_bytes());
        Ok((name.clone(), bytes.into()))
    }
}
