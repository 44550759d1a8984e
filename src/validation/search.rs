//! At which place of a candidate list would mates have come?
//!
//! Every scan that has a mate is a question put to all scans that it was compared with, ordered by score. Where scores are
//! equal, other sources stand before mates. Rows of the same two scans, in either order or in several folds, count once with
//! their highest score. A mate's place counts the other mates before it, so that not all of several mates can come first.

use super::{CONFIDENCE, Evaluated};
use crate::statistics::{RankPoint, RateError, Truth, rank_curve};
use serde::Serialize;
use std::collections::BTreeMap;

/// The longest list that is looked at.
const LONGEST: usize = 20;

/// Share of mates within lists.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recall {
    /// Lists of one.
    pub at_1: f64,
    /// Lists of five.
    pub at_5: f64,
    /// Lists of ten.
    pub at_10: f64,
    /// Lists of every length up to twenty.
    pub curve: Vec<RankPoint>,
}

/// How mates were found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchMetrics {
    /// Scans with a mate, each a question.
    pub questions: usize,
    /// Mates of all questions.
    pub mates: usize,
    /// Fewest and most scans that a question was compared with.
    pub gallery: [usize; 2],
    /// The best mate of every question.
    pub best_mate: Recall,
    /// All mates of every question.
    pub all_mates: Recall,
}

/// Ranks every mate of every scan.
pub(super) fn search(pairs: &[Evaluated]) -> Result<SearchMetrics, RateError> {
    let mut lists: BTreeMap<&str, BTreeMap<&str, (f64, Truth)>> = BTreeMap::new();
    for pair in pairs {
        let (questioned, reference) = (pair.questioned.as_str(), pair.reference.as_str());
        for (one, other) in [(questioned, reference), (reference, questioned)] {
            let entry = lists.entry(one).or_default();
            let kept = entry.entry(other).or_insert((pair.score, pair.truth));
            kept.0 = kept.0.max(pair.score);
        }
    }
    let (mut best, mut all, mut gallery) = (Vec::new(), Vec::new(), [usize::MAX, 0]);
    for list in lists.values() {
        let ranks = ranks(list.values().copied());
        if let Some(first) = ranks.first() {
            best.push(Some(*first));
            all.extend(ranks.iter().copied().map(Some));
            gallery = [gallery[0].min(list.len()), gallery[1].max(list.len())];
        }
    }
    if best.is_empty() {
        return Err(RateError::Cases { errors: 0, cases: 0 });
    }
    let (questions, mates) = (best.len(), all.len());
    Ok(SearchMetrics {
        questions,
        mates,
        gallery,
        best_mate: recall(&best)?,
        all_mates: recall(&all)?,
    })
}

/// Places of mates in a list, ascending, from 1.
fn ranks(list: impl Iterator<Item = (f64, Truth)>) -> Vec<usize> {
    let mut list: Vec<(f64, Truth)> = list.collect();
    // Highest first; of equal scores the known non-match first. Adding 0 makes -0 the same as 0.
    list.sort_by(|one, other| (other.0 + 0.0).total_cmp(&(one.0 + 0.0)).then(other.1.cmp(&one.1)));
    let mate = |(place, (_, truth)): (usize, &(f64, Truth))| {
        (*truth == Truth::KnownMatch).then_some(place + 1)
    };
    list.iter().enumerate().filter_map(mate).collect()
}

fn recall(ranks: &[Option<usize>]) -> Result<Recall, RateError> {
    let curve = rank_curve(ranks, LONGEST, CONFIDENCE)?;
    let at = |length: usize| curve[length - 1].found;
    Ok(Recall { at_1: at(1), at_5: at(5), at_10: at(10), curve })
}
