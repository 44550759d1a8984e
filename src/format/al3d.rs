//! How is an AL3D of an Alicona instrument read?
//!
//! After 17 bytes of magic come tags of 52 bytes: a key of 20, a value of 30, CR and LF (AL3D File Format
//! Specification, version 1.0, 2005; Bruker Alicona File Formats, version 1.0, 2025). Two of them, Version
//! and TagCount, stand first; a comment of 256 bytes stands last. Depths are 32-bit floats in metres, rows
//! from the top, each padded to 8 bytes. Colours, icon and the map of repeatability are not read.

use super::fields::{Fields, shortened, some, text};
use super::metadata::{Metadata, Warning};
use super::options::ReadOptions;
use super::{FileFormat, FormatError, check_dimensions, plausibility, topography};
use crate::surface::{Spacing, Surface};
use ndarray::Array2;

/// The first bytes of every AL3D.
pub(super) const MAGIC: &[u8] = b"AliconaImaging\0\r\n";

const FORMAT: FileFormat = FileFormat::Al3d;
const COMMENT: usize = 254;

/// Tags that are read; each may stand there once.
const KEYS: [&str; 9] = [
    "Cols",
    "Rows",
    "PixelSizeXMeter",
    "PixelSizeYMeter",
    "InvalidPixelValue",
    "DepthImageOffset",
    "TextureImageOffset",
    "IconOffset",
    "DepthImageResPtr",
];

/// Reads an AL3D.
pub(super) fn read(
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<(Surface, Metadata), FormatError> {
    let header = Header::of(bytes)?;
    let (rows, columns) = (header.count("Rows")?, header.count("Cols")?);
    let (rows, columns) = check_dimensions(rows, columns, &options.limits)?;
    let (x, y) = (header.number("PixelSizeXMeter")?, header.number("PixelSizeYMeter")?);
    let unit = plausibility::length_unit(options.assume, (x, y), (rows, columns));
    let spacing = Spacing { x: unit.length(x), y: unit.length(y) };
    plausibility::check_spacing(spacing, (rows, columns), options.plausibility, unit)?;
    let depths = header.depths(bytes)?;
    let mut warnings = Vec::new();

    // 1. How long is a row?
    let packed = columns * 4;
    let padded = packed.next_multiple_of(8);
    let wanted = padded * (rows - 1) + packed;
    let stride = if depths.len() >= wanted {
        padded
    } else if depths.len() == packed * rows {
        // So writes the Netherlands Forensic Institute.
        warnings.push(Warning::RowsNotPadded);
        packed
    } else {
        let (found, wanted) = (depths.len() as u64, wanted as u64);
        let name = "the depth image of the AL3D".to_owned();
        return Err(FormatError::DataSize { name, found, wanted, rows, columns });
    };

    // 2. What is a depth, and what is none?
    let invalid = header.invalid()?;
    let heights = Array2::from_shape_fn((rows, columns), |(row, column)| {
        let at = row * stride + column * 4;
        let depth =
            f32::from_le_bytes([depths[at], depths[at + 1], depths[at + 2], depths[at + 3]]);
        if is_invalid(depth, invalid) { f64::NAN } else { unit.metres(depth.into()) }
    });
    let surface = topography(heights, spacing, options, unit)?;
    if header.text("DepthImageResPtr").is_some_and(|plane| plane != "0") {
        warnings.push(Warning::QualityMapNotApplied);
    }
    warnings.extend(unit.warning());
    let comment = header.comment;
    let feature_type = Some("SUR".to_owned());
    Ok((surface, Metadata { feature_type, comment, warnings, ..Metadata::default() }))
}

/// Depths from the invalid value upwards were not measured. The text of that value may be rounded, and so
/// is compared as the 32-bit float that it stands for.
fn is_invalid(depth: f32, invalid: Option<f32>) -> bool {
    !depth.is_finite()
        || invalid.is_some_and(|value| {
            depth.to_bits() == value.to_bits() || (value > 0.0 && depth >= value)
        })
}

/// The tags of the header.
struct Header {
    values: [Option<String>; KEYS.len()],
    comment: Option<String>,
    /// Where the tags end.
    end: usize,
}

impl Header {
    fn of(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut fields = Fields::new(FORMAT, bytes);
        fields.take(MAGIC.len())?;
        let version = first(&mut fields, "Version")?;
        if version != "1" {
            return Err(invalid("Version", &version, "1"));
        }
        let stated = first(&mut fields, "TagCount")?;
        let count: u32 =
            stated.parse().map_err(|_| invalid("TagCount", &stated, "a whole number"))?;
        let mut values = KEYS.map(|_| None);
        for _ in 0..count {
            let (key, value) = tag(&mut fields)?;
            let known = KEYS.iter().zip(&mut values).find(|(known, _)| **known == key);
            let Some((field, place)) = known else { continue };
            if place.replace(value).is_some() {
                return Err(FormatError::FieldNotUnique { format: FORMAT, field });
            }
        }
        let end = fields.position();
        // A short file has no comment, and fails where its depths are looked for.
        let comment = fields.take(COMMENT).ok().map(text).and_then(some);
        Ok(Self { values, comment, end })
    }

    fn text(&self, key: &'static str) -> Option<&str> {
        let index = KEYS.iter().position(|known| *known == key)?;
        self.values[index].as_deref()
    }

    fn required(&self, field: &'static str) -> Result<&str, FormatError> {
        self.text(field).ok_or(FormatError::FieldMissing { format: FORMAT, field })
    }

    /// A number from 1.
    fn count(&self, key: &'static str) -> Result<u64, FormatError> {
        let text = self.required(key)?;
        let count = text.parse().ok().filter(|&count: &u64| count > 0);
        count.ok_or_else(|| invalid(key, text, "a whole number from 1"))
    }

    fn number(&self, key: &'static str) -> Result<f64, FormatError> {
        let text = self.required(key)?;
        text.parse().map_err(|_| invalid(key, text, "a number"))
    }

    /// A place in the file; 0 and none is nowhere.
    fn offset(&self, key: &'static str) -> Result<usize, FormatError> {
        let Some(text) = self.text(key) else { return Ok(0) };
        text.parse().map_err(|_| invalid(key, text, "an offset in bytes"))
    }

    /// The value that stands for a missing depth; none where it is NaN, which always does.
    fn invalid(&self) -> Result<Option<f32>, FormatError> {
        let key = "InvalidPixelValue";
        let Some(text) = self.text(key) else { return Ok(None) };
        let value: f32 = text.parse().map_err(|_| invalid(key, text, "a number or nan"))?;
        Ok((!value.is_nan()).then_some(value))
    }

    /// The bytes of the depth image, up to what comes after it.
    fn depths<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], FormatError> {
        let key = "DepthImageOffset";
        let start = self.offset(key)?;
        let mut end = bytes.len();
        if start < self.end || start > end {
            let wanted = "a place in the file after the tags";
            return Err(invalid(key, self.required(key)?, wanted));
        }
        for other in ["TextureImageOffset", "IconOffset"] {
            let next = self.offset(other)?;
            if next > start {
                end = end.min(next);
            }
        }
        Ok(&bytes[start..end])
    }
}

fn tag(fields: &mut Fields<'_>) -> Result<(String, String), FormatError> {
    let (key, value) = (fields.text(20)?, fields.text(30)?);
    let end = fields.take(2)?;
    if end != b"\r\n" {
        let found = end.escape_ascii().to_string();
        let wanted = "CR and LF";
        return Err(FormatError::FieldInvalid {
            format: FORMAT,
            field: "the end of a tag",
            found,
            wanted,
        });
    }
    Ok((key, value))
}

/// The value of a tag that has to come next.
fn first(fields: &mut Fields<'_>, field: &'static str) -> Result<String, FormatError> {
    let (key, value) = tag(fields)?;
    if key != field {
        return Err(FormatError::FieldMissing { format: FORMAT, field });
    }
    Ok(value)
}

fn invalid(field: &'static str, found: &str, wanted: &'static str) -> FormatError {
    FormatError::FieldInvalid { format: FORMAT, field, found: shortened(found), wanted }
}
