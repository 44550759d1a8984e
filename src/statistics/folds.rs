//! How is a model tried on sources that it has not seen?
//!
//! Sources are dealt to folds. For each fold, pairs of two sources in it are the test and pairs of two sources outside of it
//! the training; a pair across is in neither, since one of its sources would have been seen. So over all folds every pair of
//! one source is tested once, but only those pairs of two sources that share a fold: about one in as many as there are folds.

use super::draw::{Draws, Purpose};
use super::scored::Scored;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The fold of every source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folds {
    folds: usize,
    of: BTreeMap<usize, usize>,
}

/// Places of pairs in the list that was split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// No source of these is in the fold.
    pub training: Vec<usize>,
    /// Both sources of these are in the fold.
    pub test: Vec<usize>,
    /// Number of pairs with one source in the fold and one outside of it.
    pub across: usize,
}

/// Folds that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FoldError {
    /// Fewer than two folds, or a fold without a source.
    #[error("{folds} folds of {sources} sources, wanted at least 2 folds and a source in each")]
    Number {
        /// What was found.
        folds: usize,
        /// What was found.
        sources: usize,
    },
    /// A pair has a source that is in no fold.
    #[error("source {source_number} is in no fold")]
    Unassigned {
        /// Which.
        source_number: usize,
    },
}

impl Folds {
    /// Deals the sources of these pairs to so many folds, equally many to each but for one. The same seed deals the same.
    ///
    /// # Errors
    /// Fewer than two folds, or fewer sources than folds.
    pub fn dealt(scored: &[Scored], folds: usize, seed: u64) -> Result<Self, FoldError> {
        let sources: BTreeSet<usize> = scored.iter().flat_map(|one| one.sources).collect();
        let mut sources: Vec<usize> = sources.into_iter().collect();
        if folds < 2 || sources.len() < folds {
            return Err(FoldError::Number { folds, sources: sources.len() });
        }
        // Fisher and Yates.
        let mut draws = Draws::new(seed, Purpose::Folds, 0);
        for place in (1..sources.len()).rev() {
            sources.swap(place, draws.below(place + 1));
        }
        let of = sources.into_iter().enumerate().map(|(place, source)| (source, place % folds));
        Ok(Self { folds, of: of.collect() })
    }

    /// Folds that are given, as of a published protocol: the fold of every source, from 0 without gaps.
    ///
    /// # Errors
    /// Fewer than two folds, or a number below the greatest that no source has.
    pub fn given(of: BTreeMap<usize, usize>) -> Result<Self, FoldError> {
        let used: BTreeSet<usize> = of.values().copied().collect();
        let folds = used.last().map_or(0, |last| last + 1);
        if folds < 2 || used.len() != folds {
            return Err(FoldError::Number { folds, sources: of.len() });
        }
        Ok(Self { folds, of })
    }

    /// Number of folds.
    #[must_use]
    pub fn folds(&self) -> usize {
        self.folds
    }

    /// The fold of a source.
    #[must_use]
    pub fn fold_of(&self, source: usize) -> Option<usize> {
        self.of.get(&source).copied()
    }

    /// Splits pairs by one fold.
    ///
    /// # Errors
    /// A source that is in no fold.
    pub fn split(&self, scored: &[Scored], fold: usize) -> Result<Split, FoldError> {
        let mut split = Split { training: Vec::new(), test: Vec::new(), across: 0 };
        for (place, one) in scored.iter().enumerate() {
            let within = |source: usize| {
                let unassigned = FoldError::Unassigned { source_number: source };
                Ok(self.fold_of(source).ok_or(unassigned)? == fold)
            };
            match (within(one.sources[0])?, within(one.sources[1])?) {
                (true, true) => split.test.push(place),
                (false, false) => split.training.push(place),
                (true, false) | (false, true) => split.across += 1,
            }
        }
        Ok(split)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scored::{Features, Truth};

    fn pairs(sources: usize) -> Vec<Scored> {
        let features = Features { congruent: 1, compared: 2, ncc: 0.0 };
        let pair = |one: usize, other: usize| Scored {
            features,
            truth: if one == other { Truth::KnownMatch } else { Truth::KnownNonMatch },
            sources: [one, other],
        };
        (0..sources).flat_map(|one| (0..=one).map(move |other| pair(one, other))).collect()
    }

    #[test]
    fn no_source_is_on_both_sides_and_every_pair_of_one_source_is_tested_once() {
        let scored = pairs(11);
        let folds = Folds::dealt(&scored, 4, 9).unwrap();
        let mut tested = 0;
        for fold in 0..folds.folds() {
            let split = folds.split(&scored, fold).unwrap();
            assert_eq!(split.training.len() + split.test.len() + split.across, scored.len());
            let sources = |places: &[usize]| -> BTreeSet<usize> {
                places.iter().flat_map(|place| scored[*place].sources).collect()
            };
            assert!(sources(&split.training).is_disjoint(&sources(&split.test)));
            assert!((2..=3).contains(&sources(&split.test).len()));
            let same = split.test.iter().filter(|place| scored[**place].truth == Truth::KnownMatch);
            tested += same.count();
        }
        assert_eq!(tested, 11);
    }

    #[test]
    fn a_seed_deals_the_same_and_another_otherwise() {
        let scored = pairs(20);
        let dealt = |seed| Folds::dealt(&scored, 5, seed).unwrap();
        assert_eq!(dealt(1), dealt(1));
        assert_ne!(dealt(1), dealt(2));
    }

    #[test]
    fn given_folds_are_used_and_bad_ones_refused() {
        let scored = pairs(4);
        let folds = Folds::given([(0, 0), (1, 0), (2, 1), (3, 1)].into()).unwrap();
        let split = folds.split(&scored, 1).unwrap();
        assert_eq!((split.test.len(), split.training.len(), split.across), (3, 3, 4));
        assert!(Folds::given([(0, 0), (1, 2)].into()).is_err());
        let unassigned = folds.split(&pairs(5), 0);
        assert_eq!(unassigned, Err(FoldError::Unassigned { source_number: 4 }));
        assert_eq!(Folds::dealt(&scored, 5, 1), Err(FoldError::Number { folds: 5, sources: 4 }));
    }
}
