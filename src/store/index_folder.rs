//! Which folder is the index in, and is what lies there of use?
//!
//! `index/` holds one database a generation, `index/1`, `index/2` and so on; the highest is in use, and
//! an index that is made anew begins the next. A folder is never used again: sled's threads may outlive
//! the database that they belong to for a moment and still write under its name.

use super::error::StoreError;
use super::index::{Index, Opened, SledIndex, Temporary};
use super::keys;
use super::objects::sorted_entries;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Why an index was made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RebuildReason {
    /// There was none: the store is new, or the index was deleted.
    Absent,
    /// Its making was interrupted, or another version of the engine made it.
    Unfinished,
    /// It could not be opened or read.
    Damaged,
    /// The caller asked for it.
    Asked,
}

/// The folder of all generations.
#[derive(Debug)]
pub(super) struct IndexFolder {
    folder: PathBuf,
}

impl IndexFolder {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The index in use; an empty one, and why, if there is none of use.
    pub(super) fn open(&self) -> Result<(SledIndex, Option<RebuildReason>), StoreError> {
        let Some(last) = self.generations()?.pop() else {
            return self.open_next(RebuildReason::Absent);
        };
        let reason = match SledIndex::open(&self.generation(last), Temporary::No)? {
            Opened::Whole(index) => match index.get(keys::COMPLETE) {
                Ok(Some(version)) if version == keys::INDEX_VERSION.to_le_bytes() => {
                    self.delete_others(last)?;
                    return Ok((index, None));
                }
                Ok(_) => RebuildReason::Unfinished,
                Err(error) if is_damage(&error) => RebuildReason::Damaged,
                Err(error) => return Err(error),
            },
            Opened::Damaged => RebuildReason::Damaged,
        };
        self.open_next(reason)
    }

    /// An empty index that takes the place of the one in use.
    pub(super) fn open_next(
        &self,
        reason: RebuildReason,
    ) -> Result<(SledIndex, Option<RebuildReason>), StoreError> {
        let next = self.generations()?.pop().unwrap_or(0) + 1;
        let index = open_new(&self.generation(next), Temporary::No)?;
        self.delete_others(next)?;
        Ok((index, Some(reason)))
    }

    /// An empty index beside the one in use, deleted when dropped.
    pub(super) fn open_beside(&self) -> Result<SledIndex, StoreError> {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        open_new(&self.folder.join(format!("beside-{number}")), Temporary::Yes)
    }

    fn generation(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }

    fn generations(&self) -> Result<Vec<u64>, StoreError> {
        fs::create_dir_all(&self.folder).map_err(StoreError::io("create", &self.folder))?;
        let entries = sorted_entries(&self.folder)?;
        let mut numbers: Vec<u64> = entries.iter().filter_map(|path| number(path)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn delete_others(&self, used: u64) -> Result<(), StoreError> {
        for path in sorted_entries(&self.folder)? {
            if number(&path) != Some(used) {
                // A straggling thread may be deleting the same folder; what stays goes the next time.
                let _ = fs::remove_dir_all(path);
            }
        }
        Ok(())
    }
}

fn number(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.parse().ok()
}

fn open_new(folder: &Path, temporary: Temporary) -> Result<SledIndex, StoreError> {
    match SledIndex::open(folder, temporary)? {
        Opened::Whole(index) => Ok(index),
        Opened::Damaged => {
            let source = sled::Error::ReportableBug("a new database is damaged".to_owned());
            Err(StoreError::index("open")(source))
        }
    }
}

/// Whether an error says that the index is damaged, not that the disk fails.
pub(super) fn is_damage(error: &StoreError) -> bool {
    if let StoreError::Index { source, .. } = error {
        return !matches!(**source, sled::Error::Io(_));
    }
    matches!(error, StoreError::IndexEntry { .. })
}
