//! Every reference of a store, ready to be searched.
//!
//! The index entry of every scan that searches see, side by side in memory, and what filters choose it by: about
//! 2.8 KB a reference. A [`Gallery`] follows its store: what was enrolled is in the next [`Snapshot`], what was
//! withdrawn is not. It holds nothing of its own: entries are made from signatures, and a file beside the store
//! ([`Gallery::kept_in`]) only saves making them again at the next start. Whatever that file lacks, or has too much or
//! damaged, costs the making of those entries and never an answer. A kind of mark that has no index has no entries and no file:
//! its gallery knows by what references are chosen, and all that are chosen are compared.

mod choice;
mod classes;
mod log;
mod marks;
mod segment;
mod snapshot;
mod state;
mod verify;

pub use choice::Choice;
pub use classes::Class;
pub use marks::Galleries;
pub use snapshot::{Alike, Sifted, Snapshot};
pub use verify::{EntryFinding, EntryVerification};

use crate::digest::Digest;
use crate::index::{Entry, IndexError, Indexer};
use crate::matcher::Engine;
use crate::signature::Signature;
use crate::store::{LiveScan, Progress, ReferenceStore, ScanId, StoreError};
use crate::surface::MarkKind;
use log::{Family, Log};
use serde::Serialize;
use state::State;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// The name of the folder of entries in that of a store.
const FOLDER: &str = "gallery";

/// Why the references cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GalleryError {
    /// The store cannot be read, or the file of entries neither read nor written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry of other parameters.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// What opening found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GalleryOpening {
    /// Entries that were read.
    pub read: u64,
    /// Entries that were made from signatures.
    pub made: u64,
    /// Rows of the file that were damaged, or of scans or signatures that are not searched any more.
    pub dropped: u64,
    /// Scans that cannot be searched: they have no signature, or one that cannot be read; where there is no index, only the
    /// first are known.
    pub unindexed: u64,
}

/// Every reference of a store, ready to be searched. Shared among threads.
#[derive(Debug)]
pub struct Gallery {
    /// `None` where marks of this kind have no index.
    indexer: Option<Indexer>,
    extraction: Digest,
    mark: MarkKind,
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

impl Gallery {
    /// The references of an engine's signatures, in memory alone; without an indexer they have no entries.
    #[must_use]
    pub fn new(indexer: impl Into<Option<Indexer>>, engine: &Engine) -> Self {
        let indexer = indexer.into();
        let (extraction, mark) =
            (engine.parameters().extraction_digest(), engine.parameters().mark);
        let state = Mutex::new(State::new(indexer.clone(), extraction, mark));
        Self { indexer, extraction, mark, folder: None, state }
    }

    /// The same by the default parameters of the index, where the engine's kind of mark has one.
    #[must_use]
    pub fn of(engine: &Engine) -> Self {
        Self::new(Indexer::of_mark(engine.parameters().mark, engine.arithmetic()), engine)
    }

    /// The same, whose entries are kept in the folder of a store. Nothing is read yet.
    #[must_use]
    pub fn kept_in(store: &Path, indexer: impl Into<Option<Indexer>>, engine: &Engine) -> Self {
        let folder = store.join(FOLDER);
        // The breech face was there first; a file is of one kind of mark.
        let folder = match engine.parameters().mark {
            MarkKind::BreechFace => folder,
            mark @ (MarkKind::FiringPin | MarkKind::Ejector | MarkKind::ApertureShear) => {
                folder.join(mark.name())
            }
        };
        Self { folder: Some(folder), ..Self::new(indexer, engine) }
    }

    /// What makes its entries and scores them; `None` where it has none.
    #[must_use]
    pub const fn indexer(&self) -> Option<&Indexer> {
        self.indexer.as_ref()
    }

    /// Reads what is kept of the store's references and makes what is missing, on the threads of the caller's pool. Again,
    /// it does nothing. Not from a thread of a pool whose other work asks for a snapshot.
    ///
    /// # Errors
    /// The store or the file cannot be read or written.
    pub fn open(
        &self,
        store: &dyn ReferenceStore,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<GalleryOpening, GalleryError> {
        let mut state = self.state();
        self.opened(&mut state, store, progress)
    }

    /// Makes all entries anew.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn rebuild(
        &self,
        store: &dyn ReferenceStore,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<GalleryOpening, GalleryError> {
        let mut state = self.state();
        *state = State::new(self.indexer.clone(), self.extraction, self.mark);
        if let Some(log) = self.log()? {
            log.clear()?;
        }
        self.opened(&mut state, store, progress)
    }

    /// Follows what the store was told since, so that the next snapshot has nothing to do; unless somebody is at it or
    /// the references were not opened yet: then the next snapshot does it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn refresh(&self, store: &dyn ReferenceStore) -> Result<(), GalleryError> {
        match self.state.try_lock() {
            Ok(mut state) if state.opened => state.follow(store),
            Ok(_) | Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => Ok(()),
        }
    }

    /// The references as they are now.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn snapshot(&self, store: &dyn ReferenceStore) -> Result<Snapshot, GalleryError> {
        let mut state = self.state();
        self.opened(&mut state, store, &mut |_| ())?;
        state.follow(store)?;
        Ok(state.snapshot.clone())
    }

    /// Adds a reference of no store: for who searches what is not in one.
    ///
    /// # Errors
    /// An entry made with other parameters.
    pub fn add(&self, scan: LiveScan, entry: &Entry) -> Result<(), GalleryError> {
        let mut state = self.state();
        state.opened = true;
        state.put(scan, Some(entry))
    }

    /// The references of no store: see [`Self::add`].
    #[must_use]
    pub fn added(&self) -> Snapshot {
        self.state().snapshot.clone()
    }

    /// Bytes of memory that the references take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.state().bytes()
    }

    /// Bytes on the disk that the file of entries takes a reference; none where there are no entries.
    #[must_use]
    pub fn disk_bytes_per_reference(&self) -> usize {
        self.family().map_or(0, Family::row)
    }

    /// Writes down entries of scans that were just enrolled, without reading the others: for a program that enrols
    /// and ends. Each is the scan, its signature and the entry that [`Indexer::entry`] makes of it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_down(&self, entries: &[(ScanId, Digest, Entry)]) -> Result<(), StoreError> {
        let Some(mut log) = self.log()? else { return Ok(()) };
        let bytes: Vec<_> = entries
            .iter()
            .map(|(scan, signature, entry)| (*scan, *signature, entry.to_bytes()))
            .collect();
        log.append(bytes.iter().map(|(scan, signature, bytes)| (*scan, *signature, &bytes[..])))
    }

    /// Makes every entry anew and compares it with the one that is kept, and counts those that are missing. `progress`
    /// is told how far it is.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn verify(
        &self,
        store: &dyn ReferenceStore,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<EntryVerification, GalleryError> {
        let (log, indexer) = (self.log()?, self.indexer.as_ref());
        match log.as_ref().zip(indexer) {
            Some((log, indexer)) => verify::verify(log, indexer, self.extraction, store, progress),
            None => Ok(EntryVerification::default()),
        }
    }

    fn opened(
        &self,
        state: &mut State,
        store: &dyn ReferenceStore,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<GalleryOpening, GalleryError> {
        if state.opened {
            return Ok(GalleryOpening::default());
        }
        // What a failure left half done is begun anew.
        *state = State::new(self.indexer.clone(), self.extraction, self.mark);
        state.log = self.log()?;
        state.open(store, progress)
    }

    fn family(&self) -> Option<Family> {
        self.indexer.as_ref().map(|indexer| Family {
            entry_digest: indexer.entry_digest(),
            extraction: self.extraction,
            entry_length: indexer.entry_length(),
        })
    }

    fn log(&self) -> Result<Option<Log>, StoreError> {
        let kept = self.folder.as_deref().zip(self.family());
        kept.map(|(folder, family)| Log::open(folder, family)).transpose()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            // What a panic left half done is begun anew.
            let mut state = PoisonError::into_inner(poisoned);
            *state = State::new(self.indexer.clone(), self.extraction, self.mark);
            state
        })
    }
}

/// What there is of a scan to be indexed.
fn entry_of(
    indexer: &Indexer,
    store: &dyn ReferenceStore,
    extraction: Digest,
    scan: ScanId,
) -> Result<Option<Entry>, StoreError> {
    let stored = match store.listed_signature(scan, extraction) {
        Ok(stored) => stored,
        // To be told of by every search that looks at it.
        Err(StoreError::ObjectMissing { .. } | StoreError::ObjectDamaged { .. }) => None,
        Err(error) => return Err(error),
    };
    let bytes = stored.and_then(|stored| stored.bytes);
    let signature = bytes.and_then(|bytes| Signature::from_bytes(&bytes).ok());
    let signature = signature.filter(|signature| signature.extraction_digest() == extraction);
    Ok(signature.map(|signature| indexer.entry(&signature)))
}
