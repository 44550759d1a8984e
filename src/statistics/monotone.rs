//! What does the order of scores alone say?
//!
//! Isotonic regression by pooling adjacent violators (PAV; Ayer et al. 1955, Zadrozny and Elkan 2002): of all likelihood
//! ratios that grow with the score, those that fit best. [`pooled`] also gives the least possible cost of the metrics. As a
//! model it gets one misleading pair on either side, so that no ratio is infinite, and each kind of pair weighs as much as
//! the sources that it is of.

use super::scored::{Features, Sample, Truth, class};
use libm::log10;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which single number a model looks at; higher is more alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Share of congruent cells.
    Fraction,
    /// NCC at the registered pose.
    Ncc,
}

impl Score {
    /// The number, scaled to 0 to 1.
    #[must_use]
    pub fn of(self, features: &Features) -> f64 {
        match self {
            Self::Fraction => features.fraction().min(1.0),
            Self::Ncc => f64::midpoint(1.0, features.ncc.clamp(-1.0, 1.0)),
        }
    }
}

/// Neighbours with one likelihood ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pool {
    /// Weight of known matches.
    pub(crate) same: f64,
    /// Weight of known non-matches.
    pub(crate) different: f64,
    /// How many entries are in it.
    pub(crate) entries: usize,
}

/// Pools entries (weight of known matches, of known non-matches), ordered by score, until the share of known matches grows.
pub(crate) fn pooled(entries: impl IntoIterator<Item = (f64, f64)>) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for (same, different) in entries {
        let mut last = Pool { same, different, entries: 1 };
        while let Some(before) = pools.pop() {
            // The share before is not smaller: by products, since a weight may be 0.
            if before.same * last.different >= last.same * before.different {
                last.same += before.same;
                last.different += before.different;
                last.entries += before.entries;
            } else {
                pools.push(before);
                break;
            }
        }
        pools.push(last);
    }
    pools
}

/// A likelihood ratio that is constant over stretches of scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IsotonicModel {
    score: Score,
    /// First and last score, and log10 of the likelihood ratio, of every stretch.
    stretches: Vec<[f64; 3]>,
}

impl IsotonicModel {
    /// Fits to one score.
    #[must_use]
    pub fn fit(sample: &Sample, score: Score) -> Self {
        let mut totals = [0.0; 2];
        let mut entries: BTreeMap<u64, (f64, [f64; 2])> = BTreeMap::new();
        for (features, truth, weight) in sample.rows() {
            let value = score.of(features);
            totals[class(*truth)] += weight;
            // Bits of numbers that are not negative have the order of the numbers.
            entries.entry(value.abs().to_bits()).or_insert((value, [0.0; 2])).1[class(*truth)] +=
                weight;
        }
        let sources =
            [Truth::KnownMatch, Truth::KnownNonMatch].map(|truth| sample.sources(truth) as f64);
        let values: Vec<f64> = entries.values().map(|(value, _)| *value).collect();
        let scaled = |weights: [f64; 2]| {
            (weights[0] * sources[0] / totals[0], weights[1] * sources[1] / totals[1])
        };
        let weights = entries.into_values().map(|(_, weights)| scaled(weights));
        // One known match below all and one known non-match above all.
        let bounded = std::iter::once((1.0, 0.0)).chain(weights).chain([(0.0, 1.0)]);
        let ratio = (sources[0] + 1.0) / (sources[1] + 1.0);
        let mut stretches = Vec::new();
        let mut place = 0_usize;
        for Pool { same, different, entries } in pooled(bounded) {
            // Places count the pair below all; what is below or above all has the score of its neighbour.
            let at = |place: usize| values[place.saturating_sub(1).min(values.len() - 1)];
            let log10_lr = log10(same / different / ratio);
            stretches.push([at(place), at(place + entries - 1), log10_lr]);
            place += entries;
        }
        Self { score, stretches }
    }

    /// log10 of the likelihood ratio; between two stretches that of the one that says less.
    #[must_use]
    pub fn log10_lr(&self, features: &Features) -> f64 {
        let value = self.score.of(features);
        let above = self.stretches.partition_point(|[first, ..]| *first <= value);
        let at = |place: usize| self.stretches.get(place).copied();
        match (above.checked_sub(1).and_then(at), at(above)) {
            (Some([_, last, here]), Some([.., next])) if value > last => {
                if here.abs() <= next.abs() { here } else { next }
            }
            (Some([.., ratio]), _) | (None, Some([.., ratio])) => ratio,
            (None, None) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::draw::{Draws, Purpose};
    use crate::statistics::scored::Scored;

    /// The least of the greatest means: isotonic regression by its minimax formula.
    fn minimax(entries: &[(f64, f64)]) -> Vec<f64> {
        let share = |first: usize, last: usize| {
            let (same, different) = entries[first..=last]
                .iter()
                .fold((0.0, 0.0), |sum, entry| (sum.0 + entry.0, sum.1 + entry.1));
            same / (same + different)
        };
        let at = |place: usize| {
            let least = |first: usize| {
                (place..entries.len()).map(|last| share(first, last)).fold(f64::INFINITY, f64::min)
            };
            (0..=place).map(least).fold(f64::NEG_INFINITY, f64::max)
        };
        (0..entries.len()).map(at).collect()
    }

    #[test]
    fn pools_are_those_of_the_minimax_formula() {
        for number in 0..200 {
            let mut draws = Draws::new(1, Purpose::Test, number);
            let count = 1 + draws.below(12);
            let entries: Vec<(f64, f64)> = (0..count)
                .map(|_| (draws.below(4) as f64, draws.below(4) as f64))
                .filter(|(same, different)| same + different > 0.0)
                .collect();
            let found: Vec<f64> = pooled(entries.iter().copied())
                .iter()
                .flat_map(|pool| vec![pool.same / (pool.same + pool.different); pool.entries])
                .collect();
            for (found, wanted) in found.iter().zip(minimax(&entries)) {
                assert!((found - wanted).abs() < 1e-12, "{entries:?}: {found}, wanted {wanted}");
            }
            assert_eq!(found.len(), entries.len());
        }
    }

    #[test]
    fn ratios_grow_with_the_score_and_are_finite() {
        let row = |congruent: u32, sources: [usize; 2]| Scored {
            features: Features { congruent, compared: 20, ncc: 0.0 },
            truth: if sources[0] == sources[1] { Truth::KnownMatch } else { Truth::KnownNonMatch },
            sources,
        };
        let same = (0..10).map(|one| row(10 + one, [one as usize; 2]));
        let different = (0..10).map(|one| row(one % 3, [one as usize, one as usize + 1]));
        let rows: Vec<Scored> = same.chain(different).collect();
        let model = IsotonicModel::fit(&Sample::new(&rows).unwrap(), Score::Fraction);
        let at = |congruent| model.log10_lr(&row(congruent, [0, 0]).features);
        // Ten sources, eleven, and one misleading pair on either side.
        let wanted = ((10.0 / 11.0) / (1.0 / 12.0_f64)).log10();
        assert!((at(20) - wanted).abs() < 1e-9 && (at(12) - wanted).abs() < 1e-9, "{}", at(20));
        assert!(at(0) < -0.9 && (0..20).all(|one| at(one) <= at(one + 1)));
    }
}
