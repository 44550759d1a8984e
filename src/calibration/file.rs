//! How is a calibration kept?
//!
//! As JSON: `{"calibration_sha256": ..., "calibration": {...}}`, in which the hash is that of the bytes of the second value
//! as written. A file that was changed is refused.

use super::{Calibration, FORMAT};
use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A file that is no calibration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationFileError {
    /// It is not JSON, or not of this form.
    #[error("not a calibration file: {0}")]
    Json(#[from] serde_json::Error),
    /// It was changed.
    #[error("the calibration was changed: its SHA-256 is {found}, it was written with {wanted}")]
    Changed {
        /// Of what is there.
        found: Digest,
        /// What the file says.
        wanted: Digest,
    },
    /// It is of another version.
    #[error("format {found} of calibration files, this version reads format {FORMAT}")]
    Format {
        /// What was found.
        found: u32,
    },
}

#[derive(Serialize)]
struct Written<'a> {
    calibration_sha256: Digest,
    calibration: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    calibration_sha256: Digest,
    #[serde(borrow)]
    calibration: &'a RawValue,
}

/// What is read before anything else, since the rest depends on it.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Calibration {
    /// The file.
    ///
    /// # Errors
    /// A number that JSON has no way to write.
    pub fn to_json(&self) -> Result<String, CalibrationFileError> {
        let calibration = serde_json::value::to_raw_value(self)?;
        let calibration_sha256 = Digest::of(calibration.get().as_bytes());
        let written = Written { calibration_sha256, calibration: &calibration };
        Ok(serde_json::to_string(&written)? + "\n")
    }

    /// Reads a file: the calibration and its SHA-256.
    ///
    /// # Errors
    /// It is none, was changed, or is of another version.
    pub fn from_json(text: &str) -> Result<(Self, Digest), CalibrationFileError> {
        let Read { calibration_sha256: wanted, calibration } = serde_json::from_str(text)?;
        let found = Digest::of(calibration.get().as_bytes());
        if found != wanted {
            return Err(CalibrationFileError::Changed { found, wanted });
        }
        let Version { format } = serde_json::from_str(calibration.get())?;
        if format != FORMAT {
            return Err(CalibrationFileError::Format { found: format });
        }
        Ok((serde_json::from_str(calibration.get())?, found))
    }
}
