//! What is left of a profile once form, noise and loudness are gone?
//!
//! 1. The form of second degree is taken away (least squares over measured samples).
//! 2. Waves shorter than the pass band are removed and the profile is brought onto the working spacing.
//! 3. Waves longer than the pass band are removed.
//! 4. Heights are divided by their local standard deviation: striae count alike wherever the tool pressed.
//! 5. The pass band is split into bands of equal ratio by Gaussian filters.
//!
//! Filters are those of ISO 16610-21 with missing samples. Heights have no unit afterwards.

use super::{StriationError, form};
use crate::filter::{Samples, smooth_profile};
use crate::parameters::Striation;
use crate::surface::Profile;
use crate::units::Length;

/// A profile ready for correlation, on the working spacing.
#[derive(Clone, Debug)]
pub(super) struct Bands {
    /// 1 where measured, else 0.
    pub(super) weights: Vec<f64>,
    /// Evened heights of the whole pass band; 0 where not measured.
    pub(super) whole: Vec<f64>,
    /// Evened heights of each band, short waves first; 0 where not measured.
    pub(super) bands: Vec<Vec<f64>>,
}

/// Cutoffs between the bands, the pass band's own first and last.
pub(super) fn cutoffs(parameters: &Striation) -> Vec<Length> {
    let ratio = parameters.longest_wave.ratio(parameters.shortest_wave);
    let bands = parameters.bands as f64;
    (0..=parameters.bands)
        .map(|edge| parameters.shortest_wave * libm::pow(ratio, edge as f64 / bands))
        .collect()
}

/// Heights less their parabola of least squares; 0 where not measured.
fn without_form(profile: &Profile) -> Vec<f64> {
    let mut heights = profile.heights().to_vec();
    let count = heights.len();
    let power = |degree| (0..count).map(|index| form::power(index, count, degree)).collect();
    form::remove(&mut heights, profile.mask(), (0..3).map(power));
    heights
}

impl Bands {
    /// Steps 1 to 5.
    pub(super) fn of(
        profile: &Profile,
        parameters: &Striation,
        limit: Length,
    ) -> Result<Self, StriationError> {
        let wanted = parameters.shortest_wave * 0.5;
        if profile.spacing() > wanted {
            return Err(StriationError::TooCoarse { found: profile.spacing(), wanted });
        }
        if profile.extent() > limit {
            return Err(StriationError::TooLong { found: profile.extent(), limit });
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
        let masked = |heights: Vec<f64>| -> Vec<f64> {
            heights.iter().zip(&weights).map(|(height, weight)| height * weight).collect()
        };
        let smoothed =
            |heights: &[f64], cutoff| smooth_profile(heights, &weights, to, to, cutoff).heights;
        let less = |first: &[f64], second: &[f64]| -> Vec<f64> {
            masked(first.iter().zip(second).map(|(first, second)| first - second).collect())
        };
        // 3.
        let low = masked(low.heights);
        let pass = less(&low, &smoothed(&low, parameters.longest_wave));
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
        let whole: Vec<f64> = pass
            .iter()
            .zip(&local)
            .map(|(height, local)| height / libm::sqrt(local + floor))
            .collect();
        // 5.
        let cutoffs = cutoffs(parameters);
        let mut bands = Vec::with_capacity(parameters.bands);
        let mut shorter = whole.clone();
        for &cutoff in &cutoffs[1..] {
            let longer = smoothed(&whole, cutoff);
            bands.push(less(&shorter, &longer));
            shorter = longer;
        }
        Ok(Self { weights, whole, bands })
    }

    /// Number of samples.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// Number of measured samples.
    pub(super) fn valid_count(&self) -> usize {
        self.weights.iter().filter(|weight| **weight > 0.0).count()
    }

    /// The same, so many times as long, about the middle.
    pub(super) fn stretched(&self, factor: f64) -> Self {
        let count = ((self.len() - 1) as f64 * factor + 1e-9).floor() as usize + 1;
        let (centre, middle) = ((count - 1) as f64 / 2.0, (self.len() - 1) as f64 / 2.0);
        // Left neighbour, share of the right one, and whether what counts of both was measured.
        let places: Vec<(usize, f64, f64)> = (0..count)
            .map(|index| {
                let place = ((index as f64 - centre) / factor + middle).max(0.0);
                let left = (place.floor() as usize).min(self.len() - 2);
                let share = (place - left as f64).min(1.0);
                let both = self.weights[left] * self.weights[left + 1];
                let only = if share < 1e-9 {
                    self.weights[left]
                } else if share > 1.0 - 1e-9 {
                    self.weights[left + 1]
                } else {
                    both
                };
                (left, share, only)
            })
            .collect();
        let along = |heights: &Vec<f64>| -> Vec<f64> {
            let value = |&(left, share, weight): &(usize, f64, f64)| {
                weight * (heights[left] * (1.0 - share) + heights[left + 1] * share)
            };
            places.iter().map(value).collect()
        };
        Self {
            weights: places.iter().map(|place| place.2).collect(),
            whole: along(&self.whole),
            bands: self.bands.iter().map(along).collect(),
        }
    }
}
