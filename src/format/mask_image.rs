//! Which samples does somebody want to keep?
//!
//! A PNG of the size of a scan, made in any drawing program: white where samples are kept, black where
//! they are not. For `casemark transform --mask`. Not the mask of measured samples, which is a scan's
//! own, nor the coloured regions that some X3P carry (`x3p/regions.rs`): a mask in colour is refused, since nobody has
//! said which colours to keep.

use super::{Limits, check_dimensions};
use image::{ImageDecoder as _, ImageFormat, ImageReader, RgbaImage};
use ndarray::Array2;
use std::io::Cursor;

/// Why is this no mask?
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MaskImageError {
    /// Not a PNG, or a broken one.
    #[error("the mask is no PNG that can be read")]
    Image {
        /// What the decoder said.
        #[source]
        source: Box<image::ImageError>,
    },
    /// More pixels than any scan may have.
    #[error(transparent)]
    TooLarge(#[from] super::FormatError),
    /// A pixel that is neither black, white nor grey, or not opaque.
    #[error(
        "the mask's pixel at row {row}, column {column} is {red}, {green}, {blue}, opacity {opacity}: wanted opaque black or white"
    )]
    Coloured {
        /// Row of the first such pixel.
        row: usize,
        /// Its column.
        column: usize,
        /// Its red, 0 to 255.
        red: u8,
        /// Its green.
        green: u8,
        /// Its blue.
        blue: u8,
        /// Its opacity, 0 to 255.
        opacity: u8,
    },
    /// A pixel that has no region's colour.
    #[error(
        "the mask's pixel at row {row}, column {column} is {red}, {green}, {blue}, opacity {opacity}: wanted opaque black or white, or everywhere the colour of a region or of none"
    )]
    NoRegion {
        /// Row of the first such pixel.
        row: usize,
        /// Its column.
        column: usize,
        /// Its red, 0 to 255.
        red: u8,
        /// Its green.
        green: u8,
        /// Its blue.
        blue: u8,
        /// Its opacity, 0 to 255.
        opacity: u8,
    },
}

/// Reads a mask: true where a pixel is nearer to white than to black; (rows, columns).
///
/// # Errors
/// Bytes that are no PNG, too many pixels, a pixel in colour or not opaque.
pub fn read_mask(bytes: &[u8], limits: &Limits) -> Result<Array2<bool>, MaskImageError> {
    let image = decode_png(bytes, limits)?;
    let (rows, columns) = (image.height() as usize, image.width() as usize);
    let mut keep = Array2::from_elem((rows, columns), false);
    for ((row, column), keep) in keep.indexed_iter_mut() {
        // Both are below the image's u32 dimensions.
        let [red, green, blue, opacity] = image.get_pixel(column as u32, row as u32).0;
        if red != green || green != blue || opacity != u8::MAX {
            return Err(MaskImageError::Coloured { row, column, red, green, blue, opacity });
        }
        *keep = red >= 128;
    }
    Ok(keep)
}

/// The pixels of a PNG that is no larger than a scan may be.
pub(super) fn decode_png(bytes: &[u8], limits: &Limits) -> Result<RgbaImage, MaskImageError> {
    let failed = |source| MaskImageError::Image { source: Box::new(source) };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    let mut decoding = image::Limits::default();
    decoding.max_alloc = Some(limits.entry_bytes);
    reader.limits(decoding.clone());
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (columns, rows) = decoder.dimensions();
    check_dimensions(u64::from(rows), u64::from(columns), limits)?;
    decoding.reserve(decoder.total_bytes()).map_err(failed)?;
    decoder.set_limits(decoding).map_err(failed)?;
    Ok(image::DynamicImage::from_decoder(decoder).map_err(failed)?.into_rgba8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, GrayImage, Luma, Rgba};
    use ndarray::array;

    fn png(image: &DynamicImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn white_is_kept_and_black_is_not() {
        let image = GrayImage::from_fn(3, 2, |x, y| {
            Luma([[[255, 0, 127], [128, 255, 1]][y as usize][x as usize]])
        });
        let keep = read_mask(&png(&image.into()), &Limits::default()).unwrap();
        assert_eq!(keep, array![[true, false, false], [true, true, false]]);
    }

    #[test]
    fn colours_veils_and_other_files_are_refused() {
        for pixel in [[255, 0, 0, 255], [255, 255, 255, 128], [0, 0, 0, 0]] {
            let mut image = RgbaImage::from_pixel(4, 3, Rgba([255; 4]));
            image.put_pixel(2, 1, Rgba(pixel));
            let error = read_mask(&png(&image.into()), &Limits::default()).unwrap_err().to_string();
            assert!(error.contains("row 1, column 2"), "{error}");
        }
        for bytes in [&b""[..], b"GIF89a", b"\x89PNG\r\n\x1a\n"] {
            let error = read_mask(bytes, &Limits::default()).unwrap_err();
            assert!(matches!(error, MaskImageError::Image { .. }), "{error}");
        }
        let large = GrayImage::new(40, 50);
        let limits = Limits { samples: 1999, ..Limits::default() };
        let error = read_mask(&png(&large.into()), &limits).unwrap_err();
        assert!(matches!(error, MaskImageError::TooLarge(_)), "{error}");
    }
}
