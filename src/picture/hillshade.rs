//! A surface under one lamp.
//!
//! Lambert's law on the slopes of the heights, in the picture's own pixels. Heights are exaggerated by
//! a factor that the picture states: marks of a breech face slope by a few degrees and would hardly be
//! seen as they are. For looking; heights cannot be read off it (see `heights`).

use super::canvas::{Area, Canvas};
use super::field::{Field, quantile};
use super::lambert::{EXAGGERATIONS, Light, lambert};
use super::ticks::round_down;
use image::Rgb;

/// Where no exaggeration is asked for, half of the slopes stay below the first of these, and of twenty
/// nineteen below the second, at which a slope away from the lamp is dark.
const GENTLE: (f64, f64) = (0.5, 0.35);
const STEEP: (f64, f64) = (0.95, 1.2);
/// Light that reaches every place, so that no height is black.
const AMBIENT: f64 = 0.07;

/// The exaggeration asked for, or a round one at which usual slopes are seen and steep ones not yet
/// dark.
pub(super) fn exaggeration(field: &Field, light: Light) -> f64 {
    if let Some(asked) = light.exaggeration {
        return asked;
    }
    let (rows, columns) = field.dim();
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let slopes = places.filter_map(|(row, column)| field.slope(row, column));
    let mut slopes: Vec<f64> =
        slopes.map(|(right, down)| (right * right + down * down).sqrt()).collect();
    let mut factor = |(share, wanted): (f64, f64)| {
        // A flat surface stays flat however much it is exaggerated.
        let slope = quantile(&mut slopes, share).unwrap_or(0.0);
        if slope > wanted / EXAGGERATIONS.1 { wanted / slope } else { EXAGGERATIONS.1 }
    };
    let factor = factor(GENTLE).min(factor(STEEP));
    if factor < EXAGGERATIONS.1 { round_down(factor.max(EXAGGERATIONS.0)) } else { 1.0 }
}

/// Draws a field over an area of its size.
pub(super) fn draw(canvas: &mut Canvas, area: Area, field: &Field, light: Light) {
    let lamp = light.direction();
    let exaggeration = exaggeration(field, light);
    for row in 0..area.height {
        for column in 0..area.width {
            let (x, y) = (area.left + column, area.top + row);
            match field.slope(row, column) {
                Some((right, down)) => {
                    let light = lambert(exaggeration * right, exaggeration * down, lamp);
                    canvas.blend(x as isize, y as isize, tone(light), 1.0);
                }
                None => canvas.missing(x, y),
            }
        }
    }
}

/// Grey of a light from 0 to 1, a little warm, as of lit metal.
fn tone(light: f64) -> Rgb<u8> {
    let light = AMBIENT + (1.0 - AMBIENT) * light;
    let level = |full: f64| (light * full).round() as u8;
    Rgb([level(252.0), level(250.0), level(246.0)])
}
