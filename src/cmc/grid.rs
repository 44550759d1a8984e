//! Where are the cells?

use crate::correlate::Field;
use crate::parameters::CongruentCells;

/// A square part of the gridded surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Row in the grid of cells, from the top.
    pub row: usize,
    /// Column in the grid of cells, from the left.
    pub column: usize,
    /// First row of samples.
    pub top: usize,
    /// First column of samples.
    pub left: usize,
}

/// Samples along a side of a cell.
#[must_use]
pub fn cell_side(field: &Field, parameters: &CongruentCells) -> usize {
    parameters.cell_side.ratio(field.texture().spacing).round().max(2.0) as usize
}

/// Cells with enough measured samples, row by row. As many whole cells as fit lie in the middle of
/// the frame, side by side (Song 2013); one with less than `least_fill` is left out.
#[must_use]
pub fn cells(field: &Field, parameters: &CongruentCells) -> Vec<Cell> {
    let side = cell_side(field, parameters);
    let (rows, columns) = field.dim();
    let margin = |length: usize| (length % side) / 2;
    let least = parameters.least_fill * (side * side) as f64;
    let mut found = Vec::new();
    for row in 0..rows / side {
        for column in 0..columns / side {
            let (top, left) = (margin(rows) + row * side, margin(columns) + column * side);
            let window = ndarray::s![top..top + side, left..left + side];
            if f64::from(field.weights().slice(window).sum()) >= least {
                found.push(Cell { row, column, top, left });
            }
        }
    }
    found
}
