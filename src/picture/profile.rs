//! How high is the surface along a line?
//!
//! A cut through the levelled surface: heights against the distance from one end (A) to the other (B).
//! Heights between samples are interpolated as everywhere ([`crate::transform`]); what was not measured
//! is a gap. Not a roughness profile: nothing is filtered.

use super::PictureError;
use super::field::Levelling;
use super::heights::HeightRange;
use crate::surface::Surface;
use crate::transform::interpolate;
use crate::units::Length;

/// A straight line over a surface, from A to B; places are from the centre of the frame, x right, y
/// down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Where it begins: (x, y) of A.
    pub from: (Length, Length),
    /// Where it ends: (x, y) of B.
    pub to: (Length, Length),
}

/// How a profile is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProfileStyle {
    /// What is taken away first, over the whole surface.
    pub levelling: Levelling,
    /// Heights that the plot spans; none: all that there are. What lies beyond is cut.
    pub range: Option<HeightRange>,
    /// Pixels that the plot is wide, 200 to 8000; the page about it is larger.
    pub width: usize,
}

impl Default for ProfileStyle {
    fn default() -> Self {
        Self { levelling: Levelling::default(), range: None, width: 1000 }
    }
}

impl Line {
    /// Along a row of samples, from left to right.
    ///
    /// # Errors
    /// A row that the surface does not have.
    pub fn row(surface: &Surface, row: usize) -> Result<Self, PictureError> {
        let y = at("row", row, surface.rows(), surface.spacing().y)?;
        let half = surface.extent().0 * 0.5;
        Ok(Self { from: (-half, y), to: (half, y) })
    }

    /// Along a column of samples, from top to bottom.
    ///
    /// # Errors
    /// A column that the surface does not have.
    pub fn column(surface: &Surface, column: usize) -> Result<Self, PictureError> {
        let x = at("column", column, surface.columns(), surface.spacing().x)?;
        let half = surface.extent().1 * 0.5;
        Ok(Self { from: (x, -half), to: (x, half) })
    }

    /// From A to B.
    pub(super) fn length(&self) -> Length {
        let (x, y) = ((self.to.0 - self.from.0).metres(), (self.to.1 - self.from.1).metres());
        Length::from_metres((x * x + y * y).sqrt())
    }

    /// The place at a share from 0 (A) to 1 (B).
    pub(super) fn place(&self, share: f64) -> (Length, Length) {
        let between = |from: Length, to: Length| from * (1.0 - share) + to * share;
        (between(self.from.0, self.to.0), between(self.from.1, self.to.1))
    }
}

/// Place of a row or column from the centre.
fn at(
    axis: &'static str,
    found: usize,
    count: usize,
    spacing: Length,
) -> Result<Length, PictureError> {
    if found < count {
        Ok(spacing * (found as f64 - (count - 1) as f64 / 2.0))
    } else {
        Err(PictureError::NoSuchLine { axis, found, count })
    }
}

/// Heights at equal distances along a line.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// Distance between neighbours.
    pub(super) step: Length,
    /// In metres; none where nothing was measured.
    pub(super) heights: Vec<Option<f64>>,
}

impl Profile {
    /// Along a line over a levelled surface, with no more than a sample of either axis between
    /// neighbours: along a row or column, the samples themselves.
    pub(super) fn along(levelled: &Surface, line: &Line) -> Result<Self, PictureError> {
        let length = line.length();
        let spacing = levelled.spacing();
        let (width, height) = levelled.extent();
        let diagonal = Line { from: (Length::ZERO, Length::ZERO), to: (width, height) }.length();
        let samples = |from: Length, to: Length, spacing: Length| (to - from).ratio(spacing).abs();
        let steps = samples(line.from.0, line.to.0, spacing.x).max(samples(
            line.from.1,
            line.to.1,
            spacing.y,
        ));
        // A millionth forgives rounding.
        let line_is_one = steps >= 1.0 - 1e-6 && length.ratio(diagonal) <= 1.0 + 1e-6;
        if !line_is_one {
            return Err(PictureError::Line { length: length.metres() });
        }
        let steps = (steps - 1e-6).ceil();
        let centre = |count: usize| (count - 1) as f64 / 2.0;
        let (heights, mask) = (levelled.heights(), levelled.mask());
        let heights: Vec<Option<f64>> = (0..=steps as usize)
            .map(|index| {
                let (x, y) = line.place(index as f64 / steps);
                let row = y.ratio(spacing.y) + centre(levelled.rows());
                let column = x.ratio(spacing.x) + centre(levelled.columns());
                interpolate(heights, mask, settled(row), settled(column))
            })
            .collect();
        if heights.iter().all(Option::is_none) {
            return Err(PictureError::NothingOnLine);
        }
        Ok(Self { step: length * (1.0 / steps), heights })
    }

    /// Heights that were measured.
    pub(super) fn measured(&self) -> impl Iterator<Item = f64> {
        self.heights.iter().flatten().copied()
    }

    /// Lowest and highest, in metres.
    pub(super) fn extremes(&self) -> (f64, f64) {
        self.measured().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), height| {
            (low.min(height), high.max(height))
        })
    }
}

/// A place in samples without the dust of conversions, so that a sample is itself.
fn settled(place: f64) -> f64 {
    let nearest = place.round();
    if (place - nearest).abs() < 1e-6 { nearest } else { place }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::{Kind, Spacing};
    use ndarray::Array2;

    fn surface() -> Surface {
        let heights = Array2::from_shape_fn((31, 41), |(row, column)| {
            if (row, column) == (12, 20) {
                f64::NAN
            } else {
                1e-6 * (row as f64 * row as f64 + 3.0 * column as f64)
            }
        });
        let spacing =
            Spacing { x: Length::from_micrometres(5.0), y: Length::from_micrometres(8.0) };
        Surface::from_finite(heights, spacing, Kind::Topography).unwrap()
    }

    #[test]
    fn along_rows_and_columns_a_profile_is_the_samples() {
        let surface = surface();
        let row = Profile::along(&surface, &Line::row(&surface, 12).unwrap()).unwrap();
        assert_eq!(row.heights.len(), 41);
        assert!((row.step.micrometres() - 5.0).abs() < 1e-9, "{}", row.step);
        let column = Profile::along(&surface, &Line::column(&surface, 7).unwrap()).unwrap();
        assert_eq!(column.heights.len(), 31);
        assert!((column.step.micrometres() - 8.0).abs() < 1e-9, "{}", column.step);
        for (index, height) in row.heights.iter().enumerate() {
            let wanted = surface.mask()[[12, index]].then(|| surface.heights()[[12, index]]);
            assert_eq!(height.is_some(), wanted.is_some(), "column {index}");
            let difference = height.unwrap_or(0.0) - wanted.unwrap_or(0.0);
            assert!(difference.abs() < 1e-15, "column {index}: {difference}");
        }
        for (index, height) in column.heights.iter().enumerate() {
            let difference = height.unwrap() - surface.heights()[[index, 7]];
            assert!(difference.abs() < 1e-15, "row {index}: {difference}");
        }
    }

    #[test]
    fn a_slanted_line_reads_the_surface_between_samples() {
        let surface = surface();
        let micrometres = Length::from_micrometres;
        let line = Line {
            from: (micrometres(-60.0), micrometres(-30.0)),
            to: (micrometres(70.0), micrometres(90.0)),
        };
        let profile = Profile::along(&surface, &line).unwrap();
        let last = (profile.heights.len() - 1) as f64;
        let mut compared = 0;
        for (index, height) in profile.heights.iter().enumerate() {
            let share = index as f64 / last;
            let (x, y) = (-60.0 + 130.0 * share, -30.0 + 120.0 * share);
            let (row, column) = (15.0 + y / 8.0, 20.0 + x / 5.0);
            let wanted = 1e-6 * (row * row + 3.0 * column);
            // The cubic is exact for quadratics; about the hole it is linear.
            if (row - 12.0).hypot(column - 20.0) > 4.0 {
                assert!((height.unwrap() - wanted).abs() < 1e-12, "{share}");
                compared += 1;
            }
        }
        assert!(compared > 15, "{compared} places");
    }

    #[test]
    fn lines_that_are_none_are_refused() {
        let surface = surface();
        assert!(Line::row(&surface, 31).unwrap_err().to_string().contains("0 to 30"));
        assert!(Line::column(&surface, 41).is_err());
        let micrometres = Length::from_micrometres;
        let line = |x0, y0, x1, y1| Line {
            from: (micrometres(x0), micrometres(y0)),
            to: (micrometres(x1), micrometres(y1)),
        };
        for wrong in [
            line(0.0, 0.0, 0.0, 0.0),
            line(0.0, 0.0, f64::NAN, 0.0),
            line(0.0, 0.0, 1e9, 0.0),
            line(500.0, 500.0, 600.0, 500.0),
        ] {
            assert!(Profile::along(&surface, &wrong).is_err(), "{wrong:?}");
        }
    }
}
