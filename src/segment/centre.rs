//! Where is the primer?
//!
//! Around a primer the ground falls into a groove, so every steep place of its shoulder points uphill to
//! the primer's middle. Each votes for the centres that lie there, one for every radius that primers
//! have (a Hough transform of circles by gradients, Duda and Hart 1972, Kimme et al. 1975). Large holes
//! count as deep: steep walls are often not measured. Good to about a cell; the shoulder does the rest.

use super::relief::Relief;
use crate::parameters::Segmentation;
use ndarray::{Array2, Array3, Axis, Zip};

/// Slopes below this do not vote: tilt and texture.
const LEAST_SLOPE: f32 = 0.1;
/// Slopes above this vote no more than it.
const GREATEST_SLOPE: f32 = 0.5;
/// Depth that is assumed of large holes, below the median, in micrometres.
const HOLE_DEPTH: f32 = 150.0;
/// Cells of the relief along a side of one cell of the votes.
const COARSER: f64 = 2.0;
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
    let step = relief.spacing * COARSER;
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
    for row in 1..rows.saturating_sub(1) {
        for column in 1..columns.saturating_sub(1) {
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
    let mut votes = Array3::<f32>::zeros((radii.len(), down, across));
    // One radius after the other: the votes for one are few enough to stay near the processor.
    for (mut votes, radius) in votes.outer_iter_mut().zip(&radii) {
        let radius = radius / step;
        for Voter { from, uphill, weight } in &voters {
            let across_at = from.0 + uphill.0 * radius;
            let down_at = from.1 + uphill.1 * radius;
            if across_at >= 0.0
                && down_at >= 0.0
                && let Some(vote) = votes.get_mut([down_at as usize, across_at as usize])
            {
                *vote += weight;
            }
        }
    }
    let ([index, down_at, across_at], most) = peak(votes);
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

/// The greatest sum over a box of three cells along each axis; the first of equals.
fn peak(mut votes: Array3<f32>) -> ([usize; 3], f32) {
    // Plane by plane: a lane through them touches memory all over.
    let planes = votes.dim().0;
    let nothing = Array2::<f32>::zeros((votes.dim().1, votes.dim().2));
    let plane = |votes: &Array3<f32>, index: usize| {
        if index < planes { votes.index_axis(Axis(0), index).to_owned() } else { nothing.clone() }
    };
    let (mut before, mut here) = (nothing.clone(), plane(&votes, 0));
    for index in 0..planes {
        let after = plane(&votes, index + 1);
        Zip::from(votes.index_axis_mut(Axis(0), index))
            .and(&before)
            .and(&after)
            .for_each(|sum, before, after| *sum = before + *sum + after);
        (before, here) = (here, after);
    }
    for axis in 1..3 {
        for mut lane in votes.lanes_mut(Axis(axis)) {
            let mut before = 0.0;
            for index in 0..lane.len() {
                let (here, after) = (lane[index], lane.get(index + 1).copied().unwrap_or(0.0));
                lane[index] = before + here + after;
                before = here;
            }
        }
    }
    let mut best = ([0, 0, 0], f32::NEG_INFINITY);
    for ((index, row, column), &sum) in votes.indexed_iter() {
        if sum > best.1 {
            best = ([index, row, column], sum);
        }
    }
    best
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
    for _ in 0..2 {
        for axis in 0..2 {
            for mut lane in blurred.lanes_mut(Axis(axis)) {
                let values = lane.to_vec();
                let last = values.len() - 1;
                let at = |index: isize| values[index.clamp(0, last as isize) as usize];
                let reach = reach as isize;
                let mut sum: f32 = (-reach..=reach).map(at).sum();
                for (index, value) in lane.iter_mut().enumerate() {
                    *value = sum / (2 * reach + 1) as f32;
                    let index = index as isize;
                    sum += at(index + reach + 1) - at(index - reach);
                }
            }
        }
    }
    blurred
}
