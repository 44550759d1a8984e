//! The surface at another sample distance.

use super::interpolation::Reader;
use super::{TransformError, fill, finish};
use crate::filter::Samples;
use crate::surface::{Spacing, Surface};
use crate::units::Length;

/// The same frame with samples `spacing` apart along both axes; its centre stays the centre, and it
/// keeps its extent to within one new sample distance.
///
/// Not coarser along either axis: interpolated (see [`crate::transform`]). Coarser along one or both:
/// each new sample is the weighted mean of the measured ones about it, with weights that fall linearly
/// to 0 at one new sample distance (one old one along an axis that gets finer), so that what the new
/// samples cannot hold is averaged away; it is kept where measured samples carry half the weight. A
/// plane stays exact in either case. Cost: one pass; coarser, about four reads for each old sample.
///
/// # Errors
/// A spacing that is no positive length; a frame too large to hold; no measured sample left.
pub fn resample(surface: &Surface, spacing: Length) -> Result<Surface, TransformError> {
    let metres = spacing.metres();
    if !(metres.is_finite() && metres > 0.0) {
        return Err(TransformError::Length { name: "spacing", metres });
    }
    let old = surface.spacing();
    let from = [
        Samples { count: surface.rows(), spacing: old.y },
        Samples { count: surface.columns(), spacing: old.x },
    ];
    let [rows, columns] = from.map(|axis| axis.respaced(spacing));
    // How many old samples a new step is, and where the first new sample lies among the old ones.
    let axis = |from: Samples, to: Samples| {
        let step = spacing.ratio(from.spacing);
        let first = (from.count - 1) as f64 / 2.0 - step * (to.count - 1) as f64 / 2.0;
        (first, step)
    };
    let (y, x) = (axis(from[0], rows), axis(from[1], columns));
    let reader = Reader::new(surface);
    let coarser = y.1.max(x.1) > 1.0 + 1e-9;
    let (heights, mask) = fill((rows.count, columns.count), |row, column| {
        let (row, column) = (y.0 + y.1 * row as f64, x.0 + x.1 * column as f64);
        if coarser {
            mean(surface, &reader, (row, column), (y.1.max(1.0), x.1.max(1.0)))
        } else {
            reader.height(row, column)
        }
    })?;
    finish(heights, mask, Spacing::square(spacing), surface.kind())
}

/// Mean of the measured samples about a place, weighted by a tent of this reach (rows, columns).
fn mean(
    surface: &Surface,
    reader: &Reader<'_>,
    (row, column): (f64, f64),
    (reach_y, reach_x): (f64, f64),
) -> Option<f64> {
    let within = |place: f64, reach: f64, count: usize| {
        let first = (place - reach).ceil().max(0.0) as usize;
        let end = ((place + reach).floor() + 1.0).clamp(0.0, count as f64) as usize;
        (first..end).map(move |index| (index, 1.0 - (index as f64 - place).abs() / reach))
    };
    let (mut sum, mut support, mut total) = (0.0, 0.0, 0.0);
    for (y, weight_y) in within(row, reach_y, surface.rows()) {
        for (x, weight_x) in within(column, reach_x, surface.columns()) {
            let weight = weight_y * weight_x;
            total += weight;
            if surface.mask()[[y, x]] {
                sum += weight * reader.departures()[[y, x]];
                support += weight;
            }
        }
    }
    let kept = support > 0.0 && support >= 0.5 * total;
    kept.then(|| sum / support + reader.plane().height(row, column))
}
