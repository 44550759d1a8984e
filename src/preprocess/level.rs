//! Levelling: the least-squares plane is taken away.
//!
//! For a surface that is already cropped to its mark; not for heads with form (a sphere, a dome).

use crate::surface::{Spacing, Surface};
use crate::units::Angle;
use ndarray::Array2;

/// A plane over the frame of a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    /// Centre of the frame, in samples from the first.
    x0: f64,
    y0: f64,
    /// Mean place of the measured samples, from the centre of the frame.
    x_mean: f64,
    y_mean: f64,
    /// Height there, in metres.
    z_mean: f64,
    /// Metres a sample.
    slope_x: f64,
    slope_y: f64,
}

impl Plane {
    /// Its height in metres at a place in samples from the first, which need not be a sample.
    #[must_use]
    pub fn height(&self, row: f64, column: f64) -> f64 {
        let (x, y) = (column - self.x0 - self.x_mean, row - self.y0 - self.y_mean);
        self.z_mean + self.slope_x * x + self.slope_y * y
    }
}

impl Plane {
    /// The angle between it and the horizontal, for samples so far apart; 0 to 90 degrees.
    #[must_use]
    pub fn tilt(&self, spacing: Spacing) -> Angle {
        let (x, y) = (self.slope_x / spacing.x.metres(), self.slope_y / spacing.y.metres());
        Angle::from_radians(libm::atan((x * x + y * y).sqrt()))
    }
}

/// The least-squares plane of the measured samples.
///
/// Found about the centre of the frame, in double precision. Where the samples do not span a plane
/// (all on a line), it rises only along what they do span.
#[must_use]
pub fn least_squares_plane(surface: &Surface) -> Plane {
    plane_of(surface, surface.mask())
}

/// The same of the samples of a mask, which has the surface's shape and calls nothing measured that is
/// not.
pub(super) fn plane_of(surface: &Surface, mask: &Array2<bool>) -> Plane {
    let (x0, y0) = ((surface.columns() - 1) as f64 / 2.0, (surface.rows() - 1) as f64 / 2.0);
    let samples = || {
        surface
            .heights()
            .indexed_iter()
            .zip(mask)
            .filter(|(_, valid)| **valid)
            .map(|(((row, column), &height), _)| (column as f64 - x0, row as f64 - y0, height))
    };
    let count = mask.iter().filter(|valid| **valid).count().max(1) as f64;
    let (mut x_mean, mut y_mean, mut z_mean) = (0.0, 0.0, 0.0);
    for (x, y, z) in samples() {
        x_mean += x;
        y_mean += y;
        z_mean += z;
    }
    (x_mean, y_mean, z_mean) = (x_mean / count, y_mean / count, z_mean / count);
    let (mut xx, mut xy, mut yy, mut xz, mut yz) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (x, y, z) in samples() {
        let (x, y, z) = (x - x_mean, y - y_mean, z - z_mean);
        xx += x * x;
        xy += x * y;
        yy += y * y;
        xz += x * z;
        yz += y * z;
    }
    let determinant = xx * yy - xy * xy;
    let (slope_x, slope_y) = if determinant > 1e-9 * xx * yy {
        ((xz * yy - yz * xy) / determinant, (yz * xx - xz * xy) / determinant)
    } else {
        let along = |product: f64, square: f64| if square > 0.0 { product / square } else { 0.0 };
        if xx >= yy { (along(xz, xx), 0.0) } else { (0.0, along(yz, yy)) }
    };
    Plane { x0, y0, x_mean, y_mean, z_mean, slope_x, slope_y }
}

/// Heights less their least-squares plane, in metres; 0 where missing.
#[must_use]
pub fn level(surface: &Surface) -> Array2<f64> {
    let plane = least_squares_plane(surface);
    let mut levelled = surface.heights().clone();
    for (((row, column), height), &valid) in levelled.indexed_iter_mut().zip(surface.mask()) {
        if valid {
            *height -= plane.height(row as f64, column as f64);
        }
    }
    levelled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::{Kind, Spacing};
    use crate::units::Length;

    #[test]
    fn a_tilted_plane_with_holes_becomes_flat() {
        let heights = Array2::from_shape_fn((40, 60), |(row, column)| {
            if (row * 7 + column * 3) % 11 == 0 {
                f64::NAN
            } else {
                1e-5 * row as f64 - 3e-6 * column as f64 + 0.01
            }
        });
        let spacing = Spacing::square(Length::from_micrometres(6.25));
        let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
        let worst = level(&surface).iter().fold(0.0_f64, |worst, height| worst.max(height.abs()));
        assert!(worst < 1e-15, "the largest height left is {worst} m");
    }
}
