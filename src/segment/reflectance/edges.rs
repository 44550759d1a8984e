//! Does a circle of a picture lie on an edge all around, and where exactly?
//!
//! Each ray from the middle finds its strongest step of tone near the circle; a circle is fitted to them by
//! weights that forget what lies far off (Tukey's biweight), and again nearer to it. What counts is the
//! share of rays whose step then lies on it: of rays that find nothing, a step lies anywhere in reach.

use crate::segment::centre::Ring;
use crate::segment::relief::{Reading, Relief, median_of};
use crate::segment::shoulder::{RAYS, direction};

/// Micrometres between readings on a ray.
const STEP: f64 = 10.0;
/// A step this near to the circle lies on it, in micrometres.
const NEAR: f64 = 50.0;
/// Rays on either side that a ray is averaged with.
const NEIGHBOURS: usize = 3;
/// Rays that a circle needs.
const LEAST_RAYS: usize = RAYS / 4;
/// Rounds of a fit.
const ROUNDS: usize = 15;
/// Distances from the circle beyond this many deviations are forgotten.
const FORGOTTEN: f64 = 4.0;
/// Least deviation, in micrometres: below it is the sampling.
const LEAST_DEVIATION: f64 = 15.0;

/// Which side of an edge is bright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Polarity {
    /// That towards the middle.
    BrightInside,
    /// That away from it.
    DarkInside,
    /// The stronger step, whichever way.
    Either,
}

/// How far from a circle its edge is sought, in micrometres.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// In each fit.
    fits: [f64; 3],
    /// Where rays are counted.
    counted: f64,
    /// Length on either side of a step over which the tone is averaged.
    side: f64,
}

impl Reach {
    /// Of a rim, about a circle that was voted for.
    pub(super) const RIM: Self = Self { fits: [250.0, 150.0, 100.0], counted: 250.0, side: 80.0 };
    /// Of an aperture, the same.
    pub(super) const INNER: Self = Self { fits: [150.0, 100.0, 80.0], counted: 200.0, side: 60.0 };
    /// Of another edge beside one that is known.
    pub(super) const SIDE: Self = Self { fits: [150.0, 100.0, 80.0], counted: 150.0, side: 60.0 };
}

/// A circle, and how much speaks for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// In micrometres.
    pub(super) ring: Ring,
    /// Share of the rays in view whose edge lies on it, 0 to 1.
    pub(super) support: f64,
    /// Share of its rays that are in view, 0 to 1.
    pub(super) in_view: f64,
}

/// The edge near a circle; `None` where too little of it is in view.
pub(super) fn trace(tone: &Relief, start: Ring, polarity: Polarity, reach: Reach) -> Option<Edge> {
    let mut ring = start;
    for reach_of_fit in reach.fits {
        ring = fit(&steps(tone, ring, reach_of_fit, reach.side, polarity), ring)?;
    }
    let found = steps(tone, ring, reach.counted, reach.side, polarity);
    let seen: Vec<f64> = found.into_iter().flatten().collect();
    if seen.len() < LEAST_RAYS {
        return None;
    }
    let on = seen.iter().filter(|at| (*at - ring.radius).abs() < NEAR).count();
    Some(Edge {
        ring,
        support: on as f64 / seen.len() as f64,
        in_view: seen.len() as f64 / RAYS as f64,
    })
}

/// Where each ray's strongest step lies; `None` where the ray is not all in view.
fn steps(tone: &Relief, ring: Ring, reach: f64, side: f64, polarity: Polarity) -> Vec<Option<f64>> {
    let half = (side / STEP) as usize;
    let first = (ring.radius - reach - side).max(0.0);
    let count = ((ring.radius + reach + side - first) / STEP) as usize + 1;
    let readings: Vec<Vec<Option<f64>>> = (0..RAYS)
        .map(|ray| {
            let (cos, sin) = direction(ray);
            (0..count)
                .map(|index| {
                    let at = first + index as f64 * STEP;
                    match tone.read(ring.x + cos * at, ring.y + sin * at) {
                        Reading::Height(tone) => Some(tone),
                        Reading::Missing | Reading::Outside => None,
                    }
                })
                .collect()
        })
        .collect();
    (0..RAYS)
        .map(|ray| {
            // Sums along the ray of sums across it.
            let near: Vec<&Vec<Option<f64>>> = (0..=2 * NEIGHBOURS)
                .map(|offset| &readings[(ray + RAYS + offset - NEIGHBOURS) % RAYS])
                .collect();
            let mut sums = Vec::with_capacity(count + 1);
            let mut sum = 0.0;
            sums.push(sum);
            for index in 0..count {
                for reading in &near {
                    sum += reading[index]?;
                }
                sums.push(sum);
            }
            let mut best = (None, f64::NEG_INFINITY);
            for index in half..(count + 1).saturating_sub(half) {
                let (inner, outer) =
                    (sums[index] - sums[index - half], sums[index + half] - sums[index]);
                let strength = match polarity {
                    Polarity::BrightInside => inner - outer,
                    Polarity::DarkInside => outer - inner,
                    Polarity::Either => (outer - inner).abs(),
                };
                if strength > best.1 {
                    // The step is between two readings.
                    best = (Some(first + (index as f64 - 0.5) * STEP), strength);
                }
            }
            best.0
        })
        .collect()
}

/// The circle through the steps, near another: radius + a cos + b sin by weighted least squares.
fn fit(found: &[Option<f64>], near: Ring) -> Option<Ring> {
    let seen: Vec<([f64; 3], f64)> = found
        .iter()
        .enumerate()
        .filter_map(|(ray, at)| {
            let (cos, sin) = direction(ray);
            Some(([1.0, cos, sin], (*at)?))
        })
        .collect();
    if seen.len() < LEAST_RAYS {
        return None;
    }
    let mut places: Vec<f64> = seen.iter().map(|(_, at)| *at).collect();
    let mut circle = [median_of(&mut places)?, 0.0, 0.0];
    for _ in 0..ROUNDS {
        let away = |terms: &[f64; 3], at: f64| {
            at - terms.iter().zip(&circle).map(|(term, factor)| term * factor).sum::<f64>()
        };
        let mut distances: Vec<f64> =
            seen.iter().map(|(terms, at)| away(terms, *at).abs()).collect();
        let deviation = (1.5 * median_of(&mut distances)?).max(LEAST_DEVIATION);
        let mut normal = [[0.0; 4]; 3];
        for (terms, at) in &seen {
            let share = away(terms, *at) / (FORGOTTEN * deviation);
            if share.abs() < 1.0 {
                let weight = (1.0 - share * share).powi(2);
                for (row, one) in normal.iter_mut().zip(terms) {
                    for (sum, other) in row.iter_mut().zip(terms.iter().chain([at])) {
                        *sum += weight * one * other;
                    }
                }
            }
        }
        circle = solve(normal)?;
    }
    let [radius, x, y] = circle;
    (radius > 0.0).then_some(Ring { x: near.x + x, y: near.y + y, radius })
}

/// The solution of three equations, each three factors and what they give; `None` where there is none.
fn solve(rows: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    let determinant = |columns: [usize; 3]| {
        let [a, b, c] = rows.map(|row| columns.map(|column| row[column]));
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
    };
    let whole = determinant([0, 1, 2]);
    let scale = rows[0][0] * rows[1][1] * rows[2][2];
    (whole > 1e-9 * scale)
        .then(|| [[3, 1, 2], [0, 3, 2], [0, 1, 3]].map(|columns| determinant(columns) / whole))
}
