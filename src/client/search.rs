//! Searching a server's store.

use super::call::{Client, MESSAGE_LIMIT, Repeat, call};
use super::convert;
use super::error::{Cause, ClientError};
use super::records::Record;
use super::upload::ScanSource;
use crate::calibration::{FusedWeight, WeightReport};
use crate::report::ComparisonReport;
use crate::search::{Depth, Summary};
use crate::service::pb::search_request::Content;
use crate::service::pb::search_response::Event;
use crate::service::pb::search_service_client::SearchServiceClient;
use crate::service::{pb, words};
use crate::store::{ExhibitId, Filter, Progress, ScanId};
use crate::surface::MarkKind;
use tonic::{Status, Streaming};

/// Which parts of a comparison are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// Its figures and every cell.
    Whole,
    /// Its figures only.
    Omitted,
}

/// What to search for, and where.
#[derive(Clone, Debug)]
pub struct Query {
    /// The questioned scan.
    pub questioned: ScanSource,
    /// Chooses the references.
    pub filter: Filter,
    /// Candidates wanted, restricted ones included, at least 1. A server gives no more than it is set up for (by default
    /// 1000).
    pub top: u32,
    /// Which parts of the comparisons.
    pub cells: Cells,
    /// How much is done for every reference.
    pub depth: Depth,
    /// Least share of same-source references that the stages are sized to keep, 0.5 to 1; `None` for the server's default.
    pub recall: Option<f64>,
}

/// A reference that looks like the questioned scan. A lead: only an examiner makes a hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// 1 for the best.
    pub rank: usize,
    /// What the store knows of it.
    pub record: Record,
    /// How it compares.
    pub comparison: ComparisonReport,
    /// What that weighs by the server's calibration; a server of an earlier version does not say.
    pub weight: Option<WeightReport>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Searched {
    /// Best first.
    pub candidates: Vec<Candidate>,
    /// Laboratories with records among the best that they do not share with the caller, once for each record. Their ranks
    /// and scores are not told.
    pub restricted: Vec<String>,
    /// What was searched.
    pub summary: Summary,
    /// Records that could not be compared, in words: the first of them, as many as the server names.
    pub failures: Vec<(ScanId, String)>,
}

/// A lead of several marks, as a server tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExhibitLead {
    /// 1 for the best.
    pub rank: usize,
    /// Which exhibit.
    pub exhibit: ExhibitId,
    /// What its marks weigh together; `None` where the server has no calibration for any of them.
    pub weight: Option<FusedWeight>,
    /// How the marks were taken together, in words.
    pub together: String,
    /// Every mark that both sides bear.
    pub marks: Vec<Candidate>,
}

/// What a search by several marks found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchedMarks {
    /// Best first.
    pub exhibits: Vec<ExhibitLead>,
    /// Laboratories with exhibits among the best that they do not share with the caller, once for each exhibit.
    pub restricted: Vec<String>,
    /// What was searched for every mark.
    pub searches: Vec<(MarkKind, Summary)>,
    /// Marks that the questioned head does not show, or the store does not have of its exhibit.
    pub marks_not_shown: Vec<MarkKind>,
    /// Whether everything could be compared.
    pub complete: bool,
    /// Records that could not be compared, in words: the first of them, as many as the server names.
    pub failures: Vec<(ScanId, String)>,
}

impl Client {
    /// Searches the store; hears how far that is after every block.
    ///
    /// # Errors
    /// The server refuses the scan or the filter, or cannot be asked; a search that ends without its summary.
    pub async fn search(
        &self,
        query: &Query,
        mut progress: impl FnMut(Progress),
    ) -> Result<Searched, ClientError> {
        let head = head(query, &[]).map_err(|cause| cause.at(self.server()))?;
        call!(self, Repeat::Harmless, {
            let mut events = self.events(head.clone(), query).await?;
            let (mut candidates, mut restricted) = (Vec::new(), Vec::new());
            while let Some(message) = events.message().await? {
                match message.event {
                    Some(Event::Progress(now)) => progress(far(&now)),
                    Some(Event::Candidate(found)) => candidates.push(candidate(found)?),
                    Some(Event::Restricted(record)) => restricted.push(record.laboratory),
                    Some(Event::Summary(summary)) => {
                        return searched(candidates, restricted, summary);
                    }
                    Some(Event::Exhibit(_) | Event::Marks(_)) | None => {}
                }
            }
            Err(Cause::Unfinished { what: "search", wanted: "summary" })
        })
    }

    /// Searches the store by several marks of an uploaded head, or of a stored scan's exhibit; the filter's own mark is not looked at.
    ///
    /// # Errors
    /// As [`Client::search`].
    pub async fn search_by_marks(
        &self,
        query: &Query,
        marks: &[MarkKind],
        mut progress: impl FnMut(Progress),
    ) -> Result<SearchedMarks, ClientError> {
        let head = head(query, marks).map_err(|cause| cause.at(self.server()))?;
        call!(self, Repeat::Harmless, {
            let mut events = self.events(head.clone(), query).await?;
            let (mut exhibits, mut restricted) = (Vec::new(), Vec::new());
            while let Some(message) = events.message().await? {
                match message.event {
                    Some(Event::Progress(now)) => progress(far(&now)),
                    Some(Event::Exhibit(found)) => exhibits.push(exhibit(found)?),
                    Some(Event::Restricted(record)) => restricted.push(record.laboratory),
                    Some(Event::Marks(marks)) => return by_marks(exhibits, restricted, marks),
                    Some(Event::Candidate(_) | Event::Summary(_)) | None => {}
                }
            }
            Err(Cause::Unfinished { what: "search", wanted: "marks" })
        })
    }

    /// Sends the question.
    async fn events(
        &self,
        head: pb::SearchQuery,
        query: &Query,
    ) -> Result<Streaming<pb::SearchResponse>, Status> {
        let contents = std::iter::once(Content::Query(head))
            .chain(query.questioned.chunks().map(Content::Chunk));
        let messages = contents.map(|content| pb::SearchRequest { content: Some(content) });
        let mut client =
            SearchServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_LIMIT);
        let request = self.request(tokio_stream::iter(messages));
        Ok(client.search(request).await?.into_inner())
    }
}

/// What goes before the chunks; without marks for the one of the filter.
fn head(query: &Query, marks: &[MarkKind]) -> Result<pb::SearchQuery, Cause> {
    let mut filter = query.filter.clone();
    if !marks.is_empty() {
        filter.mark = None;
    }
    Ok(pb::SearchQuery {
        questioned: Some(query.questioned.head()),
        filter: Some(convert::filter(&filter)?),
        // 0 would be another number.
        top: i32::try_from(query.top.max(1)).unwrap_or(i32::MAX),
        omit_cells: query.cells == Cells::Omitted,
        exhaustive: query.depth == Depth::Exhaustive,
        recall: query.recall.unwrap_or_default(),
        marks: marks.iter().map(|mark| words::mark(*mark).into()).collect(),
    })
}

fn far(now: &pb::SearchProgress) -> Progress {
    Progress { done: now.records_done, total: now.records_chosen }
}

fn kind(field: &'static str, mark: i32) -> Result<MarkKind, Cause> {
    let mark = pb::MarkKind::try_from(mark).ok().and_then(words::mark_kind);
    mark.ok_or(Cause::Answer { field })
}

fn kinds(field: &'static str, marks: &[i32]) -> Result<Vec<MarkKind>, Cause> {
    marks.iter().map(|mark| kind(field, *mark)).collect()
}

fn exhibit(found: pb::SearchExhibit) -> Result<ExhibitLead, Cause> {
    let weight = found.weight.map(|weight| {
        Ok::<_, Cause>(FusedWeight {
            log10_lr: weight.log10_lr,
            log10_lr_low: weight.log10_lr_low,
            log10_lr_high: weight.log10_lr_high,
            counted: kinds("exhibit.weight.counted", &weight.counted)?,
            set_aside: kinds("exhibit.weight.set_aside", &weight.set_aside)?,
        })
    });
    Ok(ExhibitLead {
        rank: found.rank as usize,
        exhibit: convert::parsed("exhibit.exhibit_id", &found.exhibit_id)?,
        weight: weight.transpose()?,
        together: found.together,
        marks: found.marks.into_iter().map(candidate).collect::<Result<_, Cause>>()?,
    })
}

fn by_marks(
    exhibits: Vec<ExhibitLead>,
    restricted: Vec<String>,
    marks: pb::SearchMarks,
) -> Result<SearchedMarks, Cause> {
    let (mut searches, mut failures) = (Vec::new(), Vec::new());
    for pb::MarkSearched { mark, summary } in marks.searches {
        let of_one = summary.ok_or(Cause::Answer { field: "marks.searches.summary" })?;
        let one = searched(Vec::new(), Vec::new(), of_one)?;
        searches.push((kind("marks.searches.mark", mark)?, one.summary));
        failures.extend(one.failures);
    }
    Ok(SearchedMarks {
        exhibits,
        restricted,
        searches,
        marks_not_shown: kinds("marks.marks_not_shown", &marks.marks_not_shown)?,
        complete: marks.complete,
        failures,
    })
}

fn candidate(found: pb::SearchCandidate) -> Result<Candidate, Cause> {
    Ok(Candidate {
        rank: found.rank as usize,
        record: convert::record(found.record.ok_or(Cause::Answer { field: "candidate.record" })?)?,
        comparison: convert::comparison(
            found.comparison.ok_or(Cause::Answer { field: "candidate.comparison" })?,
        )?,
        weight: found.weight.map(convert::weight).transpose()?,
    })
}

fn searched(
    candidates: Vec<Candidate>,
    restricted: Vec<String>,
    summary: pb::SearchSummary,
) -> Result<Searched, Cause> {
    let failures = summary.failures.into_iter().map(|failure| {
        let scan = convert::parsed("summary.failures.scan_id", &failure.scan_id)?;
        Ok((scan, failure.reason))
    });
    Ok(Searched {
        candidates,
        restricted,
        failures: failures.collect::<Result<_, Cause>>()?,
        summary: Summary {
            records_searched: summary.records_searched,
            records_failed: summary.records_failed,
            complete: summary.complete,
            parameters_digest: convert::parsed(
                "summary.parameters_digest",
                &summary.parameters_digest,
            )?,
            questioned_sha256: convert::parsed(
                "summary.questioned_sha256",
                &summary.questioned_sha256,
            )?,
            cascade_digest: convert::parsed("summary.cascade_digest", &summary.cascade_digest)?,
            engine_version: summary.engine_version,
            records_registered: summary.records_registered,
            records_compared: summary.records_compared,
            exhaustive: summary.exhaustive,
            target_recall: summary.target_recall,
        },
    })
}
