//! What a search found, and what it looked at.

use crate::comparison::Comparison;
use crate::digest::Digest;
use crate::matcher::CompareError;
use crate::signature::SignatureError;
use crate::store::{ScanId, Skipped};
use serde::Serialize;
use std::cmp::Ordering;

/// A reference that looks like the questioned surface. A lead: only an examiner makes a hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The reference's scan.
    pub scan: ScanId,
    /// How it compares.
    pub comparison: Comparison,
}

impl Candidate {
    /// Best first: by [score](Comparison::score), then number of congruent cells, then NCC, then identifier.
    #[must_use]
    pub fn rank(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.comparison, &other.comparison);
        let ncc = |comparison: &Comparison| comparison.ncc().unwrap_or(f64::NEG_INFINITY);
        two.score()
            .total_cmp(&one.score())
            .then_with(|| two.cmc_count().cmp(&one.cmc_count()))
            .then_with(|| ncc(two).total_cmp(&ncc(one)))
            .then_with(|| self.scan.cmp(&other.scan))
    }
}

/// Why a record was not compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It has no signature of these parameters.
    #[error("it has no signature of these parameters: extract it again")]
    NoSignature,
    /// Its signature cannot be read.
    #[error("its signature cannot be read")]
    Signature(#[source] SignatureError),
    /// It cannot be compared with the questioned signature.
    #[error("it cannot be compared")]
    Compare(#[source] CompareError),
}

/// What was searched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Records that the questioned signature was held against, by the index or in full.
    pub records_searched: u64,
    /// Of these, those that were registered: near the index's pose, or in full.
    pub records_registered: u64,
    /// Of these, those that were compared in full.
    pub records_compared: u64,
    /// Records that the filter chose and that could not be compared; see [`SearchResult::failures`].
    pub records_failed: u64,
    /// Whether every record that the filter chose was held against the questioned signature.
    pub complete: bool,
    /// Whether every record was compared in full.
    pub exhaustive: bool,
    /// Least share of same-source references that the stages keep, as they were sized; 1 where all were compared in full.
    pub target_recall: f64,
    /// Version of the engine.
    pub engine_version: String,
    /// Digest of all parameters of comparisons.
    pub parameters_digest: Digest,
    /// Digest of all parameters of the index and of the sizes of stages, on which no score depends.
    pub cascade_digest: Digest,
    /// SHA-256 of the questioned file.
    pub questioned_sha256: Digest,
}

/// What a search found.
#[derive(Debug)]
pub struct SearchResult {
    /// Best first.
    pub candidates: Vec<Candidate>,
    /// What was searched.
    pub summary: Summary,
    /// Records that could not be compared, in the order of identifiers.
    pub failures: Vec<(ScanId, Failure)>,
    /// How many records the filter left out, those that do not take part aside.
    pub skipped: Skipped,
}
