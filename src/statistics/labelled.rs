//! How well do scores of known pairs separate the two kinds?
//!
//! [`Labelled`] holds scores or log10 likelihood ratios of pairs whose truth is known, sorted; equal values are taken together,
//! infinite ones are numbers like others, and without both kinds there is nothing to say. Cost and calibration of likelihood
//! ratios are in `cost.rs`, exact intervals of rates in `rates.rs`.

use super::rates::{ErrorRate, RateError};
use super::scored::Truth;
use serde::Serialize;

/// Values that say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelledError {
    /// A value is not a number.
    #[error("the value of {truth} {place} is not a number")]
    NotANumber {
        /// Among which.
        truth: Truth,
        /// Place in the list, from 0.
        place: usize,
    },
    /// There are none of a kind.
    #[error("no {truth}")]
    Empty {
        /// Which.
        truth: Truth,
    },
}

/// Values of known matches and of known non-matches, both ascending; higher is more alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    same: Vec<f64>,
    different: Vec<f64>,
}

/// What a threshold does: values that reach it pass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OperatingPoint {
    /// The threshold.
    pub threshold: f64,
    /// Share of known non-matches that pass: 1 - specificity.
    pub false_match_rate: f64,
    /// Share of known matches that do not: 1 - sensitivity.
    pub false_non_match_rate: f64,
}

/// A point of a Tippett plot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TippettPoint {
    /// log10 of the likelihood ratio.
    pub log10_lr: f64,
    /// Share of known matches with at least as much.
    pub known_matches: f64,
    /// Share of known non-matches with at least as much.
    pub known_non_matches: f64,
}

/// Error rates at a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ErrorRates {
    /// Known non-matches that reach it.
    pub false_match: ErrorRate,
    /// Known matches that do not.
    pub false_non_match: ErrorRate,
}

impl Labelled {
    /// Sorts.
    ///
    /// # Errors
    /// A value that is not a number, or none of a kind.
    pub fn new(
        known_matches: Vec<f64>,
        known_non_matches: Vec<f64>,
    ) -> Result<Self, LabelledError> {
        let sorted = |mut values: Vec<f64>, truth: Truth| {
            if let Some(place) = values.iter().position(|value| value.is_nan()) {
                return Err(LabelledError::NotANumber { truth, place });
            }
            if values.is_empty() {
                return Err(LabelledError::Empty { truth });
            }
            // Adding 0 makes -0 the same as 0.
            values.iter_mut().for_each(|value| *value += 0.0);
            values.sort_by(f64::total_cmp);
            Ok(values)
        };
        Ok(Self {
            same: sorted(known_matches, Truth::KnownMatch)?,
            different: sorted(known_non_matches, Truth::KnownNonMatch)?,
        })
    }

    /// Values that are known to be ascending numbers.
    pub(crate) fn ascending(same: Vec<f64>, different: Vec<f64>) -> Self {
        Self { same, different }
    }

    /// One of either kind that says nothing.
    pub(crate) fn constant() -> Self {
        Self::ascending(vec![0.0], vec![0.0])
    }

    /// Values in any order with their truth.
    ///
    /// # Errors
    /// A value that is not a number, or none of a kind.
    pub fn from_pairs(
        pairs: impl IntoIterator<Item = (Truth, f64)>,
    ) -> Result<Self, LabelledError> {
        let (mut same, mut different) = (Vec::new(), Vec::new());
        for (truth, value) in pairs {
            match truth {
                Truth::KnownMatch => same.push(value),
                Truth::KnownNonMatch => different.push(value),
            }
        }
        Self::new(same, different)
    }

    /// Values of known matches, ascending.
    #[must_use]
    pub fn same(&self) -> &[f64] {
        &self.same
    }

    /// Values of known non-matches, ascending.
    #[must_use]
    pub fn different(&self) -> &[f64] {
        &self.different
    }

    /// Each distinct value, ascending, with how many known matches and known non-matches have it.
    pub(crate) fn groups(&self) -> Vec<(f64, f64, f64)> {
        let mut groups: Vec<(f64, f64, f64)> = Vec::new();
        let same = self.same.iter().map(|value| (*value, 1.0, 0.0));
        let mut all: Vec<(f64, f64, f64)> =
            same.chain(self.different.iter().map(|value| (*value, 0.0, 1.0))).collect();
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (value, same, different) in all {
            match groups.last_mut() {
                Some(last) if last.0.total_cmp(&value).is_eq() => {
                    last.1 += same;
                    last.2 += different;
                }
                _ => groups.push((value, same, different)),
            }
        }
        groups
    }

    /// Every threshold that makes a difference, from one that nothing reaches down to one that everything does: the points of
    /// a ROC curve, and of a DET curve once their rates are drawn on normal axes.
    #[must_use]
    pub fn operating_points(&self) -> Vec<OperatingPoint> {
        let (same, different) = (self.same.len() as f64, self.different.len() as f64);
        let nothing = OperatingPoint {
            threshold: f64::INFINITY,
            false_match_rate: 0.0,
            false_non_match_rate: 1.0,
        };
        let (mut matches, mut non_matches) = (0.0, 0.0);
        let points = self.groups().into_iter().rev().map(|(threshold, ones, others)| {
            matches += ones;
            non_matches += others;
            OperatingPoint {
                threshold,
                false_match_rate: non_matches / different,
                false_non_match_rate: 1.0 - matches / same,
            }
        });
        std::iter::once(nothing).chain(points).collect()
    }

    /// Chance that a known match has a higher value than a known non-match, equal ones counted half: area under the ROC curve.
    #[must_use]
    pub fn auc(&self) -> f64 {
        let (mut below, mut sum) = (0.0, 0.0);
        for (_, same, different) in self.groups() {
            sum += same * (below + different / 2.0);
            below += different;
        }
        sum / (self.same.len() as f64 * self.different.len() as f64)
    }

    /// Where both error rates are equal, on straight lines between operating points.
    #[must_use]
    pub fn equal_error_rate(&self) -> f64 {
        let points = self.operating_points();
        let gap = |point: &OperatingPoint| point.false_match_rate - point.false_non_match_rate;
        // The gap grows from -1 to 1.
        let place = points.partition_point(|point| gap(point) < 0.0).clamp(1, points.len() - 1);
        let (before, after) = (&points[place - 1], &points[place]);
        let share = -gap(before) / (gap(after) - gap(before));
        before.false_match_rate + share * (after.false_match_rate - before.false_match_rate)
    }

    /// Both error rates at a threshold, with exact intervals. The intervals take pairs as independent.
    ///
    /// # Errors
    /// A confidence that is not between 0 and 1.
    pub fn error_rates(&self, threshold: f64, confidence: f64) -> Result<ErrorRates, RateError> {
        let below = |values: &[f64]| values.partition_point(|value| *value < threshold);
        let passed = self.different.len() - below(&self.different);
        Ok(ErrorRates {
            false_match: ErrorRate::exact(passed, self.different.len(), confidence)?,
            false_non_match: ErrorRate::exact(below(&self.same), self.same.len(), confidence)?,
        })
    }

    /// Rates of misleading evidence: known non-matches with log10 LR above `strength`, known matches with it below
    /// `-strength`. At 0 any support for the wrong proposition counts, at 1 only more than tenfold.
    ///
    /// # Errors
    /// A confidence that is not between 0 and 1.
    pub fn misleading(&self, strength: f64, confidence: f64) -> Result<ErrorRates, RateError> {
        let wrong =
            self.different.len() - self.different.partition_point(|value| *value <= strength);
        let missed = self.same.partition_point(|value| *value < -strength);
        Ok(ErrorRates {
            false_match: ErrorRate::exact(wrong, self.different.len(), confidence)?,
            false_non_match: ErrorRate::exact(missed, self.same.len(), confidence)?,
        })
    }

    /// Tippett curves: at every value the shares of either kind with at least as much, ascending.
    #[must_use]
    pub fn tippett(&self) -> Vec<TippettPoint> {
        let points = self.operating_points();
        let point = |point: &OperatingPoint| TippettPoint {
            log10_lr: point.threshold,
            known_matches: 1.0 - point.false_non_match_rate,
            known_non_matches: point.false_match_rate,
        };
        // The first is where nothing is.
        points.iter().skip(1).rev().map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::draw::{Draws, Purpose};

    fn labelled(same: &[f64], different: &[f64]) -> Labelled {
        Labelled::new(same.to_vec(), different.to_vec()).unwrap()
    }

    #[test]
    fn the_area_is_the_share_of_ordered_pairs() {
        for number in 0..50 {
            let mut draws = Draws::new(2, Purpose::Test, number);
            let mut values = |count: usize, more: usize| -> Vec<f64> {
                (0..count).map(|_| (draws.below(6) + more) as f64).collect()
            };
            let (same, different) = (values(7, 1), values(9, 0));
            let pairs = same.iter().flat_map(|one| different.iter().map(move |other| (one, other)));
            let sum: f64 = pairs
                .map(|(one, other)| match one.total_cmp(other) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                })
                .sum();
            let labelled = labelled(&same, &different);
            assert!((labelled.auc() - sum / 63.0).abs() < 1e-12);
            // The same area by the trapezia of the curve.
            let points = labelled.operating_points();
            let area: f64 = points
                .windows(2)
                .map(|two| {
                    let width = two[1].false_match_rate - two[0].false_match_rate;
                    width * (2.0 - two[0].false_non_match_rate - two[1].false_non_match_rate) / 2.0
                })
                .sum();
            assert!((labelled.auc() - area).abs() < 1e-12);
        }
    }

    #[test]
    fn error_rates_meet() {
        let apart = labelled(&[2.0, f64::INFINITY], &[f64::NEG_INFINITY, 1.0]);
        assert!(apart.equal_error_rate().abs() < 1e-12 && (apart.auc() - 1.0).abs() < 1e-12);
        let reversed = labelled(&[1.0], &[2.0]);
        assert!((reversed.equal_error_rate() - 1.0).abs() < 1e-12 && reversed.auc().abs() < 1e-12);
        let equal = labelled(&[1.0, 1.0], &[1.0]);
        assert!((equal.equal_error_rate() - 0.5).abs() < 1e-12);
        let quarter = labelled(&[0.0, 2.0, 3.0, 4.0], &[-1.0, 0.0, 1.0, 2.5]);
        assert!(
            (quarter.equal_error_rate() - 0.25).abs() < 1e-12,
            "{}",
            quarter.equal_error_rate()
        );
    }

    #[test]
    fn what_reaches_a_threshold_passes() {
        let labelled = labelled(&[1.0, 2.0, 3.0], &[0.0, 1.0]);
        let rates = labelled.error_rates(1.0, 0.95).unwrap();
        assert_eq!((rates.false_match.errors, rates.false_non_match.errors), (1, 0));
        let tippett = labelled.tippett();
        assert_eq!(tippett.len(), 4);
        assert!((tippett[1].known_non_matches - 0.5).abs() < 1e-12);
        assert!((tippett[1].known_matches - 1.0).abs() < 1e-12);
    }

    #[test]
    fn misleading_evidence_supports_the_wrong_proposition() {
        let labelled = labelled(&[-1.5, -0.5, 0.0, 2.0], &[-3.0, 0.0, 0.5, 1.5]);
        let count = |strength: f64| {
            let rates = labelled.misleading(strength, 0.95).unwrap();
            (rates.false_match.errors, rates.false_non_match.errors)
        };
        assert_eq!((count(0.0), count(1.0)), ((2, 2), (1, 1)));
    }

    #[test]
    fn nothing_and_not_a_number_are_errors() {
        let empty = Labelled::new(vec![1.0], vec![]);
        assert_eq!(empty, Err(LabelledError::Empty { truth: Truth::KnownNonMatch }));
        let not_a_number = Labelled::new(vec![1.0, f64::NAN], vec![0.0]);
        let wanted = LabelledError::NotANumber { truth: Truth::KnownMatch, place: 1 };
        assert_eq!(not_a_number, Err(wanted));
    }
}
