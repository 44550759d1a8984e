//! What can go wrong with an audit log?

use super::verify::Finding;
use std::path::{Path, PathBuf};

/// Why the log refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    // Malformed.
    /// The log is not as it was written, and nothing is appended to such a one.
    #[error("the audit log is not as it was written: {finding}; run `casemark audit verify`")]
    Damaged {
        /// What is wrong.
        finding: Box<Finding>,
    },
    // Unsupported.
    /// Written by another engine.
    #[error("{} has audit format {found}; this engine reads {wanted}", .path.display())]
    FormatUnsupported {
        /// The segment.
        path: PathBuf,
        /// Format found.
        found: u32,
        /// Format that this engine reads.
        wanted: u32,
    },
    // Limits.
    /// An event with too much to say.
    #[error("the event has {found} bytes, at most {limit} are kept")]
    EventTooLong {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    // The caller's.
    /// An event that cannot be written.
    #[error("the event cannot be encoded")]
    Encoding {
        /// What the encoder says.
        #[source]
        source: serde_json::Error,
    },
    // The environment.
    /// There is no log here.
    #[error("{} holds no audit log", .path.display())]
    NoLog {
        /// The folder.
        path: PathBuf,
    },
    /// Another process works with it.
    #[error("another process has the audit log {} open", .path.display())]
    Locked {
        /// The folder.
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
    /// An earlier write failed half-way; nothing more is written until the log is opened again.
    #[error("an earlier write of the audit log failed: open it again before writing")]
    WriteFailedBefore,
}

impl AuditError {
    /// For `map_err` on file operations.
    pub(super) fn io(
        operation: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { operation, path, source }
    }
}

impl From<Finding> for AuditError {
    fn from(finding: Finding) -> Self {
        Self::Damaged { finding: Box::new(finding) }
    }
}
