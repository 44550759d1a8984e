//! Signatures that are too easy: the spectrum of a base with random phases, or white noise, in its mask.

use casemark::correlate::fft::{Arithmetic, Buffers, HalfSpectrum, Plan};
use casemark::{Digest, Signature};
use ndarray::Array2;

/// Samples along a side of the transforms.
const SIZE: usize = 324;

pub(crate) struct Surrogates {
    plan: Plan,
    buffers: Buffers,
}

impl Surrogates {
    pub(crate) fn new() -> Self {
        let plan = Plan::new(SIZE, Arithmetic::Vectorised);
        let buffers = plan.buffers();
        Self { plan, buffers }
    }

    /// Random phases.
    pub(crate) fn of(&mut self, base: &Signature, number: u64) -> Signature {
        let noise = white(number);
        let (mut heights, mut random) = (HalfSpectrum::new(), HalfSpectrum::new());
        self.transform(&base.texture().heights, &mut heights);
        self.transform(&noise, &mut random);
        for (height, random) in heights.iter_mut().zip(&random) {
            *height = random * (height.norm() / random.norm().max(1e-9));
        }
        let mut nothing = vec![Default::default(); heights.len()];
        let mut field = Vec::new();
        let shifts = 0..=SIZE as isize - 1;
        self.plan.inverse_pair([&mut heights, &mut nothing], shifts, &mut field, &mut self.buffers);
        let field =
            Array2::from_shape_fn((SIZE, SIZE), |(row, column)| field[row * SIZE + column].re);
        masked(base, &field, number)
    }

    /// White noise.
    pub(crate) fn noise(&self, base: &Signature, number: u64) -> Signature {
        masked(base, &white(number), number)
    }

    fn transform(&mut self, field: &Array2<f32>, spectrum: &mut HalfSpectrum) {
        let rows = field.nrows();
        self.plan.forward(
            rows,
            |pair, packed| {
                for (column, packed) in packed.iter_mut().enumerate().take(field.ncols()) {
                    packed.re = field[[2 * pair, column]];
                    packed.im = field.get([2 * pair + 1, column]).copied().unwrap_or(0.0);
                }
            },
            spectrum,
            &mut self.buffers,
        );
    }
}

/// The field within the base's mask, as strong as the base.
fn masked(base: &Signature, field: &Array2<f32>, number: u64) -> Signature {
    let mut texture = base.texture();
    let squares = |of: &dyn Fn((usize, usize)) -> f32| -> f32 {
        let measured = texture.weights.indexed_iter().filter(|(_, weight)| **weight > 0.0);
        measured.map(|(at, _)| of(at) * of(at)).sum()
    };
    let scale = (squares(&|at| texture.heights[at]) / squares(&|at| field[at])).sqrt();
    let heights =
        Array2::from_shape_fn(texture.dim(), |at| field[at] * scale * texture.weights[at]);
    texture.heights = heights;
    base.with_texture(&texture, Digest::of(&number.to_le_bytes()))
}

/// Uniform white noise (SplitMix64, Steele, Lea and Flood 2014).
fn white(number: u64) -> Array2<f32> {
    let mut state = number.wrapping_mul(0x0123_4567_89ab_cdef);
    Array2::from_shape_simple_fn((SIZE, SIZE), || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    })
}
