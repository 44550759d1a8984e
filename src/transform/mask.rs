//! The surface with only what somebody chose to keep.

use super::{TransformError, finish};
use crate::surface::Surface;
use ndarray::Array2;

/// Makes every sample missing where `keep` (rows, columns; the shape of the surface) is false. Heights
/// and frame stay, and what was missing stays so.
///
/// # Errors
/// A mask of another shape; no measured sample left.
pub fn mask(surface: &Surface, keep: &Array2<bool>) -> Result<Surface, TransformError> {
    let (found, wanted) = (keep.dim(), surface.mask().dim());
    if found != wanted {
        return Err(TransformError::MaskShape { found, wanted });
    }
    let kept = surface.mask() & keep;
    finish(surface.heights().clone(), kept, surface.spacing(), surface.kind())
}
