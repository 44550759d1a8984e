//! Which references of a store look most like a questioned surface?
//!
//! A cascade over every reference that the filter chooses:
//!
//! 1. the index scores each at every rotation ([`gallery`](crate::gallery)), and the most alike go on;
//! 2. these are registered near the pose that the index gives, and those that correlate best go on;
//! 3. they are compared in full, which gives the order.
//!
//! How many go on follows from a stated recall ([`sizes`]); [`Depth::Exhaustive`] compares every reference in full
//! instead, and so is done with a kind of mark that has no index, since two profiles are compared at the cost of a
//! registration. A candidate that both ways reach is the same to the byte: the last stage is one and the same comparison.
//! The result is a ranked list of leads and a [`Summary`] that says what was searched and what was not: a record that
//! could not be compared is counted and named, never passed over. The order, and every byte, is the same on any number of
//! threads.

mod cascade;
mod report;
pub mod sizes;

pub use report::{Candidate, Failure, SearchResult, Summary};

use crate::digest::Digest;
use crate::gallery::{Class, GalleryError, Snapshot};
use crate::index::{IndexError, Indexer, Question};
use crate::matcher::{CompareError, Engine, Matcher};
use crate::parameters::Cascade;
use crate::signature::Signature;
use crate::store::{Filter, ReferenceStore, ScanId, StoreError, StoredSignature};
use rayon::ThreadPool;
use std::ops::ControlFlow;

/// A questioned signature, ready to be searched for: about 20 ms, and some megabytes.
#[derive(Debug)]
pub struct Questioned {
    matcher: Matcher,
    /// `None` where marks of its kind have no index.
    question: Option<Question>,
}

impl Questioned {
    /// Makes it ready; without an indexer where marks of its kind have no index.
    ///
    /// # Errors
    /// A signature that was extracted with other parameters than the engine's.
    pub fn new<'a>(
        engine: &Engine,
        indexer: impl Into<Option<&'a Indexer>>,
        signature: &Signature,
    ) -> Result<Self, CompareError> {
        let matcher = Matcher::new(engine, engine.prepare(signature)?);
        Ok(Self { matcher, question: indexer.into().map(|indexer| indexer.question(signature)) })
    }

    /// It, as the index is asked; `None` where there is no index.
    #[must_use]
    pub const fn question(&self) -> Option<&Question> {
        self.question.as_ref()
    }

    /// It, ready to be compared.
    #[must_use]
    pub const fn matcher(&self) -> &Matcher {
        &self.matcher
    }
}

/// How much is done for every reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The index scores all, and what it finds alike is compared.
    Cascade,
    /// Every reference is compared in full: for audits of the cascade. About 24 ms a reference and core.
    Exhaustive,
}

/// What is searched, and how.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Chooses the references.
    pub filter: &'a Filter,
    /// Candidates wanted for each questioned signature.
    pub top: usize,
    /// How much is done for every reference.
    pub depth: Depth,
}

/// Where references are searched, and by whom.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// Compares.
    pub engine: &'a Engine,
    /// Scores the index's entries; `None` where marks of this kind have no index, and all are compared in full.
    pub indexer: Option<&'a Indexer>,
    /// How many go on from stage to stage.
    pub cascade: &'a Cascade,
    /// The references.
    pub references: &'a Snapshot,
    /// Their signatures.
    pub signatures: &'a dyn Signatures,
    /// Threads that compute; `None` for those of the caller. The result does not depend on it.
    pub pool: Option<&'a ThreadPool>,
}

/// Where signatures of references come from.
pub trait Signatures: Sync {
    /// The signature of a reference; `None` where it has left since the search began.
    ///
    /// # Errors
    /// It cannot be read.
    fn signature(&self, scan: ScanId) -> Result<Option<StoredSignature>, StoreError>;
}

/// The signatures of a store.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    /// Which store.
    pub store: &'a dyn ReferenceStore,
    /// Parameters of the extraction.
    pub extraction: Digest,
}

impl std::fmt::Debug for Stored<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored").field("extraction", &self.extraction).finish_non_exhaustive()
    }
}

impl Signatures for Stored<'_> {
    fn signature(&self, scan: ScanId) -> Result<Option<StoredSignature>, StoreError> {
        self.store.listed_signature(scan, self.extraction)
    }
}

/// What a search is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The index scores every reference.
    Index,
    /// The most alike are registered near the index's pose.
    Registration,
    /// Full comparisons.
    Comparison,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    /// What it is doing.
    pub stage: Stage,
    /// References done in this stage, of all questioned signatures together where they are many.
    pub done: u64,
    /// References of this stage.
    pub total: u64,
}

/// Whoever follows a search. A closure that takes an [`Advance`] is one.
pub trait Observer: Sync {
    /// Whether references with these facets and this sharing policy take part; those that do not are as if they were not
    /// there.
    ///
    /// # Errors
    /// The store cannot be read.
    fn admits(&self, _class: &Class) -> Result<bool, StoreError> {
        Ok(true)
    }

    /// Asked before every comparison and every thousand references of the index, on any thread: go on, or stop the search?
    fn next(&self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Told before, during and after every stage, with the best so far of a questioned signature, best first.
    fn progress(&mut self, advance: Advance, best: &[Candidate]);
}

impl<F: FnMut(Advance) + Sync> Observer for F {
    fn progress(&mut self, advance: Advance, _best: &[Candidate]) {
        self(advance);
    }
}

/// Why a search has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// Its observer stopped it.
    #[error("the search was stopped")]
    Stopped {
        /// References that were done of the stage.
        done: u64,
    },
    /// The store cannot be read: a search that saw only part of it has no result.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The references cannot be had.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
    /// A question of other parameters than the indexer's.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A signature of other parameters than the engine's.
    #[error(transparent)]
    Compare(#[from] CompareError),
}

impl std::fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("cascade", self.cascade).finish_non_exhaustive()
    }
}

impl Search<'_> {
    /// Searches for the references most like the questioned signature.
    ///
    /// # Errors
    /// The observer stopped it; the store cannot be read.
    pub fn run(
        &self,
        query: &Query<'_>,
        questioned: &Questioned,
        observer: &mut dyn Observer,
    ) -> Result<SearchResult, SearchError> {
        let mut results = self.run_many(query, &[questioned], observer)?;
        // One goes in, one comes out.
        Ok(results.remove(0))
    }

    /// Searches for several together, which read the index once: one result each, in their order. The results are those
    /// of searches one by one.
    ///
    /// The observer is told how far it is, and can stop it. Memory: 24 bytes a reference and questioned signature.
    ///
    /// # Errors
    /// The observer stopped it; the store cannot be read.
    pub fn run_many(
        &self,
        query: &Query<'_>,
        questioned: &[&Questioned],
        observer: &mut dyn Observer,
    ) -> Result<Vec<SearchResult>, SearchError> {
        cascade::run(self, query, questioned, observer)
    }
}
