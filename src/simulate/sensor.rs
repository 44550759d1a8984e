//! What does the instrument make of an impression?
//!
//! Noise within its lateral resolution, a few spikes, samples lost in specks and on slopes too steep
//! to measure.

use super::impression::{Impression, smooth};
use super::options::Simulation;
use super::stream::Stream;
use ndarray::Array2;
use std::f64::consts::PI;

/// Standard deviation of the instrument's smoothing in micrometres: an S-filter of about 16 um.
pub(super) const RESOLUTION: f64 = 3.0;
/// Slope beyond which half of the samples are lost.
const STEEPEST: f64 = 0.4;
/// Least and greatest radius of a speck, in micrometres.
const SPECK: (f64, f64) = (5.0, 25.0);

/// Measures the impression: noise, resolution, spikes, dropout, in this order.
pub(super) fn measure(simulation: &Simulation, impression: &mut Impression, stream: &mut Stream) {
    let Impression { heights, mask, spacing, .. } = impression;
    let noise = simulation.noise.micrometres();
    for (height, valid) in heights.iter_mut().zip(&*mask) {
        *height = if *valid { *height + noise * stream.normal() } else { 0.0 };
    }
    // Within the mask: the sum of the weights that met a sample is divided out.
    let mut support = mask.mapv(|valid| f64::from(u8::from(valid)));
    smooth(heights, RESOLUTION / *spacing);
    smooth(&mut support, RESOLUTION / *spacing);
    for ((height, weight), valid) in heights.iter_mut().zip(&support).zip(&*mask) {
        *height = if *valid { *height / weight } else { 0.0 };
    }

    lose_slopes(heights, mask, *spacing, stream);
    lose_specks(simulation.dropout, mask, *spacing, stream);
    add_spikes(simulation.outliers, heights, mask, stream);
}

/// Drops half of the samples on slopes too steep to measure.
fn lose_slopes(heights: &Array2<f64>, mask: &mut Array2<bool>, spacing: f64, stream: &mut Stream) {
    let (rows, columns) = mask.dim();
    let steepest = STEEPEST * 2.0 * spacing;
    let before = mask.clone();
    for row in 1..rows.saturating_sub(1) {
        for column in 1..columns.saturating_sub(1) {
            let around =
                [(row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column)];
            if !before[(row, column)] || !around.iter().all(|&near| before[near]) {
                continue;
            }
            let [left, right, up, down] = around.map(|near| heights[near]);
            let (along, across) = (right - left, down - up);
            let steep = along * along + across * across > steepest * steepest;
            if steep && stream.share() < 0.5 {
                mask[(row, column)] = false;
            }
        }
    }
}

/// Drops about this share of the frame in small discs.
pub(super) fn lose_specks(share: f64, mask: &mut Array2<bool>, spacing: f64, stream: &mut Stream) {
    let (rows, columns) = mask.dim();
    let mean_square = (SPECK.0 * SPECK.0 + SPECK.0 * SPECK.1 + SPECK.1 * SPECK.1) / 3.0;
    let area = (rows * columns) as f64 * spacing * spacing;
    // Discs overlap; -ln(1 - share) of the area must be strewn to cover the share.
    let count = -libm::log1p(-share) * area / (PI * mean_square);
    let count = (count + stream.share()) as usize;
    for _ in 0..count {
        let radius = stream.between(SPECK.0, SPECK.1) / spacing;
        let (row, column) = (stream.between(0.0, rows as f64), stream.between(0.0, columns as f64));
        let range = |place: f64, end: usize| {
            (place - radius).max(0.0).ceil() as usize..((place + radius) as usize + 1).min(end)
        };
        for r in range(row, rows) {
            for c in range(column, columns) {
                let (down, right) = (r as f64 - row, c as f64 - column);
                if down * down + right * right <= radius * radius {
                    mask[(r, c)] = false;
                }
            }
        }
    }
}

/// Gives about this share of the samples heights up to 20 um away.
fn add_spikes(share: f64, heights: &mut Array2<f64>, mask: &Array2<bool>, stream: &mut Stream) {
    let (rows, columns) = heights.dim();
    let count = (share * (rows * columns) as f64 + stream.share()) as usize;
    for _ in 0..count {
        let place =
            ((stream.share() * rows as f64) as usize, (stream.share() * columns as f64) as usize);
        let spike = stream.between(-1.0, 1.0);
        if mask[place] {
            // Most are small, a few large.
            heights[place] += 20.0 * spike * spike * spike;
        }
    }
}
