//! Which method does best on sources that it has not seen?
//!
//! Every pair is weighed by a model that was fitted to the pairs with neither of its sources, within what that model's own
//! training supports; the method with the least cost (Cllr, Brümmer and
//! du Preez 2006) over all held-out pairs is taken, the first of equals. What it said of held-out pairs bounds what the
//! calibration may say.

use super::fitted::supported;
use super::{CalibrationError, CalibrationSettings};
use crate::statistics::{Folds, Labelled, Method, Sample, SampleError, Score, Scored, Truth};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Two are left to fit to where those of a pair are held out.
pub(super) const LEAST_SOURCES: usize = 4;
/// Most pairs of sources that are each held out by themselves: those of 21 sources.
const MOST_PARTS: usize = 231;

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
    type Ratios = Vec<(Truth, f64, f64)>;
    let tried: Vec<Ratios> = parts(scored, settings)?
        .par_iter()
        .map(|(training, test)| {
            let of =
                |places: &[usize]| places.iter().map(|place| scored[*place]).collect::<Vec<_>>();
            let (training, test) = (of(training), of(test));
            let sample = match Sample::new(&training) {
                Ok(sample) => sample,
                // All known matches were of these sources.
                Err(SampleError::Empty { .. }) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            };
            let model = method.fit_sample(&sample)?;
            let bounds = supported(&model, &training)?;
            let features: Vec<_> = test.iter().map(|one| one.features).collect();
            let tried = test.iter().zip(model.log10_lrs(&features));
            Ok(tried.map(|(one, ratio)| (one.truth, bounds.apply(ratio).0, ratio)).collect())
        })
        .collect::<Result<_, CalibrationError>>()?;
    let sources = sources(scored).len();
    let few = |_| CalibrationError::TooFewSources { sources, wanted: LEAST_SOURCES };
    let all = |value: fn(&(Truth, f64, f64)) -> (Truth, f64)| {
        Labelled::from_pairs(tried.iter().flatten().map(value)).map_err(few)
    };
    Ok((all(|(truth, bounded, _)| (*truth, *bounded))?, all(|(truth, _, free)| (*truth, *free))?))
}

fn sources(scored: &[Scored]) -> BTreeSet<usize> {
    scored.iter().flat_map(|one| one.sources).collect()
}

/// Places of the pairs that a model is fitted to, and of those that it is tried on.
type Part = (Vec<usize>, Vec<usize>);

/// A part for each pair of sources, or by folds where these are too many.
fn parts(scored: &[Scored], settings: &CalibrationSettings) -> Result<Vec<Part>, CalibrationError> {
    let number = sources(scored).len();
    if number * (number + 1) / 2 > MOST_PARTS {
        let folds = Folds::dealt(scored, settings.folds, settings.seed)?;
        let split = |fold| folds.split(scored, fold).map(|split| (split.training, split.test));
        return Ok((0..folds.folds()).map(split).collect::<Result<_, _>>()?);
    }
    let mut tests: BTreeMap<[usize; 2], Vec<usize>> = BTreeMap::new();
    for (place, one) in scored.iter().enumerate() {
        let [one, other] = one.sources;
        tests.entry([one.min(other), one.max(other)]).or_default().push(place);
    }
    let training = |held: &[usize; 2]| {
        let without = |place: &usize| !scored[*place].sources.iter().any(|one| held.contains(one));
        (0..scored.len()).filter(without).collect()
    };
    Ok(tests.into_iter().map(|(held, test)| (training(&held), test)).collect())
}
