//! What of a texture goes along with the edge of its mask: flowback, and what filters make of a rim.
//!
//! The mean of the heights that are as far from the same edge, near by. Inner and outer edges are told apart: the first
//! bounds what is missing inside the mark.

use ndarray::Array2;

/// How far from an edge there is a rim, in samples.
const DEPTH: usize = 15;
/// How far along the edge heights are averaged, in samples; the weight falls off as a biweight kernel does.
const ALONG: f32 = 32.0;

/// The mean of each sample and those near it in its line along the edge; 0 elsewhere.
pub(super) fn along_edges(heights: &Array2<f32>, weights: &Array2<f32>) -> Array2<f32> {
    let mut lines: Vec<Vec<(usize, usize)>> = vec![Vec::new(); 2 * (DEPTH + 1)];
    let distances = distances(weights);
    for ((row, column), [outer, inner]) in distances.indexed_iter() {
        let nearest = outer.min(*inner).sqrt().round() as usize;
        if weights[[row, column]] > 0.0 && nearest <= DEPTH {
            lines[2 * nearest + usize::from(inner < outer)].push((row, column));
        }
    }
    let mut rim = Array2::zeros(heights.dim());
    for line in &lines {
        for &(row, column) in line {
            let (mut sum, mut total) = (0.0, 0.0);
            for &(y, x) in line {
                let (down, right) = (y as f32 - row as f32, x as f32 - column as f32);
                let rest = 1.0 - (down * down + right * right) / (ALONG * ALONG);
                if rest > 0.0 {
                    sum += rest * rest * heights[[y, x]];
                    total += rest * rest;
                }
            }
            // The sample itself has weight 1.
            rim[[row, column]] = sum / total;
        }
    }
    rim
}

/// Squared distances to the nearest missing sample outside the mark and within it, infinite beyond the depth.
fn distances(weights: &Array2<f32>) -> Array2<[f32; 2]> {
    let dim = weights.dim();
    let outside = outside(weights);
    let mut distances = Array2::from_elem(dim, [f32::INFINITY; 2]);
    let near = |at: usize, reach: usize, count: usize| {
        at.saturating_sub(reach)..(at + reach + 1).min(count)
    };
    let window = |(row, column): (usize, usize), reach: usize| {
        near(row, reach, dim.0).flat_map(move |y| near(column, reach, dim.1).map(move |x| (y, x)))
    };
    for (at, weight) in weights.indexed_iter() {
        if *weight > 0.0 || !window(at, 1).any(|near| weights[near] > 0.0) {
            continue;
        }
        let edge = usize::from(!outside[at]);
        for near in window(at, DEPTH + 1) {
            let (down, right) = (near.0 as f32 - at.0 as f32, near.1 as f32 - at.1 as f32);
            let distance = &mut distances[near][edge];
            *distance = distance.min(down * down + right * right);
        }
    }
    distances
}

/// Missing samples that are joined to the frame's first one, which the margin leaves missing.
fn outside(weights: &Array2<f32>) -> Array2<bool> {
    let (rows, columns) = weights.dim();
    let mut outside = Array2::from_elem((rows, columns), false);
    let mut open = vec![(0, 0)];
    while let Some((row, column)) = open.pop() {
        if row >= rows
            || column >= columns
            || outside[[row, column]]
            || weights[[row, column]] > 0.0
        {
            continue;
        }
        outside[[row, column]] = true;
        // Below nought wraps around, and is refused as too large.
        open.extend([
            (row + 1, column),
            (row.wrapping_sub(1), column),
            (row, column + 1),
            (row, column.wrapping_sub(1)),
        ]);
    }
    outside
}
