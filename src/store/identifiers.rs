//! Where do identifiers come from?
//!
//! A UUIDv7 (RFC 9562, section 5.7) of the caller's time, a counter that keeps the order of entry within
//! a millisecond, and 48 random bits, so that the stores of several laboratories can meet. No clock is
//! read here; the random bits come from an [`Entropy`] that tests and fixtures may replace.

use crate::digest::Digest;
use jiff::Timestamp;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use uuid::{Builder, Uuid};

/// A source of random bytes.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Sixteen bytes; those from the tenth on must be random.
    fn bytes(&self) -> [u8; 16];
}

/// The operating system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bytes(&self) -> [u8; 16] {
        Uuid::new_v4().into_bytes()
    }
}

/// A sequence that a seed fixes, for tests and fixtures alone: two stores of one seed collide.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// The sequence of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn bytes(&self) -> [u8; 16] {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let digest = Digest::of(&[self.seed.to_le_bytes(), drawn.to_le_bytes()].concat());
        std::array::from_fn(|at| digest.as_bytes()[at])
    }
}

/// Makes the identifiers of one store.
#[derive(Debug)]
pub(super) struct Identifiers {
    entropy: Box<dyn Entropy>,
    /// Millisecond and counter of the last identifier.
    last: Mutex<(u64, u32)>,
}

impl Identifiers {
    pub(super) fn new(entropy: Box<dyn Entropy>) -> Self {
        Self { entropy, last: Mutex::new((0, 0)) }
    }

    /// An identifier of nothing in time: the store's own.
    pub(super) fn timeless(&self) -> Uuid {
        Builder::from_random_bytes(self.entropy.bytes()).into_uuid()
    }

    /// The next identifier at this time, which is not before 1970.
    pub(super) fn next(&self, at: Timestamp) -> Uuid {
        let millisecond = u64::try_from(at.as_millisecond()).unwrap_or(0);
        let counter = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let counter = if last.0 == millisecond { last.1.wrapping_add(1) } else { 0 };
            *last = (millisecond, counter);
            counter
        };
        let random = self.entropy.bytes();
        // 26 bits of counter lie around the version and variant, which the builder sets.
        let mut rest = [0; 10];
        rest[0] = (counter >> 22 & 0x0f) as u8;
        rest[1] = (counter >> 14 & 0xff) as u8;
        rest[2] = (counter >> 8 & 0x3f) as u8;
        rest[3] = (counter & 0xff) as u8;
        rest[4..].copy_from_slice(&random[10..]);
        Builder::from_unix_timestamp_millis(millisecond, &rest).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_hold_their_time_and_keep_the_order_of_entry() {
        let at: Timestamp = "2026-03-01T10:00:00.123Z".parse().unwrap();
        let identifiers = Identifiers::new(Box::new(SeededEntropy::new(1)));
        let made: Vec<Uuid> = (0..70_000).map(|_| identifiers.next(at)).collect();
        assert!(made.is_sorted_by(|earlier, later| earlier < later), "order was lost");
        assert_eq!(made[0].get_version_num(), 7);
        assert_eq!(made[0].get_variant(), uuid::Variant::RFC4122);
        let (seconds, nanoseconds) = made[69_999].get_timestamp().unwrap().to_unix();
        assert_eq!((seconds as i64, nanoseconds), (at.as_second(), 123_000_000));
        let again = Identifiers::new(Box::new(SeededEntropy::new(1)));
        assert_eq!(again.next(at), made[0]);
    }
}
