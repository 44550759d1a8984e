//! What can be measured of a surface that says how good it is?

use crate::preprocess::{level, robust_deviation};
use crate::surface::{Kind, Surface};
use crate::units::Length;
use ndarray::{Array2, Axis};

/// A sample farther from the levelled surface than so many robust standard deviations is an outlier.
const OUTLIER: f64 = 6.0;
/// So few equal heights at an end of the range say nothing.
const FEW: usize = 16;
/// A gap of more than the side through this is none of the mark's own.
const GAP: usize = 32;

/// Figures of a surface, missing where there are too few samples for them, or these are no heights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measures {
    /// The greater of the two sample distances.
    pub spacing: Length,
    /// Number of measured samples.
    pub samples: usize,
    /// Measured samples as a share of them and of the gaps within the mark, 0 to 1; its aperture is no gap.
    pub measured: f64,
    /// Noise, at most: robust standard deviation of what a plane through a sample's neighbours does not
    /// explain (Immerkær 1996); `None` of a picture too.
    pub noise: Option<Length>,
    /// Share of samples that are outliers, 0 to 1.
    pub outliers: f64,
    /// Share of samples that all have the greatest or all the least height, 0 to 1.
    pub saturated: f64,
    /// Greatest share of a side of the frame along which the mark runs on unbroken, 0 to 1.
    pub cut: f64,
}

impl Measures {
    /// Measures a surface.
    #[must_use]
    pub fn of(surface: &Surface) -> Self {
        let (spacing, topography) = (surface.spacing(), surface.kind() == Kind::Topography);
        let samples = surface.valid_count();
        let levelled = level(surface);
        let valid = || levelled.iter().zip(surface.mask()).filter(|(_, v)| **v).map(|(h, _)| *h);
        let deviation = robust_deviation(valid()).unwrap_or(0.0);
        let beyond = valid().filter(|height| height.abs() > OUTLIER * deviation).count();
        let share = |count: usize| count as f64 / samples.max(1) as f64;
        Self {
            spacing: if spacing.x > spacing.y { spacing.x } else { spacing.y },
            samples,
            measured: measured(surface.mask()),
            noise: noise(surface).filter(|_| topography),
            outliers: if deviation > 0.0 { share(beyond) } else { 0.0 },
            saturated: share(saturated(surface)),
            cut: cut(surface.mask()),
        }
    }
}

/// Measured samples as a share of these and of the gaps between them: along a row or a column a gap is
/// part of the mark, a wide one is the aperture.
fn measured(mask: &Array2<bool>) -> f64 {
    let mut enclosed = mask.clone();
    for axis in [Axis(1), Axis(0)] {
        let reach = (mask.len_of(axis) / GAP).max(1);
        for (mut lane, of_mask) in enclosed.lanes_mut(axis).into_iter().zip(mask.lanes(axis)) {
            let mut last: Option<usize> = None;
            for (index, _) in of_mask.iter().enumerate().filter(|(_, valid)| **valid) {
                if let Some(last) = last.filter(|last| index - last <= reach) {
                    lane.slice_mut(ndarray::s![last..index]).fill(true);
                }
                last = Some(index);
            }
        }
    }
    let count = |mask: &Array2<bool>| mask.iter().filter(|inside| **inside).count() as f64;
    count(mask) / count(&enclosed).max(1.0)
}

/// Samples that share the greatest height, and those that share the least, where they are more than a few.
fn saturated(surface: &Surface) -> usize {
    let valid =
        || surface.heights().iter().zip(surface.mask()).filter(|(_, v)| **v).map(|(h, _)| *h);
    let ends = [valid().fold(f64::NEG_INFINITY, f64::max), valid().fold(f64::INFINITY, f64::min)];
    let at = |end: f64| valid().filter(|height| height.total_cmp(&end).is_eq()).count();
    ends.map(at).into_iter().filter(|count| *count > FEW).sum()
}

/// Robust standard deviation of the noise by the difference of two Laplacians, which neither planes nor
/// edges along the axes move; `None` without a whole neighbourhood.
fn noise(surface: &Surface) -> Option<Length> {
    let (heights, mask) = (surface.heights(), surface.mask());
    let (rows, columns) = mask.dim();
    let mut found = Vec::new();
    for row in 1..rows.saturating_sub(1) {
        for column in 1..columns.saturating_sub(1) {
            let mut sum = 0.0;
            let mut whole = true;
            for (down, of_row) in [1.0, -2.0, 1.0].iter().enumerate() {
                for (across, of_column) in [1.0, -2.0, 1.0].iter().enumerate() {
                    let at = [row + down - 1, column + across - 1];
                    whole &= mask[at];
                    sum += of_row * of_column * heights[at];
                }
            }
            if whole {
                // The weights' squares sum to 36.
                found.push(sum / 6.0);
            }
        }
    }
    robust_deviation(found.into_iter()).map(Length::from_metres)
}

/// The longest unbroken run of measured samples on a side of the frame, as a share of the side.
fn cut(mask: &Array2<bool>) -> f64 {
    let (rows, columns) = mask.dim();
    let sides = [mask.row(0), mask.row(rows - 1), mask.column(0), mask.column(columns - 1)];
    let longest = |side: &ndarray::ArrayView1<'_, bool>| {
        let (mut longest, mut run) = (0_usize, 0_usize);
        for &valid in side {
            run = if valid { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        longest as f64 / side.len() as f64
    };
    sides.iter().map(longest).fold(0.0, f64::max)
}
