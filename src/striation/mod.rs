//! Were two striated marks made by one tool?
//!
//! Aperture shear, screwdrivers and chisels leave parallel lines, so all that counts is one [`Profile`] across
//! them. Two profiles of one tool differ by where they begin (lag), by a few percent in length (the angle at
//! which the tool was held), and in how much of the edge has marked at all. [`compare`] finds lag and
//! scale and says how much the profiles agree, for whoever has profiles of such marks;
//! [`extract`](fn@extract) makes one of an areal scan.
//!
//! What separates the sources (measured on screwdriver marks, `tests/science/striation.rs`): heights divided by
//! their local standard deviation, so that a burst counts no more than quiet striae; one NCC for each of four octaves,
//! so that the one wavelength that dominates every mark of a kind cannot speak for all; and a score that grows with
//! the overlap. After: Chu, Thompson, Song, Vorburger 2013 (cross-correlation of profiles), Chen, Chu, Soons,
//! Thompson, Song 2019 (congruent matching profile segments). Not for impressed marks.

mod bands;
mod comparison;
mod direction;
mod evened;
mod extract;
mod form;
mod register;
mod segments;
mod spectra;

pub use comparison::{BandAgreement, ProfileComparison};
pub use extract::{StriatedMark, extract};
pub use segments::{Segment, SegmentPlace, SegmentVerdict};

use crate::correlate::fft::Arithmetic;
use crate::parameters::{ParameterError, Striation};
use crate::surface::{Profile, Texture};
use crate::units::Length;
use bands::Bands;
use evened::Evened;
use spectra::{Buffers, Plan, Spectra};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Why profiles were not compared.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum StriationError {
    /// Too few measured samples remain.
    #[error(
        "{found} of {samples} samples are left where enough was measured, wanted at least {wanted}"
    )]
    TooFewValid {
        /// Measured after filtering.
        found: usize,
        /// Of how many.
        samples: usize,
        /// How many are needed.
        wanted: usize,
    },
    /// The profile's samples lie too far apart.
    #[error(
        "the samples of the profile are {found} apart, wanted at most {wanted}: half the shortest wave"
    )]
    TooCoarse {
        /// Its spacing.
        found: Length,
        /// The greatest allowed.
        wanted: Length,
    },
    /// The profile is longer than any mark.
    #[error("the profile is {found} long, wanted at most {limit}")]
    TooLong {
        /// Its length.
        found: Length,
        /// The greatest allowed.
        limit: Length,
    },
    /// There is nothing between the shortest and the longest wave.
    #[error("the profile has no striae: nothing is left after filtering")]
    Flat,
    /// No lag has enough measured samples of both.
    #[error("at no lag do the profiles share {wanted} measured samples")]
    NoOverlap {
        /// Samples that are needed.
        wanted: usize,
    },
    /// A parameter is out of bounds.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}

/// The least power of two, or three halves of one, that is no less: few sizes of transforms serve all profiles.
fn class(samples: usize) -> usize {
    let power = samples.next_power_of_two();
    let between = power / 4 * 3;
    if between >= samples { between } else { power }
}

/// Samples of the longest profile that is compared: 13 cm at the default spacing.
const MOST_SAMPLES: usize = 1 << 16;
/// Samples of the longest profile that is kept: 16 mm at the default spacing, more than any mark.
const MOST_SAMPLES_KEPT: usize = 1 << 13;

/// What is kept of the profile of a mark: without form, noise and loudness, as a texture of one row on the working spacing.
/// With it the standard deviation of the heights in the pass band.
///
/// # Errors
/// A profile that is too coarse, too long, or of which too little is left.
pub fn texture(
    profile: &Profile,
    parameters: &Striation,
) -> Result<(Texture, Length), StriationError> {
    let limit = parameters.spacing * (MOST_SAMPLES_KEPT - 1) as f64;
    let (evened, deviation) = Evened::of(profile, parameters, limit)?;
    Ok((evened.to_texture(parameters.spacing), deviation))
}

/// Parameters and plans. Cheap to clone and to share among threads.
#[derive(Clone, Debug)]
pub struct ProfileEngine {
    parameters: Striation,
    arithmetic: Arithmetic,
    /// By size; there are few.
    plans: Arc<Mutex<BTreeMap<usize, Plan>>>,
}

/// A profile made ready: at every stretch, filtered, evened, split into bands and transformed.
#[derive(Clone, Debug)]
pub struct PreparedProfile {
    /// By ascending stretch.
    stretched: Vec<Bands>,
    /// Of each, by transforms of `size`.
    spectra: Vec<Spectra>,
    size: usize,
}

/// One of two profiles, at every stretch.
#[derive(Clone, Copy)]
struct Side<'a> {
    bands: &'a [Bands],
    spectra: &'a [Spectra],
}

/// Buffers of one thread.
#[derive(Clone, Debug, Default)]
pub struct ProfileWorkspace(BTreeMap<usize, Buffers>);

/// Which way round the questioned profile lies on the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As it is.
    Forward,
    /// From its other end.
    Reversed,
}

impl PreparedProfile {
    /// Number of measured samples.
    #[must_use]
    pub fn valid_count(&self) -> usize {
        // The stretches lie about that of one.
        self.stretched.get(self.stretched.len() / 2).map_or(0, Bands::valid_count)
    }
}

impl ProfileEngine {
    /// Compares by these parameters, which are within [bounds](Striation::check).
    #[must_use]
    pub fn new(parameters: &Striation, arithmetic: Arithmetic) -> Self {
        Self { parameters: parameters.clone(), arithmetic, plans: Arc::default() }
    }

    /// What it compares by.
    #[must_use]
    pub const fn parameters(&self) -> &Striation {
        &self.parameters
    }

    /// Makes a profile ready. Some milliseconds for a millimetre.
    ///
    /// # Errors
    /// A profile that is too coarse, too long, or of which too little is left.
    pub fn prepare(&self, profile: &Profile) -> Result<PreparedProfile, StriationError> {
        let limit = self.parameters.spacing * MOST_SAMPLES as f64;
        let (evened, _) = Evened::of(profile, &self.parameters, limit)?;
        Ok(self.prepare_evened(evened))
    }

    /// Makes ready what [`texture`] kept.
    #[must_use]
    pub fn prepare_texture(&self, texture: &Texture) -> PreparedProfile {
        self.prepare_evened(Evened::from_texture(texture))
    }

    fn prepare_evened(&self, evened: Evened) -> PreparedProfile {
        let bands = Bands::of(evened, &self.parameters);
        let scales = register::scales(&self.parameters).into_iter();
        self.transformed(scales.map(|scale| bands.stretched(libm::sqrt(scale))).collect())
    }

    /// The same profile, drawn from its other end.
    #[must_use]
    pub fn reversed(&self, profile: &PreparedProfile) -> PreparedProfile {
        self.transformed(profile.stretched.iter().map(Bands::reversed).collect())
    }

    fn transformed(&self, stretched: Vec<Bands>) -> PreparedProfile {
        let longest = stretched.iter().map(Bands::len).max().unwrap_or(1);
        let size = 2 * class(longest);
        let spectra = self.spectra(&stretched, size);
        PreparedProfile { stretched, spectra, size }
    }

    fn spectra(&self, stretched: &[Bands], size: usize) -> Vec<Spectra> {
        let plan = self.plan(size);
        let mut buffers = plan.buffers();
        stretched.iter().map(|bands| plan.spectra(bands, &mut buffers)).collect()
    }

    fn plan(&self, size: usize) -> Plan {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.entry(size).or_insert_with(|| Plan::new(size, self.arithmetic)).clone()
    }

    /// Compares two profiles over all lags and scales. Cheap: a millisecond for a millimetre. Exchanged
    /// profiles give the same score, the opposite lag and the inverse scale.
    ///
    /// # Errors
    /// Profiles that at no lag share enough measured samples.
    pub fn compare(
        &self,
        questioned: &PreparedProfile,
        reference: &PreparedProfile,
        workspace: &mut ProfileWorkspace,
    ) -> Result<ProfileComparison, StriationError> {
        let size = questioned.size.max(reference.size);
        let plan = self.plan(size);
        let buffers = workspace.0.entry(size).or_insert_with(|| plan.buffers());
        // A much shorter one is transformed as the longer one was.
        let longer = |side: &PreparedProfile| {
            (side.size != size).then(|| self.spectra(&side.stretched, size))
        };
        let (one, two) = (longer(questioned), longer(reference));
        let sides = [(questioned, &one), (reference, &two)].map(|(side, longer)| Side {
            bands: &side.stretched,
            spectra: longer.as_ref().unwrap_or(&side.spectra),
        });
        let found = register::register(sides, &plan, &self.parameters, buffers)?;
        Ok(comparison::compare(sides, found, &self.parameters))
    }

    /// The better of both ways round: which way a tool went is not known. `questioned` is the profile as it is and
    /// [reversed](Self::reversed).
    ///
    /// # Errors
    /// As [`Self::compare`].
    pub fn compare_both_ways(
        &self,
        questioned: [&PreparedProfile; 2],
        reference: &PreparedProfile,
        workspace: &mut ProfileWorkspace,
    ) -> Result<(ProfileComparison, Way), StriationError> {
        let [forward, reversed] = questioned;
        let forward = self.compare(forward, reference, workspace);
        let reversed = self.compare(reversed, reference, workspace);
        match (forward, reversed) {
            (Ok(forward), Ok(reversed)) if reversed.score > forward.score => {
                Ok((reversed, Way::Reversed))
            }
            (Ok(forward), _) => Ok((forward, Way::Forward)),
            (Err(_), Ok(reversed)) => Ok((reversed, Way::Reversed)),
            (Err(error), Err(_)) => Err(error),
        }
    }
}

/// Compares two profiles; for many, keep a [`ProfileEngine`].
///
/// # Errors
/// A parameter out of bounds; as [`ProfileEngine::prepare`] and [`ProfileEngine::compare`].
pub fn compare(
    questioned: &Profile,
    reference: &Profile,
    parameters: &Striation,
) -> Result<ProfileComparison, StriationError> {
    parameters.check()?;
    let engine = ProfileEngine::new(parameters, Arithmetic::default());
    let [questioned, reference] = [engine.prepare(questioned)?, engine.prepare(reference)?];
    engine.compare(&questioned, &reference, &mut ProfileWorkspace::default())
}

#[cfg(test)]
mod tests;
