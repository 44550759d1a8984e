//! What is form and what is texture where the ground is steep or small, as in a firing pin's impression?
//!
//! A plane does not follow a pit, and a filter that only averages leans over its walls. The robust Gaussian regression filter
//! of second degree (ISO 16610-71) follows both to the edge, and specks do not pull it (Zhang et al. 2021 do the same with
//! firing pins). What is too steep to have been measured well, and the rim, where the mark's edge is rounded, are left
//! out. Not for breech faces, whose ground is flat: there the plane and the L-filter do.

use crate::filter::regression::{Order, Weighting, regress_surface};
use crate::parameters::FormRemoval;
use crate::surface::Surface;
use ndarray::Array2;

/// The surface without its form: heights are distances from it, and what is steep or at the rim is missing.
///
/// Cost: some tenths of a second for a firing pin of 200 by 200 samples.
#[must_use]
pub fn remove_form(surface: &Surface, parameters: &FormRemoval) -> Surface {
    let form = regress_surface(surface, parameters.cutoff, Order::Quadratic, Weighting::Robust);
    let spacing = surface.spacing();
    let inner = away_from_rim(surface, parameters);
    let (rows, columns) = (surface.rows(), surface.columns());
    let steepest = libm::tan(parameters.greatest_slope.radians());
    let slope = |before: usize, after: usize, step: f64, at: &dyn Fn(usize) -> f64| {
        (at(after) - at(before)) / (step * (after - before).max(1) as f64)
    };
    let mut mask = Array2::from_elem((rows, columns), false);
    let mut heights = Array2::zeros((rows, columns));
    for ((row, column), valid) in mask.indexed_iter_mut() {
        if !inner[[row, column]] {
            continue;
        }
        let around =
            |place: usize, count: usize| (place.saturating_sub(1), (place + 1).min(count - 1));
        let (left, right) = around(column, columns);
        let (up, down) = around(row, rows);
        let x = slope(left, right, spacing.x.metres(), &|column| form.heights[[row, column]]);
        let y = slope(up, down, spacing.y.metres(), &|row| form.heights[[row, column]]);
        if (x * x + y * y).sqrt() <= steepest {
            *valid = true;
            heights[[row, column]] = surface.heights()[[row, column]] - form.heights[[row, column]];
        }
    }
    Surface::new(heights, mask, spacing, surface.kind())
        .expect("finite heights of a surface's frame are a surface")
}

/// Measured samples of whose surroundings enough was measured; beyond the frame nothing was.
fn away_from_rim(surface: &Surface, parameters: &FormRemoval) -> Array2<bool> {
    let (rows, columns) = (surface.rows(), surface.columns());
    // sums[[r, c]] is the number of measured samples above row r and left of column c.
    let mut sums = Array2::<usize>::zeros((rows + 1, columns + 1));
    for ((row, column), &valid) in surface.mask().indexed_iter() {
        sums[[row + 1, column + 1]] =
            usize::from(valid) + sums[[row, column + 1]] + sums[[row + 1, column]]
                - sums[[row, column]];
    }
    let spacing = surface.spacing();
    let reach = |step| parameters.margin.ratio(step).round().max(0.0) as usize;
    let (down, across) = (reach(spacing.y), reach(spacing.x));
    let wanted = parameters.least_surroundings * ((2 * down + 1) * (2 * across + 1)) as f64;
    Array2::from_shape_fn((rows, columns), |(row, column)| {
        let (top, bottom) = (row.saturating_sub(down), (row + down + 1).min(rows));
        let (left, right) = (column.saturating_sub(across), (column + across + 1).min(columns));
        let found =
            sums[[bottom, right]] + sums[[top, left]] - sums[[top, right]] - sums[[bottom, left]];
        surface.mask()[[row, column]] && found as f64 >= wanted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::{Kind, Spacing};
    use crate::units::Length;

    #[test]
    fn the_texture_of_a_pit_is_left_to_its_rim() {
        let spacing = Spacing::square(Length::from_micrometres(6.25));
        let texture = |x: f64, y: f64| libm::sin(x / 7.0) * libm::cos(y / 9.0);
        let radius = 450.0;
        let place = |index: usize| (index as f64 - 80.0) * 6.25;
        let heights = Array2::from_shape_fn((161, 161), |(row, column)| {
            let (x, y) = (place(column), place(row));
            let out = (x * x + y * y).sqrt() / radius;
            // A bowl of 200 um, tilted.
            let form = 200.0 * out * out + 0.1 * x;
            if out < 1.0 { (form + texture(x, y)) / 1e6 } else { f64::NAN }
        });
        let pit = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
        let parameters = FormRemoval::default();
        let found = remove_form(&pit, &parameters);
        let (mut samples, mut worst) = (0, 0.0_f64);
        for ((row, column), &valid) in found.mask().indexed_iter() {
            if valid {
                let error =
                    found.heights()[[row, column]] * 1e6 - texture(place(column), place(row));
                worst = worst.max(error.abs());
                samples += 1;
            }
        }
        let whole = pit.valid_count();
        // Waves of 40 to 60 um pass nearly whole; the rim of 40 um is given up.
        assert!(worst < 0.25, "{worst} um");
        assert!(samples * 10 > whole * 7, "{samples} of {whole}");
    }

    #[test]
    fn steep_walls_are_left_out() {
        let spacing = Spacing::square(Length::from_micrometres(6.25));
        let heights = Array2::from_shape_fn((120, 120), |(_, column)| {
            // Level, then a wall of 60 degrees.
            let x = (column as f64 - 60.0) * 6.25;
            x.max(0.0) * 60.0_f64.to_radians().tan() / 1e6
        });
        let wall = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
        let found = remove_form(&wall, &FormRemoval::default());
        assert!(found.mask()[[60, 20]] && !found.mask()[[60, 100]]);
    }
}
