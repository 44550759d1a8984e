//! `SearchService`: which references look most like a questioned scan?
//!
//! A search has a place in a queue of its own. Its client hears of every block while it can keep up; what is final comes
//! after the last block. A client that goes away stops the search before the next comparison, or the next thousand
//! references of the index.

use super::answers::{Answers, Outbound, Unopened};
use super::call::{Scope, Shared};
use super::convert::Cells;
use super::evidence::weigh;
use super::gate::{Access, Rpc};
use super::pb::search_request::Content;
use super::pb::search_response::Event;
use super::pb::search_service_server::SearchService;
use super::quota::Share;
use super::room::Room;
use super::scans::{Fields, Source, file_subject, receive, signature};
use super::status::Fault;
use super::trail::Transcript;
use super::upload::Inbound;
use super::work::Bench;
use super::{convert, exhibits, pb};
use crate::calibration::{Traits, WeightReport};
use crate::gallery::Class;
use crate::parameters::Cascade;
use crate::report::Figures;
use crate::search::{
    Advance, Candidate, Depth, Failure, Observer, Query, Questioned, Search, SearchError,
    SearchResult, Stage, Stored, Summary,
};
use crate::store::{Filter, ScanId, ScanView, Skipped, StoreError};
use std::error::Error as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::{Request, Response, Status, Streaming};

const FIELDS: Fields = Fields {
    source: "query.questioned",
    scan_id: "query.questioned.scan_id",
    upload: "query.questioned.upload",
};
/// Candidates where the client does not say how many.
const TOP: usize = 20;
/// Leaders told of while a search runs.
const LEADERS: usize = 10;
/// Failures that a summary names.
pub(super) const FAILURES: usize = 100;

#[derive(Debug)]
pub(super) struct Searches(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl SearchService for Searches {
    type SearchStream = Answers<pb::SearchResponse>;

    async fn search(
        &self,
        request: Request<Streaming<pb::SearchRequest>>,
    ) -> Result<Response<Self::SearchStream>, Status> {
        let call = self.0.begin(Rpc::Search, &request).admitted().await?;
        let (scope, inbound) = (call.scope(), call.inbound(request.into_inner()));
        let share = self.0.searches.take(call.caller.account());
        call.stream(|unopened| async move {
            let Some(share) = share else { return Err(too_many(&scope).await) };
            answer(scope, &share, inbound, unopened).await
        })
    }
}

async fn too_many(scope: &Scope) -> Fault {
    let what = Room::LaboratorySearches;
    scope.shared.metrics.refuse(what);
    scope.shared.wait(&scope.caller, Instant::now()).over().await;
    Fault::Room { what, retry_after: scope.shared.limits.retry_after }
}

/// What is to be found.
struct Wanted {
    questioned: Source,
    filter: Filter,
    top: usize,
    depth: Depth,
    cascade: Cascade,
}

/// What was found.
struct Found {
    result: SearchResult,
    /// The records of the candidates, and how the caller may use them.
    records: Vec<(ScanView, Access)>,
    /// What they weigh.
    weights: Vec<WeightReport>,
    /// The first that could not be compared and that the caller may see.
    failures: Vec<pb::SearchFailure>,
    elapsed: Duration,
}

/// 1. receives what is to be found, 2. searches, 3. tells what is final.
async fn answer(
    scope: Scope,
    share: &Share,
    mut inbound: Inbound<pb::SearchRequest>,
    unopened: Unopened<pb::SearchResponse>,
) -> Result<(), Fault> {
    // 1.
    let wanted = "query, then chunks";
    let Some(Content::Query(query)) = inbound.head(wanted).await? else {
        return Err(Fault::Order { found: "the end", wanted });
    };
    let cells = Cells::omitted(query.omit_cells);
    let filter = convert::filter(query.filter)?;
    let top = convert::count("query.top", query.top, TOP, scope.shared.limits.candidates)?;
    let depth = if query.exhaustive { Depth::Exhaustive } else { Depth::Cascade };
    let cascade = convert::cascade("query.recall", query.recall)?;
    let marks = exhibits::marks(&query.marks, &filter)?;
    scope.trail.remark(convert::describe(&filter));
    let (questioned, next) = receive(&scope, &mut inbound, FIELDS, query.questioned).await?;
    if next.is_some() {
        return Err(Fault::Order { found: "a second query", wanted });
    }
    scope.trail.about(questioned.subject());
    // 2.
    let outbound = unopened.open().await?;
    if !marks.is_empty() {
        let wanted = exhibits::Wanted { marks, filter, top, depth, cascade, cells };
        return exhibits::answer(scope, share, questioned, wanted, outbound).await;
    }
    let (shared, trail) = (Arc::clone(&scope.shared), Arc::clone(&scope.trail));
    let wanted = Wanted { questioned, filter, top, depth, cascade };
    let unrestricted = scope.caller.unrestricted;
    let news = outbound.clone();
    let work = move |bench: &Bench| find(&scope, bench, wanted, news);
    let found = shared.workers.search(share, work).await?;
    // 3.
    let Found { result, records, weights, failures, elapsed } = found;
    // For those only who may see every record, since it counts the others too.
    let skipped = unrestricted.then(|| skipped(result.skipped));
    let (mut transcript, mut restricted, mut rank) = (Transcript::default(), Vec::new(), 0);
    let found = result.candidates.iter().zip(records).zip(weights);
    for ((candidate, (view, access)), weight) in found {
        match access {
            Access::Allowed => {}
            Access::Restricted => {
                restricted.push(view.exhibit.laboratory);
                continue;
            }
            // Its laboratory chose so while the search ran.
            Access::Hidden | Access::NotOwner => continue,
        }
        rank += 1;
        let candidate = event(Event::Candidate(pb::SearchCandidate {
            rank,
            record: Some(convert::record(view)),
            comparison: Some(convert::comparison(&candidate.comparison, cells)),
            weight: Some(convert::weight(weight)),
        }));
        transcript.add(&candidate);
        outbound.send(candidate).await?;
    }
    // In an order that tells nothing of their ranks.
    restricted.sort();
    for laboratory in restricted {
        let restricted = event(Event::Restricted(pb::RestrictedCandidate { laboratory }));
        transcript.add(&restricted);
        outbound.send(restricted).await?;
    }
    let mut summary = summary(&result.summary, failures, skipped);
    transcript.add(&event(Event::Summary(summary.clone())));
    summary.elapsed = prost_types::Duration::try_from(elapsed).ok();
    shared.metrics.searched(summary.records_searched, elapsed);
    trail.gave(transcript.digest());
    outbound.send(event(Event::Summary(summary))).await
}

/// 1. makes the questioned scan ready, 2. searches, 3. reads the records of the candidates and weighs them.
fn find(
    scope: &Scope,
    bench: &Bench,
    wanted: Wanted,
    outbound: Outbound<pb::SearchResponse>,
) -> Result<Found, Fault> {
    let Wanted { questioned, mut filter, top, depth, cascade } = wanted;
    let shared = &scope.shared;
    // 1.
    let stated = filter.mark;
    let (signature, traits, mark) = bench.compute(|| signature(scope, questioned, stated))?;
    filter.mark = Some(filter.mark.unwrap_or(mark));
    let (engine, gallery) = (&shared.engine.of_mark(mark), shared.galleries.of_mark(mark));
    let indexer = gallery.indexer();
    scope.trail.about(file_subject(signature.source()));
    let questioned = bench.compute(|| Ok(Questioned::new(engine, indexer, &signature)?))?;
    // 2.
    let store = &*shared.store;
    let references = gallery.snapshot(store).map_err(SearchError::from)?;
    let mut follower = Follower::new(scope, bench, outbound);
    let started = Instant::now();
    let search = Search {
        engine,
        indexer,
        cascade: &cascade,
        references: &references,
        signatures: &Stored { store, extraction: signature.extraction_digest() },
        pool: Some(bench.pool()),
    };
    let query = Query { filter: &filter, top, depth };
    let result = search.run(&query, &questioned, &mut follower)?;
    let elapsed = started.elapsed();
    // 3.
    let looked_at = |scan: ScanId| {
        let view = shared.store.view(scan)?;
        let access = scope.access(&view)?;
        Ok::<_, StoreError>((view, access))
    };
    let records = result.candidates.iter().map(|candidate| looked_at(candidate.scan));
    let records: Vec<(ScanView, Access)> = records.collect::<Result<_, _>>()?;
    let searched = Some(result.summary.records_searched);
    let weights = bench.compute(|| {
        let found = result.candidates.iter().zip(&records);
        let weights = found.map(|(candidate, (view, _))| {
            let mark = Some(view.mark.kind.to_string());
            let calibre = view.exhibit.calibre.clone();
            let reference = Traits { mark, calibre, ..Traits::default() };
            weigh(scope, view.mark.kind, &candidate.comparison, [&traits, &reference], searched)
        });
        weights.collect::<Result<_, Fault>>()
    })?;
    let mut failures = Vec::new();
    for (scan, failure) in &result.failures {
        if failures.len() < FAILURES && looked_at(*scan)?.1 == Access::Allowed {
            failures.push(failed(*scan, failure));
        }
    }
    Ok(Found { result, records, weights, failures, elapsed })
}

pub(super) fn failed(scan: ScanId, failure: &Failure) -> pb::SearchFailure {
    let source = failure.source().map_or_else(String::new, |source| format!(": {source}"));
    pb::SearchFailure { scan_id: scan.to_string(), reason: format!("{failure}{source}") }
}

/// How many records the filter left out.
pub(super) const fn skipped(skipped: Skipped) -> pb::SearchSkipped {
    pb::SearchSkipped {
        mark: skipped.mark,
        calibre: skipped.calibre,
        country: skipped.country,
        laboratory: skipped.laboratory,
        case_number: skipped.case_number,
        entered_time: skipped.entered,
    }
}

/// Whether a record may be told of by name and score. Where that cannot be read, it may not.
fn may_be_told(scope: &Scope, scan: ScanId) -> bool {
    scope.caller.unrestricted
        || scope
            .shared
            .store
            .view(scan)
            .and_then(|view| scope.access(&view))
            .is_ok_and(|access| access == Access::Allowed)
}

/// Tells the client how far the search is, and the search when the client is gone.
pub(super) struct Follower<'a> {
    scope: &'a Scope,
    bench: &'a Bench,
    outbound: Outbound<pb::SearchResponse>,
    /// Comparisons that the metrics know of.
    compared: u64,
    /// The leaders that the client knows.
    told: Vec<ScanId>,
}

impl<'a> Follower<'a> {
    pub(super) const fn new(
        scope: &'a Scope,
        bench: &'a Bench,
        outbound: Outbound<pb::SearchResponse>,
    ) -> Self {
        Self { scope, bench, outbound, compared: 0, told: Vec::new() }
    }
}

impl Observer for Follower<'_> {
    fn admits(&self, class: &Class) -> Result<bool, StoreError> {
        Ok(self.scope.admits(class))
    }

    fn next(&self) -> ControlFlow<()> {
        if self.bench.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn progress(&mut self, advance: Advance, best: &[Candidate]) {
        if advance.stage == Stage::Comparison {
            // Of several searches, each begins anew.
            let before = if advance.done < self.compared { 0 } else { self.compared };
            self.scope.shared.metrics.comparisons.inc_by(advance.done - before);
            self.compared = advance.done;
        }
        let told = best.iter().filter(|candidate| may_be_told(self.scope, candidate.scan));
        let best: Vec<&Candidate> = told.take(LEADERS).collect();
        let scans: Vec<ScanId> = best.iter().map(|candidate| candidate.scan).collect();
        let leaders = if scans == self.told {
            Vec::new()
        } else {
            let leader = |candidate: &Candidate| pb::SearchLeader {
                scan_id: candidate.scan.to_string(),
                figures: Some(convert::figures(&Figures::from(&candidate.comparison))),
            };
            best.into_iter().map(leader).collect()
        };
        let progress = pb::SearchProgress {
            records_done: advance.done,
            records_chosen: advance.total,
            leaders,
            stage: convert::search_stage(advance.stage).into(),
        };
        if self.outbound.offer(event(Event::Progress(progress))) {
            self.told = scans;
        }
    }
}

pub(super) fn event(event: Event) -> pb::SearchResponse {
    pb::SearchResponse { event: Some(event) }
}

/// All but the time it took, which is another at every search.
pub(super) fn summary(
    summary: &Summary,
    failures: Vec<pb::SearchFailure>,
    skipped: Option<pb::SearchSkipped>,
) -> pb::SearchSummary {
    pb::SearchSummary {
        records_searched: summary.records_searched,
        records_failed: summary.records_failed,
        complete: summary.complete,
        skipped,
        failures,
        elapsed: None,
        engine_version: summary.engine_version.clone(),
        parameters_digest: summary.parameters_digest.to_string(),
        questioned_sha256: summary.questioned_sha256.to_string(),
        records_registered: summary.records_registered,
        records_compared: summary.records_compared,
        exhaustive: summary.exhaustive,
        target_recall: summary.target_recall,
        cascade_digest: summary.cascade_digest.to_string(),
    }
}
