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
