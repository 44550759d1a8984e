//! Where are the Fourier transforms compiled?
//!
//! rustfft is generic in its numbers, so it is compiled by whoever plans with it, as that is compiled: a fifth of what was
//! generated for casemark, once for its library and once more for its tests, hardly optimised in both. Here it is compiled once,
//! in full, and others only call it.

use std::sync::Arc;

pub use rustfft::{Fft, num_complex};

/// A transform of some size, and its inverse.
pub type BothWays<T> = (Arc<dyn Fft<T>>, Arc<dyn Fft<T>>);

/// What is transformed: complex numbers of `f32` or of `f64`.
pub trait Sample: rustfft::FftNum {
    /// Plans for the widest vector unit that the processor has.
    fn vectorised(size: usize) -> BothWays<Self>;

    /// Scalar plans: the same bytes on every processor.
    fn portable(size: usize) -> BothWays<Self>;
}

/// A function that is not generic is compiled here and nowhere else.
macro_rules! sample {
    ($number:ty) => {
        impl Sample for $number {
            fn vectorised(size: usize) -> BothWays<Self> {
                let mut planner = rustfft::FftPlanner::new();
                (planner.plan_fft_forward(size), planner.plan_fft_inverse(size))
            }

            fn portable(size: usize) -> BothWays<Self> {
                let mut planner = rustfft::FftPlannerScalar::new();
                (planner.plan_fft_forward(size), planner.plan_fft_inverse(size))
            }
        }
    };
}

sample!(f32);
sample!(f64);

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::{Complex, Complex64};
    use std::f64::consts::TAU;

    /// By the definition.
    fn transformed(values: &[Complex64], sign: f64) -> Vec<Complex64> {
        let size = values.len();
        let term = |wave: usize, at: usize| {
            Complex64::cis(sign * TAU * (wave * at % size) as f64 / size as f64) * values[at]
        };
        (0..size).map(|wave| (0..size).map(|at| term(wave, at)).sum()).collect()
    }

    /// Greatest departure from the definition, both ways, as a share of the greatest value.
    fn departure<T: Sample + Into<f64>>(
        (forward, inverse): BothWays<T>,
        values: &[Complex64],
    ) -> f64 {
        let number = |value: f64| T::from_f64(value).unwrap();
        let departure = |transform: Arc<dyn Fft<T>>, sign| {
            let mut buffer: Vec<Complex<T>> =
                values.iter().map(|one| Complex::new(number(one.re), number(one.im))).collect();
            transform.process(&mut buffer);
            let wanted = transformed(values, sign);
            let greatest = wanted.iter().map(|one| one.norm()).fold(0.0, f64::max);
            let departures = buffer.iter().zip(&wanted).map(|(found, wanted)| {
                (Complex64::new(found.re.into(), found.im.into()) - wanted).norm() / greatest
            });
            departures.fold(0.0, f64::max)
        };
        departure(forward, -1.0).max(departure(inverse, 1.0))
    }

    #[test]
    fn transforms_are_those_of_the_definition() {
        // Powers of two, products of small primes, a large prime.
        for size in [1, 2, 16, 60, 96, 128, 211] {
            let values: Vec<Complex64> = (0..size)
                .map(|at| Complex64::new((at * at % 17) as f64 - 8.0, (at * 7 % 11) as f64 - 5.0))
                .collect();
            assert!(departure(f32::vectorised(size), &values) < 1e-5, "{size}");
            assert!(departure(f32::portable(size), &values) < 1e-5, "{size}");
            assert!(departure(f64::vectorised(size), &values) < 1e-13, "{size}");
            assert!(departure(f64::portable(size), &values) < 1e-13, "{size}");
        }
    }
}
