//! Masked normalised cross-correlation at every shift, by FFT (Padfield 2012, IEEE TIP 21:2706).
//!
//! Six correlations of heights, squared heights and masks give the sums over jointly valid samples at
//! each shift, exactly as if missing samples were not there. Useful for finding a pose; the score that
//! is reported is summed again directly ([`super::direct`]).

use super::fft::{Arithmetic, Buffers, HalfSpectrum, Plan};
use super::moments::Moments;
use casemark_fft::num_complex::Complex32;
use ndarray::{ArrayView2, Axis};
use std::ops::RangeInclusive;

/// Spectra of one masked field: what a correlation needs of it, computed once.
#[derive(Clone, Debug, Default)]
pub struct MaskedSpectrum {
    heights: HalfSpectrum,
    weights: HalfSpectrum,
    squares: HalfSpectrum,
}

/// Plans and buffers for correlating fields up to a size; one a thread.
#[derive(Clone, Debug)]
pub struct Correlator {
    plan: Plan,
    buffers: Buffers,
    products: [HalfSpectrum; 2],
    functions: [Vec<Complex32>; 3],
    shifts: RangeInclusive<isize>,
}

impl Correlator {
    /// For the given shifts along each axis between fields of at most `side` samples a side: the
    /// transform is large enough that no shift wraps around.
    #[must_use]
    pub fn new(side: usize, shifts: RangeInclusive<isize>, arithmetic: Arithmetic) -> Self {
        let reach = shifts.start().unsigned_abs().max(shifts.end().unsigned_abs());
        Self::with_size(Plan::good_size(side + reach), shifts, arithmetic)
    }

    /// With a transform of `size` samples a side; fields and shifts together must fit it.
    #[must_use]
    pub fn with_size(size: usize, shifts: RangeInclusive<isize>, arithmetic: Arithmetic) -> Self {
        let plan = Plan::new(size, arithmetic);
        let buffers = plan.buffers();
        Self { plan, buffers, products: Default::default(), functions: Default::default(), shifts }
    }

    /// Samples along a side of the transform.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.plan.size()
    }

    /// Transforms a field whose first sample is put at row and column `at` of the frame: `heights`
    /// must be 0 where `weights` is 0. Cost: two transforms.
    pub fn transform(
        &mut self,
        heights: ArrayView2<'_, f32>,
        weights: ArrayView2<'_, f32>,
        at: (usize, usize),
        into: &mut MaskedSpectrum,
    ) {
        let rows = at.0 + heights.nrows();
        let fill = |row: usize, packed: &mut [Complex32]| {
            let samples = row_of(&heights, row, at.0).iter().zip(row_of(&weights, row, at.0));
            for (packed, (&height, &weight)) in packed[at.1..].iter_mut().zip(samples) {
                *packed = Complex32::new(height, weight);
            }
        };
        let spectra = [&mut into.heights, &mut into.weights];
        self.plan.forward_pair(rows, fill, spectra, &mut self.buffers);
        let fill = |pair: usize, packed: &mut [Complex32]| {
            let packed = &mut packed[at.1..];
            for (packed, &height) in packed.iter_mut().zip(row_of(&heights, 2 * pair, at.0)) {
                packed.re = height * height;
            }
            for (packed, &height) in packed.iter_mut().zip(row_of(&heights, 2 * pair + 1, at.0)) {
                packed.im = height * height;
            }
        };
        self.plan.forward(rows, fill, &mut into.squares, &mut self.buffers);
    }

    /// Correlates at every shift asked for; [`Correlator::moments`] reads the result. Sample (row,
    /// column) of `moved`, shifted by (dy, dx), falls on (row + dy, column + dx) of `fixed`. Cost:
    /// three transforms of which the last pass is pruned, and six products.
    pub fn correlate(&mut self, moved: &MaskedSpectrum, fixed: &MaskedSpectrum) {
        let pairs = [
            [(&moved.heights, &fixed.heights), (&moved.weights, &fixed.weights)],
            [(&moved.heights, &fixed.weights), (&moved.weights, &fixed.heights)],
            [(&moved.squares, &fixed.weights), (&moved.weights, &fixed.squares)],
        ];
        for (pair, function) in pairs.into_iter().zip(&mut self.functions) {
            let [first, second] = &mut self.products;
            for (product, (moved, fixed)) in [&mut *first, &mut *second].into_iter().zip(pair) {
                product.clear();
                product.extend(moved.iter().zip(fixed).map(|(a, b)| {
                    Complex32::new(a.re * b.re + a.im * b.im, a.re * b.im - a.im * b.re)
                }));
            }
            let shifts = self.shifts.clone();
            self.plan.inverse_pair([first, second], shifts, function, &mut self.buffers);
        }
    }

    /// Sums over jointly valid samples at the shift (dy, dx), each one of those asked for.
    #[must_use]
    pub fn moments(&self, dy: isize, dx: isize) -> Moments {
        let size = self.plan.size();
        let row = (dy - self.shifts.start()) as usize;
        let column = if dx < 0 { (dx + size as isize) as usize } else { dx as usize };
        let scale = 1.0 / (size * size) as f32;
        let at = |function: &[Complex32]| function[row * size + column] * scale;
        let [products, sums, squares] = &self.functions;
        let (products, sums, squares) = (at(products), at(sums), at(squares));
        Moments {
            count: nearest_whole(products.im),
            f: sums.re,
            g: sums.im,
            ff: squares.re,
            gg: squares.im,
            fg: products.re,
        }
    }

    /// The shift among those asked for with the greatest `score`, ties to the first in reading order,
    /// with its moments; `None` where no shift has a score.
    pub fn best(
        &self,
        score: impl Fn(&Moments) -> Option<f32>,
    ) -> Option<(isize, isize, f32, Moments)> {
        let mut best: Option<(isize, isize, f32, Moments)> = None;
        for dy in self.shifts.clone() {
            for dx in self.shifts.clone() {
                let moments = self.moments(dy, dx);
                if let Some(score) = score(&moments)
                    && best.is_none_or(|best| score > best.2)
                {
                    best = Some((dy, dx, score, moments));
                }
            }
        }
        best
    }
}

/// A row of the frame in which the first row of `field` is put at `top`; empty outside the field.
fn row_of<'a>(field: &'a ArrayView2<'_, f32>, row: usize, top: usize) -> &'a [f32] {
    let inside = row.checked_sub(top).filter(|row| *row < field.nrows());
    let row = inside.map(|row| field.index_axis(Axis(0), row));
    row.map_or(&[], |row| row.to_slice().expect("rows of a field are contiguous"))
}

/// Rounded to a whole number: adding this much leaves no bits for a fraction. (`f32::round` is a call
/// on processors of the baseline.)
fn nearest_whole(count: f32) -> f32 {
    const NO_FRACTION: f32 = 12_582_912.0; // 1.5 x 2^23
    (count + NO_FRACTION) - NO_FRACTION
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::direct;
    use crate::correlate::field::Field;
    use crate::surface::Texture;
    use crate::units::Length;
    use ndarray::Array2;

    /// A texture with holes, from a fixed generator.
    fn texture(rows: usize, columns: usize, mut state: u64) -> Field {
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        let weights = Array2::from_shape_simple_fn((rows, columns), || f32::from(uniform() < 0.7));
        let heights = weights.mapv(|weight| weight * (uniform() * 6.0 - 3.0));
        Field::new(Texture { heights, weights, spacing: Length::from_micrometres(50.0) })
    }

    #[test]
    fn the_fft_agrees_with_the_naive_sums_at_every_shift_and_size() {
        let mut compared = 0;
        for (case, (side, reach)) in
            [(5, 2), (16, 3), (23, 7), (32, 8), (48, 10)].iter().enumerate()
        {
            let seed = case as u64;
            let (moved, fixed) =
                (texture(*side, side - 2, seed), texture(side - 1, *side, 77 + seed));
            for arithmetic in [Arithmetic::Vectorised, Arithmetic::Portable] {
                let shifts = -reach..=*reach;
                let mut correlator = Correlator::new(*side, shifts.clone(), arithmetic);
                let (mut a, mut b) = (MaskedSpectrum::default(), MaskedSpectrum::default());
                correlator.transform(
                    moved.heights().view(),
                    moved.weights().view(),
                    (0, 0),
                    &mut a,
                );
                correlator.transform(
                    fixed.heights().view(),
                    fixed.weights().view(),
                    (0, 0),
                    &mut b,
                );
                correlator.correlate(&a, &b);
                for dy in shifts.clone() {
                    for dx in shifts.clone() {
                        let fast = correlator.moments(dy, dx);
                        let naive = direct::moments(&moved, &fixed, dy, dx);
                        assert!((fast.count - naive.count).abs() < 0.5, "{fast:?} {naive:?}");
                        // None where too little is shared; then the sums themselves are compared.
                        let of = |moments: Moments| moments.ncc().unwrap_or(moments.fg);
                        let (fast, naive) = (of(fast), of(naive));
                        // Single precision over at most 48 x 48 samples.
                        assert!(
                            (fast - naive).abs() < 2e-5,
                            "side {side}, shift ({dy}, {dx}): FFT {fast}, naive {naive}"
                        );
                        compared += 1;
                    }
                }
            }
        }
        assert!(compared > 1000, "compared {compared} shifts");
    }

    #[test]
    fn a_known_shift_is_found_exactly() {
        let whole = texture(40, 40, 5);
        let cut = |top: usize, left: usize| {
            let window = ndarray::s![top..top + 30, left..left + 30];
            Field::new(Texture {
                heights: whole.heights().slice(window).to_owned(),
                weights: whole.weights().slice(window).to_owned(),
                spacing: whole.texture().spacing,
            })
        };
        let (moved, fixed) = (cut(5, 2), cut(1, 8));
        let mut correlator = Correlator::new(30, -8..=8, Arithmetic::Vectorised);
        let (mut a, mut b) = (MaskedSpectrum::default(), MaskedSpectrum::default());
        correlator.transform(moved.heights().view(), moved.weights().view(), (0, 0), &mut a);
        correlator.transform(fixed.heights().view(), fixed.weights().view(), (0, 0), &mut b);
        correlator.correlate(&a, &b);
        let (dy, dx, ncc, _) = correlator.best(|moments| moments.ncc()).unwrap();
        assert_eq!((dy, dx), (4, -6));
        assert!(ncc > 0.9999, "{ncc}");
    }
}
