//! What would this surface be, had it lain, been sampled or been damaged differently?
//!
//! Pure functions from a [`Surface`] to a [`Surface`], one file a step: movements ([`rotate()`],
//! [`translate()`], [`tilt()`]), the frame ([`resample()`], [`crop()`]), what is kept of it
//! ([`mask()`], [`mask_circles()`]), what its numbers mean ([`restate_spacing()`], [`restate_heights()`]) and harm that is done on purpose, for
//! validation ([`keep_share()`] and, with the feature `simulate`, `add_noise` and `drop_samples`, which
//! are reproducible from a seed). For test data and for examiners who turn a scan; the engine itself
//! moves textures (`correlate`) and needs none of this.
//!
//! The frame is that of [`crate::surface`]: x right, y down, angles counter-clockwise as seen, the
//! origin at the centre of the frame. A surface turned by +30 degrees, compared as the questioned one
//! with its original as the reference, therefore has a pose with theta = -30 degrees: the pose takes
//! it back. In general the pose is the inverse of what was done here.
//!
//! Where samples are interpolated, heights are Catmull-Rom (cubic) where all sixteen neighbours were
//! measured and else bilinear among the measured ones of four, which must carry half the weight; a
//! place that is a sample keeps its height. Grey levels of a reflectance image stay within 0 and 1.

#[cfg(feature = "simulate")]
mod chance;
mod circles;
mod crop;
#[cfg(feature = "simulate")]
mod drop_samples;
mod error;
mod interpolation;
mod keep_share;
mod mask;
#[cfg(feature = "simulate")]
mod noise;
mod resample;
mod restate;
mod rotate;
#[cfg(test)]
mod tests;
mod tilt;
mod translate;

pub use circles::{Circle, mask_circles};
pub use crop::crop;
#[cfg(feature = "simulate")]
pub use drop_samples::drop_samples;
pub use error::TransformError;
#[cfg(feature = "picture")]
pub(crate) use interpolation::interpolate;
pub use keep_share::keep_share;
pub use mask::mask;
#[cfg(feature = "simulate")]
pub use noise::add_noise;
pub use resample::resample;
pub use restate::{restate_heights, restate_spacing};
pub use rotate::rotate;
pub use tilt::tilt;
pub use translate::translate;

use crate::surface::{Kind, Spacing, Surface};
use crate::units::Angle;
use ndarray::Array2;

/// Greatest number of samples that a step makes: 1 GB of heights.
const GREATEST_SAMPLES: usize = 1 << 27;

/// Joins what a step made. Grey levels are kept within 0 and 1.
fn finish(
    mut heights: Array2<f64>,
    mask: Array2<bool>,
    spacing: Spacing,
    kind: Kind,
) -> Result<Surface, TransformError> {
    if !mask.iter().any(|&valid| valid) {
        return Err(TransformError::NothingLeft);
    }
    match kind {
        Kind::Topography => {}
        Kind::Reflectance => heights.mapv_inplace(|grey| grey.clamp(0.0, 1.0)),
    }
    Ok(Surface::new(heights, mask, spacing, kind)?)
}

/// Fills a frame of (rows, columns) from a function that may have no height for a place.
fn fill(
    (rows, columns): (usize, usize),
    height_at: impl Fn(usize, usize) -> Option<f64>,
) -> Result<(Array2<f64>, Array2<bool>), TransformError> {
    let limit = GREATEST_SAMPLES;
    if rows.checked_mul(columns).is_none_or(|samples| samples > limit) {
        return Err(TransformError::TooManySamples { rows, columns, limit });
    }
    let mut heights = Array2::zeros((rows, columns));
    let mut mask = Array2::from_elem((rows, columns), false);
    for ((place, height), valid) in heights.indexed_iter_mut().zip(&mut mask) {
        if let Some(found) = height_at(place.0, place.1) {
            (*height, *valid) = (found, true);
        }
    }
    Ok((heights, mask))
}

/// An angle must be a number.
fn check_angle(name: &'static str, angle: Angle) -> Result<(), TransformError> {
    let radians = angle.radians();
    if radians.is_finite() { Ok(()) } else { Err(TransformError::Angle { name, radians }) }
}
