//! What do searches see of a scan, and which scans have changed?
//!
//! For whoever keeps something in memory for every scan that searches see, as `gallery` does: all of them once
//! ([`ReferenceStore::live`](super::ReferenceStore::live)), and then those only that changed
//! ([`ReferenceStore::changed`](super::ReferenceStore::changed)).

use super::apply::Visible;
use super::draft::decode;
use super::engine::Engine;
use super::error::StoreError;
use super::keys;
use super::metadata::Country;
use super::model::ScanId;
use super::sharing::Sharing;
use crate::digest::Digest;
use crate::surface::MarkKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// By what a scan can be chosen, time of entry aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Facets {
    /// Its mark.
    pub mark: MarkKind,
    /// The exhibit's laboratory.
    pub laboratory: String,
    /// Number of the exhibit's case.
    pub case_number: Option<String>,
    /// The exhibit's calibre.
    pub calibre: Option<String>,
    /// The exhibit's country.
    pub country: Option<Country>,
}

/// A scan that searches see: it is not withdrawn, nor its exhibit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveScan {
    /// Which.
    pub scan: ScanId,
    /// By what it can be chosen.
    pub facets: Facets,
    /// When it was entered.
    pub entered: Timestamp,
    /// Its exhibit's own sharing policy, if it has one.
    pub sharing: Option<Sharing>,
    /// Digest of its signature with the extraction asked for, if it has one.
    pub signature: Option<Digest>,
}

/// Scans that changed, in the order of changes, since the store was opened.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Vec<ScanId>>);

impl Journal {
    pub(super) fn add(&self, scans: impl IntoIterator<Item = ScanId>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(scans);
    }

    pub(super) fn since(&self, since: usize) -> Vec<ScanId> {
        let scans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        scans.get(since..).unwrap_or_default().to_vec()
    }
}

impl Engine {
    /// All scans that searches see, in the order of identifiers, with constant memory.
    pub(super) fn live(
        &self,
        extraction: Digest,
    ) -> impl Iterator<Item = Result<LiveScan, StoreError>> + Send + '_ {
        self.index.under(&[keys::LIVE]).map(move |entry| {
            let (key, value) = entry?;
            let scan = ScanId::from_uuid(keys::last_uuid(&key));
            self.live_from(scan, decode(&key, &value)?, extraction)
        })
    }

    /// One scan, if searches see it.
    pub(super) fn live_scan(
        &self,
        scan: ScanId,
        extraction: Digest,
    ) -> Result<Option<LiveScan>, StoreError> {
        let visible: Option<Visible> = self.draft().read(&keys::live(scan))?;
        visible.map(|visible| self.live_from(scan, visible, extraction)).transpose()
    }

    fn live_from(
        &self,
        scan: ScanId,
        visible: Visible,
        extraction: Digest,
    ) -> Result<LiveScan, StoreError> {
        let Visible { facets, entered, exhibit } = visible;
        Ok(LiveScan {
            scan,
            facets,
            entered,
            sharing: self.sharing(exhibit)?,
            signature: self.link(scan, extraction)?.map(|link| link.signature),
        })
    }
}
