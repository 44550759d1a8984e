//! Where do the scores of either kind lie?
//!
//! Each bar is a share of its kind: there are far more known non-matches, and counts would hide the known matches.

use super::{Axis, FULL, MATCHES, Mark, NON_MATCHES, draw, ticks, whole_percent};
use crate::statistics::Labelled;
use crate::validation::ValidationError;

/// Number of bars over the range.
const BARS: usize = 50;

/// Draws scores; infinite ones are in the outermost bars.
pub(in crate::validation) fn histogram(scores: &Labelled) -> Result<String, ValidationError> {
    let finite =
        || scores.same().iter().chain(scores.different()).filter(|value| value.is_finite());
    // At least the range of shares.
    let low = finite().copied().fold(0.0, f64::min);
    let high = finite().copied().fold(1.0, f64::max);
    let width = (high - low) / BARS as f64;
    let shares = |values: &[f64]| {
        let mut shares = vec![0.0; BARS];
        for value in values {
            // Casting takes what is out of range to its ends.
            shares[(((value - low) / width) as usize).min(BARS - 1)] += 1.0 / values.len() as f64;
        }
        shares
    };
    let (same, different) = (shares(scores.same()), shares(scores.different()));
    let highest = same.iter().chain(&different).copied().fold(0.0, f64::max) * 1.06;
    let outline = |shares: &[f64]| {
        let mut points = vec![(low, 0.0)];
        for (bar, share) in shares.iter().enumerate() {
            let left = low + bar as f64 * width;
            points.extend([(left, *share), (left + width, *share)]);
        }
        points.push((high, 0.0));
        points
    };
    let (same, different) = (outline(&same), outline(&different));
    let x = Axis {
        low,
        high,
        ticks: ticks(low, high, 10),
        label: &|value| format!("{value:.1}"),
        title: "Score: share of congruent cells",
    };
    let y = Axis {
        low: 0.0,
        high: highest,
        ticks: ticks(0.0, highest, 4),
        label: &whole_percent,
        title: "Share of the kind",
    };
    let marks = vec![
        Mark::Area(different.clone(), NON_MATCHES),
        Mark::Area(same.clone(), MATCHES),
        Mark::Line(different, NON_MATCHES),
        Mark::Line(same, MATCHES),
    ];
    draw("scores of both kinds", FULL, [x, y], marks)
}
