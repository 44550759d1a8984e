//! What is in this file?
//!
//! Bytes in memory become a [`Surface`] with what the file says about itself: X3P (ISO 25178-72, once
//! ISO 5436-2), AL3D (Alicona), SUR (Digital Surf), SDF (ISO 25178-71) and
//! floating-point TIFF as topographies in metres; PNG, TIFF, BMP and
//! JPEG as reflectance. For whoever has read a file or received one. It opens no path, unpacks nothing to disk,
//! resamples nothing and guesses no unit; what it must be told is in [`ReadOptions`], what it may cost
//! in [`Limits`].
//!
//! ```
//! use casemark::format::{self, ReadOptions};
//! # use casemark::{surface::{Kind, Spacing, Surface}, units::Length};
//! # let heights = ndarray::Array2::from_shape_fn((20, 20), |(y, x)| 1e-7 * (x + y) as f64);
//! # let spacing = Spacing::square(Length::from_micrometres(6.25));
//! # let surface = Surface::from_finite(heights, spacing, Kind::Topography)?;
//! # let bytes = format::x3p::write(&surface, &format::Metadata::default())?;
//! let scan = format::read(&bytes, &ReadOptions::default())?;
//! assert_eq!(scan.surface.rows(), 20);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod al3d;
mod error;
mod fields;
mod float_tiff;
mod grey_png;
mod limits;
mod mask_image;
mod metadata;
mod options;
pub mod plausibility;
mod reflectance;
mod region_image;
mod resolution;
mod sdf;
mod sur;
mod text_profile;
pub mod x3p;

pub use error::FormatError;
pub use grey_png::{GreyPngError, write_grey_png};
pub use limits::Limits;
pub use mask_image::{MaskImageError, read_mask};
pub use metadata::{Instrument, Metadata, ProbingSystem, Warning};
pub use options::{HeightUnit, ManifestChecksum, Plausibility, ReadOptions, SpacingUnit};
pub use region_image::{read_mask_of, read_regions, write_regions};
pub use text_profile::{ProfileOptions, TextProfileError, read_profile};

use crate::digest::Digest;
use crate::surface::{Kind, Regions, Spacing, Surface};
use ndarray::Array2;
use serde::Serialize;
use std::fmt;

/// A surface, and what is known about the file it came from.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The heights or grey levels.
    pub surface: Surface,
    /// What the file says about itself.
    pub metadata: Metadata,
    /// Which format it is.
    pub file_format: FileFormat,
    /// The parts of a head, where an X3P carries them as a mask (see [`x3p::write_with_regions`]).
    pub regions: Option<Regions>,
    /// SHA-256 of the whole file.
    pub sha256: Digest,
}

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// X3P, ISO 25178-72.
    X3p,
    /// AL3D of Alicona's instruments.
    Al3d,
    /// SUR of Digital Surf's MountainsMap, plain or compressed.
    Sur,
    /// SDF, ISO 25178-71, as text or binary.
    Sdf,
    /// Portable network graphics.
    Png,
    /// Tagged image file format, integer or floating-point.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// JPEG: lossy, the last resort.
    Jpeg,
}

impl FileFormat {
    /// By the first bytes; names are not asked.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], FileFormat); 12] = [
            (b"PK\x03\x04", FileFormat::X3p),
            // A zip without entries.
            (b"PK\x05\x06", FileFormat::X3p),
            (al3d::MAGIC, FileFormat::Al3d),
            (sur::MAGIC, FileFormat::Sur),
            (sur::MAGIC_DEFLATED, FileFormat::Sur),
            (b"\x89PNG\r\n\x1a\n", FileFormat::Png),
            (b"II*\0", FileFormat::Tiff),
            (b"MM\0*", FileFormat::Tiff),
            (b"II+\0", FileFormat::Tiff),
            (b"MM\0+", FileFormat::Tiff),
            (b"BM", FileFormat::Bmp),
            (b"\xff\xd8\xff", FileFormat::Jpeg),
        ];
        let known = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
        known.map(|&(_, format)| format).or_else(|| sdf::is_sdf(bytes).then_some(Self::Sdf))
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X3p => "X3P",
            Self::Al3d => "AL3D",
            Self::Sur => "SUR",
            Self::Sdf => "SDF",
            Self::Png => "PNG",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Jpeg => "JPEG",
        })
    }
}

/// Reads a scan of any known format, recognised by its content.
///
/// Time and memory are bounded by [`ReadOptions::limits`]; a surface of a million samples takes some
/// tens of milliseconds.
///
/// # Errors
/// Bytes that are malformed, of an unsupported kind, beyond a limit, or that need an option.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Scan, FormatError> {
    if bytes.is_empty() {
        return Err(FormatError::EmptyFile);
    }
    let (found, limit) = (bytes.len() as u64, options.limits.file_bytes);
    if found > limit {
        return Err(FormatError::FileTooLarge { found, limit });
    }
    let file_format = FileFormat::of(bytes).ok_or_else(|| FormatError::UnknownFormat {
        found: bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
    })?;
    let mut regions = None;
    let (surface, metadata) = match file_format {
        FileFormat::X3p => {
            let (surface, metadata, found) = x3p::read(bytes, options)?;
            regions = found;
            (surface, metadata)
        }
        FileFormat::Al3d => al3d::read(bytes, options)?,
        FileFormat::Sur => sur::read(bytes, options)?,
        FileFormat::Sdf => sdf::read(bytes, options)?,
        FileFormat::Tiff if float_tiff::is_float(bytes) => float_tiff::read(bytes, options)?,
        FileFormat::Png | FileFormat::Tiff | FileFormat::Bmp | FileFormat::Jpeg => {
            reflectance::read(bytes, file_format, options)?
        }
    };
    Ok(Scan { surface, metadata, file_format, regions, sha256: Digest::of(bytes) })
}

/// Whether a file of this name is worth reading, by its extension: for walking folders. The content
/// decides in the end.
#[must_use]
pub fn looks_like_scan(file_name: &str) -> bool {
    const EXTENSIONS: [&str; 10] =
        ["x3p", "al3d", "sur", "sdf", "png", "tif", "tiff", "bmp", "jpg", "jpeg"];
    // "._name" are the resource forks that macOS leaves beside copied files, ".parts.png" the parts of a scan (`casemark simulate`).
    !file_name.starts_with("._")
        && !file_name.ends_with(".parts.png")
        && file_name.rsplit_once('.').is_some_and(|(stem, extension)| {
            !stem.is_empty() && EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
        })
}

/// Joins and checks heights in metres, NaN where missing: what every topography has to pass.
fn topography(
    heights: Array2<f64>,
    spacing: Spacing,
    options: &ReadOptions,
    assumed: options::LengthUnit,
) -> Result<Surface, FormatError> {
    let surface = Surface::from_finite(heights, spacing, Kind::Topography)
        .map_err(|source| FormatError::Surface { source })?;
    check_valid(&surface, &options.limits)?;
    plausibility::check_heights(&surface, options.plausibility, assumed)?;
    Ok(surface)
}

/// Checks that enough samples were measured; one at least, whatever the limit.
fn check_valid(surface: &Surface, limits: &Limits) -> Result<(), FormatError> {
    let (found, wanted) = (surface.valid_count(), limits.minimum_valid.max(1));
    if found < wanted {
        return Err(FormatError::TooFewValid { found, samples: surface.mask().len(), wanted });
    }
    Ok(())
}

/// Checks the dimensions a file states, before anything of that size is allocated.
fn check_dimensions(
    rows: u64,
    columns: u64,
    limits: &Limits,
) -> Result<(usize, usize), FormatError> {
    let (side, samples) = (limits.side, limits.samples);
    let error = FormatError::TooManySamples { rows, columns, side, samples };
    let (Ok(row_count), Ok(column_count)) = (usize::try_from(rows), usize::try_from(columns))
    else {
        return Err(error);
    };
    let fits = row_count <= side
        && column_count <= side
        && row_count.checked_mul(column_count).is_some_and(|product| product <= samples);
    if fits { Ok((row_count, column_count)) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_first_bytes() {
        assert_eq!(FileFormat::of(b"PK\x03\x04rest"), Some(FileFormat::X3p));
        assert_eq!(FileFormat::of(b"\xff\xd8\xff\xe0"), Some(FileFormat::Jpeg));
        assert_eq!(FileFormat::of(b"P"), None);
        let error = read(b"%PDF-1.7 and more", &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("255044462d312e37"), "{error}");
    }

    #[test]
    fn scans_are_found_in_folders_by_extension() {
        for name in ["a.x3p", "Fadul 1-1.X3P", "a.b.jpeg", "x.TIF", "a.al3d", "a.SUR"] {
            assert!(looks_like_scan(name), "{name}");
        }
        for name in ["x3p", ".x3p", "a.x3p.txt", "a.al3", "._a.x3p", "a.parts.png", ""] {
            assert!(!looks_like_scan(name), "{name}");
        }
    }

    #[test]
    fn dimensions_are_checked_without_overflow() {
        let limits = Limits::default();
        assert!(check_dimensions(545, 540, &limits).is_ok());
        for (rows, columns) in [(u64::MAX, u64::MAX), (1, 1 << 40), (32_768, 32_768)] {
            assert!(check_dimensions(rows, columns, &limits).is_err(), "{rows} x {columns}");
        }
    }
}
