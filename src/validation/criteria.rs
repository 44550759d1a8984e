//! What had to be reached?
//!
//! Criteria are set before the pairs are looked at (Meuwly et al. 2017); a field that is absent asks for nothing. Rates are
//! shares from 0 to 1. An unknown name is refused: a criterion that is misspelt would otherwise never fail.

use super::ValidationError;
use super::metrics::Metrics;
use serde::{Deserialize, Serialize};

/// One criterion held against what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CriterionResult {
    /// Its name, as in [`Criteria`].
    pub name: String,
    /// The limit that was set.
    pub wanted: f64,
    /// What was found; infinite costs are written as null in JSON.
    pub found: f64,
    /// Whether what was found keeps to the limit; the limit itself does.
    pub passed: bool,
}

/// Which side of a limit is good.
#[derive(Clone, Copy)]
enum Side {
    AtMost,
    AtLeast,
}

/// Declares each criterion once: name, side, what it is of.
macro_rules! criteria {
    ($($(#[$doc:meta])* $name:ident: $side:ident $found:expr;)*) => {
        /// Limits that were set beforehand.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Criteria {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<f64>,)*
        }

        impl Criteria {
            /// Holds every criterion that was set against what was found, in the order of the fields.
            pub(super) fn hold(
                &self,
                metrics: &Metrics,
            ) -> Result<Vec<CriterionResult>, ValidationError> {
                let mut results = Vec::new();
                $(if let Some(wanted) = self.$name {
                    let found: fn(&Metrics) -> Option<f64> = $found;
                    results.push(hold(stringify!($name), Side::$side, wanted, found(metrics))?);
                })*
                Ok(results)
            }
        }
    };
}

criteria! {
    /// Cllr of all pairs.
    cllr_at_most: AtMost |metrics| Some(metrics.cllr);
    /// Mean of the folds' Cllr; an error without folds.
    cllr_fold_mean_at_most: AtMost |metrics| metrics.cllr_fold_mean;
    /// Least Cllr that the order of the ratios allows.
    cllr_min_at_most: AtMost |metrics| Some(metrics.cllr_min);
    /// What calibration loses: Cllr less its least.
    calibration_loss_at_most: AtMost |metrics| Some(metrics.calibration_loss);
    /// Equal error rate of the likelihood ratios.
    eer_at_most: AtMost |metrics| Some(metrics.eer);
    /// Area under the ROC curve of the likelihood ratios.
    auc_at_least: AtLeast |metrics| Some(metrics.auc);
    /// One-sided 95 % upper bound of the share of known non-matches with a likelihood ratio of 1 or more.
    false_match_rate_upper_at_most: AtMost |metrics| Some(metrics.at_one.false_match.upper);
    /// One-sided 95 % upper bound of the share of known matches with a likelihood ratio below 1.
    false_non_match_rate_upper_at_most: AtMost |metrics| Some(metrics.at_one.false_non_match.upper);
    /// Share of known matches with a likelihood ratio below 1.
    misleading_known_matches_at_most: AtMost |metrics| Some(metrics.misleading.false_non_match.rate);
    /// Share of known non-matches with a likelihood ratio above 1.
    misleading_known_non_matches_at_most: AtMost |metrics| Some(metrics.misleading.false_match.rate);
    /// Share of known matches with a likelihood ratio below 1/10.
    misleading_tenfold_known_matches_at_most: AtMost |metrics| {
        Some(metrics.misleading_tenfold.false_non_match.rate)
    };
    /// Share of known non-matches with a likelihood ratio above 10.
    misleading_tenfold_known_non_matches_at_most: AtMost |metrics| {
        Some(metrics.misleading_tenfold.false_match.rate)
    };
    /// Share of searches whose best mate comes first.
    recall_at_1_at_least: AtLeast |metrics| Some(metrics.search.best_mate.at_1);
    /// Share of searches whose best mate is among the first ten.
    recall_at_10_at_least: AtLeast |metrics| Some(metrics.search.best_mate.at_10);
    /// Number of sources.
    sources_at_least: AtLeast |metrics| Some(metrics.sources as f64);
}

fn hold(
    name: &'static str,
    side: Side,
    wanted: f64,
    found: Option<f64>,
) -> Result<CriterionResult, ValidationError> {
    if !wanted.is_finite() {
        return Err(ValidationError::Criterion { name, wanted });
    }
    let found = found.ok_or(ValidationError::NotMeasured { name })?;
    let passed = match side {
        Side::AtMost => found <= wanted,
        Side::AtLeast => found >= wanted,
    };
    Ok(CriterionResult { name: name.to_owned(), wanted, found, passed })
}
