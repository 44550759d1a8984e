//! What is left of a surface once tilt, form and noise are gone?
//!
//! The working type of registration and of congruent matching cells: small, single precision, one
//! square spacing. Not for metrology: heights are in units of the surface's own standard deviation.

use crate::units::Length;
use ndarray::Array2;

/// Band-passed heights on a square grid, with a mask as weights.
///
/// Shape of both arrays: (rows, columns). A height is a multiple of the surface's robust standard
/// deviation, and 0 where the weight is 0; a weight is 1 (measured) or 0 (missing).
#[derive(Clone, Debug, PartialEq)]
pub struct Texture {
    /// Heights, 0 where missing.
    pub heights: Array2<f32>,
    /// 1 where measured, else 0.
    pub weights: Array2<f32>,
    /// Sample distance along both axes.
    pub spacing: Length,
}

impl Texture {
    /// Shape: (rows, columns).
    #[must_use]
    pub fn dim(&self) -> (usize, usize) {
        self.heights.dim()
    }

    /// Number of measured samples.
    #[must_use]
    pub fn valid_count(&self) -> usize {
        self.weights.iter().filter(|&&weight| weight > 0.0).count()
    }
}
