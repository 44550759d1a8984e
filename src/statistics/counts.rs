//! Which likelihood ratio do counts of congruent cells have?
//!
//! Each proposition has a distribution of the number of congruent among the compared cells; the ratio of what their
//! posteriors predict is the likelihood ratio. Parameters are integrated out in both, so few pairs give a ratio near 1 and
//! no number is more certain than the pairs behind it. [`CountModel::posterior`] is what the Netherlands Forensic Institute
//! reports in place of that: median and ends of the ratio's posterior. Both take pairs as independent, which pairs that share
//! a source are not: [`super::bootstrap`] does not.

use super::beta_binomial::BetaBinomial;
use super::binomial::Binomial;
use super::interval::Interval;
use super::scored::{Features, Sample, Truth};
use libm::{exp, log};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::f64::consts::LN_10;

/// How the number of congruent cells is spread under one proposition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountDistribution {
    /// The chance of a cell differs from pair to pair.
    BetaBinomial(BetaBinomial),
    /// The chance of a cell is the same in every pair.
    Binomial(Binomial),
}

/// The probability of as many congruent cells or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tail {
    /// As predicted.
    pub(crate) predicted: f64,
    /// The posterior's 95 % point.
    pub(crate) upper: f64,
}

impl CountDistribution {
    /// Natural logarithms of the predicted probabilities, without the number of orders.
    fn predict(&self, counts: &[(u32, u32)]) -> Vec<f64> {
        match self {
            Self::BetaBinomial(posterior) => posterior.predict(counts),
            Self::Binomial(posterior) => {
                counts.iter().map(|(one, all)| posterior.predict(*one, *all)).collect()
            }
        }
    }

    /// The same at points of the posterior, with their weights.
    fn at_points(&self, congruent: u32, compared: u32) -> Vec<(f64, f64)> {
        match self {
            Self::BetaBinomial(posterior) => posterior.at_points(congruent, compared),
            Self::Binomial(posterior) => posterior.at_points(congruent, compared),
        }
    }

    /// The chance of at least `congruent` of `compared` cells.
    pub(crate) fn tail(&self, congruent: u32, compared: u32) -> Tail {
        // ln C(compared, one), one after the other.
        let mut orders = 0.0;
        let mut tails: Vec<(f64, f64)> = Vec::new();
        for one in 0..=compared {
            if one > 0 {
                orders += log(f64::from(compared - one + 1) / f64::from(one));
            }
            if one >= congruent {
                let points = self.at_points(one, compared);
                tails.resize(points.len(), (0.0, 0.0));
                for (tail, (value, weight)) in tails.iter_mut().zip(points) {
                    *tail = (tail.0 + exp(orders + value), weight);
                }
            }
        }
        let predicted = tails.iter().map(|(tail, weight)| tail * weight).sum::<f64>().min(1.0);
        tails.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut below = 0.0;
        let point = tails.iter().find(|(_, weight)| {
            below += weight;
            below >= 0.95
        });
        Tail { predicted, upper: point.map_or(1.0, |(tail, _)| tail.clamp(predicted, 1.0)) }
    }
}

/// A likelihood ratio from the numbers of congruent and of compared cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountModel {
    same: CountDistribution,
    different: CountDistribution,
}

impl CountModel {
    /// Beta-binomial under both propositions.
    #[must_use]
    pub fn beta_binomial(sample: &Sample) -> Self {
        let posterior = |truth| BetaBinomial::posterior(&sample.counts(truth));
        Self {
            same: CountDistribution::BetaBinomial(posterior(Truth::KnownMatch)),
            different: CountDistribution::BetaBinomial(posterior(Truth::KnownNonMatch)),
        }
    }

    /// Beta-binomial for one source, binomial for two: the Netherlands Forensic Institute's.
    #[must_use]
    pub fn beta_binomial_and_binomial(sample: &Sample) -> Self {
        let same = BetaBinomial::posterior(&sample.counts(Truth::KnownMatch));
        let different = Binomial::posterior(&sample.counts(Truth::KnownNonMatch));
        Self {
            same: CountDistribution::BetaBinomial(same),
            different: CountDistribution::Binomial(different),
        }
    }

    /// How counts of different sources are spread.
    #[must_use]
    pub fn different(&self) -> &CountDistribution {
        &self.different
    }

    /// log10 of the likelihood ratio of every one. Equal counts are computed once.
    #[must_use]
    pub fn log10_lrs(&self, features: &[Features]) -> Vec<f64> {
        let key = |one: &Features| (one.congruent.min(one.compared), one.compared);
        let mut ratios: BTreeMap<(u32, u32), f64> =
            features.iter().map(|one| (key(one), 0.0)).collect();
        let counts: Vec<(u32, u32)> = ratios.keys().copied().collect();
        let (same, different) = (self.same.predict(&counts), self.different.predict(&counts));
        for (ratio, (same, different)) in ratios.values_mut().zip(same.iter().zip(different)) {
            *ratio = (same - different) / LN_10;
        }
        features.iter().map(|one| ratios[&key(one)]).collect()
    }

    /// Median and ends of the posterior of log10 of the likelihood ratio, `confidence` of it between the ends.
    #[must_use]
    pub fn posterior(&self, features: &Features, confidence: f64) -> Interval {
        let (congruent, compared) = (features.congruent.min(features.compared), features.compared);
        let sorted = |distribution: &CountDistribution| {
            let mut points = distribution.at_points(congruent, compared);
            points.sort_by(|one, other| one.0.total_cmp(&other.0));
            points
        };
        let (same, different) = (sorted(&self.same), sorted(&self.different));
        let tail = (1.0 - confidence) / 2.0;
        let [low, median, high] =
            [tail, 0.5, 1.0 - tail].map(|share| difference(&same, &different, share) / LN_10);
        Interval { low, median, high }
    }
}

/// The quantile of the difference of two independent weighted values, both ascending: by halving the range in which it
/// lies, since the share of differences below a value takes one walk along both.
fn difference(minuends: &[(f64, f64)], subtrahends: &[(f64, f64)], share: f64) -> f64 {
    let below = |limit: f64| {
        let (mut sum, mut passed, mut smaller) = (0.0, 0, 0.0);
        for (value, weight) in minuends {
            while passed < subtrahends.len() && subtrahends[passed].0 < value - limit {
                smaller += subtrahends[passed].1;
                passed += 1;
            }
            sum += weight * (1.0 - smaller);
        }
        sum
    };
    let ends = |values: &[(f64, f64)]| match values {
        [] => (0.0, 0.0),
        [first, .., last] => (first.0, last.0),
        [only] => (only.0, only.0),
    };
    let ((least, most), (low, high)) = (ends(minuends), ends(subtrahends));
    let (mut low, mut high) = (least - high, most - low);
    // Sixty halvings reach the last bits of any range.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if below(middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scored::Scored;

    fn sample(known_matches: &[u32], known_non_matches: &[u32]) -> Sample {
        let row = |congruent: &u32, sources: [usize; 2]| Scored {
            features: Features { congruent: *congruent, compared: 20, ncc: 0.0 },
            truth: if sources[0] == sources[1] { Truth::KnownMatch } else { Truth::KnownNonMatch },
            sources,
        };
        let same = known_matches.iter().enumerate().map(|(source, one)| row(one, [source, source]));
        let different = known_non_matches
            .iter()
            .enumerate()
            .map(|(source, one)| row(one, [source, source + 1]));
        Sample::new(&same.chain(different).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn quantiles_of_a_difference_are_those_of_all_differences() {
        let minuends = [(0.0, 0.2), (1.0, 0.3), (4.0, 0.5)];
        let subtrahends = [(-1.0, 0.5), (0.5, 0.25), (3.0, 0.25)];
        let mut all: Vec<(f64, f64)> = minuends
            .iter()
            .flat_map(|one| subtrahends.map(|other| (one.0 - other.0, one.1 * other.1)))
            .collect();
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        for share in [0.04, 0.3, 0.5, 0.74, 0.9] {
            let mut sum = 0.0;
            let wanted = all.iter().find(|(_, weight)| {
                sum += weight;
                sum >= share
            });
            let found = difference(&minuends, &subtrahends, share);
            assert!(
                (found - wanted.unwrap().0).abs() < 1e-9,
                "{share}: {found}, wanted {wanted:?}"
            );
        }
    }

    #[test]
    fn separated_pairs_give_finite_ratios_that_grow_with_the_number_of_pairs() {
        let mut before = 0.0;
        for pairs in [3, 10, 100] {
            let model = CountModel::beta_binomial(&sample(&vec![18; pairs], &vec![0; pairs]));
            let at =
                |congruent| model.log10_lrs(&[Features { congruent, compared: 20, ncc: 0.0 }])[0];
            assert!(at(0) < 0.0 && at(18) > before && at(18).is_finite(), "{pairs}: {}", at(18));
            let grows = (0..18).all(|congruent| at(congruent) < at(congruent + 1));
            assert!(grows, "{:?}", (0..=20).map(at).collect::<Vec<_>>());
            before = at(18);
        }
    }

    #[test]
    fn nothing_compared_says_nothing() {
        for model in [CountModel::beta_binomial, CountModel::beta_binomial_and_binomial] {
            let model = model(&sample(&[18, 12, 9], &[0, 1, 0, 2]));
            let nothing = Features { congruent: 0, compared: 0, ncc: 0.0 };
            assert!(model.log10_lrs(&[nothing])[0].abs() < 1e-9);
        }
    }

    #[test]
    fn the_predicted_ratio_lies_within_its_posterior() {
        let model =
            CountModel::beta_binomial_and_binomial(&sample(&[18, 12, 9, 15], &[0, 1, 0, 2]));
        for congruent in 4..=9 {
            let features = Features { congruent, compared: 20, ncc: 0.0 };
            let Interval { low, median, high } = model.posterior(&features, 0.9);
            let ratio = model.log10_lrs(&[features])[0];
            assert!(low < median && median < high, "{congruent}: {low} {median} {high}");
            // Not so far in the tails: there the mean lies outside of nine tenths of a skewed posterior.
            assert!(
                low - 0.5 < ratio && ratio < high + 0.5,
                "{congruent}: {ratio} of {low} to {high}"
            );
        }
    }

    #[test]
    fn tails_fall_from_one() {
        let model = CountModel::beta_binomial_and_binomial(&sample(&[18, 12], &[0, 1, 0, 2, 0]));
        for distribution in [&model.same, &model.different] {
            let mut before = 1.0 + 1e-9;
            for congruent in 0..=20 {
                let Tail { predicted, upper } = distribution.tail(congruent, 20);
                assert!(predicted <= before && predicted > 0.0 && upper >= predicted);
                before = predicted;
            }
            assert!((distribution.tail(0, 20).predicted - 1.0).abs() < 1e-6);
        }
    }
}
