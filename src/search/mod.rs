//! Which references of a store look most like a questioned surface?
//!
//! Every signature that the filter lets through is read once, in blocks, and compared in full with the
//! questioned one; the best are kept. The result is a ranked list of leads and a [`Summary`] that says
//! what was searched and what was not: a record that could not be compared is counted and named, never
//! passed over. The order, and every byte, is the same on any number of threads.

use crate::comparison::Comparison;
use crate::digest::Digest;
use crate::matcher::{CompareError, Engine, Matcher, Workspace};
use crate::signature::{Signature, SignatureError};
use crate::store::{Filter, ReferenceStore, ScanId, StoreError, StoredSignature};
use rayon::prelude::*;
use serde::Serialize;
use std::cmp::Ordering;

/// Signatures read before they are compared together: enough for any number of cores, and a few
/// megabytes.
const BLOCK: usize = 64;

/// A reference that looks like the questioned surface. A lead: only an examiner makes a hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The reference's scan.
    pub scan: ScanId,
    /// How it compares.
    pub comparison: Comparison,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Records compared with the questioned signature.
    pub records_searched: u64,
    /// Records that the filter chose and that could not be compared; see [`SearchResult::failures`].
    pub records_failed: u64,
    /// Whether every record that the filter chose was compared.
    pub complete: bool,
    /// Version of the engine.
    pub engine_version: String,
    /// Digest of all parameters.
    pub parameters_digest: Digest,
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
    /// Records that could not be compared, in the order of the store.
    pub failures: Vec<(ScanId, Failure)>,
}

/// Best first: by share of congruent cells, then their number, then NCC, then identifier.
fn rank(a: &Candidate, b: &Candidate) -> Ordering {
    let (one, two) = (&a.comparison, &b.comparison);
    let ncc = |comparison: &Comparison| comparison.ncc().unwrap_or(f64::NEG_INFINITY);
    two.cmc_fraction()
        .total_cmp(&one.cmc_fraction())
        .then_with(|| two.cmc_count().cmp(&one.cmc_count()))
        .then_with(|| ncc(two).total_cmp(&ncc(one)))
        .then_with(|| a.scan.cmp(&b.scan))
}

/// Searches the store for the `top` references most like the questioned one.
///
/// `progress` is told the number of records done after every block. Memory does not grow with the
/// store. Cost: one full comparison a record.
///
/// # Errors
/// The store cannot be read: a search that saw only part of it for that reason has no result.
pub fn search(
    engine: &Engine,
    matcher: &Matcher,
    store: &dyn ReferenceStore,
    filter: &Filter,
    top: usize,
    progress: &mut dyn FnMut(u64),
) -> Result<SearchResult, StoreError> {
    let extraction = engine.parameters().extraction_digest();
    let mut listing = store.signatures(extraction, filter);
    let mut best: Vec<Candidate> = Vec::new();
    let mut failures = Vec::new();
    let mut done = 0;
    loop {
        let block: Vec<StoredSignature> = listing.by_ref().take(BLOCK).collect::<Result<_, _>>()?;
        if block.is_empty() {
            break;
        }
        done += block.len() as u64;
        let compared: Vec<Result<Candidate, (ScanId, Failure)>> = block
            .par_iter()
            .map_init(
                || engine.workspace(),
                |workspace, stored| {
                    let candidate = compare(engine, matcher, stored, workspace);
                    candidate.map_err(|failure| (stored.scan, failure))
                },
            )
            .collect();
        for result in compared {
            match result {
                Ok(candidate) => best.push(candidate),
                Err(failure) => failures.push(failure),
            }
        }
        best.sort_by(rank);
        best.truncate(top);
        progress(done);
    }
    let records_failed = failures.len() as u64;
    let summary = Summary {
        records_searched: done - records_failed,
        records_failed,
        complete: records_failed == 0,
        engine_version: crate::VERSION.to_owned(),
        parameters_digest: engine.digest(),
        questioned_sha256: matcher.questioned().source(),
    };
    Ok(SearchResult { candidates: best, summary, failures })
}

/// One record.
fn compare(
    engine: &Engine,
    matcher: &Matcher,
    stored: &StoredSignature,
    workspace: &mut Workspace,
) -> Result<Candidate, Failure> {
    let bytes = stored.bytes.as_deref().ok_or(Failure::NoSignature)?;
    let signature = Signature::from_bytes(bytes).map_err(Failure::Signature)?;
    let reference = engine.prepare(&signature).map_err(Failure::Compare)?;
    let comparison = matcher.compare(&reference, workspace).map_err(Failure::Compare)?;
    Ok(Candidate { scan: stored.scan, comparison })
}
