//! A texture, moved: turned about the centre of its frame, shifted, and sampled on another frame.
//!
//! Bilinear, normalised by the weights of the measured samples among the four neighbours; a sample is
//! kept where they carry at least half the weight.

use crate::surface::{Pose, Texture};
use ndarray::{Array2, Axis};

/// `texture` under `pose`, on a frame of `dim` (rows, columns) with the same spacing.
#[must_use]
pub fn transform(texture: &Texture, pose: Pose, dim: (usize, usize)) -> Texture {
    let mut heights = Array2::zeros(dim);
    let mut weights = Array2::zeros(dim);
    let (rows, columns) = texture.dim();
    let (centre_y, centre_x) = ((rows - 1) as f64 / 2.0, (columns - 1) as f64 / 2.0);
    let (sin, cos) = pose.theta.sin_cos();
    let (dx, dy) = (pose.dx.ratio(texture.spacing), pose.dy.ratio(texture.spacing));
    let source = (
        texture.heights.as_slice().expect("a texture is contiguous"),
        texture.weights.as_slice().expect("a texture is contiguous"),
    );
    for row in 0..dim.0 {
        let y = row as f64 - (dim.0 - 1) as f64 / 2.0 - dy;
        let x = -((dim.1 - 1) as f64 / 2.0) - dx;
        // The inverse of the movement: a point of the output, taken back into the texture.
        let start_x = x * cos - y * sin + centre_x;
        let start_y = x * sin + y * cos + centre_y;
        let mut out_heights = heights.index_axis_mut(Axis(0), row);
        let mut out_weights = weights.index_axis_mut(Axis(0), row);
        let out = out_heights.iter_mut().zip(&mut out_weights);
        for (column, (height, weight)) in out.enumerate() {
            let at_x = (start_x + cos * column as f64) as f32;
            let at_y = (start_y + sin * column as f64) as f32;
            if at_x < 0.0 || at_y < 0.0 {
                continue;
            }
            let (left, top) = (at_x as usize, at_y as usize);
            if left + 1 >= columns || top + 1 >= rows {
                continue;
            }
            let (right_share, lower_share) = (at_x - left as f32, at_y - top as f32);
            let (left_share, upper_share) = (1.0 - right_share, 1.0 - lower_share);
            let upper = top * columns + left;
            let lower = upper + columns;
            let blend = |field: &[f32]| {
                upper_share * (left_share * field[upper] + right_share * field[upper + 1])
                    + lower_share * (left_share * field[lower] + right_share * field[lower + 1])
            };
            let support = blend(source.1);
            if support >= 0.5 {
                *height = blend(source.0) / support;
                *weight = 1.0;
            }
        }
    }
    Texture { heights, weights, spacing: texture.spacing }
}
