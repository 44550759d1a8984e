//! Beyond which values is a likelihood ratio more than the data support?
//!
//! The empirical lower and upper bound (ELUB) of Vergeer et al. 2016: decisions are made at a threshold of the likelihood
//! ratio, and a wrong one costs what makes this threshold the best. A system that always says 1 costs so much; ours costs
//! what its own ratios make of the pairs, with one misleading pair more on either side, whose ratio passes any threshold.
//! The bounds are the thresholds nearest to 1, on either side, where ours would cost more. They are at most one more than the
//! number of pairs of the other kind.
//!
//! The costs are straight lines between neighbouring ratios, so the bounds are exact; other programs (`lir`, by steps of
//! 0.01) find them within a step.

use super::labelled::Labelled;
use libm::{log10, pow};
use serde::{Deserialize, Serialize};

/// The range of log10 of the likelihood ratio that data support.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Least log10 of the likelihood ratio, 0 or less.
    pub lower: f64,
    /// Greatest, 0 or more.
    pub upper: f64,
}

/// Whether a likelihood ratio was beyond a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundReached {
    /// It lies within.
    Within,
    /// It was lower, and is the lower bound now.
    Lower,
    /// It was greater, and is the upper bound now.
    Upper,
}

impl Bounds {
    /// The bounds that these ratios of known pairs support.
    #[must_use]
    pub fn empirical(ratios: &Labelled) -> Self {
        let (same, different) = (ratios.same(), ratios.different());
        let above = |values: &[f64], limit: f64| {
            (values.len() - values.partition_point(|value| *value <= limit)) as f64
        };
        // At a threshold: share of known matches that do not pass it, of known non-matches that do, each with the one that
        // misleads.
        let missed = |limit: f64| {
            let all = same.len() as f64 + 1.0;
            (all - above(same, limit)) / all
        };
        let passed = |limit: f64| (above(different, limit) + 1.0) / (different.len() as f64 + 1.0);
        let mut edges: Vec<f64> = same.iter().chain(different).copied().chain([0.0]).collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup_by(|one, other| one.total_cmp(other).is_eq());
        let middle = edges.partition_point(|edge| *edge < 0.0);
        // Upwards from 1: between two edges the cost is missed + threshold passed, and saying 1 costs 1.
        let mut upper = 0.0;
        for (place, edge) in edges.iter().enumerate().skip(middle) {
            let limit = log10((1.0 - missed(*edge)) / passed(*edge));
            let next = edges.get(place + 1).copied().unwrap_or(f64::INFINITY);
            upper = limit.clamp(*edge, next);
            if upper < next {
                break;
            }
        }
        // Downwards from 1: saying 1 costs the threshold itself.
        let mut lower = 0.0;
        for place in (0..=middle).rev() {
            let edge = place.checked_sub(1).map_or(f64::NEG_INFINITY, |below| edges[below]);
            let limit = log10(missed(edge) / (1.0 - passed(edge)));
            let next = edges[place].min(0.0);
            lower = if limit.is_nan() { next } else { limit.clamp(edge, next) };
            if lower > edge {
                break;
            }
        }
        Self { lower: lower.min(0.0), upper: upper.max(0.0) }
    }

    /// The ratio within the bounds, and which of them it met.
    #[must_use]
    pub fn apply(&self, log10_lr: f64) -> (f64, BoundReached) {
        if log10_lr > self.upper {
            (self.upper, BoundReached::Upper)
        } else if log10_lr < self.lower {
            (self.lower, BoundReached::Lower)
        } else {
            (log10_lr, BoundReached::Within)
        }
    }

    /// Greatest ratio (not its logarithm) that the bounds allow.
    #[must_use]
    pub fn greatest_ratio(&self) -> f64 {
        pow(10.0, self.upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(same: &[f64], different: &[f64]) -> Bounds {
        let logarithms = |ratios: &[f64]| ratios.iter().map(|ratio| ratio.log10()).collect();
        Bounds::empirical(&Labelled::new(logarithms(same), logarithms(different)).unwrap())
    }

    /// Cases of the tests of `lir`, by the Netherlands Forensic Institute: log10 of what it gives, by steps of 0.01.
    #[test]
    fn bounds_are_those_of_lir_within_a_step() {
        let (zero, infinite) = (0.0, f64::INFINITY);
        let breath_different = [vec![0.101; 990], vec![1000.0; 10]].concat();
        let breath_same = [vec![1000.0; 90], vec![0.101; 10]].concat();
        type Case<'ratios> = (&'ratios [f64], &'ratios [f64], (f64, f64));
        let cases: [Case<'_>; 10] = [
            (&breath_same, &breath_different, (0.112_201_8, 79.432_823_5)),
            (&[infinite], &[zero], (1.0, 1.0)),
            (&[infinite; 3], &[zero; 3], (0.338_844_2, 2.951_209_2)),
            (&[0.01, 0.1, 1.0], &[10.0, 100.0], (1.0, 1.0)),
            (&[1.0, 10.0, 100.0], &[0.01, 0.1], (0.380_189_4, 1.479_108_4)),
            (&[10.0, 100.0], &[0.01, 0.1, 1.0], (0.676_083_0, 2.630_268_0)),
            (&[1.0], &[1.0], (1.0, 1.0)),
            (&[10.0; 9], &[10.0], (1.0, 1.0)),
            (&[10.0; 10], &[1.0], (1.0, 1.778_279_4)),
            (&[1000.0; 10], &[1.1], (1.0, 1.0)),
        ];
        for (same, different, (lower, upper)) in cases {
            let found = bounds(same, different);
            let alike = (found.lower - lower.log10()).abs() < 0.0101
                && (found.upper - upper.log10()).abs() < 0.0101;
            assert!(alike, "{found:?}, wanted {} to {}", lower.log10(), upper.log10());
        }
    }

    #[test]
    fn bounds_by_hand() {
        // Three of four pass below infinity, one of four misleads: 1/4 + t/4 = 1 at 3; 1/4 + t/4 = t at 1/3.
        let found = bounds(&[f64::INFINITY; 3], &[0.0; 3]);
        assert!((found.upper - 3.0_f64.log10()).abs() < 1e-12, "{found:?}");
        assert!((found.lower + 3.0_f64.log10()).abs() < 1e-12, "{found:?}");
        // Never beyond what was seen.
        let found = bounds(&[2.0; 1000], &[0.5; 1000]);
        let two = 2.0_f64.log10();
        assert!(
            (found.upper - two).abs() < 1e-12 && (found.lower + two).abs() < 1e-12,
            "{found:?}"
        );
    }

    #[test]
    fn ratios_beyond_a_bound_are_the_bound_and_say_so() {
        let bounds = Bounds { lower: -1.0, upper: 2.0 };
        assert_eq!(bounds.apply(f64::INFINITY), (2.0, BoundReached::Upper));
        assert_eq!(bounds.apply(-3.0), (-1.0, BoundReached::Lower));
        assert_eq!(bounds.apply(2.0), (2.0, BoundReached::Within));
        assert!((bounds.greatest_ratio() - 100.0).abs() < 1e-9);
    }
}
