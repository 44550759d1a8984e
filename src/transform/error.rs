//! Why can a surface not be transformed as asked?

use crate::surface::SurfaceError;

/// A step that cannot be taken.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum TransformError {
    /// An angle that is no number, or beyond what the step can do.
    #[error("the {name} is {radians} rad, which is no angle that it can be")]
    Angle {
        /// Which.
        name: &'static str,
        /// What was found.
        radians: f64,
    },
    /// A length that is no number, or not positive where it must be.
    #[error("the {name} is {metres} m, which is no length that it can be")]
    Length {
        /// Which.
        name: &'static str,
        /// What was found.
        metres: f64,
    },
    /// A share or ratio outside its bounds.
    #[error("the {name} is {found}, wanted {minimum} to {maximum}")]
    Share {
        /// Which.
        name: &'static str,
        /// What was found.
        found: f64,
        /// Least allowed.
        minimum: f64,
        /// Greatest allowed.
        maximum: f64,
    },
    /// A window that does not lie within the frame, or holds nothing.
    #[error(
        "a window of {width} by {height} samples at ({x}, {y}) does not lie within {columns} columns and {rows} rows"
    )]
    Window {
        /// First column.
        x: usize,
        /// First row.
        y: usize,
        /// Columns wanted.
        width: usize,
        /// Rows wanted.
        height: usize,
        /// Columns of the surface.
        columns: usize,
        /// Rows of the surface.
        rows: usize,
    },
    /// A mask of another size.
    #[error(
        "the mask has {} rows of {}, the surface {} rows of {}",
        found.0, found.1, wanted.0, wanted.1
    )]
    MaskShape {
        /// Rows and columns of the mask.
        found: (usize, usize),
        /// Rows and columns of the surface.
        wanted: (usize, usize),
    },
    /// Heights in metres are needed, and a reflectance image has none.
    #[error("a reflectance image has no heights, wanted a topography")]
    NotATopography,
    /// No measured sample would be left.
    #[error("no measured sample would be left")]
    NothingLeft,
    /// The result would be too large to hold.
    #[error(
        "the result would have {rows} rows of {columns} samples, wanted at most {limit} in all"
    )]
    TooManySamples {
        /// Rows of the result.
        rows: usize,
        /// Columns of the result.
        columns: usize,
        /// Greatest number of samples.
        limit: usize,
    },
    /// The result is no surface: a height is beyond what a number can hold.
    #[error(transparent)]
    Surface(#[from] SurfaceError),
}

impl TransformError {
    /// Checks a share or ratio against its bounds, both of them allowed.
    pub(super) fn check_share(
        name: &'static str,
        found: f64,
        minimum: f64,
        maximum: f64,
    ) -> Result<(), Self> {
        let allowed = (minimum..=maximum).contains(&found);
        if allowed { Ok(()) } else { Err(Self::Share { name, found, minimum, maximum }) }
    }
}
