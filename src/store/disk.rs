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
use super::index::{Index, Opened, SledIndex, Temporary};
use super::keys;
use super::merge::{self, Merged};
use super::objects::{FileObjects, Listed, ObjectKind, sync_folder};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The format of stores that this engine makes.
pub const STORE_FORMAT: u32 = 1;
/// The oldest format that this engine reads.
pub const OLDEST_STORE_FORMAT: u32 = 1;

const MANIFEST: &str = "casemark-store.json";
const MANIFEST_ASIDE: &str = "casemark-store.json.new";
const LOCK: &str = "lock";
const INDEX: &str = "index";
const INDEX_ANEW: &str = "index.anew";

/// What a store is, written once when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its format.
    pub format: u32,
    /// Identifies the store itself.
    pub store: Uuid,
    /// Version of the engine that made it.
    pub engine_version: String,
}

/// Why an index was made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RebuildReason {
    /// There was none, because the store is new, it was deleted, or a rebuild was asked for.
    Absent,
    /// Its making was interrupted, or another version of the engine made it.
    Unfinished,
    /// It could not be opened.
    Damaged,
}

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
        if !exists(&path.join(MANIFEST))? {
            create(path, &identifiers)?;
        }
        Self::open_with(path, identifiers)
    }

    /// Opens a store.
    ///
    /// # Errors
    /// No store there, another process has it, a format of another engine, a record object that cannot
    /// be read, or what the file system refuses.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Identifiers::new(Box::new(SystemEntropy)))
    }

    /// Opens a store and makes its index anew from the objects.
    ///
    /// # Errors
    /// As [`DiskStore::open`].
    pub fn rebuild(path: &Path) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        remove_folder(&path.join(INDEX))?;
        Self::open_locked(path, Identifiers::new(Box::new(SystemEntropy)), lock)
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

    fn open_with(path: &Path, identifiers: Identifiers) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        Self::open_locked(path, identifiers, lock)
    }

    /// 1. Reads what the store is, 2. opens objects and 3. index, 4. brings the index up to date.
    fn open_locked(path: &Path, identifiers: Identifiers, lock: File) -> Result<Self, StoreError> {
        // 1.
        let manifest = read_manifest(&path.join(MANIFEST))?;
        // 2.
        let objects = FileObjects::open(path.join("objects"))?;
        remove_folder(&path.join(INDEX_ANEW))?;
        // 3.
        let folder = path.join(INDEX);
        let (index, rebuilt) = open_index(&folder)?;
        let mut engine = Engine::new(Box::new(objects), Box::new(index), identifiers);
        // 4.
        let mut opening = match bring_up_to_date(&engine) {
            // Damage that sled sees only when it reads.
            Err(error) if rebuilt.is_none() && is_damage(&error) => {
                engine = engine.without_index();
                remove_folder(&folder)?;
                engine.index = Box::new(open_index(&folder)?.0);
                let opening = bring_up_to_date(&engine)?;
                Opening { rebuilt: Some(RebuildReason::Damaged), ..opening }
            }
            other => other?,
        };
        opening.rebuilt = opening.rebuilt.or(rebuilt);
        Ok(Self { engine, path: path.to_path_buf(), manifest, opening, _lock: lock })
    }
}

impl Backed for DiskStore {
    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn empty_index(&self) -> Result<Box<dyn Index>, StoreError> {
        let folder = self.path.join(INDEX_ANEW);
        remove_folder(&folder)?;
        match SledIndex::open(&folder, Temporary::Yes)? {
            Opened::Whole(index) => Ok(Box::new(index)),
            Opened::Damaged => {
                let source = sled::Error::ReportableBug("an absent database is damaged".to_owned());
                Err(StoreError::index("open")(source))
            }
        }
    }
}

fn create(path: &Path, identifiers: &Identifiers) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(StoreError::io("create", path))?;
    for entry in fs::read_dir(path).map_err(StoreError::io("list", path))? {
        let name = entry.map_err(StoreError::io("list", path))?.file_name();
        // What a creation that was interrupted leaves.
        if name != LOCK && name != MANIFEST_ASIDE {
            return Err(StoreError::ForeignFolder { path: path.to_path_buf() });
        }
    }
    let _lock = take_lock(path)?;
    let manifest = path.join(MANIFEST);
    if exists(&manifest)? {
        // Another process was quicker.
        return Ok(());
    }
    let content = Manifest {
        format: STORE_FORMAT,
        store: identifiers.timeless(),
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut text = serde_json::to_vec_pretty(&content)
        .map_err(|source| StoreError::Manifest { path: manifest.clone(), source })?;
    text.push(b'\n');
    let aside = path.join(MANIFEST_ASIDE);
    File::create(&aside)
        .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
        .map_err(StoreError::io("write", &aside))?;
    fs::rename(&aside, &manifest).map_err(StoreError::io("rename to", &manifest))?;
    sync_folder(path)?;
    // The folder's own name, where the parent can be opened.
    path.canonicalize().ok().as_deref().and_then(Path::parent).map_or(Ok(()), sync_folder)
}

/// Locks a store that is there.
fn lock(path: &Path) -> Result<File, StoreError> {
    if !exists(&path.join(MANIFEST))? {
        return Err(StoreError::NotAStore { path: path.to_path_buf() });
    }
    take_lock(path)
}

fn take_lock(path: &Path) -> Result<File, StoreError> {
    let name = path.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(StoreError::io("open", &name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(StoreError::io("lock", &name)(source)),
    }
}

fn exists(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(StoreError::io("look for", path))
}

fn remove_folder(folder: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(StoreError::io("delete", folder)(source)),
    }
}

fn read_manifest(path: &Path) -> Result<Manifest, StoreError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let bytes = fs::read(path).map_err(StoreError::io("read", path))?;
    let malformed = |source| StoreError::Manifest { path: path.to_path_buf(), source };
    // The format first: all else may be different in another one.
    let Format { format: found } = serde_json::from_slice(&bytes).map_err(malformed)?;
    if !(OLDEST_STORE_FORMAT..=STORE_FORMAT).contains(&found) {
        return Err(StoreError::FormatUnsupported {
            path: path.to_path_buf(),
            found,
            oldest: OLDEST_STORE_FORMAT,
            newest: STORE_FORMAT,
        });
    }
    serde_json::from_slice(&bytes).map_err(malformed)
}

/// The index in use, or an empty one and why.
fn open_index(folder: &Path) -> Result<(SledIndex, Option<RebuildReason>), StoreError> {
    let present = exists(folder)?;
    let reason = match SledIndex::open(folder, Temporary::No)? {
        Opened::Whole(index) if !present => return Ok((index, Some(RebuildReason::Absent))),
        Opened::Whole(index) => match index.get(keys::COMPLETE) {
            Ok(Some(version)) if version == keys::INDEX_VERSION.to_le_bytes() => {
                return Ok((index, None));
            }
            Ok(_) => RebuildReason::Unfinished,
            Err(_) => RebuildReason::Damaged,
        },
        Opened::Damaged => RebuildReason::Damaged,
    };
    remove_folder(folder)?;
    match SledIndex::open(folder, Temporary::No)? {
        Opened::Whole(index) => Ok((index, Some(reason))),
        Opened::Damaged => {
            let source = sled::Error::ReportableBug("an absent database is damaged".to_owned());
            Err(StoreError::index("open")(source))
        }
    }
}

fn is_damage(error: &StoreError) -> bool {
    if let StoreError::Index { source, .. } = error {
        return !matches!(**source, sled::Error::Io(_));
    }
    matches!(error, StoreError::IndexEntry { .. })
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
