//! How many references of other sources reach a score by chance alone?
//!
//! Among a million references a score that one pair of different sources in a hundred thousand reaches is to be
//! expected ten times. The expectation comes from the beta-binomial prediction of different sources (`beta_binomial.rs`). Its
//! upper bound is the greater of the posterior's 95 % point and of the exact 95 % bound on how many known non-matches reached the
//! score: where the model goes beyond what was seen, the bound does not. It takes references as alike as those that
//! were known; consecutively made slides, say, are more alike.

use super::beta_binomial::BetaBinomial;
use super::counts::CountDistribution;
use super::rates::{ErrorRate, RateError};
use super::scored::{Features, Sample, Truth};
use serde::{Deserialize, Serialize};

/// How often references of other sources reach a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChanceModel {
    different: CountDistribution,
    /// Share of congruent cells of known non-matches, ascending, and how many have it.
    seen: Vec<(f64, usize)>,
}

/// How many references of other sources may be expected at or above a score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChanceCandidates {
    /// The chance that one does.
    pub probability: f64,
    /// Upper bound of that chance at 95 %.
    pub probability_upper: f64,
    /// Expected number.
    pub expected: f64,
    /// Upper bound of the expected number.
    pub expected_upper: f64,
    /// Known non-matches that reached the score, and how many there were.
    pub seen: (usize, usize),
}

impl ChanceModel {
    /// From the known non-matches of a sample.
    #[must_use]
    pub fn fit(sample: &Sample) -> Self {
        let counts = sample.counts(Truth::KnownNonMatch);
        let different = CountDistribution::BetaBinomial(BetaBinomial::posterior(&counts));
        let fraction = |congruent, compared| Features { congruent, compared, ncc: 0.0 }.fraction();
        let mut seen: Vec<(f64, usize)> = counts
            .iter()
            .map(|(one, all, weight)| (fraction(*one, *all), *weight as usize))
            .collect();
        seen.sort_by(|one, other| one.0.total_cmp(&other.0));
        Self { different, seen }
    }

    /// How many of `references` of other sources reach as many of as many compared cells.
    ///
    /// # Errors
    /// No known non-matches, as in a stored model that was changed.
    pub fn candidates(
        &self,
        features: &Features,
        references: usize,
    ) -> Result<ChanceCandidates, RateError> {
        let congruent = features.congruent.min(features.compared);
        let tail = self.different.tail(congruent, features.compared);
        let fraction = features.fraction();
        let number = |least: f64| {
            self.seen.iter().filter(|(value, _)| *value >= least).map(|(_, count)| count).sum()
        };
        let (reached, all) = (number(fraction), number(f64::NEG_INFINITY));
        let bound = ErrorRate::exact(reached, all, 0.95)?.upper;
        let probability_upper = tail.upper.max(bound);
        Ok(ChanceCandidates {
            probability: tail.predicted,
            probability_upper,
            expected: tail.predicted * references as f64,
            expected_upper: probability_upper * references as f64,
            seen: (reached, all),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scored::Scored;

    #[test]
    fn expectations_fall_with_the_score_and_bounds_stay_at_what_was_seen() {
        let row = |congruent: u32, sources: [usize; 2]| Scored {
            features: Features { congruent, compared: 20, ncc: 0.0 },
            truth: if sources[0] == sources[1] { Truth::KnownMatch } else { Truth::KnownNonMatch },
            sources,
        };
        let mut rows = vec![row(15, [0, 0])];
        rows.extend((0..300).map(|one| row(u32::from(one % 10 == 0), [one, one + 1])));
        let model = ChanceModel::fit(&Sample::new(&rows).unwrap());
        let at = |congruent| model.candidates(&row(congruent, [0, 0]).features, 1000).unwrap();
        assert!((at(0).expected - 1000.0).abs() < 1e-6 && at(0).expected_upper <= 1000.0);
        assert_eq!(at(1).seen, (30, 300));
        // A tenth of the known non-matches had a cell.
        assert!((at(1).expected - 100.0).abs() < 15.0, "{:?}", at(1));
        // None had twelve: three in three hundred is what may be.
        let high = at(12);
        assert!(high.expected < 1.0 && (high.expected_upper - 10.0).abs() < 1.0, "{high:?}");
        let falls = (1..20).all(|one| at(one).expected > at(one + 1).expected);
        assert!(falls);
    }
}
