//! The Gaussian regression filter of a profile (ISO 16610-31).

use super::solve::first_unknown;
use super::{Order, Weighting, reweighted};
use crate::filter::profile::Kernel;
use crate::surface::Profile;
use crate::units::Length;

/// What a profile is without short waves.
#[derive(Clone, Debug, PartialEq)]
pub struct RegressedProfile {
    /// The fit in metres, at missing samples too; 0 where no measured sample is in reach.
    pub heights: Vec<f64>,
    /// Share of the Gaussian's weight, of that within the profile, on samples that count.
    pub support: Vec<f64>,
    /// How much each sample counted, 0 to 1.
    pub weights: Vec<f64>,
}

/// Filters a profile; waves longer than the cutoff pass.
///
/// Cost: samples times samples in three cutoffs, as often as the robust fit takes.
#[must_use]
pub fn regress_profile(
    profile: &Profile,
    cutoff: Length,
    order: Order,
    weighting: Weighting,
) -> RegressedProfile {
    let kernel = Kernel::new(cutoff, profile.spacing(), order.alpha());
    let heights = profile.heights();
    let measured: Vec<f64> =
        profile.mask().iter().map(|&valid| if valid { 1.0 } else { 0.0 }).collect();
    let fit = |weights: &[f64]| -> (Vec<f64>, Vec<f64>) {
        (0..heights.len()).map(|place| at(place, heights, weights, kernel, order)).unzip()
    };
    let (heights, support, weights) = reweighted(heights, &measured, weighting, fit);
    RegressedProfile { heights, support, weights }
}

/// Fit and support at a sample.
fn at(place: usize, heights: &[f64], weights: &[f64], kernel: Kernel, order: Order) -> (f64, f64) {
    let mut moments = [0.0; 5];
    let mut right = [0.0; 3];
    let mut whole = 0.0;
    for sample in kernel.around(place as f64, heights.len()) {
        let distance = sample as f64 - place as f64;
        let gaussian = kernel.weight(distance);
        whole += gaussian;
        let mut weight = gaussian * weights[sample];
        let step = distance / kernel.width();
        for (power, moment) in moments.iter_mut().enumerate() {
            *moment += weight;
            if let Some(right) = right.get_mut(power) {
                *right += weight * heights[sample];
            }
            weight *= step;
        }
    }
    let matrix: [[f64; 3]; 3] =
        std::array::from_fn(|row| std::array::from_fn(|column| moments[row + column]));
    let sizes: &[usize] = match order {
        Order::Constant => &[1],
        Order::Quadratic => &[3, 2, 1],
    };
    let fit = if moments[0] > 0.0 { first_unknown(&matrix, &right, sizes) } else { None };
    fit.map_or((0.0, 0.0), |fit| (fit, moments[0] / whole))
}
