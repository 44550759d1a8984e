//! How much of the log was acknowledged?
//!
//! The file `head`: two slots of one line each, `casemark-audit-head 1 ENTRIES HASH CHECK`, CHECK being
//! the SHA-256 of what stands before it. They are written in turn, each synced before anyone is told, so a
//! write that is torn leaves the other one. A [`Checkpoint`] is the same fact for keeping elsewhere.

use super::entry::Link;
use super::error::AuditError;
use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File};
use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

const NAME: &str = "head";
const NAME_ASIDE: &str = "head.new";
const WORD: &str = "casemark-audit-head 1";
/// Bytes of a slot: word, 20 digits, two digests, three spaces and the end of the line.
const SLOT: usize = 21 + 20 + 64 + 64 + 3 + 1;

/// How many entries a log had, and the hash of the last: kept elsewhere, it proves later that nothing up
/// to there was touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Number of entries.
    pub entries: u64,
    /// Hash of the last of them; zeros if there was none.
    pub hash: Digest,
}

impl fmt::Display for Checkpoint {
    /// As `ENTRIES:HASH`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.entries, self.hash)
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (entries, hash) = text.trim().split_once(':')?;
            Some(Self { entries: entries.parse().ok()?, hash: hash.parse().ok()? })
        };
        parse().ok_or_else(|| CheckpointError { found: text.chars().take(100).collect() })
    }
}

/// Text that is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} is no checkpoint: wanted ENTRIES:HASH")]
pub struct CheckpointError {
    /// The text, or its beginning.
    pub found: String,
}

impl From<Link> for Checkpoint {
    fn from(link: Link) -> Self {
        Self { entries: link.entries, hash: link.hash }
    }
}

/// What the file says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded {
    /// The later of the readable slots.
    pub(super) link: Link,
    /// Which slot that is.
    pub(super) slot: usize,
    /// A slot that cannot be read.
    pub(super) unreadable: Option<usize>,
}

fn line(link: Link) -> String {
    let text = format!("{WORD} {:020} {}", link.entries, link.hash);
    format!("{text} {}\n", Digest::of(text.as_bytes()))
}

fn parse(slot: &[u8]) -> Option<Link> {
    let text = std::str::from_utf8(slot).ok()?;
    let mut words = text.strip_prefix(WORD)?.split_whitespace();
    let link = Link { entries: words.next()?.parse().ok()?, hash: words.next()?.parse().ok()? };
    // Only what we would write.
    (line(link) == text).then_some(link)
}

pub(super) fn path_in(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// What is recorded in a folder: `None` without a file, an error kept apart if neither slot is readable.
pub(super) fn read(folder: &Path) -> Result<Option<Result<Recorded, PathBuf>>, AuditError> {
    let path = path_in(folder);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(AuditError::io("read", &path)(source)),
    };
    let slots: Vec<Option<Link>> = bytes.chunks(SLOT).take(2).map(parse).collect();
    let whole = bytes.len() == 2 * SLOT;
    let at = |slot: usize| slots.get(slot).copied().flatten();
    let recorded = match (at(0), at(1)) {
        (Some(zero), Some(one)) if one.entries > zero.entries => {
            Recorded { link: one, slot: 1, unreadable: None }
        }
        (Some(zero), other) => {
            Recorded { link: zero, slot: 0, unreadable: other.is_none().then_some(1) }
        }
        (None, Some(one)) => Recorded { link: one, slot: 1, unreadable: Some(0) },
        (None, None) => return Ok(Some(Err(path))),
    };
    let unreadable = recorded.unreadable.or(if whole { None } else { Some(1 - recorded.slot) });
    Ok(Some(Ok(Recorded { unreadable, ..recorded })))
}

/// The file, open for writing.
#[derive(Debug)]
pub(super) struct HeadFile {
    path: PathBuf,
    file: File,
    /// The slot to write next.
    next: usize,
}

impl HeadFile {
    /// Makes the file for an empty log; the caller syncs the folder.
    pub(super) fn create(folder: &Path) -> Result<Self, AuditError> {
        let (path, aside) = (path_in(folder), folder.join(NAME_ASIDE));
        let text = line(Link::START).repeat(2);
        let written = File::create(&aside)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        written.map_err(AuditError::io("write", &aside))?;
        fs::rename(&aside, &path).map_err(AuditError::io("rename to", &path))?;
        Self::open(folder, 0)
    }

    /// Opens the file, whose newest slot is not the one to write next.
    pub(super) fn open(folder: &Path, next: usize) -> Result<Self, AuditError> {
        let path = path_in(folder);
        let file = File::options().write(true).open(&path);
        Ok(Self { file: file.map_err(AuditError::io("open", &path))?, path, next })
    }

    /// Records durably that everything up to here is.
    pub(super) fn record(&mut self, link: Link) -> Result<(), AuditError> {
        let offset = (self.next * SLOT) as u64;
        let written = self
            .file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| self.file.write_all(line(link).as_bytes()))
            .and_then(|()| self.file.sync_data());
        written.map_err(AuditError::io("write", &self.path))?;
        self.next = 1 - self.next;
        Ok(())
    }
}
