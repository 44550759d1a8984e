//! The surface within circles, or without them: a primer cut from its head, a firing pin's pit left out.

use super::{TransformError, finish};
use crate::surface::Surface;
use crate::units::Length;

/// A circle on a surface, its centre from the centre of the frame, x right, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    /// Of its centre.
    pub x: Length,
    /// Of its centre.
    pub y: Length,
    /// Above zero.
    pub radius: Length,
}

impl Circle {
    fn check(self) -> Result<(), TransformError> {
        for (name, length) in [("centre of a circle", self.x), ("centre of a circle", self.y)] {
            let metres = length.metres();
            if !metres.is_finite() {
                return Err(TransformError::Length { name, metres });
            }
        }
        let metres = self.radius.metres();
        if metres.is_finite() && metres > 0.0 {
            Ok(())
        } else {
            Err(TransformError::Length { name: "radius of a circle", metres })
        }
    }

    /// Whether a place lies in it or on its edge.
    fn holds(self, x: Length, y: Length) -> bool {
        let (x, y) = ((x - self.x).metres(), (y - self.y).metres());
        let radius = self.radius.metres();
        x * x + y * y <= radius * radius
    }
}

/// Makes every sample missing that lies in none of `keep` (where there are any) or in one of `drop`. A
/// sample lies where its middle does. Heights and frame stay, and what was missing stays so.
///
/// # Errors
/// A circle without a place or a radius; no measured sample left.
pub fn mask_circles(
    surface: &Surface,
    keep: &[Circle],
    drop: &[Circle],
) -> Result<Surface, TransformError> {
    keep.iter().chain(drop).try_for_each(|circle| circle.check())?;
    let spacing = surface.spacing();
    let place = |index: usize, count: usize, spacing: Length| {
        spacing * (index as f64 - (count - 1) as f64 / 2.0)
    };
    let (rows, columns) = (surface.rows(), surface.columns());
    let mut mask = surface.mask().clone();
    for ((row, column), valid) in mask.indexed_iter_mut() {
        let (x, y) = (place(column, columns, spacing.x), place(row, rows, spacing.y));
        let within = |circles: &[Circle]| circles.iter().any(|circle| circle.holds(x, y));
        *valid &= (keep.is_empty() || within(keep)) && !within(drop);
    }
    finish(surface.heights().clone(), mask, spacing, surface.kind())
}
