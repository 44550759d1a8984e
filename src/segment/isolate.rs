//! What of a head is one mark?
//!
//! The surface cropped about it, with everything missing that is not the mark: what a signature is extracted
//! from. Heights are as they were measured. The breech face lies about the primer's middle, which stays where it is
//! when a part of the face is out of view; every other mark about its own.

use super::{SegmentError, Segmented};
use crate::surface::{Region, Regions, Surface};
use crate::units::Length;
use ndarray::Array2;

/// The samples of one part of a head: of the breech face about the primer's middle, of any other about its own.
///
/// # Errors
/// A region without a measured sample.
pub fn isolate(
    surface: &Surface,
    segmented: &Segmented,
    region: Region,
) -> Result<Surface, SegmentError> {
    if region != Region::BreechFace {
        return isolate_region(surface, &segmented.regions, region);
    }
    let spacing = surface.spacing();
    let middle = |place: Length, step, count: usize| {
        (place.ratio(step) + (count - 1) as f64 / 2.0).round() as isize
    };
    let row = middle(segmented.primer.y, spacing.y, surface.rows());
    let column = middle(segmented.primer.x, spacing.x, surface.columns());
    about(surface, &segmented.regions, region, [row, column])
}

/// The samples of a region, in the smallest frame that holds those that were measured; see [`isolate`].
///
/// # Errors
/// A region without a measured sample.
pub fn isolate_region(
    surface: &Surface,
    regions: &Regions,
    region: Region,
) -> Result<Surface, SegmentError> {
    let of_region = |&((r, c), label): &((usize, usize), &Option<Region>)| {
        *label == Some(region) && surface.mask()[[r, c]]
    };
    let places = || regions.labels().indexed_iter().filter(of_region).map(|(place, _)| place);
    let nothing = SegmentError::NotInView { region: region.name() };
    let ends = |of: &dyn Fn((usize, usize)) -> usize| {
        let least = places().map(of).min()?;
        places().map(of).max().map(|most| (least.midpoint(most)) as isize)
    };
    match (ends(&|place| place.0), ends(&|place| place.1)) {
        (Some(row), Some(column)) => about(surface, regions, region, [row, column]),
        _ => Err(nothing),
    }
}

/// The samples of one region, in a frame about a sample which holds all of the region.
///
/// Where the region reaches the scan's edge, the frame goes on with missing samples. Shape of the result: odd along both
/// axes.
fn about(
    surface: &Surface,
    regions: &Regions,
    region: Region,
    [row, column]: [isize; 2],
) -> Result<Surface, SegmentError> {
    let (rows, columns) = (surface.rows(), surface.columns());
    let (mut down, mut across) = (0, 0);
    let mut empty = true;
    for ((r, c), label) in regions.labels().indexed_iter() {
        if *label == Some(region) && surface.mask()[[r, c]] {
            down = down.max((r as isize - row).unsigned_abs());
            across = across.max((c as isize - column).unsigned_abs());
            empty = false;
        }
    }
    if empty {
        return Err(SegmentError::NotInView { region: region.name() });
    }
    let dim = (2 * down + 1, 2 * across + 1);
    let mut heights = Array2::zeros(dim);
    let mut mask = Array2::from_elem(dim, false);
    // The part of the frame that is in the scan.
    let part = |middle: isize, reach: usize, count: usize| {
        let first = middle - reach as isize;
        let from = first.max(0);
        let to = (middle + reach as isize + 1).min(count as isize);
        (from as usize..to.max(from) as usize, (from - first) as usize)
    };
    let (of_rows, top) = part(row, down, rows);
    let (of_columns, left) = part(column, across, columns);
    for (r, to_row) in of_rows.zip(top..) {
        for (c, to_column) in of_columns.clone().zip(left..) {
            if regions.labels()[[r, c]] == Some(region) && surface.mask()[[r, c]] {
                heights[[to_row, to_column]] = surface.heights()[[r, c]];
                mask[[to_row, to_column]] = true;
            }
        }
    }
    Ok(Surface::new(heights, mask, surface.spacing(), surface.kind())
        .expect("samples of a surface are a surface"))
}
