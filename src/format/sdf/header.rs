//! What do both kinds of SDF say before their heights?
//!
//! Record 1 of ISO 25178-71: the same fields as text and binary. A point that was not measured is the least
//! number of the data's type; in BCR-1.0, whose types may have no sign, the greatest (EUR 15178).

use super::FORMAT;
use crate::format::FormatError;
use crate::format::fields::{shortened, text};

/// An edition of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Revision {
    Iso1,
    Iso2,
    Bcr1,
}

impl Revision {
    /// Bytes of a file that name the format and its revision.
    pub(super) const MAGIC: usize = 8;

    /// The revision that the first bytes name.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, FormatError> {
        match bytes.get(1..Self::MAGIC) {
            Some(b"ISO-1.0") => Ok(Self::Iso1),
            Some(b"ISO-2.0") => Ok(Self::Iso2),
            Some(b"BCR-1.0") => Ok(Self::Bcr1),
            _ => {
                let found = text(&bytes[1..bytes.len().min(Self::MAGIC)]);
                Err(invalid("the revision", &found, "ISO-1.0, ISO-2.0 or BCR-1.0"))
            }
        }
    }
}

/// What a surface needs of the header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) manufacturer: String,
    /// When it was measured, as in an X3P.
    pub(super) created: Option<String>,
    pub(super) rows: u64,
    pub(super) columns: u64,
    pub(super) scale: Scale,
    pub(super) data_type: DataType,
}

/// Metres between samples, and metres of a stored 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) z: f64,
}

impl Scale {
    /// Checks the scale of heights; those of x and y are for [`crate::format::plausibility`].
    pub(super) fn checked(x: f64, y: f64, z: f64) -> Result<Self, FormatError> {
        if !(z.is_finite() && z > 0.0) {
            return Err(invalid("Zscale", &z.to_string(), "a positive length"));
        }
        Ok(Self { x, y, z })
    }
}

/// Type of the stored numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataType {
    Uint8,
    Uint16,
    Uint32,
    Float32,
    Int8,
    Int16,
    Int32,
    Float64,
}

impl DataType {
    /// By its code.
    pub(super) fn of(code: u64) -> Result<Self, FormatError> {
        Ok(match code {
            0 => Self::Uint8,
            1 => Self::Uint16,
            2 => Self::Uint32,
            3 => Self::Float32,
            4 => Self::Int8,
            5 => Self::Int16,
            6 => Self::Int32,
            7 => Self::Float64,
            _ => return Err(invalid("DataType", &code.to_string(), "0 to 7")),
        })
    }

    /// Bytes of one number.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Uint8 | Self::Int8 => 1,
            Self::Uint16 | Self::Int16 => 2,
            Self::Uint32 | Self::Int32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// Least and greatest number; those of floats as EUR 15178 rounds them, beyond any height.
    fn range(self) -> (f64, f64) {
        match self {
            Self::Uint8 => (0.0, u8::MAX.into()),
            Self::Uint16 => (0.0, u16::MAX.into()),
            Self::Uint32 => (0.0, u32::MAX.into()),
            Self::Int8 => (i8::MIN.into(), i8::MAX.into()),
            Self::Int16 => (i16::MIN.into(), i16::MAX.into()),
            Self::Int32 => (i32::MIN.into(), i32::MAX.into()),
            Self::Float32 => (-3.4e38, 3.4e38),
            Self::Float64 => (-1.7e308, 1.7e308),
        }
    }

    /// The number, or NaN where it stands for a point that was not measured. Some writers of BCR-1.0 mark
    /// those as the standard does, so both ends of a type with a sign are none there.
    pub(super) fn measured(self, number: f64, revision: Revision) -> f64 {
        let (least, greatest) = self.range();
        let low = number <= least && least < 0.0;
        let high = number >= greatest && revision == Revision::Bcr1;
        if low || high || !number.is_finite() { f64::NAN } else { number }
    }
}

/// Refuses packed data and checksums within them.
pub(super) fn check_plain(compression: u64, check_type: u64) -> Result<(), FormatError> {
    for (field, code) in [("Compression", compression), ("CheckType", check_type)] {
        if code != 0 {
            return Err(invalid(field, &code.to_string(), "0: no other is supported"));
        }
    }
    Ok(())
}

/// DDMMYYYYHHMM as in an X3P; none where it is something else, or zeros.
pub(super) fn date(text: &str) -> Option<String> {
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.bytes().all(|byte| byte == b'0') {
        return None;
    }
    let (day, month, year) = (&text[..2], &text[2..4], &text[4..8]);
    let (hour, minute) = (&text[8..10], &text[10..]);
    Some(format!("{year}-{month}-{day}T{hour}:{minute}:00"))
}

/// A number of rows or columns.
pub(super) fn count(field: &'static str, found: u64) -> Result<u64, FormatError> {
    if found == 0 {
        return Err(invalid(field, "0", "a whole number from 1"));
    }
    Ok(found)
}

pub(super) fn invalid(field: &'static str, found: &str, wanted: &'static str) -> FormatError {
    FormatError::FieldInvalid { format: FORMAT, field, found: shortened(found), wanted }
}
