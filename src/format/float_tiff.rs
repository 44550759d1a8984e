//! How does a floating-point TIFF become a topography?
//!
//! Some instruments export heights as one channel of 32- or 64-bit floats. The `image` crate refuses
//! those, so they are read by `tiff`. A TIFF does not say the unit of its samples; the caller must
//! ([`ReadOptions::height_unit`]). NaN and infinity are missing.

use super::metadata::Metadata;
use super::options::{LengthUnit, ReadOptions};
use super::{FileFormat, FormatError, check_dimensions, resolution, topography};
use crate::surface::Surface;
use ndarray::Array2;
use std::io::Cursor;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{SampleFormat, Tag};
use tiff::{ColorType, TiffError};

/// Whether the first image of a TIFF holds floating-point samples.
pub(super) fn is_float(bytes: &[u8]) -> bool {
    let formats = Decoder::new(Cursor::new(bytes))
        .and_then(|mut decoder| decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat));
    let float = SampleFormat::IEEEFP.to_u16();
    matches!(formats, Ok(Some(formats)) if formats.first() == Some(&float))
}

/// Reads the first image.
pub(super) fn read(
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<(Surface, Metadata), FormatError> {
    let unit = options.height_unit.ok_or(FormatError::HeightUnitMissing)?;
    let failed = |error: TiffError| FormatError::Tiff { source: Box::new(error) };
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::try_from(options.limits.entry_bytes).unwrap_or(usize::MAX);
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(failed)?.with_limits(limits);
    let (columns, rows) = decoder.dimensions().map_err(failed)?;
    let shape = check_dimensions(u64::from(rows), u64::from(columns), &options.limits)?;
    let color = decoder.colortype().map_err(failed)?;
    if !matches!(color, ColorType::Gray(32 | 64)) {
        let found = format!("{color:?} floating-point");
        return Err(FormatError::SampleType { format: FileFormat::Tiff, found });
    }
    let (spacing, warning) = resolution::spacing(bytes, FileFormat::Tiff, options)?;
    let samples: Vec<f64> = match decoder.read_image().map_err(failed)? {
        DecodingResult::F32(samples) => samples.into_iter().map(f64::from).collect(),
        DecodingResult::F64(samples) => samples,
        DecodingResult::F16(_)
        | DecodingResult::U8(_)
        | DecodingResult::U16(_)
        | DecodingResult::U32(_)
        | DecodingResult::U64(_)
        | DecodingResult::I8(_)
        | DecodingResult::I16(_)
        | DecodingResult::I32(_)
        | DecodingResult::I64(_) => {
            let found = format!("{color:?}, not floating-point");
            return Err(FormatError::SampleType { format: FileFormat::Tiff, found });
        }
    };
    let found = samples.len() as u64 * 8;
    let (rows, columns) = shape;
    let wrong_size = FormatError::DataSize {
        name: "the TIFF".to_owned(),
        found,
        wanted: rows as u64 * columns as u64 * 8,
        rows,
        columns,
    };
    let heights = Array2::from_shape_vec(shape, samples).map_err(|_| wrong_size)?;
    let heights = heights.mapv(|height| height / unit.per_metre());
    let surface = topography(heights, spacing, options, LengthUnit::Metres)?;
    Ok((surface, Metadata { warnings: warning.into_iter().collect(), ..Metadata::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{self, HeightUnit};
    use crate::surface::{Kind, Spacing};
    use crate::units::Length;
    use tiff::encoder::{TiffEncoder, colortype};

    fn tiff() -> Vec<u8> {
        let mut samples: Vec<f32> = (0..320).map(|index| index as f32 * 0.25).collect();
        samples[5] = f32::NAN;
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
        encoder.write_image::<colortype::Gray32Float>(20, 16, &samples).unwrap();
        bytes.into_inner()
    }

    fn options() -> ReadOptions {
        let spacing = Some(Spacing::square(Length::from_micrometres(2.5)));
        ReadOptions { spacing, ..ReadOptions::default() }
    }

    #[test]
    fn heights_are_taken_in_the_unit_that_the_caller_names() {
        let options = ReadOptions { height_unit: Some(HeightUnit::Micrometres), ..options() };
        let surface = format::read(&tiff(), &options).unwrap().surface;
        assert_eq!((surface.rows(), surface.columns(), surface.valid_count()), (16, 20, 319));
        assert_eq!(surface.kind(), Kind::Topography);
        let height = surface.heights()[(1, 4)];
        assert!((height - 6e-6).abs() < 1e-18, "{height}");
    }

    #[test]
    fn the_unit_is_never_guessed() {
        let error = format::read(&tiff(), &options()).unwrap_err();
        assert!(matches!(error, FormatError::HeightUnitMissing), "{error}");
        let metres = ReadOptions { height_unit: Some(HeightUnit::Metres), ..options() };
        let error = format::read(&tiff(), &metres).unwrap_err();
        assert!(matches!(error, FormatError::HeightsNotMetres { .. }), "{error}");
    }
}
