//! How do both rates of error trade, whatever the threshold?
//!
//! Detection error trade-off (Martin et al. 1997): a ROC curve on normal deviates, on which small rates are apart.

use super::{Axis, HALF, MATCHES, Mark, NEUTRAL, draw};
use crate::statistics::Labelled;
use crate::validation::ValidationError;
use statrs::function::erf::{erfc, erfc_inv};
use std::f64::consts::SQRT_2;

/// Rates that axes may begin and end with, and have labels for.
const RATES: [f64; 14] =
    [0.00001, 0.0001, 0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.98, 0.999];

/// Draws the curve of the ratios, and dashed that of the scores before calibration. Rates below the least label lie on the edge.
pub(in crate::validation) fn det(
    ratios: &Labelled,
    scores: &Labelled,
) -> Result<String, ValidationError> {
    // Half an error in all cases is below what can be seen.
    let cases = ratios.same().len().max(ratios.different().len()) as f64;
    let least = RATES.iter().rev().find(|rate| **rate * cases <= 0.5).unwrap_or(&RATES[0]);
    let worst = ratios.equal_error_rate().max(scores.equal_error_rate()) * 1.5;
    let most = RATES[8..].iter().find(|rate| **rate >= worst).unwrap_or(&0.999);
    let (low, high) = (deviates(*least), deviates(*most));
    let place = |rate: f64| deviates(rate.clamp(*least, *most));
    let curve = |values: &Labelled| {
        let points = values.operating_points();
        points
            .iter()
            .map(|point| (place(point.false_match_rate), place(point.false_non_match_rate)))
            .collect::<Vec<_>>()
    };
    let marked = || {
        let within = RATES.iter().filter(|rate| **rate >= *least && **rate <= *most);
        within.copied().map(deviates).collect::<Vec<_>>()
    };
    let label = |deviate: &f64| rate_label(erfc(-deviate / SQRT_2) / 2.0);
    let equal = place(ratios.equal_error_rate());
    let title = "Known non-matches that pass";
    let x = Axis { low, high, ticks: marked(), label: &label, title };
    let title = "Known matches that do not";
    let y = Axis { low, high, ticks: marked(), label: &label, title };
    let marks = vec![
        Mark::Dashed(curve(scores), NEUTRAL),
        Mark::Line(curve(ratios), MATCHES),
        Mark::Dots(vec![(equal, equal)], MATCHES),
    ];
    draw("DET plot", HALF, [x, y], marks)
}

/// How many standard deviations from the mean a normal distribution has this share below.
fn deviates(share: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * share)
}

/// A rate in percent, with the digits that the labels need.
fn rate_label(rate: f64) -> String {
    // The deviate's rounding is far below this.
    let rounded = (rate * 1e7).round() / 1e5;
    format!("{rounded}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_its_rate() {
        for (rate, wanted) in [(0.00001, "0.001%"), (0.005, "0.5%"), (0.4, "40%"), (0.999, "99.9%")]
        {
            assert_eq!(rate_label(erfc(-deviates(rate) / SQRT_2) / 2.0), wanted);
        }
    }
}
