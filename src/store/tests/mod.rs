//! Do both stores keep what they promise?
//!
//! Here: what the tests share. `suite` runs on the disk and in memory alike, `disk` damages files and
//! interrupts writes, `fixture` reads what format 1 wrote, `location` is of how marks were found.

mod disk;
mod fixture;
mod location;
mod suite;

use super::*;
use jiff::ToSpan as _;
use std::ops::ControlFlow;
use tempfile::TempDir;

/// The extraction that test signatures claim.
pub(super) fn extraction() -> Digest {
    Digest::of(b"extraction")
}

/// The time of the n-th entry: a minute apart.
pub(super) fn at(n: i64) -> Timestamp {
    let first: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
    first + n.minutes()
}

pub(super) fn metadata() -> ExhibitMetadata {
    ExhibitMetadata {
        laboratory: "Laboratory A".into(),
        case_number: Some("2026-17".into()),
        label: None,
        country: Some("CH".parse().unwrap()),
        calibre: Some("9 mm Luger".into()),
        firearm: None,
        incident: Some("2026-02-27".parse().unwrap()),
        notes: Some("example".into()),
    }
}

pub(super) fn blob(bytes: &[u8]) -> SignatureBlob<'_> {
    SignatureBlob { bytes, engine_version: "0.1.0", extraction: extraction(), location: None }
}

/// A breech face with these bytes as original and signature.
pub(super) fn enrolment<'a>(
    bytes: &'a [u8],
    exhibit: ExhibitRef<'a>,
    entered: Timestamp,
) -> Enrolment<'a> {
    let mark = MarkKind::BreechFace;
    let (original, original_name, signature) = (bytes, "scan.x3p", blob(bytes));
    Enrolment { original, original_name, mark, signature, correction: None, exhibit, entered }
}

pub(super) fn seeded(folder: &TempDir, seed: u64) -> DiskStore {
    let entropy = Box::new(SeededEntropy::new(seed));
    DiskStore::create_or_open_with(folder.path(), entropy).unwrap()
}

pub(super) fn all(store: &dyn ReferenceStore) -> Vec<ScanId> {
    store.scans(&Filter::default()).collect::<Result<_, _>>().unwrap()
}

pub(super) fn assert_sound(store: &dyn ReferenceStore) {
    let report = store.verify(&mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

/// Every entry of the index that is derived from the objects.
pub(super) fn dump(store: &dyn Backed) -> Vec<(Vec<u8>, Vec<u8>)> {
    let entries = store.engine().index.under(&[]).map(Result::unwrap);
    entries.filter(|(key, _)| key != keys::COMPLETE).collect()
}
