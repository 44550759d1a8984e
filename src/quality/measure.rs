//! What can be measured of a surface that says how good it is?

use crate::preprocess::robust_deviation;
use crate::surface::{Kind, Surface};
use crate::units::Length;
use ndarray::{Array2, Axis};

/// A sample farther from its surroundings than so many robust standard deviations of that distance is an outlier. Of breech
/// faces and shears that were measured well 0.6 % of the samples are at most, and next to none on simulated marks, however steep;
/// of spikes of 8 um all.
const OUTLIER: f64 = 10.0;
/// To the four neighbours of which the opposite ones are the other four: rows down and columns across.
const NEIGHBOURS: [(isize, isize); 4] = [(0, 1), (1, 0), (1, 1), (1, -1)];
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
        let share = |count: usize| count as f64 / samples.max(1) as f64;
        Self {
            spacing: if spacing.x > spacing.y { spacing.x } else { spacing.y },
            samples,
            measured: measured(surface.mask()),
            noise: noise(surface).filter(|_| topography),
            outliers: share(outliers(surface)),
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

/// Samples far off the median of what opposite neighbours agree on between them: a slope, a wall or a crease moves that little.
fn outliers(surface: &Surface) -> usize {
    let (heights, mask) = (surface.heights(), surface.mask());
    let at = |row: usize, column: usize, (down, across): (isize, isize)| {
        let place = [row.checked_add_signed(down)?, column.checked_add_signed(across)?];
        (*mask.get(place)?).then(|| heights[place])
    };
    let mut off = Vec::with_capacity(surface.valid_count());
    for ((row, column), height) in heights.indexed_iter().filter(|(place, _)| mask[*place]) {
        let (mut between, mut pairs) = ([0.0; NEIGHBOURS.len()], 0);
        for (down, across) in NEIGHBOURS {
            let opposite = (at(row, column, (down, across)), at(row, column, (-down, -across)));
            if let (Some(one), Some(other)) = opposite {
                between[pairs] = f64::midpoint(one, other);
                pairs += 1;
            }
        }
        if pairs > 1 {
            let between = &mut between[..pairs];
            between.sort_unstable_by(f64::total_cmp);
            off.push(height - f64::midpoint(between[(pairs - 1) / 2], between[pairs / 2]));
        }
    }
    let deviation = robust_deviation(off.iter().copied()).filter(|deviation| *deviation > 0.0);
    deviation
        .map_or(0, |deviation| off.iter().filter(|off| off.abs() > OUTLIER * deviation).count())
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
