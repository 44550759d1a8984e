//! Masked normalised cross-correlation by plain sums: the score that is reported, and the oracle.
//!
//! One shift costs one pass over the rows that both fields have. Useful for the last few shifts about
//! a pose that is nearly known, and as the naive twin of [`super::masked`]; not for searching.

use super::field::Field;
use super::moments::Moments;
use ndarray::{ArrayView2, Axis};

/// Sums are kept in this many lanes, in a fixed order: vectorised, and the same bits everywhere. Six
/// sums of four lanes fit the sixteen registers of the oldest 64-bit processors.
const LANES: usize = 4;

/// Sums over jointly valid samples where sample (row, column) of `moved` falls on (row + dy, column +
/// dx) of `fixed`.
#[must_use]
pub fn moments(moved: &Field, fixed: &Field, dy: isize, dx: isize) -> Moments {
    let mut sums = Sums::default();
    let first = (-dy).max(0);
    let last = (moved.dim().0 as isize).min(fixed.dim().0 as isize - dy);
    for row in first..last {
        let (row_moved, row_fixed) = (row as usize, (row + dy) as usize);
        let (span_moved, span_fixed) = (moved.span(row_moved), fixed.span(row_fixed));
        let start = (span_moved.start as isize).max(span_fixed.start as isize - dx);
        let end = (span_moved.end as isize).min(span_fixed.end as isize - dx);
        if start < end {
            let count = (end - start) as usize;
            let (in_moved, in_fixed) = (start as usize, (start + dx) as usize);
            sums.add_row(
                part(moved.heights().view(), row_moved, in_moved, count),
                part(moved.weights().view(), row_moved, in_moved, count),
                part(fixed.heights().view(), row_fixed, in_fixed, count),
                part(fixed.weights().view(), row_fixed, in_fixed, count),
            );
        }
    }
    sums.total()
}

/// Sums over jointly valid samples of two views of one shape: heights (0 where missing) and weights of
/// `f`, then of `g`.
///
/// # Panics
/// If shapes differ or rows are not contiguous.
#[must_use]
pub fn moments_of_views(
    f: (ArrayView2<'_, f32>, ArrayView2<'_, f32>),
    g: (ArrayView2<'_, f32>, ArrayView2<'_, f32>),
) -> Moments {
    assert_eq!(f.0.dim(), g.0.dim(), "views of one shape");
    let (rows, columns) = f.0.dim();
    let mut sums = Sums::default();
    for row in 0..rows {
        let whole = |field| part(field, row, 0, columns);
        sums.add_row(whole(f.0), whole(f.1), whole(g.0), whole(g.1));
    }
    sums.total()
}

/// Part of a row.
fn part(field: ArrayView2<'_, f32>, row: usize, start: usize, count: usize) -> &[f32] {
    let row = field.index_axis_move(Axis(0), row);
    let row = row.to_slice().expect("rows of a field are contiguous");
    &row[start..start + count]
}

#[derive(Default)]
struct Sums {
    count: [f32; LANES],
    f: [f32; LANES],
    g: [f32; LANES],
    ff: [f32; LANES],
    gg: [f32; LANES],
    fg: [f32; LANES],
}

impl Sums {
    fn add_row(&mut self, f: &[f32], weight_f: &[f32], g: &[f32], weight_g: &[f32]) {
        let (f, f_rest) = f.as_chunks::<LANES>();
        let (weight_f, weight_f_rest) = weight_f.as_chunks::<LANES>();
        let (g, g_rest) = g.as_chunks::<LANES>();
        let (weight_g, weight_g_rest) = weight_g.as_chunks::<LANES>();
        for (((f, weight_f), g), weight_g) in f.iter().zip(weight_f).zip(g).zip(weight_g) {
            self.add(f, weight_f, g, weight_g);
        }
        if !f_rest.is_empty() {
            let pad = |rest: &[f32]| {
                let mut lanes = [0.0; LANES];
                lanes[..rest.len()].copy_from_slice(rest);
                lanes
            };
            self.add(&pad(f_rest), &pad(weight_f_rest), &pad(g_rest), &pad(weight_g_rest));
        }
    }

    #[inline(always)]
    fn add(
        &mut self,
        f: &[f32; LANES],
        weight_f: &[f32; LANES],
        g: &[f32; LANES],
        weight_g: &[f32; LANES],
    ) {
        for lane in 0..LANES {
            let (f_joint, g_joint) = (f[lane] * weight_g[lane], g[lane] * weight_f[lane]);
            self.count[lane] += weight_f[lane] * weight_g[lane];
            self.f[lane] += f_joint;
            self.g[lane] += g_joint;
            self.ff[lane] += f_joint * f_joint;
            self.gg[lane] += g_joint * g_joint;
            self.fg[lane] += f[lane] * g[lane];
        }
    }

    fn total(&self) -> Moments {
        let sum = |lanes: &[f32; LANES]| lanes.iter().sum();
        Moments {
            count: sum(&self.count),
            f: sum(&self.f),
            g: sum(&self.g),
            ff: sum(&self.ff),
            gg: sum(&self.gg),
            fg: sum(&self.fg),
        }
    }
}
