//! Where do the bytes lie that must never change?
//!
//! The truth of a store is a grow-only set of immutable objects, each named by the SHA-256 of its bytes:
//! original files, signatures, masks and records. On the disk an object is a file `KIND/ab/DIGEST`, written
//! aside, synced, renamed, its folder synced. Bytes are hashed again on every read. Not for finding
//! anything, which is [`super::index`].

use super::error::StoreError;
use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Threads that write files of one batch: syncs wait for the disk, not for a core.
const WRITERS: usize = 8;

/// What an object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A scan's original file.
    Original,
    /// A signature.
    Signature,
    /// A transaction of records.
    Record,
    /// The picture of the parts of a head.
    Mask,
}

impl ObjectKind {
    /// All, in a fixed order.
    pub const ALL: [Self; 4] = [Self::Original, Self::Signature, Self::Record, Self::Mask];

    const fn folder(self) -> &'static str {
        match self {
            Self::Original => "originals",
            Self::Signature => "signatures",
            Self::Record => "records",
            Self::Mask => "masks",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Original => "original",
            Self::Signature => "signature",
            Self::Record => "record",
            Self::Mask => "mask",
        })
    }
}

/// An object to write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a> {
    pub(super) kind: ObjectKind,
    pub(super) digest: Digest,
    pub(super) bytes: &'a [u8],
}

impl<'a> Object<'a> {
    pub(super) fn new(kind: ObjectKind, bytes: &'a [u8]) -> Self {
        Self { kind, digest: Digest::of(bytes), bytes }
    }
}

/// What a listing finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// An object and its size in bytes.
    Object { digest: Digest, bytes: u64 },
    /// Something that is no object.
    Foreign { path: PathBuf },
}

pub(super) type Listing<'a> = Box<dyn Iterator<Item = Result<Listed, StoreError>> + Send + 'a>;

/// A set of objects.
pub(super) trait Objects: Send + Sync + fmt::Debug {
    /// Writes all; they are durable when it returns.
    fn put(&self, objects: &[Object<'_>]) -> Result<(), StoreError>;
    /// The bytes, hashed again.
    fn get(&self, kind: ObjectKind, digest: Digest) -> Result<Vec<u8>, StoreError>;
    /// Whether it is there, its bytes unread.
    fn contains(&self, kind: ObjectKind, digest: Digest) -> Result<bool, StoreError>;
    /// Deletes it and says how many bytes that gave back.
    fn remove(&self, kind: ObjectKind, digest: Digest) -> Result<u64, StoreError>;
    /// All of a kind, in the order of digests, with constant memory.
    fn list(&self, kind: ObjectKind) -> Listing<'_>;
}

/// Checks that bytes are those of the name.
pub(super) fn checked(
    kind: ObjectKind,
    digest: Digest,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    let found = Digest::of(&bytes);
    if found != digest {
        return Err(StoreError::ObjectDamaged { kind, digest, found });
    }
    Ok(bytes)
}

/// Objects as files of a folder.
#[derive(Debug)]
pub(super) struct FileObjects {
    folder: PathBuf,
    written: AtomicU64,
}

impl FileObjects {
    /// The objects under a folder, which is made if absent; what a crash left half-written goes.
    pub(super) fn open(folder: PathBuf) -> Result<Self, StoreError> {
        let aside = folder.join("tmp");
        fs::create_dir_all(&aside).map_err(StoreError::io("create", &aside))?;
        for kind in ObjectKind::ALL {
            let folder = folder.join(kind.folder());
            fs::create_dir_all(&folder).map_err(StoreError::io("create", &folder))?;
        }
        for entry in fs::read_dir(&aside).map_err(StoreError::io("list", &aside))? {
            let path = entry.map_err(StoreError::io("list", &aside))?.path();
            fs::remove_file(&path).map_err(StoreError::io("delete", &path))?;
        }
        sync_folder(&folder)?;
        Ok(Self { folder, written: AtomicU64::new(0) })
    }

    fn path(&self, kind: ObjectKind, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(kind.folder()).join(&name[..2]).join(name)
    }

    /// Writes one object aside and syncs it, unless it is there and whole.
    fn write_aside(&self, object: &Object<'_>) -> Result<Option<PathBuf>, StoreError> {
        match self.get(object.kind, object.digest) {
            Ok(_) => return Ok(None),
            Err(StoreError::ObjectMissing { .. } | StoreError::ObjectDamaged { .. }) => {}
            Err(error) => return Err(error),
        }
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let aside = self.folder.join("tmp").join(format!("{number}"));
        let written = File::create_new(&aside)
            .and_then(|mut file| file.write_all(object.bytes).and_then(|()| file.sync_all()));
        if let Err(source) = written {
            // A full disk should not stay fuller than it was.
            let _ = fs::remove_file(&aside);
            return Err(StoreError::io("write", &aside)(source));
        }
        Ok(Some(aside))
    }
}

impl Objects for FileObjects {
    fn put(&self, objects: &[Object<'_>]) -> Result<(), StoreError> {
        let unique: BTreeMap<_, _> =
            objects.iter().map(|object| ((object.kind, object.digest), object)).collect();
        let unique: Vec<_> = unique.into_values().collect();
        let aside = in_parallel(&unique, |object| self.write_aside(object))?;
        let mut folders = BTreeSet::new();
        for (object, aside) in unique.iter().zip(aside) {
            let path = self.path(object.kind, object.digest);
            let Some(shard) = path.parent() else { continue };
            fs::create_dir_all(shard).map_err(StoreError::io("create", shard))?;
            if let Some(aside) = aside {
                fs::rename(&aside, &path).map_err(StoreError::io("rename to", &path))?;
            }
            // Also where nothing is new: a crash may have come before the folders were synced.
            folders.extend(shard.ancestors().take(2).map(Path::to_path_buf));
        }
        let folders: Vec<_> = folders.into_iter().collect();
        in_parallel(&folders, |folder| sync_folder(folder))?;
        Ok(())
    }

    fn get(&self, kind: ObjectKind, digest: Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.path(kind, digest);
        match fs::read(&path) {
            Ok(bytes) => checked(kind, digest, bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(StoreError::ObjectMissing { kind, digest })
            }
            Err(source) => Err(StoreError::io("read", &path)(source)),
        }
    }

    fn contains(&self, kind: ObjectKind, digest: Digest) -> Result<bool, StoreError> {
        let path = self.path(kind, digest);
        path.try_exists().map_err(StoreError::io("look for", &path))
    }

    fn remove(&self, kind: ObjectKind, digest: Digest) -> Result<u64, StoreError> {
        let path = self.path(kind, digest);
        let bytes = fs::metadata(&path).map_err(StoreError::io("measure", &path))?.len();
        fs::remove_file(&path).map_err(StoreError::io("delete", &path))?;
        path.parent().map_or(Ok(()), sync_folder)?;
        Ok(bytes)
    }

    fn list(&self, kind: ObjectKind) -> Listing<'_> {
        let folder = self.folder.join(kind.folder());
        let shards = match sorted_entries(&folder) {
            Ok(shards) => shards,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        // One shard in memory at a time.
        Box::new(shards.into_iter().flat_map(|shard| match list_shard(&shard) {
            Ok(listed) => listed,
            Err(error) => vec![Err(error)],
        }))
    }
}

fn list_shard(shard: &Path) -> Result<Vec<Result<Listed, StoreError>>, StoreError> {
    let shard_name = shard.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if shard_name.len() != 2 || !shard.is_dir() {
        return Ok(vec![Ok(Listed::Foreign { path: shard.to_path_buf() })]);
    }
    let list_file = |path: PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match name.parse::<Digest>() {
            // The name must be the one that we would give, in this shard.
            Ok(digest) if name.starts_with(shard_name) && digest.to_string() == name => {
                let metadata = fs::metadata(&path).map_err(StoreError::io("measure", &path))?;
                Ok(Listed::Object { digest, bytes: metadata.len() })
            }
            _ => Ok(Listed::Foreign { path }),
        }
    };
    Ok(sorted_entries(shard)?.into_iter().map(list_file).collect())
}

/// The paths of what is in a folder, in order.
pub(super) fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = fs::read_dir(folder).map_err(StoreError::io("list", folder))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(StoreError::io("list", folder))?;
    paths.sort();
    Ok(paths)
}

/// Makes renames in a folder survive a loss of power.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    // Windows opens no folder as a file and writes its entries through.
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|file| file.sync_all());
        synced.map_err(StoreError::io("sync", folder))?;
    }
    Ok(())
}

/// Maps all items on a few threads, in order; the first error wins.
fn in_parallel<T: Sync, U: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<U, StoreError> + Sync,
) -> Result<Vec<U>, StoreError> {
    if items.len() < 2 {
        return items.iter().map(work).collect();
    }
    let share = items.len().div_ceil(WRITERS);
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(share)
            .map(|items| scope.spawn(move || items.iter().map(work).collect::<Result<Vec<U>, _>>()))
            .collect();
        let mut all = Vec::with_capacity(items.len());
        for thread in threads {
            match thread.join() {
                Ok(results) => all.extend(results?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })
}
