//! Is the log as it was written, and if not, where?
//!
//! One pass over all segments with constant memory. After a line that does not follow, the chain is taken
//! up again from the hash that the line claims, so that one change gives one finding, or two.

use super::entry::Link;
use super::error::AuditError;
use super::head::{self, Checkpoint};
use super::log::{self, OWN};
use super::segment::{self, Fault, Line, Place, Reader};
use crate::digest::Digest;
use std::fs;
use std::path::{Path, PathBuf};

/// Findings that are listed; the rest is counted.
const FINDINGS_LISTED: usize = 100;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// A line's hash does not follow.
    #[error("{at}: it does not follow from the entry before it: one of the two was changed")]
    Altered {
        /// Where.
        at: Place,
    },
    /// A line of another place.
    #[error("{at}: entry {found} stands there: entries were removed, added or moved")]
    Order {
        /// Where.
        at: Place,
        /// The index found.
        found: u64,
    },
    /// No line of a log.
    #[error("{at}: the line cannot be read")]
    Unreadable {
        /// Where.
        at: Place,
    },
    /// The first line of a segment does not follow from the segment before.
    #[error("{}: its first line does not follow at entry {entry}", .path.display())]
    Header {
        /// The segment.
        path: PathBuf,
        /// The entry that had to come.
        entry: u64,
    },
    /// A segment that begins elsewhere than the one before ends.
    #[error("{}: it begins with entry {found}, wanted entry {wanted}: a segment or its end is missing or too much", .path.display())]
    Gap {
        /// The segment.
        path: PathBuf,
        /// The entry that had to come.
        wanted: u64,
        /// The entry it begins with.
        found: u64,
    },
    /// A file that is none of a log's.
    #[error("{}: it is no file of an audit log", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Fewer entries than were acknowledged or than a checkpoint says.
    #[error("the log ends after {found} entries, {recorded} were recorded: its end is missing")]
    Truncated {
        /// Entries that there were.
        recorded: u64,
        /// Entries found.
        found: u64,
    },
    /// The log up to some place is another than the head or a checkpoint says.
    #[error(
        "the log up to entry {entries} hashes to {found}, recorded is {recorded}: another log, or written anew"
    )]
    Differs {
        /// Number of entries up to the place.
        entries: u64,
        /// The hash recorded.
        recorded: Digest,
        /// The hash found.
        found: Digest,
    },
    /// The head is missing or neither of its slots can be read.
    #[error("{}: it is missing or cannot be read", .path.display())]
    Head {
        /// The file.
        path: PathBuf,
    },
    /// One slot of the head cannot be read: a loss of power tore it, or someone changed it.
    #[error("{}: line {} cannot be read", .path.display(), .slot + 1)]
    HeadSlot {
        /// The file.
        path: PathBuf,
        /// Which slot, from 0.
        slot: usize,
    },
}

impl Finding {
    /// For a line that is wrong.
    pub(super) fn of(fault: Fault, at: Place) -> Self {
        match fault {
            Fault::Unreadable => Self::Unreadable { at },
            Fault::Order { found, .. } => Self::Order { at, found },
            Fault::Altered { .. } => Self::Altered { at },
        }
    }
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Entries read.
    pub entries: u64,
    /// Segments read.
    pub segments: u64,
    /// Bytes read.
    pub bytes: u64,
    /// The log as it is.
    pub checkpoint: Option<Checkpoint>,
    /// Bytes at the end of a write that was acknowledged to no one; the next opening cuts them.
    pub torn: u64,
    /// What is wrong, as far as it is listed.
    pub findings: Vec<Finding>,
    /// How much more is wrong.
    pub unlisted: u64,
}

impl AuditReport {
    /// Whether everything is as it was written.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_LISTED {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }
}

/// Reads the whole log of the store in this folder and says what is not as it was written. Nothing is
/// written. `progress` is told the entries read so far.
///
/// # Errors
/// No log there; another process has it; a failure to read other than what a [`Finding`] names.
pub fn verify(
    store: &Path,
    checkpoint: Option<&Checkpoint>,
    progress: &mut dyn FnMut(u64),
) -> Result<AuditReport, AuditError> {
    let folder = log::folder_in(store);
    if !folder.is_dir() {
        return Err(AuditError::NoLog { path: store.to_path_buf() });
    }
    let _lock = log::lock(&folder)?;
    walk(&folder, None, checkpoint, progress)
}

/// The chain as far as it can be followed: without a hash after a line that claims none.
#[derive(Clone, Copy)]
struct Walked {
    entries: u64,
    hash: Option<Digest>,
}

/// Holds the chain against what was recorded of this place.
fn pass(at: Walked, anchors: &[Checkpoint], report: &mut AuditReport) {
    for anchor in anchors.iter().filter(|anchor| anchor.entries == at.entries) {
        if let Some(found) = at.hash.filter(|&found| found != anchor.hash) {
            let (entries, recorded) = (anchor.entries, anchor.hash);
            report.add(Finding::Differs { entries, recorded, found });
        }
    }
}

/// Walks the log; with a known head, what lies beyond it is being written and not looked at.
///
/// 1. Reads the head unless it is known.
/// 2. Walks the segments.
/// 3. Holds the end against head and checkpoint.
pub(super) fn walk(
    folder: &Path,
    durable: Option<Link>,
    checkpoint: Option<&Checkpoint>,
    progress: &mut dyn FnMut(u64),
) -> Result<AuditReport, AuditError> {
    let mut report = AuditReport::default();
    // 1.
    let recorded = match durable {
        Some(link) => Some(link),
        None => read_head(folder, &mut report)?,
    };
    let listed = segment::list(folder, &OWN)?;
    listed.foreign.into_iter().for_each(|path| report.add(Finding::Foreign { path }));
    let mut anchors: Vec<Checkpoint> = recorded.map(Checkpoint::from).into_iter().collect();
    anchors.extend(checkpoint);
    anchors.dedup();
    // 2.
    let acknowledged = recorded.map_or(0, |link| link.entries);
    let limit = durable.map_or(u64::MAX, |link| link.entries);
    let mut at = Walked { entries: 0, hash: Some(Link::START.hash) };
    pass(at, &anchors, &mut report);
    let count = listed.segments.len();
    for (number, segment) in listed.segments.iter().enumerate() {
        if segment.first >= limit && limit != u64::MAX {
            break;
        }
        report.segments += 1;
        let length =
            fs::metadata(&segment.path).map_err(AuditError::io("measure", &segment.path))?;
        report.bytes += length.len();
        let last = number + 1 == count;
        let mut reader = Reader::open(&segment.path)?;
        let header = reader.header()?;
        if header.is_none() && last && at.entries >= acknowledged && segment.first == at.entries {
            // Begun, and torn before anyone was told.
            report.torn += length.len();
            break;
        }
        if segment.first != at.entries {
            let (path, wanted) = (segment.path.clone(), at.entries);
            report.add(Finding::Gap { path, wanted, found: segment.first });
            at = Walked { entries: segment.first, hash: None };
        }
        let follows = header.is_some_and(|header| {
            header.entries == at.entries && at.hash.is_none_or(|hash| hash == header.hash)
        });
        if !follows {
            report.add(Finding::Header { path: segment.path.clone(), entry: at.entries });
        }
        if at.hash.is_none() {
            at.hash = header.map(|header| header.hash);
        }
        while at.entries < limit {
            let fault = match reader.next()? {
                None => break,
                Some(Line::Broken) => Fault::Unreadable,
                Some(Line::Whole) => match reader.entry(at.entries, at.hash) {
                    Ok(entry) => {
                        at = Walked { entries: entry.index + 1, hash: Some(entry.hash) };
                        report.entries += 1;
                        pass(at, &anchors, &mut report);
                        if report.entries.is_multiple_of(1024) {
                            progress(report.entries);
                        }
                        continue;
                    }
                    Err(fault) => fault,
                },
            };
            if last && at.entries >= acknowledged && recorded.is_some() {
                report.torn += length.len() - reader.start;
                break;
            }
            report.add(Finding::of(fault, reader.place(at.entries)));
            report.entries += 1;
            at = match fault {
                Fault::Unreadable => Walked { entries: at.entries + 1, hash: None },
                Fault::Altered { hash } => Walked { entries: at.entries + 1, hash: Some(hash) },
                Fault::Order { found, hash } => {
                    Walked { entries: found.saturating_add(1), hash: Some(hash) }
                }
            };
            pass(at, &anchors, &mut report);
        }
    }
    progress(report.entries);
    // 3.
    for anchor in &anchors {
        if at.entries < anchor.entries {
            let (recorded, found) = (anchor.entries, at.entries);
            report.add(Finding::Truncated { recorded, found });
        }
    }
    report.checkpoint = at.hash.map(|hash| Checkpoint { entries: at.entries, hash });
    Ok(report)
}

fn read_head(folder: &Path, report: &mut AuditReport) -> Result<Option<Link>, AuditError> {
    let path = head::path_in(folder);
    match head::read(folder)? {
        Some(Ok(recorded)) => {
            if let Some(slot) = recorded.unreadable {
                report.add(Finding::HeadSlot { path, slot });
            }
            Ok(Some(recorded.link))
        }
        Some(Err(_)) | None => {
            report.add(Finding::Head { path });
            Ok(None)
        }
    }
}
