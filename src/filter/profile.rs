//! The Gaussian filter of ISO 16610-21 for profiles, which honours missing samples and may resample.
//!
//! The weighting function is that of the areal filter ([`super::smooth`]) along one axis, in double
//! precision: a wave of the cutoff passes at one half. Missing samples have no weight, and the weights that
//! remain are normalised, at the ends too (ISO 16610-28 calls that moment retention of order 0). Not for
//! profiles with spikes or strong form at the ends: see the robust filter of ISO 16610-31.

use super::gaussian::{ALPHA, Samples};
use crate::units::Length;

/// Smoothed heights of a profile, and the share (0 to 1) of the filter's weight that lay on measured
/// samples.
#[derive(Clone, Debug, PartialEq)]
pub struct SmoothedProfile {
    /// Weighted means; 0 where no measured sample was in reach.
    pub heights: Vec<f64>,
    /// Share of the kernel's weight, of that within the profile, on measured samples.
    pub support: Vec<f64>,
}

/// The weighting function of one cutoff on samples at one spacing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel {
    /// Reach in input samples, beyond which weights are below a millionth.
    reach: f64,
    /// Width of the Gaussian, alpha x cutoff, in input samples.
    width: f64,
}

impl Kernel {
    /// Of a Gaussian as wide as `alpha` cutoffs.
    pub(super) fn new(cutoff: Length, spacing: Length, alpha: f64) -> Self {
        let cutoff = cutoff.ratio(spacing);
        Self { reach: cutoff * (alpha / ALPHA), width: alpha * cutoff }
    }

    pub(super) const fn reach(self) -> f64 {
        self.reach
    }

    pub(super) const fn width(self) -> f64 {
        self.width
    }

    /// Weight at a distance in input samples; 1 at none.
    pub(super) fn weight(self, distance: f64) -> f64 {
        let x = distance / self.width;
        libm::exp(-std::f64::consts::PI * x * x)
    }

    /// Input samples in reach of a place, of `count`.
    pub(super) fn around(self, place: f64, count: usize) -> std::ops::Range<usize> {
        let first = (place - self.reach).ceil().max(0.0) as usize;
        let end = ((place + self.reach).floor().max(-1.0) + 1.0) as usize;
        first.min(count)..end.min(count)
    }
}

/// Low-pass `heights` (0 where `weights` is 0) onto other samples of the same frame.
///
/// Cost: samples of the output times input samples in two cutoffs.
#[must_use]
pub fn smooth_profile(
    heights: &[f64],
    weights: &[f64],
    from: Samples,
    to: Samples,
    cutoff: Length,
) -> SmoothedProfile {
    let kernel = Kernel::new(cutoff, from.spacing, ALPHA);
    let (centre_in, centre_out) = ((from.count - 1) as f64 / 2.0, (to.count - 1) as f64 / 2.0);
    let step = to.spacing.ratio(from.spacing);
    // On the same samples places are whole, so a few weights serve all.
    let same = from.count == to.count && from.spacing == to.spacing;
    let distances = if same { 0..kernel.reach() as usize + 1 } else { 0..0 };
    let whole_distances: Vec<f64> =
        distances.map(|distance| kernel.weight(distance as f64)).collect();
    let (heights, support) = (0..to.count)
        .map(|index| {
            let place = (index as f64 - centre_out) * step + centre_in;
            let (mut sum, mut measured, mut whole) = (0.0, 0.0, 0.0);
            for sample in kernel.around(place, from.count) {
                let weight = if same {
                    whole_distances[sample.abs_diff(index)]
                } else {
                    kernel.weight(sample as f64 - place)
                };
                whole += weight;
                measured += weight * weights[sample];
                sum += weight * weights[sample] * heights[sample];
            }
            if measured > 0.0 { (sum / measured, measured / whole) } else { (0.0, 0.0) }
        })
        .unzip();
    SmoothedProfile { heights, support }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACING: Length = Length::from_micrometres(0.7);
    const CUTOFF: Length = Length::from_micrometres(80.0);

    /// What is left of the amplitude of a wave, far from the ends.
    fn transmission(wavelength: Length, valid: impl Fn(usize) -> bool) -> f64 {
        let from = Samples { count: 1800, spacing: SPACING };
        let phase =
            |index: usize| std::f64::consts::TAU * (SPACING * index as f64).ratio(wavelength);
        let weights: Vec<f64> = (0..1800).map(|index| f64::from(u8::from(valid(index)))).collect();
        let heights: Vec<f64> =
            (0..1800).map(|index| phase(index).sin() * weights[index]).collect();
        let smoothed = smooth_profile(&heights, &weights, from, from, CUTOFF);
        let (mut product, mut square) = (0.0, 0.0);
        for index in 300..1500 {
            product += phase(index).sin() * smoothed.heights[index];
            square += phase(index).sin() * phase(index).sin();
        }
        product / square
    }

    #[test]
    fn a_wave_of_the_cutoff_passes_at_one_half_and_others_as_the_closed_form_says() {
        // ISO 16610-21: exp(-pi (alpha c / l)^2) = 2^-(c / l)^2.
        for wavelength in [40.0, 60.0, 80.0, 120.0, 200.0, 400.0] {
            let found = transmission(Length::from_micrometres(wavelength), |_| true);
            let expected = 0.5_f64.powf((80.0 / wavelength).powi(2));
            assert!((found - expected).abs() < 5e-4, "{wavelength} um: {found}, {expected}");
        }
    }

    #[test]
    fn missing_samples_have_no_weight_and_support_says_so() {
        let weights: Vec<f64> =
            (0..400).map(|index| f64::from(u8::from(index % 7 != 0 && index > 150))).collect();
        let heights: Vec<f64> = weights.iter().map(|weight| 3e-6 * weight).collect();
        let from = Samples { count: 400, spacing: SPACING };
        let to = from.respaced(Length::from_micrometres(2.0));
        let smoothed = smooth_profile(&heights, &weights, from, to, CUTOFF);
        assert_eq!(smoothed.heights.len(), to.count);
        let mut reached = 0;
        for (height, support) in smoothed.heights.iter().zip(&smoothed.support) {
            assert!((0.0..=1.0).contains(support), "{support}");
            if *support > 0.0 {
                assert!((height - 3e-6).abs() < 1e-18, "{height}");
                reached += 1;
            }
        }
        assert!(reached > 80 && reached < to.count, "{reached} of {}", to.count);
    }
}
