//! What do likelihood ratios cost whoever believes them?
//!
//! The cost of the log-likelihood ratio, Cllr (Brümmer and du Preez 2006): 0 for perfect evidence, 1 for none, more for
//! misleading evidence. With ratios remade from their order alone (PAV, `monotone.rs`) it is the least that this order
//! allows; what is above that is the loss of calibration. Empirical cross-entropy (Ramos and Gonzalez-Rodriguez 2013) is the
//! same at every prior odds; at even odds it is Cllr.

use super::labelled::Labelled;
use super::monotone::pooled;
use libm::{exp, log1p, log10, pow};
use serde::Serialize;
use std::f64::consts::{LN_2, LN_10};

/// Cllr and its parts, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Cllr; infinite where a ratio of 0 or of infinity is wrong.
    pub cllr: f64,
    /// The least that the order of the ratios allows: loss of discrimination.
    pub cllr_min: f64,
    /// The difference: loss of calibration.
    pub calibration_loss: f64,
}

/// Empirical cross-entropy at one prior, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CrossEntropy {
    /// log10 of the prior odds of one source.
    pub log10_prior_odds: f64,
    /// Of the ratios.
    pub ratios: f64,
    /// Of the ratios remade from their order.
    pub calibrated: f64,
    /// Of no evidence at all.
    pub neutral: f64,
}

impl Labelled {
    /// Cllr of the values, which are log10 likelihood ratios.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let cllr = self.cross_entropy(0.0);
        let cllr_min = self.calibrated().cross_entropy(0.0);
        Cost { cllr, cllr_min, calibration_loss: cllr - cllr_min }
    }

    /// Empirical cross-entropy at log10 prior odds from -3 to 3 in steps of 0.1.
    #[must_use]
    pub fn cross_entropies(&self) -> Vec<CrossEntropy> {
        let calibrated = self.calibrated();
        let neutral = Self::constant();
        (-30..=30)
            .map(|step| f64::from(step) / 10.0)
            .map(|log10_prior_odds| CrossEntropy {
                log10_prior_odds,
                ratios: self.cross_entropy(log10_prior_odds),
                calibrated: calibrated.cross_entropy(log10_prior_odds),
                neutral: neutral.cross_entropy(log10_prior_odds),
            })
            .collect()
    }

    /// At one prior.
    fn cross_entropy(&self, log10_prior_odds: f64) -> f64 {
        let mean = |values: &[f64], side: f64| {
            let bits = values.iter().map(|value| bits(side * (value + log10_prior_odds)));
            bits.sum::<f64>() / values.len() as f64
        };
        let odds = pow(10.0, log10_prior_odds);
        let prior = odds / (1.0 + odds);
        prior * mean(self.same(), -1.0) + (1.0 - prior) * mean(self.different(), 1.0)
    }

    /// Every value remade from the order of all.
    fn calibrated(&self) -> Self {
        let groups = self.groups();
        let ratio = self.same().len() as f64 / self.different().len() as f64;
        let (mut same, mut different) = (Vec::new(), Vec::new());
        for pool in pooled(groups.iter().map(|(_, same, different)| (*same, *different))) {
            let value = log10(pool.same / pool.different / ratio);
            same.extend(std::iter::repeat_n(value, pool.same as usize));
            different.extend(std::iter::repeat_n(value, pool.different as usize));
        }
        Self::ascending(same, different)
    }
}

/// log2(1 + 10^x), also where that overflows.
pub(crate) fn bits(value: f64) -> f64 {
    let natural = value * LN_10;
    (natural.max(0.0) + log1p(exp(-natural.abs()))) / LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_by_hand() {
        let labelled = Labelled::new(vec![1.0, 0.0], vec![-1.0, 1.0]).unwrap();
        // log2(1.1), 1; log2(1.1), log2(11).
        let wanted = (0.137_503_5 + 1.0 + 0.137_503_5 + 3.459_431_6) / 4.0;
        let Cost { cllr, cllr_min, calibration_loss } = labelled.cost();
        assert!((cllr - wanted).abs() < 1e-6, "{cllr}, wanted {wanted}");
        // Pools: nothing of -1, and of 0 and 1 two against one: ratio 2.
        let wanted = ((1.5_f64).log2() + 0.5 * (3.0_f64).log2()) / 2.0;
        assert!((cllr_min - wanted).abs() < 1e-9, "{cllr_min}, wanted {wanted}");
        assert!((calibration_loss - (cllr - cllr_min)).abs() < 1e-12);
    }

    #[test]
    fn evidence_that_is_perfect_costs_nothing_and_none_costs_one() {
        let (always, never) = (f64::INFINITY, f64::NEG_INFINITY);
        let perfect = Labelled::new(vec![always], vec![never]).unwrap().cost();
        assert!(perfect.cllr.abs() < 1e-12 && perfect.cllr_min.abs() < 1e-12);
        let none = Labelled::new(vec![0.0; 3], vec![0.0; 5]).unwrap().cost();
        assert!((none.cllr - 1.0).abs() < 1e-12 && (none.cllr_min - 1.0).abs() < 1e-12);
        let wrong = Labelled::new(vec![never, 1.0], vec![never]).unwrap().cost();
        assert!(wrong.cllr.is_infinite() && wrong.cllr_min.is_finite());
        assert!(bits(1e6).is_finite() && bits(-1e6).abs() < 1e-300);
    }

    /// Normal scores of equal deviation have a log likelihood ratio that is normal, too: mean and half the variance agree.
    #[test]
    fn calibrated_normal_scores_cost_what_the_integral_says() {
        use statrs::function::erf::erf_inv;
        let variance: f64 = 4.0;
        let count = 20_000;
        let normal = |place: i32| {
            let share = (f64::from(place) + 0.5) / f64::from(count);
            std::f64::consts::SQRT_2 * erf_inv(2.0 * share - 1.0)
        };
        let values = |mean: f64| -> Vec<f64> {
            (0..count).map(|place| (mean + variance.sqrt() * normal(place)) / LN_10).collect()
        };
        let labelled = Labelled::new(values(variance / 2.0), values(-variance / 2.0)).unwrap();
        // Integral of log2(1 + e^-x) over the density of a known match, by the midpoint rule.
        let steps = 40_000;
        let wanted: f64 = (0..steps)
            .map(|step| -30.0 + 60.0 * (f64::from(step) + 0.5) / f64::from(steps))
            .map(|x| {
                let density = (-(x - variance / 2.0).powi(2) / (2.0 * variance)).exp()
                    / (2.0 * std::f64::consts::PI * variance).sqrt();
                (-x).exp().ln_1p() / LN_2 * density * 60.0 / f64::from(steps)
            })
            .sum();
        let cost = labelled.cost();
        assert!((cost.cllr / wanted - 1.0).abs() < 1e-3, "{cost:?}, wanted {wanted}");
        assert!(cost.calibration_loss >= 0.0 && cost.calibration_loss < 2e-3, "{cost:?}");
        for entropy in labelled.cross_entropies() {
            let CrossEntropy { ratios, calibrated, neutral, .. } = entropy;
            assert!(calibrated <= ratios + 1e-12 && ratios < neutral, "{entropy:?}");
        }
    }

    #[test]
    fn cross_entropy_at_even_odds_is_cllr_and_without_evidence_that_of_the_prior() {
        let labelled = Labelled::new(vec![1.0, 0.3], vec![-1.0, 0.2, 0.1]).unwrap();
        let entropies = labelled.cross_entropies();
        let even = entropies[30];
        assert!(
            (even.ratios - labelled.cost().cllr).abs() < 1e-12
                && (even.neutral - 1.0).abs() < 1e-12
        );
        let tenth: f64 = 1.0 / 11.0;
        let wanted = -tenth * tenth.log2() - (1.0 - tenth) * (1.0 - tenth).log2();
        assert!((entropies[20].neutral - wanted).abs() < 1e-9);
    }
}
