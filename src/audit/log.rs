//! How does an event become durable before anyone is told?
//!
//! A writer chains its lines to those that wait and then waits itself. Whoever finds the file free takes
//! all that waits, writes it, syncs it, records the head and syncs that: so many writers share two syncs,
//! and one alone pays two.

use super::entry::{Entry, Event, Link};
use super::error::AuditError;
use super::head::{self, Checkpoint, HeadFile};
use super::query::{self, Page, Query};
use super::segment::{self, Line, Reader, Segment};
use super::verify::{self, AuditReport, Finding};
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Name of the log's folder in the store's.
const FOLDER: &str = "audit";
const LOCK: &str = "lock";
/// What else than segments a log's folder holds.
pub(super) const OWN: [&str; 3] = [LOCK, "head", "head.new"];
/// A segment that has reached this size, in bytes, is followed by a new one.
const SEGMENT_LIMIT: u64 = 8 * 1024 * 1024;

/// What opening a log found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Opening {
    /// Entries there are.
    pub entries: u64,
    /// Of these, how many were written whole and acknowledged to no one.
    pub unacknowledged: u64,
    /// Bytes cut at the end: the torn rest of a write that was acknowledged to no one.
    pub cut: u64,
    /// Whether a slot of the head, torn by a crash, was written anew.
    pub head_mended: bool,
}

/// That events are durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Index of the first.
    pub first: u64,
    /// The log as it is with the last of them.
    pub checkpoint: Checkpoint,
}

/// An audit log, open for appending. One process has it at a time; its threads share it.
#[derive(Debug)]
pub struct AuditLog {
    folder: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
    opening: Opening,
    /// Released by the system when the process ends, however it ends.
    _lock: File,
}

#[derive(Debug)]
struct State {
    /// Lines that wait.
    pending: Vec<u8>,
    /// The chain with those that wait.
    planned: Link,
    /// The chain as it is on the disk.
    durable: Link,
    /// Absent while a thread writes.
    writer: Option<Writer>,
    failed: bool,
}

#[derive(Debug)]
struct Writer {
    folder: PathBuf,
    head: HeadFile,
    /// The last segment and its size in bytes.
    segment: Option<(PathBuf, File, u64)>,
    limit: u64,
}

/// The folder of a store's log.
pub(super) fn folder_in(store: &Path) -> PathBuf {
    store.join(FOLDER)
}

/// Locks a log's folder.
pub(super) fn lock(folder: &Path) -> Result<File, AuditError> {
    let name = folder.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(AuditError::io("open", &name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(AuditError::Locked { path: folder.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(AuditError::io("lock", &name)(source)),
    }
}

impl AuditLog {
    /// Opens the log of the store in this folder, or begins it. Reads the last segment, whatever the
    /// length of the log.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] where the head or the last segment is not as it was written; another
    /// process has it; what the file system refuses.
    pub fn open(store: &Path) -> Result<Self, AuditError> {
        Self::open_with(store, SEGMENT_LIMIT)
    }

    /// 1. Reads the head.
    /// 2. Reads the last segment up to the first line that does not follow.
    /// 3. Holds the head against it.
    /// 4. Cuts what no one was told of.
    pub(super) fn open_with(store: &Path, limit: u64) -> Result<Self, AuditError> {
        let folder = folder_in(store);
        fs::create_dir_all(&folder).map_err(AuditError::io("create", &folder))?;
        let lock = lock(&folder)?;
        let mut segments = segment::list(&folder, &OWN)?.segments;
        // 1.
        let recorded = match head::read(&folder)? {
            Some(recorded) => Some(recorded.map_err(|path| Finding::Head { path })?),
            None if segments.is_empty() => None,
            None => return Err(Finding::Head { path: head::path_in(&folder) }.into()),
        };
        let Some(recorded) = recorded else {
            let head = HeadFile::create(&folder)?;
            sync(&folder)?;
            sync(store)?;
            let writer = Writer { folder, head, segment: None, limit };
            return Ok(Self::start(writer, Link::START, Opening::default(), lock));
        };
        // 2.
        let mut opening = Opening::default();
        let mut last = None;
        while let Some(segment) = segments.pop() {
            let tail = read_tail(&segment, recorded.link)?;
            let length = length(&segment.path)?;
            if let Some(tail) = tail {
                last = Some((segment, tail, length));
                break;
            }
            // A segment whose first write was torn, begun after all that was acknowledged.
            if segment.first < recorded.link.entries || segments.is_empty() && segment.first > 0 {
                return Err(Finding::Header { path: segment.path, entry: segment.first }.into());
            }
            opening.cut += length;
            fs::remove_file(&segment.path).map_err(AuditError::io("delete", &segment.path))?;
            sync(&folder)?;
        }
        let link = last.as_ref().map_or(Link::START, |(_, tail, _)| tail.link);
        // 3.
        if let Some(fault) = last.as_ref().and_then(|(_, tail, _)| tail.differs.clone()) {
            return Err(fault.into());
        }
        if link.entries < recorded.link.entries {
            let fault = last.and_then(|(_, tail, _)| tail.fault);
            return Err(fault
                .unwrap_or(Finding::Truncated {
                    recorded: recorded.link.entries,
                    found: link.entries,
                })
                .into());
        }
        opening.entries = link.entries;
        opening.unacknowledged = link.entries - recorded.link.entries;
        // 4.
        let segment = match last {
            None => None,
            Some((segment, tail, length)) => {
                let file = File::options().append(true).open(&segment.path);
                let file = file.map_err(AuditError::io("open", &segment.path))?;
                if tail.end < length {
                    let cut = file.set_len(tail.end).and_then(|()| file.sync_all());
                    cut.map_err(AuditError::io("cut", &segment.path))?;
                    opening.cut += length - tail.end;
                }
                Some((segment.path, file, tail.end))
            }
        };
        opening.head_mended = recorded.unreadable.is_some();
        let mut head = HeadFile::open(&folder, 1 - recorded.slot)?;
        if opening.head_mended || opening.unacknowledged > 0 {
            // Whole lines that a crash left may be in the page cache only.
            if let Some((path, file, _)) = &segment {
                file.sync_all().map_err(AuditError::io("sync", path))?;
            }
            head.record(link)?;
        }
        Ok(Self::start(Writer { folder, head, segment, limit }, link, opening, lock))
    }

    fn start(writer: Writer, link: Link, opening: Opening, lock: File) -> Self {
        let folder = writer.folder.clone();
        let (pending, writer) = (Vec::new(), Some(writer));
        let state = State { pending, planned: link, durable: link, writer, failed: false };
        Self { folder, state: Mutex::new(state), changed: Condvar::new(), opening, _lock: lock }
    }

    /// What opening found and did.
    #[must_use]
    pub const fn opening(&self) -> Opening {
        self.opening
    }

    /// Appends an event; it is durable when this returns. Blocks for the disk: about two syncs, shared by
    /// all who wait at the same time.
    ///
    /// # Errors
    /// An event that is too long; the disk, and then nothing more is appended until opened again: the
    /// event may be found there or not.
    pub fn append(&self, event: &Event) -> Result<Receipt, AuditError> {
        self.append_all(std::slice::from_ref(event))
    }

    /// Appends events one after the other, none between them, durable when this returns.
    ///
    /// # Errors
    /// As [`AuditLog::append`]; where one is refused, none is appended.
    pub fn append_all(&self, events: &[Event]) -> Result<Receipt, AuditError> {
        let encoded: Vec<Vec<u8>> =
            events.iter().map(Event::encode).collect::<Result<_, AuditError>>()?;
        let mut state = self.state();
        if state.failed {
            return Err(AuditError::WriteFailedBefore);
        }
        let first = state.planned.entries;
        let State { planned, pending, .. } = &mut *state;
        encoded.iter().for_each(|json| planned.write(json, pending));
        let wanted = state.planned;
        loop {
            if state.durable.entries >= wanted.entries {
                return Ok(Receipt { first, checkpoint: wanted.into() });
            }
            if state.failed {
                return Err(AuditError::WriteFailedBefore);
            }
            let Some(mut writer) = state.writer.take() else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let lines = std::mem::take(&mut state.pending);
            let (from, upto) = (state.durable, state.planned);
            drop(state);
            let written = writer.write(from, &lines, upto);
            state = self.state();
            match &written {
                Ok(()) => {
                    state.durable = upto;
                    state.writer = Some(writer);
                }
                Err(_) => state.failed = true,
            }
            self.changed.notify_all();
            written?;
        }
    }

    /// The log as it is now, for keeping elsewhere.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        self.state().durable.into()
    }

    /// Entries that a query chooses, from an index on, at most so many. Memory does not grow with the log;
    /// appending goes on meanwhile.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] where an entry read is not as it was written; a failure to read.
    pub fn query(&self, query: &Query, from: u64, limit: usize) -> Result<Page, AuditError> {
        let durable = self.checkpoint();
        query::run(&self.folder, query, from..durable.entries, limit)
    }

    /// Reads the whole log as it is now and says what is not as it was written; appending goes on
    /// meanwhile. `progress` is told the entries read so far.
    ///
    /// # Errors
    /// A failure to read other than what a [`Finding`] names.
    pub fn verify(
        &self,
        checkpoint: Option<&Checkpoint>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<AuditReport, AuditError> {
        verify::walk(&self.folder, Some(self.state().durable), checkpoint, progress)
    }

    /// One entry.
    ///
    /// # Errors
    /// As [`AuditLog::query`].
    pub fn entry(&self, index: u64) -> Result<Option<Entry>, AuditError> {
        let page = self.query(&Query::default(), index, 1)?;
        Ok(page.entries.into_iter().next())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No panic can come between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// 1. Begins a segment if the last one is full, 2. writes and syncs the lines, 3. records the head.
    fn write(&mut self, from: Link, lines: &[u8], upto: Link) -> Result<(), AuditError> {
        // 1.
        if self.segment.as_ref().is_none_or(|(_, _, size)| *size >= self.limit) {
            let path = segment::path_in(&self.folder, from.entries);
            let file = File::options().append(true).create_new(true).open(&path);
            let mut file = file.map_err(AuditError::io("create", &path))?;
            let header = segment::header(from);
            file.write_all(header.as_bytes()).map_err(AuditError::io("write", &path))?;
            sync(&self.folder)?;
            self.segment = Some((path, file, header.len() as u64));
        }
        // 2.
        if let Some((path, file, size)) = &mut self.segment {
            let written = file.write_all(lines).and_then(|()| file.sync_data());
            written.map_err(AuditError::io("write", path))?;
            *size += lines.len() as u64;
        }
        // 3.
        self.head.record(upto)
    }
}

/// What the last segment holds.
struct Tail {
    /// The chain up to the last line that follows.
    link: Link,
    /// Where that line ends.
    end: u64,
    /// Why the next one does not follow.
    fault: Option<Finding>,
    /// That the entry which the head names is another.
    differs: Option<Finding>,
}

/// Reads a segment up to the first line that does not follow; `None` if it has no header.
fn read_tail(segment: &Segment, recorded: Link) -> Result<Option<Tail>, AuditError> {
    let mut reader = Reader::open(&segment.path)?;
    let Some(mut link) = reader.header()? else { return Ok(None) };
    if link.entries != segment.first {
        return Ok(None);
    }
    let (mut fault, mut differs) = (None, None);
    let mut end = reader.end;
    loop {
        if link.entries == recorded.entries && link.hash != recorded.hash {
            differs = Some(Finding::Differs {
                entries: recorded.entries,
                recorded: recorded.hash,
                found: link.hash,
            });
        }
        match reader.next()? {
            None => break,
            Some(Line::Broken) => {
                fault = Some(Finding::Unreadable { at: reader.place(link.entries) });
                break;
            }
            Some(Line::Whole) => match reader.entry(link.entries, Some(link.hash)) {
                Ok(entry) => link = Link { entries: link.entries + 1, hash: entry.hash },
                Err(found) => {
                    fault = Some(Finding::of(found, reader.place(link.entries)));
                    break;
                }
            },
        }
        end = reader.end;
    }
    Ok(Some(Tail { link, end, fault, differs }))
}

fn length(path: &Path) -> Result<u64, AuditError> {
    Ok(fs::metadata(path).map_err(AuditError::io("measure", path))?.len())
}

/// Makes what was made in a folder survive a loss of power.
fn sync(folder: &Path) -> Result<(), AuditError> {
    // Windows opens no folder as a file and writes its entries through.
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|file| file.sync_all());
        synced.map_err(AuditError::io("sync", folder))?;
    }
    Ok(())
}
