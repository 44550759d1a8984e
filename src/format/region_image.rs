//! How do the parts of a head lie in a picture?
//!
//! One pixel a sample, each in the colour of its region ([`Region::colour`]) or in that of the background. It is
//! the `mask.png` of an X3P, which names the colours in its manifest; a picture by itself, as the store keeps it
//! and people draw over it, goes by these colours alone. Any other colour is refused, since nobody has said what it is.

use super::mask_image::{MaskImageError, decode_png, read_mask};
use super::{FormatError, Limits};
use crate::surface::{Region, Regions};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use ndarray::Array2;

/// The colour of what is in no region: x3ptools' own, that of a bullet.
pub(super) const BACKGROUND: [u8; 3] = [0xcd, 0x7f, 0x32];

/// The picture as the bytes of a PNG.
///
/// # Errors
/// More samples than any scan may have.
pub fn write_regions(regions: &Regions) -> Result<Vec<u8>, FormatError> {
    let labels = regions.labels();
    let colours = labels.iter().flat_map(|label| label.map_or(BACKGROUND, Region::colour));
    let pixels: Vec<u8> = colours.collect();
    let (rows, columns) = labels.dim();
    let too_large = || {
        let (rows, columns) = (rows as u64, columns as u64);
        let Limits { side, samples, .. } = Limits::default();
        FormatError::TooManySamples { rows, columns, side, samples }
    };
    let width = u32::try_from(columns).map_err(|_| too_large())?;
    let height = u32::try_from(rows).map_err(|_| too_large())?;
    let mut picture = Vec::new();
    PngEncoder::new_with_quality(&mut picture, CompressionType::Default, FilterType::Up)
        .write_image(&pixels, width, height, ExtendedColorType::Rgb8)
        .map_err(|source| FormatError::MaskUnwritable { source: Box::new(source) })?;
    Ok(picture)
}

/// The regions of a picture.
///
/// # Errors
/// Bytes that are no PNG, too many pixels, a pixel of another colour or not opaque.
pub fn read_regions(bytes: &[u8], limits: &Limits) -> Result<Regions, MaskImageError> {
    let image = decode_png(bytes, limits)?;
    let (rows, columns) = (image.height() as usize, image.width() as usize);
    let mut labels = Array2::from_elem((rows, columns), None);
    for ((row, column), label) in labels.indexed_iter_mut() {
        // Both are below the image's u32 dimensions.
        let [red, green, blue, opacity] = image.get_pixel(column as u32, row as u32).0;
        let colour = [red, green, blue];
        let named = Region::ALL.into_iter().find(|region| region.colour() == colour);
        if opacity != u8::MAX || (named.is_none() && colour != BACKGROUND) {
            return Err(MaskImageError::NoRegion { row, column, red, green, blue, opacity });
        }
        *label = named;
    }
    Ok(Regions::new(labels))
}

/// The regions of a picture of either kind: each in its colour, or one of them where it is white and not black.
///
/// # Errors
/// As [`read_regions`], where a pixel is neither black, white nor grey.
pub fn read_mask_of(
    bytes: &[u8],
    region: Region,
    limits: &Limits,
) -> Result<Regions, MaskImageError> {
    match read_mask(bytes, limits) {
        Ok(keep) => Ok(Regions::new(keep.mapv(|keep| keep.then_some(region)))),
        Err(MaskImageError::Coloured { .. }) => read_regions(bytes, limits),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn regions_survive_and_other_colours_are_refused() {
        let mut labels = Array2::from_shape_fn((9, 11), |(row, column)| {
            Region::ALL.get((row + column) % 8).copied()
        });
        labels[[3, 4]] = None;
        let regions = Regions::new(labels);
        let bytes = write_regions(&regions).unwrap();
        assert_eq!(read_regions(&bytes, &Limits::default()).unwrap(), regions);
        let white = image::RgbImage::from_pixel(2, 1, image::Rgb([255; 3]));
        let mut bytes = std::io::Cursor::new(Vec::new());
        white.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let error = read_regions(bytes.get_ref(), &Limits::default()).unwrap_err().to_string();
        assert!(error.contains("row 0, column 0 is 255, 255, 255"), "{error}");
    }

    #[test]
    fn a_part_of_a_million_samples_takes_some_kilobytes() {
        let disc = Array2::from_shape_fn((1000, 1000), |(row, column)| {
            let (y, x) = (row as f64 - 500.0, column as f64 - 500.0);
            (x * x + y * y < 400.0 * 400.0).then_some(Region::BreechFace)
        });
        let bytes = write_regions(&Regions::new(disc)).unwrap();
        assert!(bytes.len() < 40_000, "{} bytes", bytes.len());
        let empty = write_regions(&Regions::new(array![[None]])).unwrap();
        assert_eq!(read_regions(&empty, &Limits::default()).unwrap().labels().dim(), (1, 1));
    }
}
