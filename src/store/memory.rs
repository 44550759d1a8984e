//! What is a store that forgets everything?
//!
//! [`MemoryStore`]: the same store over maps in memory, for tests and for searching a folder of files
//! without a store on the disk. Nothing is durable.

use super::engine::{Backed, Engine};
use super::error::StoreError;
use super::identifiers::{Entropy, Identifiers, SystemEntropy};
use super::index::{Changes, Entries, Entry, Index};
use super::merge::{self, Merged};
use super::objects::{Listed, Listing, Object, ObjectKind, Objects, checked};
use crate::digest::Digest;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore {
    engine: Engine,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::with_entropy(Box::new(SystemEntropy))
    }

    /// An empty store whose identifiers take their random bits from here.
    #[must_use]
    pub fn with_entropy(entropy: Box<dyn Entropy>) -> Self {
        let index = Box::new(MemoryIndex::default());
        let objects = Box::new(MemoryObjects::default());
        Self { engine: Engine::new(objects, index, Identifiers::new(entropy)) }
    }

    /// Takes over all that another store has; see [`super::DiskStore::merge_from`].
    ///
    /// # Errors
    /// An object of the other store that is missing or damaged.
    pub fn merge_from(&self, other: &Self) -> Result<Merged, StoreError> {
        merge::merge(&self.engine, &other.engine)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Backed for MemoryStore {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn empty_index(&self) -> Result<Box<dyn Index>, StoreError> {
        Ok(Box::new(MemoryIndex::default()))
    }
}

/// A map behind a lock, walked without holding it.
#[derive(Debug)]
struct Map<K, V>(RwLock<BTreeMap<K, V>>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }
}

impl<K: Ord + Clone, V> Map<K, V> {
    // No code panics while it holds the lock, and a map is whole at every moment.
    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<K, V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<K, V>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes first at or after a bound.
    fn first<T>(&self, from: Bound<&K>, map: impl FnOnce(&K, &V) -> T) -> Option<T> {
        self.read().range((from, Bound::Unbounded)).next().map(|(key, value)| map(key, value))
    }
}

#[derive(Debug, Default)]
pub(super) struct MemoryIndex {
    entries: Map<Vec<u8>, Vec<u8>>,
}

impl Index for MemoryIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.entries.read().get(key).cloned())
    }

    fn under(&self, prefix: &[u8]) -> Entries<'_> {
        let prefix = prefix.to_vec();
        let clone = |key: &Vec<u8>, value: &Vec<u8>| -> Entry { (key.clone(), value.clone()) };
        let first = self.entries.first(Bound::Included(&prefix), clone);
        let walk = std::iter::successors(first, move |(last, _)| {
            self.entries.first(Bound::Excluded(last), clone)
        });
        Box::new(walk.take_while(move |(key, _)| key.starts_with(&prefix)).map(Ok))
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut entries = self.entries.write();
        for (key, value) in changes {
            match value {
                Some(value) => entries.insert(key, value),
                None => entries.remove(&key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[derive(Debug, Default)]
pub(super) struct MemoryObjects {
    objects: Map<(ObjectKind, Digest), Vec<u8>>,
}

impl Objects for MemoryObjects {
    fn put(&self, objects: &[Object<'_>]) -> Result<(), StoreError> {
        let mut held = self.objects.write();
        for object in objects {
            held.insert((object.kind, object.digest), object.bytes.to_vec());
        }
        Ok(())
    }

    fn get(&self, kind: ObjectKind, digest: Digest) -> Result<Vec<u8>, StoreError> {
        let bytes = self.objects.read().get(&(kind, digest)).cloned();
        checked(kind, digest, bytes.ok_or(StoreError::ObjectMissing { kind, digest })?)
    }

    fn contains(&self, kind: ObjectKind, digest: Digest) -> Result<bool, StoreError> {
        Ok(self.objects.read().contains_key(&(kind, digest)))
    }

    fn remove(&self, kind: ObjectKind, digest: Digest) -> Result<u64, StoreError> {
        let bytes = self.objects.write().remove(&(kind, digest));
        bytes.map(|bytes| bytes.len() as u64).ok_or(StoreError::ObjectMissing { kind, digest })
    }

    fn list(&self, kind: ObjectKind) -> Listing<'_> {
        let pick = |&key: &(ObjectKind, Digest), bytes: &Vec<u8>| (key, bytes.len() as u64);
        let least = (kind, Digest::from_bytes([0; 32]));
        let first = self.objects.first(Bound::Included(&least), pick);
        let walk = std::iter::successors(first, move |(last, _)| {
            self.objects.first(Bound::Excluded(last), pick)
        });
        let of_kind = walk.take_while(move |((found, _), _)| *found == kind);
        Box::new(of_kind.map(|((_, digest), bytes)| Ok(Listed::Object { digest, bytes })))
    }
}
