//! How good are likelihood ratios of pairs whose truth is known, and may they be used?
//!
//! After Meuwly, Ramos and Haraksim (2017): performance characteristics ([`Metrics`]), each with a metric, held against
//! [`Criteria`] that were set beforehand. [`measure`] computes, [`page()`] writes it up as one file of HTML for people, with
//! what the study does not show. Both are pure: what they say depends on what they are given, and on nothing else.
//!
//! Whose likelihood ratios these are, is for the caller to see to: a frozen calibration that has seen none of the sources, or
//! folds that keep sources apart ([`Folds`](crate::statistics::Folds)).

mod criteria;
mod folds;
mod html;
mod metrics;
mod page;
mod plot;
mod resample;
mod search;
mod words;

pub use criteria::{Criteria, CriterionResult};
pub use folds::FoldMetrics;
pub use metrics::{Metrics, measure};
pub use page::page;
pub use search::{Recall, SearchMetrics};

use crate::digest::Digest;
use crate::statistics::{BootstrapError, LabelledError, RateError, Truth};
use serde::{Deserialize, Serialize};

/// Share of the intervals: two-sided, and of the one-sided bounds.
pub const CONFIDENCE: f64 = 0.95;

/// A pair of known truth with its likelihood ratio.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluated {
    /// Name of the questioned scan.
    pub questioned: String,
    /// Name of the reference.
    pub reference: String,
    /// What is so.
    pub truth: Truth,
    /// Their sources; equal for a known match.
    pub sources: [String; 2],
    /// Share of congruent cells, 0 to 1.
    pub score: f64,
    /// log10 of the likelihood ratio; infinite where the ratio is 0 or infinite.
    pub log10_lr: f64,
    /// The fold, from 0, whose model gave the ratio; `None` without folds. A pair may be in several.
    pub fold: Option<usize>,
}

/// What was evaluated, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Title of the study.
    pub title: String,
    /// Version of the engine that scored.
    pub engine_version: String,
    /// Digest of its parameters, where that is known.
    pub parameters_digest: Option<Digest>,
    /// SHA-256 of the file of scores.
    pub scores_sha256: Digest,
    /// SHA-256 of the file of labels.
    pub labels_sha256: Digest,
    /// By which models the pairs were weighed.
    pub weighing: Weighing,
    /// When it was made, as RFC 3339.
    pub made: String,
    /// Rounds of the bootstrap over sources; 0 for none.
    pub rounds: usize,
    /// What its draws depend on.
    pub seed: u64,
}

/// By which models pairs were weighed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighing {
    /// All by one calibration.
    Frozen(Frozen),
    /// Those of each fold by a model that saw none of the fold's sources.
    Folds(FoldProtocol),
    /// Each by a model that saw neither of its two sources.
    HeldOut {
        /// How many models: one for every two sources that were compared, and for every one whose marks were.
        models: usize,
    },
}

impl Weighing {
    fn frozen(&self) -> Option<&Frozen> {
        if let Self::Frozen(frozen) = self { Some(frozen) } else { None }
    }

    fn folds(&self) -> Option<&FoldProtocol> {
        if let Self::Folds(folds) = self { Some(folds) } else { None }
    }
}

/// A calibration that was made before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    /// SHA-256 of its file.
    pub sha256: Digest,
    /// Name of its population.
    pub population: String,
    /// Least log10 of the likelihood ratio that it gives.
    pub lower: f64,
    /// Greatest.
    pub upper: f64,
}

/// Folds of sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldProtocol {
    /// How many.
    pub folds: usize,
    /// Where they come from: a seed, or a file.
    pub origin: String,
    /// Pairs in no fold, because their sources are in different ones.
    pub across: usize,
}

/// Why pairs cannot be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValidationError {
    /// Not a number, or none of a kind.
    #[error(transparent)]
    Labelled(#[from] LabelledError),
    /// The score is not a number.
    #[error("the score of pair {row} is not a number")]
    Score {
        /// Place in the list, from 0.
        row: usize,
    },
    /// The sources do not agree with the ground truth.
    #[error("pair {row} of sources {:?} and {:?} is labelled a {truth}", .sources[0], .sources[1])]
    Sources {
        /// Place in the list, from 0.
        row: usize,
        /// What was found.
        sources: [String; 2],
        /// What it is labelled.
        truth: Truth,
    },
    /// A scan was compared with itself.
    #[error("pair {row} compares {scan:?} with itself")]
    Itself {
        /// Place in the list, from 0.
        row: usize,
        /// Which scan.
        scan: String,
    },
    /// The fold of a pair is not one of the protocol's.
    #[error("pair {row} is in {}, the protocol has {folds} folds", Place(.fold))]
    Fold {
        /// Place in the list, from 0.
        row: usize,
        /// What was found.
        fold: Option<usize>,
        /// What there are.
        folds: usize,
    },
    /// A criterion that is not a number.
    #[error("criterion {name} is {wanted}, wanted a finite number")]
    Criterion {
        /// Which.
        name: &'static str,
        /// What was found.
        wanted: f64,
    },
    /// A criterion for what was not measured.
    #[error("criterion {name} is of what these pairs do not have")]
    NotMeasured {
        /// Which.
        name: &'static str,
    },
    /// Nothing to take a rate of.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The bootstrap cannot be done.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    /// A figure cannot be drawn.
    #[error("the figure of {figure} cannot be drawn")]
    Figure {
        /// Which.
        figure: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A fold in words.
struct Place<'a>(&'a Option<usize>);

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(fold) => write!(formatter, "fold {fold}"),
            None => formatter.write_str("no fold"),
        }
    }
}

/// Looks at what the pairs say of themselves.
fn check(protocol: &Protocol, pairs: &[Evaluated]) -> Result<(), ValidationError> {
    let folds = protocol.weighing.folds().map_or(0, |folds| folds.folds);
    for (row, pair) in pairs.iter().enumerate() {
        if pair.score.is_nan() {
            return Err(ValidationError::Score { row });
        }
        if (pair.sources[0] == pair.sources[1]) != (pair.truth == Truth::KnownMatch) {
            let (sources, truth) = (pair.sources.clone(), pair.truth);
            return Err(ValidationError::Sources { row, sources, truth });
        }
        if pair.questioned == pair.reference {
            return Err(ValidationError::Itself { row, scan: pair.questioned.clone() });
        }
        // With folds every pair is in one of them, without in none.
        let fits = pair.fold.map_or(folds == 0, |fold| fold < folds);
        if !fits {
            return Err(ValidationError::Fold { row, fold: pair.fold, folds });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
