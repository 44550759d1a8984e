//! The surface whose file states a unit wrongly, put right by somebody who knows.
//!
//! Nothing moves and nothing is interpolated: the same numbers, said to be something else.

use super::{TransformError, finish};
use crate::surface::{Kind, Spacing, Surface};
use crate::units::Length;

/// The same samples, so far apart.
///
/// # Errors
/// A spacing that is no positive length.
pub fn restate_spacing(surface: &Surface, spacing: Spacing) -> Result<Surface, TransformError> {
    finish(surface.heights().clone(), surface.mask().clone(), spacing, surface.kind())
}

/// The same numbers as heights, where one of them is `unit` and not a metre.
///
/// # Errors
/// A reflectance image; a unit that is no positive length.
pub fn restate_heights(surface: &Surface, unit: Length) -> Result<Surface, TransformError> {
    match surface.kind() {
        Kind::Topography => {}
        Kind::Reflectance => return Err(TransformError::NotATopography),
    }
    let metres = unit.metres();
    if !(metres.is_finite() && metres > 0.0) {
        return Err(TransformError::Length { name: "unit of heights", metres });
    }
    let heights = surface.heights().mapv(|height| height * metres);
    finish(heights, surface.mask().clone(), surface.spacing(), surface.kind())
}
