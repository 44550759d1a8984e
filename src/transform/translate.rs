//! The surface, shifted within its frame.

use super::interpolation::Reader;
use super::{TransformError, fill, finish};
use crate::surface::Surface;
use crate::units::Length;

/// Moved to the right by `dx` and down by `dy`, by any part of a sample; the frame stays.
///
/// What leaves the frame is lost, what enters it is missing. A shift by whole samples touches no
/// height; any other interpolates (see [`crate::transform`]). Cost: as [`super::rotate()`].
///
/// # Errors
/// A shift that is not finite, or one that leaves no measured sample in the frame.
pub fn translate(surface: &Surface, dx: Length, dy: Length) -> Result<Surface, TransformError> {
    for (name, length) in [("shift to the right", dx), ("shift down", dy)] {
        let metres = length.metres();
        if !metres.is_finite() {
            return Err(TransformError::Length { name, metres });
        }
    }
    let spacing = surface.spacing();
    let (right, down) = (dx.ratio(spacing.x), dy.ratio(spacing.y));
    let reader = Reader::new(surface);
    let (heights, mask) = fill(surface.heights().dim(), |row, column| {
        reader.height(row as f64 - down, column as f64 - right)
    })?;
    finish(heights, mask, spacing, surface.kind())
}
