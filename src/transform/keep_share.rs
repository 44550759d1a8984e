//! The surface with one side missing, as when only part of a primer was impressed or scanned.

use super::{TransformError, check_angle, finish};
use crate::surface::Surface;
use crate::units::Angle;

/// Keeps that share (0 to 1, above 0) of the measured samples which lies farthest towards `direction`
/// (counter-clockwise from the right, as seen): all on one side of a straight line. The others become
/// missing; the frame and the kept heights stay.
///
/// The share is met to a sample, or to those that lie on the line itself.
///
/// # Errors
/// A share outside its bounds; a direction that is not finite; no measured sample left.
pub fn keep_share(
    surface: &Surface,
    share: f64,
    direction: Angle,
) -> Result<Surface, TransformError> {
    TransformError::check_share("share to keep", share, 0.0, 1.0)?;
    check_angle("direction", direction)?;
    let (sin, cos) = direction.sin_cos();
    let spacing = surface.spacing();
    let along = |row: usize, column: usize| {
        column as f64 * spacing.x.metres() * cos - row as f64 * spacing.y.metres() * sin
    };
    let measured = surface.mask().indexed_iter().filter(|(_, valid)| **valid);
    let mut places: Vec<f64> = measured.map(|((row, column), _)| along(row, column)).collect();
    let kept = (share * places.len() as f64).round() as usize;
    if kept == 0 {
        return Err(TransformError::NothingLeft);
    }
    let (_, line, _) = places.select_nth_unstable_by(kept - 1, |a, b| b.total_cmp(a));
    let line = *line;
    let mut mask = surface.mask().clone();
    for ((row, column), valid) in mask.indexed_iter_mut() {
        *valid &= along(row, column) >= line;
    }
    finish(surface.heights().clone(), mask, spacing, surface.kind())
}
