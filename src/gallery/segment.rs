//! A thousand references: their index entries side by side, what they are chosen by, and a summary of that by which a
//! search that wants none of them passes all at once.

use crate::digest::Digest;
use crate::index::{Block, Entry, IndexError, Indexer};
use crate::store::ScanId;
use crate::surface::Kind;
use jiff::Timestamp;
use std::collections::BTreeMap;

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
    rows: Vec<Option<Row>>,
    /// How many are of which class.
    classes: BTreeMap<u32, u64>,
    /// The first and the last time of entry of all that ever were here.
    entered: Option<(Timestamp, Timestamp)>,
}

impl Segment {
    pub(super) fn new(indexer: &Indexer, kind: Kind, extraction: Digest) -> Self {
        let mut block = indexer.block(kind, extraction);
        block.reserve(ROWS);
        let rows = Vec::with_capacity(ROWS);
        Self { kind, block, rows, classes: BTreeMap::new(), entered: None }
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= ROWS
    }

    /// Places, of those who have left too.
    pub(super) fn rows(&self) -> &[Option<Row>] {
        &self.rows
    }

    /// How many are of which class, those who have left aside.
    pub(super) fn classes(&self) -> &BTreeMap<u32, u64> {
        &self.classes
    }

    /// No time of entry is before the first or after the last of these.
    pub(super) fn entered(&self) -> Option<(Timestamp, Timestamp)> {
        self.entered
    }

    /// Appends a reference. Its place.
    pub(super) fn push(&mut self, row: Row, entry: &Entry) -> Result<usize, IndexError> {
        self.block.push(entry)?;
        self.rows.push(None);
        let place = self.rows.len() - 1;
        self.occupy(place, row);
        Ok(place)
    }

    /// Puts a reference where another has left.
    pub(super) fn reuse(
        &mut self,
        place: usize,
        row: Row,
        entry: &Entry,
    ) -> Result<(), IndexError> {
        self.block.replace(place, entry)?;
        self.occupy(place, row);
        Ok(())
    }

    /// Lets a reference leave.
    pub(super) fn clear(&mut self, place: usize) {
        if let Some(row) = self.rows[place].take() {
            self.uncount(row.class);
        }
    }

    /// Makes a reference one of another class.
    pub(super) fn reclassify(&mut self, place: usize, class: u32) {
        let Some(row) = &mut self.rows[place] else { return };
        let before = std::mem::replace(&mut row.class, class);
        self.uncount(before);
        *self.classes.entry(class).or_default() += 1;
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.block.bytes() + size_of::<Option<Row>>() * self.rows.capacity()
    }

    fn occupy(&mut self, place: usize, row: Row) {
        *self.classes.entry(row.class).or_default() += 1;
        let (first, last) = self.entered.unwrap_or((row.entered, row.entered));
        self.entered = Some((first.min(row.entered), last.max(row.entered)));
        self.rows[place] = Some(row);
    }

    fn uncount(&mut self, class: u32) {
        if let Some(count) = self.classes.get_mut(&class) {
            *count -= 1;
            if *count == 0 {
                self.classes.remove(&class);
            }
        }
    }
}
