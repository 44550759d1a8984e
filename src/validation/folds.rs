//! How good was each fold?
//!
//! Every fold has a model of its own, so ratios of different folds are not of one system; the mean of the folds' Cllr says
//! what one such model may be expected to cost. A fold without known matches or without known non-matches has no Cllr: it is
//! named and left out.

use super::Evaluated;
use crate::statistics::{Labelled, Truth};
use serde::Serialize;

/// What a fold has and costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FoldMetrics {
    /// Which, from 0.
    pub fold: usize,
    /// Number of its known matches.
    pub known_matches: usize,
    /// Number of its known non-matches.
    pub known_non_matches: usize,
    /// Its Cllr; `None` where a kind is missing.
    pub cllr: Option<f64>,
    /// The least that the order of its ratios allows.
    pub cllr_min: Option<f64>,
}

/// Every fold in order, also one that no pair is in.
pub(super) fn folds(pairs: &[Evaluated], folds: usize) -> Vec<FoldMetrics> {
    let mut values: Vec<[Vec<f64>; 2]> = vec![Default::default(); folds];
    for pair in pairs {
        if let Some(fold) = pair.fold.and_then(|fold| values.get_mut(fold)) {
            match pair.truth {
                Truth::KnownMatch => fold[0].push(pair.log10_lr),
                Truth::KnownNonMatch => fold[1].push(pair.log10_lr),
            }
        }
    }
    let metrics = |(fold, [same, different]): (usize, [Vec<f64>; 2])| {
        let (known_matches, known_non_matches) = (same.len(), different.len());
        let cost = Labelled::new(same, different).ok().map(|labelled| labelled.cost());
        FoldMetrics {
            fold,
            known_matches,
            known_non_matches,
            cllr: cost.map(|cost| cost.cllr),
            cllr_min: cost.map(|cost| cost.cllr_min),
        }
    };
    values.into_iter().enumerate().map(metrics).collect()
}

/// Mean Cllr of the folds that have one.
pub(super) fn mean(folds: &[FoldMetrics]) -> Option<f64> {
    let costs: Vec<f64> = folds.iter().filter_map(|fold| fold.cllr).collect();
    (!costs.is_empty()).then(|| costs.iter().sum::<f64>() / costs.len() as f64)
}
