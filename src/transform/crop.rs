//! A part of the surface.

use super::{TransformError, finish};
use crate::surface::Surface;

/// The window of `width` by `height` samples whose first column is `x` and first row `y`.
///
/// Heights and mask are copied. The centre of the frame, and with it the origin of poses, becomes the
/// window's.
///
/// # Errors
/// A window that is empty or not within the frame, or that holds no measured sample.
pub fn crop(
    surface: &Surface,
    x: usize,
    y: usize,
    width: usize,
    height: usize,
) -> Result<Surface, TransformError> {
    let (rows, columns) = (surface.rows(), surface.columns());
    let end = |first: usize, length: usize, count: usize| {
        first.checked_add(length).filter(|&end| length > 0 && end <= count)
    };
    let (Some(right), Some(bottom)) = (end(x, width, columns), end(y, height, rows)) else {
        return Err(TransformError::Window { x, y, width, height, columns, rows });
    };
    let window = ndarray::s![y..bottom, x..right];
    let (heights, mask) = (surface.heights().slice(window), surface.mask().slice(window));
    finish(heights.to_owned(), mask.to_owned(), surface.spacing(), surface.kind())
}
