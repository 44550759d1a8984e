//! Scans whose sources are known, and what may happen to one.

use super::super::Context;
use super::super::args::Harm;
use super::super::scans::read;
use crate::digest::Digest;
use crate::format::{ReadOptions, x3p};
use crate::signature::Signature;
use crate::simulate::{Simulation, shot_name};
use crate::surface::Surface;
use crate::transform::{add_noise, drop_samples, keep_share, resample, rotate};
use crate::units::{Angle, Length};
use anyhow::{Context as _, ensure};
use rayon::prelude::*;
use std::path::Path;

/// Firearms and shots where no scans are given.
const SIMULATED: (usize, usize) = (8, 3);

/// A planted scan.
pub(super) struct Planted {
    pub(super) name: String,
    pub(super) source: String,
    /// The study that it is of.
    pub(super) group: String,
    pub(super) original: Vec<u8>,
    pub(super) surface: Surface,
    pub(super) signature: Signature,
}

/// Reads the scans of a folder that labels name.
pub(super) fn labelled(
    context: &Context,
    folder: &Path,
    labels: &Path,
) -> anyhow::Result<Vec<Planted>> {
    let named = || labels.display().to_string();
    let mut reader = csv::Reader::from_path(labels).with_context(named)?;
    let rows: Vec<(String, String)> =
        reader.deserialize().collect::<Result<_, _>>().with_context(named)?;
    let one = |(file, source): &(String, String)| -> anyhow::Result<Planted> {
        let path = folder.join(file);
        let (scan, original) = read(&path, &ReadOptions::default())?;
        let signature = Signature::extract(&scan.surface, scan.sha256, context.engine.parameters());
        let group = Path::new(file).parent().map(|parent| parent.display().to_string());
        Ok(Planted {
            name: file.clone(),
            source: source.clone(),
            group: group.unwrap_or_default(),
            original,
            surface: scan.surface,
            signature: signature.with_context(|| path.display().to_string())?,
        })
    };
    let planted: Vec<Planted> = rows.par_iter().map(one).collect::<Result<_, _>>()?;
    ensure!(planted.len() > 1, "{}: {} scans, wanted at least 2", named(), planted.len());
    Ok(planted)
}

/// Simulated scans.
pub(super) fn simulated(context: &Context, seed: u64) -> anyhow::Result<Vec<Planted>> {
    // Decoys lose what firearms of one tool share.
    let simulation = Simulation { seed, subclass_group: 1, ..Simulation::default() };
    let (firearms, shots) = SIMULATED;
    let made = (0..firearms).into_par_iter().map(|number| -> anyhow::Result<Vec<Planted>> {
        let firearm = simulation.firearm(number)?;
        let shot = |shot| -> anyhow::Result<Planted> {
            let surface = firearm.shot(shot).surface;
            let original = x3p::write(&surface, &Default::default())?;
            let digest = Digest::of(&original);
            let signature = Signature::extract(&surface, digest, context.engine.parameters())?;
            let (source, group) = (format!("firearm {number}"), "simulated".to_owned());
            Ok(Planted {
                name: shot_name(number, shot),
                source,
                group,
                original,
                surface,
                signature,
            })
        };
        (0..shots).map(shot).collect()
    });
    let made: Vec<Vec<Planted>> = made.collect::<Result<_, _>>()?;
    Ok(made.into_iter().flatten().collect())
}

/// The signature of a planted scan after what was done to it.
pub(super) fn harmed(
    context: &Context,
    planted: &Planted,
    harm: Harm,
    seed: u64,
) -> anyhow::Result<Signature> {
    if harm == Harm::None {
        return Ok(planted.signature.clone());
    }
    // A number of its own for every scan, harm and seed.
    let chance = Digest::of(format!("{seed} {} {harm:?}", planted.name).as_bytes());
    let number = |at: usize| {
        let bytes = chance.as_bytes()[at..at + 8].try_into().unwrap_or_default();
        u64::from_le_bytes(bytes)
    };
    let angle = |at: usize| Angle::from_degrees(number(at) as f64 / u64::MAX as f64 * 360.0);
    let turned = rotate(&planted.surface, angle(0))?;
    let surface = match harm {
        Harm::None | Harm::Turned => turned,
        Harm::Noise => add_noise(&turned, 0.5, number(8))?,
        Harm::Dropout => drop_samples(&turned, 0.2, number(8))?,
        Harm::Half => keep_share(&turned, 0.5, angle(8))?,
        Harm::Coarse => resample(&turned, Length::from_micrometres(12.5))?,
    };
    // A digest of its own, so that nobody takes it for the file that was enrolled.
    Signature::extract(&surface, chance, context.engine.parameters())
        .with_context(|| format!("{}, {harm:?}", planted.name))
}
