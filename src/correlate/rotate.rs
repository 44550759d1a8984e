//! A texture, moved: turned about the centre of its frame, shifted, and sampled on another frame.
//!
//! Bilinear, normalised by the weights of the measured samples among the four neighbours; a sample is
//! kept where they carry at least half the weight. Places are stepped along each row in fixed point:
//! which samples lie inside is then exact, known before the row is begun, and the same everywhere.

use crate::surface::{Pose, Texture};
use ndarray::{Array2, Axis};
use std::ops::Range;

/// `texture` under `pose`, on a frame of `dim` (rows, columns) with the same spacing.
#[must_use]
pub fn transform(texture: &Texture, pose: Pose, dim: (usize, usize)) -> Texture {
    let mut moved = Texture {
        heights: Array2::zeros(dim),
        weights: Array2::zeros(dim),
        spacing: texture.spacing,
    };
    let (rows, columns) = texture.dim();
    let (centre_y, centre_x) = ((rows - 1) as f64 / 2.0, (columns - 1) as f64 / 2.0);
    let (sin, cos) = pose.theta.sin_cos();
    let (dx, dy) = (pose.dx.ratio(texture.spacing), pose.dy.ratio(texture.spacing));
    let heights = texture.heights.as_slice().expect("a texture is contiguous");
    let weights = texture.weights.as_slice().expect("a texture is contiguous");
    for row in 0..dim.0 {
        let y = row as f64 - (dim.0 - 1) as f64 / 2.0 - dy;
        let x = -((dim.1 - 1) as f64 / 2.0) - dx;
        // The inverse of the movement: points of the output row, taken back into the texture.
        let along_x = Line::new(x * cos - y * sin + centre_x, cos);
        let along_y = Line::new(x * sin + y * cos + centre_y, sin);
        let (in_x, in_y) = (along_x.within(columns - 1), along_y.within(rows - 1));
        let (start, end) = (in_x.start.max(in_y.start), in_x.end.min(in_y.end).min(dim.1));
        if start >= end {
            continue;
        }
        let mut out_heights = moved.heights.index_axis_mut(Axis(0), row);
        let mut out_weights = moved.weights.index_axis_mut(Axis(0), row);
        let out_heights = &mut out_heights.as_slice_mut().expect("rows are contiguous")[start..end];
        let out_weights = &mut out_weights.as_slice_mut().expect("rows are contiguous")[start..end];
        let (mut at_x, mut at_y) = (along_x.at(start), along_y.at(start));
        for (height, weight) in out_heights.iter_mut().zip(out_weights) {
            let corner = whole(at_y) * columns + whole(at_x);
            let (right, lower) = (share(at_x), share(at_y));
            at_x += along_x.step;
            at_y += along_y.step;
            let four = |field: &[f32]| {
                let upper = &field[corner..corner + 2];
                let lower = &field[corner + columns..corner + columns + 2];
                [upper[0], upper[1], lower[0], lower[1]]
            };
            let blend = |[a, b, c, d]: [f32; 4]| {
                let (upper, below) = (a + right * (b - a), c + right * (d - c));
                upper + lower * (below - upper)
            };
            let support = blend(four(weights));
            if support >= 0.5 {
                *height = blend(four(heights)) / support;
                *weight = 1.0;
            }
        }
    }
    moved
}

/// Bits after the point.
const BITS: u32 = 32;

/// A coordinate along a row of the output, in samples of the texture, fixed point.
#[derive(Clone, Copy)]
struct Line {
    start: i64,
    step: i64,
}

impl Line {
    fn new(start: f64, step: f64) -> Self {
        let fixed = |value: f64| (value * (1_u64 << BITS) as f64).round() as i64;
        Self { start: fixed(start), step: fixed(step) }
    }

    fn at(self, column: usize) -> i64 {
        self.start + self.step * column as i64
    }

    /// Columns at which the coordinate is at least 0 and less than `limit`.
    fn within(self, limit: usize) -> Range<usize> {
        let limit = (limit as i64) << BITS;
        // Least column at which a rising line reaches `level`.
        let reaches = |start: i64, step: i64, level: i64| -(start - level).div_euclid(step);
        let (first, end) = match self.step {
            0 if (0..limit).contains(&self.start) => (0, i64::MAX),
            0 => (0, 0),
            step if step > 0 => (reaches(self.start, step, 0), reaches(self.start, step, limit)),
            // Falling: mirrored, the half-open ends change places.
            step => (reaches(-self.start, -step, 1 - limit), reaches(-self.start, -step, 1)),
        };
        first.max(0) as usize..end.max(0) as usize
    }
}

/// Whole samples of a coordinate that is not negative.
fn whole(at: i64) -> usize {
    (at >> BITS) as usize
}

/// What is left over, 0 to 1.
fn share(at: i64) -> f32 {
    // The upper 24 of the bits after the point: all that a float holds.
    ((at as u32) >> 8) as i32 as f32 * (1.0 / (1_u32 << 24) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Angle, Length};

    #[test]
    fn a_quarter_turn_counter_clockwise_takes_right_to_up() {
        let side = 12;
        let heights =
            Array2::from_shape_fn((side, side), |(row, column)| (row * side + column) as f32);
        let texture = Texture {
            weights: Array2::ones((side, side)),
            heights,
            spacing: Length::from_micrometres(12.5),
        };
        let pose = Pose { theta: Angle::from_degrees(90.0), ..Pose::IDENTITY };
        let turned = transform(&texture, pose, (side, side));
        // The outermost samples have no neighbours beyond them to interpolate with.
        for row in 1..side - 1 {
            for column in 1..side - 1 {
                let at = [side - 1 - column, row];
                let (found, expected) = (turned.heights[at], texture.heights[[row, column]]);
                assert!((found - expected).abs() < 1e-3, "{at:?}: {found} {expected}");
                assert!((turned.weights[at] - 1.0).abs() < f32::EPSILON, "{at:?}");
            }
        }
    }

    #[test]
    fn a_line_knows_its_columns_inside() {
        for (start, step) in [
            (-3.3, 0.7),
            (5.0, 1.0),
            (0.0, -1.0),
            (9.999, -0.31),
            (4.0, 0.0),
            (-0.1, 0.0),
            (14.0, -1e-9),
            (-1e-9, 1e-9),
            (10.0, -1.0),
            (12.0, -1.0),
            (-8.0, 1.0),
            (3.0, 1e-7),
        ] {
            let line = Line::new(start, step);
            let inside = line.within(10);
            for column in 0..60 {
                let expected = (0..10_i64 << BITS).contains(&line.at(column));
                assert_eq!(inside.contains(&column), expected, "{start} + {column} x {step}");
            }
        }
    }
}
