//! A texture as it would look under a low lamp.
//!
//! Marks are read by their slopes, so the panel is a shaded relief (Lambert), lit from the upper left
//! by one lamp and half as much from the upper right by another, so that no direction of striae
//! disappears; heights add a little light, so that ridges and valleys are told apart. Both panels are
//! lit in the same frame, after the move, and at the same strength, for a texture is in deviations.

use super::canvas::{Canvas, MISSING};
use super::lambert::lambert;
use super::view::View;
use crate::surface::{Pose, Texture};
use crate::transform::interpolate;
use image::Rgb;
use ndarray::Array2;

/// Slope of a surface that rises by one deviation a working sample: shading is harder with more.
const RELIEF: f64 = 0.75;
/// The lamps' directions (right, down, towards the eye), of length 1, and their shares.
const LAMPS: [([f64; 3], f64); 2] = [([-0.48, -0.64, 0.6], 0.68), ([0.64, -0.48, 0.6], 0.32)];
/// Light that a height of one deviation adds.
const HEIGHT_LIGHT: f64 = 0.035;

/// Draws a texture, which `pose` takes into the view's frame.
pub(super) fn draw(canvas: &mut Canvas, view: &View, texture: &Texture, pose: Pose) {
    let heights = seen(view, texture, pose);
    let area = view.area;
    let samples = 2.0 * view.pixel.ratio(texture.spacing);
    for row in 0..area.height {
        for column in 0..area.width {
            // The arrays are larger by a pixel on every side.
            let (y, x) = (row + 1, column + 1);
            let colour = heights[[y, x]].map_or(MISSING, |height| {
                // At the edge a missing neighbour is taken to be as high.
                let at = |y: usize, x: usize| heights[[y, x]].unwrap_or(height);
                let right = (at(y, x + 1) - at(y, x - 1)) / samples;
                let down = (at(y + 1, x) - at(y - 1, x)) / samples;
                shade(height, right, down)
            });
            let (x, y) = (area.left + column, area.top + row);
            canvas.blend(x as isize, y as isize, colour, 1.0);
        }
    }
}

/// Heights at every pixel of a view and one more on every side.
fn seen(view: &View, texture: &Texture, pose: Pose) -> Array2<Option<f64>> {
    let heights = texture.heights.mapv(f64::from);
    let mask = texture.weights.mapv(|weight| weight > 0.0);
    let (rows, columns) = texture.dim();
    let back = pose.inverse();
    let area = view.area;
    Array2::from_shape_fn((area.height + 2, area.width + 2), |(row, column)| {
        let (x, y) = view.place((area.left + column) as f64 - 1.0, (area.top + row) as f64 - 1.0);
        let (x, y) = back.apply(x, y);
        let index = |place: f64, count: usize| place + (count - 1) as f64 / 2.0;
        let (x, y) = (x.ratio(texture.spacing), y.ratio(texture.spacing));
        interpolate(&heights, &mask, index(y, rows), index(x, columns))
    })
}

/// Grey of a place by its height in deviations and its slopes in deviations a sample.
fn shade(height: f64, right: f64, down: f64) -> Rgb<u8> {
    let (right, down) = (RELIEF * right, RELIEF * down);
    let light: f64 = LAMPS.iter().map(|(lamp, share)| share * lambert(right, down, *lamp)).sum();
    let light = (0.16 + light + HEIGHT_LIGHT * height).clamp(0.0, 1.0);
    let level = |full: f64| (light * full).round() as u8;
    Rgb([level(250.0), level(248.0), level(244.0)])
}
