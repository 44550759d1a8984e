//! A profile ready for correlation: its evened heights, and the bands that they are made of.
//!
//! Bands of equal ratio, split by Gaussian filters (ISO 16610-21 with missing samples) between the cutoffs of the pass band.

use super::evened::{Evened, less, smoothed};
use crate::parameters::Striation;
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

impl Bands {
    /// Splits a profile.
    pub(super) fn of(evened: Evened, parameters: &Striation) -> Self {
        let Evened { weights, heights: whole } = evened;
        let mut bands = Vec::with_capacity(parameters.bands);
        let mut shorter = whole.clone();
        for &cutoff in &cutoffs(parameters)[1..] {
            let longer = smoothed(&whole, &weights, parameters.spacing, cutoff);
            bands.push(less(&shorter, &longer, &weights));
            shorter = longer;
        }
        Self { weights, whole, bands }
    }

    /// Number of samples.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// Number of measured samples.
    pub(super) fn valid_count(&self) -> usize {
        self.weights.iter().filter(|weight| **weight > 0.0).count()
    }

    /// The same, drawn from the other end.
    pub(super) fn reversed(&self) -> Self {
        let turned = |values: &Vec<f64>| values.iter().rev().copied().collect();
        Self {
            weights: turned(&self.weights),
            whole: turned(&self.whole),
            bands: self.bands.iter().map(turned).collect(),
        }
    }

    /// The same, so many times as long, about the middle.
    pub(super) fn stretched(&self, factor: f64) -> Self {
        if self.len() < 2 {
            return self.clone();
        }
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
