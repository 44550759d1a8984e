//! What does a laboratory know, and how does it stay known?
//!
//! The regional reference store, for programs that enter, search and exchange marks. The model: a
//! [`Case`] has [`Exhibit`]s (one cartridge case each), an exhibit has [`Mark`]s, a mark has [`Scan`]s, a
//! scan has its original file and a signature for each engine version ([`SignatureLink`]); several
//! exhibits may come from one [`Firearm`]. Identifiers are UUIDv7 and stay unique when stores meet.
//!
//! The truth is a grow-only set of immutable objects named by their SHA-256 (`objects`): originals,
//! signatures, masks and records. One enrolment is one record object, so it is there whole or not at all. What
//! is looked up (`index`, in sled) is derived from the records by a function that does not depend on
//! their order (`apply`): so the index can be made anew at any time, two stores merge by union, and a
//! crash between object and index heals at the next opening. A withdrawal is one more record; a purge
//! then deletes the files that no scan in use refers to.
//!
//! Whatever was acknowledged is on the disk. One process works with a store at a time; a second gets
//! [`StoreError::Locked`]. No clock is read here: times are the caller's. Memory does not grow with the
//! store. To the store signatures are bytes: it knows no matcher and reads no surface.
//!
//! ```
//! use casemark::store::{
//!     Enrolment, ExhibitMetadata, ExhibitRef, Filter, MarkKind, MemoryStore, ReferenceStore,
//!     SignatureBlob,
//! };
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let extraction = casemark::parameters::Parameters::default().extraction_digest();
//! let metadata = ExhibitMetadata {
//!     laboratory: "Example".into(),
//!     calibre: Some("9 mm Luger".into()),
//!     country: Some("CH".parse()?),
//!     ..Default::default()
//! };
//! let enrolled = store.enrol(&Enrolment {
//!     original: b"the file",
//!     original_name: "case.x3p",
//!     mark: MarkKind::BreechFace,
//!     signature: SignatureBlob {
//!         bytes: b"the signature",
//!         engine_version: "0.1.0",
//!         extraction,
//!         location: None,
//!     },
//!     correction: None,
//!     exhibit: ExhibitRef::New(&metadata),
//!     entered: "2026-03-01T10:00:00Z".parse()?,
//! })?;
//! for stored in store.signatures(extraction, &Filter::default()) {
//!     assert_eq!(stored?.scan, enrolled.scan);
//! }
//! # Ok(())
//! # }
//! ```

mod apply;
mod disk;
mod draft;
mod engine;
mod enrol;
mod error;
mod filter;
mod identifiers;
mod index;
mod index_folder;
mod keys;
mod live;
mod location;
mod manifest;
mod memory;
mod merge;
mod metadata;
mod model;
mod objects;
mod purge;
mod read;
mod record;
mod sharing;
mod statistics;
mod verify;

#[cfg(test)]
mod tests;

pub use crate::surface::{MarkKind, MarkKindError};
pub use disk::{DiskStore, Opening};
pub use enrol::{Enrolled, Enrolment, ExhibitRef, Outcome, SignatureBlob};
pub use error::StoreError;
pub use filter::{Filter, FilterPart, Skipped, Unknown};
pub use identifiers::{Entropy, SeededEntropy, SystemEntropy};
pub use index_folder::RebuildReason;
pub use live::{Facets, LiveScan};
pub use location::{Correction, CorrectionBlob, Location, LocationBlob, Said};
pub use manifest::{Manifest, OLDEST_STORE_FORMAT, STORE_FORMAT};
pub use memory::MemoryStore;
pub use merge::Merged;
pub use metadata::{
    Country, ExhibitMetadata, FirearmMetadata, LINE_LIMIT, MetadataError, NOTES_LIMIT,
};
pub use model::{
    Case, CaseId, Exhibit, ExhibitId, Firearm, FirearmId, IdentifierError, Mark, MarkId, Scan,
    ScanId, SignatureLink, Subject, Withdrawal,
};
pub use objects::ObjectKind;
pub use purge::Purged;
pub use read::{Found, ScanView, StoredSignature};
pub use record::{OLDEST_RECORD_VERSION, RECORD_VERSION, RecordError};
pub use sharing::{Audience, Existence, Sharing};
pub use statistics::Statistics;
pub use verify::{Finding, Progress, VerificationReport};

use crate::digest::Digest;
use engine::Backed;
use jiff::Timestamp;
use std::ops::ControlFlow;

/// A listing that is read as it is walked; each item can fail on its own.
pub type Listing<'a, T> = Box<dyn Iterator<Item = Result<T, StoreError>> + Send + 'a>;

/// A store of references, on the disk ([`DiskStore`]) or in memory ([`MemoryStore`]).
///
/// Shared between threads: one writes at a time, readers wait for no one. A write that returns is
/// durable; one that fails for its input has written nothing; one that fails for the disk is either
/// there whole at the next opening or not at all, and the store writes no more until opened again.
pub trait ReferenceStore: Send + Sync {
    /// Enters a scan. Costs the syncs of three files.
    ///
    /// # Errors
    /// Input that no record may hold, an exhibit that is not there, withdrawn or differs; the disk.
    fn enrol(&self, enrolment: &Enrolment<'_>) -> Result<Enrolled, StoreError>;

    /// Enters several scans, all or none, which share their syncs: some tens at once are worth it.
    ///
    /// # Errors
    /// As [`ReferenceStore::enrol`], for the first that is refused.
    fn enrol_many(&self, enrolments: &[Enrolment<'_>]) -> Result<Vec<Enrolled>, StoreError>;

    /// Adds signatures to scans, all or none, as an upgrade of the engine does from the originals.
    ///
    /// # Errors
    /// A scan that is not there or withdrawn; an empty signature; the disk.
    fn add_signatures(
        &self,
        signatures: &[(ScanId, SignatureBlob<'_>)],
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Replaces the metadata of an exhibit; the revision before stays among the objects.
    ///
    /// # Errors
    /// Input that no record may hold; an exhibit that is not there or withdrawn; the disk.
    fn revise_exhibit(
        &self,
        exhibit: ExhibitId,
        metadata: &ExhibitMetadata,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Takes an exhibit or a scan out of every search, for ever.
    ///
    /// # Errors
    /// A reason that is no line of text; a subject that is not there or withdrawn already; the disk.
    fn withdraw(&self, subject: Subject, reason: &str, at: Timestamp) -> Result<(), StoreError>;

    /// Gives an exhibit a sharing policy of its own, or takes it away: then that of its laboratory holds.
    ///
    /// # Errors
    /// An exhibit that is not there or withdrawn; the disk.
    fn share(
        &self,
        exhibit: ExhibitId,
        sharing: Option<&Sharing>,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Deletes the files of what was withdrawn, and what interrupted writes left.
    ///
    /// # Errors
    /// The disk.
    fn purge(&self) -> Result<Purged, StoreError>;

    /// A case.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or a failure to read.
    fn case(&self, id: CaseId) -> Result<Case, StoreError>;

    /// A firearm.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or a failure to read.
    fn firearm(&self, id: FirearmId) -> Result<Firearm, StoreError>;

    /// An exhibit, withdrawn or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or a failure to read.
    fn exhibit(&self, id: ExhibitId) -> Result<Exhibit, StoreError>;

    /// The sharing policy that an exhibit has of its own, if any.
    ///
    /// # Errors
    /// A failure to read.
    fn sharing(&self, exhibit: ExhibitId) -> Result<Option<Sharing>, StoreError>;

    /// A mark.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or a failure to read.
    fn mark(&self, id: MarkId) -> Result<Mark, StoreError>;

    /// A scan, withdrawn or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or a failure to read.
    fn scan(&self, id: ScanId) -> Result<Scan, StoreError>;

    /// A scan with all that it hangs on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or a failure to read.
    fn view(&self, scan: ScanId) -> Result<ScanView, StoreError>;

    /// The exhibits of a case, in the order of identifiers.
    ///
    /// # Errors
    /// A failure to read.
    fn exhibits_of(&self, case: CaseId) -> Result<Vec<ExhibitId>, StoreError>;

    /// The exhibits from a firearm, in the order of identifiers.
    ///
    /// # Errors
    /// A failure to read.
    fn exhibits_from(&self, firearm: FirearmId) -> Result<Vec<ExhibitId>, StoreError>;

    /// The scans of an exhibit, mark by mark, withdrawn or not.
    ///
    /// # Errors
    /// A failure to read.
    fn scans_of(&self, exhibit: ExhibitId) -> Result<Vec<ScanId>, StoreError>;

    /// The scans whose original has this SHA-256, the withdrawn ones too: one for each kind of mark and laboratory that entered
    /// it, and more after a merge.
    ///
    /// # Errors
    /// A failure to read.
    fn scans_of_file(&self, original: Digest) -> Result<Vec<ScanId>, StoreError>;

    /// The record whose identifier begins so (four digits or more), or the scan whose original has this
    /// SHA-256.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ambiguous`], or a failure to read.
    fn find(&self, name: &str) -> Result<Found, StoreError>;

    /// The scans that a filter allows and that are not withdrawn, in the order of identifiers.
    fn scans(&self, filter: &Filter) -> Listing<'_, ScanId>;

    /// How many scans in use a filter leaves out, and by which of its parts. Costs a walk over all.
    ///
    /// # Errors
    /// A failure to read.
    fn skipped(&self, filter: &Filter) -> Result<Skipped, StoreError>;

    /// All scans that searches see, in the order of identifiers, with what they are chosen by.
    fn live(&self, extraction: Digest) -> Listing<'_, LiveScan>;

    /// One scan, if searches see it.
    ///
    /// # Errors
    /// A failure to read.
    fn live_scan(&self, scan: ScanId, extraction: Digest) -> Result<Option<LiveScan>, StoreError>;

    /// The scans that searches may see otherwise than before, in the order of changes since the store was opened, all
    /// but the first `since`; one can come several times. A change is told of once it can be read.
    fn changed(&self, since: usize) -> Vec<ScanId>;

    /// The signature of a scan with one extraction as a search reads it: `None` where the scan has left the store since
    /// the search heard of it.
    ///
    /// # Errors
    /// A failure to read.
    fn listed_signature(
        &self,
        scan: ScanId,
        extraction: Digest,
    ) -> Result<Option<StoredSignature>, StoreError>;

    /// The signatures of these scans with one extraction, in the same order, one in memory at a time.
    /// Every scan comes, those without such a signature too ([`StoredSignature::bytes`]).
    fn signatures(&self, extraction: Digest, filter: &Filter) -> Listing<'_, StoredSignature>;

    /// Of these scans, those without a signature of one extraction: what an upgrade has to do.
    fn missing_signatures(&self, extraction: Digest, filter: &Filter) -> Listing<'_, ScanId>;

    /// Groups of scans that have one original and one kind of mark, none of them withdrawn. They come from
    /// laboratories that have one file, and from merging stores that both had it.
    fn duplicates(&self) -> Listing<'_, Vec<ScanId>>;

    /// The signature of a scan with one extraction; of several engine versions, the latest made.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::SignatureMissing`], or a failure to read.
    fn signature(&self, scan: ScanId, extraction: Digest) -> Result<Vec<u8>, StoreError>;

    /// The original file of a scan.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or a failure to read, [`StoreError::ObjectMissing`] after a purge.
    fn original(&self, scan: ScanId) -> Result<Vec<u8>, StoreError>;

    /// A mask: the picture of the parts of a head, as [`ScanView::said`] names it.
    ///
    /// # Errors
    /// A failure to read, [`StoreError::ObjectMissing`] after a purge.
    fn mask(&self, regions: Digest) -> Result<Vec<u8>, StoreError>;

    /// Reads everything and says what is not as it was written; nothing is written meanwhile. Whoever is told of the
    /// progress can stop it.
    ///
    /// # Errors
    /// A failure to read other than what a [`Finding`] names; [`StoreError::Stopped`].
    fn verify(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<VerificationReport, StoreError>;

    /// How much is in the store. Costs a walk over the files' names.
    ///
    /// # Errors
    /// A failure to read.
    fn statistics(&self) -> Result<Statistics, StoreError>;
}

impl<S: Backed> ReferenceStore for S {
    fn enrol(&self, enrolment: &Enrolment<'_>) -> Result<Enrolled, StoreError> {
        let enrolled = self.engine().enrol_many(std::slice::from_ref(enrolment))?;
        // One goes in, one comes out.
        Ok(enrolled[0])
    }

    fn enrol_many(&self, enrolments: &[Enrolment<'_>]) -> Result<Vec<Enrolled>, StoreError> {
        self.engine().enrol_many(enrolments)
    }

    fn add_signatures(
        &self,
        signatures: &[(ScanId, SignatureBlob<'_>)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.engine().add_signatures(signatures, at)
    }

    fn revise_exhibit(
        &self,
        exhibit: ExhibitId,
        metadata: &ExhibitMetadata,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.engine().revise_exhibit(exhibit, metadata, at)
    }

    fn withdraw(&self, subject: Subject, reason: &str, at: Timestamp) -> Result<(), StoreError> {
        self.engine().withdraw(subject, reason, at)
    }

    fn share(
        &self,
        exhibit: ExhibitId,
        sharing: Option<&Sharing>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.engine().share(exhibit, sharing, at)
    }

    fn purge(&self) -> Result<Purged, StoreError> {
        purge::purge(self.engine())
    }

    fn case(&self, id: CaseId) -> Result<Case, StoreError> {
        self.engine().case(id)
    }

    fn firearm(&self, id: FirearmId) -> Result<Firearm, StoreError> {
        self.engine().firearm(id)
    }

    fn exhibit(&self, id: ExhibitId) -> Result<Exhibit, StoreError> {
        self.engine().exhibit(id)
    }

    fn sharing(&self, exhibit: ExhibitId) -> Result<Option<Sharing>, StoreError> {
        self.engine().sharing(exhibit)
    }

    fn mark(&self, id: MarkId) -> Result<Mark, StoreError> {
        self.engine().mark(id)
    }

    fn scan(&self, id: ScanId) -> Result<Scan, StoreError> {
        self.engine().scan(id)
    }

    fn view(&self, scan: ScanId) -> Result<ScanView, StoreError> {
        self.engine().view(scan)
    }

    fn exhibits_of(&self, case: CaseId) -> Result<Vec<ExhibitId>, StoreError> {
        apply::exhibits_of(&self.engine().draft(), case)
    }

    fn exhibits_from(&self, firearm: FirearmId) -> Result<Vec<ExhibitId>, StoreError> {
        apply::exhibits_from(&self.engine().draft(), firearm)
    }

    fn scans_of(&self, exhibit: ExhibitId) -> Result<Vec<ScanId>, StoreError> {
        apply::scans_of(&self.engine().draft(), exhibit)
    }

    fn scans_of_file(&self, original: Digest) -> Result<Vec<ScanId>, StoreError> {
        self.engine().scans_of_file(original)
    }

    fn find(&self, name: &str) -> Result<Found, StoreError> {
        let mut found = self.engine().find(name)?;
        match (found.pop(), found.len()) {
            (Some(only), 0) => Ok(only),
            (None, _) => Err(StoreError::NotFound { wanted: name.to_owned() }),
            (Some(_), others) => {
                Err(StoreError::Ambiguous { wanted: name.to_owned(), found: others + 1 })
            }
        }
    }

    fn scans(&self, filter: &Filter) -> Listing<'_, ScanId> {
        Box::new(filter::scans(&*self.engine().index, filter))
    }

    fn skipped(&self, filter: &Filter) -> Result<Skipped, StoreError> {
        filter::skipped(&*self.engine().index, filter)
    }

    fn live(&self, extraction: Digest) -> Listing<'_, LiveScan> {
        Box::new(self.engine().live(extraction))
    }

    fn live_scan(&self, scan: ScanId, extraction: Digest) -> Result<Option<LiveScan>, StoreError> {
        self.engine().live_scan(scan, extraction)
    }

    fn changed(&self, since: usize) -> Vec<ScanId> {
        self.engine().journal.since(since)
    }

    fn listed_signature(
        &self,
        scan: ScanId,
        extraction: Digest,
    ) -> Result<Option<StoredSignature>, StoreError> {
        self.engine().listed_signature(scan, extraction).transpose()
    }

    fn signatures(&self, extraction: Digest, filter: &Filter) -> Listing<'_, StoredSignature> {
        let read = move |scan: Result<ScanId, StoreError>| match scan {
            Ok(scan) => self.engine().listed_signature(scan, extraction),
            Err(error) => Some(Err(error)),
        };
        Box::new(self.scans(filter).filter_map(read))
    }

    fn missing_signatures(&self, extraction: Digest, filter: &Filter) -> Listing<'_, ScanId> {
        let missing = move |scan: Result<ScanId, StoreError>| {
            let lacks = scan.and_then(|scan| {
                Ok(self.engine().link(scan, extraction)?.is_none().then_some(scan))
            });
            lacks.transpose()
        };
        Box::new(self.scans(filter).filter_map(missing))
    }

    fn duplicates(&self) -> Listing<'_, Vec<ScanId>> {
        Box::new(self.engine().duplicates())
    }

    fn signature(&self, scan: ScanId, extraction: Digest) -> Result<Vec<u8>, StoreError> {
        self.engine().scan(scan)?;
        let bytes = self.engine().signature(scan, extraction)?;
        bytes.ok_or(StoreError::SignatureMissing { scan, extraction })
    }

    fn original(&self, scan: ScanId) -> Result<Vec<u8>, StoreError> {
        self.engine().original(scan)
    }

    fn mask(&self, regions: Digest) -> Result<Vec<u8>, StoreError> {
        self.engine().objects.get(ObjectKind::Mask, regions)
    }

    fn verify(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<VerificationReport, StoreError> {
        verify::verify(self, progress)
    }

    fn statistics(&self) -> Result<Statistics, StoreError> {
        statistics::statistics(self.engine())
    }
}
