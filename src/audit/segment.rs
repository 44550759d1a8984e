//! How are the lines of a segment read, and does each follow from the one before?

use super::entry::{EVENT_LIMIT, Entry, Event, Link};
use super::error::AuditError;
use crate::digest::Digest;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// The format that is written and read.
pub const AUDIT_FORMAT: u32 = 1;

const WORD: &str = "casemark-audit";
/// Longest line: index, hash, two spaces and the end beside the event.
const LINE_LIMIT: usize = EVENT_LIMIT + 20 + 64 + 3;

/// Where something is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The segment.
    pub path: PathBuf,
    /// The line's first byte in it.
    pub offset: u64,
    /// The index that the entry there has to have.
    pub entry: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, byte {}, entry {}", self.path.display(), self.offset, self.entry)
    }
}

/// The segments of a log in order, and what else is in its folder.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) segments: Vec<Segment>,
    pub(super) foreign: Vec<PathBuf>,
}

/// A segment's file.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    /// Index of its first entry, from its name.
    pub(super) first: u64,
}

pub(super) fn path_in(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.log"))
}

/// The files of a folder; names of one log's own are not foreign.
pub(super) fn list(folder: &Path, own: &[&str]) -> Result<Listed, AuditError> {
    let mut listed = Listed::default();
    for entry in fs::read_dir(folder).map_err(AuditError::io("list", folder))? {
        let path = entry.map_err(AuditError::io("list", folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let first = name.strip_suffix(".log").and_then(|first| first.parse::<u64>().ok());
        match first {
            Some(first) if path_in(folder, first) == path => {
                listed.segments.push(Segment { path, first });
            }
            _ if own.contains(&name) => {}
            _ => listed.foreign.push(path),
        }
    }
    listed.segments.sort_by_key(|segment| segment.first);
    listed.foreign.sort();
    Ok(listed)
}

/// The first line of a segment that goes on from here.
pub(super) fn header(link: Link) -> String {
    format!("{WORD} {AUDIT_FORMAT} {} {}\n", link.entries, link.hash)
}

/// A line as it lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// With its end.
    Whole,
    /// Too long, or without an end.
    Broken,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no line of the log.
    Unreadable,
    /// It has another index.
    Order { found: u64, hash: Digest },
    /// Its hash does not follow.
    Altered { hash: Digest },
}

/// Reads a segment line by line, with constant memory.
#[derive(Debug)]
pub(super) struct Reader {
    path: PathBuf,
    input: BufReader<File>,
    line: Vec<u8>,
    /// Where the line begins that was read last.
    pub(super) start: u64,
    /// Where the next one begins.
    pub(super) end: u64,
}

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Self, AuditError> {
        let file = File::open(path).map_err(AuditError::io("open", path))?;
        let input = BufReader::with_capacity(64 * 1024, file);
        Ok(Self { path: path.to_path_buf(), input, line: Vec::new(), start: 0, end: 0 })
    }

    /// Reads the next line; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Line>, AuditError> {
        self.line.clear();
        self.start = self.end;
        let limit = LINE_LIMIT as u64;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.line);
        let mut read = read.map_err(AuditError::io("read", &self.path))?;
        self.end += read as u64;
        if read == 0 {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            return Ok(Some(Line::Whole));
        }
        // Beyond the limit no byte is kept.
        let mut rest = Vec::new();
        while read > 0 && rest.last() != Some(&b'\n') {
            rest.clear();
            let more = self.input.by_ref().take(limit).read_until(b'\n', &mut rest);
            read = more.map_err(AuditError::io("read", &self.path))?;
            self.end += read as u64;
        }
        Ok(Some(Line::Broken))
    }

    /// The link that the header claims, read as the first line.
    pub(super) fn header(&mut self) -> Result<Option<Link>, AuditError> {
        if self.next()? != Some(Line::Whole) {
            return Ok(None);
        }
        let Ok(text) = std::str::from_utf8(&self.line) else { return Ok(None) };
        let words: Vec<&str> = text.split(' ').collect();
        let [WORD, version, entries, hash] = words[..] else { return Ok(None) };
        if let Ok(found) = version.parse::<u32>()
            && found > AUDIT_FORMAT
        {
            let path = self.path.clone();
            return Err(AuditError::FormatUnsupported { path, found, wanted: AUDIT_FORMAT });
        }
        let (Ok(entries), Ok(hash)) = (entries.parse(), hash.parse()) else { return Ok(None) };
        let link = Link { entries, hash };
        Ok((header(link).trim_end() == text).then_some(link))
    }

    /// Reads the line that was read last as the entry that follows; without a hash to follow (`None`) only
    /// its index is held against what is expected.
    pub(super) fn entry(&self, entries: u64, hash: Option<Digest>) -> Result<Entry, Fault> {
        let mut parts = self.line.splitn(3, |&byte| byte == b' ');
        let (Some(index), Some(stored), Some(json)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Fault::Unreadable);
        };
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| Fault::Unreadable);
        let (index, stored) = (text(index)?, text(stored)?);
        let claimed: Digest = stored.parse().map_err(|_| Fault::Unreadable)?;
        let found: u64 = index.parse().map_err(|_| Fault::Unreadable)?;
        // One spelling each, so that no byte can change unseen.
        if found.to_string() != index || claimed.to_string() != stored {
            return Err(Fault::Unreadable);
        }
        if found != entries {
            return Err(Fault::Order { found, hash: claimed });
        }
        if hash.is_some_and(|hash| Link { entries, hash }.after(json).hash != claimed) {
            return Err(Fault::Altered { hash: claimed });
        }
        let event: Event = serde_json::from_slice(json).map_err(|_| Fault::Unreadable)?;
        Ok(Entry { index: found, hash: claimed, event })
    }

    /// Where the line is that was read last.
    pub(super) fn place(&self, entry: u64) -> Place {
        Place { path: self.path.clone(), offset: self.start, entry }
    }
}
