//! A surface as a picture has it: levelled, one height a pixel.
//!
//! Coarser than the samples a pixel is the weighted mean of what it covers, finer it is interpolated
//! ([`crate::transform::resample`]); either way a place that was hardly measured stays missing.

use super::PictureError;
use crate::preprocess::trimmed_plane;
use crate::surface::{Kind, Surface};
use crate::transform::resample;
use crate::units::Length;
use ndarray::Array2;

/// Sides of a picture of a surface that are drawn, in pixels.
const SIZES: (usize, usize) = (200, 8000);

/// What is taken away from the heights before they are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Levelling {
    /// Nothing: heights as in the file.
    None,
    /// The plane of the greater part of the samples ([`crate::preprocess::trimmed_plane`]), which a deep
    /// pit does not pull.
    #[default]
    Plane,
}

impl Levelling {
    /// The surface without what is taken away.
    pub(super) fn apply(self, surface: &Surface) -> Result<Surface, PictureError> {
        match surface.kind() {
            Kind::Topography => {}
            Kind::Reflectance => return Err(PictureError::NotATopography),
        }
        let plane = match self {
            Self::None => return Ok(surface.clone()),
            Self::Plane => trimmed_plane(surface),
        };
        let mut heights = surface.heights().clone();
        for ((row, column), height) in heights.indexed_iter_mut() {
            *height -= plane.height(row as f64, column as f64);
        }
        let (mask, spacing) = (surface.mask().clone(), surface.spacing());
        Surface::new(heights, mask, spacing, surface.kind()).map_err(PictureError::from)
    }

    /// What was done, in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::None => "heights as in the file, not levelled",
            Self::Plane => "levelled by the plane of the greater part",
        }
    }
}

/// Heights of pixels, in metres.
#[derive(Debug)]
pub(super) struct Field {
    heights: Array2<f64>,
    mask: Array2<bool>,
    /// Length that a pixel is wide and high.
    pub(super) pixel: Length,
}

impl Field {
    /// A surface, already levelled, whose longer side takes so many pixels.
    pub(super) fn of(levelled: &Surface, longer_side: usize) -> Result<Self, PictureError> {
        check_size(longer_side)?;
        let (width, height) = levelled.extent();
        let longer = if width < height { height } else { width };
        // A single sample has no extent: it is drawn as one pixel.
        let longer = if longer > Length::ZERO { longer } else { levelled.spacing().x };
        let pixel = longer * (1.0 / (longer_side - 1) as f64);
        let (heights, mask, ..) = resample(levelled, pixel)?.into_parts();
        Ok(Self { heights, mask, pixel })
    }

    /// Rows and columns.
    pub(super) fn dim(&self) -> (usize, usize) {
        self.heights.dim()
    }

    /// Whether a pixel is missing.
    pub(super) fn has_gaps(&self) -> bool {
        self.mask.iter().any(|valid| !valid)
    }

    /// Height of a pixel, in metres; none where nothing was measured.
    pub(super) fn height(&self, row: usize, column: usize) -> Option<f64> {
        (self.mask.get((row, column)) == Some(&true)).then(|| self.heights[[row, column]])
    }

    /// Heights of all measured pixels, in metres.
    pub(super) fn measured(&self) -> impl Iterator<Item = f64> {
        self.heights.iter().zip(&self.mask).filter(|(_, valid)| **valid).map(|(height, _)| *height)
    }

    /// By how much the surface rises to the right and down at a measured pixel: over both neighbours,
    /// or over the one that was measured.
    pub(super) fn slope(&self, row: usize, column: usize) -> Option<(f64, f64)> {
        let here = self.height(row, column)?;
        let rise = |before: Option<f64>, after: Option<f64>| {
            let (from, to, pixels) = match (before, after) {
                (Some(before), Some(after)) => (before, after, 2.0),
                (Some(before), None) => (before, here, 1.0),
                (None, Some(after)) => (here, after, 1.0),
                (None, None) => return 0.0,
            };
            (to - from) / (pixels * self.pixel.metres())
        };
        let left = column.checked_sub(1).and_then(|column| self.height(row, column));
        let above = row.checked_sub(1).and_then(|row| self.height(row, column));
        let right = rise(left, self.height(row, column + 1));
        Some((right, rise(above, self.height(row + 1, column))))
    }
}

/// Whether a picture can have a side of so many pixels.
pub(super) fn check_size(found: usize) -> Result<(), PictureError> {
    let (least, greatest) = SIZES;
    if (least..=greatest).contains(&found) {
        Ok(())
    } else {
        Err(PictureError::Size { found, least, greatest })
    }
}

/// The height below which this share (0 to 1) of the measured heights lies.
pub(super) fn quantile(heights: &mut [f64], share: f64) -> Option<f64> {
    let last = heights.len().checked_sub(1)?;
    let place = (share * last as f64).round() as usize;
    let (_, height, _) = heights.select_nth_unstable_by(place.min(last), f64::total_cmp);
    Some(*height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::Spacing;

    fn plane(rows: usize, columns: usize) -> Surface {
        let spacing =
            Spacing { x: Length::from_micrometres(5.0), y: Length::from_micrometres(10.0) };
        let heights = Array2::from_shape_fn((rows, columns), |(row, column)| {
            if row == 3 && column == 4 {
                f64::NAN
            } else {
                1e-6 * (1.5 * column as f64 - 2.0 * row as f64)
            }
        });
        Surface::from_finite(heights, spacing, Kind::Topography).unwrap()
    }

    #[test]
    fn slopes_are_those_of_the_surface_at_any_size_and_beside_holes() {
        let surface = plane(40, 60);
        for side in [200, 700] {
            let field = Field::of(&surface, side).unwrap();
            let (rows, columns) = field.dim();
            assert_eq!(rows.max(columns), side);
            let mut seen = 0;
            for row in 0..rows {
                for column in 0..columns {
                    let Some((right, down)) = field.slope(row, column) else { continue };
                    seen += 1;
                    assert!((right - 0.3).abs() < 1e-9, "{right} at {row}, {column}");
                    assert!((down + 0.2).abs() < 1e-9, "{down} at {row}, {column}");
                }
            }
            assert!(seen > rows * columns * 9 / 10);
        }
        let levelled = Levelling::Plane.apply(&surface).unwrap();
        let left = levelled.heights().iter().fold(0.0_f64, |most, height| most.max(height.abs()));
        assert!(left < 1e-15, "{left} m are left of a plane");
    }

    #[test]
    fn sizes_beyond_bounds_are_refused() {
        for side in [0, 199, 8001] {
            let error = Field::of(&plane(5, 6), side).unwrap_err();
            assert!(error.to_string().contains(&side.to_string()), "{error}");
        }
    }

    #[test]
    fn a_quantile_has_its_share_below() {
        let mut heights: Vec<f64> = (0..101).rev().map(f64::from).collect();
        for share in [0.0, 0.01, 0.5, 0.99, 1.0] {
            let found = quantile(&mut heights, share).unwrap();
            assert!((found - 100.0 * share).abs() < 1e-9, "{share}: {found}");
        }
        assert_eq!(quantile(&mut [], 0.5), None);
    }
}
