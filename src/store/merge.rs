//! How do two laboratories' stores become one?
//!
//! By the union of their objects: records of both, originals, signatures and masks of all scans that neither
//! has withdrawn. The result does not depend on the order, and a second merge changes nothing.
//! An object that is missing here and whole in the other store comes back.

use super::draft::Stamped;
use super::draft::decode;
use super::engine::{Engine, Writing};
use super::error::StoreError;
use super::keys;
use super::model::{Scan, ScanId, SignatureLink, Subject};
use super::objects::{Listed, Object, ObjectKind};
use crate::digest::Digest;
use serde::Serialize;

/// Objects that are written together, to share their syncs.
const TOGETHER: usize = 64;

/// What a merge brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Record objects.
    pub records: u64,
    /// Original files.
    pub originals: u64,
    /// Signatures.
    pub signatures: u64,
    /// Masks.
    pub masks: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// Brings all that `source` has into `target`: 1. checks that every record can be read, 2. copies the
/// files of live scans, 3. the records that withdraw, 4. the others. Interrupted, it can be repeated; what
/// is visible is whole at every moment.
pub(super) fn merge(target: &Engine, source: &Engine) -> Result<Merged, StoreError> {
    let mut merged = Merged::default();
    if std::ptr::eq(target, source) {
        return Ok(merged);
    }
    // Both are locked, always in the same order.
    let source_first = std::ptr::from_ref(source) < std::ptr::from_ref(target);
    let (_source, mut writing) = if source_first {
        let source = source.write()?;
        (source, target.write()?)
    } else {
        let writing = target.write()?;
        (source.write()?, writing)
    };
    // 1.
    new_records(target, source).try_for_each(|digest| source.transaction(digest?).map(|_| ()))?;
    // 2.
    let mut copy = Copy { target, source, waiting: Vec::new(), merged: &mut merged };
    for entry in source.index.under(&[keys::LIVE]) {
        copy.scan(ScanId::from_uuid(keys::last_uuid(&entry?.0)))?;
    }
    copy.flush()?;
    // Failing from here on leaves the index behind the objects; opening heals it.
    *writing = Writing::Failed;
    // 3. and 4.
    for withdrawals in [true, false] {
        copy_records(target, source, withdrawals, &mut merged)?;
    }
    *writing = Writing::Ready;
    Ok(merged)
}

/// The records that `target` does not know, or knows and has lost.
fn new_records<'a>(
    target: &'a Engine,
    source: &'a Engine,
) -> impl Iterator<Item = Result<Digest, StoreError>> + 'a {
    let lacks = |digest| -> Result<bool, StoreError> {
        Ok(target.index.get(&keys::applied(digest))?.is_none()
            || !target.objects.contains(ObjectKind::Record, digest)?)
    };
    source.objects.list(ObjectKind::Record).filter_map(move |listed| match listed {
        Ok(Listed::Object { digest, .. }) => match lacks(digest) {
            Ok(lacks) => lacks.then_some(Ok(digest)),
            Err(error) => Some(Err(error)),
        },
        Ok(Listed::Foreign { .. }) => None,
        Err(error) => Some(Err(error)),
    })
}

fn copy_records(
    target: &Engine,
    source: &Engine,
    withdrawals: bool,
    merged: &mut Merged,
) -> Result<(), StoreError> {
    let mut waiting = Vec::new();
    let mut records = new_records(target, source);
    loop {
        let next = records.next().transpose()?;
        if let Some(digest) = next {
            let transaction = source.transaction(digest)?;
            if transaction.withdraws() == withdrawals {
                let bytes = source.objects.get(ObjectKind::Record, digest)?;
                waiting.push((digest, bytes, transaction));
            }
        }
        if waiting.len() >= TOGETHER || next.is_none() {
            let kind = ObjectKind::Record;
            let objects: Vec<Object<'_>> = waiting
                .iter()
                .map(|(digest, bytes, _)| Object { kind, digest: *digest, bytes })
                .collect();
            target.objects.put(&objects)?;
            for (digest, bytes, transaction) in waiting.drain(..) {
                target.apply(digest, &transaction)?;
                merged.records += 1;
                merged.bytes += bytes.len() as u64;
            }
            target.index.flush()?;
        }
        if next.is_none() {
            return Ok(());
        }
    }
}

struct Copy<'a> {
    target: &'a Engine,
    source: &'a Engine,
    waiting: Vec<(ObjectKind, Digest, Vec<u8>)>,
    merged: &'a mut Merged,
}

impl Copy<'_> {
    fn scan(&mut self, id: ScanId) -> Result<(), StoreError> {
        let scan: Scan = self.source.scan(id)?;
        let exhibit = self.source.mark(scan.mark)?.exhibit;
        for subject in [Subject::Scan(id), Subject::Exhibit(exhibit)] {
            if self.target.index.get(&keys::withdrawal(subject))?.is_some() {
                return Ok(());
            }
        }
        self.object(ObjectKind::Original, scan.original)?;
        for (key, value) in self.source.draft().under(&keys::links(id))? {
            let link: Stamped<SignatureLink> = decode(&key, &value)?;
            self.object(ObjectKind::Signature, link.record.signature)?;
        }
        let said = self.source.said(id)?;
        let masks = said.locations.iter().map(|location| location.regions);
        for regions in masks.chain(said.corrections.iter().map(|correction| correction.regions)) {
            self.object(ObjectKind::Mask, regions)?;
        }
        Ok(())
    }

    fn object(&mut self, kind: ObjectKind, digest: Digest) -> Result<(), StoreError> {
        if self.target.objects.contains(kind, digest)?
            || self.waiting.iter().any(|waiting| (waiting.0, waiting.1) == (kind, digest))
        {
            return Ok(());
        }
        self.waiting.push((kind, digest, self.source.objects.get(kind, digest)?));
        if self.waiting.len() >= TOGETHER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let objects: Vec<Object<'_>> = self
            .waiting
            .iter()
            .map(|(kind, digest, bytes)| Object { kind: *kind, digest: *digest, bytes })
            .collect();
        self.target.objects.put(&objects)?;
        for (kind, _, bytes) in self.waiting.drain(..) {
            self.merged.bytes += bytes.len() as u64;
            match kind {
                ObjectKind::Original => self.merged.originals += 1,
                ObjectKind::Signature => self.merged.signatures += 1,
                ObjectKind::Mask => self.merged.masks += 1,
                ObjectKind::Record => {}
            }
        }
        Ok(())
    }
}
