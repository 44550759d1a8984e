//! How was the mark of a scan found?
//!
//! What the engine found on a whole head by itself ([`Location`]), and what a person said instead
//! ([`Correction`]): from record version 3 on. Neither ever replaces the other in the store; the latest of each
//! holds, and a correction holds before a location. Both name a picture of the parts of the head, one pixel a
//! sample, that is an object of the store. To the store the picture is bytes.

use super::error::StoreError;
use super::metadata;
use super::model::ScanId;
use super::objects::ObjectKind;
use crate::digest::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the engine found on a whole head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// On which scan.
    pub scan: ScanId,
    /// When.
    pub at: Timestamp,
    /// Version of the engine.
    pub engine_version: String,
    /// Digest of the parameters of the segmentation.
    pub segmentation: Digest,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
    /// Share of the primer's circumference in view, 0 to 1.
    pub in_view: f64,
    /// The picture of the parts.
    pub regions: Digest,
}

/// Where a person said that the mark is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// On which scan.
    pub scan: ScanId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// From what: circles, or a file and its SHA-256.
    pub how: String,
    /// The picture of the parts.
    pub regions: Digest,
}

/// All that was said of where the mark of a scan is, in the order of times: the last of each holds, a correction
/// before a location. Nothing is said of a scan that is no head and was taken as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Said {
    /// By engines.
    pub locations: Vec<Location>,
    /// By persons.
    pub corrections: Vec<Correction>,
}

impl Said {
    /// What an engine said last.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.locations.last()
    }

    /// What a person said last.
    #[must_use]
    pub fn correction(&self) -> Option<&Correction> {
        self.corrections.last()
    }

    /// The picture of the parts that holds.
    #[must_use]
    pub fn regions(&self) -> Option<Digest> {
        let automatic = self.location().map(|location| location.regions);
        self.correction().map(|correction| correction.regions).or(automatic)
    }
}

/// What the engine found, to be entered.
#[derive(Clone, Copy, Debug)]
pub struct LocationBlob<'a> {
    /// The picture of the parts.
    pub regions: &'a [u8],
    /// Digest of the parameters of the segmentation.
    pub segmentation: Digest,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
    /// Share of the primer's circumference in view, 0 to 1.
    pub in_view: f64,
}

/// What a person said, to be entered.
#[derive(Clone, Copy, Debug)]
pub struct CorrectionBlob<'a> {
    /// The picture of the parts.
    pub regions: &'a [u8],
    /// Who.
    pub by: &'a str,
    /// From what: circles, or a file and its SHA-256.
    pub how: &'a str,
}

impl LocationBlob<'_> {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        for (field, found) in [("confidence", self.confidence), ("share in view", self.in_view)] {
            if !(0.0..=1.0).contains(&found) {
                return Err(StoreError::NoShare { field, found });
            }
        }
        check_picture(self.regions)
    }
}

impl CorrectionBlob<'_> {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        metadata::line("who corrected", Some(self.by))?;
        metadata::line("how it was corrected", Some(self.how))?;
        check_picture(self.regions)
    }
}

const fn check_picture(bytes: &[u8]) -> Result<(), StoreError> {
    if bytes.is_empty() {
        return Err(StoreError::Empty { kind: ObjectKind::Mask });
    }
    Ok(())
}
