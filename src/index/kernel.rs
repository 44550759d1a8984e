//! The sums over rings, the transforms along the angle and the best of everything, for sixteen references
//! at a time.
//!
//! References lie abreast in vectors all the way, so nothing is packed or moved, and the best angle needs no
//! look across lanes. Every sum has one order, whatever the number of threads.

use super::block::{Block, LANES, Scales};
use super::entry::Steps;
use super::factor::Factor;
use super::layout::{COARSE, Layout};
use super::pairs::{Pairs, WithPairs};
use super::question::{Question, TILE, Tile};
use super::sums::{Aligned, join, multiply, of, stride};
use super::transform::Transform;
use pulp::Simd;

/// The best of one group of references for one question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Best {
    /// Scores; 0 where nothing is alike.
    pub(super) scores: [f32; LANES],
    /// Number of the centre times the number of angles, plus that of the angle.
    pub(super) codes: [u32; LANES],
}

/// Plans and limits.
#[derive(Clone, Debug)]
pub(super) struct Kernel {
    fine: Transform,
    coarse: Transform,
    least_overlap: f32,
}

/// Buffers of one thread.
#[derive(Debug)]
pub(super) struct Buffers {
    /// The group's values as numbers.
    values: Aligned<u32>,
    /// Spectra of the tile's functions: by centre, then by harmonic, real and imaginary parts.
    heights: Aligned<f32>,
    overlap: Aligned<f32>,
    first_squares: Aligned<f32>,
    second_squares: Aligned<f32>,
    /// What is transformed.
    fine: Aligned<f32>,
    coarse: Aligned<f32>,
    overlap_coarse: Aligned<f32>,
    /// The factors of two centres at the coarse angles.
    factors: Aligned<f32>,
    /// The best score and its code.
    best: Aligned<f32>,
    codes: Vec<u32>,
}

impl Buffers {
    pub(super) fn new(layout: &Layout) -> Self {
        let numbers = |complex: usize| Aligned::new(2 * complex * LANES);
        let mask = || numbers(TILE * stride(layout.mask_harmonics() + 1));
        Self {
            values: Aligned::new(2 * layout.values() * LANES),
            heights: numbers(TILE * stride(layout.harmonics() + 1)),
            overlap: mask(),
            first_squares: mask(),
            second_squares: mask(),
            fine: numbers(layout.angles()),
            coarse: numbers(layout.coarse_angles()),
            overlap_coarse: numbers(layout.coarse_angles()),
            factors: numbers(layout.coarse_angles()),
            best: Aligned::new(LANES),
            codes: vec![0; LANES],
        }
    }
}

impl Kernel {
    pub(super) fn new(layout: &Layout, least_overlap: f64) -> Self {
        Self {
            fine: Transform::new(layout.angles()),
            coarse: Transform::new(layout.coarse_angles()),
            least_overlap: least_overlap as f32,
        }
    }
}

/// Scores one group of a block for several questions.
pub(super) struct Pass<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) layout: &'a Layout,
    pub(super) questions: &'a [&'a Question],
    pub(super) block: &'a Block,
    pub(super) group: usize,
    pub(super) buffers: &'a mut Buffers,
    /// One a question.
    pub(super) best: &'a mut [Best],
}

impl WithPairs for Pass<'_> {
    #[inline(always)]
    fn with_pairs<S: Simd, P: Pairs>(self, simd: S, pairs: P) {
        let Self { kernel, layout, questions, block, group, buffers, best } = self;
        block.unpack(group, 0..layout.values(), buffers.values.get_mut());
        for (question, best) in questions.iter().zip(best) {
            for lane in 0..LANES / S::F32_LANES {
                let mut column = Column {
                    simd,
                    pairs,
                    kernel,
                    layout,
                    scales: block.scales(group),
                    buffers,
                    lane,
                };
                column.question(question, best);
            }
        }
    }
}

/// As many references of the group as a vector holds.
struct Column<'a, S, P> {
    simd: S,
    pairs: P,
    kernel: &'a Kernel,
    layout: &'a Layout,
    scales: &'a Scales,
    buffers: &'a mut Buffers,
    /// Which vector of the group's.
    lane: usize,
}

impl<S: Simd, P: Pairs> Column<'_, S, P> {
    const VECTORS: usize = LANES / S::F32_LANES;

    #[inline(always)]
    fn question(&mut self, question: &Question, best: &mut Best) {
        let at = self.lane * S::F32_LANES..(self.lane + 1) * S::F32_LANES;
        let mut score = self.simd.splat_f32s(0.0);
        let mut code = self.simd.splat_u32s(0);
        let mut centre = 0;
        for tile in &question.tiles {
            self.sum(tile);
            for pair in (0..tile.width).step_by(2) {
                self.transform_heights(pair);
                for of_pair in 0..2 {
                    self.factors(tile, question.steps, pair, of_pair);
                    self.compare(centre, of_pair, &mut score, &mut code);
                    centre += 1;
                }
            }
        }
        let scores = S::as_mut_simd_f32s(self.buffers.best.get_mut()).0;
        scores[0] = score;
        S::as_mut_simd_u32s(&mut self.buffers.codes).0[0] = code;
        best.scores[at.clone()].copy_from_slice(&self.buffers.best.get()[..S::F32_LANES]);
        best.codes[at].copy_from_slice(&self.buffers.codes[..S::F32_LANES]);
    }

    /// The sums over rings, for every harmonic and every centre of the tile.
    #[inline(always)]
    fn sum(&mut self, tile: &Tile) {
        let (simd, pairs, layout, lane) = (self.simd, self.pairs, self.layout, self.lane);
        let row = 2 * Self::VECTORS;
        let values = S::as_simd_u32s(self.buffers.values.get()).0;
        let (squares, mask) =
            values[layout.height_values() * row..].split_at(layout.mask_values() * row);
        let harmonics = layout.harmonics() + 1;
        let out = S::as_mut_simd_f32s(self.buffers.heights.get_mut()).0;
        for harmonic in 0..harmonics {
            let rings = layout.start(harmonic)..layout.start(harmonic + 1);
            let factors = &tile.heights[tile.width * rings.start..tile.width * rings.end];
            let values = &values[rings.start * row..rings.end * row];
            multiply((simd, pairs), factors, values, lane, tile.width, out, (harmonics, harmonic));
        }
        let harmonics = layout.mask_harmonics() + 1;
        for (factors, values, out) in [
            (&tile.mask, mask, &mut self.buffers.overlap),
            (&tile.squares, mask, &mut self.buffers.first_squares),
            (&tile.mask, squares, &mut self.buffers.second_squares),
        ] {
            let out = S::as_mut_simd_f32s(out.get_mut()).0;
            for harmonic in 0..harmonics {
                let rings = harmonic * layout.mask_rings()..(harmonic + 1) * layout.mask_rings();
                let factors = &factors[tile.width * rings.start..tile.width * rings.end];
                let values = &values[rings.start * row..rings.end * row];
                multiply(
                    (simd, pairs),
                    factors,
                    values,
                    lane,
                    tile.width,
                    out,
                    (harmonics, harmonic),
                );
            }
        }
    }

    /// The products of the heights at two centres, at every angle: one as real, one as imaginary part.
    #[inline(always)]
    fn transform_heights(&mut self, pair: usize) {
        let harmonics = self.layout.harmonics() + 1;
        let transform = &self.kernel.fine;
        let spectra = S::as_simd_f32s(self.buffers.heights.get()).0;
        let data = S::as_mut_simd_f32s(self.buffers.fine.get_mut()).0;
        let data = &mut data[..2 * transform.size()];
        let (one, other) =
            (of::<S>(spectra, pair, harmonics), of::<S>(spectra, pair + 1, harmonics));
        join(self.simd, [one, other], data);
        transform.inverse(self.simd, data);
    }

    /// What the products at one centre are multiplied by, at every coarse angle:
    /// sqrt(share of overlap / (sum of squares x sum of squares)), nothing where the overlap is small.
    #[inline(always)]
    fn factors(&mut self, tile: &Tile, steps: Steps, pair: usize, of_pair: usize) {
        let (simd, scales, centre) = (self.simd, self.scales, pair + of_pair);
        let harmonics = self.layout.mask_harmonics() + 1;
        let transform = &self.kernel.coarse;
        let size = 2 * transform.size();
        let buffers = &mut *self.buffers;
        let overlaps = &mut S::as_mut_simd_f32s(buffers.overlap_coarse.get_mut()).0[..size];
        if of_pair == 0 {
            // Both centres at once.
            let spectra = S::as_simd_f32s(buffers.overlap.get()).0;
            let (one, other) =
                (of::<S>(spectra, pair, harmonics), of::<S>(spectra, pair + 1, harmonics));
            join(simd, [one, other], overlaps);
            transform.inverse(simd, overlaps);
        }
        let squares = &mut S::as_mut_simd_f32s(buffers.coarse.get_mut()).0[..size];
        let first = S::as_simd_f32s(buffers.first_squares.get()).0;
        let second = S::as_simd_f32s(buffers.second_squares.get()).0;
        let (one, other) = (of::<S>(first, centre, harmonics), of::<S>(second, centre, harmonics));
        join(simd, [one, other], squares);
        transform.inverse(simd, squares);
        let (measured, least) = (tile.measured[centre], self.kernel.least_overlap);
        let formula = Factor::new(simd, scales, self.lane, steps, measured, least);
        let buffers = &mut *self.buffers;
        let overlaps = S::as_simd_f32s(buffers.overlap_coarse.get()).0;
        let squares = S::as_simd_f32s(buffers.coarse.get()).0;
        let factors = S::as_mut_simd_f32s(buffers.factors.get_mut()).0;
        for (angle, factor) in factors.iter_mut().enumerate().take(transform.size()) {
            let place = 2 * transform.place(angle);
            let squares = [squares[place], squares[place + 1]];
            *factor = formula.at(simd, overlaps[place + of_pair], squares);
        }
    }

    /// The best over all angles at one centre. Factors are interpolated between the coarse angles.
    #[inline(always)]
    fn compare(&self, centre: u32, of_pair: usize, score: &mut S::f32s, code: &mut S::u32s) {
        let simd = self.simd;
        let (fine, coarse) = (&self.kernel.fine, &self.kernel.coarse);
        let data = S::as_simd_f32s(self.buffers.fine.get()).0;
        let factors = S::as_simd_f32s(self.buffers.factors.get()).0;
        let base = centre * fine.size() as u32;
        let step = simd.splat_f32s(1.0 / COARSE as f32);
        for angle in 0..coarse.size() {
            let mut factor = factors[angle];
            let next = factors[if angle + 1 < coarse.size() { angle + 1 } else { 0 }];
            let rise = simd.mul_f32s(simd.sub_f32s(next, factor), step);
            for between in 0..COARSE {
                let number = angle * COARSE + between;
                let found = simd.mul_f32s(data[2 * fine.place(number) + of_pair], factor);
                let better = simd.greater_than_f32s(found, *score);
                *score = simd.select_f32s(better, found, *score);
                *code = simd.select_u32s(better, simd.splat_u32s(base + number as u32), *code);
                factor = simd.add_f32s(factor, rise);
            }
        }
    }
}
