//! Were two striated marks made by one tool?
//!
//! Aperture shear, screwdrivers and chisels leave parallel lines, so all that counts is one [`Profile`] across
//! them. Two profiles of one tool differ by where they begin (lag), by a few percent in length (the angle at
//! which the tool was held), and in how much of the edge has marked at all. [`compare`] finds lag and
//! scale and says how much the profiles agree, for whoever has profiles of such marks;
//! [`extract`](fn@extract) makes one of an areal scan.
//!
//! What separates the sources (measured on screwdriver marks, `tests/striation.rs`): heights divided by
//! their local standard deviation, so that a burst counts no more than quiet striae; one NCC for each of four octaves,
//! so that the one wavelength that dominates every mark of a kind cannot speak for all; and a score that grows with
//! the overlap. After: Chu, Thompson, Song, Vorburger 2013 (cross-correlation of profiles), Chen, Chu, Soons,
//! Thompson, Song 2019 (congruent matching profile segments). Not for impressed marks.

mod bands;
mod comparison;
mod direction;
mod extract;
mod form;
mod register;
mod segments;
mod spectra;

pub use comparison::{BandAgreement, ProfileComparison};
pub use extract::{StriatedMark, extract};
pub use segments::{Segment, SegmentVerdict};

use crate::correlate::fft::Arithmetic;
use crate::parameters::{ParameterError, Striation};
use crate::surface::Profile;
use crate::units::Length;
use bands::Bands;
use spectra::{Buffers, Plan, Spectra};

/// Why profiles were not compared.
#[derive(Debug, thiserror::Error, PartialEq)]
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
    /// The profile is longer than what was planned for, or than any mark.
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

/// Parameters and plans, made once for profiles up to some length.
#[derive(Clone, Debug)]
pub struct ProfileEngine {
    parameters: Striation,
    plan: Plan,
}

/// A profile made ready: at every stretch, filtered, evened, split into bands and transformed.
#[derive(Clone, Debug)]
pub struct PreparedProfile {
    stretched: Vec<(Bands, Spectra)>,
}

/// Buffers of one thread.
#[derive(Clone, Debug)]
pub struct ProfileWorkspace(Buffers);

impl ProfileEngine {
    /// Plans comparisons of profiles of up to `longest`.
    ///
    /// # Errors
    /// A parameter out of bounds, or a length beyond any mark.
    pub fn new(
        parameters: &Striation,
        longest: Length,
        arithmetic: Arithmetic,
    ) -> Result<Self, StriationError> {
        /// Samples of the longest profile that is compared: 13 cm at the default spacing.
        const MOST_SAMPLES: usize = 1 << 16;
        parameters.check()?;
        let limit = parameters.spacing * (MOST_SAMPLES as f64);
        let metres = longest.metres();
        if !metres.is_finite() || longest > limit {
            return Err(StriationError::TooLong { found: longest, limit });
        }
        let greatest = register::scales(parameters).last().map_or(1.0, |scale| libm::sqrt(*scale));
        let samples = (longest.ratio(parameters.spacing) * greatest).ceil() as usize + 2;
        Ok(Self { parameters: parameters.clone(), plan: Plan::new(2 * samples, arithmetic) })
    }

    /// What it compares by.
    #[must_use]
    pub const fn parameters(&self) -> &Striation {
        &self.parameters
    }

    /// Buffers for one thread.
    #[must_use]
    pub fn workspace(&self) -> ProfileWorkspace {
        ProfileWorkspace(self.plan.buffers())
    }

    /// Makes a profile ready. Dear: some milliseconds for a millimetre.
    ///
    /// # Errors
    /// A profile that is too coarse, too long, or of which too little is left.
    pub fn prepare(&self, profile: &Profile) -> Result<PreparedProfile, StriationError> {
        let limit = self.parameters.spacing * (self.plan.longest() as f64);
        let bands = Bands::of(profile, &self.parameters, limit)?;
        let mut buffers = self.plan.buffers();
        let stretched = register::scales(&self.parameters)
            .into_iter()
            .map(|scale| {
                let bands = bands.stretched(libm::sqrt(scale));
                let spectra = self.plan.spectra(&bands, &mut buffers);
                (bands, spectra)
            })
            .collect();
        Ok(PreparedProfile { stretched })
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
        let (plan, parameters) = (&self.plan, &self.parameters);
        let sides = [questioned, reference].map(|side| side.stretched.as_slice());
        let found = register::register(sides, plan, parameters, &mut workspace.0)?;
        Ok(comparison::compare(sides, found, parameters))
    }
}

/// Compares two profiles; for many, keep a [`ProfileEngine`].
///
/// # Errors
/// As [`ProfileEngine::new`], [`ProfileEngine::prepare`] and [`ProfileEngine::compare`].
pub fn compare(
    questioned: &Profile,
    reference: &Profile,
    parameters: &Striation,
) -> Result<ProfileComparison, StriationError> {
    let (first, second) = (questioned.extent(), reference.extent());
    let longest = if first > second { first } else { second };
    let engine = ProfileEngine::new(parameters, longest, Arithmetic::default())?;
    let [questioned, reference] = [engine.prepare(questioned)?, engine.prepare(reference)?];
    engine.compare(&questioned, &reference, &mut engine.workspace())
}

#[cfg(test)]
mod tests;
