//! What does a head look like from so far away that its texture is gone?
//!
//! [`Relief`] is the surface on a coarse square grid: what edges, forms and depths are found on. Heights
//! are micrometres within this module, since every threshold here is a few of them. Not for texture.

use super::window::Window;
use crate::filter::{Samples, smooth};
use crate::parameters::Segmentation;
use crate::surface::Surface;
use crate::units::Length;
use ndarray::{Array2, Zip, s};

/// Least share of the low-pass's weight on measured samples for a cell to be measured.
const LEAST_SUPPORT: f32 = 0.3;

/// A surface, or a part of it, on a coarse grid. Places are micrometres from the centre of the whole frame, x to the right
/// and y down.
#[derive(Clone, Debug)]
pub(super) struct Relief {
    /// Heights in micrometres, (rows, columns); 0 where missing.
    pub(super) heights: Array2<f32>,
    /// True where measured.
    pub(super) mask: Array2<bool>,
    /// Micrometres between cells.
    pub(super) spacing: f64,
    /// (rows, columns) of the whole frame.
    frame: (usize, usize),
    /// Row and column in the frame of the first cell.
    first: (usize, usize),
}

impl Relief {
    /// Low-passes the surface about its median height.
    pub(super) fn new(surface: &Surface, parameters: &Segmentation) -> Self {
        let median = median_height(surface);
        let mut heights = Array2::<f32>::zeros(surface.mask().dim());
        let mut weights = Array2::<f32>::zeros(surface.mask().dim());
        Zip::from(&mut heights)
            .and(&mut weights)
            .and(surface.heights())
            .and(surface.mask())
            .for_each(|height, weight, &found, &valid| {
                if valid {
                    *height = ((found - median) * 1e6) as f32;
                    *weight = 1.0;
                }
            });
        let spacing = surface.spacing();
        let from = (
            Samples { count: surface.rows(), spacing: spacing.y },
            Samples { count: surface.columns(), spacing: spacing.x },
        );
        let to = (from.0.respaced(parameters.spacing), from.1.respaced(parameters.spacing));
        let smoothed = smooth(heights.view(), weights.view(), from, to, parameters.cutoff);
        let mask = smoothed.support.mapv(|support| support >= LEAST_SUPPORT);
        let mut heights = smoothed.heights;
        Zip::from(&mut heights).and(&mask).for_each(|height, &valid| {
            if !valid {
                *height = 0.0;
            }
        });
        let spacing = parameters.spacing.micrometres();
        Self { frame: mask.dim(), first: (0, 0), heights, mask, spacing }
    }

    /// A part of it.
    pub(super) fn part(&self, window: &Window) -> Self {
        Self {
            heights: window.cut(&self.heights),
            mask: window.cut(&self.mask),
            spacing: self.spacing,
            frame: self.frame,
            first: (self.first.0 + window.rows.start, self.first.1 + window.columns.start),
        }
    }

    /// From the lowest to the highest measured cell, in micrometres.
    pub(super) fn range(&self) -> f64 {
        let measured = self.heights.iter().zip(&self.mask).filter(|(_, valid)| **valid);
        let (low, high) = measured
            .fold((f32::INFINITY, f32::NEG_INFINITY), |range, (height, _)| {
                (range.0.min(*height), range.1.max(*height))
            });
        f64::from(high - low)
    }

    /// (rows, columns).
    pub(super) fn dim(&self) -> (usize, usize) {
        self.mask.dim()
    }

    /// Where a cell lies.
    pub(super) fn place(&self, row: usize, column: usize) -> (f64, f64) {
        let (row, column) = (row + self.first.0, column + self.first.1);
        let (rows, columns) = self.frame;
        (
            (column as f64 - (columns - 1) as f64 / 2.0) * self.spacing,
            (row as f64 - (rows - 1) as f64 / 2.0) * self.spacing,
        )
    }

    /// Where cells lie on average; `None` of none.
    pub(super) fn middle(&self, cells: impl Iterator<Item = (usize, usize)>) -> Option<(f64, f64)> {
        let (mut x, mut y, mut count) = (0.0, 0.0, 0.0);
        for (row, column) in cells {
            let place = self.place(row, column);
            (x, y, count) = (x + place.0, y + place.1, count + 1.0);
        }
        (count > 0.0).then(|| (x / count, y / count))
    }

    /// The place in cells (row, column) of a point; it may lie outside.
    pub(super) fn cell(&self, x: f64, y: f64) -> (f64, f64) {
        let (rows, columns) = self.frame;
        let row = y / self.spacing + (rows - 1) as f64 / 2.0;
        let column = x / self.spacing + (columns - 1) as f64 / 2.0;
        (row - self.first.0 as f64, column - self.first.1 as f64)
    }

    /// Where each of `count` rows of samples lies, and in which row of cells; `None` beyond this part. At the frame's end the
    /// last cell holds what lies outside of it.
    pub(super) fn rows(&self, count: usize, step: Length) -> Vec<(f64, Option<usize>)> {
        self.along(count, step, self.frame.0, self.first.0, self.dim().0)
    }

    /// The same of columns.
    pub(super) fn columns(&self, count: usize, step: Length) -> Vec<(f64, Option<usize>)> {
        self.along(count, step, self.frame.1, self.first.1, self.dim().1)
    }

    /// Places along an axis of which the frame has so many cells, and this part the `cells` from `first` on.
    fn along(
        &self,
        count: usize,
        step: Length,
        frame: usize,
        first: usize,
        cells: usize,
    ) -> Vec<(f64, Option<usize>)> {
        let at = |index| (index as f64 - (count - 1) as f64 / 2.0) * step.micrometres();
        let cell = |at: f64| (at / self.spacing + (frame - 1) as f64 / 2.0).round().max(0.0);
        let here = |cell: usize| cell.checked_sub(first).filter(|cell| *cell < cells);
        (0..count).map(at).map(|at| (at, here((cell(at) as usize).min(frame - 1)))).collect()
    }

    /// Height at a point, bilinear; says whether it is outside the frame or was not measured.
    pub(super) fn read(&self, x: f64, y: f64) -> Reading {
        let (row, column) = self.cell(x, y);
        let (rows, columns) = self.dim();
        if !(row >= 0.0
            && column >= 0.0
            && row <= (rows - 1) as f64
            && column <= (columns - 1) as f64)
        {
            return Reading::Outside;
        }
        let (top, left) = (row as usize, column as usize);
        let (bottom, right) = ((top + 1).min(rows - 1), (left + 1).min(columns - 1));
        let (down, across) = ((row - top as f64) as f32, (column - left as f64) as f32);
        let corners = [[top, left], [top, right], [bottom, left], [bottom, right]];
        if corners.iter().any(|&corner| !self.mask[corner]) {
            return Reading::Missing;
        }
        let [a, b, c, d] = corners.map(|corner| self.heights[corner]);
        let (upper, lower) = (a + (b - a) * across, c + (d - c) * across);
        Reading::Height(f64::from(upper + (lower - upper) * down))
    }
}

/// The median of heights, in metres, by every third row and column: what it is for is far coarser than that.
fn median_height(surface: &Surface) -> f64 {
    let thinned = s![..;3, ..;3];
    let heights = surface.heights();
    let mut measured = Vec::with_capacity(heights.len() / 9);
    Zip::from(heights.slice(thinned)).and(surface.mask().slice(thinned)).for_each(
        |height, valid| {
            if *valid {
                measured.push(*height);
            }
        },
    );
    median_of(&mut measured).unwrap_or(0.0)
}

/// What there is at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reading {
    /// Beyond the frame.
    Outside,
    /// Within the frame, but not measured.
    Missing,
    /// The height, in micrometres.
    Height(f64),
}

/// The middle value, the upper of two; orders the values. `None` of none.
pub(super) fn median_of(values: &mut [f64]) -> Option<f64> {
    quantile_of(values, 0.5)
}

/// The value below which this share of the others lie; orders the values. `None` of none.
pub(super) fn quantile_of(values: &mut [f64], share: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let (_, value, _) =
        values.select_nth_unstable_by(place_of(values.len(), share), f64::total_cmp);
    Some(*value)
}

/// Which of so many values in order is the one of [`quantile_of`].
pub(super) fn place_of(count: usize, share: f64) -> usize {
    ((count as f64 * share) as usize).min(count.saturating_sub(1))
}
