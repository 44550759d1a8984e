//! A search by several marks of one head, or of one exhibit of the store: to which exhibits do they lead together?

use super::answers::Outbound;
use super::call::Scope;
use super::convert::Cells;
use super::gate::Access;
use super::pb::search_response::Event;
use super::quota::Share;
use super::scans::{Source, marks_of_exhibit, marks_of_head};
use super::search::{FAILURES, Follower, event, failed, skipped, summary};
use super::status::{Fault, Problem};
use super::trail::Transcript;
use super::work::Bench;
use super::{convert, pb};
use crate::calibration::Traits;
use crate::exhibits::{self, Asked, Compared, Lead, Leads, Searched};
use crate::gallery::Snapshot;
use crate::matcher::Engine;
use crate::parameters::Cascade;
use crate::search::{Depth, Query, Questioned, Search, SearchError, Stored};
use crate::store::{Filter, StoreError};
use crate::surface::MarkKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is to be found by several marks.
pub(super) struct Wanted {
    pub(super) marks: Vec<MarkKind>,
    pub(super) filter: Filter,
    pub(super) top: usize,
    pub(super) depth: Depth,
    pub(super) cascade: Cascade,
    pub(super) cells: Cells,
}

/// What was found.
struct Found {
    leads: Leads,
    /// How the caller may use the exhibits.
    access: Vec<Access>,
    /// Marks that the head does not show, or the exhibit does not have.
    not_shown: Vec<MarkKind>,
    /// The first that could not be compared and that the caller may see.
    failures: Vec<pb::SearchFailure>,
    elapsed: Duration,
}

/// The marks to search by, in the order of kinds; none where the search is for one mark.
pub(super) fn marks(stated: &[i32], filter: &Filter) -> Result<Vec<MarkKind>, Fault> {
    const FIELD: &str = "query.marks";
    let mut marks = Vec::new();
    for value in stated {
        let mark = convert::mark(FIELD, *value)?;
        if marks.contains(&mark) {
            return Err(Fault::field(FIELD, Problem::Repeated));
        }
        marks.push(mark);
    }
    marks.sort();
    if !marks.is_empty() && filter.mark.is_some() {
        return Err(Fault::field("query.filter.mark", Problem::BesideMarks));
    }
    Ok(marks)
}

/// 1. searches, 2. tells what is final.
pub(super) async fn answer(
    scope: Scope,
    share: &Share,
    questioned: Source,
    wanted: Wanted,
    outbound: Outbound<pb::SearchResponse>,
) -> Result<(), Fault> {
    let (shared, trail) = (Arc::clone(&scope.shared), Arc::clone(&scope.trail));
    let (unrestricted, cells) = (scope.caller.unrestricted, wanted.cells);
    // 1.
    let news = outbound.clone();
    let work = move |bench: &Bench| find(&scope, bench, questioned, &wanted, news);
    let Found { leads, access, not_shown, failures, elapsed } =
        shared.workers.search(share, work).await?;
    // 2.
    let Leads { leads, searches, failures: failed } = leads;
    let (mut transcript, mut restricted, mut rank) = (Transcript::default(), Vec::new(), 0);
    for (lead, access) in leads.into_iter().zip(access) {
        match access {
            Access::Allowed => {}
            Access::Restricted => {
                restricted.extend(laboratory(&lead));
                continue;
            }
            // Its laboratory chose so while the search ran.
            Access::Hidden | Access::NotOwner => continue,
        }
        rank += 1;
        let exhibit = event(Event::Exhibit(exhibit(rank, lead, cells)));
        transcript.add(&exhibit);
        outbound.send(exhibit).await?;
    }
    // In an order that tells nothing of their ranks.
    restricted.sort();
    for laboratory in restricted {
        let restricted = event(Event::Restricted(pb::RestrictedCandidate { laboratory }));
        transcript.add(&restricted);
        outbound.send(restricted).await?;
    }
    let complete = failed.is_empty() && searches.iter().all(|one| one.summary.complete);
    let searched: u64 = searches.iter().map(|one| one.summary.records_searched).sum();
    let mut failures = Some(failures);
    let mut told = pb::SearchMarks {
        // The failures of all stand with the first.
        searches: searches
            .into_iter()
            .map(|Searched { mark, summary: of_mark, skipped: left_out }| {
                let left_out = unrestricted.then(|| skipped(left_out));
                let failures = failures.take().unwrap_or_default();
                pb::MarkSearched {
                    mark: convert::words::mark(mark).into(),
                    summary: Some(summary(&of_mark, failures, left_out)),
                }
            })
            .collect(),
        marks_not_shown: not_shown
            .into_iter()
            .map(|mark| convert::words::mark(mark).into())
            .collect(),
        complete,
    };
    transcript.add(&event(Event::Marks(told.clone())));
    // All but the time that it took, which is another at every search.
    if let Some(pb::MarkSearched { summary: Some(summary), .. }) = told.searches.first_mut() {
        summary.elapsed = prost_types::Duration::try_from(elapsed).ok();
    }
    shared.metrics.searched(searched, elapsed);
    trail.gave(transcript.digest());
    outbound.send(event(Event::Marks(told))).await
}

/// A mark of the questioned head or exhibit, and where it is searched for.
struct Ready {
    mark: MarkKind,
    questioned: Questioned,
    traits: Traits,
    engine: Engine,
    references: Snapshot,
}

/// 1. makes every mark that is there ready, 2. searches, 3. looks how the exhibits may be used.
fn find(
    scope: &Scope,
    bench: &Bench,
    questioned: Source,
    wanted: &Wanted,
    outbound: Outbound<pb::SearchResponse>,
) -> Result<Found, Fault> {
    let Wanted { marks, filter, top, depth, cascade, .. } = wanted;
    let shared = &scope.shared;
    let store = &*shared.store;
    // 1.
    let shown = bench.compute(|| match questioned {
        Source::Uploaded(assembly) => marks_of_head(scope, *assembly, marks),
        Source::Stored(id) => marks_of_exhibit(scope, id, marks),
    })?;
    let (mut ready, mut not_shown) = (Vec::new(), Vec::new());
    for (mark, shown) in shown {
        let Some((signature, traits)) = shown else {
            not_shown.push(mark);
            continue;
        };
        let (engine, gallery) = (shared.engine.of_mark(mark), shared.galleries.of_mark(mark));
        let indexer = gallery.indexer();
        let questioned = bench.compute(|| Ok(Questioned::new(&engine, indexer, &signature)?))?;
        let references = gallery.snapshot(store).map_err(SearchError::from)?;
        ready.push(Ready { mark, questioned, traits, engine, references });
    }
    // 2.
    let stored = ready.iter().map(|ready| {
        let extraction = ready.engine.parameters().extraction_digest();
        Stored { store, extraction }
    });
    let stored: Vec<Stored<'_>> = stored.collect();
    let asked: Vec<Asked<'_>> = ready
        .iter()
        .zip(&stored)
        .map(|(ready, signatures)| Asked {
            mark: ready.mark,
            questioned: &ready.questioned,
            traits: &ready.traits,
            search: Search {
                engine: &ready.engine,
                indexer: shared.galleries.of_mark(ready.mark).indexer(),
                cascade,
                references: &ready.references,
                signatures,
                pool: Some(bench.pool()),
            },
            calibration: shared.calibrations.of_mark(ready.mark),
        })
        .collect();
    let started = Instant::now();
    let mut follower = Follower::new(scope, bench, outbound);
    let query = Query { filter, top: *top, depth: *depth };
    let leads = exhibits::search(store, &asked, &query, &mut follower)?;
    let elapsed = started.elapsed();
    // 3.
    let access = leads.leads.iter().map(|lead| match lead.marks.first() {
        // All marks of an exhibit are shared alike.
        Some(compared) => scope.access(&compared.reference),
        None => Ok(Access::Hidden),
    });
    let access = access.collect::<Result<_, StoreError>>()?;
    let mut failures = Vec::new();
    for (scan, failure) in &leads.failures {
        if failures.len() < FAILURES && scope.access(&store.view(*scan)?)? == Access::Allowed {
            failures.push(failed(*scan, failure));
        }
    }
    Ok(Found { leads, access, not_shown, failures, elapsed })
}

/// Whose an exhibit is.
fn laboratory(lead: &Lead) -> Option<String> {
    lead.marks.first().map(|compared| compared.reference.exhibit.laboratory.clone())
}

fn exhibit(rank: u32, lead: Lead, cells: Cells) -> pb::SearchExhibit {
    let Lead { exhibit, weight, together, marks } = lead;
    let kinds = |marks: Vec<MarkKind>| -> Vec<i32> {
        marks.into_iter().map(|mark| convert::words::mark(mark).into()).collect()
    };
    pb::SearchExhibit {
        rank,
        exhibit_id: exhibit.to_string(),
        weight: weight.map(|weight| pb::FusedWeight {
            log10_lr: weight.log10_lr,
            log10_lr_low: weight.log10_lr_low,
            log10_lr_high: weight.log10_lr_high,
            counted: kinds(weight.counted),
            set_aside: kinds(weight.set_aside),
        }),
        together,
        marks: marks
            .into_iter()
            .map(|Compared { reference, comparison, weight, .. }| pb::SearchCandidate {
                rank,
                record: Some(convert::record(reference)),
                comparison: Some(convert::comparison(&comparison, cells)),
                weight: Some(convert::weight(weight)),
            })
            .collect(),
    }
}
