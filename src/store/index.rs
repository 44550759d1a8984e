//! How is anything found?
//!
//! An ordered map of small keys and values that is derived from the objects and can be made from them
//! anew at any time: records by identifier, secondary keys, counters. Here: what the store asks of such
//! a map, and sled's answer. Which keys there are is in [`super::keys`]; what they mean, [`super::apply`].

use super::error::StoreError;
use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

/// Key and value.
pub(super) type Entry = (Vec<u8>, Vec<u8>);
pub(super) type Entries<'a> = Box<dyn Iterator<Item = Result<Entry, StoreError>> + Send + 'a>;
/// What is to become of each key: a value, or none.
pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Upper bound of sled's own cache. It grows past it by a factor, so small.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;

/// How many times, 10 ms apart, a database is tried that a thread of ours still holds.
const PATIENCE: usize = 500;

/// A derived, ordered map.
pub(super) trait Index: Send + Sync + fmt::Debug {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// All entries whose keys begin so, in order, with constant memory.
    fn under(&self, prefix: &[u8]) -> Entries<'_>;
    /// Makes all changes at once or none.
    fn apply(&self, changes: Changes) -> Result<(), StoreError>;
    /// Makes all changes durable.
    fn flush(&self) -> Result<(), StoreError>;
}

/// The index in sled.
#[derive(Debug)]
pub(super) struct SledIndex {
    database: sled::Db,
}

/// What came of opening a database.
#[derive(Debug)]
pub(super) enum Opened {
    /// It is open.
    Whole(SledIndex),
    /// It is damaged beyond opening.
    Damaged,
}

impl SledIndex {
    /// Opens or makes the database in a folder.
    pub(super) fn open(folder: &Path, temporary: Temporary) -> Result<Opened, StoreError> {
        let config = sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None)
            .temporary(matches!(temporary, Temporary::Yes));
        for _ in 0..PATIENCE {
            // sled panics on some damage (spacejam/sled issues 1387, 1533); either way the index is made
            // anew.
            match catch_unwind(AssertUnwindSafe(|| config.open())) {
                Ok(Ok(database)) => return Ok(Opened::Whole(Self { database })),
                // The store's own lock is ours: this is a thread of a database that we just closed.
                Ok(Err(sled::Error::Io(source))) if is_locked(&source) => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Ok(Err(source @ sled::Error::Io(_))) => {
                    return Err(StoreError::index("open")(source));
                }
                Ok(Err(_)) | Err(_) => return Ok(Opened::Damaged),
            }
        }
        let source = std::io::Error::from(ErrorKind::WouldBlock);
        Err(StoreError::index("open")(source.into()))
    }
}

/// sled says only in words that its file is locked.
fn is_locked(error: &std::io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

/// Whether a database is deleted when it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Temporary {
    Yes,
    No,
}

impl Index for SledIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.database.get(key).map_err(StoreError::index("read"))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn under(&self, prefix: &[u8]) -> Entries<'_> {
        Box::new(self.database.scan_prefix(prefix).map(|entry| {
            let (key, value) = entry.map_err(StoreError::index("read"))?;
            Ok((key.to_vec(), value.to_vec()))
        }))
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.database.apply_batch(batch).map_err(StoreError::index("write"))
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.database.flush().map(|_| ()).map_err(StoreError::index("flush"))
    }
}
