//! Where does the primer's flat end?
//!
//! Ray by ray from the middle: the shoulder is rounded, so beyond its beginning the ground falls as the
//! square of the distance, and a line through the roots of the depths says where it has fallen by a few
//! micrometres, which texture alone would hide. A curve of few harmonics through the rays that agree says where the others should be.

use super::centre::Ring;
use super::plateau::solve;
use super::relief::{Reading, Relief, median_of};
use std::f64::consts::TAU;
use std::sync::LazyLock;

/// Number of rays.
pub(super) const RAYS: usize = 360;
/// Micrometres between readings on a ray.
const STEP: f64 = 10.0;
/// How far beyond the flat the shoulder's fall is looked for, in micrometres.
const REACH: f64 = 700.0;
/// Depths that the shoulder's beginning is found from, beyond the tolerance; in micrometres.
const FALL: f64 = 40.0;
/// The primer's rim is where the shoulder has fallen by this, in micrometres.
pub(super) const RIM_DEPTH: f64 = 60.0;
/// Rays farther than this from the curve of the others are wrong, in micrometres.
const OUTLYING: f64 = 60.0;
/// Rays on either side that a ray's median is taken over.
const NEIGHBOURS: usize = 3;

/// The direction of a ray: cosine and sine, y down.
pub(super) fn direction(ray: usize) -> (f64, f64) {
    let (sin, cos) = libm::sincos(ray as f64 / RAYS as f64 * TAU);
    (cos, sin)
}

/// What one ray found.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// Where the flat ends.
    end: Option<f64>,
    /// Where the ground has fallen to the rim's depth.
    rim: Option<f64>,
    /// Whether the ray left the frame before it could tell.
    outside: bool,
}

/// Depths below the primer's form, in micrometres.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depths {
    /// What may be texture.
    pub(super) tolerance: f64,
    /// Where the shoulder has fallen by this, the flat ends.
    pub(super) end: f64,
}

/// The end of the primer's flat all around. Lengths in micrometres.
#[derive(Clone, Debug)]
pub(super) struct Shoulder {
    /// Distance of the flat's end from the ring's centre, for every ray.
    pub(super) ends: Vec<f64>,
    /// The primer: through its rim where enough of it was seen, else through the flat's end.
    pub(super) primer: Ring,
    /// Share of the rays that did not leave the frame first.
    pub(super) in_view: f64,
    /// Share of those that found a shoulder where the curve has it.
    pub(super) found: f64,
    /// Root mean square distance of these from the curve.
    pub(super) roughness: f64,
}

/// Looks along every ray. `flat` is true on the cells of the primer's flat; `None` where too few rays
/// find an end to say anything.
pub(super) fn find_shoulder(
    departures: &Relief,
    flat: &ndarray::Array2<bool>,
    ring: Ring,
    depths: Depths,
) -> Option<Shoulder> {
    let rays: Vec<Found> =
        (0..RAYS).map(|ray| look(departures, flat, ring, direction(ray), depths)).collect();
    let in_view = rays.iter().filter(|ray| !ray.outside).count();
    let seen: Vec<(usize, f64)> =
        rays.iter().enumerate().filter_map(|(ray, found)| Some((ray, found.end?))).collect();
    if in_view == 0 || seen.len() < RAYS / 8 {
        return None;
    }
    let curve = Curve::through(&seen, harmonics(&seen))?;
    let agreeing: Vec<Option<f64>> = rays
        .iter()
        .enumerate()
        .map(|(ray, found)| found.end.filter(|end| (end - curve.at(ray)).abs() < OUTLYING))
        .collect();
    let ends =
        (0..RAYS).map(|ray| settled(&agreeing, ray).unwrap_or_else(|| curve.at(ray))).collect();
    let squares: Vec<f64> = agreeing
        .iter()
        .enumerate()
        .filter_map(|(ray, end)| Some((*end)? - curve.at(ray)))
        .map(|distance| distance * distance)
        .collect();
    let roughness = (squares.iter().sum::<f64>() / squares.len().max(1) as f64).sqrt();
    let rims: Vec<(usize, f64)> =
        rays.iter().enumerate().filter_map(|(ray, found)| Some((ray, found.rim?))).collect();
    let through = if rims.len() * 2 >= seen.len() { &rims } else { &seen };
    Some(Shoulder {
        ends,
        primer: circle(through, ring)?,
        in_view: in_view as f64 / RAYS as f64,
        found: squares.len() as f64 / in_view as f64,
        roughness,
    })
}

/// Follows one ray out of the flat and down the shoulder.
fn look(
    departures: &Relief,
    flat: &ndarray::Array2<bool>,
    ring: Ring,
    (cos, sin): (f64, f64),
    Depths { tolerance, end: depth_of_end }: Depths,
) -> Found {
    let read = |distance: f64| departures.read(ring.x + cos * distance, ring.y + sin * distance);
    let on_flat = |distance: f64| {
        let (row, column) = departures.cell(ring.x + cos * distance, ring.y + sin * distance);
        let (row, column) = (row.round(), column.round());
        row >= 0.0
            && column >= 0.0
            && flat.get([row as usize, column as usize]).copied().unwrap_or(false)
    };
    let steps = (ring.radius * 1.15 / STEP) as usize;
    let outermost = (0..steps).rev().map(|step| step as f64 * STEP).find(|at| on_flat(*at));
    let Some(start) = outermost else {
        let outside = read(ring.radius) == Reading::Outside;
        return Found { outside, ..Found::default() };
    };
    let mut fall: Vec<(f64, f64)> = Vec::new();
    let (mut rim, mut last, mut outside) = (None, (start, 0.0), false);
    for step in 0..(REACH / STEP) as usize {
        let at = start + step as f64 * STEP;
        match read(at) {
            Reading::Outside => {
                outside = true;
                break;
            }
            Reading::Missing => {}
            Reading::Height(height) => {
                let depth = -height;
                if depth > tolerance && depth < tolerance + FALL {
                    fall.push((at, depth.sqrt()));
                }
                if depth >= RIM_DEPTH {
                    let (before, shallower) = last;
                    rim = Some(
                        before + (at - before) * (RIM_DEPTH - shallower) / (depth - shallower),
                    );
                    break;
                }
                last = (at, depth);
            }
        }
    }
    if rim.is_none() {
        return Found { outside, ..Found::default() };
    }
    // A wall that was not measured, or is too steep, ends the flat where it stands.
    let end = end_of_flat(&fall, depth_of_end)
        .map_or(start, |at| at.clamp(start - 150.0, start + 6.0 * STEP));
    Found { end: Some(end), rim, outside: false }
}

/// Where the line through the roots of the depths reaches the root of `depth`.
fn end_of_flat(fall: &[(f64, f64)], depth: f64) -> Option<f64> {
    if fall.len() < 3 {
        return None;
    }
    let count = fall.len() as f64;
    let mean_at = fall.iter().map(|(at, _)| at).sum::<f64>() / count;
    let mean_root = fall.iter().map(|(_, root)| root).sum::<f64>() / count;
    let covariance: f64 = fall.iter().map(|(at, root)| (at - mean_at) * (root - mean_root)).sum();
    let variance: f64 = fall.iter().map(|(at, _)| (at - mean_at) * (at - mean_at)).sum();
    let slope = covariance / variance;
    (slope > 1e-3).then(|| mean_at + (depth.sqrt() - mean_root) / slope)
}

/// The median of a ray and its neighbours, of those that agree with the curve.
fn settled(ends: &[Option<f64>], ray: usize) -> Option<f64> {
    ends[ray]?;
    let mut near: Vec<f64> = (0..=2 * NEIGHBOURS)
        .filter_map(|offset| ends[(ray + RAYS + offset - NEIGHBOURS) % RAYS])
        .collect();
    median_of(&mut near)
}

/// How many harmonics the rays can say something about: fewer where a wide gap lies between them.
fn harmonics(seen: &[(usize, f64)]) -> usize {
    let next = seen.iter().skip(1).chain(seen.first());
    let gap = seen.iter().zip(next).map(|(one, other)| (other.0 + RAYS - one.0 - 1) % RAYS).max();
    match gap.unwrap_or(RAYS) {
        0..30 => 4,
        30..75 => 2,
        _ => 1,
    }
}

/// A closed curve about the centre, distance by direction.
struct Curve {
    /// Mean, then cosine and sine of each harmonic.
    terms: [f64; 9],
}

impl Curve {
    /// By least squares with weights that forget what is far off (Tukey's biweight).
    fn through(seen: &[(usize, f64)], harmonics: usize) -> Option<Self> {
        let mut distances: Vec<f64> = seen.iter().map(|(_, distance)| *distance).collect();
        let mut curve = Self { terms: [0.0; 9] };
        curve.terms[0] = median_of(&mut distances)?;
        let mut reach = 400.0_f64;
        for _ in 0..12 {
            let mut rows = [[0.0; 10]; 9];
            for &(ray, distance) in seen {
                let off = (distance - curve.at(ray)) / reach;
                if off.abs() >= 1.0 {
                    continue;
                }
                let weight = (1.0 - off * off) * (1.0 - off * off);
                let terms = &BASES[ray][..=2 * harmonics];
                for (row, left) in rows.iter_mut().zip(terms) {
                    for (sum, right) in row.iter_mut().zip(terms) {
                        *sum += weight * left * right;
                    }
                    row[9] += weight * left * distance;
                }
            }
            // Harmonics that are not asked for are zero.
            for (index, row) in rows.iter_mut().enumerate().skip(1 + 2 * harmonics) {
                row[index] = 1.0;
            }
            curve.terms = solve(rows)?;
            reach = (reach * 0.7).max(2.0 * OUTLYING);
        }
        Some(curve)
    }

    fn at(&self, ray: usize) -> f64 {
        BASES[ray].iter().zip(&self.terms).map(|(basis, term)| basis * term).sum()
    }
}

/// What the terms of a curve are multiplied with in each direction.
static BASES: LazyLock<[[f64; 9]; RAYS]> = LazyLock::new(|| {
    let mut bases = [[1.0; 9]; RAYS];
    for (ray, basis) in bases.iter_mut().enumerate() {
        for harmonic in 1..=4 {
            let (cos, sin) = direction(ray * harmonic % RAYS);
            (basis[2 * harmonic - 1], basis[2 * harmonic]) = (cos, sin);
        }
    }
    bases
});

/// The circle through points given by ray and distance (Kåsa 1976), without those far off it.
fn circle(points: &[(usize, f64)], about: Ring) -> Option<Ring> {
    let mut ring = about;
    let mut distances: Vec<f64> = points.iter().map(|(_, distance)| *distance).collect();
    ring.radius = median_of(&mut distances)?;
    let mut reach = 400.0_f64;
    for _ in 0..12 {
        let mut rows = [[0.0; 4]; 3];
        for &(ray, distance) in points {
            let (cos, sin) = direction(ray);
            let (x, y) = (about.x + cos * distance, about.y + sin * distance);
            let (right, down) = (x - ring.x, y - ring.y);
            let off = ((right * right + down * down).sqrt() - ring.radius) / reach;
            if off.abs() >= 1.0 {
                continue;
            }
            let weight = (1.0 - off * off) * (1.0 - off * off);
            // About the last centre and in millimetres, so that the numbers are near one.
            let (right, down) = (right / 1e3, down / 1e3);
            let terms = [right, down, 1.0, right * right + down * down];
            for (row, left) in rows.iter_mut().zip(&terms) {
                for (sum, right) in row.iter_mut().zip(&terms) {
                    *sum += weight * left * right;
                }
            }
        }
        let [x, y, rest] = solve(rows)?;
        let radius = rest + (x * x + y * y) / 4.0;
        ring = Ring {
            x: ring.x + x / 2.0 * 1e3,
            y: ring.y + y / 2.0 * 1e3,
            radius: radius.max(0.0).sqrt() * 1e3,
        };
        reach = (reach * 0.7).max(OUTLYING);
    }
    Some(ring)
}
