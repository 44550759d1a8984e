//! Products of pairs of whole numbers, on every kind of processor.
//!
//! The sums over rings are of whole numbers, which processors multiply and add two at a time: twice as many in a cycle
//! as real numbers, and exactly, so that every processor gives the same sum. `pulp` has no name for that
//! which holds on all of them, so each has its own here.

use super::entry::LEVELS;
use pulp::{Arch, Scalar, Simd, WithSimd, cast};

/// Greatest whole number of a questioned value: with those of an entry it fits 32 bits over
/// [`GREATEST_RINGS`] rings.
pub(super) const QUESTION_LEVELS: f32 = 32_767.0;

/// The bound of `index_entry.rings`.
const GREATEST_RINGS: i64 = 64;
const _: () =
    assert!(GREATEST_RINGS * 2 * LEVELS as i64 * QUESTION_LEVELS as i64 <= i32::MAX as i64);

/// How a kind of processor does it. A word holds two numbers of 16 bits or one sum of 32.
pub(super) trait Pairs: Copy {
    /// Adds both products of the numbers of `one` and `other`.
    fn add_products<S: Simd>(self, simd: S, sum: S::u32s, one: S::u32s, other: S::u32s) -> S::u32s;

    /// Sums as numbers.
    fn numbers<S: Simd>(self, sums: S::u32s) -> S::f32s;
}

/// An operation that is the same for every kind of processor but for [`Pairs`].
pub(super) trait WithPairs {
    fn with_pairs<S: Simd, P: Pairs>(self, simd: S, pairs: P);
}

struct Together<O, P> {
    operation: O,
    pairs: P,
}

impl<O: WithPairs, P: Pairs> WithSimd for Together<O, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.operation.with_pairs(simd, self.pairs);
    }
}

/// One number at a time, the same on every processor.
pub(super) fn portable(operation: impl WithPairs) {
    Scalar.vectorize(Together { operation, pairs: Single });
}

/// As the processor does it fastest.
#[allow(clippy::wildcard_enum_match_arm, reason = "the kinds depend on the processor's family")]
pub(super) fn vectorised(operation: impl WithPairs) {
    match Arch::new() {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(simd) => Simd::vectorize(simd, Together { operation, pairs: simd }),
        #[cfg(target_arch = "x86_64")]
        Arch::V3(simd) => Simd::vectorize(simd, Together { operation, pairs: simd }),
        _ => portable(operation),
    }
}

/// For `Scalar`.
#[derive(Clone, Copy)]
struct Single;

impl Pairs for Single {
    #[inline(always)]
    fn add_products<S: Simd>(self, _: S, sum: S::u32s, one: S::u32s, other: S::u32s) -> S::u32s {
        let [a, b]: [i16; 2] = cast(one);
        let [c, d]: [i16; 2] = cast(other);
        let sum: i32 = cast(sum);
        cast(sum + i32::from(a) * i32::from(c) + i32::from(b) * i32::from(d))
    }

    #[inline(always)]
    fn numbers<S: Simd>(self, sums: S::u32s) -> S::f32s {
        let sum: i32 = cast(sums);
        cast(sum as f32)
    }
}

#[cfg(target_arch = "x86_64")]
impl Pairs for pulp::x86::V4 {
    #[inline(always)]
    fn add_products<S: Simd>(self, simd: S, sum: S::u32s, one: S::u32s, other: S::u32s) -> S::u32s {
        let products = self.multiply_wrapping_add_adjacent_i16x32(cast(one), cast(other));
        simd.add_u32s(sum, cast(products))
    }

    #[inline(always)]
    fn numbers<S: Simd>(self, sums: S::u32s) -> S::f32s {
        cast(self.convert_i32x16_to_f32x16(cast(sums)))
    }
}

#[cfg(target_arch = "x86_64")]
impl Pairs for pulp::x86::V3 {
    #[inline(always)]
    fn add_products<S: Simd>(self, simd: S, sum: S::u32s, one: S::u32s, other: S::u32s) -> S::u32s {
        let products = self.multiply_wrapping_add_adjacent_i16x16(cast(one), cast(other));
        simd.add_u32s(sum, cast(products))
    }

    #[inline(always)]
    fn numbers<S: Simd>(self, sums: S::u32s) -> S::f32s {
        cast(self.convert_i32x8_to_f32x8(cast(sums)))
    }
}
