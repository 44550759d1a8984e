//! How large are the likelihood ratios of either kind?
//!
//! Tippett et al. (1968) as used since Evett and Buckleton (1996): the share of each kind with at least so large a ratio.

use super::{Axis, HALF, MATCHES, Mark, NEUTRAL, NON_MATCHES, draw, ticks, whole_percent};
use crate::statistics::{Labelled, TippettPoint};
use crate::validation::ValidationError;

/// Draws both curves as the steps that they are. Infinite ratios are beyond the edges: a curve enters and leaves at their share.
pub(in crate::validation) fn tippett(ratios: &Labelled) -> Result<String, ValidationError> {
    let points = ratios.tippett();
    let finite = || points.iter().map(|point| point.log10_lr).filter(|ratio| ratio.is_finite());
    let low = finite().fold(-1.0, f64::min) * 1.05;
    let high = finite().fold(1.0, f64::max) * 1.05;
    let steps = |share: fn(&TippettPoint) -> f64| {
        let mut steps = Vec::new();
        let mut left = low;
        let (mut after, mut above) = (0.0, false);
        for point in &points {
            if point.log10_lr.is_finite() {
                steps.extend([(left, share(point)), (point.log10_lr, share(point))]);
                left = point.log10_lr;
            } else if point.log10_lr > 0.0 {
                (after, above) = (share(point), true);
            }
        }
        let last = if above { after } else { 0.0 };
        steps.extend([(left, last), (high, last)]);
        steps
    };
    let x = Axis {
        low,
        high,
        ticks: ticks(low, high, 7),
        label: &|value| {
            if high - low < 5.0 { format!("{value:.1}") } else { format!("{value:.0}") }
        },
        title: "log10 of the likelihood ratio, or more",
    };
    let y = Axis {
        low: 0.0,
        high: 1.0,
        ticks: ticks(0.0, 1.0, 5),
        label: &whole_percent,
        title: "Share of the kind",
    };
    let marks = vec![
        Mark::Dashed(vec![(0.0, 0.0), (0.0, 1.0)], NEUTRAL),
        Mark::Line(steps(|point| point.known_non_matches), NON_MATCHES),
        Mark::Line(steps(|point| point.known_matches), MATCHES),
    ];
    draw("Tippett plot", HALF, [x, y], marks)
}
