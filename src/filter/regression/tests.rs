//! Do the regression filters do what the clauses and the definition say?

use super::*;
use crate::surface::{Kind, Profile, Spacing, Surface};
use crate::units::Length;
use ndarray::Array2;

const SPACING: Length = Length::from_micrometres(1.0);

fn profile(heights: impl Fn(usize) -> f64, count: usize) -> Profile {
    Profile::from_finite((0..count).map(heights).collect(), SPACING).unwrap()
}

/// A number from -1 to 1 that looks like chance.
fn chance(seed: usize) -> f64 {
    let mixed = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 32)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

#[test]
fn a_wave_of_the_cutoff_passes_at_one_half_and_others_as_the_closed_form_says() {
    let cutoff = 80.0;
    for order in [Order::Constant, Order::Quadratic] {
        for wave in [40.0, 60.0, 80.0, 120.0, 200.0] {
            let phase = |index: usize| std::f64::consts::TAU * index as f64 / wave;
            let profile = profile(|index| 1e-6 * phase(index).sin(), 1200);
            let cutoff = Length::from_micrometres(cutoff);
            let found = regress_profile(&profile, cutoff, order, Weighting::LeastSquares).heights;
            let (mut product, mut square) = (0.0, 0.0);
            for (index, height) in found.iter().enumerate().take(960).skip(240) {
                product += phase(index).sin() * height * 1e6;
                square += phase(index).sin() * phase(index).sin();
            }
            let ratio = (80.0 / wave) * (80.0 / wave);
            let expected = match order {
                Order::Constant => 0.5_f64.powf(ratio),
                Order::Quadratic => {
                    let t = std::f64::consts::PI * order.alpha() * order.alpha() * ratio;
                    (1.0 + t) * (-t).exp()
                }
            };
            let passed = product / square;
            assert!((passed - expected).abs() < 1e-3, "{order:?} {wave}: {passed}, {expected}");
            if (wave - 80.0).abs() < 1e-9 {
                assert!((passed - 0.5).abs() < 5e-4, "{order:?}: {passed}");
            }
        }
    }
}

#[test]
fn a_form_of_second_degree_is_left_as_it_is_to_the_edge() {
    let form = |index: usize| {
        let place = index as f64 - 30.0;
        1e-6 + 2e-8 * place - 3e-10 * place * place
    };
    let holed = |index: usize| if (60..90).contains(&index) { f64::NAN } else { form(index) };
    let cutoff = Length::from_micrometres(50.0);
    for weighting in [Weighting::LeastSquares, Weighting::Robust] {
        let found = regress_profile(&profile(holed, 300), cutoff, Order::Quadratic, weighting);
        for (index, height) in found.heights.iter().enumerate() {
            assert!((height - form(index)).abs() < 1e-15, "{weighting:?} {index}: {height}");
        }
    }
    let plane = |y: usize, x: usize| {
        let (y, x) = (y as f64, x as f64);
        1e-7 * (3.0 + 0.2 * x - 0.1 * y + 0.004 * x * y - 0.003 * x * x + 0.002 * y * y)
    };
    let heights = Array2::from_shape_fn((40, 50), |(y, x)| {
        if (y as f64 - 20.0).hypot(x as f64 - 30.0) < 6.0 { f64::NAN } else { plane(y, x) }
    });
    let spacing = Spacing { x: SPACING, y: Length::from_micrometres(1.5) };
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    let cutoff = Length::from_micrometres(20.0);
    let found = regress_surface(&surface, cutoff, Order::Quadratic, Weighting::LeastSquares);
    for ((y, x), height) in found.heights.indexed_iter() {
        assert!((height - plane(y, x)).abs() < 1e-15, "{y} {x}: {height}");
    }
    assert!(found.support[[20, 30]] < 0.9 && found.support[[5, 5]] > 0.999);
}

#[test]
fn outliers_do_not_move_the_robust_filter() {
    // A constant cannot follow a slope at the ends: there the slope, not the spikes, would be the outlier.
    let form = |order: Order, index: usize| match order {
        Order::Constant => 1e-6,
        Order::Quadratic => 2e-6 * (index as f64 / 90.0).sin(),
    };
    // One in nine is a spike of a hundred times the noise, all to one side.
    let spike = |index: usize| if index % 9 == 4 { 2e-6 } else { 0.0 };
    let cutoff = Length::from_micrometres(60.0);
    for order in [Order::Constant, Order::Quadratic] {
        let filter = |spiky: bool, weighting| {
            let quiet = |index| form(order, index) + 2e-8 * chance(index);
            let heights = |index| quiet(index) + if spiky { spike(index) } else { 0.0 };
            regress_profile(&profile(heights, 600), cutoff, order, weighting)
        };
        let (clean, robust) = (filter(false, Weighting::Robust), filter(true, Weighting::Robust));
        let linear = filter(true, Weighting::LeastSquares);
        let worst = |found: &RegressedProfile| {
            let both = found.heights.iter().zip(&clean.heights);
            both.map(|(found, clean)| (found - clean).abs()).fold(0.0, f64::max)
        };
        assert!(worst(&linear) > 1e-7, "{order:?}: {}", worst(&linear));
        assert!(worst(&robust) < 2e-8, "{order:?}: {}", worst(&robust));
        assert!((4..600).step_by(9).all(|index| robust.weights[index] < 1e-9), "{order:?}");
    }
}

#[test]
fn a_robust_surface_ignores_pits() {
    let quiet = |y: usize, x: usize| 1e-6 * (x as f64 / 20.0).cos() + 1e-8 * chance(y * 1000 + x);
    let surface = |pits: bool| {
        let heights = Array2::from_shape_fn((48, 60), |(y, x)| {
            let pit = pits && (y * 5 + x * 3) % 17 == 0;
            if (x + 2 * y) % 13 == 0 {
                f64::NAN
            } else {
                quiet(y, x) - if pit { 3e-6 } else { 0.0 }
            }
        });
        Surface::from_finite(heights, Spacing::square(SPACING), Kind::Topography).unwrap()
    };
    let cutoff = Length::from_micrometres(25.0);
    let filter = |pits, weighting| {
        regress_surface(&surface(pits), cutoff, Order::Quadratic, weighting).heights
    };
    let clean = filter(false, Weighting::Robust);
    let worst = |found: &Array2<f64>| {
        found.iter().zip(&clean).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    let linear = worst(&filter(true, Weighting::LeastSquares));
    let robust = worst(&filter(true, Weighting::Robust));
    assert!(linear > 1e-7, "{linear}");
    assert!(robust < 1e-8, "{robust}");
}

/// Weighted least squares by elimination with pivots: the definition, written without moments or
/// separation. The Gaussian ends where the filter's does, where it is below a millionth.
fn naive(samples: &[([f64; 2], f64, f64)], width: f64, place: [f64; 2], degree: u32) -> f64 {
    let mut powers = Vec::new();
    for total in 0..=degree {
        powers.extend((0..=total).map(|y| (total - y, y)));
    }
    let size = powers.len();
    let mut rows = vec![vec![0.0; size + 1]; size];
    for &([x, y], height, weight) in samples {
        let (x, y) = (x - place[0], y - place[1]);
        if x.abs().max(y.abs()) > width / ALPHA + 1e-9 {
            continue;
        }
        let gaussian = (-std::f64::consts::PI * (x * x + y * y) / width.powi(2)).exp();
        let basis: Vec<f64> =
            powers.iter().map(|&(a, b)| x.powi(a as i32) * y.powi(b as i32)).collect();
        for row in 0..size {
            for column in 0..size {
                rows[row][column] += weight * gaussian * basis[row] * basis[column];
            }
            rows[row][size] += weight * gaussian * basis[row] * height;
        }
    }
    for column in 0..size {
        let pivot = (column..size)
            .max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))
            .unwrap();
        rows.swap(column, pivot);
        let pivot = rows[column].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            if index != column {
                let share = row[column] / pivot[column];
                row.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= share * pivot);
            }
        }
    }
    rows[0][size] / rows[0][0]
}

#[test]
fn both_filters_are_the_definition() {
    let cutoff = 12.0;
    for (order, degree) in [(Order::Constant, 0), (Order::Quadratic, 2)] {
        let width = order.alpha() * cutoff;
        let heights = |index: usize| {
            if index % 11 == 3 || index < 4 { f64::NAN } else { 1e-6 * chance(index) }
        };
        let line = profile(heights, 90);
        let samples: Vec<_> = (0..90)
            .map(|index| {
                let valid = line.mask()[index];
                ([index as f64, 0.0], line.heights()[index], if valid { 1.0 } else { 0.0 })
            })
            .collect();
        let length = Length::from_micrometres(cutoff);
        let found = regress_profile(&line, length, order, Weighting::LeastSquares);
        for place in 0..90 {
            let wanted = naive_line(&samples, width, place as f64, degree);
            let height = found.heights[place];
            assert!((height - wanted).abs() < 1e-13, "{order:?} {place}: {height}, {wanted}");
        }
        let heights = Array2::from_shape_fn((26, 30), |(y, x)| {
            if (x + y * y) % 7 == 0 || x > 25 && y < 6 {
                f64::NAN
            } else {
                1e-6 * chance(y * 31 + x)
            }
        });
        let spacing = Spacing { x: SPACING, y: Length::from_micrometres(1.25) };
        let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
        let samples: Vec<_> = surface
            .heights()
            .indexed_iter()
            .map(|((y, x), height)| {
                let weight = if surface.mask()[[y, x]] { 1.0 } else { 0.0 };
                ([x as f64, 1.25 * y as f64], *height, weight)
            })
            .collect();
        let found = regress_surface(&surface, length, order, Weighting::LeastSquares);
        for ((y, x), height) in found.heights.indexed_iter() {
            let wanted = naive(&samples, width, [x as f64, 1.25 * y as f64], degree);
            assert!((height - wanted).abs() < 1e-13, "{order:?} {y} {x}: {height}, {wanted}");
        }
    }
}

/// The same along a line: unknowns are powers of x alone.
fn naive_line(samples: &[([f64; 2], f64, f64)], width: f64, place: f64, degree: u32) -> f64 {
    let size = degree as usize + 1;
    let mut rows = vec![vec![0.0; size + 1]; size];
    for &([x, _], height, weight) in samples {
        let x = x - place;
        if x.abs() > width / ALPHA + 1e-9 {
            continue;
        }
        let weight = weight * (-std::f64::consts::PI * x * x / width.powi(2)).exp();
        for (row, values) in rows.iter_mut().enumerate() {
            for (column, value) in values.iter_mut().enumerate() {
                let right = if column == size { height } else { x.powi(column as i32) };
                *value += weight * x.powi(row as i32) * right;
            }
        }
    }
    for column in 0..size {
        let pivot = rows[column].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            if index != column {
                let share = row[column] / pivot[column];
                row.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= share * pivot);
            }
        }
    }
    rows[0][size] / rows[0][0]
}
