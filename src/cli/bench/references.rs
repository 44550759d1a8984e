//! The references that are searched: planted scans, then decoys.

use super::super::library::Searching;
use super::planted::Planted;
use crate::decoy::DecoyMaker;
use crate::digest::Digest;
use crate::gallery::{Gallery, Snapshot};
use crate::index::{Entry, Indexer};
use crate::search::Signatures;
use crate::signature::Signature;
use crate::store::{
    DiskStore, Enrolment, ExhibitMetadata, ExhibitRef, Facets, LiveScan, MarkKind,
    ReferenceStore as _, ScanId, SignatureBlob, StoreError, StoredSignature,
};
use anyhow::{Context as _, ensure};
use indicatif::ProgressBar;
use jiff::{Timestamp, ToSpan as _};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use uuid::Uuid;

/// Decoys that are made and entered together.
const TOGETHER: u64 = 256;
const LABORATORY: &str = "bench";

/// Where signatures are.
enum Place {
    /// In a store on the disk.
    Stored(Box<DiskStore>),
    /// Those of decoys nowhere: they are made again.
    Made(BTreeMap<ScanId, Vec<u8>>),
}

/// The references.
pub(super) struct References<'a> {
    pub(super) gallery: Gallery,
    indexer: &'a Indexer,
    maker: &'a DecoyMaker,
    extraction: Digest,
    place: Place,
    /// Scans of the planted ones, in their order.
    pub(super) planted: Vec<ScanId>,
    decoys: u64,
}

impl<'a> References<'a> {
    /// Planted scans in a store in this folder, or in memory where there is none.
    pub(super) fn new(
        searching: &Searching,
        indexer: &'a Indexer,
        maker: &'a DecoyMaker,
        folder: Option<&Path>,
        planted: &[Planted],
    ) -> anyhow::Result<Self> {
        let extraction = searching.engine.parameters().extraction_digest();
        let (gallery, place) = match folder {
            Some(folder) => {
                let store = DiskStore::create_or_open(folder);
                let store = store.with_context(|| folder.display().to_string())?;
                ensure!(
                    store.statistics()?.scans == 0,
                    "{}: the store has scans already, wanted a new one",
                    folder.display()
                );
                (searching.gallery(folder), Place::Stored(Box::new(store)))
            }
            None => {
                let gallery = Gallery::new(indexer.clone(), &searching.engine);
                (gallery, Place::Made(BTreeMap::new()))
            }
        };
        let planted_scans: Vec<Scan> = planted
            .iter()
            .map(|planted| Scan {
                name: planted.name.clone(),
                original: planted.original.clone(),
                signature: planted.signature.clone(),
            })
            .collect();
        let planted = Vec::new();
        let mut references =
            Self { gallery, indexer, maker, extraction, place, planted, decoys: 0 };
        references.planted = references.enter(0, &planted_scans)?;
        if let Place::Made(signatures) = &mut references.place {
            let kept = planted_scans.into_iter().map(|scan| scan.signature.to_bytes());
            *signatures = references.planted.iter().copied().zip(kept).collect();
        }
        Ok(references)
    }

    /// References there are.
    pub(super) fn records(&self) -> u64 {
        self.planted.len() as u64 + self.decoys
    }

    /// Makes and enters decoys until there are so many.
    pub(super) fn grow(&mut self, decoys: u64, bar: &ProgressBar) -> anyhow::Result<()> {
        let maker = self.maker;
        while self.decoys < decoys {
            let (first, last) = (self.decoys, (self.decoys + TOGETHER).min(decoys));
            let make = |number: u64| {
                let name = format!("decoy {number}");
                let original = name.clone().into_bytes();
                Scan { name, original, signature: maker.signature(number) }
            };
            let scans: Vec<Scan> = (first..last).into_par_iter().map(make).collect();
            self.enter(self.records(), &scans)?;
            self.decoys = last;
            bar.inc(last - first);
        }
        Ok(())
    }

    /// Enters scans, the first of which has this number.
    fn enter(&self, first: u64, scans: &[Scan]) -> anyhow::Result<Vec<ScanId>> {
        let numbered = || (first..).zip(scans);
        match &self.place {
            Place::Stored(store) => {
                let signatures: Vec<Vec<u8>> =
                    scans.par_iter().map(|scan| scan.signature.to_bytes()).collect();
                let exhibit =
                    ExhibitMetadata { laboratory: LABORATORY.to_owned(), ..Default::default() };
                let enrolments: Vec<Enrolment<'_>> = numbered()
                    .zip(&signatures)
                    .map(|((number, scan), signature)| Enrolment {
                        original: &scan.original,
                        original_name: &scan.name,
                        mark: MarkKind::BreechFace,
                        signature: SignatureBlob {
                            bytes: signature,
                            engine_version: crate::VERSION,
                            extraction: self.extraction,
                            location: None,
                        },
                        correction: None,
                        exhibit: ExhibitRef::New(&exhibit),
                        entered: entered(number),
                    })
                    .collect();
                // The gallery makes the entries of what the store was told.
                let enrolled = store.enrol_many(&enrolments)?;
                Ok(enrolled.iter().map(|enrolled| enrolled.scan).collect())
            }
            Place::Made(_) => {
                let ids: Vec<ScanId> = numbered().map(|(number, _)| name(number)).collect();
                let indexer = self.indexer;
                let made: Vec<(Digest, Entry)> = scans
                    .par_iter()
                    .map(|Scan { signature, .. }| {
                        (Digest::of(&signature.to_bytes()), indexer.entry(signature))
                    })
                    .collect();
                for ((number, id), (digest, entry)) in (first..).zip(&ids).zip(&made) {
                    let facets = Facets {
                        mark: MarkKind::BreechFace,
                        laboratory: LABORATORY.to_owned(),
                        case_number: None,
                        calibre: None,
                        country: None,
                    };
                    let live = LiveScan {
                        scan: *id,
                        facets,
                        entered: entered(number),
                        sharing: None,
                        signature: Some(*digest),
                    };
                    self.gallery.add(live, entry)?;
                }
                Ok(ids)
            }
        }
    }

    /// The references as they are now.
    pub(super) fn snapshot(&self) -> anyhow::Result<Snapshot> {
        Ok(match &self.place {
            Place::Stored(store) => self.gallery.snapshot(&**store)?,
            Place::Made(_) => self.gallery.added(),
        })
    }

    /// Bytes on the disk, the index's and the store's own files included; `None` where nothing is.
    pub(super) fn disk_bytes(&self) -> anyhow::Result<Option<u64>> {
        match &self.place {
            Place::Stored(store) => Ok(Some(bytes_under(store.path())?)),
            Place::Made(_) => Ok(None),
        }
    }
}

impl Signatures for References<'_> {
    fn signature(&self, scan: ScanId) -> Result<Option<StoredSignature>, StoreError> {
        match &self.place {
            Place::Stored(store) => store.listed_signature(scan, self.extraction),
            Place::Made(planted) => {
                let made = || {
                    let number = scan.uuid().as_u128() as u64 - self.planted.len() as u64;
                    self.maker.signature(number).to_bytes()
                };
                let bytes = planted.get(&scan).cloned().unwrap_or_else(made);
                Ok(Some(StoredSignature { scan, bytes: Some(bytes) }))
            }
        }
    }
}

/// A scan to be entered.
struct Scan {
    name: String,
    original: Vec<u8>,
    signature: Signature,
}

/// The name of a reference that is in no store.
fn name(number: u64) -> ScanId {
    ScanId::from_uuid(Uuid::from_u128(u128::from(number)))
}

/// When a reference was entered: one a second.
pub(super) fn entered(number: u64) -> Timestamp {
    let first = Timestamp::UNIX_EPOCH;
    first.checked_add((number as i64).seconds()).unwrap_or(first)
}

fn bytes_under(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_under(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
