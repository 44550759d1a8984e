//! How high is the surface between its samples?

use crate::preprocess::{Plane, least_squares_plane};
use crate::surface::Surface;
use ndarray::Array2;

/// A place nearer to a sample than this share of a sample distance is that sample: conversions of
/// units leave dust.
const DUST: f64 = 1e-9;

/// A surface made ready for being read at any place.
///
/// Heights are read as departures from the least-squares plane, so that a mean of some neighbours only
/// (at the edge of the mask) is not biased by tilt.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    surface: &'a Surface,
    plane: Plane,
    departures: Array2<f64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(surface: &'a Surface) -> Self {
        let plane = least_squares_plane(surface);
        let departures = crate::preprocess::level(surface);
        Self { surface, plane, departures }
    }

    /// Height at a place in samples (row, column) from the first sample; `None` where too little was
    /// measured about it.
    pub(super) fn height(&self, row: f64, column: f64) -> Option<f64> {
        let (row, column) = (snap(row), snap(column));
        if row.fract() == 0.0 && column.fract() == 0.0 {
            let place = (index(row, self.surface.rows())?, index(column, self.surface.columns())?);
            return self.surface.mask()[place].then(|| self.surface.heights()[place]);
        }
        let departure = interpolate(&self.departures, self.surface.mask(), row, column)?;
        Some(departure + self.plane.height(row, column))
    }

    /// Heights less the plane.
    pub(super) const fn departures(&self) -> &Array2<f64> {
        &self.departures
    }

    /// The plane.
    pub(super) const fn plane(&self) -> Plane {
        self.plane
    }
}

fn snap(place: f64) -> f64 {
    let nearest = place.round();
    if (place - nearest).abs() < DUST { nearest } else { place }
}

/// A whole number as an index below `count`.
fn index(place: f64, count: usize) -> Option<usize> {
    (place >= 0.0 && place < count as f64).then_some(place as usize)
}

/// Height at a place in samples: Catmull-Rom where all sixteen neighbours are valid; else bilinear,
/// normalised by the weight of the valid ones of four, where that is at least a half.
pub(crate) fn interpolate(
    heights: &Array2<f64>,
    mask: &Array2<bool>,
    row: f64,
    column: f64,
) -> Option<f64> {
    let (rows, columns) = heights.dim();
    let inside = row > -1.0 && column > -1.0 && row < rows as f64 && column < columns as f64;
    if !inside {
        return None;
    }
    let (top, left) = (row.floor() as isize, column.floor() as isize);
    let (down, right) = (row - row.floor(), column - column.floor());
    let sixteen = top >= 1 && left >= 1 && top + 2 < rows as isize && left + 2 < columns as isize;
    if sixteen {
        let (first_row, first_column) = (top as usize - 1, left as usize - 1);
        let window = ndarray::s![first_row..first_row + 4, first_column..first_column + 4];
        if mask.slice(window).iter().all(|&valid| valid) {
            let (along_y, along_x) = (catmull_rom(down), catmull_rom(right));
            let rows = heights.slice(window);
            let sum = rows.outer_iter().zip(along_y).map(|(row, weight)| {
                weight
                    * row.iter().zip(along_x).map(|(height, weight)| height * weight).sum::<f64>()
            });
            return Some(sum.sum());
        }
    }
    let (mut sum, mut support) = (0.0, 0.0);
    for (offset_y, weight_y) in [(0, 1.0 - down), (1, down)] {
        for (offset_x, weight_x) in [(0, 1.0 - right), (1, right)] {
            let (y, x) = (top + offset_y, left + offset_x);
            if y < 0 || x < 0 {
                continue;
            }
            let place = (y as usize, x as usize);
            if mask.get(place) == Some(&true) {
                sum += weight_y * weight_x * heights[place];
                support += weight_y * weight_x;
            }
        }
    }
    (support >= 0.5).then(|| sum / support)
}

/// Weights of the samples at -1, 0, 1 and 2 for a place at `t` from 0 to 1: exact for quadratics.
fn catmull_rom(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (-t3 + 2.0 * t2 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (-3.0 * t3 + 4.0 * t2 + t),
        0.5 * (t3 - t2),
    ]
}
