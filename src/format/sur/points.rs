//! How are deflated points unpacked without believing what the file says of their size?
//!
//! After the header of a compressed SUR stand the number of streams, for each its size unpacked and packed
//! (32 bits each), then the streams, each by zlib (RFC 1950). Nothing beyond the size that the dimensions
//! want is unpacked, and no more than [`Limits`] allow for an entry of an X3P.

use super::FORMAT;
use crate::format::fields::Fields;
use crate::format::{FormatError, Limits};
use flate2::read::ZlibDecoder;
use std::io::Read as _;

/// Unpacks all streams, one after the other.
pub(super) fn inflate(
    rest: &[u8],
    wanted: usize,
    shape: (usize, usize),
    limits: &Limits,
) -> Result<Vec<u8>, FormatError> {
    let name = || "the points of the SUR".to_owned();
    // What no stream of these bytes may become is not begun.
    let packed = rest.len() as u64;
    let by_ratio = packed.saturating_mul(limits.unpacking_ratio).max(limits.unjudged_bytes);
    if wanted as u64 > by_ratio {
        let limit = limits.unpacking_ratio;
        return Err(FormatError::UnpackingRatio { name: name(), packed, limit });
    }
    if wanted as u64 > limits.entry_bytes {
        return Err(FormatError::EntryTooLarge { name: name(), limit: limits.entry_bytes });
    }
    let mut fields = Fields::new(FORMAT, rest);
    let count = fields.u32()?;
    let mut sizes = Vec::new();
    for _ in 0..count {
        sizes.push((fields.u32()?, fields.u32()?));
    }
    let mut points = Vec::new();
    for (index, (stated, packed)) in sizes.into_iter().enumerate() {
        let stream = fields.take(packed as usize)?;
        let before = points.len();
        let left = (wanted - before) as u64;
        ZlibDecoder::new(stream)
            .take(left + 1)
            .read_to_end(&mut points)
            .map_err(|source| FormatError::Stream { index, source })?;
        if points.len() > wanted {
            return Err(wrong_size(points.len(), wanted, shape));
        }
        let found = (points.len() - before) as u64;
        if found != u64::from(stated) {
            let (name, stated) = (format!("stream {index} of the SUR"), stated.into());
            return Err(FormatError::UnpackedSize { name, stated, found });
        }
    }
    if points.len() < wanted {
        return Err(wrong_size(points.len(), wanted, shape));
    }
    Ok(points)
}

/// Points fewer or more than the dimensions say.
pub(super) fn wrong_size(
    found: usize,
    wanted: usize,
    (rows, columns): (usize, usize),
) -> FormatError {
    FormatError::DataSize {
        name: "the SUR".to_owned(),
        found: found as u64,
        wanted: wanted as u64,
        rows,
        columns,
    }
}
