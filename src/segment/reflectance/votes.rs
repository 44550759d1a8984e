//! Which circles do most edges of a picture lie on?
//!
//! An edge is crossed along its gradient, so a circle's middle lies there, one way or the other: each edge
//! votes for both, at every radius (a Hough transform of circles by gradients, Duda and Hart 1972, Kimme et
//! al. 1975). Good to a step; [`super::edges`] does the rest, and says which circles are any good.

use crate::segment::centre::Ring;
use crate::segment::relief::{Relief, quantile_of};
use ndarray::{Array3, Axis, Zip};

/// How far outside the frame a middle may lie, in micrometres.
const MARGIN: f64 = 800.0;
/// Number of circles for each way of voting.
const HYPOTHESES: usize = 6;
/// Steps about a circle within which there is no other.
const APART: usize = 2;
/// Quantile of gradients below which cells do not vote.
const LEAST: f64 = 0.5;
/// Quantile of gradients above which votes count no more.
const GREATEST: f64 = 0.9;

/// Which circles are sought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// Least and greatest radius, in micrometres.
    pub(super) radii: (f64, f64),
    /// Between radii and between middles, in micrometres.
    pub(super) step: f64,
    /// The circle that edges lie in, and how far from its middle the circles' may lie.
    pub(super) within: Option<(Ring, f64)>,
}

/// A cell that votes.
struct Voter {
    x: f64,
    y: f64,
    /// Towards the bright side.
    up: (f64, f64),
    weight: f32,
}

/// The circles with most votes: of edges bright within, of edges dark within, and of both.
pub(super) fn hypotheses(tone: &Relief, search: Search) -> Vec<Ring> {
    let Search { radii, step, within } = search;
    let radii: Vec<f64> = (0..)
        .map(|index| radii.0 + step * f64::from(index))
        .take_while(|r| *r <= radii.1)
        .collect();
    let (rows, columns) = tone.dim();
    let side =
        |cells: usize| ((cells as f64 * tone.spacing + 2.0 * MARGIN) / step).ceil() as usize + 1;
    let dim = (radii.len(), side(rows), side(columns));
    let grid = Grid { centre: ((dim.2 - 1) as f64 / 2.0, (dim.1 - 1) as f64 / 2.0), step };
    let voters = voters(tone, within);
    let ballot = |sign: f64| {
        let mut votes = Array3::<f32>::zeros(dim);
        for voter in &voters {
            for (index, radius) in radii.iter().enumerate() {
                let (x, y) =
                    (voter.x + sign * voter.up.0 * radius, voter.y + sign * voter.up.1 * radius);
                if within.is_some_and(|(ring, reach)| apart(x, y, ring) > reach) {
                    continue;
                }
                if let Some(vote) = grid.cell(x, y).and_then(|(r, c)| votes.get_mut([index, r, c]))
                {
                    // Long circles have more cells, but also more that are there by chance.
                    *vote += voter.weight / (*radius as f32).sqrt();
                }
            }
        }
        spread(&mut votes);
        votes
    };
    let (bright, dark) = (ballot(1.0), ballot(-1.0));
    let mut both = bright.clone();
    Zip::from(&mut both).and(&dark).for_each(|sum, vote| *sum += vote);
    [bright, dark, both]
        .into_iter()
        .flat_map(peaks)
        .map(|[index, row, column]| {
            let (x, y) = grid.place(row, column);
            Ring { x, y, radius: radii[index] }
        })
        .collect()
}

/// Where the cells of the votes lie.
struct Grid {
    centre: (f64, f64),
    step: f64,
}

impl Grid {
    fn cell(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let column = (x / self.step + self.centre.0).round();
        let row = (y / self.step + self.centre.1).round();
        (column >= 0.0 && row >= 0.0).then_some((row as usize, column as usize))
    }

    fn place(&self, row: usize, column: usize) -> (f64, f64) {
        ((column as f64 - self.centre.0) * self.step, (row as f64 - self.centre.1) * self.step)
    }
}

/// The cells with the steeper gradients, all of whose neighbours were measured.
fn voters(tone: &Relief, within: Option<(Ring, f64)>) -> Vec<Voter> {
    let (rows, columns) = tone.dim();
    let mut found = Vec::new();
    for row in 1..rows.saturating_sub(1) {
        for column in 1..columns.saturating_sub(1) {
            let near = [[row, column - 1], [row, column + 1], [row - 1, column], [row + 1, column]];
            if near.iter().any(|&cell| !tone.mask[cell]) {
                continue;
            }
            let (x, y) = tone.place(row, column);
            if within.is_some_and(|(ring, _)| apart(x, y, ring) > ring.radius) {
                continue;
            }
            let [left, right, above, below] = near.map(|cell| f64::from(tone.heights[cell]));
            let (across, down) = (right - left, below - above);
            let rise = (across * across + down * down).sqrt();
            if rise > 0.0 {
                found.push((rise, Voter { x, y, up: (across / rise, down / rise), weight: 0.0 }));
            }
        }
    }
    let mut rises: Vec<f64> = found.iter().map(|(rise, _)| *rise).collect();
    let (Some(least), Some(greatest)) =
        (quantile_of(&mut rises, LEAST), quantile_of(&mut rises, GREATEST))
    else {
        return Vec::new();
    };
    found
        .into_iter()
        .filter(|(rise, _)| *rise >= least)
        .map(|(rise, voter)| Voter { weight: (rise / greatest).min(1.0) as f32, ..voter })
        .collect()
}

/// Sums over three cells along each axis, twice: near a Gaussian.
fn spread(votes: &mut Array3<f32>) {
    for _ in 0..2 {
        for axis in 0..3 {
            for mut lane in votes.lanes_mut(Axis(axis)) {
                let mut before = 0.0;
                for index in 0..lane.len() {
                    let (here, after) = (lane[index], lane.get(index + 1).copied().unwrap_or(0.0));
                    lane[index] = before + here + after;
                    before = here;
                }
            }
        }
    }
}

/// The greatest sums, greatest first, each with nothing greater near; the first of equals.
fn peaks(mut votes: Array3<f32>) -> Vec<[usize; 3]> {
    let dim = votes.dim();
    let mut found = Vec::new();
    while found.len() < HYPOTHESES {
        let mut best = ([0, 0, 0], 0.0);
        for ((index, row, column), &sum) in votes.indexed_iter() {
            if sum > best.1 {
                best = ([index, row, column], sum);
            }
        }
        let (place, sum) = best;
        if sum <= 0.0 {
            break;
        }
        found.push(place);
        let near = |at: usize, count: usize| at.saturating_sub(APART)..(at + APART + 1).min(count);
        for index in near(place[0], dim.0) {
            for row in near(place[1], dim.1) {
                for column in near(place[2], dim.2) {
                    votes[[index, row, column]] = 0.0;
                }
            }
        }
    }
    found
}

/// How far a point is from a circle's middle.
fn apart(x: f64, y: f64, ring: Ring) -> f64 {
    ((x - ring.x).powi(2) + (y - ring.y).powi(2)).sqrt()
}
