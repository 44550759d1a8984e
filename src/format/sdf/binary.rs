//! How is a binary SDF taken apart?
//!
//! Fields of fixed width, little-endian, then the matrix; x is fastest.

use super::FORMAT;
use super::header::{DataType, Header, Revision, Scale, check_plain, count, date};
use crate::format::FormatError;
use crate::format::fields::Fields;
use ndarray::Array2;

/// The header, and the bytes after it.
pub(super) fn header(bytes: &[u8], revision: Revision) -> Result<(Header, &[u8]), FormatError> {
    let mut fields = Fields::new(FORMAT, bytes);
    fields.take(Revision::MAGIC)?;
    let (manufacturer, created) = (fields.text(10)?, fields.text(12)?);
    fields.take(12)?; // When it was changed.
    let (columns, rows): (u64, u64) = match revision {
        Revision::Iso1 | Revision::Bcr1 => (fields.u16()?.into(), fields.u16()?.into()),
        Revision::Iso2 => (fields.u32()?.into(), fields.u32()?.into()),
    };
    let (x, y, z) = (fields.f64()?, fields.f64()?, fields.f64()?);
    fields.f64()?; // Resolution of the instrument.
    let (compression, data_type, check_type) = (fields.u8()?, fields.u8()?, fields.u8()?);
    check_plain(compression.into(), check_type.into())?;
    let header = Header {
        manufacturer,
        created: date(&created),
        rows: count("NumProfiles", rows)?,
        columns: count("NumPoints", columns)?,
        scale: Scale::checked(x, y, z)?,
        data_type: DataType::of(data_type.into())?,
    };
    Ok((header, &bytes[fields.position()..]))
}

/// The stored numbers, NaN where missing.
pub(super) fn matrix(
    bytes: &[u8],
    revision: Revision,
    data_type: DataType,
    (rows, columns): (usize, usize),
) -> Result<Array2<f64>, FormatError> {
    let size = data_type.bytes();
    let wanted = rows * columns * size;
    let Some(data) = bytes.get(..wanted) else {
        let (found, wanted) = (bytes.len() as u64, wanted as u64);
        let name = "the SDF".to_owned();
        return Err(FormatError::DataSize { name, found, wanted, rows, columns });
    };
    Ok(Array2::from_shape_fn((rows, columns), |(row, column)| {
        let at = (row * columns + column) * size;
        data_type.measured(number(data_type, &data[at..at + size]), revision)
    }))
}

/// One number. `bytes` is as long as the type wants.
fn number(data_type: DataType, bytes: &[u8]) -> f64 {
    let mut padded = [0; 8];
    padded[..bytes.len()].copy_from_slice(bytes);
    let [a, b, c, d, ..] = padded;
    match data_type {
        DataType::Uint8 => a.into(),
        DataType::Uint16 => u16::from_le_bytes([a, b]).into(),
        DataType::Uint32 => u32::from_le_bytes([a, b, c, d]).into(),
        DataType::Float32 => f32::from_le_bytes([a, b, c, d]).into(),
        DataType::Int8 => i8::from_le_bytes([a]).into(),
        DataType::Int16 => i16::from_le_bytes([a, b]).into(),
        DataType::Int32 => i32::from_le_bytes([a, b, c, d]).into(),
        DataType::Float64 => f64::from_le_bytes(padded),
    }
}
