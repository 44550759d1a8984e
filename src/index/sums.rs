//! Sums over rings for sixteen references abreast, and what they are laid out in.
//!
//! For every harmonic the sums over rings at all centres are a product of two matrices (centres x rings by
//! rings x references). The crates for such products pack both sides anew for every call, and their results
//! would have to be transposed for the transforms.

use super::block::LANES;
use super::pairs::Pairs;
use super::question::TILE;
use pulp::Simd;

/// Numbers that begin where a cache line does.
#[derive(Debug)]
pub(super) struct Aligned<T> {
    numbers: Vec<T>,
    start: usize,
    length: usize,
}

impl<T: Copy + Default> Aligned<T> {
    pub(super) fn new(length: usize) -> Self {
        let numbers = vec![T::default(); length + LANES];
        let start = numbers.as_ptr().align_offset(64).min(LANES);
        Self { numbers, start, length }
    }

    #[inline(always)]
    pub(super) fn get(&self) -> &[T] {
        &self.numbers[self.start..self.start + self.length]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..self.start + self.length]
    }
}

/// Two whole numbers in one word.
#[inline(always)]
pub(super) fn pair(one: i16, other: i16) -> u32 {
    pulp::cast([one, other])
}

/// From one centre's spectrum to the next, in complex values: odd, so that one harmonic of all centres does not
/// fall on one line of the first cache.
pub(super) const fn stride(harmonics: usize) -> usize {
    harmonics | 1
}

/// The spectrum of one centre.
#[inline(always)]
pub(super) fn of<S: Simd>(spectra: &[S::f32s], centre: usize, harmonics: usize) -> &[S::f32s] {
    let start = 2 * centre * stride(harmonics);
    &spectra[start..start + 2 * harmonics]
}

/// The spectrum of two real functions as one complex one: x + i y. Both have real and imaginary parts of
/// the harmonics from 0 on; the rest is nothing.
#[inline(always)]
pub(super) fn join<S: Simd>(simd: S, [one, other]: [&[S::f32s]; 2], data: &mut [S::f32s]) {
    let (used, end) = (one.len(), data.len());
    data[used..end + 2 - used].fill(simd.splat_f32s(0.0));
    data[0] = one[0];
    data[1] = other[0];
    for value in (2..used).step_by(2) {
        let (xr, xi, yr, yi) = (one[value], one[value + 1], other[value], other[value + 1]);
        data[value] = simd.sub_f32s(xr, yi);
        data[value + 1] = simd.add_f32s(xi, yr);
        data[end - value] = simd.add_f32s(xr, yi);
        data[end - value + 1] = simd.sub_f32s(yr, xi);
    }
}

/// Sums over rings of conj(factor) x value, at all centres of a tile, into the harmonic's place of each
/// centre's spectrum: `place` is (harmonics of a spectrum, harmonic).
#[inline(always)]
pub(super) fn multiply<S: Simd, P: Pairs>(
    (simd, pairs): (S, P),
    factors: &[u32],
    values: &[S::u32s],
    lane: usize,
    width: usize,
    out: &mut [S::f32s],
    place: (usize, usize),
) {
    // As many sums as registers hold, and no more.
    let most = if S::REGISTER_COUNT >= 32 { TILE } else { 4 };
    let mut from = 0;
    while from < width {
        let taken = most.min(width - from);
        let strip = Strip { factors, values, lane, width, from };
        match taken {
            12 => strip.multiply::<S, P, 12>(simd, pairs, out, place),
            10 => strip.multiply::<S, P, 10>(simd, pairs, out, place),
            8 => strip.multiply::<S, P, 8>(simd, pairs, out, place),
            6 => strip.multiply::<S, P, 6>(simd, pairs, out, place),
            4 => strip.multiply::<S, P, 4>(simd, pairs, out, place),
            _ => strip.multiply::<S, P, 2>(simd, pairs, out, place),
        }
        from += taken;
    }
}

/// Some centres of a tile at one harmonic.
struct Strip<'a, V> {
    factors: &'a [u32],
    values: &'a [V],
    lane: usize,
    width: usize,
    from: usize,
}

impl<V: Copy> Strip<'_, V> {
    #[inline(always)]
    fn multiply<S: Simd<u32s = V>, P: Pairs, const COUNT: usize>(
        &self,
        simd: S,
        pairs: P,
        out: &mut [S::f32s],
        (harmonics, harmonic): (usize, usize),
    ) {
        let vectors = LANES / S::U32_LANES;
        let zero = simd.splat_u32s(0);
        let mut sums = [(zero, zero); COUNT];
        let rings = self.factors.chunks_exact(self.width);
        for (factors, value) in rings.zip(self.values.chunks_exact(2 * vectors)) {
            let (straight, crossed) = (value[self.lane], value[vectors + self.lane]);
            // Always: a strip lies within its tile.
            let Some(factors) = factors[self.from..].first_chunk::<COUNT>() else { continue };
            for (sum, factor) in sums.iter_mut().zip(factors) {
                let factor = simd.splat_u32s(*factor);
                sum.0 = pairs.add_products(simd, sum.0, factor, straight);
                sum.1 = pairs.add_products(simd, sum.1, factor, crossed);
            }
        }
        for (centre, sum) in sums.into_iter().enumerate() {
            let at = 2 * ((self.from + centre) * stride(harmonics) + harmonic);
            out[at] = pairs.numbers::<S>(sum.0);
            out[at + 1] = pairs.numbers::<S>(sum.1);
        }
    }
}
