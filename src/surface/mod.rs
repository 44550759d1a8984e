//! What is a surface, and where is it?
//!
//! A [`Surface`] is the areal topography of a mark: heights on a rectangular grid, a mask that says
//! which of them were measured, and the sample distances; a [`Profile`] is the same along a line. Neither
//! knows a file, a filter or an FFT.
//!
//! The frame, stated once for the whole project: row 0 is the top, x points right along the columns,
//! y points down along the rows, theta is counter-clockwise *as seen*. The origin of a pose is the
//! centre of the frame, ((columns - 1) / 2, (rows - 1) / 2).

mod mark_kind;
mod pose;
mod profile;
mod region;
mod texture;

pub use mark_kind::{FirearmPart, MarkKind, MarkKindError};
pub use pose::Pose;
pub use profile::{Profile, ProfileError};
pub use region::{Region, Regions, UnknownRegion};
pub use texture::Texture;

use crate::units::Length;
use ndarray::{Array2, Zip};
use serde::{Deserialize, Serialize};

/// Distance between neighbouring samples along each axis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spacing {
    /// Between columns.
    pub x: Length,
    /// Between rows.
    pub y: Length,
}

impl Spacing {
    /// The same distance along both axes.
    #[must_use]
    pub const fn square(length: Length) -> Self {
        Self { x: length, y: length }
    }
}

/// What the heights of a surface mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Measured heights, in metres.
    Topography,
    /// Grey levels of a reflectance image, 0 to 1: not metrological, never to be compared with
    /// topographies.
    Reflectance,
}

/// Heights, mask and spacing of one scan.
///
/// Shape of both arrays: (rows, columns). Heights are metres ([`Kind::Topography`]) or grey levels
/// from 0 to 1 ([`Kind::Reflectance`]); where the mask is false the height is 0 and means nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    heights: Array2<f64>,
    mask: Array2<bool>,
    spacing: Spacing,
    kind: Kind,
}

/// Why arrays do not make a surface.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SurfaceError {
    /// Heights and mask are of different shapes.
    #[error("heights are {heights:?} (rows, columns) but the mask is {mask:?}")]
    ShapeMismatch {
        /// Shape of the heights.
        heights: (usize, usize),
        /// Shape of the mask.
        mask: (usize, usize),
    },
    /// There is no sample at all.
    #[error("a surface needs at least one sample, found {rows} rows of {columns}")]
    Empty {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// A spacing is not a positive, finite length.
    #[error("the spacing along {axis} is {metres} m, wanted a positive length")]
    Spacing {
        /// "x" or "y".
        axis: &'static str,
        /// What was found.
        metres: f64,
    },
    /// A height that the mask calls valid is infinite or not a number.
    #[error("the height at row {row}, column {column} is {height}, but its mask says measured")]
    NotFinite {
        /// Row of the first such sample.
        row: usize,
        /// Column of the first such sample.
        column: usize,
        /// What was found.
        height: f64,
    },
}

impl Surface {
    /// Checks and joins the parts. Heights outside the mask are set to 0.
    ///
    /// # Errors
    /// Shapes that differ or are empty, a spacing that is no positive length, a valid height that is
    /// not finite.
    pub fn new(
        mut heights: Array2<f64>,
        mask: Array2<bool>,
        spacing: Spacing,
        kind: Kind,
    ) -> Result<Self, SurfaceError> {
        if heights.dim() != mask.dim() {
            return Err(SurfaceError::ShapeMismatch { heights: heights.dim(), mask: mask.dim() });
        }
        let (rows, columns) = heights.dim();
        if rows == 0 || columns == 0 {
            return Err(SurfaceError::Empty { rows, columns });
        }
        for (axis, length) in [("x", spacing.x), ("y", spacing.y)] {
            let metres = length.metres();
            if !(metres.is_finite() && metres > 0.0) {
                return Err(SurfaceError::Spacing { axis, metres });
            }
        }
        Zip::from(&mut heights).and(&mask).for_each(|height, valid| {
            if !valid {
                *height = 0.0;
            }
        });
        if !heights.iter().all(|height| height.is_finite())
            && let Some(((row, column), &height)) =
                heights.indexed_iter().find(|(_, height)| !height.is_finite())
        {
            return Err(SurfaceError::NotFinite { row, column, height });
        }
        Ok(Self { heights, mask, spacing, kind })
    }

    /// From heights in which every sample that is not finite is a missing one.
    ///
    /// # Errors
    /// As [`Surface::new`], except that no height can be at fault.
    pub fn from_finite(
        heights: Array2<f64>,
        spacing: Spacing,
        kind: Kind,
    ) -> Result<Self, SurfaceError> {
        let mask = heights.mapv(f64::is_finite);
        Self::new(heights, mask, spacing, kind)
    }

    /// Heights, (rows, columns); 0 where not valid.
    #[must_use]
    pub const fn heights(&self) -> &Array2<f64> {
        &self.heights
    }

    /// True where a height was measured, (rows, columns).
    #[must_use]
    pub const fn mask(&self) -> &Array2<bool> {
        &self.mask
    }

    /// Sample distances.
    #[must_use]
    pub const fn spacing(&self) -> Spacing {
        self.spacing
    }

    /// What the heights mean.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.heights.nrows()
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.heights.ncols()
    }

    /// Number of measured samples.
    #[must_use]
    pub fn valid_count(&self) -> usize {
        self.mask.iter().filter(|&&valid| valid).count()
    }

    /// Measured samples as a share of all, 0 to 1.
    #[must_use]
    pub fn fill_fraction(&self) -> f64 {
        self.valid_count() as f64 / self.mask.len() as f64
    }

    /// Width and height of the frame: (columns - 1) and (rows - 1) sample distances.
    #[must_use]
    pub fn extent(&self) -> (Length, Length) {
        (self.spacing.x * (self.columns() - 1) as f64, self.spacing.y * (self.rows() - 1) as f64)
    }

    /// Gives the parts back.
    #[must_use]
    pub fn into_parts(self) -> (Array2<f64>, Array2<bool>, Spacing, Kind) {
        (self.heights, self.mask, self.spacing, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const SPACING: Spacing = Spacing::square(Length::from_micrometres(6.25));

    #[test]
    fn missing_samples_become_mask_and_never_a_number() {
        let heights = array![[1.0, f64::NAN], [f64::INFINITY, 4.0]];
        let surface = Surface::from_finite(heights, SPACING, Kind::Topography).unwrap();
        assert_eq!(surface.mask(), array![[true, false], [false, true]]);
        assert_eq!(surface.heights(), array![[1.0, 0.0], [0.0, 4.0]]);
        assert_eq!(surface.valid_count(), 2);
    }

    #[test]
    fn a_valid_height_must_be_finite() {
        let error =
            Surface::new(array![[1.0, f64::NAN]], array![[true, true]], SPACING, Kind::Topography)
                .unwrap_err();
        assert!(error.to_string().contains("row 0, column 1"), "{error}");
    }

    #[test]
    fn a_spacing_must_be_positive() {
        let zero = Spacing { x: Length::from_micrometres(1.0), y: Length::ZERO };
        let error = Surface::from_finite(array![[1.0]], zero, Kind::Topography).unwrap_err();
        assert_eq!(error, SurfaceError::Spacing { axis: "y", metres: 0.0 });
    }
}
