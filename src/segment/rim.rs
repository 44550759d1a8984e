//! Is that the edge of the aperture?
//!
//! At it the ground steps, from flowback down to the breech face. How far flowback stands above the face differs from shot to
//! shot and from side to side, so no one height tells them apart; but of the shapes that several heights give, that
//! one is right along whose whole rim there is a step. How steady the step is, and how little the shapes differ, say how
//! sure that is.

use super::relief::{Reading, Relief};
use ndarray::Array2;
use std::f64::consts::TAU;

/// Number of directions in which the rim is looked at.
const RAYS: usize = 120;
/// Micrometres between readings on a ray.
const STEP: f64 = 10.0;
/// The farthest that a rim may lie from the middle of its shape, in steps.
const FARTHEST: u32 = 280;
/// Readings within and beyond the rim, in steps from it: the wall between them is as wide as this.
const WITHIN: (f64, f64) = (-12.0, -6.0);
const BEYOND: (f64, f64) = (2.0, 6.0);
/// Ground this far below the form is the pin's impression, whose edge is none of the aperture's; in micrometres.
const PIT: f64 = 30.0;
/// The first shape whose step is this near to the steadiest is taken: a lower one reaches into bulges.
const AS_STEADY: f64 = 0.05;

/// How clear the edge of the aperture is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rim {
    /// Mean step along the rim, each counted up to what makes ground raised; a share of that, 0 to 1.
    pub(super) step: f64,
    /// By how much the shapes differ in area, as a share of the ground around the one that was taken.
    pub(super) spread: f64,
}

/// Of shapes of the disturbed ground, in the order in which they are preferred, the first along whose rim the ground steps as
/// steadily as along any, or nearly; `None` of none. `raised` is the step that counts fully, in micrometres.
pub(super) fn clearest(
    departures: &Relief,
    shapes: Vec<Array2<bool>>,
    enclosed: &Array2<bool>,
    raised: f64,
) -> Option<(Array2<bool>, Rim)> {
    let area = |mask: &Array2<bool>| mask.iter().filter(|inside| **inside).count() as f64;
    let areas: Vec<f64> = shapes.iter().map(area).collect();
    let steps: Vec<f64> =
        shapes.iter().map(|shape| step(departures, shape, enclosed, raised)).collect();
    let steadiest = steps.iter().copied().fold(0.0, f64::max);
    let taken = steps.iter().position(|step| *step >= steadiest - AS_STEADY)?;
    let (least, most) = areas
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(least, most), area| (least.min(*area), most.max(*area)));
    let around = (area(enclosed) - areas[taken]).max(1.0);
    let rim = Rim { step: steadiest, spread: (most - least) / around };
    shapes.into_iter().nth(taken).map(|shape| (shape, rim))
}

/// The mean step along the rim of a shape, each as a share of `raised` and at most 1. Where the flat ends at the rim there
/// is nothing to see and nothing is counted.
fn step(departures: &Relief, shape: &Array2<bool>, enclosed: &Array2<bool>, raised: f64) -> f64 {
    let cells = shape.indexed_iter().filter(|(_, inside)| **inside).map(|(cell, _)| cell);
    let Some((x, y)) = departures.middle(cells) else { return 0.0 };
    let is = |mask: &Array2<bool>, (x, y): (f64, f64)| {
        let (row, column) = departures.cell(x, y);
        let (row, column) = (row.round(), column.round());
        row >= 0.0
            && column >= 0.0
            && mask.get([row as usize, column as usize]).copied().unwrap_or(false)
    };
    let (mut sum, mut count) = (0.0, 0.0_f64);
    for ray in 0..RAYS {
        let (sin, cos) = libm::sincos(ray as f64 / RAYS as f64 * TAU);
        let at = |steps: f64| (x + cos * steps * STEP, y + sin * steps * STEP);
        let rim = (0..FARTHEST).rev().map(f64::from).find(|steps| is(shape, at(*steps)));
        let Some(rim) = rim.filter(|rim| is(enclosed, at(rim + BEYOND.1))) else { continue };
        let read = |(from, to): (f64, f64)| {
            let (mut sum, mut count) = (0.0, 0.0);
            let mut steps = rim + from;
            while steps <= rim + to {
                let (x, y) = at(steps);
                if let Reading::Height(height) = departures.read(x, y) {
                    (sum, count) = (sum + height, count + 1.0);
                }
                steps += 1.0;
            }
            (count > 0.0).then(|| sum / count)
        };
        count += 1.0;
        sum += match (read(WITHIN), read(BEYOND)) {
            (Some(within), _) if within < -PIT => 0.0,
            (Some(within), Some(beyond)) => ((within - beyond).abs() / raised).min(1.0),
            // A wall that was not measured.
            (Some(_), None) => 1.0,
            (None, _) => 0.0,
        };
    }
    sum / count.max(1.0)
}
