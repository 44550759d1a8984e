//! Where does the chance of a bootstrap and of folds come from?
//!
//! A stream of ChaCha8 for every seed, purpose and number, the key being just these: what one round draws depends on no
//! other, so rounds run on any number of threads. Whole numbers and products only: the same on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for. The numbers are part of the meaning of a seed and never change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Which sources are drawn in a round.
    Bootstrap = 1,
    /// In which order sources are dealt to folds.
    Folds = 2,
    /// Tests.
    #[cfg(test)]
    Test = 3,
}

/// A reproducible stream of random numbers.
#[derive(Debug)]
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut key = [0; 32];
        for (place, word) in [seed, purpose as u64, number].into_iter().enumerate() {
            key[8 * place..8 * place + 8].copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Uniform in [0, 1).
    pub(crate) fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform among 0..count; 0 where there is nothing to choose from.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.share() * count as f64) as usize
    }
}
