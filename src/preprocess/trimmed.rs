//! Which plane does most of a surface lie on, whatever the pits in it do?
//!
//! Least squares by itself is pulled by a firing pin's impression, 200 um deep in a face that is flat to
//! ten. Trimmed least squares (Rousseeuw 1984), found by concentration: fit, leave out what lies far from
//! the fit, fit again. For looking at whole heads, and at parts with holes; the texture that is
//! compared is levelled by [`super::level()`], whose outcome it must not change.

use super::level::{Plane, least_squares_plane, plane_of};
use super::spread::robust_deviation;
use crate::surface::Surface;
use ndarray::{Array2, Zip};

/// Heights farther from the plane than so many robust deviations are left out.
const LIMIT: f64 = 2.5;
/// Fits at most: heads that were tried settle in less than twenty.
const FITS: usize = 40;

/// The plane that fits the greater part of the measured samples.
///
/// 1. the least-squares plane;
/// 2. the median of the heights about it, and their robust deviation from that;
/// 3. the least-squares plane of the samples within 2.5 such deviations, and back to 2. until the
///    samples stay the same.
///
/// At least half of the samples take part in every fit. Cost: a few passes and a selection a fit.
#[must_use]
pub fn trimmed_plane(surface: &Surface) -> Plane {
    // 1.
    let mut plane = least_squares_plane(surface);
    let mut kept = surface.mask().clone();
    for _ in 0..FITS {
        // 2.
        let departures = departures(surface, plane);
        let measured = || departures.iter().zip(surface.mask()).filter(|(_, valid)| **valid);
        let mut heights: Vec<f64> = measured().map(|(height, _)| *height).collect();
        if heights.is_empty() {
            return plane;
        }
        let middle = heights.len() / 2;
        let (_, &mut median, _) = heights.select_nth_unstable_by(middle, f64::total_cmp);
        let about = measured().map(|(height, _)| *height - median);
        let limit = LIMIT * robust_deviation(about).unwrap_or(0.0);
        // 3.
        let mut next = surface.mask().clone();
        Zip::from(&mut next).and(&departures).for_each(|valid, height| {
            *valid &= (height - median).abs() <= limit;
        });
        if next == kept {
            return plane;
        }
        plane = plane_of(surface, &next);
        kept = next;
    }
    plane
}

/// Heights less a plane, in metres.
fn departures(surface: &Surface, plane: Plane) -> Array2<f64> {
    let mut heights = surface.heights().clone();
    for ((row, column), height) in heights.indexed_iter_mut() {
        *height -= plane.height(row as f64, column as f64);
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::{Kind, Spacing};
    use crate::units::Length;

    /// A plane with ripples of a micrometre and, off its centre, a pit of 200 um over a tenth of it.
    fn pitted() -> Surface {
        let heights = Array2::from_shape_fn((120, 150), |(row, column)| {
            let (x, y) = (column as f64, row as f64);
            let pit = if (x - 110.0).hypot(y - 40.0) < 24.0 { 2e-4 } else { 0.0 };
            let ripple = 1e-6 * libm::sin(x / 3.0) * libm::cos(y / 4.0);
            if (row + column) % 17 == 0 {
                f64::NAN
            } else {
                1e-6 * (0.4 * x - 0.2 * y) + ripple - pit
            }
        });
        let spacing = Spacing::square(Length::from_micrometres(6.25));
        Surface::from_finite(heights, spacing, Kind::Topography).unwrap()
    }

    #[test]
    fn a_pit_does_not_pull_the_plane() {
        let surface = pitted();
        // Over the frame's width: the slope that is left.
        let error = |plane: Plane| {
            let rise = plane.height(0.0, 149.0) - plane.height(0.0, 0.0);
            (rise - 149.0 * 0.4e-6).abs()
        };
        let (pulled, trimmed) =
            (error(least_squares_plane(&surface)), error(trimmed_plane(&surface)));
        assert!(pulled > 2e-5, "least squares: {pulled} m");
        // The ripples alone: less than a tenth of their height.
        assert!(trimmed < 1e-7, "trimmed: {trimmed} m");
    }

    #[test]
    fn without_pits_and_without_spread_the_plane_is_that_of_least_squares() {
        let heights =
            Array2::from_shape_fn((30, 40), |(row, column)| 1e-6 * (row + 2 * column) as f64);
        let spacing = Spacing::square(Length::from_micrometres(6.25));
        let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
        let plane = trimmed_plane(&surface);
        for place in [(0.0, 0.0), (29.0, 39.0), (10.0, 35.0)] {
            let wanted = 1e-6 * (place.0 + 2.0 * place.1);
            assert!((plane.height(place.0, place.1) - wanted).abs() < 1e-15);
        }
    }
}
