//! How do stored numbers become heights?
//!
//! The matrix is little-endian with x fastest; its first row is the top of the surface, as all files
//! seen here that say so (`<Origin>NW</Origin>`) mean it. A missing sample is a bit of the valid points
//! that is 0, or a value that is not finite: quiet and signalling NaN alike (R's NA is the latter).

use super::manifest::{DataType, HeightAxis};
use crate::format::options::LengthUnit;
use ndarray::Array2;

/// Heights in metres, NaN where missing.
pub(super) struct Decoded {
    pub(super) heights: Array2<f64>,
    /// How many were infinite.
    pub(super) infinite: usize,
}

/// Decodes a matrix of (rows, columns). Both inputs have been checked to be of the right length.
pub(super) fn decode(
    data: &[u8],
    valid: Option<&[u8]>,
    axis: &HeightAxis,
    unit: LengthUnit,
    (rows, columns): (usize, usize),
) -> Decoded {
    let size = axis.data_type.bytes();
    let mut infinite = 0;
    let stored = data.chunks_exact(size).enumerate().map(|(index, bytes)| {
        if !valid.is_none_or(|bits| is_valid(bits, index)) {
            return f64::NAN;
        }
        let mut height = number(axis.data_type, bytes);
        // Neutral steps are left out, so that what needs none keeps its bits.
        if let Some(increment) = axis.increment {
            height *= increment;
        }
        if let Some(offset) = axis.offset {
            height += offset;
        }
        if unit == LengthUnit::Micrometres {
            height /= 1e6;
        }
        infinite += usize::from(height.is_infinite());
        height
    });
    let heights = Array2::from_shape_vec((rows, columns), stored.collect())
        .expect("the data is as long as the shape wants");
    Decoded { heights, infinite }
}

/// Bit of a point, least significant first as in openGPS: of the 16 points of sample 1 of ISO 5436-2,
/// the bytes 7f ff leave out point 7, whose height is NaN.
fn is_valid(bits: &[u8], index: usize) -> bool {
    bits[index / 8] >> (index % 8) & 1 == 1
}

/// One number. `bytes` is as long as the type wants.
fn number(data_type: DataType, bytes: &[u8]) -> f64 {
    let mut padded = [0; 8];
    padded[..bytes.len()].copy_from_slice(bytes);
    let [a, b, c, d, ..] = padded;
    match data_type {
        DataType::Int16 => f64::from(i16::from_le_bytes([a, b])),
        DataType::Int32 => f64::from(i32::from_le_bytes([a, b, c, d])),
        DataType::Float32 => f64::from(f32::from_le_bytes([a, b, c, d])),
        DataType::Float64 => f64::from_le_bytes(padded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(data_type: DataType) -> HeightAxis {
        HeightAxis { data_type, increment: None, offset: None, ignored_increment: None }
    }

    fn decoded(data: &[u8], valid: Option<&[u8]>, axis: &HeightAxis) -> Vec<f64> {
        let columns = data.len() / axis.data_type.bytes();
        let decoded = decode(data, valid, axis, LengthUnit::Metres, (1, columns));
        decoded.heights.into_raw_vec_and_offset().0
    }

    #[test]
    fn every_type_is_little_endian() {
        assert_eq!(decoded(&[0xfe, 0xff], None, &axis(DataType::Int16)), [-2.0]);
        assert_eq!(decoded(&[1, 0, 0, 0x80], None, &axis(DataType::Int32)), [-2147483647.0]);
        assert_eq!(decoded(&1.5_f32.to_le_bytes(), None, &axis(DataType::Float32)), [1.5]);
        assert_eq!(decoded(&1e-300_f64.to_le_bytes(), None, &axis(DataType::Float64)), [1e-300]);
    }

    #[test]
    fn integers_are_scaled_then_shifted() {
        // Point (1, 1) of samples 1 and 4 of ISO 5436-2: 0.486219... and 986.
        let axis =
            HeightAxis { increment: Some(0.001), offset: Some(-0.5), ..axis(DataType::Int16) };
        let height = decoded(&986_i16.to_le_bytes(), None, &axis)[0];
        assert!((height - 0.486).abs() < 1e-12, "{height}");
    }

    #[test]
    fn valid_points_count_from_the_least_significant_bit() {
        let data: Vec<u8> = (0..16_i16).flat_map(i16::to_le_bytes).collect();
        let heights = decoded(&data, Some(&[0x7f, 0xff]), &axis(DataType::Int16));
        let missing: Vec<usize> = (0..16).filter(|&index| heights[index].is_nan()).collect();
        assert_eq!(missing, [7]);
    }

    #[test]
    fn the_missing_value_of_r_is_missing() {
        // A signalling NaN with payload 1954.
        let data = 0x7ff0_0000_0000_07a2_u64.to_le_bytes();
        assert!(decoded(&data, None, &axis(DataType::Float64))[0].is_nan());
    }
}
