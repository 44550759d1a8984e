//! How does a withdrawal give its space back?
//!
//! Deletes the originals, signatures and masks that no scan in use refers to: those of withdrawn scans, and what
//! interrupted writes left. Records stay, tombstones among them, so that a merge brings nothing back.

use super::engine::Engine;
use super::error::StoreError;
use super::keys;
use super::model::ScanId;
use super::objects::{Listed, ObjectKind};
use crate::digest::Digest;
use serde::Serialize;

/// What a purge deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Original files.
    pub originals: u64,
    /// Signatures.
    pub signatures: u64,
    /// Masks.
    pub masks: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// Deletes what no scan in use refers to.
pub(super) fn purge(engine: &Engine) -> Result<Purged, StoreError> {
    let _writing = engine.write()?;
    let mut purged = Purged::default();
    for kind in [ObjectKind::Original, ObjectKind::Signature, ObjectKind::Mask] {
        for listed in engine.objects.list(kind) {
            let Listed::Object { digest, .. } = listed? else { continue };
            if in_use(engine, kind, digest)? {
                continue;
            }
            purged.bytes += engine.objects.remove(kind, digest)?;
            match kind {
                ObjectKind::Original => purged.originals += 1,
                ObjectKind::Signature => purged.signatures += 1,
                ObjectKind::Mask => purged.masks += 1,
                ObjectKind::Record => {}
            }
        }
    }
    Ok(purged)
}

/// Whether a scan that is not withdrawn refers to an original, a signature or a mask; records always are.
pub(super) fn in_use(
    engine: &Engine,
    kind: ObjectKind,
    digest: Digest,
) -> Result<bool, StoreError> {
    let prefix = match kind {
        ObjectKind::Original => keys::ORIGINAL,
        ObjectKind::Signature => keys::SIGNATURE,
        ObjectKind::Mask => keys::MASK,
        ObjectKind::Record => return Ok(true),
    };
    for entry in engine.index.under(&keys::object(prefix, digest)) {
        let scan = ScanId::from_uuid(keys::last_uuid(&entry?.0));
        if engine.index.get(&keys::live(scan))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
