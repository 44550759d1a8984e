//! What is left of a profile once form, noise and loudness are gone?
//!
//! 1. The form of second degree is taken away (least squares over measured samples).
//! 2. Waves shorter than the pass band are removed and the profile is brought onto the working spacing.
//! 3. Waves longer than the pass band are removed.
//! 4. Heights are divided by their local standard deviation, so that striae count alike wherever the tool pressed, and
//!    clipped.
//!
//! Filters are those of ISO 16610-21 with missing samples. Heights have no unit afterwards. It is what a stored signature
//! keeps of a striated mark: as a texture of one row.

use super::{StriationError, form};
use crate::filter::{Samples, smooth_profile};
use crate::parameters::Striation;
use crate::surface::{Profile, Texture};
use crate::units::Length;
use ndarray::Array2;

/// Heights over their local standard deviation, on the working spacing.
#[derive(Clone, Debug)]
pub(super) struct Evened {
    /// 1 where measured, else 0.
    pub(super) weights: Vec<f64>,
    /// 0 where not measured.
    pub(super) heights: Vec<f64>,
}

/// Heights less their parabola of least squares; 0 where not measured.
fn without_form(profile: &Profile) -> Vec<f64> {
    let mut heights = profile.heights().to_vec();
    let count = heights.len();
    let power = |degree| (0..count).map(|index| form::power(index, count, degree)).collect();
    form::remove(&mut heights, profile.mask(), (0..3).map(power));
    heights
}

/// Low-passed heights of a profile at this spacing.
pub(super) fn smoothed(
    heights: &[f64],
    weights: &[f64],
    spacing: Length,
    cutoff: Length,
) -> Vec<f64> {
    let samples = Samples { count: heights.len(), spacing };
    smooth_profile(heights, weights, samples, samples, cutoff).heights
}

/// The difference where measured, else 0.
pub(super) fn less(first: &[f64], second: &[f64], weights: &[f64]) -> Vec<f64> {
    let both = first.iter().zip(second).zip(weights);
    both.map(|((first, second), weight)| (first - second) * weight).collect()
}

impl Evened {
    /// Steps 1 to 4, and the standard deviation of the pass band before the last.
    pub(super) fn of(
        profile: &Profile,
        parameters: &Striation,
        limit: Length,
    ) -> Result<(Self, Length), StriationError> {
        if profile.extent() > limit {
            return Err(StriationError::TooLong { found: profile.extent(), limit });
        }
        let wanted = parameters.shortest_wave * 0.5;
        if profile.spacing() > wanted {
            return Err(StriationError::TooCoarse { found: profile.spacing(), wanted });
        }
        // 1.
        let heights = without_form(profile);
        let weights: Vec<f64> =
            profile.mask().iter().map(|&valid| if valid { 1.0 } else { 0.0 }).collect();
        // 2.
        let from = Samples { count: profile.len(), spacing: profile.spacing() };
        let to = from.respaced(parameters.spacing);
        let low = smooth_profile(&heights, &weights, from, to, parameters.shortest_wave);
        let weights: Vec<f64> = low
            .support
            .iter()
            .map(|&support| if support >= parameters.least_support { 1.0 } else { 0.0 })
            .collect();
        let found = weights.iter().filter(|weight| **weight > 0.0).count();
        let wanted = parameters.longest_wave.ratio(parameters.spacing).ceil() as usize;
        if found < wanted {
            return Err(StriationError::TooFewValid { found, samples: to.count, wanted });
        }
        let smoothed =
            |heights: &[f64], cutoff| smoothed(heights, &weights, parameters.spacing, cutoff);
        // 3.
        let low: Vec<f64> =
            low.heights.iter().zip(&weights).map(|(height, weight)| height * weight).collect();
        let pass = less(&low, &smoothed(&low, parameters.longest_wave), &weights);
        // 4.
        let squares: Vec<f64> = pass.iter().map(|height| height * height).collect();
        let variance = squares.iter().sum::<f64>() / found as f64;
        let mean_height = profile.heights().iter().map(|height| height.abs()).sum::<f64>();
        let dust = 1e-12 * mean_height / found as f64;
        if variance <= dust * dust {
            return Err(StriationError::Flat);
        }
        let floor = parameters.evening_floor * parameters.evening_floor * variance;
        let local = smoothed(&squares, parameters.evening_length);
        let limit = parameters.height_limit;
        let heights = pass
            .iter()
            .zip(&local)
            .map(|(height, local)| (height / libm::sqrt(local + floor)).clamp(-limit, limit))
            .collect();
        Ok((Self { weights, heights }, Length::from_metres(libm::sqrt(variance))))
    }

    /// As it is kept.
    pub(super) fn to_texture(&self, spacing: Length) -> Texture {
        let row = |values: &[f64]| {
            Array2::from_shape_fn((1, values.len()), |(_, column)| values[column] as f32)
        };
        Texture { heights: row(&self.heights), weights: row(&self.weights), spacing }
    }

    /// Of the first row of a texture.
    pub(super) fn from_texture(texture: &Texture) -> Self {
        let row = |values: &Array2<f32>| {
            values
                .rows()
                .into_iter()
                .next()
                .into_iter()
                .flatten()
                .map(|value| f64::from(*value))
                .collect()
        };
        Self { weights: row(&texture.weights), heights: row(&texture.heights) }
    }
}
