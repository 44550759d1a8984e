//! What the engine found on a head, as the store keeps it.

use crate::digest::Digest;
use crate::format;
use crate::mark::Head;
use crate::store::LocationBlob;

/// The parts of a head as a picture, and how sure they are.
pub(super) struct Found {
    regions: Vec<u8>,
    segmentation: Digest,
    pub(super) confidence: f64,
    in_view: f64,
}

impl Found {
    /// Draws the parts; `segmentation` is the digest of the parameters that found them.
    pub(super) fn of(head: &Head, segmentation: Digest) -> anyhow::Result<Self> {
        let Head { confidence, in_view, regions, tilt: _ } = head;
        let regions = format::write_regions(regions)?;
        Ok(Self { regions, segmentation, confidence: *confidence, in_view: *in_view })
    }

    pub(super) fn blob(&self) -> LocationBlob<'_> {
        let Self { regions, segmentation, confidence, in_view } = self;
        let (segmentation, confidence, in_view) = (*segmentation, *confidence, *in_view);
        LocationBlob { regions, segmentation, confidence, in_view }
    }
}
