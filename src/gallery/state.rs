//! The references now, and how they follow the store.

use super::classes::Class;
use super::log::{self, Log};
use super::segment::{ROWS, Row, Segment};
use super::snapshot::Snapshot;
use super::{GalleryError, GalleryOpening, entry_of};
use crate::digest::Digest;
use crate::index::{Entry, Indexer};
use crate::store::{LiveScan, Progress, ReferenceStore, ScanId, StoreError};
use crate::surface::{Kind, MarkKind};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Rows that are read from the file before they are looked at together.
const READ_TOGETHER: usize = 8 * ROWS;
/// Entries that are made before they are written down together.
const MADE_TOGETHER: usize = 256;
/// So many rows of the file may be of no use before it is written anew, and as many as are of use.
const WASTE: u64 = 1024;
/// So few are made by the thread that asks.
const FEW: usize = 8;

/// Where a reference is.
#[derive(Clone, Copy, Debug)]
struct Place {
    segment: u32,
    row: u32,
}

/// The references now.
#[derive(Debug)]
pub(super) struct State {
    /// `None` where marks of this kind have no index.
    indexer: Option<Indexer>,
    extraction: Digest,
    mark: MarkKind,
    pub(super) opened: bool,
    pub(super) snapshot: Snapshot,
    pub(super) log: Option<Log>,
    places: HashMap<ScanId, Place>,
    /// Places whose references have left.
    vacant: HashMap<Kind, Vec<Place>>,
    /// Changes of the store that are in.
    followed: usize,
}

impl State {
    pub(super) fn new(indexer: Option<Indexer>, extraction: Digest, mark: MarkKind) -> Self {
        Self {
            indexer,
            extraction,
            mark,
            opened: false,
            snapshot: Snapshot::default(),
            log: None,
            places: HashMap::new(),
            vacant: HashMap::new(),
            followed: 0,
        }
    }

    /// 1. Lists what searches see, 2. reads what is kept of it, 3. makes the rest, 4. forgets what is kept in vain.
    pub(super) fn open(
        &mut self,
        store: &dyn ReferenceStore,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<GalleryOpening, GalleryError> {
        // 1. What changes from here on is followed afterwards.
        self.followed = store.changed(0).len();
        let mut wanted: HashMap<ScanId, LiveScan> = HashMap::new();
        for live in store.live(self.extraction) {
            let live = live?;
            wanted.insert(live.scan, live);
        }
        let total = wanted.len() as u64;
        let mut opening = GalleryOpening::default();
        // 2.
        if let Some(log) = &self.log {
            let (mut rows, length) = (log.rows()?, log.row());
            let path = log.path().to_path_buf();
            loop {
                let bytes = rows.next(READ_TOGETHER).map_err(StoreError::io("read", &path))?;
                if bytes.is_empty() {
                    break;
                }
                let before = wanted.len();
                self.take(&bytes, length, &mut wanted)?;
                let taken = (before - wanted.len()) as u64;
                opening.read += taken;
                opening.dropped += (bytes.len() / length) as u64 - taken;
                progress(Progress { done: opening.read, total });
            }
        }
        // 3.
        let mut missing: Vec<LiveScan> = wanted.into_values().collect();
        missing.sort_unstable_by_key(|live| live.scan);
        let mut looked_at = 0;
        for together in missing.chunks(MADE_TOGETHER) {
            let entered = self.enter(store, together)?;
            opening.made += entered;
            // Those of other marks are known by what filters choose them by, and have no entry here.
            let of_mark = together.iter().filter(|live| live.facets.mark == self.mark);
            opening.unindexed += match &self.indexer {
                Some(_) => of_mark.count() as u64 - entered,
                None => of_mark.filter(|live| live.signature.is_none()).count() as u64,
            };
            looked_at += together.len() as u64;
            progress(Progress { done: opening.read + looked_at, total });
        }
        // 4.
        if opening.dropped > opening.read + opening.made + WASTE {
            self.compact()?;
        }
        self.opened = true;
        Ok(opening)
    }

    /// Takes over rows of the file that are wanted; segments are filled side by side.
    fn take(
        &mut self,
        bytes: &[u8],
        length: usize,
        wanted: &mut HashMap<ScanId, LiveScan>,
    ) -> Result<(), GalleryError> {
        let whole: Vec<(ScanId, Digest, Option<Entry>)> = bytes
            .par_chunks(length)
            .filter_map(|bytes| {
                let row = log::row(bytes)?;
                let live = wanted.get(&row.scan)?;
                let entry = (live.signature == Some(row.signature))
                    .then(|| Entry::from_bytes(row.entry).ok())
                    .flatten();
                Some((row.scan, row.signature, entry))
            })
            .collect();
        for (scan, _, entry) in whole {
            if let (Some(entry), Some(live)) = (entry, wanted.remove(&scan)) {
                self.put(live, Some(&entry))?;
            }
        }
        Ok(())
    }

    /// Takes in what the store was told since.
    pub(super) fn follow(&mut self, store: &dyn ReferenceStore) -> Result<(), GalleryError> {
        let changed = store.changed(self.followed);
        let mut lacking = Vec::new();
        for scan in changed.iter().copied().collect::<BTreeSet<_>>() {
            let Some(live) = store.live_scan(scan, self.extraction)? else {
                self.remove(scan);
                continue;
            };
            let known = self.row(scan).is_some_and(|row| row.signature == live.signature);
            if known {
                self.describe(live);
            } else {
                lacking.push(live);
            }
        }
        for together in lacking.chunks(MADE_TOGETHER) {
            self.enter(store, together)?;
        }
        // Last: what failed is tried again.
        self.followed += changed.len();
        Ok(())
    }

    /// Makes entries, writes them down and puts them in. Returns how many could be made.
    fn enter(
        &mut self,
        store: &dyn ReferenceStore,
        lives: &[LiveScan],
    ) -> Result<u64, GalleryError> {
        let make = |live: &LiveScan| -> Result<Option<Entry>, StoreError> {
            match live.signature.and(self.indexer.as_ref()) {
                Some(indexer) if live.facets.mark == self.mark => {
                    entry_of(indexer, store, self.extraction, live.scan)
                }
                Some(_) | None => Ok(None),
            }
        };
        let entries: Vec<Option<Entry>> = if lives.len() <= FEW {
            lives.iter().map(make).collect::<Result<_, _>>()?
        } else {
            lives.par_iter().map(make).collect::<Result<_, _>>()?
        };
        if let Some(log) = &mut self.log {
            let made = lives.iter().zip(&entries).filter_map(|(live, entry)| {
                Some((live.scan, live.signature?, entry.as_ref()?.to_bytes()))
            });
            let made: Vec<_> = made.collect();
            log.append(
                made.iter().map(|(scan, signature, bytes)| (*scan, *signature, &bytes[..])),
            )?;
        }
        let mut entered = 0;
        for (live, entry) in lives.iter().zip(&entries) {
            entered += u64::from(entry.is_some());
            self.put(live.clone(), entry.as_ref())?;
        }
        Ok(entered)
    }

    /// Puts a reference in, in place of what there was of it.
    pub(super) fn put(
        &mut self,
        live: LiveScan,
        entry: Option<&Entry>,
    ) -> Result<(), GalleryError> {
        self.remove(live.scan);
        let (scan, signature, entered) = (live.scan, live.signature, live.entered);
        let class = self.class(live);
        let row = Row { scan, signature, class, entered };
        let Some((entry, indexer)) = entry.zip(self.indexer.clone()) else {
            Arc::make_mut(&mut self.snapshot.unindexed).insert(scan, row);
            return Ok(());
        };
        let place = match self.vacant.get_mut(&entry.kind()).and_then(Vec::pop) {
            Some(place) => {
                self.segment(place).reuse(place.row as usize, row, entry)?;
                place
            }
            None => {
                let segment = self.open_segment(&indexer, entry.kind());
                let segments = &mut self.snapshot.segments;
                let place = Arc::make_mut(&mut segments[segment]).push(row, entry)?;
                Place { segment: segment as u32, row: place as u32 }
            }
        };
        self.places.insert(scan, place);
        Ok(())
    }

    /// Writes the file anew, without the rows that are of no use.
    fn compact(&mut self) -> Result<(), StoreError> {
        let Some(mut log) = self.log.take() else { return Ok(()) };
        let mut kept = HashSet::new();
        let compacted = log.compact(|row| {
            let known = self.row(row.scan);
            known.is_some_and(|known| known.signature == Some(row.signature))
                && kept.insert(row.scan)
        });
        self.log = Some(log);
        compacted
    }

    /// The last segment of a kind, or a new one where that is full.
    fn open_segment(&mut self, indexer: &Indexer, kind: Kind) -> usize {
        let segments = &mut self.snapshot.segments;
        let last = segments.iter().rposition(|segment| segment.kind == kind);
        last.filter(|last| !segments[*last].is_full()).unwrap_or_else(|| {
            segments.push(Arc::new(Segment::new(indexer, kind, self.extraction)));
            segments.len() - 1
        })
    }

    fn remove(&mut self, scan: ScanId) {
        if let Some(place) = self.places.remove(&scan) {
            let segment = self.segment(place);
            segment.clear(place.row as usize);
            let kind = segment.kind;
            self.vacant.entry(kind).or_default().push(place);
        }
        if self.snapshot.unindexed.contains_key(&scan) {
            Arc::make_mut(&mut self.snapshot.unindexed).remove(&scan);
        }
    }

    /// Takes over what filters choose it by.
    fn describe(&mut self, live: LiveScan) {
        let scan = live.scan;
        let class = self.class(live);
        if self.row(scan).is_some_and(|row| row.class == class) {
            return;
        }
        if let Some(place) = self.places.get(&scan).copied() {
            self.segment(place).reclassify(place.row as usize, class);
        } else if let Some(row) = Arc::make_mut(&mut self.snapshot.unindexed).get_mut(&scan) {
            row.class = class;
        }
    }

    fn class(&mut self, live: LiveScan) -> u32 {
        let class = Class { facets: live.facets, sharing: live.sharing };
        let known = self.snapshot.classes.find(&class);
        known.unwrap_or_else(|| Arc::make_mut(&mut self.snapshot.classes).add(class))
    }

    fn row(&self, scan: ScanId) -> Option<&Row> {
        match self.places.get(&scan) {
            Some(place) => {
                self.snapshot.segments[place.segment as usize].rows()[place.row as usize].as_ref()
            }
            None => self.snapshot.unindexed.get(&scan),
        }
    }

    /// The segment of a place, to be changed.
    fn segment(&mut self, place: Place) -> &mut Segment {
        Arc::make_mut(&mut self.snapshot.segments[place.segment as usize])
    }

    pub(super) fn bytes(&self) -> u64 {
        let segments: usize = self.snapshot.segments.iter().map(|segment| segment.bytes()).sum();
        let places = self.places.capacity() * (size_of::<(ScanId, Place)>() + 1);
        (segments + places) as u64
    }
}
