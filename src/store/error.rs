//! What can go wrong in a reference store, and whose fault is it?
//!
//! One enum for the whole store, sorted by fault. An error never stands for "nothing found": what was
//! looked for and is not there has variants of its own, apart from files that could not be read.

use super::metadata::MetadataError;
use super::model::{ExhibitId, FirearmId, ScanId, Subject};
use super::objects::ObjectKind;
use super::record::RecordError;
use crate::digest::Digest;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Why a store refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    // Malformed: what is on the disk is not what was written.
    /// Whoever was told of the progress of a verification stopped it.
    #[error("the verification was stopped after {done} objects")]
    Stopped {
        /// Objects read by then.
        done: u64,
    },
    /// The folder holds something else.
    #[error("{} is not empty and holds no casemark store", .path.display())]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The file that describes the store cannot be understood.
    #[error("{} does not describe a casemark store", .path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// The bytes of an object are not the ones that its name promises.
    #[error("{kind} {digest} is damaged: its bytes hash to {found}")]
    ObjectDamaged {
        /// Which kind of object.
        kind: ObjectKind,
        /// Its name.
        digest: Digest,
        /// The hash of the bytes found.
        found: Digest,
    },
    /// An object that records refer to is not there.
    #[error("{kind} {digest} is missing from the store")]
    ObjectMissing {
        /// Which kind of object.
        kind: ObjectKind,
        /// Its name.
        digest: Digest,
    },
    /// A record object is whole but cannot be read.
    #[error("record {digest} cannot be read")]
    Record {
        /// The record object.
        digest: Digest,
        /// What is wrong with it.
        #[source]
        source: RecordError,
    },
    /// An entry of the index cannot be decoded; a rebuild makes the index anew.
    #[error("the index is damaged (an entry of kind '{prefix}'): rebuild the store")]
    IndexEntry {
        /// First character of the entry's key.
        prefix: char,
    },
    /// A record refers to another that is not there.
    #[error("{from} refers to {to}, which the store does not have")]
    Dangling {
        /// The record that refers.
        from: Uuid,
        /// The record referred to.
        to: Uuid,
    },

    // Unsupported: written by an engine that is newer (or far older).
    /// A store of another format.
    #[error("{} has store format {found}; this engine reads {oldest} to {newest}", .path.display())]
    FormatUnsupported {
        /// The file that says so.
        path: PathBuf,
        /// Format found.
        found: u32,
        /// Oldest format that can be read.
        oldest: u32,
        /// Newest format that can be read.
        newest: u32,
    },

    // The caller's.
    /// Metadata that no record may hold.
    #[error("the metadata is not acceptable")]
    Metadata {
        /// Which field, and why.
        #[source]
        source: MetadataError,
    },
    /// No record of this name.
    #[error("nothing in the store is called {wanted}")]
    NotFound {
        /// What was asked for.
        wanted: String,
    },
    /// More than one record has a name that begins so.
    #[error("{wanted} is the beginning of {found} names or more: write more of it")]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// How many were counted before giving up.
        found: usize,
    },
    /// The record was withdrawn.
    #[error("{subject} was withdrawn: {reason}")]
    Withdrawn {
        /// Which record.
        subject: Subject,
        /// The reason given then.
        reason: String,
    },
    /// The scan has no signature extracted with these parameters.
    #[error("scan {scan} has no signature of extraction {extraction}: extract it again")]
    SignatureMissing {
        /// The scan.
        scan: ScanId,
        /// Digest of the extraction parameters asked for.
        extraction: Digest,
    },
    /// An exhibit of the same label is known, with other metadata.
    #[error("exhibit {exhibit} of this label is already known with another {field}")]
    ExhibitDiffers {
        /// The exhibit in the store.
        exhibit: ExhibitId,
        /// The first field that differs.
        field: &'static str,
    },
    /// A firearm of the same label is known, with another make or model.
    #[error("firearm {firearm} of this label is already known with another {field}")]
    FirearmDiffers {
        /// The firearm in the store.
        firearm: FirearmId,
        /// The first field that differs.
        field: &'static str,
    },
    /// A share that is none.
    #[error("{field} is {found}, wanted 0 to 1")]
    NoShare {
        /// Which field.
        field: &'static str,
        /// What was found.
        found: f64,
    },
    /// An original, a signature or a mask without a byte.
    #[error("{kind} is empty")]
    Empty {
        /// Which of them.
        kind: ObjectKind,
    },

    // The environment.
    /// There is no store here.
    #[error("{} holds no casemark store", .path.display())]
    NotAStore {
        /// The folder.
        path: PathBuf,
    },
    /// Another process works with this store.
    #[error("another process has the store {} open: one writes at a time", .path.display())]
    Locked {
        /// The store's folder.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("could not {operation} {}", .path.display())]
    Io {
        /// What was attempted.
        operation: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The database under the index failed.
    #[error("the index could not {operation}")]
    Index {
        /// What was attempted.
        operation: &'static str,
        /// What sled says.
        #[source]
        source: Box<sled::Error>,
    },
    /// An earlier write failed half-way; nothing more is written until the store is opened again.
    #[error("an earlier write failed: open the store again before writing")]
    WriteFailedBefore,
}

impl StoreError {
    /// For `map_err` on file operations.
    pub(crate) fn io(
        operation: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { operation, path, source }
    }

    /// For `map_err` on index operations.
    pub(super) fn index(operation: &'static str) -> impl FnOnce(sled::Error) -> Self {
        move |source| Self::Index { operation, source: Box::new(source) }
    }
}

impl From<MetadataError> for StoreError {
    fn from(source: MetadataError) -> Self {
        Self::Metadata { source }
    }
}
