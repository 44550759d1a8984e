//! Where did the ejector hit the head?
//!
//! It leaves a flat impression in the head's face that is wider than any stroke of the stamped letters. The
//! face has a form that most of it agrees on, like the primer's; what lies a little below it, is wide enough
//! and has an edge is the mark.

use super::inside::{fill_holes, largest, within};
use super::patches::{Patch, close, grow, open, patches, shrink};
use super::plateau::solve;
use super::relief::{Relief, median_of};
use ndarray::Array2;

/// The face is looked at from this distance beyond its beginning, in micrometres: its edge is rounded.
const EDGE: f64 = 80.0;
/// What is this far below the face is not its texture, in micrometres; deeper than the second, it is no mark.
const DEPTHS: (f64, f64) = (4.0, 80.0);
/// The first in robust standard deviations of the texture, where that is more.
const DEVIATIONS: f64 = 2.0;
/// Strokes of letters are narrower than twice this, in micrometres.
const STROKE: f64 = 130.0;
/// Gaps that are narrower than twice this belong to the mark, in micrometres.
const GAP: f64 = 30.0;
/// Least and greatest area of a mark, in square micrometres.
const AREA: (f64, f64) = (90_000.0, 1_500_000.0);
/// Least share of the mark's cells that are near its middle depth, and how near, in micrometres.
const EVEN: (f64, f64) = (0.7, 8.0);
/// The edge: how much higher the face is this far outside than this far inside, in micrometres.
const STEP: f64 = 5.0;
const ASIDE: f64 = 60.0;
/// Terms of a polynomial of the second degree.
const TERMS: usize = 6;

/// The ejector's mark on `face`, the cells of the head's face; none where there is none.
pub(super) fn find_ejector(departures: &Relief, face: &Array2<bool>) -> Array2<bool> {
    let none = Array2::from_elem(departures.dim(), false);
    let inner = shrink(face, EDGE / departures.spacing);
    let Some(level) = form(departures, &inner) else { return none };
    let depth = |(row, column): (usize, usize)| {
        let terms = terms(departures.place(row, column));
        terms.iter().zip(&level).map(|(term, factor)| term * factor).sum::<f64>()
            - f64::from(departures.heights[[row, column]])
    };
    let measured = |cell: (usize, usize)| inner[cell] && departures.mask[cell];
    let mut off: Vec<f64> = inner
        .indexed_iter()
        .filter(|&(cell, _)| measured(cell))
        .map(|(cell, _)| depth(cell).abs())
        .collect();
    let Some(deviation) = median_of(&mut off).map(|median| median / 0.6745) else { return none };
    let least = (DEVIATIONS * deviation).max(DEPTHS.0);
    let below = Array2::from_shape_fn(departures.dim(), |cell| {
        measured(cell) && (least..DEPTHS.1).contains(&depth(cell))
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
    let edged = |patch: &Patch| {
        let mask = patch.mask(departures.dim());
        let within_edge = shrink(&mask, cells(ASIDE));
        let outside = grow(&mask, cells(ASIDE));
        let mut inner_depths: Vec<f64> = patch
            .cells
            .iter()
            .filter(|&&cell| within_edge[cell])
            .map(|&cell| depth(cell))
            .collect();
        let further = grow(&outside, 2.0);
        let mut outer_depths: Vec<f64> = further
            .indexed_iter()
            .filter(|&(cell, &near)| near && !outside[cell] && measured(cell))
            .map(|(cell, _)| depth(cell))
            .collect();
        match (median_of(&mut inner_depths), median_of(&mut outer_depths)) {
            (Some(inner), Some(outer)) => inner - outer > STEP && outer < least,
            (None, _) | (_, None) => false,
        }
    };
    let marks = patches(&wide).into_iter().filter(|patch| {
        let size = patch.cells.len() as f64 * area;
        (AREA.0..AREA.1).contains(&size) && even(patch) && edged(patch)
    });
    // There is one ejector.
    largest(marks.collect()).map_or(none, |patch| fill_holes(&patch.mask(departures.dim())))
}

/// 1, x, y, xx, xy, yy with lengths in millimetres.
fn terms((x, y): (f64, f64)) -> [f64; TERMS] {
    let (x, y) = (x / 1e3, y / 1e3);
    [1.0, x, y, x * x, x * y, y * y]
}

/// The form of the face: least squares on what is near the last, from the median on.
fn form(departures: &Relief, face: &Array2<bool>) -> Option<[f64; TERMS]> {
    let cells: Vec<([f64; TERMS], f64)> = face
        .indexed_iter()
        .filter(|&(cell, &inside)| inside && departures.mask[cell])
        .map(|((row, column), _)| {
            let height = f64::from(departures.heights[[row, column]]);
            (terms(departures.place(row, column)), height)
        })
        .collect();
    if cells.len() < 200 {
        return None;
    }
    let mut heights: Vec<f64> = cells.iter().map(|cell| cell.1).collect();
    let mut level = [0.0; TERMS];
    level[0] = median_of(&mut heights)?;
    let mut reach = 120.0_f64;
    for _ in 0..14 {
        let mut rows = [[0.0; TERMS + 1]; TERMS];
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
        reach = (reach * 0.75).max(8.0);
    }
    Some(level)
}
