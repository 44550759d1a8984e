//! Where does the chance in deliberate harm come from?
//!
//! A stream of ChaCha keyed by the seed and the step: the same seed means the same harm on every
//! machine and in every version, and two steps with one seed are independent.

use crate::digest::Digest;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A reproducible stream of random numbers.
#[derive(Debug)]
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of one step.
    pub(super) fn new(step: &str, seed: u64) -> Self {
        let key = format!("casemark transform 1 {step} {seed}");
        Self(ChaCha8Rng::from_seed(*Digest::of(key.as_bytes()).as_bytes()))
    }

    /// Uniform in [0, 1).
    pub(super) fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normal, mean 0, standard deviation 1 (Box and Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let (first, second) = (1.0 - self.share(), self.share());
        let radius = (-2.0 * libm::log(first)).sqrt();
        radius * libm::cos(std::f64::consts::TAU * second)
    }
}
