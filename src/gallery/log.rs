//! Index entries on the disk, so that a restart need not make them anew.
//!
//! One file a set of parameters, which is appended to, and written anew without the rows of no use once they are the
//! most of it. A header of 80 bytes: magic `CMGALERY`, format version
//! (u32), bytes a row (u32), digest of the parameters of entries, digest of the extraction's. Then rows of one
//! length: the scan (16 bytes), SHA-256 of its signature (32), the entry's bytes, and the first 16 bytes of the SHA-256 of
//! all that, by which a row that was torn or damaged is known. Nothing is synced: whatever is lost is made anew from the
//! signatures.

use crate::digest::Digest;
use crate::store::{ScanId, StoreError};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The format that is written, and the only one there is.
const FORMAT_VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"CMGALERY";
const HEADER: usize = 80;
const SCAN: usize = 16;
const SIGNATURE: usize = 32;
const CHECK: usize = 16;
/// Rows that are copied together.
const COPIED_TOGETHER: usize = 256;

/// What the file's rows are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub(super) entry_digest: Digest,
    pub(super) extraction: Digest,
    /// Bytes of an entry.
    pub(super) entry_length: usize,
}

impl Family {
    pub(super) const fn row(self) -> usize {
        SCAN + SIGNATURE + self.entry_length + CHECK
    }

    fn header(self) -> Vec<u8> {
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        // Entries are some kilobytes.
        header.extend_from_slice(&(self.row() as u32).to_le_bytes());
        header.extend_from_slice(self.entry_digest.as_bytes());
        header.extend_from_slice(self.extraction.as_bytes());
        header
    }
}

/// A row that is whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogRow<'a> {
    pub(super) scan: ScanId,
    pub(super) signature: Digest,
    pub(super) entry: &'a [u8],
}

/// Reads a row; `None` if it is damaged.
pub(super) fn row(bytes: &[u8]) -> Option<LogRow<'_>> {
    let (body, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK)?)?;
    let (scan, rest) = body.split_first_chunk::<SCAN>()?;
    let (signature, entry) = rest.split_first_chunk::<SIGNATURE>()?;
    (Digest::of(body).as_bytes()[..CHECK] == *check).then(|| LogRow {
        scan: ScanId::from_uuid(Uuid::from_bytes(*scan)),
        signature: Digest::from_bytes(*signature),
        entry,
    })
}

/// The file of one family.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    family: Family,
    file: File,
}

/// What lies in the file.
pub(super) struct Rows {
    reader: BufReader<File>,
    row: usize,
}

impl Rows {
    /// The next rows, at most so many, one after the other; empty at the end. A torn one at the end is left out.
    pub(super) fn next(&mut self, count: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(count * self.row);
        self.reader.by_ref().take((count * self.row) as u64).read_to_end(&mut bytes)?;
        bytes.truncate(bytes.len() / self.row * self.row);
        Ok(bytes)
    }
}

impl Log {
    /// Opens the file for appending and cuts off a torn row; makes it if it is not there, or is of something else.
    /// Files of other families go.
    pub(super) fn open(folder: &Path, family: Family) -> Result<Self, StoreError> {
        let path = folder.join("entries");
        let io = |action| StoreError::io(action, &path);
        fs::create_dir_all(folder).map_err(io("create"))?;
        let mut file =
            File::options().read(true).append(true).create(true).open(&path).map_err(io("open"))?;
        let mut header = [0; HEADER];
        let found = match file.read_exact(&mut header) {
            Ok(()) => header == *family.header(),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => false,
            Err(error) => return Err(io("read")(error)),
        };
        let mut length = file.metadata().map_err(io("read"))?.len();
        if !found {
            file.set_len(0).map_err(io("cut"))?;
            file.write_all(&family.header()).map_err(io("write"))?;
            length = HEADER as u64;
        }
        let torn = (length - HEADER as u64) % family.row() as u64;
        file.set_len(length - torn).map_err(io("cut"))?;
        Ok(Self { path, family, file })
    }

    /// Bytes a row.
    pub(super) const fn row(&self) -> usize {
        self.family.row()
    }

    /// Reads it from the start.
    pub(super) fn rows(&self) -> Result<Rows, StoreError> {
        let io = |action| StoreError::io(action, &self.path);
        let mut file = File::open(&self.path).map_err(io("open"))?;
        file.read_exact(&mut [0; HEADER]).map_err(io("read"))?;
        Ok(Rows { reader: BufReader::with_capacity(1 << 20, file), row: self.row() })
    }

    /// Appends rows.
    pub(super) fn append<'a>(
        &mut self,
        rows: impl IntoIterator<Item = (ScanId, Digest, &'a [u8])>,
    ) -> Result<(), StoreError> {
        let mut bytes = Vec::new();
        for (scan, signature, entry) in rows {
            let start = bytes.len();
            bytes.extend_from_slice(scan.uuid().as_bytes());
            bytes.extend_from_slice(signature.as_bytes());
            bytes.extend_from_slice(entry);
            let check = Digest::of(&bytes[start..]);
            bytes.extend_from_slice(&check.as_bytes()[..CHECK]);
        }
        self.file.write_all(&bytes).map_err(StoreError::io("write", &self.path))
    }

    /// Writes it anew with the whole rows that are to be kept, beside the old one, whose place it takes at the end.
    pub(super) fn compact(
        &mut self,
        mut keep: impl FnMut(&LogRow<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let path = self.path.with_extension("new");
        let io = |action| StoreError::io(action, &path);
        let mut rows = self.rows()?;
        let mut file =
            BufWriter::with_capacity(1 << 20, File::create(&path).map_err(io("create"))?);
        file.write_all(&self.family.header()).map_err(io("write"))?;
        loop {
            let bytes = rows.next(COPIED_TOGETHER).map_err(StoreError::io("read", &self.path))?;
            if bytes.is_empty() {
                break;
            }
            for bytes in bytes.chunks_exact(self.row()) {
                if row(bytes).is_some_and(|row| keep(&row)) {
                    file.write_all(bytes).map_err(io("write"))?;
                }
            }
        }
        file.flush().map_err(io("write"))?;
        drop(file);
        fs::rename(&path, &self.path).map_err(io("rename"))?;
        self.file = File::options()
            .append(true)
            .open(&self.path)
            .map_err(StoreError::io("open", &self.path))?;
        Ok(())
    }

    /// Makes it empty.
    pub(super) fn clear(&self) -> Result<(), StoreError> {
        self.file.set_len(HEADER as u64).map_err(StoreError::io("cut", &self.path))
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
