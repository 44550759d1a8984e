//! How long a list has how many of the mates?

use super::{Axis, HALF, MATCHES, Mark, NEUTRAL, draw, ticks, whole_percent};
use crate::statistics::RankPoint;
use crate::validation::{SearchMetrics, ValidationError};

/// Draws the best mate of each question and, dashed, all mates.
pub(in crate::validation) fn ranks(search: &SearchMetrics) -> Result<String, ValidationError> {
    let points = |curve: &[RankPoint]| {
        curve.iter().map(|point| (point.rank as f64, point.found)).collect::<Vec<_>>()
    };
    let (best, all) = (points(&search.best_mate.curve), points(&search.all_mates.curve));
    let longest = best.last().map_or(1.0, |point| point.0);
    let x = Axis {
        low: 0.5,
        high: longest + 0.5,
        ticks: std::iter::once(1.0).chain(ticks(2.0, longest, 4)).collect(),
        label: &|value| format!("{value:.0}"),
        title: "Length of the list",
    };
    let y = Axis {
        low: 0.0,
        high: 1.03,
        ticks: ticks(0.0, 1.0, 5),
        label: &whole_percent,
        title: "Share of mates within",
    };
    let marks = vec![
        Mark::Dashed(all, NEUTRAL),
        Mark::Line(best.clone(), MATCHES),
        Mark::Dots(best, MATCHES),
    ];
    draw("rank curve", HALF, [x, y], marks)
}
