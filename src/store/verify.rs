//! Is everything that was entered still there, and whole?
//!
//! Hashes every object, decodes every record, follows every reference, and makes the index anew beside
//! the one in use to compare the two entry by entry. Changes nothing; memory does not grow with the
//! store. What interrupted writes and withdrawals leave behind is counted, and is no finding.

use super::draft::{Stamped, decode};
use super::engine::{Backed, Engine, apply_to};
use super::error::StoreError;
use super::index::Index;
use super::keys;
use super::location::{Correction, Location};
use super::model::{Exhibit, Mark, Scan, ScanId, SignatureLink, Withdrawal};
use super::objects::{Listed, ObjectKind};
use super::purge::in_use;
use super::record::RecordError;
use super::sharing::SharingChoice;
use crate::digest::Digest;
use serde::de::DeserializeOwned;
use std::ops::ControlFlow;
use std::path::PathBuf;
use uuid::Uuid;

/// Most findings that a report lists; the rest is counted.
const FINDINGS_LISTED: usize = 1000;

/// Something that is not as it was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// The bytes are not those of the name.
    #[error("{kind} {digest} is damaged: its bytes hash to {found}")]
    Damaged {
        /// Kind of the object.
        kind: ObjectKind,
        /// Its name.
        digest: Digest,
        /// Hash of the bytes found.
        found: Digest,
    },
    /// Something refers to an object that is not there.
    #[error("{kind} {digest} is missing")]
    Missing {
        /// Kind of the object.
        kind: ObjectKind,
        /// Its name.
        digest: Digest,
    },
    /// Something among the objects is none.
    #[error("{} is no object", .path.display())]
    Foreign {
        /// Where it lies.
        path: PathBuf,
    },
    /// A record object that is whole but cannot be decoded.
    #[error("record {digest} cannot be read: {source}")]
    Unreadable {
        /// Its name.
        digest: Digest,
        /// What is wrong with it.
        #[source]
        source: RecordError,
    },
    /// A record refers to one that is not there.
    #[error("{from} refers to {to}, which is not there")]
    Dangling {
        /// The record that refers.
        from: Uuid,
        /// The record referred to.
        to: Uuid,
    },
    /// The index is not the one that the records give; a rebuild mends it.
    #[error("the index lacks {lacking} entries, has {superfluous} too many and {differing} differ")]
    Index {
        /// Entries that should be there.
        lacking: u64,
        /// Entries that should not.
        superfluous: u64,
        /// Entries with another value.
        differing: u64,
    },
}

/// What a verification found.
#[derive(Debug, Default)]
pub struct VerificationReport {
    /// Objects read and hashed.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Originals, signatures and masks that no scan in use refers to; a purge deletes them.
    pub unused: u64,
    /// What is not as it was written.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub unlisted: u64,
}

impl VerificationReport {
    /// Whether everything is as it was written.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_LISTED {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Objects read.
    pub done: u64,
    /// Objects there are.
    pub total: u64,
}

/// 1. Reads every object, 2. looks for those that records name, 3. follows references between records,
/// 4. compares the index with one made anew.
pub(super) fn verify(
    store: &dyn Backed,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<VerificationReport, StoreError> {
    let engine = store.engine();
    // No write may come between the objects and the index.
    let _writing = engine.write()?;
    let anew = store.empty_index()?;
    let mut report = VerificationReport::default();
    // 1.
    let mut total = 0;
    for kind in ObjectKind::ALL {
        for listed in engine.objects.list(kind) {
            total += u64::from(matches!(listed?, Listed::Object { .. }));
        }
    }
    for kind in ObjectKind::ALL {
        for listed in engine.objects.list(kind) {
            match listed? {
                Listed::Object { digest, bytes } => {
                    check_object(engine, kind, digest, &*anew, &mut report)?;
                    report.objects += 1;
                    report.bytes += bytes;
                    if progress(Progress { done: report.objects, total }).is_break() {
                        return Err(StoreError::Stopped { done: report.objects });
                    }
                }
                Listed::Foreign { path } => report.add(Finding::Foreign { path }),
            }
        }
    }
    // 2.
    check_presence(engine, &mut report)?;
    // 3.
    check_references(engine, &mut report)?;
    // 4.
    compare(&*engine.index, &*anew, &mut report)?;
    Ok(report)
}

fn check_object(
    engine: &Engine,
    kind: ObjectKind,
    digest: Digest,
    anew: &dyn Index,
    report: &mut VerificationReport,
) -> Result<(), StoreError> {
    let checked = match kind {
        ObjectKind::Original | ObjectKind::Signature | ObjectKind::Mask => {
            report.unused += u64::from(!in_use(engine, kind, digest)?);
            engine.objects.get(kind, digest).map(|_| None)
        }
        ObjectKind::Record => engine.transaction(digest).map(Some),
    };
    match checked {
        Ok(Some(transaction)) => {
            apply_to(anew, digest, &transaction)?;
        }
        Ok(None) => {}
        Err(StoreError::ObjectDamaged { kind, digest, found }) => {
            report.add(Finding::Damaged { kind, digest, found });
        }
        Err(StoreError::Record { digest, source }) => {
            report.add(Finding::Unreadable { digest, source });
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Every object that the index names is there, unless only withdrawn scans refer to it.
fn check_presence(engine: &Engine, report: &mut VerificationReport) -> Result<(), StoreError> {
    let named = [
        (keys::APPLIED, ObjectKind::Record),
        (keys::ORIGINAL, ObjectKind::Original),
        (keys::SIGNATURE, ObjectKind::Signature),
        (keys::MASK, ObjectKind::Mask),
    ];
    for (prefix, kind) in named {
        let mut last = None;
        for entry in engine.index.under(&[prefix]) {
            let (key, _) = entry?;
            let Some(bytes) = key[1..].first_chunk() else {
                return Err(StoreError::IndexEntry { prefix: char::from(prefix) });
            };
            let digest = Digest::from_bytes(*bytes);
            if last.replace(digest) != Some(digest)
                && !engine.objects.contains(kind, digest)?
                && in_use(engine, kind, digest)?
            {
                report.add(Finding::Missing { kind, digest });
            }
        }
    }
    Ok(())
}

fn check_references(engine: &Engine, report: &mut VerificationReport) -> Result<(), StoreError> {
    let mut check = |from: Uuid, key: Vec<u8>| -> Result<(), StoreError> {
        if engine.index.get(&key)?.is_none() {
            report.add(Finding::Dangling { from, to: keys::last_uuid(&key) });
        }
        Ok(())
    };
    for exhibit in records::<Exhibit>(engine, keys::EXHIBIT) {
        let exhibit = exhibit?;
        let from = exhibit.id.uuid();
        exhibit.case.map_or(Ok(()), |case| check(from, keys::case(case)))?;
        exhibit.firearm.map_or(Ok(()), |firearm| check(from, keys::firearm(firearm)))?;
    }
    for mark in records::<Mark>(engine, keys::MARK) {
        let mark = mark?;
        check(mark.id.uuid(), keys::exhibit(mark.exhibit))?;
    }
    for scan in records::<Scan>(engine, keys::SCAN) {
        let scan = scan?;
        check(scan.id.uuid(), keys::mark(scan.mark))?;
    }
    for link in records::<SignatureLink>(engine, keys::LINK) {
        let scan: ScanId = link?.scan;
        check(scan.uuid(), keys::scan(scan))?;
    }
    for location in records::<Location>(engine, keys::LOCATION) {
        let scan: ScanId = location?.scan;
        check(scan.uuid(), keys::scan(scan))?;
    }
    for correction in records::<Correction>(engine, keys::CORRECTION) {
        let scan: ScanId = correction?.scan;
        check(scan.uuid(), keys::scan(scan))?;
    }
    for choice in records::<SharingChoice>(engine, keys::SHARING) {
        let exhibit = choice?.exhibit;
        check(exhibit.uuid(), keys::exhibit(exhibit))?;
    }
    for withdrawal in records::<Withdrawal>(engine, keys::WITHDRAWAL) {
        let subject = withdrawal?.subject;
        let key = match subject {
            super::model::Subject::Exhibit(id) => keys::exhibit(id),
            super::model::Subject::Scan(id) => keys::scan(id),
        };
        check(subject.uuid(), key)?;
    }
    Ok(())
}

fn records<T: DeserializeOwned>(
    engine: &Engine,
    prefix: u8,
) -> impl Iterator<Item = Result<T, StoreError>> + '_ {
    engine.index.under(&[prefix]).map(|entry| {
        let (key, value) = entry?;
        Ok(decode::<Stamped<T>>(&key, &value)?.record)
    })
}

/// Walks both in step.
fn compare(
    index: &dyn Index,
    anew: &dyn Index,
    report: &mut VerificationReport,
) -> Result<(), StoreError> {
    let (mut lacking, mut superfluous, mut differing) = (0, 0, 0);
    // The mark of completeness is not derived from any object.
    let derived = |key: &[u8]| key != keys::COMPLETE;
    let mut is = index.under(&[]).filter(|e| e.as_ref().map_or(true, |(key, _)| derived(key)));
    let mut should = anew.under(&[]);
    let mut left = is.next().transpose()?;
    let mut right = should.next().transpose()?;
    while left.is_some() || right.is_some() {
        let order = match (&left, &right) {
            (Some(left), Some(right)) => left.0.cmp(&right.0),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, _) => std::cmp::Ordering::Greater,
        };
        superfluous += u64::from(order.is_lt());
        lacking += u64::from(order.is_gt());
        differing += u64::from(order.is_eq() && left != right);
        if order.is_le() {
            left = is.next().transpose()?;
        }
        if order.is_ge() {
            right = should.next().transpose()?;
        }
    }
    if lacking + superfluous + differing > 0 {
        report.add(Finding::Index { lacking, superfluous, differing });
    }
    Ok(())
}
