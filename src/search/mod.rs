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
use crate::store::{Filter, Listing, ReferenceStore, ScanId, StoreError, StoredSignature};
use rayon::ThreadPool;
use rayon::prelude::*;
use serde::Serialize;
use std::cmp::Ordering;
use std::ops::ControlFlow;

/// Signatures read before they are compared together, for each thread: enough to keep all of them busy, and few enough
/// that who waits for these threads waits a fraction of a second.
const BLOCK_PER_THREAD: usize = 8;

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

/// What is searched, for what, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The questioned signature.
    pub matcher: &'a Matcher,
    /// Chooses the references.
    pub filter: &'a Filter,
    /// Candidates wanted.
    pub top: usize,
    /// Threads that compare; `None` for those of the caller. The result does not depend on it.
    pub pool: Option<&'a ThreadPool>,
}

/// Whoever follows a search. A closure that takes the number of records done is one.
pub trait Observer: Sync {
    /// Whether a record that the filter chose takes part; one that does not is as if it were not there.
    ///
    /// # Errors
    /// The store cannot be read.
    fn admits(&self, _scan: ScanId) -> Result<bool, StoreError> {
        Ok(true)
    }

    /// Asked before every comparison, on any thread: go on, or stop the search?
    fn next(&self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Told after every block: records done, and the best so far, best first.
    fn progress(&mut self, done: u64, best: &[Candidate]);
}

impl<F: FnMut(u64) + Sync> Observer for F {
    fn progress(&mut self, done: u64, _best: &[Candidate]) {
        self(done);
    }
}

/// Why a search has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// Its observer stopped it.
    #[error("the search was stopped after {done} records")]
    Stopped {
        /// Records done by then.
        done: u64,
    },
    /// The store cannot be read: a search that saw only part of it has no result.
    #[error(transparent)]
    Store(#[from] StoreError),
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

/// Searches the store for the references most like the questioned one.
///
/// The observer is told how far it is after every block, and can stop it before every comparison. Memory
/// does not grow with the store. Cost: one full comparison a record.
///
/// # Errors
/// The observer stopped it; the store cannot be read.
pub fn search(
    engine: &Engine,
    store: &dyn ReferenceStore,
    query: &Query<'_>,
    observer: &mut dyn Observer,
) -> Result<SearchResult, SearchError> {
    let extraction = engine.parameters().extraction_digest();
    let mut listing = store.signatures(extraction, query.filter);
    let mut best: Vec<Candidate> = Vec::new();
    let mut failures = Vec::new();
    let mut done = 0;
    let threads =
        query.pool.map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads);
    loop {
        let block = block(&mut listing, observer, (BLOCK_PER_THREAD * threads).max(16))?;
        if block.is_empty() {
            break;
        }
        let compare = || compare_block(engine, query.matcher, &block, observer);
        let compared = match query.pool {
            Some(pool) => pool.install(compare),
            None => compare(),
        };
        for result in compared.ok_or(SearchError::Stopped { done })? {
            match result {
                Ok(candidate) => best.push(candidate),
                Err(failure) => failures.push(failure),
            }
        }
        done += block.len() as u64;
        best.sort_by(rank);
        best.truncate(query.top);
        observer.progress(done, &best);
    }
    let records_failed = failures.len() as u64;
    let summary = Summary {
        records_searched: done - records_failed,
        records_failed,
        complete: records_failed == 0,
        engine_version: crate::VERSION.to_owned(),
        parameters_digest: engine.digest(),
        questioned_sha256: query.matcher.questioned().source(),
    };
    Ok(SearchResult { candidates: best, summary, failures })
}

/// The next signatures that the observer admits.
fn block(
    listing: &mut Listing<'_, StoredSignature>,
    observer: &dyn Observer,
    length: usize,
) -> Result<Vec<StoredSignature>, StoreError> {
    let mut block = Vec::new();
    while block.len() < length {
        let Some(stored) = listing.next().transpose()? else { break };
        if observer.admits(stored.scan)? {
            block.push(stored);
        }
    }
    Ok(block)
}

/// Compares a block, in its order; `None` if the observer stopped it.
fn compare_block(
    engine: &Engine,
    matcher: &Matcher,
    block: &[StoredSignature],
    observer: &dyn Observer,
) -> Option<Vec<Result<Candidate, (ScanId, Failure)>>> {
    block
        .par_iter()
        .map_init(
            || engine.workspace(),
            |workspace, stored| {
                observer.next().is_continue().then(|| {
                    let candidate = compare(engine, matcher, stored, workspace);
                    candidate.map_err(|failure| (stored.scan, failure))
                })
            },
        )
        .collect()
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
