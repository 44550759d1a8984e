//! The surface, tilted as on an unlevelled stage.

use super::{TransformError, check_angle, finish};
use crate::surface::{Kind, Surface};
use crate::units::Angle;

/// Adds a plane through the centre of the frame that rises by `angle` towards `direction`
/// (counter-clockwise from the right, as seen). The mask stays.
///
/// Only heights change, by tan(angle) times the distance: not a turn in space, from which it differs
/// by the shortening of the frame, 1 - cos(angle).
///
/// # Errors
/// A reflectance image; a tilt of 90 degrees or more; a direction that is not finite.
pub fn tilt(surface: &Surface, angle: Angle, direction: Angle) -> Result<Surface, TransformError> {
    match surface.kind() {
        Kind::Topography => {}
        Kind::Reflectance => return Err(TransformError::NotATopography),
    }
    check_angle("direction", direction)?;
    let radians = angle.radians();
    let within = radians.abs() < std::f64::consts::FRAC_PI_2;
    if !within {
        return Err(TransformError::Angle { name: "tilt", radians });
    }
    let slope = libm::tan(radians);
    let (sin, cos) = direction.sin_cos();
    let spacing = surface.spacing();
    let (x0, y0) = ((surface.columns() - 1) as f64 / 2.0, (surface.rows() - 1) as f64 / 2.0);
    let mut heights = surface.heights().clone();
    for ((row, column), height) in heights.indexed_iter_mut() {
        let x = (column as f64 - x0) * spacing.x.metres();
        let up = (y0 - row as f64) * spacing.y.metres();
        *height += slope * (x * cos + up * sin);
    }
    finish(heights, surface.mask().clone(), spacing, surface.kind())
}
