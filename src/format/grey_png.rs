//! How does an image with a mask become a file that is read as what it is?
//!
//! A PNG of 16 bits with an alpha channel: what is transparent is missing, and `pHYs` states the spacing to
//! the nearest pixel a metre. Grey levels of 8 and 16 bits come back as they were. Not for topographies, whose
//! heights are no grey levels: they are written as X3P.

use crate::surface::{Kind, Surface};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _};

/// Where the header's chunk ends: signature, length, kind, 13 bytes and checksum (PNG, third edition, 5.3 and 11.2.1).
const AFTER_HEADER: usize = 8 + 4 + 4 + 13 + 4;

/// Why an image cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GreyPngError {
    /// Heights are no grey levels.
    #[error("a topography has no grey levels to write as PNG, wanted a reflectance image")]
    NotReflectance,
    /// More samples than the format has.
    #[error("the image has {rows} rows of {columns}, more than a PNG has")]
    TooLarge {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// A spacing that `pHYs` cannot state.
    #[error("{found} pixels a metre along {axis} cannot be stated, wanted 1 to {}", u32::MAX)]
    Spacing {
        /// "x" or "y".
        axis: &'static str,
        /// What was found.
        found: f64,
    },
    /// The encoder failed.
    #[error("the image could not be encoded as PNG")]
    Encode {
        /// What the encoder said.
        #[from]
        source: image::ImageError,
    },
}

/// The bytes of a PNG; `words` say where it comes from (ASCII; what is not is replaced).
///
/// # Errors
/// A topography; sizes and spacings that a PNG cannot state.
pub fn write_grey_png(surface: &Surface, words: &str) -> Result<Vec<u8>, GreyPngError> {
    if surface.kind() != Kind::Reflectance {
        return Err(GreyPngError::NotReflectance);
    }
    let (rows, columns) = (surface.rows(), surface.columns());
    let too_large = |_| GreyPngError::TooLarge { rows, columns };
    let height = u32::try_from(rows).map_err(too_large)?;
    let width = u32::try_from(columns).map_err(too_large)?;
    let mut samples = Vec::with_capacity(4 * rows * columns);
    for (level, &valid) in surface.heights().iter().zip(surface.mask()) {
        let level = (level.clamp(0.0, 1.0) * 65535.0).round() as u16;
        // The encoder wants the machine's order of bytes.
        samples.extend_from_slice(&level.to_ne_bytes());
        samples.extend_from_slice(&if valid { u16::MAX } else { 0 }.to_ne_bytes());
    }
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(&samples, width, height, ExtendedColorType::La16)?;
    let mut physical = Vec::new();
    for (axis, spacing) in [("x", surface.spacing().x), ("y", surface.spacing().y)] {
        let found = (1.0 / spacing.metres()).round();
        if !(1.0..=f64::from(u32::MAX)).contains(&found) {
            return Err(GreyPngError::Spacing { axis, found });
        }
        physical.extend_from_slice(&(found as u32).to_be_bytes());
    }
    physical.push(1);
    let ascii = |letter: char| if matches!(letter, ' '..='~') { letter } else { '?' };
    let words: String = words.chars().map(ascii).collect();
    let mut added = chunk(*b"pHYs", &physical);
    added.extend(chunk(*b"tEXt", format!("Description\0{words}").as_bytes()));
    bytes.splice(AFTER_HEADER..AFTER_HEADER, added);
    Ok(bytes)
}

/// Length, kind, data and checksum.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    // What is written here is short.
    let mut bytes = (data.len() as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(&kind);
    bytes.extend_from_slice(data);
    let checksum = crc(&bytes[4..]);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes
}

/// CRC-32 of ISO 3309, bit by bit (PNG, third edition, 5.5).
fn crc(bytes: &[u8]) -> u32 {
    let mut rest = u32::MAX;
    for byte in bytes {
        rest ^= u32::from(*byte);
        for _ in 0..8 {
            rest = if rest & 1 == 1 { (rest >> 1) ^ 0xedb8_8320 } else { rest >> 1 };
        }
    }
    !rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{self, ReadOptions};
    use crate::surface::Spacing;
    use crate::units::Length;
    use ndarray::Array2;

    #[test]
    fn levels_mask_and_spacing_come_back() {
        let levels = Array2::from_shape_fn((20, 30), |(row, column)| {
            if row == 3 { f64::NAN } else { f64::from((row * 7 + column) as u32) / 255.0 }
        });
        let spacing =
            Spacing { x: Length::from_micrometres(2.5), y: Length::from_micrometres(4.0) };
        let surface = Surface::from_finite(levels, spacing, Kind::Reflectance).unwrap();
        let bytes = write_grey_png(&surface, "of a test, by M\u{fc}ller").unwrap();
        let read = format::read(&bytes, &ReadOptions::default()).unwrap();
        assert_eq!(read.surface.mask(), surface.mask());
        let apart = read.surface.heights() - surface.heights();
        let worst = apart.iter().fold(0.0_f64, |worst, apart| worst.max(apart.abs()));
        assert!(worst < 1e-12, "{worst}");
        assert!((read.surface.spacing().x.micrometres() - 2.5).abs() < 1e-9);
        assert!((read.surface.spacing().y.micrometres() - 4.0).abs() < 1e-9);
        let words = b"Description\0of a test, by M?ller";
        assert!(bytes.windows(words.len()).any(|window| window == words));
    }

    #[test]
    fn heights_are_not_written_as_grey_levels() {
        let spacing = Spacing::square(Length::from_micrometres(2.5));
        let heights = Array2::zeros((20, 20));
        let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
        assert!(matches!(write_grey_png(&surface, ""), Err(GreyPngError::NotReflectance)));
    }
}
