//! Is a place within a line around the primer?
//!
//! Such a line is a distance for each of [`RAYS`] directions: the end of the flat, the beginning of the head's face.

use super::centre::Ring;
use super::relief::Relief;
use super::shoulder::RAYS;
use ndarray::Array2;
use std::f64::consts::TAU;

/// A line around the middle of a primer.
#[derive(Clone, Debug)]
pub(super) struct Outline<'a> {
    ring: Ring,
    /// Distance by direction, in micrometres.
    ends: &'a [f64],
    /// Squares of the least and greatest of these: most places are within or beyond whatever their direction.
    squares: (f64, f64),
}

impl<'a> Outline<'a> {
    /// The line at these distances from the middle of `ring`.
    pub(super) fn new(ring: Ring, ends: &'a [f64]) -> Self {
        let (least, most) = ends
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(least, most), end| (least.min(*end), most.max(*end)));
        Self { ring, ends, squares: (least * least, most * most) }
    }

    /// Whether the line goes around this place; between two directions it is straight by angle.
    pub(super) fn holds(&self, x: f64, y: f64) -> bool {
        let (x, y) = (x - self.ring.x, y - self.ring.y);
        let square = x * x + y * y;
        if square < self.squares.0 || square >= self.squares.1 {
            return square < self.squares.0;
        }
        let turns = libm::atan2(y, x).rem_euclid(TAU) / TAU;
        let place = turns * RAYS as f64;
        let ray = place as usize;
        let (one, other) = (self.ends[ray % RAYS], self.ends[(ray + 1) % RAYS]);
        square.sqrt() < one + (other - one) * (place - ray as f64)
    }

    /// The cells that it goes around.
    pub(super) fn cells(&self, relief: &Relief) -> Array2<bool> {
        Array2::from_shape_fn(relief.dim(), |(row, column)| {
            let (x, y) = relief.place(row, column);
            self.holds(x, y)
        })
    }
}
