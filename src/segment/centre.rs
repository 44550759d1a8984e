//! Where is the primer?
//!
//! Around a primer the ground falls into a groove, so every steep place of its shoulder points uphill to
//! the primer's middle. Each votes for the centres that lie there, one for every radius that primers
//! have (a Hough transform of circles by gradients, Duda and Hart 1972, Kimme et al. 1975). Large holes
//! count as deep: steep walls are often not measured. Good to about a cell; the shoulder does the rest.

use super::relief::Relief;
use crate::parameters::Segmentation;
use ndarray::{Array1, Array2, Axis, Slice};

/// Slopes below this do not vote: tilt and texture.
const LEAST_SLOPE: f32 = 0.1;
/// Slopes above this vote no more than it.
const GREATEST_SLOPE: f32 = 0.5;
/// Depth that is assumed of large holes, below the median, in micrometres.
const HOLE_DEPTH: f32 = 150.0;
/// Cells of the relief along a side of one cell of the votes.
const COARSER: usize = 2;
/// How far outside the frame a centre may lie, in micrometres.
const MARGIN: f64 = 800.0;

/// A circle in micrometres from the centre of the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ring {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) radius: f64,
}

/// The circle that most of the steep ground points to; `None` where nothing is steep.
pub(super) fn find_primer(relief: &Relief, parameters: &Segmentation) -> Option<Ring> {
    let filled = fill(relief);
    let step = relief.spacing * COARSER as f64;
    let least = parameters.least_primer_radius.micrometres();
    let most = parameters.greatest_primer_radius.micrometres();
    let radii: Vec<f64> =
        (0..).map(|index| least + step * f64::from(index)).take_while(|r| *r <= most).collect();
    let (rows, columns) = relief.dim();
    let (width, height) = (columns as f64 * relief.spacing, rows as f64 * relief.spacing);
    let side = |length: f64| ((length + 2.0 * MARGIN) / step).ceil() as usize + 1;
    let (across, down) = (side(width), side(height));
    let centre = ((across - 1) as f64 / 2.0, (down - 1) as f64 / 2.0);
    let mut voters = Vec::new();
    // Heights are smooth over more than a cell of the votes: what lies between would say the same.
    for row in (1..rows.saturating_sub(1)).step_by(COARSER) {
        for column in (1..columns.saturating_sub(1)).step_by(COARSER) {
            let along_x = filled[[row, column + 1]] - filled[[row, column - 1]];
            let along_y = filled[[row + 1, column]] - filled[[row - 1, column]];
            let rise = (along_x * along_x + along_y * along_y).sqrt();
            let slope = rise / (2.0 * relief.spacing as f32);
            if slope < LEAST_SLOPE {
                continue;
            }
            let (x, y) = relief.place(row, column);
            voters.push(Voter {
                from: (x / step + centre.0 + 0.5, y / step + centre.1 + 0.5),
                uphill: (f64::from(along_x / rise), f64::from(along_y / rise)),
                weight: slope.min(GREATEST_SLOPE),
            });
        }
    }
    // One radius after the other: the votes for one are few enough to stay near the processor.
    let votes_for = |radius: f64| {
        let mut votes = Array2::<f32>::zeros((down, across));
        for Voter { from, uphill, weight } in &voters {
            let across_at = from.0 + uphill.0 * radius;
            let down_at = from.1 + uphill.1 * radius;
            // Both are small: the whole part is what they are within.
            if across_at >= 0.0
                && down_at >= 0.0
                && let Some(vote) =
                    votes.get_mut([down_at as i32 as usize, across_at as i32 as usize])
            {
                *vote += weight;
            }
        }
        votes
    };
    let ([index, down_at, across_at], most) = peak(radii.iter().map(|r| votes_for(r / step)))?;
    (most > 0.0).then(|| Ring {
        x: (across_at as f64 - centre.0) * step,
        y: (down_at as f64 - centre.1) * step,
        radius: radii[index],
    })
}

/// A steep place.
struct Voter {
    /// Where it is in cells of the votes, half a cell on: the whole part is the nearest.
    from: (f64, f64),
    /// Unit vector uphill.
    uphill: (f64, f64),
    weight: f32,
}

/// The greatest sum over a box of three planes, rows and columns, and where: the first of equals; `None` without a plane.
fn peak(planes: impl Iterator<Item = Array2<f32>>) -> Option<([usize; 3], f32)> {
    let mut planes = planes.peekable();
    let nothing = Array2::zeros(planes.peek()?.dim());
    let mut best = ([0, 0, 0], f32::NEG_INFINITY);
    let (mut before, mut index) = (nothing.clone(), 0);
    while let Some(here) = planes.next() {
        let after = planes.peek().unwrap_or(&nothing);
        let sums = of_three(of_three(before + &here + after, Axis(0)), Axis(1));
        for (row, sums) in sums.outer_iter().enumerate() {
            let most = sums.fold(f32::NEG_INFINITY, |most, sum| most.max(*sum));
            if most > best.1 {
                let column = sums.iter().position(|sum| *sum >= most).unwrap_or(0);
                best = ([index, row, column], most);
            }
        }
        (before, index) = (here, index + 1);
    }
    Some(best)
}

/// Each value with the one before and the one after along an axis.
fn of_three(values: Array2<f32>, axis: Axis) -> Array2<f32> {
    let mut sums = values.clone();
    let (first, rest) = (Slice::from(..-1), Slice::from(1..));
    sums.slice_axis_mut(axis, rest)
        .zip_mut_with(&values.slice_axis(axis, first), |sum, value| *sum += value);
    sums.slice_axis_mut(axis, first)
        .zip_mut_with(&values.slice_axis(axis, rest), |sum, value| *sum += value);
    sums
}

/// Heights with small holes bridged and large ones deep, then smoothed.
fn fill(relief: &Relief) -> Array2<f32> {
    let weights = relief.mask.mapv(|valid| if valid { 1.0_f32 } else { 0.0 });
    let near = blur(&weights, 4);
    let sums = blur(&relief.heights, 4);
    let mut filled = relief.heights.clone();
    for ((place, height), &valid) in filled.indexed_iter_mut().zip(&relief.mask) {
        if !valid {
            *height = if near[place] < 0.25 { -HOLE_DEPTH } else { sums[place] / near[place] };
        }
    }
    blur(&filled, 2)
}

/// Means over (2 reach + 1) cells along each axis, twice: near a Gaussian. Edges repeat.
fn blur(field: &Array2<f32>, reach: usize) -> Array2<f32> {
    let mut blurred = field.clone();
    // Down the columns, and turned: along the rows.
    for _ in 0..4 {
        blurred = means(&blurred, reach).t().as_standard_layout().into_owned();
    }
    blurred
}

/// Means over (2 reach + 1) rows.
fn means(field: &Array2<f32>, reach: usize) -> Array2<f32> {
    let reach = reach as isize;
    let last = field.nrows() as isize - 1;
    let at = |index: isize| field.row(index.clamp(0, last) as usize);
    let mut sum = Array1::<f32>::zeros(field.ncols());
    for index in -reach..=reach {
        sum += &at(index);
    }
    let mut means = Array2::zeros(field.dim());
    for (index, mut mean) in (0..).zip(means.outer_iter_mut()) {
        mean.assign(&sum);
        mean /= (2 * reach + 1) as f32;
        sum += &(&at(index + reach + 1) - &at(index - reach));
    }
    means
}
