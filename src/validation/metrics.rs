//! What was measured?
//!
//! Characteristics after Meuwly et al. (2017): accuracy by Cllr (Brümmer and du Preez 2006), discrimination by its least, AUC
//! and EER, calibration by the difference; rates of error and of misleading evidence with exact intervals (Clopper and Pearson
//! 1934); the places of mates in a search. The interval of Cllr draws sources, those of rates take pairs as independent.

use super::criteria::{Criteria, CriterionResult};
use super::folds::{self, FoldMetrics};
use super::resample::cllr_interval;
use super::search::{SearchMetrics, search};
use super::{CONFIDENCE, Evaluated, Protocol, ValidationError, check};
use crate::digest::Digest;
use crate::statistics::{ErrorRates, Interval, Labelled};
use serde::Serialize;
use std::collections::BTreeSet;

/// What likelihood ratios of known pairs came to. All but the folds' figures are of all rows together, also where a pair is in
/// several folds. An infinite number is written as null in JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// The frozen calibration that was validated; `None` where models were fitted for each fold.
    pub calibration_sha256: Option<Digest>,
    /// The scores.
    pub scores_sha256: Digest,
    /// Number of rows.
    pub pairs: usize,
    /// Rows of one source.
    pub known_matches: usize,
    /// Rows of two sources.
    pub known_non_matches: usize,
    /// Number of sources.
    pub sources: usize,
    /// Number of scans.
    pub scans: usize,
    /// Rows whose two scans are in a row before, in either order: pairs in several folds.
    pub repeated: usize,
    /// Cllr of the likelihood ratios: 0 is perfect, 1 says nothing.
    pub cllr: f64,
    /// Interval of Cllr by a bootstrap over sources, nominally 95 %: of 25 sources it covered 30 times in 40. `None` where no
    /// rounds were asked for.
    pub cllr_interval: Option<Interval>,
    /// The least Cllr that the order of the ratios allows.
    pub cllr_min: f64,
    /// The difference.
    pub calibration_loss: f64,
    /// Area under the ROC curve of the ratios.
    pub auc: f64,
    /// Equal error rate of the ratios.
    pub eer: f64,
    /// Area under the ROC curve of the scores, before any calibration.
    pub score_auc: f64,
    /// Equal error rate of the scores.
    pub score_eer: f64,
    /// Error rates at a likelihood ratio of 1, which itself passes, with 95 % intervals and one-sided 95 % upper bounds.
    pub at_one: ErrorRates,
    /// Rates of misleading evidence of any strength: |log10 LR| above 0 on the wrong side.
    pub misleading: ErrorRates,
    /// Rates of misleading evidence that is more than tenfold: |log10 LR| above 1.
    pub misleading_tenfold: ErrorRates,
    /// Every fold; empty without folds.
    pub folds: Vec<FoldMetrics>,
    /// Folds without known matches or without known non-matches, from 0: they are not in the mean.
    pub folds_left_out: Vec<usize>,
    /// Mean Cllr of the folds that have one.
    pub cllr_fold_mean: Option<f64>,
    /// Places of mates by score.
    pub search: SearchMetrics,
    /// Every criterion that was set.
    pub criteria: Vec<CriterionResult>,
    /// Whether all criteria are met; `None` where none was set.
    pub passed: Option<bool>,
}

/// Measures. Cost: the rounds of the bootstrap times the pairs, shared among rayon's threads; a few thousand pairs take less
/// than a second. The same on any number of threads.
///
/// # Errors
/// No known match or no known non-match, a pair that cannot be, or a criterion for what was not measured.
pub fn measure(
    protocol: &Protocol,
    pairs: &[Evaluated],
    criteria: &Criteria,
) -> Result<Metrics, ValidationError> {
    let ratios = Labelled::from_pairs(pairs.iter().map(|pair| (pair.truth, pair.log10_lr)))?;
    check(protocol, pairs)?;
    let scores = Labelled::from_pairs(pairs.iter().map(|pair| (pair.truth, pair.score)))?;
    let sources: BTreeSet<&String> = pairs.iter().flat_map(|pair| &pair.sources).collect();
    let scans: BTreeSet<&String> =
        pairs.iter().flat_map(|pair| [&pair.questioned, &pair.reference]).collect();
    let distinct: BTreeSet<[&String; 2]> =
        pairs
            .iter()
            .map(|Evaluated { questioned, reference, .. }| {
                if questioned < reference {
                    [questioned, reference]
                } else {
                    [reference, questioned]
                }
            })
            .collect();
    let cost = ratios.cost();
    let folds = folds::folds(pairs, protocol.weighing.folds().map_or(0, |protocol| protocol.folds));
    let mut metrics = Metrics {
        calibration_sha256: protocol.weighing.frozen().map(|calibration| calibration.sha256),
        scores_sha256: protocol.scores_sha256,
        pairs: pairs.len(),
        known_matches: ratios.same().len(),
        known_non_matches: ratios.different().len(),
        sources: sources.len(),
        scans: scans.len(),
        repeated: pairs.len() - distinct.len(),
        cllr: cost.cllr,
        cllr_interval: cllr_interval(protocol, pairs)?,
        cllr_min: cost.cllr_min,
        calibration_loss: cost.calibration_loss,
        auc: ratios.auc(),
        eer: ratios.equal_error_rate(),
        score_auc: scores.auc(),
        score_eer: scores.equal_error_rate(),
        at_one: ratios.error_rates(0.0, CONFIDENCE)?,
        misleading: ratios.misleading(0.0, CONFIDENCE)?,
        misleading_tenfold: ratios.misleading(1.0, CONFIDENCE)?,
        folds_left_out: folds
            .iter()
            .filter(|fold| fold.cllr.is_none())
            .map(|fold| fold.fold)
            .collect(),
        cllr_fold_mean: folds::mean(&folds),
        folds,
        search: search(pairs)?,
        criteria: Vec::new(),
        passed: None,
    };
    metrics.criteria = criteria.hold(&metrics)?;
    if !metrics.criteria.is_empty() {
        metrics.passed = Some(metrics.criteria.iter().all(|criterion| criterion.passed));
    }
    Ok(metrics)
}
