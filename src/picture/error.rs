//! Why can no picture be drawn?

use crate::digest::Digest;
use crate::surface::SurfaceError;
use crate::transform::TransformError;

/// A picture that cannot be drawn or encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The signature is of another file than the comparison: its picture would mislead.
    #[error("the {role} signature is of file {found}, but the comparison is of {wanted}")]
    OtherSurface {
        /// "questioned" or "reference".
        role: &'static str,
        /// SHA-256 of the signature's file.
        found: Digest,
        /// SHA-256 of the comparison's file.
        wanted: Digest,
    },
    /// A reflectance image has grey levels and no heights.
    #[error("a reflectance image has no heights to draw, wanted a topography")]
    NotATopography,
    /// A topography has heights and no grey levels.
    #[error("a topography has no grey levels to draw, wanted a reflectance image")]
    NotAnImage,
    /// The regions are of another surface.
    #[error(
        "the regions are of {} rows of {}, the surface has {} rows of {}",
        found.0, found.1, wanted.0, wanted.1
    )]
    RegionsShape {
        /// Rows and columns of the regions.
        found: (usize, usize),
        /// Rows and columns of the surface.
        wanted: (usize, usize),
    },
    /// A lamp cannot stand there.
    #[error(
        "the light's {name} is {degrees} deg, wanted a number, and an elevation from 1 to 90 deg"
    )]
    Light {
        /// "azimuth" or "elevation".
        name: &'static str,
        /// What was found.
        degrees: f64,
    },
    /// Heights cannot be exaggerated so.
    #[error("the exaggeration is {found}, wanted {least} to {greatest}")]
    Exaggeration {
        /// What was found.
        found: f64,
        /// Least that is drawn.
        least: f64,
        /// Greatest that is drawn.
        greatest: f64,
    },
    /// A range of heights that is none.
    #[error(
        "the range of heights is {low} to {high} m, wanted two within a kilometre, the lower one first, a picometre apart or more"
    )]
    Range {
        /// Its lower end, in metres.
        low: f64,
        /// Its upper end, in metres.
        high: f64,
    },
    /// A picture too small to read or too large to hold.
    #[error("the picture's side is {found} pixels, wanted {least} to {greatest}")]
    Size {
        /// What was found.
        found: usize,
        /// Least that is drawn.
        least: usize,
        /// Greatest that is drawn.
        greatest: usize,
    },
    /// The surface has no such row or column.
    #[error("{axis} {found} was asked for, the surface has {count}: wanted 0 to {}", count - 1)]
    NoSuchLine {
        /// "row" or "column".
        axis: &'static str,
        /// What was found.
        found: usize,
        /// How many there are.
        count: usize,
    },
    /// A line without length, or with ends that are no places.
    #[error(
        "the line is {length} m long, wanted one of at least a sample and at most the frame's diagonal"
    )]
    Line {
        /// Its length, in metres.
        length: f64,
    },
    /// The line crosses nothing that was measured.
    #[error("nothing was measured along the line")]
    NothingOnLine,
    /// The surface cannot be brought to the picture's size.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// The levelled heights are beyond what a number can hold.
    #[error(transparent)]
    Surface(#[from] SurfaceError),
    /// The PNG encoder failed.
    #[error("the picture could not be encoded as PNG")]
    Encode {
        /// What the encoder said.
        #[from]
        source: image::ImageError,
    },
}
