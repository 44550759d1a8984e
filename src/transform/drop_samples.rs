//! The surface with samples lost at random, as by an instrument that fails on slopes.

use super::chance::Chance;
use super::{TransformError, finish};
use crate::surface::Surface;

/// Makes that share (0 to 1) of the measured samples missing, each as likely as any other; heights
/// that are kept stay. The number lost is the share to within a sample.
///
/// The same seed loses the same samples. Cost: one pass.
///
/// # Errors
/// A share outside its bounds; no measured sample left.
pub fn drop_samples(surface: &Surface, share: f64, seed: u64) -> Result<Surface, TransformError> {
    TransformError::check_share("share to drop", share, 0.0, 1.0)?;
    let mut left = surface.valid_count();
    let mut to_lose = (share * left as f64).round() as usize;
    let mut chance = Chance::new("drop samples", seed);
    let mut mask = surface.mask().clone();
    // Selection sampling: of `left` samples still to come, `to_lose` are to be lost.
    for valid in mask.iter_mut().filter(|valid| **valid) {
        if chance.share() * (left as f64) < to_lose as f64 {
            *valid = false;
            to_lose -= 1;
        }
        left -= 1;
    }
    finish(surface.heights().clone(), mask, surface.spacing(), surface.kind())
}
