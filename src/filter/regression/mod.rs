//! How is form followed to the very edge, and past outliers?
//!
//! Gaussian regression filters after ISO 16610-31 (profiles) and ISO 16610-71 (areal). At every place the
//! heights about it are fitted by a constant or by a form of second degree, with the Gaussian as weight;
//! the filter's output is the fit there. At an edge the fit uses what there is, so a form of second degree
//! passes unchanged. The robust filter fits again with the biweight of Tukey: samples far from
//! the fit, in multiples of the median distance, lose their weight. Missing samples have none from the
//! beginning. Useful for taking form from a mark with spikes, pits and holes; the plain filters
//! ([`super::smooth`]) are faster and resample.

mod areal;
mod line;
mod solve;

pub use areal::{RegressedSurface, regress_surface};
pub use line::{RegressedProfile, regress_profile};

use super::gaussian::ALPHA;

/// What is fitted at every place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A constant: a wave l passes by 2^-((cutoff / l)^2), as in ISO 16610-21.
    Constant,
    /// A form of second degree: a wave l passes by (1 + t) exp(-t), with t = 1.678 (cutoff / l)^2.
    Quadratic,
}

impl Order {
    /// Width of the Gaussian in cutoffs, such that a wave of the cutoff passes at one half.
    const fn alpha(self) -> f64 {
        match self {
            Self::Constant => ALPHA,
            // sqrt(t / pi), with t of (1 + t) exp(-t) = 1/2: 0.7309 in ISO 16610-31.
            Self::Quadratic => 0.730_913_428_094_675_9,
        }
    }
}

/// Which samples count how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// All measured ones alike: the linear filter.
    LeastSquares,
    /// Those far from the fit less: the robust filter.
    Robust,
}

/// Half width of the biweight in medians of the distances: ISO 16610-31, three standard deviations.
const BIWEIGHT: f64 = 4.4478;
/// Where the median changes by less than this share, the fit has settled.
const SETTLED: f64 = 1e-3;
/// Most fits; few marks need more than ten.
const MOST_FITS: usize = 40;

/// Fits, and fits again with the weights that follow from the fit. Gives the last fit and its weights.
fn reweighted<F>(
    heights: &[f64],
    measured: &[f64],
    weighting: Weighting,
    fit: impl Fn(&[f64]) -> (Vec<f64>, F),
) -> (Vec<f64>, F, Vec<f64>) {
    let mut weights = measured.to_vec();
    let (mut fitted, mut rest) = fit(&weights);
    if weighting == Weighting::LeastSquares {
        return (fitted, rest, weights);
    }
    let mut before = f64::INFINITY;
    for _ in 1..MOST_FITS {
        let away = |(index, height): (usize, &f64)| (height - fitted[index]).abs();
        let mut distances: Vec<f64> = heights
            .iter()
            .enumerate()
            .filter(|(index, _)| measured[*index] > 0.0)
            .map(away)
            .collect();
        if distances.is_empty() {
            break;
        }
        let middle = (distances.len() - 1) / 2;
        let (_, &mut median, _) = distances.select_nth_unstable_by(middle, f64::total_cmp);
        // Most samples on the fit itself: nothing to tell outliers by.
        let settled = (median - before).abs() <= SETTLED * median;
        if median <= 0.0 || settled {
            break;
        }
        before = median;
        for (index, weight) in weights.iter_mut().enumerate() {
            let share = (heights[index] - fitted[index]) / (BIWEIGHT * median);
            let rest = (1.0 - share * share).max(0.0);
            *weight = measured[index] * rest * rest;
        }
        (fitted, rest) = fit(&weights);
    }
    (fitted, rest, weights)
}

#[cfg(test)]
mod tests;
