//! What is a labelled comparison, as statistics see it?
//!
//! Numbers, the ground truth and the two sources; no surfaces. [`Sample`] is what a model is fitted to: such comparisons
//! that were looked at for nonsense, each with a weight, so that a bootstrap refits without copying rows.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a comparison found, as far as models use it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Number of congruent matching cells.
    pub congruent: u32,
    /// Number of cells that were compared.
    pub compared: u32,
    /// NCC of the surfaces at the registered pose, -1 to 1.
    pub ncc: f64,
}

impl Features {
    /// Congruent cells as a share of those that were compared; 0 where none was.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        if self.compared == 0 { 0.0 } else { f64::from(self.congruent) / f64::from(self.compared) }
    }
}

/// The ground truth of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// Both marks are of one source.
    KnownMatch,
    /// The marks are of two sources.
    KnownNonMatch,
}

impl fmt::Display for Truth {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::KnownMatch => "known match",
            Self::KnownNonMatch => "known non-match",
        })
    }
}

/// One labelled comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// What was found.
    pub features: Features,
    /// What is so.
    pub truth: Truth,
    /// Numbers of the two sources; equal for a known match.
    pub sources: [usize; 2],
}

/// Comparisons that no model can be fitted to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// More congruent cells than compared ones.
    #[error("comparison {row} has {congruent} congruent cells of {compared}")]
    Cells {
        /// Place in the list, from 0.
        row: usize,
        /// What was found.
        congruent: u32,
        /// Most there can be.
        compared: u32,
    },
    /// The NCC is not a number from -1 to 1.
    #[error("the NCC of comparison {row} is not within -1 to 1")]
    Ncc {
        /// Place in the list, from 0.
        row: usize,
    },
    /// The sources do not agree with the ground truth.
    #[error("comparison {row} of sources {} and {} is labelled otherwise", .sources[0], .sources[1])]
    Sources {
        /// Place in the list, from 0.
        row: usize,
        /// What was found.
        sources: [usize; 2],
    },
    /// Not one weight a comparison.
    #[error("{weights} weights for {comparisons} comparisons")]
    Weights {
        /// What was found.
        weights: usize,
        /// What was wanted.
        comparisons: usize,
    },
    /// No comparison of one of the two kinds is left.
    #[error("no {truth}")]
    Empty {
        /// Which.
        truth: Truth,
    },
}

/// Comparisons with weights, both kinds present.
#[derive(Clone, Debug)]
pub struct Sample {
    rows: Vec<(Features, Truth, f64)>,
    /// Number of sources that known matches and known non-matches are of.
    sources: [usize; 2],
}

impl Sample {
    /// Every comparison once.
    ///
    /// # Errors
    /// A comparison that cannot be, or none of a kind.
    pub fn new(scored: &[Scored]) -> Result<Self, SampleError> {
        Self::weighted(scored, &vec![1; scored.len()])
    }

    /// Every comparison as often as its weight says. The number of sources counts a source that was drawn twice once.
    ///
    /// # Errors
    /// A comparison that cannot be, not as many weights as comparisons, or none of a kind.
    pub fn weighted(scored: &[Scored], weights: &[u32]) -> Result<Self, SampleError> {
        if weights.len() != scored.len() {
            let (weights, comparisons) = (weights.len(), scored.len());
            return Err(SampleError::Weights { weights, comparisons });
        }
        let mut rows = Vec::with_capacity(scored.len());
        let mut sources = [BTreeSet::new(), BTreeSet::new()];
        for (row, (one, weight)) in scored.iter().zip(weights).enumerate() {
            check(row, one)?;
            if *weight > 0 {
                rows.push((one.features, one.truth, f64::from(*weight)));
                sources[class(one.truth)].extend(one.sources);
            }
        }
        for truth in [Truth::KnownMatch, Truth::KnownNonMatch] {
            if sources[class(truth)].is_empty() {
                return Err(SampleError::Empty { truth });
            }
        }
        Ok(Self { rows, sources: sources.map(|sources| sources.len()) })
    }

    /// Features, ground truth and weight of every comparison.
    pub(crate) fn rows(&self) -> &[(Features, Truth, f64)] {
        &self.rows
    }

    /// Number of sources that the comparisons of this kind are of: what there is of independent observations, whatever
    /// the number of pairs.
    #[must_use]
    pub fn sources(&self, truth: Truth) -> usize {
        self.sources[class(truth)]
    }

    /// Weight of every pair of counts (congruent, compared) among comparisons of this kind, in order.
    pub(crate) fn counts(&self, truth: Truth) -> Vec<(u32, u32, f64)> {
        let mut table = BTreeMap::new();
        for (features, _, weight) in self.rows.iter().filter(|(_, kind, _)| *kind == truth) {
            *table.entry((features.congruent, features.compared)).or_insert(0.0) += weight;
        }
        table
            .into_iter()
            .map(|((congruent, compared), weight)| (congruent, compared, weight))
            .collect()
    }
}

/// Place of a kind in arrays of two.
pub(crate) fn class(truth: Truth) -> usize {
    match truth {
        Truth::KnownMatch => 0,
        Truth::KnownNonMatch => 1,
    }
}

fn check(row: usize, one: &Scored) -> Result<(), SampleError> {
    let Features { congruent, compared, ncc } = one.features;
    if congruent > compared {
        return Err(SampleError::Cells { row, congruent, compared });
    }
    if !(-1.0..=1.0).contains(&ncc) {
        return Err(SampleError::Ncc { row });
    }
    if (one.sources[0] == one.sources[1]) != (one.truth == Truth::KnownMatch) {
        return Err(SampleError::Sources { row, sources: one.sources });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(congruent: u32, ncc: f64, sources: [usize; 2]) -> Scored {
        let truth = if sources[0] == sources[1] { Truth::KnownMatch } else { Truth::KnownNonMatch };
        Scored { features: Features { congruent, compared: 10, ncc }, truth, sources }
    }

    #[test]
    fn equal_counts_are_added_up_and_sources_counted_once() {
        let rows = [
            scored(9, 0.8, [1, 1]),
            scored(9, 0.7, [1, 1]),
            scored(0, 0.1, [1, 2]),
            scored(1, 0.1, [2, 3]),
        ];
        let sample = Sample::weighted(&rows, &[1, 2, 3, 0]).unwrap();
        assert_eq!(sample.counts(Truth::KnownMatch), [(9, 10, 3.0)]);
        assert_eq!(sample.counts(Truth::KnownNonMatch), [(0, 10, 3.0)]);
        let sources = [Truth::KnownMatch, Truth::KnownNonMatch].map(|truth| sample.sources(truth));
        assert_eq!(sources, [1, 2]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let good = [scored(9, 0.8, [1, 1]), scored(0, 0.1, [1, 2])];
        let refused = |bad: Scored| Sample::new(&[good[0], good[1], bad]).unwrap_err();
        let cells = SampleError::Cells { row: 2, congruent: 11, compared: 10 };
        assert_eq!(refused(scored(11, 0.1, [1, 2])), cells);
        assert_eq!(refused(scored(1, f64::NAN, [1, 2])), SampleError::Ncc { row: 2 });
        let mislabelled = Scored { truth: Truth::KnownMatch, ..good[1] };
        assert_eq!(refused(mislabelled), SampleError::Sources { row: 2, sources: [1, 2] });
        let empty = SampleError::Empty { truth: Truth::KnownNonMatch };
        assert_eq!(Sample::new(&good[..1]).unwrap_err(), empty);
        assert_eq!(empty.to_string(), "no known non-match");
        assert!(Sample::weighted(&good, &[1]).is_err());
    }
}
