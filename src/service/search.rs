//! `SearchService`: which references look most like a questioned scan?
//!
//! A search has a place in a queue of its own. Its client hears of every block while it can keep up; what is final comes
//! after the last block. A client that goes away stops the search before the next comparison.

use super::answers::{Answers, Outbound, Unopened};
use super::call::{Scope, Shared};
use super::convert::Cells;
use super::gate::{Access, Rpc};
use super::pb::search_request::Content;
use super::pb::search_response::Event;
use super::pb::search_service_server::SearchService;
use super::quota::Share;
use super::scans::{Fields, Source, file_subject, prepare, receive};
use super::status::{Fault, Room};
use super::trail::Transcript;
use super::upload::Inbound;
use super::work::Bench;
use super::{convert, pb};
use crate::matcher::Matcher;
use crate::report::Figures;
use crate::search::{Candidate, Failure, Observer, Query, SearchResult, search};
use crate::store::{Filter, ScanId, ScanView, StoreError};
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
const FAILURES: usize = 100;

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
}

/// What was found.
struct Found {
    result: SearchResult,
    /// The records of the candidates, and how the caller may use them.
    records: Vec<(ScanView, Access)>,
    /// The first that could not be compared and that the caller may see.
    failures: Vec<pb::SearchFailure>,
    skipped: Option<pb::SearchSkipped>,
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
    scope.trail.remark(convert::describe(&filter));
    let (questioned, next) = receive(&scope, &mut inbound, FIELDS, query.questioned).await?;
    if next.is_some() {
        return Err(Fault::Order { found: "a second query", wanted });
    }
    scope.trail.about(questioned.subject());
    // 2.
    let outbound = unopened.open().await?;
    let (shared, trail) = (Arc::clone(&scope.shared), Arc::clone(&scope.trail));
    let wanted = Wanted { questioned, filter, top };
    let news = outbound.clone();
    let work = move |bench: &Bench| find(&scope, bench, wanted, news);
    let found = shared.workers.search(share, work).await?;
    // 3.
    let Found { result, records, failures, skipped, elapsed } = found;
    let (mut transcript, mut restricted, mut rank) = (Transcript::default(), Vec::new(), 0);
    for (candidate, (view, access)) in result.candidates.iter().zip(records) {
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
    let mut summary = summary(&result, failures, skipped);
    transcript.add(&event(Event::Summary(summary.clone())));
    summary.elapsed = prost_types::Duration::try_from(elapsed).ok();
    shared.metrics.searched(summary.records_searched, elapsed);
    trail.gave(transcript.digest());
    outbound.send(event(Event::Summary(summary))).await
}

/// 1. makes the questioned scan ready, 2. searches, 3. reads the records of the candidates.
fn find(
    scope: &Scope,
    bench: &Bench,
    wanted: Wanted,
    outbound: Outbound<pb::SearchResponse>,
) -> Result<Found, Fault> {
    let Wanted { questioned, filter, top } = wanted;
    let shared = &scope.shared;
    // 1.
    let questioned = bench.compute(|| prepare(scope, questioned))?;
    scope.trail.about(file_subject(questioned.source()));
    let matcher = Matcher::new(&shared.engine, questioned);
    let chosen = chosen(scope, bench, &filter)?;
    let mut follower = Follower { scope, bench, outbound, chosen, told: Vec::new() };
    // 2.
    let started = Instant::now();
    let query = Query { matcher: &matcher, filter: &filter, top, pool: Some(bench.pool()) };
    let result = search(&shared.engine, &*shared.store, &query, &mut follower)?;
    let elapsed = started.elapsed();
    // 3.
    let looked_at = |scan: ScanId| {
        let view = shared.store.view(scan)?;
        let access = scope.access(&view)?;
        Ok::<_, StoreError>((view, access))
    };
    let records = result.candidates.iter().map(|candidate| looked_at(candidate.scan));
    let records = records.collect::<Result<_, _>>()?;
    let mut failures = Vec::new();
    for (scan, failure) in &result.failures {
        if failures.len() < FAILURES && looked_at(*scan)?.1 == Access::Allowed {
            failures.push(failed(*scan, failure));
        }
    }
    let skipped = skipped(scope, &filter)?;
    Ok(Found { result, records, failures, skipped, elapsed })
}

fn failed(scan: ScanId, failure: &Failure) -> pb::SearchFailure {
    let source = failure.source().map_or_else(String::new, |source| format!(": {source}"));
    pb::SearchFailure { scan_id: scan.to_string(), reason: format!("{failure}{source}") }
}

/// How many records the filter left out; for those only who may see every record, since it counts the others too.
fn skipped(scope: &Scope, filter: &Filter) -> Result<Option<pb::SearchSkipped>, Fault> {
    if !scope.caller.unrestricted {
        return Ok(None);
    }
    let skipped = scope.shared.store.skipped(filter)?;
    Ok(Some(pb::SearchSkipped {
        mark: skipped.mark,
        calibre: skipped.calibre,
        country: skipped.country,
        laboratory: skipped.laboratory,
        case_number: skipped.case_number,
        entered_time: skipped.entered,
    }))
}

/// How many records will be looked at. In a large store that takes a while, which nobody may wait for any more.
fn chosen(scope: &Scope, bench: &Bench, filter: &Filter) -> Result<u64, Fault> {
    let mut chosen = 0;
    for scan in scope.shared.store.scans(filter) {
        if bench.stopped() {
            return Err(Fault::Cancelled);
        }
        chosen += u64::from(admits(scope, scan?)?);
    }
    Ok(chosen)
}

/// Whether a record takes part: one that the caller may see, or at least know of.
fn admits(scope: &Scope, scan: ScanId) -> Result<bool, StoreError> {
    if scope.caller.unrestricted {
        return Ok(true);
    }
    match scope.access(&scope.shared.store.view(scan)?)? {
        Access::Allowed | Access::Restricted => Ok(true),
        Access::Hidden | Access::NotOwner => Ok(false),
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
struct Follower<'a> {
    scope: &'a Scope,
    bench: &'a Bench,
    outbound: Outbound<pb::SearchResponse>,
    chosen: u64,
    /// The leaders that the client knows.
    told: Vec<ScanId>,
}

impl Observer for Follower<'_> {
    fn admits(&self, scan: ScanId) -> Result<bool, StoreError> {
        admits(self.scope, scan)
    }

    fn next(&self) -> ControlFlow<()> {
        if self.bench.stopped() {
            return ControlFlow::Break(());
        }
        self.scope.shared.metrics.comparisons.inc();
        ControlFlow::Continue(())
    }

    fn progress(&mut self, done: u64, best: &[Candidate]) {
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
        let records_chosen = self.chosen.max(done);
        let progress = pb::SearchProgress { records_done: done, records_chosen, leaders };
        if self.outbound.offer(event(Event::Progress(progress))) {
            self.told = scans;
        }
    }
}

fn event(event: Event) -> pb::SearchResponse {
    pb::SearchResponse { event: Some(event) }
}

/// All but the time it took, which is another at every search.
fn summary(
    result: &SearchResult,
    failures: Vec<pb::SearchFailure>,
    skipped: Option<pb::SearchSkipped>,
) -> pb::SearchSummary {
    let summary = &result.summary;
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
    }
}
