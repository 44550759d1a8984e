//! From a fine texture to a coarser one, and from smoothed heights to a texture.

use super::gaussian::{Samples, Smoothed, smooth};
use crate::surface::Texture;
use crate::units::Length;

/// The same texture, low-passed, on a coarser spacing.
#[must_use]
pub fn coarsen(texture: &Texture, spacing: Length, cutoff: Length, least_support: f64) -> Texture {
    let (rows, columns) = texture.dim();
    let axis = |count| Samples { count, spacing: texture.spacing };
    let from = (axis(rows), axis(columns));
    let to = (from.0.respaced(spacing), from.1.respaced(spacing));
    let (heights, weights) = (texture.heights.view(), texture.weights.view());
    keep_supported(smooth(heights, weights, from, to, cutoff), least_support, spacing)
}

/// Samples with enough support become the texture, the others are missing.
#[must_use]
pub fn keep_supported(smoothed: Smoothed, least_support: f64, spacing: Length) -> Texture {
    let Smoothed { mut heights, support } = smoothed;
    let weights =
        support.mapv(|support| if f64::from(support) >= least_support { 1.0 } else { 0.0 });
    heights *= &weights;
    Texture { heights, weights, spacing }
}
