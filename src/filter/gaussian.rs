//! The areal Gaussian filter of ISO 16610-61, which honours missing samples and may resample.
//!
//! The weighting function is s(x) = exp(-pi (x / (alpha c))^2) / (alpha c) with the cutoff (nesting
//! index) c and alpha = sqrt(ln 2 / pi), so that a wave of length c passes at one half. Missing
//! samples have no weight, and the weights that remain are normalised. The filter is separable even
//! when the output grid is not the input's, so filtering and resampling are one step: each output
//! sample is the weighted mean about its own place. Not for robust regression (ISO 16610-71).

use crate::units::Length;
use ndarray::{Array2, ArrayView2, Axis};

/// sqrt(ln 2 / pi): the constant of the Gaussian filter (ISO 16610-21, 3.2).
pub(super) const ALPHA: f64 = 0.469_718_639_349_825_7;

/// One axis of a grid whose centre is the centre of the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Samples {
    /// How many.
    pub count: usize,
    /// How far apart.
    pub spacing: Length,
}

impl Samples {
    /// As many samples of another spacing as fit in the same frame.
    #[must_use]
    pub fn respaced(self, spacing: Length) -> Self {
        let steps = self.spacing.ratio(spacing) * (self.count - 1) as f64;
        // A thousandth of a step forgives the rounding of spacings that divide each other.
        Self { count: (steps + 1e-3).floor() as usize + 1, spacing }
    }
}

/// Weights of one output sample on consecutive input samples.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// The filter's weights for every output sample along one axis.
fn taps(input: Samples, output: Samples, cutoff: Length) -> Vec<Taps> {
    let width = ALPHA * cutoff.metres();
    let centre_in = (input.count - 1) as f64 / 2.0;
    let centre_out = (output.count - 1) as f64 / 2.0;
    let reach = cutoff.ratio(input.spacing);
    (0..output.count)
        .map(|index| {
            let place =
                (index as f64 - centre_out) * output.spacing.ratio(input.spacing) + centre_in;
            let first = (place - reach).ceil().max(0.0) as usize;
            let last = ((place + reach).floor() as usize).min(input.count - 1);
            let weights = (first..=last)
                .map(|sample| {
                    let x = (sample as f64 - place) * input.spacing.metres() / width;
                    libm::exp(-std::f64::consts::PI * x * x) as f32
                })
                .collect();
            Taps { first, weights }
        })
        .collect()
}

/// Weighted sums of rows: output row = sum of its taps times input rows.
fn filter_rows(input: ArrayView2<'_, f32>, taps: &[Taps]) -> Array2<f32> {
    let mut output = Array2::zeros((taps.len(), input.ncols()));
    for (taps, mut row) in taps.iter().zip(output.axis_iter_mut(Axis(0))) {
        for (offset, &weight) in taps.weights.iter().enumerate() {
            row.scaled_add(weight, &input.row(taps.first + offset));
        }
    }
    output
}

/// Smoothed heights, and the share (0 to 1) of the filter's weight that lay on measured samples.
#[derive(Clone, Debug)]
pub struct Smoothed {
    /// Weighted means; 0 where no measured sample was in reach.
    pub heights: Array2<f32>,
    /// Share of the kernel's weight, of that within the frame, on measured samples.
    pub support: Array2<f32>,
}

/// Low-pass `heights` (0 where `weights` is 0) onto another grid of the same frame.
///
/// Shapes: input (rows, columns) as `from`, output as `to`, both (along y, along x).
/// Cost: two separable passes over two fields.
#[must_use]
pub fn smooth(
    heights: ArrayView2<'_, f32>,
    weights: ArrayView2<'_, f32>,
    from: (Samples, Samples),
    to: (Samples, Samples),
    cutoff: Length,
) -> Smoothed {
    let along_y = taps(from.0, to.0, cutoff);
    let along_x = taps(from.1, to.1, cutoff);
    let separable = |field: ArrayView2<'_, f32>| {
        let turned = filter_rows(field, &along_y).reversed_axes();
        let turned = turned.as_standard_layout().into_owned();
        let filtered = filter_rows(turned.view(), &along_x).reversed_axes();
        filtered.as_standard_layout().into_owned()
    };
    let total =
        |taps: &[Taps]| -> Vec<f32> { taps.iter().map(|taps| taps.weights.iter().sum()).collect() };
    let (total_y, total_x) = (total(&along_y), total(&along_x));
    let mut heights = separable(heights);
    let mut support = separable(weights);
    for (row, &of_row) in total_y.iter().enumerate() {
        for (column, &of_column) in total_x.iter().enumerate() {
            let weight = support[[row, column]];
            if weight > 0.0 {
                heights[[row, column]] /= weight;
            }
            support[[row, column]] = weight / (of_row * of_column);
        }
    }
    Smoothed { heights, support }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACING: Length = Length::from_micrometres(6.25);
    const CUTOFF: Length = Length::from_micrometres(100.0);

    /// What is left of the amplitude of a wave along x, far from the edges; `valid` says which columns
    /// were measured.
    fn transmission(wavelength: Length, valid: impl Fn(usize) -> bool) -> f64 {
        let (rows, columns) = (40, 640);
        let weights = Array2::from_shape_fn((rows, columns), |(_, column)| {
            f32::from(u8::from(valid(column)))
        });
        let phase =
            |column: usize| std::f64::consts::TAU * (SPACING * column as f64).ratio(wavelength);
        let heights = Array2::from_shape_fn((rows, columns), |(row, column)| {
            phase(column).sin() as f32 * weights[[row, column]]
        });
        let axis = |count| Samples { count, spacing: SPACING };
        let grid = (axis(rows), axis(columns));
        let smoothed = smooth(heights.view(), weights.view(), grid, grid, CUTOFF);
        // Least squares against the wave itself, over whole samples away from the edges.
        let inside = (0..columns).filter(|column| (160..480).contains(column) && valid(*column));
        let (mut product, mut square) = (0.0, 0.0);
        for column in inside {
            let wave = phase(column).sin();
            product += wave * f64::from(smoothed.heights[[rows / 2, column]]);
            square += wave * wave;
        }
        product / square
    }

    #[test]
    fn a_wave_of_the_cutoff_passes_at_one_half() {
        let found = transmission(CUTOFF, |_| true);
        assert!((found - 0.5).abs() < 1e-3, "{found}");
    }

    #[test]
    fn other_waves_pass_as_the_closed_form_says() {
        // ISO 16610-21: exp(-pi (alpha c / l)^2) = 2^-(c / l)^2.
        for wavelength in [50.0, 80.0, 125.0, 200.0, 400.0] {
            let found = transmission(Length::from_micrometres(wavelength), |_| true);
            let expected = 0.5_f64.powf((100.0 / wavelength).powi(2));
            assert!((found - expected).abs() < 1e-3, "{wavelength} um: {found}, {expected}");
        }
    }

    #[test]
    fn missing_samples_have_no_weight() {
        let weights = Array2::from_shape_fn((50, 50), |(row, column)| {
            f32::from(u8::from((row * 7 + column * 3) % 5 != 0 && column > 11))
        });
        let heights = weights.mapv(|weight| 3.0 * weight);
        let axis = Samples { count: 50, spacing: SPACING };
        let other = axis.respaced(Length::from_micrometres(12.5));
        let (from, to) = ((axis, axis), (other, other));
        let smoothed = smooth(heights.view(), weights.view(), from, to, CUTOFF);
        // Wherever anything was measured in reach, a level surface stays level.
        let reached = smoothed.support.iter().zip(&smoothed.heights);
        let reached: Vec<f32> =
            reached.filter(|(support, _)| **support > 1e-3).map(|(_, height)| *height).collect();
        assert!(reached.len() > 400, "{} samples", reached.len());
        assert!(reached.iter().all(|height| (height - 3.0).abs() < 1e-4), "{reached:?}");
        assert!(smoothed.support.iter().all(|support| (0.0..=1.0 + 1e-5).contains(support)));
    }
}
