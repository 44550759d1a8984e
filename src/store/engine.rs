//! How do objects and index make a store?
//!
//! The one implementation under both stores: over files and sled it is [`super::disk::DiskStore`], over
//! maps in memory [`super::memory::MemoryStore`]. A write puts originals and signatures first, then the
//! one record object that makes them visible, then the index. Not for opening, which is theirs.

use super::apply;
use super::draft::{Draft, Stamped, decode};
use super::enrol::{
    Enrolled, Enrolment, Planner, SignatureBlob, check_not_withdrawn, live_exhibit,
};
use super::error::StoreError;
use super::identifiers::Identifiers;
use super::index::Index;
use super::keys;
use super::live::Journal;
use super::location::{Correction, Location};
use super::metadata::{self, ExhibitMetadata, MetadataError};
use super::model::{Exhibit, ExhibitId, Mark, Scan, ScanId, SignatureLink, Subject, Withdrawal};
use super::objects::{Object, ObjectKind, Objects};
use super::read;
use super::record::{Record, Transaction};
use super::sharing::{Sharing, SharingChoice};
use crate::digest::Digest;
use jiff::{Timestamp, ToSpan as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether the index is known to agree with the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    Ready,
    /// A write failed after its objects may have become durable.
    Failed,
}

/// Objects, index and the right to write.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) objects: Box<dyn Objects>,
    pub(super) index: Box<dyn Index>,
    identifiers: Identifiers,
    pub(super) journal: Journal,
    writing: Mutex<Writing>,
}

/// A store that is an engine; the store's trait is implemented once, over this.
pub(super) trait Backed: Send + Sync {
    fn engine(&self) -> &Engine;
    /// An empty index of the same make, gone when dropped.
    fn empty_index(&self) -> Result<Box<dyn Index>, StoreError>;
}

impl Engine {
    pub(super) fn new(
        objects: Box<dyn Objects>,
        index: Box<dyn Index>,
        identifiers: Identifiers,
    ) -> Self {
        Self {
            objects,
            index,
            identifiers,
            journal: Journal::default(),
            writing: Mutex::new(Writing::Ready),
        }
    }

    pub(super) fn draft(&self) -> Draft<'_> {
        Draft::new(&*self.index)
    }

    /// The right to write, until dropped.
    pub(super) fn write(&self) -> Result<MutexGuard<'_, Writing>, StoreError> {
        let writing = self.writing.lock().unwrap_or_else(|poisoned| {
            let mut writing = PoisonError::into_inner(poisoned);
            *writing = Writing::Failed;
            writing
        });
        match *writing {
            Writing::Ready => Ok(writing),
            Writing::Failed => Err(StoreError::WriteFailedBefore),
        }
    }

    pub(super) fn enrol_many(
        &self,
        enrolments: &[Enrolment<'_>],
    ) -> Result<Vec<Enrolled>, StoreError> {
        let mut writing = self.write()?;
        let mut draft = self.draft();
        let mut planner = self.planner(&mut draft);
        let enrolled: Vec<Enrolled> = enrolments
            .iter()
            .map(|enrolment| planner.enrol(enrolment))
            .collect::<Result<_, _>>()?;
        let records = planner.records;
        let written = || enrolments.iter().zip(&enrolled).filter(|(_, e)| e.outcome.is_written());
        let blobs: Vec<Object<'_>> =
            written().flat_map(|(enrolment, _)| enrolment.objects()).collect();
        if let Some(at) = enrolments.iter().map(|enrolment| enrolment.entered).max() {
            let mut at = at;
            for (enrolment, enrolled) in written() {
                at = self.after_all(enrolled.scan, enrolment.signature.extraction, at)?;
            }
            let records = in_time(records, at);
            self.commit(&mut writing, &blobs, Transaction { at, records })?;
        }
        Ok(enrolled)
    }

    pub(super) fn add_signatures(
        &self,
        signatures: &[(ScanId, SignatureBlob<'_>)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut writing = self.write()?;
        metadata::time(at)?;
        let mut draft = self.draft();
        let mut planner = self.planner(&mut draft);
        let mut at = at;
        for (scan, signature) in signatures {
            at = self.after_all(*scan, signature.extraction, at)?;
            let key = keys::scan(*scan);
            let known: Option<Scan> = planner.draft.record(&key)?;
            let known = known.ok_or_else(|| StoreError::NotFound { wanted: scan.to_string() })?;
            self.check_live(planner.draft, &known)?;
            planner.signature(*scan, signature, at)?;
        }
        let records = in_time(planner.records, at);
        let blobs: Vec<Object<'_>> =
            signatures.iter().flat_map(|(_, signature)| signature.objects()).collect();
        self.commit(&mut writing, &blobs, Transaction { at, records })
    }

    pub(super) fn revise_exhibit(
        &self,
        id: ExhibitId,
        metadata: &ExhibitMetadata,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut writing = self.write()?;
        let mut draft = self.draft();
        let before = draft.read::<Stamped<Exhibit>>(&keys::exhibit(id))?;
        let mut planner = self.planner(&mut draft);
        planner.revise(id, metadata, at)?;
        let records = planner.records;
        let at = before.map_or(at, |before| after(&before, at));
        self.commit(&mut writing, &[], Transaction { at, records })
    }

    pub(super) fn withdraw(
        &self,
        subject: Subject,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut writing = self.write()?;
        metadata::line("reason", Some(reason))?;
        if reason.is_empty() {
            return Err(MetadataError::Empty { field: "reason" }.into());
        }
        metadata::time(at)?;
        let draft = self.draft();
        match subject {
            Subject::Exhibit(id) => {
                live_exhibit(&draft, id)?;
            }
            Subject::Scan(id) => {
                if !draft.contains(&keys::scan(id))? {
                    return Err(StoreError::NotFound { wanted: id.to_string() });
                }
                check_not_withdrawn(&draft, subject)?;
            }
        }
        let withdrawal = Withdrawal { subject, reason: reason.to_owned(), at };
        let records = vec![Record::Withdrawal(withdrawal)];
        self.commit(&mut writing, &[], Transaction { at, records })
    }

    pub(super) fn share(
        &self,
        exhibit: ExhibitId,
        sharing: Option<&Sharing>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut writing = self.write()?;
        metadata::time(at)?;
        let draft = self.draft();
        live_exhibit(&draft, exhibit)?;
        let before = draft.read::<Stamped<SharingChoice>>(&keys::sharing(exhibit))?;
        let at = before.map_or(at, |before| after(&before, at));
        let records = vec![Record::Sharing(SharingChoice { exhibit, sharing: sharing.cloned() })];
        self.commit(&mut writing, &[], Transaction { at, records })
    }

    pub(super) fn sharing(&self, exhibit: ExhibitId) -> Result<Option<Sharing>, StoreError> {
        let choice: Option<SharingChoice> = self.draft().record(&keys::sharing(exhibit))?;
        Ok(choice.and_then(|choice| choice.sharing))
    }

    /// This time, or one after all that was said of a scan and its signatures of an extraction.
    fn after_all(
        &self,
        scan: ScanId,
        extraction: Digest,
        at: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let draft = self.draft();
        let mut at = at;
        for (key, value) in draft.under(&keys::links_of(scan, extraction))? {
            at = after(&decode::<Stamped<SignatureLink>>(&key, &value)?, at);
        }
        let said = read::said(&draft, scan)?;
        let last = said.location().map(|location| location.at);
        let last = last.max(said.correction().map(|correction| correction.at));
        Ok(last.map_or(at, |last| next(last).max(at)))
    }

    /// Refuses a scan that is withdrawn, itself or its exhibit.
    fn check_live(&self, draft: &Draft<'_>, scan: &Scan) -> Result<(), StoreError> {
        check_not_withdrawn(draft, Subject::Scan(scan.id))?;
        match draft.record::<Mark>(&keys::mark(scan.mark))? {
            Some(mark) => check_not_withdrawn(draft, Subject::Exhibit(mark.exhibit)),
            None => Err(StoreError::Dangling { from: scan.id.uuid(), to: scan.mark.uuid() }),
        }
    }

    fn planner<'d, 'i>(&'d self, draft: &'d mut Draft<'i>) -> Planner<'d, 'i> {
        Planner { draft, identifiers: &self.identifiers, records: Vec::new() }
    }

    /// 1. Writes the blobs, 2. writes the record that makes them visible, 3. brings the index up to date.
    fn commit(
        &self,
        writing: &mut Writing,
        blobs: &[Object<'_>],
        transaction: Transaction,
    ) -> Result<(), StoreError> {
        if transaction.records.is_empty() {
            return Ok(());
        }
        let bytes = transaction.encode();
        let bytes =
            bytes.map_err(|source| StoreError::Record { digest: Digest::of(&[]), source })?;
        let object = Object::new(ObjectKind::Record, &bytes);
        // 1. Failing here leaves at most blobs that nothing refers to.
        self.objects.put(blobs)?;
        // Failing from here on may leave a durable record that the index does not know; opening heals it.
        *writing = Writing::Failed;
        // 2.
        self.objects.put(&[object])?;
        // 3.
        self.apply(object.digest, &transaction)?;
        self.index.flush()?;
        *writing = Writing::Ready;
        Ok(())
    }

    /// Applies a transaction to the index, not flushed.
    pub(super) fn apply(
        &self,
        object: Digest,
        transaction: &Transaction,
    ) -> Result<(), StoreError> {
        self.journal.add(apply_to(&*self.index, object, transaction)?);
        Ok(())
    }

    /// A record object, read and decoded.
    pub(super) fn transaction(&self, digest: Digest) -> Result<Transaction, StoreError> {
        let bytes = self.objects.get(ObjectKind::Record, digest)?;
        Transaction::decode(&bytes).map_err(|source| StoreError::Record { digest, source })
    }
}

/// This time, or one after the record's: a clock that went back must not make a revision the earlier one.
fn after<T>(before: &Stamped<T>, at: Timestamp) -> Timestamp {
    next(before.at).max(at)
}

fn next(at: Timestamp) -> Timestamp {
    at.checked_add(1.nanosecond()).unwrap_or(at)
}

/// What is said of where marks are, at the time of its transaction as their signatures are, so that of two words and of
/// two signatures the same one is the later; where a scan is spoken of twice, in the order of words.
fn in_time(mut records: Vec<Record>, at: Timestamp) -> Vec<Record> {
    let mut last: BTreeMap<ScanId, Timestamp> = BTreeMap::new();
    for record in &mut records {
        let (scan, time) = match record {
            Record::Location(Location { scan, at, .. })
            | Record::Correction(Correction { scan, at, .. }) => (*scan, at),
            Record::Case(_)
            | Record::Firearm(_)
            | Record::Exhibit(_)
            | Record::Mark(_)
            | Record::Scan(_)
            | Record::Signature(_)
            | Record::Withdrawal(_)
            | Record::Sharing(_) => continue,
        };
        *time = last.get(&scan).map_or(at, |last| next(*last));
        last.insert(scan, *time);
    }
    records
}

/// Applies a transaction to an index, not flushed. Gives the scans that searches may see otherwise than before.
pub(super) fn apply_to(
    index: &dyn Index,
    object: Digest,
    transaction: &Transaction,
) -> Result<BTreeSet<ScanId>, StoreError> {
    let mut draft = Draft::new(index);
    let affected = apply::apply(&mut draft, object, transaction)?;
    index.apply(draft.into_changes())?;
    Ok(affected)
}
