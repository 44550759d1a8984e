//! What of a picture's grey levels does not depend on exposure?
//!
//! The logarithm of the low-passed grey levels between the darkest and the middle one of the picture: a
//! factor (gain, uneven light) becomes a step that is the same in light and shade, and an offset is taken
//! away. Not for comparing grey levels of different pictures.

use crate::parameters::Segmentation;
use crate::segment::relief::{Relief, quantile_of};
use crate::surface::Surface;
use crate::units::Length;

/// Share of the picture that counts as black.
const BLACK: f64 = 0.01;
/// Added before the logarithm, as a share of the middle grey level: noise in the dark is no edge.
const FLOOR: f64 = 0.1;

/// The tone of a picture at this spacing and cutoff in micrometres; `None` where it has one grey level.
pub(super) fn tone(surface: &Surface, (spacing, cutoff): (f64, f64)) -> Option<Relief> {
    let length = Length::from_micrometres;
    let grid = Segmentation {
        spacing: length(spacing),
        cutoff: length(cutoff),
        ..Segmentation::default()
    };
    let mut tone = Relief::new(surface, &grid);
    let measured = tone.heights.iter().zip(&tone.mask).filter(|(_, valid)| **valid);
    let mut levels: Vec<f64> = measured.map(|(level, _)| f64::from(*level)).collect();
    let black = quantile_of(&mut levels, BLACK)?;
    let middle = quantile_of(&mut levels, 0.5)?;
    let white = quantile_of(&mut levels, 1.0 - BLACK)?;
    // A picture that is mostly black has its middle there; a part of its range stands in.
    let scale = (middle - black).max(0.05 * (white - black));
    if scale.is_nan() || scale <= 0.0 {
        return None;
    }
    for (level, &valid) in tone.heights.iter_mut().zip(&tone.mask) {
        if valid {
            let share = ((f64::from(*level) - black) / scale).max(0.0);
            *level = libm::log(share + FLOOR) as f32;
        }
    }
    Some(tone)
}
