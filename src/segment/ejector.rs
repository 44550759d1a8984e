//! Where did the ejector hit the head?
//!
//! It leaves a flat impression in the head's face that is wider than any stroke of the stamped letters. The
//! face is a plane that most of it agrees on; what lies a little below it and is wide enough is the mark.

use super::inside::{fill_holes, largest, within};
use super::patches::{Patch, close, open, patches, shrink};
use super::plateau::solve;
use super::relief::{Relief, median_of};
use ndarray::Array2;

/// The face is looked at from this distance beyond its beginning, in micrometres: its edge is rounded.
const EDGE: f64 = 80.0;
/// What is this far below the face is not its texture, in micrometres; deeper than the second, it is no mark.
const DEPTHS: (f64, f64) = (5.0, 80.0);
/// Strokes of letters are narrower than twice this, in micrometres.
const STROKE: f64 = 130.0;
/// Gaps that are narrower than twice this belong to the mark, in micrometres.
const GAP: f64 = 30.0;
/// Least and greatest area of a mark, in square micrometres.
const AREA: (f64, f64) = (90_000.0, 1_500_000.0);
/// Least share of the mark's cells that are near its middle depth, and how near, in micrometres.
const EVEN: (f64, f64) = (0.7, 8.0);

/// The ejector's mark on `face`, the cells of the head's face; none where there is none.
pub(super) fn find_ejector(departures: &Relief, face: &Array2<bool>) -> Array2<bool> {
    let none = Array2::from_elem(departures.dim(), false);
    let inner = shrink(face, EDGE / departures.spacing);
    let Some(level) = plane(departures, &inner) else { return none };
    let depth = |(row, column): (usize, usize)| {
        let (x, y) = departures.place(row, column);
        level[0] + level[1] * x / 1e3 + level[2] * y / 1e3
            - f64::from(departures.heights[[row, column]])
    };
    let below = Array2::from_shape_fn(departures.dim(), |cell| {
        inner[cell] && departures.mask[cell] && (DEPTHS.0..DEPTHS.1).contains(&depth(cell))
    });
    let cells = |length: f64| length / departures.spacing;
    let wide = within(&open(&close(&below, cells(GAP)), cells(STROKE)), &inner);
    let area = departures.spacing * departures.spacing;
    let even = |patch: &Patch| {
        let mut depths: Vec<f64> = patch.cells.iter().map(|&cell| depth(cell)).collect();
        let Some(middle) = median_of(&mut depths) else { return false };
        let near = depths.iter().filter(|depth| (*depth - middle).abs() < EVEN.1).count();
        near as f64 >= EVEN.0 * depths.len() as f64
    };
    let marks = patches(&wide).into_iter().filter(|patch| {
        let size = patch.cells.len() as f64 * area;
        (AREA.0..AREA.1).contains(&size) && even(patch)
    });
    // There is one ejector.
    largest(marks.collect()).map_or(none, |patch| fill_holes(&patch.mask(departures.dim())))
}

/// The plane of the face: least squares on what is near the last, from the median on.
fn plane(departures: &Relief, face: &Array2<bool>) -> Option<[f64; 3]> {
    let cells: Vec<([f64; 3], f64)> = face
        .indexed_iter()
        .filter(|&(cell, &inside)| inside && departures.mask[cell])
        .map(|((row, column), _)| {
            let (x, y) = departures.place(row, column);
            ([1.0, x / 1e3, y / 1e3], f64::from(departures.heights[[row, column]]))
        })
        .collect();
    if cells.len() < 200 {
        return None;
    }
    let mut heights: Vec<f64> = cells.iter().map(|cell| cell.1).collect();
    let mut level = [median_of(&mut heights)?, 0.0, 0.0];
    let mut reach = 120.0_f64;
    for _ in 0..12 {
        let mut rows = [[0.0; 4]; 3];
        for (terms, height) in &cells {
            let off: f64 = height - terms.iter().zip(&level).map(|(t, l)| t * l).sum::<f64>();
            if off.abs() > reach {
                continue;
            }
            for (row, left) in rows.iter_mut().zip(terms) {
                for (sum, right) in row.iter_mut().zip(terms.iter().chain([height])) {
                    *sum += left * right;
                }
            }
        }
        level = solve(rows)?;
        reach = (reach * 0.75).max(10.0);
    }
    Some(level)
}
