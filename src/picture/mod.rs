//! What would an examiner want to see, of a surface or of a comparison?
//!
//! [`map()`] draws one surface from above, as relief under a lamp or as heights in colours, and the
//! regions of a head over it; [`profile()`] draws the heights along a line. Both are in lengths, with
//! axes, and state what was done to the heights. [`comparison`] draws both surfaces side by side in the reference's frame as shaded relief, with the
//! cells where they were cut and where they were found: the page that an examiner puts in a report to
//! explain a score. For people; not for measuring (heights are the band-passed texture in deviations,
//! lit, not coloured by scale) and no substitute for looking at the marks.
//!
//! The same comparison gives the same pixels on every machine: the font is built in, and nothing asks
//! for the time.

mod canvas;
mod cells;
mod error;
mod field;
mod grey;
mod heights;
mod hillshade;
mod lambert;
mod lettering;
mod map;
#[cfg(test)]
mod map_tests;
mod page;
mod palette;
mod profile;
mod profile_page;
mod region_layer;
mod relief;
mod scale_bar;
mod sheet;
#[cfg(test)]
mod tests;
mod ticks;
mod view;

pub use error::PictureError;
pub use field::Levelling;
pub use heights::HeightRange;
pub use lambert::Light;
pub use map::{Look, MapStyle};
pub use profile::{Line, ProfileStyle};

use crate::comparison::Comparison;
use crate::digest::Digest;
use crate::signature::Signature;
use crate::surface::{Regions, Surface, Texture};
use crate::units::Length;
use image::{ExtendedColorType, ImageEncoder as _, RgbImage, codecs::png::PngEncoder};
use ndarray::Array2;

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

/// The picture of a comparison, 1600 pixels wide: headline, panels, legend and provenance. Profiles of striated marks are drawn out
/// along the striae, so that their segments are cells of a strip.
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
    let kind = questioned.kind();
    let [questioned, reference] = [questioned, reference].map(|one| seen(one.texture()));
    Ok(page::draw([&questioned, &reference], kind, comparison, labels, drawn))
}

/// Height of the strip that a profile is drawn as.
const STRIP: Length = Length::from_micrometres(300.0);
/// A profile's samples lie closer than a texture's, so that a slope from one to the next is gentler by about this.
const GENTLER: f32 = 5.0;

/// A texture as it is drawn: a profile is drawn out along its striae.
fn seen(texture: Texture) -> Texture {
    if texture.dim().0 > 1 {
        return texture;
    }
    let rows = STRIP.ratio(texture.spacing).round().max(1.0) as usize;
    let drawn_out = |row: &Array2<f32>, factor: f32| {
        Array2::from_shape_fn((rows, row.ncols()), |(_, column)| factor * row[[0, column]])
    };
    let heights = drawn_out(&texture.heights, GENTLER);
    let weights = drawn_out(&texture.weights, 1.0);
    Texture { heights, weights, spacing: texture.spacing }
}

/// The surface that a map or profile shows, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// A topography; for grey levels a reflectance image.
    pub surface: &'a Surface,
    /// Its name as people know it, of any length; a file name as a rule.
    pub label: &'a str,
    /// SHA-256 of its file.
    pub source: Digest,
    /// The parts of the head, where they are known: drawn over a map as tints with outlines, or as
    /// outlines where colours mean heights, with a legend of names and areas.
    pub regions: Option<&'a Regions>,
}

/// One surface from above, with places in micrometres, a scale bar and a legend.
///
/// Missing samples are pale and hatched. The page says what was done to the heights, and carries the
/// engine's version and the file's hash. Cost: some
/// tenths of a second for a million pixels.
///
/// # Errors
/// Grey levels of a topography, heights of a reflectance image; regions of another shape; a light, range or size that cannot be drawn.
pub fn map(subject: &Subject<'_>, style: &MapStyle) -> Result<RgbImage, PictureError> {
    map::draw(subject, style)
}

/// The heights along a line, with a small map that says where it lies.
///
/// Missing samples are gaps, never bridged. Cost: that of the small map.
///
/// # Errors
/// A reflectance image; a line that is none or crosses nothing measured; a range or size that cannot be
/// drawn.
pub fn profile(
    subject: &Subject<'_>,
    line: &Line,
    style: &ProfileStyle,
) -> Result<RgbImage, PictureError> {
    profile_page::draw(subject, line, style)
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
