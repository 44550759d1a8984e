//! What does the instrument make of a whole head?
//!
//! As of a primer alone ([`super::super::sensor`]), but the walls are steep: samples are lost where the slope is
//! beyond what the objective collects, and in some scans below the travel of its drive.

use super::super::impression::smooth;
use super::super::lattice::Lattice;
use super::super::options::Simulation;
use super::super::sensor::{RESOLUTION, lose_specks};
use super::super::stream::Stream;
use super::layout::Layout;
use ndarray::Array2;

/// Greatest height of a wrong sample, in micrometres.
const SPIKE: f64 = 80.0;

/// Measures the head: noise, resolution with the metal's own smoothing, steep walls, travel, specks, spikes.
/// Gives the mask of measured samples.
pub(super) fn measure(
    simulation: &Simulation,
    heights: &mut Array2<f64>,
    layout: &Layout,
    stream: &mut Stream,
) -> Array2<bool> {
    let spacing = simulation.spacing.micrometres();
    let plastic = simulation.smoothing.micrometres();
    let deviation = (plastic * plastic + RESOLUTION * RESOLUTION).sqrt() / spacing;
    // Smoothing by the metal comes before the noise in truth; so much more noise is left as by one step.
    let noise = simulation.noise.micrometres() * (1.0 + plastic / RESOLUTION).sqrt();
    for height in heights.iter_mut() {
        *height += noise * stream.normal();
    }
    let mut support = Array2::from_elem(heights.dim(), 1.0);
    smooth(heights, deviation);
    smooth(&mut support, deviation);
    *heights /= &support;

    let mut mask = lose_walls(heights, spacing, layout.steepest, stream);
    if let Some(travel) = layout.travel {
        for (valid, height) in mask.iter_mut().zip(&*heights) {
            *valid &= *height > travel;
        }
    }
    lose_specks(simulation.dropout, &mut mask, spacing, stream);
    let (rows, columns) = heights.dim();
    let count = (simulation.outliers * (rows * columns) as f64 + stream.share()) as usize;
    for _ in 0..count {
        let place = (stream.below(rows), stream.below(columns));
        let spike = stream.between(-1.0, 1.0);
        heights[place] += SPIKE * spike * spike * spike;
    }
    mask
}

/// True where the slope is one that the instrument sees; the bound is blurred by a field of some tens of
/// micrometres, so that losses have ragged edges.
fn lose_walls(
    heights: &Array2<f64>,
    spacing: f64,
    steepest: f64,
    stream: &mut Stream,
) -> Array2<bool> {
    let (rows, columns) = heights.dim();
    let half = rows.max(columns) as f64 * spacing / 2.0;
    let ragged = Lattice::new(stream, half, [30.0, 30.0]);
    let mut mask = Array2::from_elem((rows, columns), true);
    for row in 1..rows.saturating_sub(1) {
        let line = ragged.line((row as f64 - rows as f64 / 2.0) * spacing);
        for column in 1..columns.saturating_sub(1) {
            let along = heights[(row, column + 1)] - heights[(row, column - 1)];
            let across = heights[(row + 1, column)] - heights[(row - 1, column)];
            let slope = (along * along + across * across).sqrt() / (2.0 * spacing);
            if slope > 0.4 * steepest {
                let ragged = line.at((column as f64 - columns as f64 / 2.0) * spacing);
                mask[(row, column)] = slope < steepest * (1.0 + 0.15 * ragged);
            }
        }
    }
    mask
}
