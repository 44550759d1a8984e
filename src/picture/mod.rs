//! What did the comparison see?
//!
//! [`comparison`] draws both surfaces side by side in the reference's frame as shaded relief, with the
//! cells where they were cut and where they were found: the page that an examiner puts in a report to
//! explain a score. For people; not for measuring (heights are the band-passed texture in deviations,
//! lit, not coloured by scale) and no substitute for looking at the marks.
//!
//! The same comparison gives the same pixels on every machine: the font is built in, and nothing asks
//! for the time.

mod canvas;
mod cells;
mod error;
mod lettering;
mod page;
mod relief;
#[cfg(test)]
mod tests;
mod view;

pub use error::PictureError;

use crate::comparison::Comparison;
use crate::digest::Digest;
use crate::signature::Signature;
use image::{ExtendedColorType, ImageEncoder as _, RgbImage, codecs::png::PngEncoder};

/// Names of the two surfaces as people know them, of any length; file names as a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels<'a> {
    /// Of the questioned surface.
    pub questioned: &'a str,
    /// Of the reference.
    pub reference: &'a str,
}

/// Which cells are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Drawn {
    /// Those of the reference, sought on the questioned surface: one row of panels.
    #[default]
    ReferenceToQuestioned,
    /// Those of either surface, sought on the other: two rows of panels.
    BothDirections,
}

/// The picture of a comparison, 1600 pixels wide: headline, panels, legend and provenance.
///
/// The questioned surface is on the left, moved by the pose onto the reference's frame; both panels
/// show the same window at the same scale. Without a registration both lie as they were scanned, and
/// the picture says so. Cost: about 100 ms a row.
///
/// # Errors
/// [`PictureError::OtherSurface`] for a signature that is not of the file the comparison names.
pub fn comparison(
    questioned: &Signature,
    reference: &Signature,
    comparison: &Comparison,
    labels: Labels<'_>,
    drawn: Drawn,
) -> Result<RgbImage, PictureError> {
    let same = |role, found: Digest, wanted: Digest| {
        if found == wanted {
            Ok(())
        } else {
            Err(PictureError::OtherSurface { role, found, wanted })
        }
    };
    same("questioned", questioned.source(), comparison.questioned)?;
    same("reference", reference.source(), comparison.reference)?;
    let (questioned, reference) = (questioned.texture(), reference.texture());
    Ok(page::draw(&questioned, &reference, comparison, labels, drawn))
}

/// The picture as the bytes of a PNG file; the same picture gives the same bytes.
///
/// # Errors
/// [`PictureError::Encode`] should the encoder fail.
pub fn to_png(picture: &RgbImage) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    let (width, height) = picture.dimensions();
    PngEncoder::new(&mut bytes).write_image(
        picture.as_raw(),
        width,
        height,
        ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}
