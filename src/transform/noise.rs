//! The surface with noise, as of a worse instrument.

use super::chance::Chance;
use super::{TransformError, finish};
use crate::preprocess::level;
use crate::surface::Surface;

/// Adds independent normal noise to every measured height, with a standard deviation of
/// `share_of_deviation` (0 to 100) times that of the measured heights about their least-squares plane:
/// 1 is as much noise as surface, however the scan was tilted. The mask stays.
///
/// The same seed gives the same noise. Cost: two passes.
///
/// # Errors
/// A share outside its bounds; no measured sample.
pub fn add_noise(
    surface: &Surface,
    share_of_deviation: f64,
    seed: u64,
) -> Result<Surface, TransformError> {
    TransformError::check_share("noise", share_of_deviation, 0.0, 100.0)?;
    let squares: f64 = level(surface).iter().map(|departure| departure * departure).sum();
    let deviation = (squares / surface.valid_count().max(1) as f64).sqrt();
    let mut chance = Chance::new("noise", seed);
    let mut heights = surface.heights().clone();
    for (height, &valid) in heights.iter_mut().zip(surface.mask()) {
        if valid {
            *height += share_of_deviation * deviation * chance.normal();
        }
    }
    finish(heights, surface.mask().clone(), surface.spacing(), surface.kind())
}
