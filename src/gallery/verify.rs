//! Are the entries that are kept those of the signatures?

use super::log::{self, Log};
use super::{GalleryError, entry_of};
use crate::digest::Digest;
use crate::index::Indexer;
use crate::store::{Progress, ReferenceStore, ScanId, StoreError};
use rayon::prelude::*;
use std::collections::HashMap;

/// Rows that are looked at together.
const TOGETHER: usize = 256;
/// Most findings that are listed; the rest is counted.
const LISTED: usize = 1000;

/// Something that is not as it was written. Damage costs making entries anew, and only a differing entry could make a search
/// lose something; `store rebuild` mends both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryFinding {
    /// The entry is not the one that its signature gives.
    #[error("the index entry of scan {scan} is not that of its signature")]
    Differs {
        /// Of which scan.
        scan: ScanId,
    },
    /// Rows whose own check does not hold.
    #[error("{rows} rows of index entries are damaged")]
    Damaged {
        /// How many.
        rows: u64,
    },
}

/// What a verification of entries found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryVerification {
    /// Entries that were made anew and compared.
    pub entries: u64,
    /// Rows that belong to no scan that is searched; they do no harm.
    pub unused: u64,
    /// Scans whose entries are made when they are first searched.
    pub lacking: u64,
    /// What is not as it was written.
    pub findings: Vec<EntryFinding>,
    /// Findings beyond those listed.
    pub unlisted: u64,
}

impl EntryVerification {
    /// Takes in what another one found, as far as there is room to list it.
    pub fn join(&mut self, other: Self) {
        self.entries += other.entries;
        self.unused += other.unused;
        self.lacking += other.lacking;
        self.unlisted += other.unlisted;
        for finding in other.findings {
            self.add(finding);
        }
    }

    fn add(&mut self, finding: EntryFinding) {
        if self.findings.len() < LISTED {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }
}

pub(super) fn verify(
    log: &Log,
    indexer: &Indexer,
    extraction: Digest,
    store: &dyn ReferenceStore,
    progress: &mut dyn FnMut(Progress),
) -> Result<EntryVerification, GalleryError> {
    let mut report = EntryVerification::default();
    let mut wanted: HashMap<ScanId, Digest> = HashMap::new();
    for live in store.live(extraction) {
        let live = live?;
        wanted.extend(live.signature.map(|signature| (live.scan, signature)));
    }
    let (mut done, total, mut damaged) = (0, wanted.len() as u64, 0);
    let mut rows = log.rows()?;
    loop {
        let bytes = rows.next(TOGETHER).map_err(StoreError::io("read", log.path()))?;
        if bytes.is_empty() {
            break;
        }
        let mut found = Vec::new();
        for bytes in bytes.chunks(log.row()) {
            match log::row(bytes) {
                None => damaged += 1,
                Some(row) if wanted.get(&row.scan) == Some(&row.signature) => {
                    wanted.remove(&row.scan);
                    found.push(row);
                }
                Some(_) => report.unused += 1,
            }
        }
        let same: Vec<bool> = found
            .par_iter()
            .map(|row| {
                let entry = entry_of(indexer, store, extraction, row.scan)?;
                Ok(entry.is_some_and(|entry| entry.to_bytes() == row.entry))
            })
            .collect::<Result<_, StoreError>>()?;
        for (row, same) in found.iter().zip(same) {
            if !same {
                report.add(EntryFinding::Differs { scan: row.scan });
            }
        }
        report.entries += found.len() as u64;
        done += found.len() as u64;
        progress(Progress { done, total });
    }
    if damaged > 0 {
        report.add(EntryFinding::Damaged { rows: damaged });
    }
    report.lacking = wanted.len() as u64;
    Ok(report)
}
