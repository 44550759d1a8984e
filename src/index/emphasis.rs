//! How much more do short waves along a ring count?
//!
//! The low-pass and the spectra of marks leave less of them, and what is left tells marks apart, those of which little is
//! measured above all. So what is correlated is weighed by 1 + factor x (cutoff / wave)^2, and divided by what that adds to
//! either mark: the score stays that of a normalised cross-correlation, and a rough mark is not more alike for being rough.

use super::layout::Layout;
use crate::units::Length;
use casemark_fft::num_complex::Complex32;

/// Factors of the heights, in the order of the layout.
#[derive(Clone, Debug)]
pub(super) struct Emphasis {
    factors: Vec<f32>,
    /// What the square of each value counts in the mean square over the rings' area: each harmonic but 0 stands for its
    /// negative, too.
    shares: Vec<f32>,
}

impl Emphasis {
    pub(super) fn new(layout: &Layout, factor: f64, cutoff: Length) -> Self {
        let (mut factors, mut shares) = (Vec::new(), Vec::new());
        for harmonic in 0..=layout.harmonics() {
            let twice = if harmonic == 0 { 1.0 } else { 2.0 };
            for ring in layout.first_ring(harmonic)..layout.rings() {
                let waves =
                    harmonic as f64 * cutoff.ratio(layout.radii()[ring]) / std::f64::consts::TAU;
                factors.push((1.0 + factor * waves * waves) as f32);
                shares.push(twice * layout.areas()[ring]);
            }
        }
        Self { factors, shares }
    }

    /// The root of how many times greater emphasis makes the mean square of a mark, from the squares of its values; 1 of
    /// one without heights.
    pub(super) fn gain(&self, squares: impl Iterator<Item = f32>) -> f32 {
        let (mut plain, mut emphasised) = (0.0, 0.0);
        for ((square, factor), share) in squares.zip(&self.factors).zip(&self.shares) {
            plain += share * square;
            emphasised += share * factor * square;
        }
        if plain > 0.0 { (emphasised / plain).sqrt() } else { 1.0 }
    }

    /// Emphasises the heights of a questioned mark.
    pub(super) fn apply(&self, heights: &mut [Complex32]) {
        let gain = self.gain(heights.iter().map(Complex32::norm_sqr));
        for (value, factor) in heights.iter_mut().zip(&self.factors) {
            *value *= factor / gain;
        }
    }
}
