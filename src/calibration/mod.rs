//! What is a score of this engine worth, and for which population?
//!
//! A [`Calibration`] is made once from labelled comparisons ([`Labelled`]) and is a file from then on: the model and how it
//! was chosen, the bounds of what it may say, the population that it holds for, the very comparisons that it was made
//! of. [`Calibration::weigh`] turns a comparison into a [`LikelihoodRatio`] with its interval, or says why there is none: a
//! likelihood ratio is given for what the population has and for the engine that scored it, and for nothing else. Without
//! one a score ranks and says no more (ANSI/ASB Standard 062).
//!
//! The statistics themselves are in [`statistics`](crate::statistics), which knows numbers only.

mod choose;
mod each_mark;
mod file;
mod fitted;
mod fuse;
mod installed;
mod population;
mod table;
mod traits;
mod weigh;

pub use choose::Trial;
pub use each_mark::{Calibrations, SecondCalibration};
pub use file::CalibrationFileError;
pub use fitted::Fitted;
pub use fuse::{FusedWeight, MarkWeight, fuse};
pub use installed::{InstallError, Installed, WeightReport};
pub use population::{Labelled, LabelledComparison, Population, scored};
pub use traits::Traits;
pub use weigh::{LikelihoodRatio, OutOfScope, Scope, ScoreClass, Weight};

use crate::digest::Digest;
use crate::statistics::{
    Bootstrap, BootstrapError, Bounds, ChanceCandidates, ChanceModel, Features, FitError,
    FoldError, LabelledError, Method, Model, RateError, Sample, SampleError, Scored,
};
use serde::{Deserialize, Serialize};
use table::CountTable;
use weigh::LazyModels;

/// The format of the file that is written, and the only one there is.
const FORMAT: u32 = 1;

/// How a calibration is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationSettings {
    /// The method; `None` to choose the one that does best on sources it has not seen.
    pub method: Option<Method>,
    /// Folds to which sources are dealt to choose by, where they are more than twenty-one; else those of every pair are held
    /// out by themselves.
    pub folds: usize,
    /// Rounds of the bootstrap over sources.
    pub rounds: usize,
    /// What the deal and the draws depend on.
    pub seed: u64,
}

impl Default for CalibrationSettings {
    fn default() -> Self {
        Self { method: None, folds: 5, rounds: 500, seed: 0 }
    }
}

/// Why comparisons make no calibration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// They cannot be.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// No model fits.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// They cannot be dealt to folds.
    #[error(transparent)]
    Folds(#[from] FoldError),
    /// What was held out cannot be measured.
    #[error(transparent)]
    HeldOut(#[from] LabelledError),
    /// The bootstrap cannot be done.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    /// No method could be fitted.
    #[error("no method could be fitted to these comparisons")]
    NoMethod,
    /// Too few of a kind for a rate.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// No fold had known matches and known non-matches to be tried on.
    #[error(
        "no fold of {sources} sources has known matches and known non-matches on both sides; wanted at least {wanted} sources with two marks or more"
    )]
    TooFewSources {
        /// What was found.
        sources: usize,
        /// What was wanted.
        wanted: usize,
    },
}

/// What scores are worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Format of the file.
    format: u32,
    /// Version of the engine whose scores these are.
    pub engine_version: String,
    /// Digest of the parameters that they were made with.
    pub parameters_digest: Digest,
    /// What it holds for.
    pub population: Population,
    /// How the model was made.
    pub method: Method,
    /// What every method that was tried cost on sources that it had not seen.
    pub trials: Vec<Trial>,
    /// Bounds of log10 of the likelihood ratio, from comparisons of sources that the model had not seen.
    pub bounds: Bounds,
    /// Rounds of the bootstrap over sources.
    pub rounds: usize,
    /// What its draws depend on.
    pub seed: u64,
    model: Model,
    chance: ChanceModel,
    /// Intervals by counts, for models of counts.
    intervals: Option<CountTable>,
    /// What it was made of.
    comparisons: Vec<Scored>,
    #[serde(skip)]
    models: LazyModels,
}

/// Share of the bootstrap's rounds within an interval.
pub const CONFIDENCE: f64 = 0.9;

impl Calibration {
    /// Chooses the method (1), fits it (2), bounds it by what it said of sources it had not seen (3), and computes the
    /// intervals (4). The same on any number of threads. Takes some seconds.
    ///
    /// # Errors
    /// Too few sources, or comparisons that no model fits.
    pub fn fit(
        labelled: &Labelled,
        settings: &CalibrationSettings,
    ) -> Result<Self, CalibrationError> {
        let scored = &labelled.scored;
        // 1. to 3.
        let Fitted { method, trials, bounds, model } = Fitted::new(scored, settings)?;
        if trials.is_empty() {
            let sources = labelled.sources.len();
            return Err(CalibrationError::TooFewSources { sources, wanted: choose::LEAST_SOURCES });
        }
        // 4.
        let bootstrap =
            Bootstrap { rounds: settings.rounds, seed: settings.seed, confidence: CONFIDENCE };
        let intervals = match model {
            Model::Counts(_) => Some(CountTable::new(method, scored, &bootstrap)?),
            Model::Logistic(_) | Model::KernelDensity(_) | Model::Isotonic(_) => None,
        };
        Ok(Self {
            format: FORMAT,
            engine_version: labelled.engine_version.clone(),
            parameters_digest: labelled.parameters_digest,
            population: labelled.population.clone(),
            method,
            trials,
            bounds,
            rounds: settings.rounds,
            seed: settings.seed,
            model,
            chance: ChanceModel::fit(&Sample::new(scored)?),
            intervals,
            comparisons: scored.clone(),
            models: LazyModels::default(),
        })
    }

    /// log10 of the likelihood ratios, within the bounds.
    #[must_use]
    pub fn log10_lrs(&self, features: &[Features]) -> Vec<f64> {
        fitted::within(&self.bounds, &self.model, features)
    }

    /// How many of so many references of other sources may be expected to reach a score.
    ///
    /// # Errors
    /// A calibration without known non-matches.
    pub fn chance(
        &self,
        features: &Features,
        references: usize,
    ) -> Result<ChanceCandidates, RateError> {
        self.chance.candidates(features, references)
    }
}

#[cfg(test)]
mod tests;
