//! What of a head is one mark?
//!
//! The surface cropped about the primer, with everything missing that is not the mark: what a signature
//! is extracted from. Heights are as they were measured.

use super::{SegmentError, Segmented};
use crate::surface::{Region, Surface};
use crate::units::Length;
use ndarray::Array2;

/// The samples of one region, in a frame whose centre is the primer's and which holds all of the region.
///
/// The centre is kept to half a sample; where the region reaches the scan's edge, the frame goes on with
/// missing samples. Shape of the result: odd along both axes.
///
/// # Errors
/// A region without a measured sample.
pub fn isolate(
    surface: &Surface,
    segmented: &Segmented,
    region: Region,
) -> Result<Surface, SegmentError> {
    let spacing = surface.spacing();
    let (rows, columns) = (surface.rows(), surface.columns());
    let middle = |place: Length, step, count: usize| {
        (place.ratio(step) + (count - 1) as f64 / 2.0).round() as isize
    };
    let row = middle(segmented.primer.y, spacing.y, rows);
    let column = middle(segmented.primer.x, spacing.x, columns);
    let (mut down, mut across) = (0, 0);
    let mut empty = true;
    for ((r, c), label) in segmented.regions.labels().indexed_iter() {
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
            if segmented.regions.labels()[[r, c]] == Some(region) && surface.mask()[[r, c]] {
                heights[[to_row, to_column]] = surface.heights()[[r, c]];
                mask[[to_row, to_column]] = true;
            }
        }
    }
    Ok(Surface::new(heights, mask, spacing, surface.kind())
        .expect("samples of a surface are a surface"))
}
