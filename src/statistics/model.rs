//! Which model makes a likelihood ratio of what a comparison found?
//!
//! Five methods behind one enum, so that bootstrap, folds and files need not know which. What each is good for is in its
//! own file. All give finite numbers, however few the sources and however well they separate.

use super::counts::CountModel;
use super::density::DensityModel;
use super::logistic::LogisticModel;
use super::monotone::{IsotonicModel, Score};
use super::scored::{Features, Sample, SampleError, Scored};
use serde::{Deserialize, Serialize};

/// How a model is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Counts of congruent cells, whose chance differs from pair to pair under both propositions.
    BetaBinomial,
    /// The same, but with one chance for all pairs of different sources.
    BetaBinomialAndBinomial,
    /// Congruent cells and NCC together.
    Logistic,
    /// Density of one score.
    KernelDensity(Score),
    /// Order of one score alone.
    Isotonic(Score),
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// From counts of congruent cells.
    Counts(CountModel),
    /// From congruent cells and NCC.
    Logistic(LogisticModel),
    /// From the density of one score.
    KernelDensity(DensityModel),
    /// From the order of one score.
    Isotonic(IsotonicModel),
}

/// A model that could not be fitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// What it should be fitted to.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The greatest likelihood was not found.
    #[error("the greatest likelihood was not found in {steps} steps")]
    NotSettled {
        /// How many were made.
        steps: usize,
    },
}

impl Method {
    /// Fits to labelled comparisons.
    ///
    /// # Errors
    /// A comparison that cannot be, none of a kind, or a likelihood without a greatest value.
    pub fn fit(self, scored: &[Scored]) -> Result<Model, FitError> {
        self.fit_sample(&Sample::new(scored)?)
    }

    /// Fits to comparisons with weights.
    ///
    /// # Errors
    /// A likelihood without a greatest value.
    pub fn fit_sample(self, sample: &Sample) -> Result<Model, FitError> {
        Ok(match self {
            Self::BetaBinomial => Model::Counts(CountModel::beta_binomial(sample)),
            Self::BetaBinomialAndBinomial => {
                Model::Counts(CountModel::beta_binomial_and_binomial(sample))
            }
            Self::Logistic => Model::Logistic(LogisticModel::fit(sample)?),
            Self::KernelDensity(score) => Model::KernelDensity(DensityModel::fit(sample, score)),
            Self::Isotonic(score) => Model::Isotonic(IsotonicModel::fit(sample, score)),
        })
    }
}

impl Model {
    /// log10 of the likelihood ratio: how much more probable the features are of one source than of two.
    #[must_use]
    pub fn log10_lr(&self, features: &Features) -> f64 {
        self.log10_lrs(std::slice::from_ref(features)).first().copied().unwrap_or(0.0)
    }

    /// The same of many, in their order. Cheaper than one by one.
    #[must_use]
    pub fn log10_lrs(&self, features: &[Features]) -> Vec<f64> {
        match self {
            Self::Counts(model) => model.log10_lrs(features),
            Self::Logistic(model) => features.iter().map(|one| model.log10_lr(one)).collect(),
            Self::KernelDensity(model) => features.iter().map(|one| model.log10_lr(one)).collect(),
            Self::Isotonic(model) => features.iter().map(|one| model.log10_lr(one)).collect(),
        }
    }
}
