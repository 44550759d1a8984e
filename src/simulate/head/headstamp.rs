//! How are letters stamped around a primer?
//!
//! Words of a few letters on a ring, each letter strokes of one width, with flat floors and the metal that
//! they pushed aside along their edges. No maker's stamp: the letters are drawn by chance.

use super::super::stream::Stream;
use super::{hill, step};
use std::f64::consts::TAU;

/// Letters as strokes (from, to) in a box of width 1 and height 1.4, y outwards.
const LETTERS: [&[[f64; 4]]; 10] = [
    &[[0.0, 0.0, 0.0, 1.4], [0.0, 0.0, 1.0, 0.0]],
    &[[0.5, 0.0, 0.5, 1.4]],
    &[[0.0, 1.4, 0.5, 0.0], [0.5, 0.0, 1.0, 1.4]],
    &[[0.0, 0.0, 1.0, 1.4], [0.0, 1.4, 1.0, 0.0]],
    &[[0.5, 0.0, 0.5, 1.4], [0.0, 1.4, 1.0, 1.4]],
    &[[0.0, 0.0, 0.0, 1.4], [0.0, 1.4, 1.0, 0.0], [1.0, 0.0, 1.0, 1.4]],
    &[
        [0.0, 0.3, 0.0, 1.1],
        [0.0, 1.1, 0.3, 1.4],
        [0.3, 1.4, 0.7, 1.4],
        [0.7, 1.4, 1.0, 1.1],
        [1.0, 1.1, 1.0, 0.3],
        [1.0, 0.3, 0.7, 0.0],
        [0.7, 0.0, 0.3, 0.0],
        [0.3, 0.0, 0.0, 0.3],
    ],
    &[[0.0, 0.0, 0.5, 1.4], [0.5, 1.4, 1.0, 0.0], [0.25, 0.5, 0.75, 0.5]],
    &[[0.0, 0.0, 0.0, 1.4], [0.0, 0.0, 1.0, 0.0], [0.0, 0.7, 0.8, 0.7], [0.0, 1.4, 1.0, 1.4]],
    &[
        [0.0, 0.0, 0.0, 1.4],
        [0.0, 1.4, 0.9, 1.4],
        [0.9, 1.4, 0.9, 0.7],
        [0.9, 0.7, 0.0, 0.7],
        [0.3, 0.7, 1.0, 0.0],
    ],
];

/// The letters of one case. Lengths in micrometres.
#[derive(Debug)]
pub(super) struct Headstamp {
    letters: Vec<Letter>,
    depth: f64,
    /// Half the width of a stroke.
    half: f64,
    ridge: f64,
    size: f64,
}

/// One letter, about the primer's middle.
#[derive(Debug)]
struct Letter {
    middle: (f64, f64),
    outward: (f64, f64),
    strokes: &'static [[f64; 4]],
}

impl Headstamp {
    /// On the face that begins at `inner`.
    pub(super) fn draw(inner: f64, depth: f64, stream: &mut Stream) -> Self {
        let size = stream.between(500.0, 750.0);
        let radius = inner + stream.between(120.0, 350.0) + 0.7 * size;
        let slots = (TAU * radius / (1.7 * size)) as usize;
        let start = stream.between(0.0, TAU);
        let letters = (0..slots)
            .filter_map(|slot| {
                let (sin, cos) = libm::sincos(start + slot as f64 / slots as f64 * TAU);
                let letter = Letter {
                    middle: (cos * radius, sin * radius),
                    outward: (cos, sin),
                    strokes: LETTERS[stream.below(LETTERS.len())],
                };
                (stream.share() < 0.7).then_some(letter)
            })
            .collect();
        let depth = depth * stream.between(0.6, 1.4);
        let (half, ridge) = (stream.between(60.0, 110.0), depth * stream.between(0.0, 0.2));
        Self { letters, depth, half, ridge, size }
    }

    /// What they add to the face at a place from the primer's middle.
    pub(super) fn at(&self, x: f64, y: f64) -> f64 {
        let mut height = 0.0;
        for letter in &self.letters {
            let (right, down) = (x - letter.middle.0, y - letter.middle.1);
            if right * right + down * down > 1.4 * self.size * self.size {
                continue;
            }
            let (cos, sin) = letter.outward;
            let place = (
                (down * cos - right * sin) / self.size + 0.5,
                (right * cos + down * sin) / self.size + 0.7,
            );
            let nearest =
                letter.strokes.iter().map(|stroke| distance(place, stroke)).fold(9.0, f64::min);
            let outside = nearest * self.size - self.half;
            height += self.ridge * hill(outside - 35.0, 30.0)
                - self.depth * step(-outside, -20.0, 0.7 * self.half);
        }
        height
    }
}

/// From a point to a stroke.
fn distance((x, y): (f64, f64), &[from_x, from_y, to_x, to_y]: &[f64; 4]) -> f64 {
    let (along_x, along_y) = (to_x - from_x, to_y - from_y);
    let length = along_x * along_x + along_y * along_y;
    let share = (((x - from_x) * along_x + (y - from_y) * along_y) / length).clamp(0.0, 1.0);
    let (dx, dy) = (x - from_x - share * along_x, y - from_y - share * along_y);
    (dx * dx + dy * dy).sqrt()
}
