//! How does a picture of a mark become a surface of grey levels?
//!
//! PNG, TIFF, BMP and JPEG of 8 or 16 bits become [`Kind::Reflectance`], 0 (black) to 1 (white). Colour
//! becomes luma (ITU-R BT.709 weights on the stored values); wholly transparent pixels are missing. Such
//! a surface is not metrological and is never compared with a topography.

use super::metadata::{Metadata, Warning};
use super::options::ReadOptions;
use super::{FileFormat, FormatError, check_dimensions, check_valid, resolution};
use crate::surface::{Kind, Surface};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};
use ndarray::Array2;
use std::io::Cursor;

/// Reads a picture.
pub(super) fn read(
    bytes: &[u8],
    format: FileFormat,
    options: &ReadOptions,
) -> Result<(Surface, Metadata), FormatError> {
    let image = decode(bytes, format, options)?.into_rgba16();
    let (spacing, warning) = resolution::spacing(bytes, format, options)?;
    let mut warnings: Vec<Warning> = warning.into_iter().collect();
    let shape = (image.height() as usize, image.width() as usize);
    let mut colour = false;
    let levels = Array2::from_shape_fn(shape, |(row, column)| {
        // Both are below the image's u32 dimensions.
        let [red, green, blue, alpha] = image.get_pixel(column as u32, row as u32).0;
        let neutral = red == green && green == blue;
        colour |= !neutral;
        let [red, green, blue] = [red, green, blue].map(f64::from);
        let luma = if neutral { red } else { 0.2126 * red + 0.7152 * green + 0.0722 * blue };
        if alpha == 0 { f64::NAN } else { luma / 65535.0 }
    });
    if colour {
        warnings.push(Warning::ColourReduced);
    }
    let surface = Surface::from_finite(levels, spacing, Kind::Reflectance)
        .map_err(|source| FormatError::Surface { source })?;
    check_valid(&surface, &options.limits)?;
    Ok((surface, Metadata { warnings, ..Metadata::default() }))
}

fn decode(
    bytes: &[u8],
    format: FileFormat,
    options: &ReadOptions,
) -> Result<DynamicImage, FormatError> {
    let failed = |error| failure(format, error);
    let decoder_format = match format {
        FileFormat::Png => ImageFormat::Png,
        FileFormat::Tiff => ImageFormat::Tiff,
        FileFormat::Bmp => ImageFormat::Bmp,
        FileFormat::Jpeg => ImageFormat::Jpeg,
        FileFormat::X3p | FileFormat::Al3d | FileFormat::Sur | FileFormat::Sdf => {
            return Err(FormatError::UnknownFormat { found: format.to_string() });
        }
    };
    let mut limits = image::Limits::default();
    limits.max_alloc = Some(options.limits.entry_bytes);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), decoder_format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (columns, rows) = decoder.dimensions();
    check_dimensions(u64::from(rows), u64::from(columns), &options.limits)?;
    limits.reserve(decoder.total_bytes()).map_err(failed)?;
    decoder.set_limits(limits).map_err(failed)?;
    if format == FileFormat::Jpeg && !has_end_marker(bytes) {
        return Err(FormatError::CutJpeg);
    }
    let image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    let found = image.color();
    if matches!(image, DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_)) {
        return Err(FormatError::SampleType { format, found: format!("{found:?}") });
    }
    Ok(image)
}

/// Whether an end of image follows the last start of scan (ITU-T T.81, B.1.1.3). Within a scan 0xff is
/// always followed by 0x00 or a restart marker, so neither can be picture data.
fn has_end_marker(bytes: &[u8]) -> bool {
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    last([0xff, 0xd9]) > last([0xff, 0xda])
}

fn failure(format: FileFormat, error: ImageError) -> FormatError {
    match error {
        ImageError::Unsupported(error) => {
            FormatError::SampleType { format, found: error.to_string() }
        }
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Limits(_)
        | ImageError::IoError(_) => FormatError::Image { format, source: Box::new(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{self, ReadOptions};
    use crate::surface::Spacing;
    use crate::units::Length;
    use image::{GrayImage, ImageBuffer, Luma, Rgba};

    fn options() -> ReadOptions {
        let spacing = Some(Spacing::square(Length::from_micrometres(2.5)));
        ReadOptions { spacing, ..ReadOptions::default() }
    }

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn grey_levels_survive_every_lossless_format() {
        let grey = GrayImage::from_fn(20, 16, |x, y| Luma([(x * 12 + y) as u8]));
        for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Bmp] {
            let bytes = encoded(&grey.clone().into(), format);
            let scan = format::read(&bytes, &options()).unwrap();
            let surface = &scan.surface;
            assert_eq!((surface.rows(), surface.columns()), (16, 20), "{format:?}");
            assert_eq!(surface.kind(), Kind::Reflectance);
            let level = surface.heights()[(3, 7)];
            assert!((level - 87.0 / 255.0).abs() < 1e-15, "{format:?}: {level}");
            assert!(scan.metadata.warnings.is_empty(), "{:?}", scan.metadata.warnings);
        }
        let bytes = encoded(&grey.into(), ImageFormat::Jpeg);
        let level = format::read(&bytes, &options()).unwrap().surface.heights()[(3, 7)];
        assert!((level - 87.0 / 255.0).abs() < 0.05, "{level}");
    }

    #[test]
    fn sixteen_bits_are_kept() {
        let grey = ImageBuffer::from_fn(16, 16, |x, y| Luma([(x * 4096 + y) as u16]));
        let bytes = encoded(&DynamicImage::ImageLuma16(grey), ImageFormat::Png);
        let level = format::read(&bytes, &options()).unwrap().surface.heights()[(3, 7)];
        assert!((level - 28675.0 / 65535.0).abs() < 1e-15, "{level}");
    }

    #[test]
    fn colour_becomes_luma_and_transparent_pixels_are_missing() {
        let image =
            ImageBuffer::from_fn(20, 20, |x, _| Rgba([255_u8, 0, 0, if x == 0 { 0 } else { 255 }]));
        let bytes = encoded(&image.into(), ImageFormat::Png);
        let scan = format::read(&bytes, &options()).unwrap();
        assert_eq!(scan.surface.valid_count(), 380);
        let level = scan.surface.heights()[(0, 1)];
        assert!((level - 0.2126).abs() < 1e-12, "{level}");
        assert_eq!(scan.metadata.warnings, [Warning::ColourReduced]);
    }

    #[test]
    fn a_picture_without_resolution_needs_the_option() {
        let bytes = encoded(&GrayImage::new(20, 20).into(), ImageFormat::Bmp);
        let error = format::read(&bytes, &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("--spacing-um"), "{error}");
    }
}
