//! Is that the edge of the aperture?
//!
//! At it the ground steps, from flowback down to the breech face. How far flowback stands above the face differs from shot to
//! shot and from side to side, so no one height tells them apart; but along the whole rim of what was found rightly
//! there is a step.

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

/// How steadily the ground steps along the rim of a shape within `enclosed`, 0 to 1: the mean of its steps, each as a share of
/// `raised`, in micrometres, and at most 1. Where the flat ends at the rim there is nothing to see and nothing is counted.
pub(super) fn steadiness(
    departures: &Relief,
    shape: &Array2<bool>,
    enclosed: &Array2<bool>,
    raised: f64,
) -> f64 {
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
