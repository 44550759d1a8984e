//! How is a store on the disk made, opened and kept from being opened twice?
//!
//! A folder with `casemark-store.json` (what it is), `lock` (held while open), `objects/` (the truth)
//! and `index/` (sled, derived). Opening compares the two: record objects that the index does not know,
//! left by a crash between the two or copied in, are applied; an index that is absent, unfinished, of
//! another version or damaged is made anew, which is always safe, since it holds nothing of its own. A
//! record object that cannot be read stops the opening: going on would look as if its scans had never
//! been entered. [`DiskStore::opening`] says what was done.

use super::engine::{Backed, Engine};
use super::error::StoreError;
use super::identifiers::{Entropy, Identifiers, SystemEntropy};
use super::index::Index;
use super::index_folder::{IndexFolder, RebuildReason, is_damage};
use super::keys;
use super::manifest::{self, Manifest};
use super::merge::{self, Merged};
use super::objects::{FileObjects, Listed, ObjectKind};
use serde::Serialize;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";

/// What opening a store found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Opening {
    /// Record objects there are.
    pub records: u64,
    /// Of these, how many the index did not know and now does.
    pub applied: u64,
    /// Record objects that the index knows and that are not there: lost, and to be restored.
    pub missing: u64,
    /// Why the index was made anew, if it was.
    pub rebuilt: Option<RebuildReason>,
}

/// A store in a folder.
#[derive(Debug)]
pub struct DiskStore {
    engine: Engine,
    index_folder: IndexFolder,
    path: PathBuf,
    manifest: Manifest,
    opening: Opening,
    /// Released by the system when the process ends, however it ends. Declared last: dropped last.
    _lock: File,
}

impl DiskStore {
    /// Opens the store in a folder, or makes one in an absent or empty folder.
    ///
    /// # Errors
    /// As [`DiskStore::open`]; a folder that holds something else.
    pub fn create_or_open(path: &Path) -> Result<Self, StoreError> {
        Self::create_or_open_with(path, Box::new(SystemEntropy))
    }

    /// The same, with identifiers that take their random bits from here.
    ///
    /// # Errors
    /// As [`DiskStore::create_or_open`].
    pub fn create_or_open_with(path: &Path, entropy: Box<dyn Entropy>) -> Result<Self, StoreError> {
        let identifiers = Identifiers::new(entropy);
        if manifest::is_in(path)? {
            return Self::open_locked(path, identifiers, lock(path)?, None);
        }
        fs::create_dir_all(path).map_err(StoreError::io("create", path))?;
        manifest::check_empty(path, LOCK)?;
        let lock = lock(path)?;
        // Another process may have been quicker.
        if !manifest::is_in(path)? {
            manifest::write(path, &identifiers)?;
        }
        Self::open_locked(path, identifiers, lock, None)
    }

    /// Opens a store.
    ///
    /// # Errors
    /// No store there, another process has it, a format of another engine, a record object that cannot
    /// be read, or what the file system refuses.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_present(path, None)
    }

    /// Opens a store and makes its index anew from the objects.
    ///
    /// # Errors
    /// As [`DiskStore::open`].
    pub fn rebuild(path: &Path) -> Result<Self, StoreError> {
        Self::open_present(path, Some(RebuildReason::Asked))
    }

    /// What opening found and did.
    #[must_use]
    pub const fn opening(&self) -> Opening {
        self.opening
    }

    /// What the store is.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The store's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes over all that another store has. The result does not depend on which of two stores takes
    /// over the other, and doing it again changes nothing; interrupted, do it again.
    ///
    /// # Errors
    /// An object of the other store that is missing or damaged; then nothing became visible here.
    pub fn merge_from(&self, other: &Self) -> Result<Merged, StoreError> {
        merge::merge(&self.engine, &other.engine)
    }

    fn open_present(path: &Path, rebuild: Option<RebuildReason>) -> Result<Self, StoreError> {
        if !manifest::is_in(path)? {
            return Err(StoreError::NotAStore { path: path.to_path_buf() });
        }
        let identifiers = Identifiers::new(Box::new(SystemEntropy));
        Self::open_locked(path, identifiers, lock(path)?, rebuild)
    }

    /// 1. Reads what the store is, 2. opens objects and 3. index, 4. brings the index up to date.
    fn open_locked(
        path: &Path,
        identifiers: Identifiers,
        lock: File,
        rebuild: Option<RebuildReason>,
    ) -> Result<Self, StoreError> {
        // 1.
        let manifest = manifest::read(path)?;
        // 2.
        let objects = Box::new(FileObjects::open(path.join("objects"))?);
        // 3.
        let index_folder = IndexFolder::new(path.join("index"));
        let (index, rebuilt) = match rebuild {
            Some(reason) => index_folder.open_next(reason)?,
            None => index_folder.open()?,
        };
        let mut engine = Engine::new(objects, Box::new(index), identifiers);
        // 4.
        let opening = match bring_up_to_date(&engine) {
            Ok(opening) => Opening { rebuilt, ..opening },
            // Damage that sled sees only when it reads.
            Err(error) if rebuilt.is_none() && is_damage(&error) => {
                let (index, rebuilt) = index_folder.open_next(RebuildReason::Damaged)?;
                engine.index = Box::new(index);
                Opening { rebuilt, ..bring_up_to_date(&engine)? }
            }
            Err(error) => return Err(error),
        };
        let path = path.to_path_buf();
        Ok(Self { engine, index_folder, path, manifest, opening, _lock: lock })
    }
}

impl Backed for DiskStore {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn empty_index(&self) -> Result<Box<dyn Index>, StoreError> {
        Ok(Box::new(self.index_folder.open_beside()?))
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let name = path.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(StoreError::io("open", &name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(StoreError::io("lock", &name)(source)),
    }
}

/// Applies every record object that the index does not know.
fn bring_up_to_date(engine: &Engine) -> Result<Opening, StoreError> {
    let mut opening = Opening::default();
    for listed in engine.objects.list(ObjectKind::Record) {
        let Listed::Object { digest, .. } = listed? else { continue };
        opening.records += 1;
        if engine.index.get(&keys::applied(digest))?.is_none() {
            engine.apply(digest, &engine.transaction(digest)?)?;
            opening.applied += 1;
        }
    }
    let known = engine.draft().read(&[keys::COUNT, keys::APPLIED])?;
    opening.missing = known.unwrap_or(0_u64).saturating_sub(opening.records);
    let version = keys::INDEX_VERSION.to_le_bytes().to_vec();
    engine.index.apply([(keys::COMPLETE.to_vec(), Some(version))].into())?;
    engine.index.flush()?;
    Ok(opening)
}
