//! Which part of the flowback was sheared?
//!
//! The aperture's edge leaves parallel striations: there the slopes of the surface point across them and not
//! along. Cell by cell the covariance of slopes over a window says how strongly (the structure tensor, Bigun
//! and Granlund 1987); where most of the flowback that has a direction agrees on one, that is the shear.

use super::inside::within;
use super::patches::{close, grow, open, patches};
use super::relief::{Reading, Relief};
use crate::surface::Surface;
use ndarray::{Array2, Array3, Axis, Slice};

/// Half the window, in micrometres.
const REACH: f64 = 100.0;
/// Least difference of the two variances of slopes, as a share of their sum, of a striated cell.
const COHERENCE: f64 = 0.4;
/// Greatest angle of a cell's striations to those of the whole, in radians.
const AGREEMENT: f64 = 0.35;
/// Least area of a mark, in square micrometres, and as a share of the flowback.
const LEAST_AREA: f64 = 60_000.0;
const LEAST_SHARE: f64 = 0.12;
/// Steeper ground is the wall of flowback or pit, whose slopes have a direction of their own.
const WALL: f64 = 0.15;
/// What is this near to striations is of the mark if it is flowback: half the window, in micrometres.
const NEAR: f64 = 60.0;
/// Gaps narrower than twice this belong to the mark, strands narrower than that do not, in micrometres.
const SMOOTHING: f64 = 50.0;

/// The sheared cells of `flowback`; none where there is no shear.
pub(super) fn find_shear(
    surface: &Surface,
    relief: &Relief,
    flowback: &Array2<bool>,
) -> Array2<bool> {
    let dim = relief.dim();
    let none = Array2::from_elem(dim, false);
    let level = Array2::from_shape_fn(dim, |cell| flowback[cell] && slope(relief, cell) < WALL);
    let tensors = window(slopes(surface, relief, &level), (REACH / relief.spacing) as usize);
    // Twice the angle, so that both ways along a striation are one.
    let direction = |cell: (usize, usize)| {
        let sum = |index: usize| tensors[[index, cell.0, cell.1]];
        let count = sum(0);
        if count < 20.0 {
            return None;
        }
        let (x, y) = (sum(1) / count, sum(2) / count);
        let (xx, xy, yy) = (sum(3) / count - x * x, sum(4) / count - x * y, sum(5) / count - y * y);
        let (along, aside) = (xx - yy, 2.0 * xy);
        let strength = (along * along + aside * aside).sqrt();
        (strength > COHERENCE * (xx + yy)).then(|| (along / strength, aside / strength))
    };
    let mut directions = Array2::from_elem(dim, None);
    let (mut mean, mut whole) = ((0.0, 0.0), 0_usize);
    for (cell, inside) in level.indexed_iter() {
        if *inside {
            whole += 1;
            directions[cell] = direction(cell);
            if let Some((along, aside)) = directions[cell] {
                mean = (mean.0 + along, mean.1 + aside);
            }
        }
    }
    let length = (mean.0 * mean.0 + mean.1 * mean.1).sqrt();
    if length <= 0.0 {
        return none;
    }
    let least = libm::cos(2.0 * AGREEMENT);
    let agreeing = directions.mapv(|direction| {
        direction.is_some_and(|(along, aside)| along * mean.0 + aside * mean.1 > least * length)
    });
    let cells = |length: f64| length / relief.spacing;
    let mark = open(&close(&agreeing, cells(SMOOTHING)), cells(SMOOTHING));
    // On both sides of the pin, so of one patch or several; small ones are chance.
    let area = |count: usize| count as f64 * relief.spacing * relief.spacing;
    let found = patches(&within(&mark, flowback));
    let greatest = found.iter().map(|patch| patch.cells.len()).max().unwrap_or(0);
    if area(greatest) < LEAST_AREA || (greatest as f64) < LEAST_SHARE * whole as f64 {
        return none;
    }
    let mut sheared = none;
    for patch in found.iter().filter(|patch| area(patch.cells.len()) > LEAST_AREA / 2.0) {
        for &cell in &patch.cells {
            sheared[cell] = true;
        }
    }
    within(&grow(&close(&sheared, cells(NEAR)), cells(NEAR)), flowback)
}

/// Slope of the relief at a cell; beyond measure where it was not measured.
fn slope(relief: &Relief, (row, column): (usize, usize)) -> f64 {
    let (x, y) = relief.place(row, column);
    let step = relief.spacing;
    let read = |right: f64, down: f64| match relief.read(x + right * step, y + down * step) {
        Reading::Height(height) => height,
        Reading::Missing | Reading::Outside => f64::INFINITY,
    };
    let along = read(1.0, 0.0) - read(-1.0, 0.0);
    let across = read(0.0, 1.0) - read(0.0, -1.0);
    let slope = (along * along + across * across).sqrt() / (2.0 * step);
    if slope.is_nan() { f64::INFINITY } else { slope }
}

/// Sums over each cell's samples of 1, the slopes along x and y, their squares and product.
fn slopes(surface: &Surface, relief: &Relief, wanted: &Array2<bool>) -> Array3<f64> {
    let dim = relief.dim();
    let mut sums = Array3::zeros((6, dim.0, dim.1));
    let spacing = surface.spacing();
    let (rows, columns) = (surface.rows(), surface.columns());
    let (heights, mask) = (surface.heights(), surface.mask());
    let (step_x, step_y) = (spacing.x.micrometres(), spacing.y.micrometres());
    let cell_rows = relief.rows(rows, spacing.y);
    let cell_columns = relief.columns(columns, spacing.x);
    // What has neighbours on every side.
    for (row, (_, cell_row)) in (1..rows.saturating_sub(1)).zip(cell_rows.into_iter().skip(1)) {
        let Some(cell_row) = cell_row else { continue };
        for (column, &(_, cell_column)) in
            (1..columns.saturating_sub(1)).zip(cell_columns.iter().skip(1))
        {
            let Some(cell) = cell_column.map(|column| [cell_row, column]) else { continue };
            if !wanted[cell] {
                continue;
            }
            let around =
                [[row, column - 1], [row, column + 1], [row - 1, column], [row + 1, column]];
            if around.iter().any(|&near| !mask[near]) {
                continue;
            }
            let [left, right, up, down] = around.map(|near| heights[near] * 1e6);
            let (x, y) = ((right - left) / (2.0 * step_x), (down - up) / (2.0 * step_y));
            for (index, value) in [1.0, x, y, x * x, x * y, y * y].into_iter().enumerate() {
                sums[[index, cell[0], cell[1]]] += value;
            }
        }
    }
    sums
}

/// Sums over (2 reach + 1) cells along both axes.
fn window(mut sums: Array3<f64>, reach: usize) -> Array3<f64> {
    let reach = reach as isize;
    for mut field in sums.outer_iter_mut() {
        for axis in [Axis(0), Axis(1)] {
            let values = field.to_owned();
            field.fill(0.0);
            let count = values.len_of(axis) as isize;
            for aside in (-reach..=reach).filter(|aside| aside.abs() < count) {
                // The value that lies so far aside, wherever there is one.
                let (to, from) = (
                    Slice::from(0.max(-aside)..count.min(count - aside)),
                    Slice::from(0.max(aside)..count.min(count + aside)),
                );
                field
                    .slice_axis_mut(axis, to)
                    .zip_mut_with(&values.slice_axis(axis, from), |sum, value| *sum += value);
            }
        }
    }
    sums
}
