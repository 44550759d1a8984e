//! Searching a server's store.

use super::call::{Client, MESSAGE_LIMIT, Repeat, call};
use super::convert;
use super::error::{Cause, ClientError};
use super::records::Record;
use super::upload::ScanSource;
use crate::calibration::WeightReport;
use crate::report::ComparisonReport;
use crate::search::{Depth, Summary};
use crate::service::pb;
use crate::service::pb::search_request::Content;
use crate::service::pb::search_response::Event;
use crate::service::pb::search_service_client::SearchServiceClient;
use crate::store::{Filter, Progress, ScanId};

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
        let filter = convert::filter(&query.filter).map_err(|cause| cause.at(self.server()))?;
        call!(self, Repeat::Harmless, {
            let head = Content::Query(pb::SearchQuery {
                questioned: Some(query.questioned.head()),
                filter: Some(filter.clone()),
                // 0 would be another number.
                top: i32::try_from(query.top.max(1)).unwrap_or(i32::MAX),
                omit_cells: query.cells == Cells::Omitted,
                exhaustive: query.depth == Depth::Exhaustive,
                recall: query.recall.unwrap_or_default(),
            });
            let contents =
                std::iter::once(head).chain(query.questioned.chunks().map(Content::Chunk));
            let messages = contents.map(|content| pb::SearchRequest { content: Some(content) });
            let mut client = SearchServiceClient::new(self.channel.clone())
                .max_decoding_message_size(MESSAGE_LIMIT);
            let request = self.request(tokio_stream::iter(messages));
            let mut events = client.search(request).await?.into_inner();
            let mut candidates = Vec::new();
            let mut restricted = Vec::new();
            while let Some(message) = events.message().await? {
                match message.event {
                    Some(Event::Progress(now)) => {
                        let (done, total) = (now.records_done, now.records_chosen);
                        progress(Progress { done, total });
                    }
                    Some(Event::Candidate(found)) => candidates.push(candidate(found)?),
                    Some(Event::Restricted(record)) => restricted.push(record.laboratory),
                    Some(Event::Summary(summary)) => {
                        return searched(candidates, restricted, summary);
                    }
                    None => {}
                }
            }
            Err(Cause::Unfinished { what: "search", wanted: "summary" })
        })
    }
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
