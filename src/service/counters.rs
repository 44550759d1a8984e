//! What is the service doing?
//!
//! [`Counters`] count what happens, [`Activity`] is a look at them. For the operator, for metrics and for tests; no answer
//! depends on them.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the server was made.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) calls: Gauge,
    pub(super) running: Gauge,
    pub(super) searches: Gauge,
    pub(super) comparisons: AtomicU64,
    pub(super) refused: AtomicU64,
}

/// Something that goes up and down again.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Gauge {
    fn now(&self) -> u64 {
        // Read in this order, the difference is never negative.
        let ended = self.ended.load(Ordering::SeqCst);
        self.begun.load(Ordering::SeqCst) - ended
    }
}

/// Counts one thing for as long as it lives.
pub(super) struct Counted<C: AsRef<Counters>> {
    counters: C,
    which: fn(&Counters) -> &Gauge,
}

impl<C: AsRef<Counters>> Counted<C> {
    pub(super) fn begin(counters: C, which: fn(&Counters) -> &Gauge) -> Self {
        which(counters.as_ref()).begun.fetch_add(1, Ordering::SeqCst);
        Self { counters, which }
    }
}

impl<C: AsRef<Counters>> Drop for Counted<C> {
    fn drop(&mut self) {
        (self.which)(self.counters.as_ref()).ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// A look at what a server does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// Calls in flight.
    pub calls: u64,
    /// Calls since the server was made.
    pub calls_begun: u64,
    /// Pieces of work that run, searches included.
    pub running: u64,
    /// Searches that run.
    pub searches: u64,
    /// Comparisons begun since the server was made, those of searches included.
    pub comparisons: u64,
    /// Calls and pieces of work refused for want of room since the server was made.
    pub refused: u64,
    /// Bytes of files that are held in memory.
    pub held_bytes: u64,
}

impl Counters {
    pub(super) fn activity(&self, held_bytes: u64) -> Activity {
        Activity {
            calls: self.calls.now(),
            calls_begun: self.calls.begun.load(Ordering::SeqCst),
            running: self.running.now(),
            searches: self.searches.now(),
            comparisons: self.comparisons.load(Ordering::SeqCst),
            refused: self.refused.load(Ordering::SeqCst),
            held_bytes,
        }
    }
}
