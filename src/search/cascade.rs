//! The stages, one after the other.

use super::sizes::sizes;
use super::{
    Advance, Candidate, Depth, Failure, Observer, Query, Questioned, Search, SearchError,
    SearchResult, Stage, Summary,
};
use crate::gallery::{Alike, Choice, Sifted};
use crate::index::{Indexer, Question};
use crate::matcher::{CompareError, Prepared, Workspace};
use crate::signature::Signature;
use crate::store::{ScanId, StoreError};
use rayon::ThreadPool;
use rayon::prelude::*;

/// References that are registered or compared together, for each thread: enough to keep all of them busy, and few enough
/// that who waits for these threads waits a fraction of a second.
const TOGETHER: usize = 8;

/// What came of a reference: `None` where it has left the store since.
type Outcome<T> = Option<Result<T, (ScanId, Failure)>>;

/// Searches for all questioned signatures together.
///
/// 1. chooses the references;
/// 2. scores them all by the index, unless all are to be compared anyway;
/// 3. registers the most alike of each questioned signature near the index's pose;
/// 4. compares those in full that correlate best there.
pub(super) fn run(
    search: &Search<'_>,
    query: &Query<'_>,
    questioned: &[&Questioned],
    observer: &mut dyn Observer,
) -> Result<Vec<SearchResult>, SearchError> {
    // 1.
    let choice = search.references.choose(query.filter, &|class| observer.admits(class))?;
    let records = choice.records() as usize;
    let sizes = sizes(records, query.top, search.cascade);
    let questions: Option<Vec<&Question>> = questioned.iter().map(|one| one.question()).collect();
    let all_in_full = query.depth == Depth::Exhaustive || sizes.registered >= records;
    let index = search.indexer.zip(questions).filter(|_| !all_in_full);
    let exhaustive = index.is_none();
    // 2.
    let (alike, all) = match index {
        None => (vec![Vec::new(); questioned.len()], search.references.scans(&choice)),
        Some((indexer, questions)) => {
            let asked = Asked { search, indexer, questions: &questions };
            (most_alike(&asked, &choice, sizes.registered, observer)?, Vec::new())
        }
    };
    // Those without an entry are compared, if that can be, whatever the index would say.
    let always = all.len() + choice.unindexed().len();
    let compared = |alike: &Vec<Alike>| (alike.len().min(sizes.compared) + always) as u64;
    let mut registering = Tally { done: 0, total: alike.iter().map(|a| a.len() as u64).sum() };
    let mut comparing = Tally { done: 0, total: alike.iter().map(compared).sum() };
    let mut results = Vec::new();
    for (questioned, alike) in questioned.iter().zip(&alike) {
        let mut run = Run { search, questioned, failures: Vec::new() };
        // 3.
        let mut scans = run.register(alike, &mut registering, observer)?;
        scans.truncate(sizes.compared);
        scans.extend_from_slice(&all);
        scans.extend_from_slice(choice.unindexed());
        // 4.
        let before = run.failures.len();
        let candidates = run.compare(&scans, query.top, &mut comparing, observer)?;
        let compared = (scans.len() + before - run.failures.len()) as u64;
        let mut failures = run.failures;
        if let Some(question) = questioned.question().filter(|_| !exhaustive) {
            let other = search.references.of_other_kind(&choice, question.kind());
            let refused = |scan| (scan, Failure::Compare(CompareError::Kind));
            failures.extend(other.into_iter().map(refused));
        }
        failures.sort_unstable_by_key(|(scan, _)| *scan);
        let records_failed = failures.len() as u64;
        let summary = Summary {
            records_searched: choice.records() - records_failed,
            records_registered: if exhaustive { compared } else { alike.len() as u64 },
            records_compared: compared,
            records_failed,
            complete: records_failed == 0,
            exhaustive,
            target_recall: if exhaustive { 1.0 } else { search.cascade.target_recall },
            engine_version: crate::VERSION.to_owned(),
            parameters_digest: search.engine.digest(),
            cascade_digest: search.cascade.digest(search.indexer.map(Indexer::parameters)),
            questioned_sha256: questioned.matcher.questioned().source(),
        };
        let skipped = choice.skipped();
        results.push(SearchResult { candidates, summary, failures, skipped });
    }
    Ok(results)
}

/// What the index is asked.
struct Asked<'a> {
    search: &'a Search<'a>,
    indexer: &'a Indexer,
    questions: &'a [&'a Question],
}

/// The references that the index finds most alike, for each questioned signature: 1. a coarse pass over all, 2. the full
/// score of what that leaves.
fn most_alike(
    asked: &Asked<'_>,
    choice: &Choice,
    count: usize,
    observer: &mut dyn Observer,
) -> Result<Vec<Vec<Alike>>, SearchError> {
    let Asked { search, indexer, questions } = *asked;
    let references = search.references;
    let total = references.pieces();
    let advance = |pieces: usize| {
        // In references, as far as they are known by pieces.
        let done = choice.records() * pieces as u64 / (total as u64).max(1);
        Advance { stage: Stage::Index, done, total: choice.records() }
    };
    let stopped = || SearchError::Stopped { done: 0 };
    // 1.
    let kept = indexer.kept(choice.records() as usize).max(count);
    let mut sifted: Vec<Vec<Sifted>> = vec![Vec::new(); questions.len()];
    observer.progress(advance(0), &[]);
    for start in (0..total).step_by(search.together()) {
        let pieces = start..(start + search.together()).min(total);
        let end = pieces.end;
        let next = || observer.next();
        let sift = || references.sift(indexer, questions, choice, pieces, kept, &next);
        let found = search.compute(sift)?.ok_or_else(stopped)?;
        for (sifted, found) in sifted.iter_mut().zip(found) {
            sifted.extend(found);
            Sifted::keep(sifted, kept);
        }
        observer.progress(advance(end), &[]);
    }
    // 2.
    let mut chosen = Vec::new();
    for (question, sifted) in questions.iter().copied().zip(&sifted) {
        let next = || observer.next();
        let score = || references.score(indexer, question, sifted, count, &next);
        chosen.push(search.compute(score)?.ok_or_else(stopped)?);
    }
    Ok(chosen)
}

/// References done in a stage, of all questioned signatures together.
struct Tally {
    done: u64,
    total: u64,
}

impl Tally {
    fn add(&mut self, done: usize, stage: Stage, best: &[Candidate], observer: &mut dyn Observer) {
        self.done += done as u64;
        observer.progress(Advance { stage, done: self.done, total: self.total }, best);
    }
}

/// The search for one questioned signature.
struct Run<'a> {
    search: &'a Search<'a>,
    questioned: &'a Questioned,
    failures: Vec<(ScanId, Failure)>,
}

impl Run<'_> {
    /// Registers near the index's poses; by correlation, best first.
    fn register(
        &mut self,
        alike: &[Alike],
        tally: &mut Tally,
        observer: &mut dyn Observer,
    ) -> Result<Vec<ScanId>, SearchError> {
        let questioned = self.questioned;
        let register = |alike: &Alike, reference: &Prepared, _: &mut Workspace| {
            let score = match alike.likeness {
                Some(likeness) => questioned.matcher.correlation_near(reference, likeness.pose)?,
                None => None,
            };
            Ok((score.unwrap_or(f32::NEG_INFINITY), alike.scan))
        };
        let mut registered = Vec::new();
        for together in alike.chunks(4 * self.search.together()) {
            registered.extend(self.each(
                together,
                |alike| alike.scan,
                register,
                tally,
                observer,
            )?);
            tally.add(together.len(), Stage::Registration, &[], observer);
        }
        registered.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        Ok(registered.into_iter().map(|(_, scan)| scan).collect())
    }

    /// Compares in full; the best, best first.
    fn compare(
        &mut self,
        scans: &[ScanId],
        top: usize,
        tally: &mut Tally,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Candidate>, SearchError> {
        let questioned = self.questioned;
        let compare = |scan: &ScanId, reference: &Prepared, workspace: &mut Workspace| {
            let comparison = questioned.matcher.compare(reference, workspace)?;
            Ok(Candidate { scan: *scan, comparison })
        };
        let mut best = Vec::new();
        for together in scans.chunks(self.search.together()) {
            best.extend(self.each(together, |scan| *scan, compare, tally, observer)?);
            best.sort_by(Candidate::rank);
            best.truncate(top);
            tally.add(together.len(), Stage::Comparison, &best, observer);
        }
        Ok(best)
    }

    /// Reads the signatures of references and works on each; failures are kept aside.
    fn each<T: Sync, R: Send>(
        &mut self,
        references: &[T],
        scan: impl Fn(&T) -> ScanId + Sync,
        work: impl Fn(&T, &Prepared, &mut Workspace) -> Result<R, CompareError> + Sync,
        tally: &Tally,
        observer: &dyn Observer,
    ) -> Result<Vec<R>, SearchError> {
        let (search, done) = (self.search, tally.done);
        let one = |workspace: &mut Workspace, reference: &T| -> Result<Outcome<R>, SearchError> {
            if observer.next().is_break() {
                return Err(SearchError::Stopped { done });
            }
            let scan = scan(reference);
            let Some(prepared) = prepare(search, scan)? else { return Ok(None) };
            let result = prepared.and_then(|prepared| {
                work(reference, &prepared, workspace).map_err(Failure::Compare)
            });
            Ok(Some(result.map_err(|failure| (scan, failure))))
        };
        let outcomes: Vec<Outcome<R>> = search.compute(|| {
            let each = references.par_iter().map_init(|| search.engine.workspace(), one);
            each.collect::<Result<_, SearchError>>()
        })?;
        let mut results = Vec::new();
        for outcome in outcomes.into_iter().flatten() {
            match outcome {
                Ok(result) => results.push(result),
                Err(failure) => self.failures.push(failure),
            }
        }
        Ok(results)
    }
}

/// A reference made ready; `None` where it has left.
fn prepare(
    search: &Search<'_>,
    scan: ScanId,
) -> Result<Option<Result<Prepared, Failure>>, StoreError> {
    let Some(stored) = search.signatures.signature(scan)? else { return Ok(None) };
    let signature = stored.bytes.ok_or(Failure::NoSignature);
    let signature =
        signature.and_then(|bytes| Signature::from_bytes(&bytes).map_err(Failure::Signature));
    let prepared =
        signature.and_then(|signature| search.engine.prepare(&signature).map_err(Failure::Compare));
    Ok(Some(prepared))
}

impl Search<'_> {
    /// Pieces of work that are done together.
    fn together(&self) -> usize {
        let threads =
            self.pool.map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads);
        (TOGETHER * threads).max(16)
    }

    fn compute<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}
