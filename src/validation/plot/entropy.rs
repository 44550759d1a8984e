//! What do the ratios save, or cost, whoever has which prior odds?
//!
//! Empirical cross-entropy (Ramos and Gonzalez-Rodriguez 2013), with that of no evidence and that of the best calibration.

use super::{Axis, BEST, HALF, MATCHES, Mark, NEUTRAL, draw, ticks};
use crate::statistics::{CrossEntropy, Labelled};
use crate::validation::ValidationError;

/// The highest that is drawn: above 1 the ratios are worse than nothing at any odds.
const HIGHEST: f64 = 1.3;

/// Draws the three; a curve ends where it leaves the frame.
pub(in crate::validation) fn entropy(ratios: &Labelled) -> Result<String, ValidationError> {
    let points = ratios.cross_entropies();
    let curves = |at: fn(&CrossEntropy) -> f64| {
        let all: Vec<(f64, f64)> =
            points.iter().map(|point| (point.log10_prior_odds, at(point))).collect();
        let within = all.split(|point| !point.1.is_finite() || point.1 > HIGHEST);
        within.filter(|part| part.len() > 1).map(<[_]>::to_vec).collect::<Vec<_>>()
    };
    let all = points.iter().map(|point| point.ratios).filter(|value| value.is_finite());
    let high = all.fold(1.05, f64::max).min(HIGHEST);
    let x = Axis {
        low: -3.0,
        high: 3.0,
        ticks: ticks(-3.0, 3.0, 6),
        label: &|value| format!("{value:.0}"),
        title: "log10 of the prior odds of one source",
    };
    let y = Axis {
        low: 0.0,
        high,
        ticks: ticks(0.0, high, 5),
        label: &|value| format!("{value:.1}"),
        title: "Cross-entropy, bits",
    };
    let neutral = curves(|point| point.neutral).into_iter().map(|part| Mark::Dashed(part, NEUTRAL));
    let best = curves(|point| point.calibrated).into_iter().map(|part| Mark::Dashed(part, BEST));
    let ours = curves(|point| point.ratios).into_iter().map(|part| Mark::Line(part, MATCHES));
    draw("ECE plot", HALF, [x, y], neutral.chain(ours).chain(best).collect())
}
