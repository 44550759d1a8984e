//! Two-dimensional FFTs of real fields, planned once, for correlation only.
//!
//! Fields are square, zero-padded to `size`. A spectrum is kept as half a plane and *transposed*: row
//! kx in 0..=size/2, column ky in 0..size, which is what two passes of row transforms leave behind and
//! all that a product needs. Two real rows are transformed as one complex row. The inverse is pruned
//! to the rows of shifts that are asked for. Useful for the sizes of registration and cells (32 to
//! 256); not a general FFT.

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner, FftPlannerScalar};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Which instructions the transforms use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// The widest vector unit that the processor has. The same bytes on processors with the same
    /// vector unit; elsewhere the last bits of a correlation may round differently.
    #[default]
    Vectorised,
    /// Scalar only: the same bytes on every processor, several times slower.
    Portable,
}

/// Plans of one size.
#[derive(Clone)]
pub struct Plan {
    size: usize,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Half a plane of the spectrum of a real field: (size / 2 + 1) rows kx of `size` columns ky.
pub type HalfSpectrum = Vec<Complex32>;

/// Buffers for transforms of one size; one a thread, reused.
#[derive(Clone, Debug)]
pub struct Buffers {
    rows: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Plan {
    /// The least size of at least `least` whose factors are 2 and 3, so that transforms are cheap.
    #[must_use]
    pub fn good_size(least: usize) -> usize {
        let smooth = |mut size: usize| {
            for factor in [2, 3] {
                while size.is_multiple_of(factor) {
                    size /= factor;
                }
            }
            size == 1
        };
        // Multiples of four keep both halves and vector lanes whole.
        (least.max(8)..).find(|size| size.is_multiple_of(4) && smooth(*size)).unwrap_or(least)
    }

    /// Plans transforms of `size` by `size` samples.
    #[must_use]
    pub fn new(size: usize, arithmetic: Arithmetic) -> Self {
        let (forward, inverse) = match arithmetic {
            Arithmetic::Vectorised => {
                let mut planner = FftPlanner::new();
                (planner.plan_fft_forward(size), planner.plan_fft_inverse(size))
            }
            Arithmetic::Portable => {
                let mut planner = FftPlannerScalar::new();
                (planner.plan_fft_forward(size), planner.plan_fft_inverse(size))
            }
        };
        Self { size, forward, inverse }
    }

    /// Samples along each side.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Number of rows kx of a half spectrum.
    #[must_use]
    pub const fn half(&self) -> usize {
        self.size / 2 + 1
    }

    /// Buffers for this plan.
    #[must_use]
    pub fn buffers(&self) -> Buffers {
        let scratch =
            self.forward.get_inplace_scratch_len().max(self.inverse.get_inplace_scratch_len());
        Buffers {
            rows: vec![Complex32::ZERO; self.size * self.size],
            scratch: vec![Complex32::ZERO; scratch],
        }
    }

    /// Spectra of two real fields at once. `fill(row, packed)` writes row `row` of both fields, the
    /// first as real, the second as imaginary parts, into a zeroed slice of `size`; only rows below
    /// `rows` are asked for.
    pub fn forward_pair(
        &self,
        rows: usize,
        mut fill: impl FnMut(usize, &mut [Complex32]),
        first: &mut HalfSpectrum,
        second: &mut HalfSpectrum,
        buffers: &mut Buffers,
    ) {
        let (size, half) = (self.size, self.half());
        assert!(rows <= size, "{rows} rows do not fit a transform of {size}");
        for spectrum in [&mut *first, &mut *second] {
            spectrum.clear();
            spectrum.resize(half * size, Complex32::ZERO);
        }
        let packed = &mut buffers.rows[..rows * size];
        packed.fill(Complex32::ZERO);
        for (row, samples) in packed.chunks_exact_mut(size).enumerate() {
            fill(row, samples);
        }
        self.forward.process_with_scratch(packed, &mut buffers.scratch);
        // The two spectra of a packed row are its even and odd parts under k -> -k.
        for (row, spectrum) in packed.chunks_exact(size).enumerate() {
            for kx in 0..half {
                let (here, there) = (spectrum[kx], spectrum[(size - kx) % size].conj());
                let (even, odd) = (here + there, here - there);
                first[kx * size + row] = even * 0.5;
                second[kx * size + row] = Complex32::new(odd.im * 0.5, odd.re * -0.5);
            }
        }
        self.forward.process_with_scratch(first, &mut buffers.scratch);
        self.forward.process_with_scratch(second, &mut buffers.scratch);
    }

    /// Correlation functions of two pairs at once, by the inverse transform of their half spectra
    /// (which are overwritten), not yet divided by size^2, at the rows of the given shifts.
    ///
    /// `out` becomes one row of `size` columns a shift; column x is the shift x, or x - size for
    /// negative ones; the first function is the real, the second the imaginary part.
    pub fn inverse_pair(
        &self,
        first: &mut HalfSpectrum,
        second: &mut HalfSpectrum,
        shifts: RangeInclusive<isize>,
        out: &mut Vec<Complex32>,
        buffers: &mut Buffers,
    ) {
        let (size, half) = (self.size, self.half());
        self.inverse.process_with_scratch(first, &mut buffers.scratch);
        self.inverse.process_with_scratch(second, &mut buffers.scratch);
        out.clear();
        out.resize(shifts.clone().count() * size, Complex32::ZERO);
        for (shift, row) in shifts.zip(out.chunks_exact_mut(size)) {
            let y = shift.rem_euclid(size as isize) as usize;
            for kx in 0..half {
                let (a, b) = (first[kx * size + y], second[kx * size + y]);
                row[kx] = Complex32::new(a.re - b.im, a.im + b.re);
                if kx > 0 && kx < size - kx {
                    row[size - kx] = Complex32::new(a.re + b.im, b.re - a.im);
                }
            }
        }
        self.inverse.process_with_scratch(out, &mut buffers.scratch);
    }
}
