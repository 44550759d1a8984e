//! Which entries does an auditor want to see?

use super::entry::{Entry, Link, Outcome};
use super::error::AuditError;
use super::log::OWN;
use super::segment::{self, Line, Reader};
use super::verify::Finding;
use jiff::Timestamp;
use serde::Serialize;
use std::ops::Range;
use std::path::Path;

/// Entries read for one page, whether they are wanted or not: a page's time is bounded, like its size.
const READ_PER_PAGE: u64 = 50_000;

/// What an entry has to be; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// By whom.
    pub actor: Option<String>,
    /// For which laboratory.
    pub laboratory: Option<String>,
    /// What was asked.
    pub action: Option<String>,
    /// Of what.
    pub subject: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The request's identifier.
    pub request: Option<String>,
}

impl Query {
    /// Whether it chooses this entry.
    #[must_use]
    pub fn chooses(&self, entry: &Entry) -> bool {
        fn same(wanted: Option<&String>, found: Option<&String>) -> bool {
            wanted.is_none_or(|wanted| Some(wanted) == found)
        }
        let event = &entry.event;
        self.since.is_none_or(|since| event.at >= since)
            && self.until.is_none_or(|until| event.at < until)
            && same(self.actor.as_ref(), Some(&event.actor))
            && same(self.laboratory.as_ref(), Some(&event.laboratory))
            && same(self.action.as_ref(), Some(&event.action))
            && same(self.subject.as_ref(), event.subject.as_ref())
            && same(self.request.as_ref(), event.request.as_ref())
            && self.outcome.is_none_or(|outcome| event.outcome == outcome)
    }
}

/// Some of the entries that a query chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// In the order of the log.
    pub entries: Vec<Entry>,
    /// From where to go on; `None` at the end of the log. A page may have fewer entries than asked for,
    /// or none, and the log go on.
    pub next: Option<u64>,
}

/// Reads a page of a range of entries, all of them durable.
pub(super) fn run(
    folder: &Path,
    query: &Query,
    range: Range<u64>,
    limit: usize,
) -> Result<Page, AuditError> {
    let mut page = Page { entries: Vec::new(), next: None };
    if range.is_empty() {
        return Ok(page);
    }
    let segments = segment::list(folder, &OWN)?.segments;
    let begin = segments.partition_point(|segment| segment.first <= range.start).saturating_sub(1);
    let mut read = 0;
    for segment in &segments[begin..] {
        if segment.first >= range.end {
            break;
        }
        let mut reader = Reader::open(&segment.path)?;
        let header = Finding::Header { path: segment.path.clone(), entry: segment.first };
        let mut link = reader.header()?.ok_or(header)?;
        while link.entries < range.end {
            let line = reader.next()?;
            let entry = match line {
                None => break,
                Some(Line::Broken) => {
                    return Err(Finding::Unreadable { at: reader.place(link.entries) }.into());
                }
                Some(Line::Whole) => reader
                    .entry(link.entries, Some(link.hash))
                    .map_err(|fault| Finding::of(fault, reader.place(link.entries)))?,
            };
            link = Link { entries: link.entries + 1, hash: entry.hash };
            if entry.index < range.start {
                continue;
            }
            if page.entries.len() >= limit || read >= READ_PER_PAGE {
                page.next = Some(entry.index);
                return Ok(page);
            }
            read += 1;
            if query.chooses(&entry) {
                page.entries.push(entry);
            }
        }
    }
    Ok(page)
}
