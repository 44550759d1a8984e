//! The coarse pass: fewer centres and fewer harmonics, and one divisor an angle for all centres.
//!
//! Overlap and squares hardly change over the reach of the centres, so they are taken at the middle one
//! alone. Then the best centre of an angle is known before anything is divided.

use super::block::{Block, LANES, Scales};
use super::entry::Steps;
use super::factor::Factor;
use super::layout::{COARSE, Layout};
use super::pairs::{Pairs, WithPairs};
use super::question::{Question, TILE, Tile};
use super::sums::{Aligned, join, multiply, of, stride};
use super::transform::Transform;
use crate::parameters::Index;
use pulp::Simd;

/// Plans and limits.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    /// Highest harmonic of the heights, and of the mask and the squares.
    pub(super) harmonics: usize,
    mask_harmonics: usize,
    fine: Transform,
    coarse: Transform,
    least_overlap: f32,
}

impl Sieve {
    pub(super) fn new(layout: &Layout, parameters: &Index) -> Self {
        let search = &parameters.search;
        let harmonics = search.sieve_harmonics.min(layout.harmonics());
        let angles = search.sieve_angles;
        let coarse = angles / COARSE;
        Self {
            harmonics,
            mask_harmonics: layout.mask_harmonics().min((coarse - 1) / 2),
            fine: Transform::new(angles),
            coarse: Transform::new(coarse),
            least_overlap: search.least_overlap as f32,
        }
    }

    /// Number of angles.
    #[cfg(test)]
    pub(super) const fn angles(&self) -> usize {
        self.fine.size()
    }
}

/// Buffers of one thread.
#[derive(Debug)]
pub(super) struct SieveBuffers {
    values: Aligned<u32>,
    heights: Aligned<f32>,
    fine: Aligned<f32>,
    /// The greatest product over all centres, by angle as the transform leaves them.
    peaks: Aligned<f32>,
    overlap: Aligned<f32>,
    first_squares: Aligned<f32>,
    second_squares: Aligned<f32>,
    overlap_coarse: Aligned<f32>,
    coarse: Aligned<f32>,
    factors: Aligned<f32>,
    best: Aligned<f32>,
}

impl SieveBuffers {
    pub(super) fn new(layout: &Layout, sieve: &Sieve) -> Self {
        let numbers = |complex: usize| Aligned::new(2 * complex * LANES);
        let mask = || numbers(2 * stride(sieve.mask_harmonics + 1));
        Self {
            values: Aligned::new(2 * layout.values() * LANES),
            heights: numbers(TILE * stride(sieve.harmonics + 1)),
            fine: numbers(sieve.fine.size()),
            peaks: Aligned::new(sieve.fine.size() * LANES),
            overlap: mask(),
            first_squares: mask(),
            second_squares: mask(),
            overlap_coarse: numbers(sieve.coarse.size()),
            coarse: numbers(sieve.coarse.size()),
            factors: Aligned::new(sieve.coarse.size() * LANES),
            best: Aligned::new(LANES),
        }
    }
}

/// Sifts one group of a block for several questions.
pub(super) struct Sift<'a> {
    pub(super) sieve: &'a Sieve,
    pub(super) layout: &'a Layout,
    pub(super) questions: &'a [&'a Question],
    pub(super) block: &'a Block,
    pub(super) group: usize,
    pub(super) buffers: &'a mut SieveBuffers,
    /// One a question.
    pub(super) scores: &'a mut [[f32; LANES]],
}

impl WithPairs for Sift<'_> {
    #[inline(always)]
    fn with_pairs<S: Simd, P: Pairs>(self, simd: S, pairs: P) {
        let Self { sieve, layout, questions, block, group, buffers, scores } = self;
        let heights = 0..layout.start(sieve.harmonics + 1);
        let others = layout.height_values()..layout.values();
        for part in [heights, others] {
            block.unpack(group, part, buffers.values.get_mut());
        }
        for (question, scores) in questions.iter().zip(scores) {
            for lane in 0..LANES / S::F32_LANES {
                let scales = block.scales(group);
                let mut column = Column { simd, pairs, sieve, layout, scales, buffers, lane };
                let score = column.question(question);
                S::as_mut_simd_f32s(buffers.best.get_mut()).0[lane] = score;
            }
            scores.copy_from_slice(buffers.best.get());
        }
    }
}

/// As many references of the group as a vector holds.
struct Column<'a, S, P> {
    simd: S,
    pairs: P,
    sieve: &'a Sieve,
    layout: &'a Layout,
    scales: &'a Scales,
    buffers: &'a mut SieveBuffers,
    /// Which vector of the group's.
    lane: usize,
}

impl<S: Simd, P: Pairs> Column<'_, S, P> {
    const VECTORS: usize = LANES / S::F32_LANES;

    #[inline(always)]
    fn question(&mut self, question: &Question) -> S::f32s {
        let simd = self.simd;
        let size = self.sieve.fine.size();
        S::as_mut_simd_f32s(self.buffers.peaks.get_mut()).0[..size].fill(simd.splat_f32s(0.0));
        for tile in &question.sieve.tiles {
            self.sum(tile);
            for pair in (0..tile.width).step_by(2) {
                self.raise(pair);
            }
        }
        self.factors(&question.sieve.middle, question.steps);
        self.best()
    }

    /// The sums over rings, for every harmonic and every centre of the tile.
    #[inline(always)]
    fn sum(&mut self, tile: &Tile) {
        let (simd, pairs, layout, lane) = (self.simd, self.pairs, self.layout, self.lane);
        let row = 2 * Self::VECTORS;
        let values = S::as_simd_u32s(self.buffers.values.get()).0;
        let harmonics = self.sieve.harmonics + 1;
        let out = S::as_mut_simd_f32s(self.buffers.heights.get_mut()).0;
        for harmonic in 0..harmonics {
            let rings = layout.start(harmonic)..layout.start(harmonic + 1);
            let factors = &tile.heights[tile.width * rings.start..tile.width * rings.end];
            let values = &values[rings.start * row..rings.end * row];
            multiply((simd, pairs), factors, values, lane, tile.width, out, (harmonics, harmonic));
        }
    }

    /// The products at two centres, at every angle, into the greatest of all centres.
    #[inline(always)]
    fn raise(&mut self, pair: usize) {
        let simd = self.simd;
        let harmonics = self.sieve.harmonics + 1;
        let transform = &self.sieve.fine;
        let spectra = S::as_simd_f32s(self.buffers.heights.get()).0;
        let data = S::as_mut_simd_f32s(self.buffers.fine.get_mut()).0;
        let data = &mut data[..2 * transform.size()];
        let (one, other) =
            (of::<S>(spectra, pair, harmonics), of::<S>(spectra, pair + 1, harmonics));
        join(simd, [one, other], data);
        transform.inverse(simd, data);
        let peaks = S::as_mut_simd_f32s(self.buffers.peaks.get_mut()).0;
        for (peak, found) in peaks.iter_mut().zip(data.chunks_exact(2)) {
            *peak = simd.max_f32s(*peak, simd.max_f32s(found[0], found[1]));
        }
    }

    /// What the products are multiplied by, at every coarse angle: as the full score's at the middle centre.
    #[inline(always)]
    fn factors(&mut self, middle: &Tile, steps: Steps) {
        let (simd, pairs, layout) = (self.simd, self.pairs, self.layout);
        let (lane, scales) = (self.lane, self.scales);
        let row = 2 * Self::VECTORS;
        let harmonics = self.sieve.mask_harmonics + 1;
        let transform = &self.sieve.coarse;
        let size = 2 * transform.size();
        let buffers = &mut *self.buffers;
        let values = S::as_simd_u32s(buffers.values.get()).0;
        let (squares, mask) =
            values[layout.height_values() * row..].split_at(layout.mask_values() * row);
        for (factors, values, out) in [
            (&middle.mask, mask, &mut buffers.overlap),
            (&middle.squares, mask, &mut buffers.first_squares),
            (&middle.mask, squares, &mut buffers.second_squares),
        ] {
            let out = S::as_mut_simd_f32s(out.get_mut()).0;
            for harmonic in 0..harmonics {
                let rings = harmonic * layout.mask_rings()..(harmonic + 1) * layout.mask_rings();
                let factors = &factors[middle.width * rings.start..middle.width * rings.end];
                let values = &values[rings.start * row..rings.end * row];
                multiply(
                    (simd, pairs),
                    factors,
                    values,
                    lane,
                    middle.width,
                    out,
                    (harmonics, harmonic),
                );
            }
        }
        let overlaps = &mut S::as_mut_simd_f32s(buffers.overlap_coarse.get_mut()).0[..size];
        let overlap = S::as_simd_f32s(buffers.overlap.get()).0;
        let spectra = [of::<S>(overlap, 0, harmonics), of::<S>(overlap, 1, harmonics)];
        join(simd, spectra, overlaps);
        transform.inverse(simd, overlaps);
        let squares = &mut S::as_mut_simd_f32s(buffers.coarse.get_mut()).0[..size];
        let first = S::as_simd_f32s(buffers.first_squares.get()).0;
        let second = S::as_simd_f32s(buffers.second_squares.get()).0;
        join(simd, [of::<S>(first, 0, harmonics), of::<S>(second, 0, harmonics)], squares);
        transform.inverse(simd, squares);
        let (measured, least) = (middle.measured[0], self.sieve.least_overlap);
        let formula = Factor::new(simd, scales, lane, steps, measured, least);
        let factors = S::as_mut_simd_f32s(buffers.factors.get_mut()).0;
        for (angle, factor) in factors.iter_mut().enumerate().take(transform.size()) {
            let place = 2 * transform.place(angle);
            *factor = formula.at(simd, overlaps[place], [squares[place], squares[place + 1]]);
        }
    }

    /// The best over all angles. Factors are interpolated between the coarse angles.
    #[inline(always)]
    fn best(&self) -> S::f32s {
        let simd = self.simd;
        let (fine, coarse) = (&self.sieve.fine, &self.sieve.coarse);
        let peaks = S::as_simd_f32s(self.buffers.peaks.get()).0;
        let factors = S::as_simd_f32s(self.buffers.factors.get()).0;
        let step = simd.splat_f32s(1.0 / COARSE as f32);
        let mut best = simd.splat_f32s(0.0);
        for angle in 0..coarse.size() {
            let mut factor = factors[angle];
            let next = factors[if angle + 1 < coarse.size() { angle + 1 } else { 0 }];
            let rise = simd.mul_f32s(simd.sub_f32s(next, factor), step);
            for between in 0..COARSE {
                let peak = peaks[fine.place(angle * COARSE + between)];
                best = simd.max_f32s(best, simd.mul_f32s(peak, factor));
                factor = simd.add_f32s(factor, rise);
            }
        }
        best
    }
}
