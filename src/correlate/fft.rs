//! Two-dimensional FFTs of real fields, planned once, for correlation only.
//!
//! Fields are square, zero-padded to `size`. A spectrum is kept as half a plane and *transposed*: row
//! kx in 0..=size/2, column ky in 0..size, which is what two passes of row transforms leave behind and
//! all that a product needs. Two real rows are transformed as one complex row. The inverse is pruned
//! to the rows of shifts that are asked for. Useful for the sizes of registration and cells (32 to
//! 256); not a general FFT.

use casemark_fft::num_complex::Complex32;
use casemark_fft::{BothWays, Fft, Sample};
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

/// Half a plane of the spectrum of a real field: rows kx of `size` columns ky. All are size / 2 + 1;
/// of a field that is smooth along x, fewer are kept.
pub type HalfSpectrum = Vec<Complex32>;

/// Buffers for transforms of one size; one a thread, reused.
#[derive(Clone, Debug)]
pub struct Buffers {
    rows: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

/// Plans the transforms of `size` samples along one axis.
pub(crate) fn both_ways<T: Sample>(size: usize, arithmetic: Arithmetic) -> BothWays<T> {
    match arithmetic {
        Arithmetic::Vectorised => T::vectorised(size),
        Arithmetic::Portable => T::portable(size),
    }
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
        let (forward, inverse) = both_ways(size, arithmetic);
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

    /// Spectra of two real fields at once. `fill(row, packed)` writes row `row` of both fields, the first as real, the second as imaginary
    /// parts, into a zeroed slice of `size`; only rows below `rows` are asked for.
    pub fn forward_pair(
        &self,
        rows: usize,
        mut fill: impl FnMut(usize, &mut [Complex32]),
        [first, second]: [&mut HalfSpectrum; 2],
        buffers: &mut Buffers,
    ) {
        let size = self.size;
        self.prepare(rows, first);
        self.prepare(rows, second);
        self.packed_rows(rows, &mut fill, buffers);
        for (row, spectrum) in buffers.rows[..rows * size].chunks_exact(size).enumerate() {
            scatter(spectrum, even, row, first);
            scatter(spectrum, odd, row, second);
        }
        self.forward.process_with_scratch(first, &mut buffers.scratch);
        self.forward.process_with_scratch(second, &mut buffers.scratch);
    }

    /// Spectrum of one real field. `fill(pair, packed)` writes rows 2
    /// `pair` and 2 `pair` + 1 (nothing where there is none) as real and imaginary parts.
    pub fn forward(
        &self,
        rows: usize,
        mut fill: impl FnMut(usize, &mut [Complex32]),
        spectrum: &mut HalfSpectrum,
        buffers: &mut Buffers,
    ) {
        let (size, pairs) = (self.size, rows.div_ceil(2));
        self.prepare(rows, spectrum);
        self.packed_rows(pairs, &mut fill, buffers);
        for (pair, packed) in buffers.rows[..pairs * size].chunks_exact(size).enumerate() {
            // Sizes are even, so that the second row always has a place.
            scatter(packed, even, 2 * pair, spectrum);
            scatter(packed, odd, 2 * pair + 1, spectrum);
        }
        self.forward.process_with_scratch(spectrum, &mut buffers.scratch);
    }

    /// Makes room, and zeroes what no row of the field will fill.
    fn prepare(&self, rows: usize, spectrum: &mut HalfSpectrum) {
        let size = self.size;
        assert!(rows <= size, "{rows} rows do not fit a transform of {size}");
        spectrum.resize(self.half() * size, Complex32::ZERO);
        spectrum.chunks_exact_mut(size).for_each(|column| column[rows..].fill(Complex32::ZERO));
    }

    /// Fills and transforms rows.
    fn packed_rows(
        &self,
        rows: usize,
        fill: &mut impl FnMut(usize, &mut [Complex32]),
        buffers: &mut Buffers,
    ) {
        let packed = &mut buffers.rows[..rows * self.size];
        packed.fill(Complex32::ZERO);
        for (row, samples) in packed.chunks_exact_mut(self.size).enumerate() {
            fill(row, samples);
        }
        self.forward.process_with_scratch(packed, &mut buffers.scratch);
    }

    /// Correlation functions of two pairs at once, by the inverse transform of their half spectra
    /// (which are overwritten), not yet divided by size^2, at the rows of the given
    /// shifts.
    ///
    /// `out` becomes one row of `size` columns a shift; column x is the shift x, or x - size for
    /// negative ones; the first function is the real, the second the imaginary part.
    pub fn inverse_pair(
        &self,
        [first, second]: [&mut HalfSpectrum; 2],
        shifts: RangeInclusive<isize>,
        out: &mut Vec<Complex32>,
        buffers: &mut Buffers,
    ) {
        let size = self.size;
        self.inverse.process_with_scratch(first, &mut buffers.scratch);
        self.inverse.process_with_scratch(second, &mut buffers.scratch);
        out.clear();
        out.resize(shifts.clone().count() * size, Complex32::ZERO);
        for (shift, row) in shifts.zip(out.chunks_exact_mut(size)) {
            let y = shift.rem_euclid(size as isize) as usize;
            for (kx, column) in first.chunks_exact(size).enumerate() {
                let a = column[y];
                row[kx] = a;
                if kx > 0 {
                    // The highest row is its own mirror image.
                    row[size - kx] = if kx < size - kx { a.conj() } else { a };
                }
            }
            for (kx, column) in second.chunks_exact(size).enumerate() {
                let b = column[y];
                row[kx] += Complex32::new(-b.im, b.re);
                if kx > 0 && kx < size - kx {
                    row[size - kx] += Complex32::new(b.im, b.re);
                }
            }
        }
        self.inverse.process_with_scratch(out, &mut buffers.scratch);
    }
}

/// Puts the spectrum of one of two packed rows into the columns of a half spectrum.
fn scatter(
    packed: &[Complex32],
    part: impl Fn(Complex32, Complex32) -> Complex32,
    row: usize,
    spectrum: &mut HalfSpectrum,
) {
    let (zeroth, others) = spectrum.split_at_mut(packed.len());
    zeroth[row] = part(packed[0], packed[0]);
    // Each wave number with the opposite one.
    let opposites = packed[1..].iter().zip(packed.iter().rev());
    for (column, (here, there)) in others.chunks_exact_mut(packed.len()).zip(opposites) {
        column[row] = part(*here, *there);
    }
}

/// The spectrum of the real parts, from a wave number and the opposite one.
fn even(here: Complex32, there: Complex32) -> Complex32 {
    (here + there.conj()) * 0.5
}

/// The spectrum of the imaginary parts.
fn odd(here: Complex32, there: Complex32) -> Complex32 {
    let odd = here - there.conj();
    Complex32::new(odd.im * 0.5, odd.re * -0.5)
}
