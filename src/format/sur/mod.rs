//! How is a SUR of Digital Surf (MountainsMap) read, in which many instruments exchange topographies?
//!
//! A header of 512 bytes, a comment, a private zone, then points of 16 or 32 bits, rows from the top, plain
//! or deflated: the file format that Digital Surf's manual describes and that RosettaSciIO and surfalize
//! read alike. Lengths are in the units that the file names. One surface is read; profiles, series and
//! layers are refused.

mod header;
mod points;

use super::metadata::{Metadata, Warning};
use super::options::{LengthUnit, ReadOptions};
use super::{FileFormat, FormatError, check_dimensions, plausibility, topography};
use crate::surface::{Spacing, Surface};
use crate::units::Length;
use header::Header;
use ndarray::Array2;

/// The first bytes of a file with plain points.
pub(super) const MAGIC: &[u8] = b"DIGITAL SURF";
/// The first bytes of a file with deflated points.
pub(super) const MAGIC_DEFLATED: &[u8] = b"DSCOMPRESSED";

const FORMAT: FileFormat = FileFormat::Sur;

/// Reads a SUR.
pub(super) fn read(
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<(Surface, Metadata), FormatError> {
    // 1. What is said of the points?
    let header = Header::of(bytes)?;
    let (rows, columns) = check_dimensions(header.rows, header.columns, &options.limits)?;
    let spacing = Spacing {
        x: Length::from_metres(header.spacing.0),
        y: Length::from_metres(header.spacing.1),
    };
    let assumed = LengthUnit::Metres;
    plausibility::check_spacing(spacing, (rows, columns), options.plausibility, assumed)?;

    // 2. Where are they?
    let rest = &bytes[header.end.min(bytes.len())..];
    let wanted = rows * columns * header.point_bytes;
    let inflated;
    let data = if header.deflated {
        inflated = points::inflate(rest, wanted, (rows, columns), &options.limits)?;
        &inflated[..]
    } else {
        rest.get(..wanted).ok_or_else(|| points::wrong_size(rest.len(), wanted, (rows, columns)))?
    };

    // 3. Which heights do they mean?
    let heights = Array2::from_shape_fn((rows, columns), |(row, column)| {
        let at = (row * columns + column) * header.point_bytes;
        let point = match &data[at..at + header.point_bytes] {
            [a, b] => i32::from(i16::from_le_bytes([*a, *b])),
            [a, b, c, d] => i32::from_le_bytes([*a, *b, *c, *d]),
            _ => return f64::NAN,
        };
        header.scale.height(point)
    });
    let surface = topography(heights, spacing, options, assumed)?;
    let mut metadata = header.metadata;
    if let Some(code) = header.inverted {
        metadata.warnings.push(Warning::InversionNotApplied { code });
    }
    Ok((surface, metadata))
}

#[cfg(test)]
mod tests;
