//! Where does the simulator's chance come from?
//!
//! Every part of the simulated world (a group's tool, a slide, a shot) draws from a stream of its own,
//! keyed by the SHA-256 of the seed, the part and its indices: shot 7 of firearm 3 is the same whether
//! or not any other was made. Only integers, sums and products make the numbers, so they are the same
//! on every machine; the stream of ChaCha is fixed by its algorithm and not by a crate's version.

use crate::digest::Digest;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for. The numbers are part of the meaning of a seed and never change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// How a group of consecutive slides is machined; index: group.
    Group = 1,
    /// The marks that the group's tool leaves on each of them; index: group.
    Subclass = 2,
    /// One slide; index: firearm.
    Slide = 3,
    /// One shot; indices: firearm, shot.
    Shot = 4,
    /// A decoy; indices: upper and lower 32 bits of its number.
    Decoy = 5,
    /// Which clusters of scores are drawn again; indices: resample, sample.
    Resample = 6,
    /// A firearm's pin, aperture, barrel and ejector; index: firearm.
    Parts = 20,
    /// A whole head; indices: firearm, shot.
    Head = 21,
}

/// A reproducible stream of random numbers.
#[derive(Debug)]
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of one part.
    pub(crate) fn new(seed: u64, part: Part, indices: [usize; 2]) -> Self {
        let mut key = b"casemark simulate 1".to_vec();
        for number in [seed, part as u64, indices[0] as u64, indices[1] as u64] {
            key.extend(number.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(*Digest::of(&key).as_bytes()))
    }

    /// Uniform in [0, 1).
    pub(crate) fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// Uniform among 0..count; 0 where there is nothing to choose from.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        // Smaller than the count, since the share is smaller than 1 by more than a rounding.
        (self.share() * count as f64) as usize
    }

    /// Mean 0, standard deviation 1, bell-shaped and never beyond 3.47: the sum of four uniform
    /// numbers (Irwin-Hall). The bound is welcome: no draw makes a monster.
    pub(crate) fn normal(&mut self) -> f64 {
        // Four numbers 0..=65535: mean 131070, variance (65536^2 - 1) / 3.
        const MEAN: f64 = 131_070.0;
        const DEVIATION: f64 = 37_837.226_8;
        let bits = self.0.next_u64();
        let sum: u64 = (0..4).map(|quarter| (bits >> (16 * quarter)) & 0xffff).sum();
        (sum as f64 - MEAN) / DEVIATION
    }

    /// Uniform in the disc of this radius.
    pub(crate) fn in_disc(&mut self, radius: f64) -> (f64, f64) {
        loop {
            let (x, y) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            if x * x + y * y <= 1.0 {
                return (x * radius, y * radius);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let mut stream = Stream::new(1, Part::Shot, [2, 3]);
        let count = 100_000_u32;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..count {
            let number = stream.normal();
            sum += number;
            squares += number * number;
        }
        let (mean, variance) = (sum / f64::from(count), squares / f64::from(count));
        // Four standard errors.
        assert!(mean.abs() < 0.013 && (variance - 1.0).abs() < 0.018, "{mean} {variance}");
    }

    #[test]
    fn parts_and_indices_have_streams_of_their_own() {
        let first = |seed, part, indices| Stream::new(seed, part, indices).share().to_bits();
        let one = first(1, Part::Shot, [2, 3]);
        assert_eq!(one, first(1, Part::Shot, [2, 3]));
        for other in [
            first(2, Part::Shot, [2, 3]),
            first(1, Part::Slide, [2, 3]),
            first(1, Part::Shot, [3, 2]),
        ] {
            assert_ne!(one, other);
        }
    }
}
