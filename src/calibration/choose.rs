//! Which method does best on sources that it has not seen?
//!
//! The sources are dealt to folds. Each method is fitted to the pairs without a source of a fold and tried on the pairs of
//! the fold's own sources, bounded by what its own training supports; the method with the least cost (Cllr, Brümmer and
//! du Preez 2006) over all held-out pairs is taken, the first of equals. What it said of held-out pairs bounds what the
//! calibration may say.

use super::{CalibrationError, CalibrationSettings};
use crate::statistics::{Bounds, Folds, Labelled, Method, Sample, SampleError, Score, Scored};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Two folds of two.
const LEAST_SOURCES: usize = 4;

/// What is tried, the plainest first.
const METHODS: [Method; 5] = [
    Method::BetaBinomial,
    Method::BetaBinomialAndBinomial,
    Method::Logistic,
    Method::KernelDensity(Score::Fraction),
    Method::Isotonic(Score::Fraction),
];

/// What a method cost on sources that it had not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Which.
    pub method: Method,
    /// Cost of the log-likelihood ratio, of all held-out pairs together: 0 is perfect, 1 says nothing. `None` where it
    /// could not be fitted.
    pub cllr: Option<f64>,
    /// The same after the best calibration there could be.
    pub cllr_min: Option<f64>,
    /// Pairs of one source and of two that it was tried on.
    pub pairs: [usize; 2],
    /// Why it could not be fitted.
    pub failed: Option<String>,
}

pub(super) struct Choice {
    pub(super) method: Method,
    pub(super) trials: Vec<Trial>,
    /// log10 of the likelihood ratios of held-out pairs by the chosen method, before any bound.
    pub(super) held_out: Labelled,
}

pub(super) fn choose(
    scored: &[Scored],
    settings: &CalibrationSettings,
) -> Result<Choice, CalibrationError> {
    let methods = settings.method.as_ref().map_or(&METHODS[..], std::slice::from_ref);
    let mut best: Option<(f64, Method, Labelled)> = None;
    let mut trials = Vec::new();
    for method in methods {
        let (bounded, free) = match held_out(scored, *method, settings) {
            Ok(found) => found,
            // Others may do.
            Err(CalibrationError::Fit(error)) if methods.len() > 1 => {
                let (pairs, failed) = ([0, 0], Some(error.to_string()));
                trials.push(Trial { method: *method, cllr: None, cllr_min: None, pairs, failed });
                continue;
            }
            Err(error) => return Err(error),
        };
        let cost = bounded.cost();
        let pairs = [bounded.same().len(), bounded.different().len()];
        let (cllr, cllr_min) = (Some(cost.cllr), Some(cost.cllr_min));
        trials.push(Trial { method: *method, cllr, cllr_min, pairs, failed: None });
        if best.as_ref().is_none_or(|(least, ..)| cost.cllr < *least) {
            best = Some((cost.cllr, *method, free));
        }
    }
    // Models of counts are never without a fit.
    let (_, method, held_out) = best.ok_or(CalibrationError::NoMethod)?;
    Ok(Choice { method, trials, held_out })
}

/// log10 of the likelihood ratios of pairs of sources that the method had not seen, within the bounds of its training and
/// without any.
fn held_out(
    scored: &[Scored],
    method: Method,
    settings: &CalibrationSettings,
) -> Result<(Labelled, Labelled), CalibrationError> {
    let sources = scored.iter().flat_map(|one| one.sources).collect::<BTreeSet<_>>().len();
    // A fold of one source has no pair of two.
    let number = settings.folds.min(sources / 2).max(2);
    let folds = Folds::dealt(scored, number, settings.seed)?;
    let (mut bounded, mut free) = (Vec::new(), Vec::new());
    for fold in 0..folds.folds() {
        let split = folds.split(scored, fold)?;
        let of = |places: &[usize]| places.iter().map(|place| scored[*place]).collect::<Vec<_>>();
        let (training, test) = (of(&split.training), of(&split.test));
        let sample = match Sample::new(&training) {
            Ok(sample) => sample,
            // All known matches were of this fold.
            Err(SampleError::Empty { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let model = method.fit_sample(&sample)?;
        let ratios = |pairs: &[Scored]| {
            model.log10_lrs(&pairs.iter().map(|one| one.features).collect::<Vec<_>>())
        };
        let known = training.iter().zip(ratios(&training)).map(|(one, ratio)| (one.truth, ratio));
        let bounds = Bounds::empirical(&Labelled::from_pairs(known)?);
        for (one, ratio) in test.iter().zip(ratios(&test)) {
            bounded.push((one.truth, bounds.apply(ratio).0));
            free.push((one.truth, ratio));
        }
    }
    let few = |_| CalibrationError::TooFewSources { sources, wanted: LEAST_SOURCES };
    Ok((Labelled::from_pairs(bounded).map_err(few)?, Labelled::from_pairs(free).map_err(few)?))
}
