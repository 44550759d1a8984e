//! A whole head of a cartridge case in few words.

#![allow(unreachable_pub, reason = "shared by several test crates, each of which ends here")]

use casemark::format::{Metadata, x3p};
use casemark::surface::{Kind, Spacing, Surface};
use casemark::units::Length;
use ndarray::Array2;

/// Between samples along both axes.
pub const SPACING_UM: f64 = 12.5;

/// A head in few words, in the middle of its frame: pin, flowback, flat, shoulder, groove and face. A flat
/// that reaches so far that no shoulder falls is none.
pub fn head(flat_um: f64) -> Vec<u8> {
    let heights = Array2::from_shape_fn((441, 441), |(row, column)| {
        let (y, x) = ((row as f64 - 220.0) * SPACING_UM, (column as f64 - 220.0) * SPACING_UM);
        let r = (x * x + y * y).sqrt();
        let texture = 1.5 * libm::sin(x / 17.0 + y / 41.0) * libm::cos(y / 23.0);
        let part = match r {
            r if r < 450.0 => -140.0,
            r if r < 850.0 => 35.0,
            r if r < flat_um => 0.0,
            r if r < flat_um + 350.0 => -(r - flat_um) * (r - flat_um) / 800.0,
            r if r < flat_um + 700.0 => -153.0,
            _ => 50.0,
        };
        (part + texture + 0.01 * x) / 1e6
    });
    let spacing = Spacing::square(Length::from_micrometres(SPACING_UM));
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    x3p::write(&surface, &Metadata::default()).unwrap()
}
