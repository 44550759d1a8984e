//! How is an SDF read, the surface data file of ISO 25178-71?
//!
//! A header, a matrix and a trailer, as text (`aISO-1.0`) or binary (`bISO-1.0`); revisions ISO-1.0, ISO-2.0
//! and BCR-1.0 from before the standard (Stout et al. 1993, EUR 15178). Lengths are metres. The first
//! profile is taken as the top row, as that of an X3P is; the trailer is not read. Packed or checksummed
//! data are refused.

mod binary;
mod header;
mod text;

use super::metadata::{Instrument, Metadata, Warning};
use super::options::ReadOptions;
use super::{FileFormat, FormatError, check_dimensions, fields, plausibility, topography};
use crate::surface::{Spacing, Surface};
use header::Revision;
use ndarray::Array2;

const FORMAT: FileFormat = FileFormat::Sdf;

/// Whether these bytes begin as an SDF of any revision does. BCR-1.0 allows capitals.
pub(super) fn is_sdf(bytes: &[u8]) -> bool {
    let known = bytes.get(1..5).is_some_and(|family| family == b"ISO-" || family == b"BCR-");
    known && matches!(bytes[0], b'a' | b'A' | b'b' | b'B')
}

/// Reads an SDF.
pub(super) fn read(
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<(Surface, Metadata), FormatError> {
    let revision = Revision::of(bytes)?;
    let is_text = bytes[0].eq_ignore_ascii_case(&b'a');
    let (header, matrix) = if is_text {
        text::header(bytes, revision, &options.limits)?
    } else {
        binary::header(bytes, revision)?
    };
    let (rows, columns) = check_dimensions(header.rows, header.columns, &options.limits)?;
    let (x, y) = (header.scale.x, header.scale.y);
    let unit = plausibility::length_unit(options.assume, (x, y), (rows, columns));
    let spacing = Spacing { x: unit.length(x), y: unit.length(y) };
    plausibility::check_spacing(spacing, (rows, columns), options.plausibility, unit)?;
    let height = |stored: f64| unit.metres(stored * header.scale.z);
    let heights: Array2<f64> = if is_text {
        text::matrix(matrix, revision, header.data_type, (rows, columns))?
    } else {
        binary::matrix(matrix, revision, header.data_type, (rows, columns))?
    };
    let surface = topography(heights.mapv(height), spacing, options, unit)?;
    let mut warnings = Vec::new();
    if revision == Revision::Bcr1 {
        warnings.push(Warning::RowOrderUnstated);
    }
    warnings.extend(unit.warning());
    let manufacturer = fields::some(header.manufacturer);
    let metadata = Metadata {
        feature_type: Some("SUR".to_owned()),
        date: header.created,
        instrument: Instrument { manufacturer, ..Instrument::default() },
        warnings,
        ..Metadata::default()
    };
    Ok((surface, metadata))
}

#[cfg(test)]
mod tests;
