//! What would the index be after these changes?
//!
//! A view of the index with changes on top that no one else sees yet: an enrolment is planned on one,
//! a transaction is applied on one and then handed to the index as a whole.

use super::error::StoreError;
use super::index::{Changes, Entry, Index};
use crate::digest::Digest;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A record with what decides between two revisions of it: the later one, then the greater digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamped<T> {
    pub(super) at: Timestamp,
    pub(super) object: Digest,
    pub(super) record: T,
}

/// The index with changes on top.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    index: &'a dyn Index,
    changes: Changes,
}

impl<'a> Draft<'a> {
    pub(super) fn new(index: &'a dyn Index) -> Self {
        Self { index, changes: Changes::new() }
    }

    pub(super) fn into_changes(self) -> Changes {
        self.changes
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(key) {
            Some(changed) => Ok(changed.clone()),
            None => self.index.get(key),
        }
    }

    pub(super) fn contains(&self, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.get(key)?.is_some())
    }

    /// All entries under a prefix: for what belongs to one record, never for the whole store.
    pub(super) fn under(&self, prefix: &[u8]) -> Result<Vec<Entry>, StoreError> {
        let mut entries: BTreeMap<_, _> = self.index.under(prefix).collect::<Result<_, _>>()?;
        let changed = self.changes.range(prefix.to_vec()..);
        for (key, value) in changed.take_while(|(key, _)| key.starts_with(prefix)) {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(entries.into_iter().collect())
    }

    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.insert(key, Some(value));
    }

    pub(super) fn remove(&mut self, key: Vec<u8>) {
        self.changes.insert(key, None);
    }

    pub(super) fn read<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(key)?.map(|value| decode(key, &value)).transpose()
    }

    /// The record without its stamp.
    pub(super) fn record<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        Ok(self.read::<Stamped<T>>(key)?.map(|stamped| stamped.record))
    }

    pub(super) fn write<T: Serialize>(
        &mut self,
        key: Vec<u8>,
        value: &T,
    ) -> Result<(), StoreError> {
        let prefix = letter(&key);
        let bytes = postcard::to_stdvec(value).map_err(|_| StoreError::IndexEntry { prefix })?;
        self.put(key, bytes);
        Ok(())
    }

    /// Adds to a counter.
    pub(super) fn count(&mut self, key: Vec<u8>, change: i64) -> Result<(), StoreError> {
        let before: u64 = self.read(&key)?.unwrap_or(0);
        self.write(key, &before.saturating_add_signed(change))
    }
}

/// A value of the index.
pub(super) fn decode<T: DeserializeOwned>(key: &[u8], value: &[u8]) -> Result<T, StoreError> {
    postcard::from_bytes(value).map_err(|_| StoreError::IndexEntry { prefix: letter(key) })
}

fn letter(key: &[u8]) -> char {
    key.first().map_or('?', |&first| char::from(first))
}
