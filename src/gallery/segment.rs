//! A thousand references: their index entries side by side, and what they are chosen by.

use crate::digest::Digest;
use crate::index::{Block, Entry, IndexError, Indexer};
use crate::store::ScanId;
use crate::surface::Kind;
use jiff::Timestamp;

/// Most references of a segment: 2.7 MB of entries, enough for a piece of work of one thread, and little enough to be
/// copied when it changes while somebody searches.
pub(super) const ROWS: usize = 1024;

/// A reference but for its entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) scan: ScanId,
    /// Of which signature the entry is.
    pub(super) signature: Option<Digest>,
    pub(super) class: u32,
    pub(super) entered: Timestamp,
}

/// References of one kind of surface.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) kind: Kind,
    pub(super) block: Block,
    /// `None` where the reference has left.
    pub(super) rows: Vec<Option<Row>>,
}

impl Segment {
    pub(super) fn new(indexer: &Indexer, kind: Kind, extraction: Digest) -> Self {
        let mut block = indexer.block(kind, extraction);
        block.reserve(ROWS);
        Self { kind, block, rows: Vec::with_capacity(ROWS) }
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= ROWS
    }

    pub(super) fn push(&mut self, row: Row, entry: &Entry) -> Result<(), IndexError> {
        self.block.push(entry)?;
        self.rows.push(Some(row));
        Ok(())
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.block.bytes() + size_of::<Option<Row>>() * self.rows.capacity()
    }
}
