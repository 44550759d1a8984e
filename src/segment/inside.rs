//! What lies within the breech face: flowback, and the firing pin's impression?
//!
//! The largest patch inside the primer's flat that is not near its form: metal that flowed back stands
//! above, the pin's impression lies below, and the walls of both may not have been measured.

use super::centre::Ring;
use super::patches::{Patch, close, grow, open, patches};
use super::relief::Relief;
use ndarray::{Array2, Zip};

/// What is this far below the form, in micrometres, was pressed in by the pin.
const PIN_DEPTH: f32 = 30.0;
/// Gaps narrower than twice this belong to what is around them, in micrometres.
const CLOSING: f64 = 40.0;
/// Strands of disturbed metal narrower than twice this are texture and not aperture, in micrometres.
const OPENING: f64 = 30.0;

/// The middle of a primer, cell by cell.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    /// True where the flat is disturbed: flowback and pin.
    pub(super) aperture: Array2<bool>,
    /// True where the pin was.
    pub(super) pin: Array2<bool>,
}

/// Looks within `enclosed`, the cells inside the flat's end.
pub(super) fn look_inside(
    departures: &Relief,
    enclosed: &Array2<bool>,
    ring: Ring,
    tolerance: f64,
    margin: f64,
) -> Inside {
    let dim = departures.dim();
    let cells = |length: f64| length / departures.spacing;
    let mut disturbed = Array2::from_elem(dim, false);
    Zip::from(&mut disturbed)
        .and(&departures.heights)
        .and(&departures.mask)
        .and(enclosed)
        .for_each(|disturbed, &height, &valid, &enclosed| {
            *disturbed = enclosed && !(valid && f64::from(height.abs()) < tolerance);
        });
    let whole = open(&close(&disturbed, cells(CLOSING)), cells(OPENING));
    let none =
        || Inside { aperture: Array2::from_elem(dim, false), pin: Array2::from_elem(dim, false) };
    let Some(patch) = largest(patches(&within(&whole, enclosed))) else { return none() };
    // A dent at the edge is no aperture.
    let (x, y) = middle(departures, &patch);
    if ((x - ring.x).powi(2) + (y - ring.y).powi(2)).sqrt() > 0.6 * ring.radius {
        return none();
    }
    let filled = fill_holes(&patch.mask(dim));
    let aperture = within(&grow(&filled, cells(margin)), enclosed);
    let mut deep = Array2::from_elem(dim, false);
    Zip::from(&mut deep).and(&departures.heights).and(&departures.mask).and(&aperture).for_each(
        |deep, &height, &valid, &aperture| *deep = aperture && (!valid || height < -PIN_DEPTH),
    );
    let pin = largest(patches(&open(&deep, cells(OPENING))))
        .map_or_else(|| Array2::from_elem(dim, false), |patch| fill_holes(&patch.mask(dim)));
    Inside { pin: within(&pin, &aperture), aperture }
}

/// Where a patch lies on average.
fn middle(relief: &Relief, patch: &Patch) -> (f64, f64) {
    let count = patch.cells.len() as f64;
    let sum = patch.cells.iter().fold((0.0, 0.0), |sum, &(row, column)| {
        let (x, y) = relief.place(row, column);
        (sum.0 + x, sum.1 + y)
    });
    (sum.0 / count, sum.1 / count)
}

/// The patch with most cells, the first of equals.
pub(super) fn largest(found: Vec<Patch>) -> Option<Patch> {
    found.into_iter().rev().max_by_key(|patch| patch.cells.len())
}

/// What is true in both.
pub(super) fn within(mask: &Array2<bool>, limit: &Array2<bool>) -> Array2<bool> {
    let mut both = mask.clone();
    Zip::from(&mut both).and(limit).for_each(|inside, &limit| *inside &= limit);
    both
}

/// The mask with everything that it encloses.
pub(super) fn fill_holes(mask: &Array2<bool>) -> Array2<bool> {
    let (rows, columns) = mask.dim();
    let outside = mask.mapv(|inside| !inside);
    let mut filled = Array2::from_elem(mask.dim(), true);
    for patch in patches(&outside) {
        let open = patch.cells.iter().any(|&(row, column)| {
            row == 0 || column == 0 || row + 1 == rows || column + 1 == columns
        });
        if open {
            for cell in patch.cells {
                filled[cell] = false;
            }
        }
    }
    filled
}
