//! What did the camera see?
//!
//! Grey levels of a reflectance image as they are, so that the parts of a primer can be checked by eye. They
//! are no heights, and the page says so.

use super::PictureError;
use super::canvas::{Area, Canvas};
use super::field::Field;
use crate::surface::{Kind, Surface};
use image::Rgb;

/// What is shown, in words.
pub(super) const WORDS: &str = "Grey levels of a reflectance image: not metrological";

/// The field of an image, without any levelling.
pub(super) fn field(surface: &Surface, longer_side: usize) -> Result<Field, PictureError> {
    match surface.kind() {
        Kind::Reflectance => Field::of(surface, longer_side),
        Kind::Topography => Err(PictureError::NotAnImage),
    }
}

/// Draws a field over an area of its size.
pub(super) fn draw(canvas: &mut Canvas, area: Area, field: &Field) {
    for row in 0..area.height {
        for column in 0..area.width {
            let (x, y) = (area.left + column, area.top + row);
            match field.height(row, column) {
                Some(level) => {
                    let level = (level.clamp(0.0, 1.0) * 255.0).round() as u8;
                    canvas.blend(x as isize, y as isize, Rgb([level; 3]), 1.0);
                }
                None => canvas.missing(x, y),
            }
        }
    }
}
