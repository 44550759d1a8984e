//! Is this folder a store, and of which format?
//!
//! `casemark-store.json` is written once, when a store is made, and read before anything else is touched.
//! A folder that holds other things is never made a store.

use super::error::StoreError;
use super::identifiers::Identifiers;
use super::objects::sync_folder;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The format of stores that this engine makes.
pub const STORE_FORMAT: u32 = 1;
/// The oldest format that this engine reads.
pub const OLDEST_STORE_FORMAT: u32 = 1;

const NAME: &str = "casemark-store.json";
const NAME_ASIDE: &str = "casemark-store.json.new";

/// What a store is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its format.
    pub format: u32,
    /// Identifies the store itself.
    pub store: Uuid,
    /// Version of the engine that made it.
    pub engine_version: String,
}

fn path_in(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// Whether a folder is a store.
pub(super) fn is_in(folder: &Path) -> Result<bool, StoreError> {
    let path = path_in(folder);
    path.try_exists().map_err(StoreError::io("look for", &path))
}

/// Refuses a folder that holds anything but what an interrupted creation leaves.
pub(super) fn check_empty(folder: &Path, lock: &str) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(StoreError::io("list", folder))? {
        let name = entry.map_err(StoreError::io("list", folder))?.file_name();
        if name != lock && name != NAME_ASIDE {
            return Err(StoreError::ForeignFolder { path: folder.to_path_buf() });
        }
    }
    Ok(())
}

/// Makes a folder a store.
pub(super) fn write(folder: &Path, identifiers: &Identifiers) -> Result<(), StoreError> {
    let (path, aside) = (path_in(folder), folder.join(NAME_ASIDE));
    let content = Manifest {
        format: STORE_FORMAT,
        store: identifiers.timeless(),
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut text = serde_json::to_vec_pretty(&content)
        .map_err(|source| StoreError::Manifest { path: path.clone(), source })?;
    text.push(b'\n');
    File::create(&aside)
        .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
        .map_err(StoreError::io("write", &aside))?;
    fs::rename(&aside, &path).map_err(StoreError::io("rename to", &path))?;
    sync_folder(folder)?;
    // The folder's own name.
    let absolute = folder.canonicalize().map_err(StoreError::io("resolve", folder))?;
    absolute.parent().map_or(Ok(()), sync_folder)
}

/// What the store in a folder is.
pub(super) fn read(folder: &Path) -> Result<Manifest, StoreError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let path = path_in(folder);
    let bytes = fs::read(&path).map_err(StoreError::io("read", &path))?;
    let malformed = |source| StoreError::Manifest { path: path.clone(), source };
    // The format first: all else may be different in another one.
    let Format { format: found } = serde_json::from_slice(&bytes).map_err(malformed)?;
    if !(OLDEST_STORE_FORMAT..=STORE_FORMAT).contains(&found) {
        let (oldest, newest) = (OLDEST_STORE_FORMAT, STORE_FORMAT);
        return Err(StoreError::FormatUnsupported { path, found, oldest, newest });
    }
    serde_json::from_slice(&bytes).map_err(malformed)
}
