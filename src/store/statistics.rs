//! How much is in the store?
//!
//! Records are counted as they are applied; bytes are measured on the files, so they are true after a
//! purge too. Not for what searches find.

use super::engine::Engine;
use super::error::StoreError;
use super::keys;
use super::objects::{Listed, ObjectKind};
use serde::Serialize;

/// Counts and sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Cases.
    pub cases: u64,
    /// Firearms.
    pub firearms: u64,
    /// Exhibits, withdrawn ones included.
    pub exhibits: u64,
    /// Marks, withdrawn ones included.
    pub marks: u64,
    /// Scans, withdrawn ones included.
    pub scans: u64,
    /// Scans that are withdrawn, themselves or their exhibits.
    pub scans_withdrawn: u64,
    /// Signatures of all engine versions, withdrawn ones included.
    pub signatures: u64,
    /// Times that the engine found the parts of a head, withdrawn ones included.
    pub locations: u64,
    /// Times that a person said where a mark is, withdrawn ones included.
    pub corrections: u64,
    /// Record objects.
    pub records: u64,
    /// Bytes of the original files there are.
    pub original_bytes: u64,
    /// Bytes of the signatures there are.
    pub signature_bytes: u64,
    /// Bytes of the masks there are.
    pub mask_bytes: u64,
    /// Bytes of the record objects.
    pub record_bytes: u64,
}

/// Reads the counters and measures the files.
pub(super) fn statistics(engine: &Engine) -> Result<Statistics, StoreError> {
    let count = |prefix| -> Result<u64, StoreError> {
        Ok(engine.draft().read(&[keys::COUNT, prefix])?.unwrap_or(0))
    };
    let bytes = |kind| -> Result<u64, StoreError> {
        let sizes = engine.objects.list(kind).map(|listed| match listed? {
            Listed::Object { bytes, .. } => Ok(bytes),
            Listed::Foreign { .. } => Ok(0),
        });
        sizes.sum()
    };
    let scans = count(keys::SCAN)?;
    Ok(Statistics {
        cases: count(keys::CASE)?,
        firearms: count(keys::FIREARM)?,
        exhibits: count(keys::EXHIBIT)?,
        marks: count(keys::MARK)?,
        scans,
        scans_withdrawn: scans.saturating_sub(count(keys::LIVE)?),
        signatures: count(keys::LINK)?,
        locations: count(keys::LOCATION)?,
        corrections: count(keys::CORRECTION)?,
        records: count(keys::APPLIED)?,
        original_bytes: bytes(ObjectKind::Original)?,
        signature_bytes: bytes(ObjectKind::Signature)?,
        mask_bytes: bytes(ObjectKind::Mask)?,
        record_bytes: bytes(ObjectKind::Record)?,
    })
}
