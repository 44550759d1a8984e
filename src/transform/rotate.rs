//! The surface, turned about the centre of its frame.

use super::interpolation::Reader;
use super::{TransformError, check_angle, fill, finish};
use crate::surface::{Spacing, Surface};
use crate::units::{Angle, Length};
use ndarray::Array2;
use std::f64::consts::FRAC_PI_2;

/// Turned counter-clockwise as seen, about the centre of the frame.
///
/// The frame grows so that nothing measured is cut; its centre stays the centre. Multiples of 90
/// degrees move samples without touching a height (a quarter turn exchanges rows with columns, and
/// with them the two sample distances). Any other angle keeps the sample distances and interpolates
/// (see [`crate::transform`]); the numbers of rows and columns grow by even numbers, so that turning
/// back lands on the samples that were left. Cost: one pass, 16 samples read for each one made.
///
/// # Errors
/// An angle that is not finite; a frame too large to hold; no measured sample.
pub fn rotate(surface: &Surface, angle: Angle) -> Result<Surface, TransformError> {
    check_angle("angle", angle)?;
    let quarters = angle.wrapped().radians() / FRAC_PI_2;
    let nearest = quarters.round();
    if (quarters - nearest).abs() < 1e-12 {
        return quarter_turns(surface, nearest.rem_euclid(4.0) as usize);
    }
    let spacing = surface.spacing();
    let (sin, cos) = angle.sin_cos();
    let (width, height) = surface.extent();
    let (sin_size, cos_size) = (sin.abs(), cos.abs());
    let columns = grown(surface.columns(), width * cos_size + height * sin_size, spacing.x);
    let rows = grown(surface.rows(), width * sin_size + height * cos_size, spacing.y);
    let centre = |count: usize| (count - 1) as f64 / 2.0;
    let (from, to) =
        ((centre(surface.rows()), centre(surface.columns())), (centre(rows), centre(columns)));
    let aspect = spacing.x.ratio(spacing.y);
    let reader = Reader::new(surface);
    let (heights, mask) = fill((rows, columns), |row, column| {
        // The inverse of the turn, in units of the columns' distance.
        let (x, y) = (column as f64 - to.1, (row as f64 - to.0) / aspect);
        let (x, y) = (x * cos - y * sin, x * sin + y * cos);
        reader.height(y * aspect + from.0, x + from.1)
    })?;
    finish(heights, mask, spacing, surface.kind())
}

/// Samples that hold this extent: as many as there were, or more by an even number.
fn grown(count: usize, extent: Length, spacing: Length) -> usize {
    let missing = extent.ratio(spacing) - (count - 1) as f64;
    // A thousandth of a sample forgives rounding.
    count + 2 * ((missing / 2.0 - 1e-3).ceil().max(0.0) as usize)
}

/// Turned by a number of quarters, 0 to 3, by index.
fn quarter_turns(surface: &Surface, quarters: usize) -> Result<Surface, TransformError> {
    let Spacing { x, y } = surface.spacing();
    let spacing =
        if quarters.is_multiple_of(2) { Spacing { x, y } } else { Spacing { x: y, y: x } };
    let (heights, mask) = (surface.heights(), surface.mask());
    finish(turned(heights, quarters), turned(mask, quarters), spacing, surface.kind())
}

fn turned<T: Copy>(field: &Array2<T>, quarters: usize) -> Array2<T> {
    let mut view = field.view();
    match quarters {
        0 => {}
        // Counter-clockwise: the last column becomes the first row.
        1 => {
            view.swap_axes(0, 1);
            view.invert_axis(ndarray::Axis(0));
        }
        2 => {
            view.invert_axis(ndarray::Axis(0));
            view.invert_axis(ndarray::Axis(1));
        }
        _ => {
            view.swap_axes(0, 1);
            view.invert_axis(ndarray::Axis(1));
        }
    }
    view.as_standard_layout().into_owned()
}
