//! What a product at one centre and angle is multiplied by to be a score.

use super::block::{LANES, Scales};
use super::entry::Steps;
use pulp::Simd;

/// Least product of the two sums of squares as a share of the squared overlap, so that nothing is divided by
/// what the cut harmonics left of nothing: heights are of the order of one, those of fine noise of a tenth.
const LEAST_PRODUCT: f32 = 1e-8;

/// sqrt(share of overlap / (sum of squares x sum of squares)), nothing where the overlap is small: of the references
/// of one vector, for one centre of a question.
pub(super) struct Factor<S: Simd> {
    mask: S::f32s,
    products: S::f32s,
    /// Squared.
    heights: S::f32s,
    /// Measured share of the smaller mark.
    smaller: S::f32s,
    least: S::f32s,
}

impl<S: Simd> Factor<S> {
    /// For the references of a group's vector `lane`, and a centre of which so much is measured.
    #[inline(always)]
    pub(super) fn new(
        simd: S,
        scales: &Scales,
        lane: usize,
        steps: Steps,
        measured: f32,
        least_overlap: f32,
    ) -> Self {
        let scale = |numbers: &[f32; LANES], step: f32| {
            simd.mul_f32s(S::as_simd_f32s(numbers).0[lane], simd.splat_f32s(step))
        };
        let heights = scale(&scales.heights, steps.heights);
        let smaller = simd.min_f32s(scale(&scales.measured, 1.0), simd.splat_f32s(measured));
        Self {
            mask: scale(&scales.mask, steps.mask),
            products: scale(&scales.products, steps.squares * steps.mask),
            heights: simd.mul_f32s(heights, heights),
            smaller,
            least: simd.mul_f32s(smaller, simd.splat_f32s(least_overlap)),
        }
    }

    /// At an angle with this overlap and these sums of squares, in the steps of their values.
    #[inline(always)]
    pub(super) fn at(&self, simd: S, overlap: S::f32s, squares: [S::f32s; 2]) -> S::f32s {
        let overlap = simd.mul_f32s(overlap, self.mask);
        let product = simd.mul_f32s(squares[0], squares[1]);
        let product = simd.mul_f32s(product, self.products);
        let floor = simd.splat_f32s(LEAST_PRODUCT);
        let least_product = simd.mul_f32s(floor, simd.mul_f32s(overlap, overlap));
        let product = simd.max_f32s(product, least_product);
        let counted = simd.mul_f32s(simd.min_f32s(overlap, self.smaller), self.heights);
        let divided = simd.div_f32s(counted, simd.mul_f32s(product, self.smaller));
        let enough = simd.greater_than_f32s(overlap, self.least);
        simd.select_f32s(enough, simd.sqrt_f32s(divided), simd.splat_f32s(0.0))
    }
}
