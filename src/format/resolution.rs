//! Which sample distance does an image state, and is it believed?
//!
//! PNG (`pHYs`) and TIFF (`XResolution`) can state one. Programs fill these fields with defaults of
//! screens and printers (72 to 1200 dots an inch, 353 to 21 um), so only a distance that a microscope
//! has and a printer has not is believed: 0.01 to 20 um. Everything else is as if unsaid, but named in
//! the error. JPEG and BMP are not asked.

use super::FileFormat;
use super::metadata::Warning;
use super::options::ReadOptions;
use super::{FormatError, plausibility};
use crate::surface::Spacing;
use crate::units::Length;
use std::io::Cursor;
use tiff::decoder::ifd::Value;
use tiff::tags::Tag;

const FINEST: Length = Length::from_micrometres(0.01);
const COARSEST: Length = Length::from_micrometres(20.0);

/// The spacing of an image: the caller's, else the file's if it is believed, else an error. A
/// resolution in the file that the caller overrides and that is not believed is a warning.
pub(super) fn spacing(
    bytes: &[u8],
    format: FileFormat,
    options: &ReadOptions,
) -> Result<(Spacing, Option<Warning>), FormatError> {
    let stated = match format {
        FileFormat::Png => in_png(bytes),
        FileFormat::Tiff => in_tiff(bytes),
        FileFormat::X3p
        | FileFormat::Al3d
        | FileFormat::Sur
        | FileFormat::Sdf
        | FileFormat::Bmp
        | FileFormat::Jpeg => None,
    };
    let believed = |length: Length| length >= FINEST && length <= COARSEST;
    let (good, bad) = match stated {
        Some(spacing) if believed(spacing.x) && believed(spacing.y) => (stated, None),
        _ => (None, stated.map(|spacing| spacing.x.micrometres())),
    };
    match (options.spacing, good) {
        (Some(given), _) => {
            plausibility::check_given(given, options.plausibility)?;
            Ok((given, bad.map(|micrometres| Warning::ResolutionIgnored { micrometres })))
        }
        (None, Some(spacing)) => Ok((spacing, None)),
        (None, None) => Err(FormatError::SpacingMissing { format, found: bad }),
    }
}

/// `pHYs`: pixels per metre along x and y (PNG, third edition, 11.3.4.3), before the image data.
fn in_png(bytes: &[u8]) -> Option<Spacing> {
    let mut rest = bytes.get(8..)?;
    loop {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        match kind {
            b"pHYs" => {
                let (x, after) = after.split_first_chunk::<4>()?;
                let (y, after) = after.split_first_chunk::<4>()?;
                let per_metre = *after.first()? == 1;
                let spacing = Spacing {
                    x: one_in(f64::from(u32::from_be_bytes(*x)), 1.0)?,
                    y: one_in(f64::from(u32::from_be_bytes(*y)), 1.0)?,
                };
                return per_metre.then_some(spacing);
            }
            b"IDAT" | b"IEND" => return None,
            _ => rest = after.get(length.checked_add(4)?..)?,
        }
    }
}

/// `XResolution` and `YResolution` in pixels per `ResolutionUnit` (TIFF 6.0: 2 is inch, 3 centimetre).
fn in_tiff(bytes: &[u8]) -> Option<Spacing> {
    let mut decoder = tiff::decoder::Decoder::new(Cursor::new(bytes)).ok()?;
    let unit = match decoder.find_tag_unsigned::<u16>(Tag::ResolutionUnit).ok()? {
        None | Some(2) => 0.0254,
        Some(3) => 0.01,
        Some(_) => return None,
    };
    let mut along = |tag| {
        let Value::Rational(count, units) = decoder.find_tag(tag).ok()?? else { return None };
        one_in(f64::from(count) / f64::from(units), unit)
    };
    Some(Spacing { x: along(Tag::XResolution)?, y: along(Tag::YResolution)? })
}

/// The distance between `count` samples on `metres`.
fn one_in(count: f64, metres: f64) -> Option<Length> {
    (count.is_finite() && count > 0.0).then(|| Length::from_metres(metres / count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(per_metre: u32, unit: u8) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x02abcdxx\0\0\0\0\0\0\0\x09pHYs".to_vec();
        bytes.extend(per_metre.to_be_bytes());
        bytes.extend(per_metre.to_be_bytes());
        bytes.push(unit);
        bytes
    }

    #[test]
    fn a_microscope_is_believed_and_a_screen_is_not() {
        let options = ReadOptions::default();
        let (found, warning) = spacing(&png(400_000, 1), FileFormat::Png, &options).unwrap();
        assert!((found.x.micrometres() - 2.5).abs() < 1e-12, "{}", found.x);
        assert_eq!(warning, None);
        let error = spacing(&png(2835, 1), FileFormat::Png, &options).unwrap_err();
        assert!(error.to_string().contains("implausible resolution (352.7"), "{error}");
        let error = spacing(&png(400_000, 0), FileFormat::Png, &options).unwrap_err();
        assert!(error.to_string().contains("no resolution"), "{error}");
    }

    #[test]
    fn the_caller_is_stronger_than_the_file() {
        let given = Spacing::square(Length::from_micrometres(3.0));
        let options = ReadOptions { spacing: Some(given), ..ReadOptions::default() };
        assert_eq!(spacing(&png(400_000, 1), FileFormat::Png, &options).unwrap(), (given, None));
        let (found, warning) = spacing(&png(2835, 1), FileFormat::Png, &options).unwrap();
        assert_eq!(found, given);
        assert!(matches!(warning, Some(Warning::ResolutionIgnored { .. })), "{warning:?}");
        let coarse = Spacing::square(Length::from_micrometres(3000.0));
        let options = ReadOptions { spacing: Some(coarse), ..ReadOptions::default() };
        assert!(spacing(&png(400_000, 1), FileFormat::Png, &options).is_err());
    }
}
