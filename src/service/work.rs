//! Where is computed, and how much at once?
//!
//! Never on the threads of the async runtime. A piece of work gets a place in a bounded queue or is refused; when its turn
//! comes, a blocking thread drives it (it may read the store) and the threads of a rayon pool compute for it. Each search
//! that runs has a pool of its own and everything else shares one: so the operating system divides the processors among
//! them, and a small piece of work never waits until a large one leaves a thread. Whoever waits for it can go away: then
//! [`Bench::stopped`] turns true, and the work has to end soon. Its place is free again when it has really ended.

use super::limits::Limits;
use super::metrics::{Counted, Metrics};
use super::quota::Share;
use super::room::Room;
use super::status::Fault;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Which queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queue {
    /// Searches: seconds to minutes.
    Searches,
    /// Everything else that computes or writes.
    Jobs,
    /// What only reads a little of the store: it waits behind neither.
    Reads,
}

/// A queue: places to wait or run, and turns to run.
#[derive(Debug)]
struct Lane {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Lane {
    fn new(running: usize, waiting: usize) -> Self {
        let running = running.max(1);
        Self {
            places: Arc::new(Semaphore::new(running + waiting)),
            turns: Arc::new(Semaphore::new(running)),
        }
    }
}

/// The pools and their queues.
#[derive(Debug)]
pub(super) struct Workers {
    /// For all but searches.
    pool: Arc<ThreadPool>,
    /// A pool for each search that may run at once, but for those that run.
    spare: Spare,
    searches: Lane,
    jobs: Lane,
    reads: Lane,
    metrics: Arc<Metrics>,
    retry_after: Duration,
}

/// What a piece of work has at hand.
#[derive(Debug)]
pub(super) struct Bench {
    pool: Arc<ThreadPool>,
    gone: Arc<AtomicBool>,
    /// Where the pool goes back to, if it is that of a search.
    spare: Option<Spare>,
}

/// Pools that nobody has.
type Spare = Arc<Mutex<Vec<Arc<ThreadPool>>>>;

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(spare) = &self.spare {
            spare.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&self.pool));
        }
    }
}

impl Bench {
    /// Whether nobody waits for the work any more.
    pub(super) fn stopped(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// The threads that compute.
    pub(super) fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// Computes on these threads, unless nobody waits any more.
    pub(super) fn compute<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send,
    ) -> Result<T, Fault> {
        if self.stopped() {
            return Err(Fault::Cancelled);
        }
        self.pool.install(work)
    }
}

/// Tells the work when the one who waits for it is gone.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Workers {
    pub(super) fn new(
        limits: &Limits,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ThreadPoolBuildError> {
        let pool = |what: &'static str| {
            let pool = ThreadPoolBuilder::new().num_threads(limits.threads.get());
            pool.thread_name(move |number| format!("{what}-{number}")).build().map(Arc::new)
        };
        let spare = (0..limits.searches.max(1)).map(|_| pool("search"));
        Ok(Self {
            pool: pool("compute")?,
            spare: Arc::new(Mutex::new(spare.collect::<Result<_, _>>()?)),
            searches: Lane::new(limits.searches, limits.searches_waiting),
            jobs: Lane::new(limits.jobs, limits.jobs_waiting),
            reads: Lane::new(limits.jobs, limits.jobs_waiting),
            metrics,
            retry_after: limits.retry_after,
        })
    }

    /// Searches when the turn of the laboratory has come, and then that of all. As [`Self::run`].
    pub(super) async fn search<T: Send + 'static>(
        &self,
        share: &Share,
        work: impl FnOnce(&Bench) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let place = self.place(Queue::Searches)?;
        let _turn = share.turn().await;
        self.run_in(place, Queue::Searches, work).await
    }

    /// A place in a queue, if there is one.
    fn place(&self, queue: Queue) -> Result<OwnedSemaphorePermit, Fault> {
        let (lane, what) = self.lane(queue);
        Arc::clone(&lane.places).try_acquire_owned().map_err(|_| {
            self.metrics.refuse(what);
            Fault::Room { what, retry_after: self.retry_after }
        })
    }

    /// Does a piece of work when its turn comes. Dropping the future takes it out of the queue, or tells it to stop.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        queue: Queue,
        work: impl FnOnce(&Bench) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.run_in(self.place(queue)?, queue, work).await
    }

    /// The same, waiting for a place too: for streams that are read no faster than their work is done.
    pub(super) async fn run_patiently<T: Send + 'static>(
        &self,
        queue: Queue,
        work: impl FnOnce(&Bench) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (lane, _) = self.lane(queue);
        let place = Arc::clone(&lane.places).acquire_owned().await.map_err(|_| Fault::Cancelled)?;
        self.run_in(place, queue, work).await
    }

    fn lane(&self, queue: Queue) -> (&Lane, Room) {
        match queue {
            Queue::Searches => (&self.searches, Room::Searches),
            Queue::Jobs => (&self.jobs, Room::Jobs),
            Queue::Reads => (&self.reads, Room::Jobs),
        }
    }

    fn bench(&self, queue: Queue, gone: Arc<AtomicBool>) -> Bench {
        if queue == Queue::Searches {
            let pool = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
            if let Some(pool) = pool {
                return Bench { pool, gone, spare: Some(Arc::clone(&self.spare)) };
            }
        }
        Bench { pool: Arc::clone(&self.pool), gone, spare: None }
    }

    async fn run_in<T: Send + 'static>(
        &self,
        place: OwnedSemaphorePermit,
        queue: Queue,
        work: impl FnOnce(&Bench) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (lane, _) = self.lane(queue);
        let waiting = match queue {
            Queue::Searches => Counted::begin(&self.metrics, |metrics| &metrics.searches_waiting),
            Queue::Jobs | Queue::Reads => Counted::begin(&self.metrics, |metrics| &metrics.waiting),
        };
        // The semaphores are never closed.
        let turn = Arc::clone(&lane.turns).acquire_owned().await.map_err(|_| Fault::Cancelled)?;
        drop(waiting);
        let gone = Arc::new(AtomicBool::new(false));
        let _waiting = Waiting(Arc::clone(&gone));
        let bench = self.bench(queue, gone);
        let metrics = Arc::clone(&self.metrics);
        let span = tracing::Span::current();
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            // The pool is back before the next one has its turn.
            let bench = bench;
            let _running = Counted::begin(&metrics, |metrics| &metrics.running);
            let _search = (queue == Queue::Searches)
                .then(|| Counted::begin(&metrics, |metrics| &metrics.searches));
            span.in_scope(|| work(&bench))
        });
        done.await.map_err(|_| Fault::Panicked)?
    }
}

#[cfg(test)]
mod tests {
    use super::super::quota::Quota;
    use super::*;
    use std::num::NonZeroUsize;
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_search_that_has_all_its_threads_keeps_nothing_else_from_computing() {
        let limits = Limits { threads: NonZeroUsize::MIN, searches: 2, ..Limits::default() };
        let workers = Arc::new(Workers::new(&limits, Arc::new(Metrics::new())).unwrap());
        let quota = Arc::new(Quota::new(4));
        let ((begins, begun), (release, released)) = (mpsc::channel(), mpsc::channel::<()>());
        let long = tokio::spawn({
            let (workers, share) = (Arc::clone(&workers), quota.take("one").unwrap());
            let work = move |bench: &Bench| {
                bench.compute(move || {
                    begins.send(()).map_err(|_| Fault::Cancelled)?;
                    released.recv().map_err(|_| Fault::Cancelled)
                })
            };
            async move { workers.search(&share, work).await }
        });
        tokio::task::block_in_place(|| begun.recv()).unwrap();
        let patience = Duration::from_secs(30);
        let other = quota.take("other").unwrap();
        for _ in 0..3 {
            let search = workers.search(&other, |bench| bench.compute(|| Ok(())));
            assert!(matches!(tokio::time::timeout(patience, search).await, Ok(Ok(()))));
            let job = workers.run(Queue::Jobs, |bench| bench.compute(|| Ok(())));
            assert!(matches!(tokio::time::timeout(patience, job).await, Ok(Ok(()))));
        }
        release.send(()).unwrap();
        assert!(matches!(long.await, Ok(Ok(()))));
        assert_eq!(workers.spare.lock().unwrap().len(), 2, "a pool did not come back");
    }
}
