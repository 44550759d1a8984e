//! How are counts of congruent cells spread where every cell of every pair has the same chance?
//!
//! A binomial distribution whose chance has Jeffreys' prior, a beta distribution of 1/2 and 1/2: what the Netherlands Forensic
//! Institute takes for different sources. The posterior is a beta distribution, and its prediction a beta-binomial one.
//! Narrower than it should be where pairs differ in their chance.

use libm::{exp, log, log1p};
use serde::{Deserialize, Serialize};

/// Parameter of Jeffreys' prior.
const PRIOR: f64 = 0.5;
/// Points of the posterior where it is wanted as points.
const POINTS: u32 = 256;

/// The posterior of a cell's chance: a beta distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binomial {
    /// Congruent cells and 1/2.
    alpha: f64,
    /// Other cells and 1/2.
    beta: f64,
}

impl Binomial {
    /// The posterior after these counts (congruent, compared, weight).
    #[must_use]
    pub(crate) fn posterior(counts: &[(u32, u32, f64)]) -> Self {
        let sum = |cells: fn(u32, u32) -> u32| -> f64 {
            counts.iter().map(|(one, all, weight)| weight * f64::from(cells(*one, *all))).sum()
        };
        Self { alpha: PRIOR + sum(|one, _| one), beta: PRIOR + sum(|one, all| all - one) }
    }

    /// Natural logarithm of the predicted probability of the counts, without the number of orders.
    pub(crate) fn predict(&self, congruent: u32, compared: u32) -> f64 {
        let rise = |base: f64, steps: u32| -> f64 {
            (0..steps).map(|step| log(base + f64::from(step))).sum()
        };
        rise(self.alpha, congruent) + rise(self.beta, compared - congruent)
            - rise(self.alpha + self.beta, compared)
    }

    /// Natural logarithm of the probability of the counts at points of the posterior, each with its weight; without the number
    /// of orders. The points are even in the log odds of the chance.
    pub(crate) fn at_points(&self, congruent: u32, compared: u32) -> Vec<(f64, f64)> {
        let Self { alpha, beta } = *self;
        // Logarithms of the chance and of its complement, for log odds.
        let logarithms = |odds: f64| (-log1p(exp(-odds)), -log1p(exp(odds)));
        let density = |odds: f64| {
            let (chance, complement) = logarithms(odds);
            alpha * chance + beta * complement
        };
        let mode = log(alpha / beta);
        // Out to where the density is smaller by a factor of a million.
        let reach = |side: f64| {
            let mut step = side * (1.0 / alpha + 1.0 / beta).sqrt();
            while density(mode) - density(mode + step) < 14.0 {
                step *= 1.1;
            }
            mode + step
        };
        let (low, high) = (reach(-1.0), reach(1.0));
        let point = |place: u32| {
            let odds = low + (f64::from(place) + 0.5) * (high - low) / f64::from(POINTS);
            let (chance, complement) = logarithms(odds);
            let others = f64::from(compared - congruent);
            let value = f64::from(congruent) * chance + others * complement;
            (value, exp(density(odds) - density(mode)))
        };
        let mut points: Vec<(f64, f64)> = (0..POINTS).map(point).collect();
        let total: f64 = points.iter().map(|(_, weight)| weight).sum();
        points.iter_mut().for_each(|(_, weight)| *weight /= total);
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For counts that are likely: others are made by chances so rare that no quantile sees them.
    #[test]
    fn points_predict_what_the_closed_form_does() {
        for counts in [&[(0, 40, 10.0)][..], &[(3, 40, 1.0), (40, 40, 1.0)], &[(1, 50, 3e4)]] {
            let posterior = Binomial::posterior(counts);
            for (congruent, compared) in [(0, 30), (1, 30), (3, 30)] {
                let points = posterior.at_points(congruent, compared);
                let sum: f64 = points.iter().map(|(value, weight)| exp(*value) * weight).sum();
                let wanted = exp(posterior.predict(congruent, compared));
                assert!(
                    (sum / wanted - 1.0).abs() < 1e-3,
                    "{counts:?} {congruent}: {sum}, wanted {wanted}"
                );
            }
        }
    }

    #[test]
    fn no_cell_in_none_predicts_as_jeffreys_prior_does() {
        let prior = Binomial::posterior(&[]);
        assert!((exp(prior.predict(1, 1)) - 0.5).abs() < 1e-12);
        assert!((exp(prior.predict(2, 2)) - 0.375).abs() < 1e-12);
    }
}
