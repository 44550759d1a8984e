//! Which form did the primer have before the breech face pressed its texture into it?
//!
//! A plane or a slight dome: a polynomial of the second degree. It is found where most of a ring inside
//! the primer's edge agrees, first as the plane with the least quantile of absolute residuals
//! (Rousseeuw 1984) over drawn triples, then by least squares on what lies near, again and again. So
//! neither the firing pin nor flowback nor the shoulder bends it.

use super::centre::Ring;
use super::relief::{Relief, place_of, quantile_of};
use crate::units::Angle;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The ring that is looked at, as shares of the primer's radius.
const RING: (f64, f64) = (0.5, 0.97);
/// The share of it that has to lie near the plane.
const SHARE: f64 = 0.3;
/// Number of planes that are tried.
const TRIES: usize = 400;
/// Number of cells that a plane is tried on.
const SAMPLED: usize = 2_500;
/// Steeper planes are no primer.
const GREATEST_SLOPE: f64 = 0.2;
/// Number of times that the form is fitted to what lies near the last.
const ROUNDS: usize = 10;
/// Terms of a polynomial of the second degree.
const TERMS: usize = 6;
/// Least and greatest distance from the form that may be texture, in micrometres.
const TOLERANCE: (f64, f64) = (8.0, 40.0);
/// That distance in robust standard deviations of the texture.
const DEVIATIONS: f64 = 3.5;

/// The primer's form.
#[derive(Clone, Debug)]
pub(super) struct Form {
    centre: (f64, f64),
    terms: [f64; TERMS],
    /// How far from it a cell may lie and still be breech face, in micrometres.
    pub(super) tolerance: f64,
    /// Share of the ring's cells that do.
    pub(super) share: f64,
}

impl Form {
    /// Its height at a point, in micrometres.
    pub(super) fn height(&self, x: f64, y: f64) -> f64 {
        let terms = terms(x - self.centre.0, y - self.centre.1);
        terms.iter().zip(&self.terms).map(|(term, factor)| term * factor).sum()
    }

    /// Its slant at the primer's centre.
    pub(super) fn tilt(&self) -> Angle {
        // Micrometres a millimetre.
        let (x, y) = (self.terms[1] / 1e3, self.terms[2] / 1e3);
        Angle::from_radians(libm::atan((x * x + y * y).sqrt()))
    }

    /// The relief as departures from the form.
    pub(super) fn departures(&self, relief: &Relief) -> Relief {
        let mut departures = relief.clone();
        for (((row, column), height), &valid) in
            departures.heights.indexed_iter_mut().zip(&relief.mask)
        {
            if valid {
                let (x, y) = relief.place(row, column);
                *height -= self.height(x, y) as f32;
            }
        }
        departures
    }
}

/// 1, x, y, xx, xy, yy with lengths in millimetres.
fn terms(x: f64, y: f64) -> [f64; TERMS] {
    let (x, y) = (x / 1e3, y / 1e3);
    [1.0, x, y, x * x, x * y, y * y]
}

/// A measured cell: its terms and height.
struct Cell {
    terms: [f64; TERMS],
    height: f64,
}

/// The form of the primer within `primer`; `None` where there is none.
pub(super) fn fit_form(relief: &Relief, primer: Ring) -> Option<Form> {
    let mut cells = Vec::new();
    for ((row, column), &valid) in relief.mask.indexed_iter() {
        let (x, y) = relief.place(row, column);
        let (x, y) = (x - primer.x, y - primer.y);
        let share = (x * x + y * y).sqrt() / primer.radius;
        if valid && share > RING.0 && share < RING.1 {
            let height = f64::from(relief.heights[[row, column]]);
            cells.push(Cell { terms: terms(x, y), height });
        }
    }
    if cells.len() < 200 {
        return None;
    }
    let (plane, quantile) = steadiest_plane(&cells)?;
    let mut form = [plane[0], plane[1], plane[2], 0.0, 0.0, 0.0];
    let mut deviation = core_deviation(quantile);
    let (mut tolerance, mut share) = (0.0, 0.0);
    let mut off: Vec<f64> = cells.iter().map(|cell| residual(cell, &form).abs()).collect();
    let mut ordered = Vec::with_capacity(cells.len());
    for _ in 0..ROUNDS {
        tolerance = (DEVIATIONS * deviation).clamp(TOLERANCE.0, TOLERANCE.1);
        let near = || cells.iter().zip(&off).filter(|(_, off)| **off < tolerance);
        share = near().count() as f64 / cells.len() as f64;
        form = least_squares(near().map(|(cell, _)| cell))?;
        off.clear();
        off.extend(cells.iter().map(|cell| residual(cell, &form).abs()));
        ordered.clone_from(&off);
        deviation = core_deviation(quantile_of(&mut ordered, SHARE)?);
    }
    Some(Form { centre: (primer.x, primer.y), terms: form, tolerance, share })
}

/// The texture's standard deviation by the least quantile of residuals. About half of the ring is flat, so
/// three tenths of it are six tenths of the flat, which a normal distribution has within 0.84 deviations.
/// A deviation of all that lies near would grow from round to round, and the shoulder bend the form.
fn core_deviation(quantile: f64) -> f64 {
    (quantile / 0.84).max(2.0)
}

fn residual(cell: &Cell, form: &[f64; TERMS]) -> f64 {
    cell.height - cell.terms.iter().zip(form).map(|(term, factor)| term * factor).sum::<f64>()
}

/// The plane that the nearest share of cells lies nearest to, and how near.
fn steadiest_plane(cells: &[Cell]) -> Option<([f64; 3], f64)> {
    let mut draws = ChaCha8Rng::seed_from_u64(0);
    let mut draw = || (draws.next_u64() % cells.len() as u64) as usize;
    let point = |cell: &Cell| (cell.terms[1], cell.terms[2], cell.height);
    let sampled: Vec<(f64, f64, f64)> = if cells.len() <= SAMPLED {
        cells.iter().map(point).collect()
    } else {
        (0..SAMPLED).map(|_| point(&cells[draw()])).collect()
    };
    let mut best: Option<([f64; 3], f64)> = None;
    let mut residuals = Vec::with_capacity(sampled.len());
    let place = place_of(sampled.len(), SHARE);
    for _ in 0..TRIES {
        let [a, b, c] = [(); 3].map(|()| &cells[draw()]);
        let Some(plane) = through(a, b, c) else { continue };
        // Micrometres a millimetre.
        if (plane[1] * plane[1] + plane[2] * plane[2]).sqrt() > GREATEST_SLOPE * 1e3 {
            continue;
        }
        residuals.clear();
        residuals.extend(
            sampled
                .iter()
                .map(|(x, y, height)| (height - (plane[0] + plane[1] * x + plane[2] * y)).abs()),
        );
        // Few planes are better than all before: to count is enough to tell that one is not.
        if let Some((_, least)) = best
            && residuals.iter().filter(|residual| **residual < least).count() <= place
        {
            continue;
        }
        best = Some((plane, quantile_of(&mut residuals, SHARE)?));
    }
    best
}

/// The plane through three cells, unless they are nearly on a line.
fn through(a: &Cell, b: &Cell, c: &Cell) -> Option<[f64; 3]> {
    let from = |cell: &Cell| {
        (cell.terms[1] - a.terms[1], cell.terms[2] - a.terms[2], cell.height - a.height)
    };
    let (first, second) = (from(b), from(c));
    let area = first.0 * second.1 - first.1 * second.0;
    if area.abs() < 0.1 {
        return None;
    }
    let along_x = (first.2 * second.1 - second.2 * first.1) / area;
    let along_y = (second.2 * first.0 - first.2 * second.0) / area;
    Some([a.height - along_x * a.terms[1] - along_y * a.terms[2], along_x, along_y])
}

/// The polynomial with the least squared residuals.
fn least_squares<'a>(cells: impl Iterator<Item = &'a Cell>) -> Option<[f64; TERMS]> {
    let mut matrix = [[0.0; TERMS + 1]; TERMS];
    for Cell { terms: [_, x, y, xx, xy, yy], height } in cells {
        let right = [1.0, *x, *y, *xx, *xy, *yy, *height];
        for (row, left) in matrix.iter_mut().zip(right) {
            for (sum, right) in row.iter_mut().zip(right) {
                *sum += left * right;
            }
        }
    }
    solve(matrix)
}

/// Solves a small system of linear equations, the right side in the last column, by elimination with
/// pivots; `None` where it has no single solution.
pub(super) fn solve<const N: usize, const M: usize>(mut rows: [[f64; M]; N]) -> Option<[f64; N]> {
    debug_assert_eq!(N + 1, M);
    for pivot in 0..N {
        let best = (pivot..N)
            .max_by(|a, b| rows[*a][pivot].abs().total_cmp(&rows[*b][pivot].abs()))
            .unwrap_or(pivot);
        rows.swap(pivot, best);
        let divisor = rows[pivot][pivot];
        if divisor.abs() < 1e-12 {
            return None;
        }
        for row in 0..N {
            if row == pivot {
                continue;
            }
            let factor = rows[row][pivot] / divisor;
            let (from, of) = if row < pivot {
                let (left, right) = rows.split_at_mut(pivot);
                (right[0], &mut left[row])
            } else {
                let (left, right) = rows.split_at_mut(row);
                (left[pivot], &mut right[0])
            };
            for (value, taken) in of.iter_mut().zip(&from).skip(pivot) {
                *value -= factor * taken;
            }
        }
    }
    let mut solution = [0.0; N];
    for (index, value) in solution.iter_mut().enumerate() {
        *value = rows[index][N] / rows[index][index];
    }
    Some(solution)
}
