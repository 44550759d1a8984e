//! The transforms behind the correlation of profiles, planned once.
//!
//! Profiles are zero-padded to one size for all. A spectrum is kept as its first half, the rest of a
//! real signal's being its mirror image; two real signals go through one complex transform both ways.
//! The normalisation on jointly measured samples needs, for each band, the correlations of heights with
//! heights and of squares with the other's mask, and once the correlation of the masks (Padfield 2012).

use super::bands::Bands;
use crate::correlate::fft::{Arithmetic, both_ways};
use casemark_fft::Fft;
use casemark_fft::num_complex::Complex64;
use std::fmt;
use std::sync::Arc;

/// First half of the spectrum of a real signal.
type Half = Vec<Complex64>;

/// Transforms of one size.
#[derive(Clone)]
pub(super) struct Plan {
    size: usize,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Spectra of one profile at one stretch.
#[derive(Clone, Debug)]
pub(super) struct Spectra {
    weights: Half,
    /// Heights and squares of each band.
    bands: Vec<(Half, Half)>,
}

/// Buffers of one thread.
#[derive(Clone, Debug)]
pub(super) struct Buffers {
    signal: Vec<Complex64>,
    scratch: Vec<Complex64>,
    /// Jointly measured samples at every lag, and a second function that nobody needs.
    joint: Vec<Complex64>,
    /// Of one band: heights x heights, and nothing.
    products: Vec<Complex64>,
    /// Of one band: squares of the one and of the other on jointly measured samples.
    energies: Vec<Complex64>,
}

impl Plan {
    /// Transforms of so many samples: as many as two profiles have together, so that they do not wrap round.
    pub(super) fn new(size: usize, arithmetic: Arithmetic) -> Self {
        let (forward, inverse) = both_ways(size, arithmetic);
        Self { size, forward, inverse }
    }

    pub(super) fn buffers(&self) -> Buffers {
        let scratch =
            self.forward.get_inplace_scratch_len().max(self.inverse.get_inplace_scratch_len());
        let zeros = || vec![Complex64::ZERO; self.size];
        Buffers {
            signal: zeros(),
            scratch: vec![Complex64::ZERO; scratch],
            joint: zeros(),
            products: zeros(),
            energies: zeros(),
        }
    }

    /// Spectra of a profile.
    pub(super) fn spectra(&self, profile: &Bands, buffers: &mut Buffers) -> Spectra {
        let weights = self.forward_pair(&profile.weights, |_| 0.0, buffers).0;
        let bands = profile.bands.iter();
        let bands =
            bands.map(|band| self.forward_pair(band, |height| height * height, buffers)).collect();
        Spectra { weights, bands }
    }

    /// Spectra of a signal and of a function of it.
    fn forward_pair(
        &self,
        signal: &[f64],
        second: impl Fn(f64) -> f64,
        buffers: &mut Buffers,
    ) -> (Half, Half) {
        buffers.signal.fill(Complex64::ZERO);
        for (packed, &value) in buffers.signal.iter_mut().zip(signal) {
            *packed = Complex64::new(value, second(value));
        }
        self.forward.process_with_scratch(&mut buffers.signal, &mut buffers.scratch);
        let half = 0..=self.size / 2;
        half.map(|k| {
            let (here, there) = (buffers.signal[k], buffers.signal[(self.size - k) % self.size]);
            let (even, odd) = (here + there.conj(), here - there.conj());
            (even * 0.5, Complex64::new(odd.im * 0.5, odd.re * -0.5))
        })
        .unzip()
    }

    /// Correlation functions sum over i of a(i) b(i + lag) of two pairs at once, as real and imaginary
    /// parts, lag modulo the size.
    fn correlate(
        &self,
        first: (&Half, &Half),
        second: Option<(&Half, &Half)>,
        out: &mut [Complex64],
        scratch: &mut [Complex64],
    ) {
        let last = self.size / 2;
        for k in 0..=last {
            let one = first.0[k].conj() * first.1[k];
            let two = second.map_or(Complex64::ZERO, |(a, b)| a[k].conj() * b[k]);
            out[k] = Complex64::new(one.re - two.im, one.im + two.re);
            if k > 0 && k < last {
                out[self.size - k] = Complex64::new(one.re + two.im, two.re - one.im);
            }
        }
        self.inverse.process_with_scratch(out, scratch);
    }

    /// The weights of both at every lag: how many samples are measured on both.
    pub(super) fn joint<'a>(
        &self,
        [questioned, reference]: [&Spectra; 2],
        buffers: &'a mut Buffers,
    ) -> impl Fn(isize) -> f64 + use<'a> {
        let Buffers { joint, scratch, .. } = buffers;
        self.correlate((&questioned.weights, &reference.weights), None, joint, scratch);
        let (size, joint) = (self.size, &*joint);
        move |lag| joint[wrapped(lag, size)].re / size as f64
    }

    /// Squared NCC of one band at every lag, 0 where it is negative or nothing is there.
    pub(super) fn agreement<'a>(
        &self,
        band: usize,
        [questioned, reference]: [&Spectra; 2],
        buffers: &'a mut Buffers,
    ) -> impl Fn(isize) -> f64 + use<'a> {
        let Buffers { products, energies, scratch, .. } = buffers;
        let (a, b) = (&questioned.bands[band], &reference.bands[band]);
        self.correlate((&a.0, &b.0), None, products, scratch);
        let squares = ((&a.1, &reference.weights), (&questioned.weights, &b.1));
        self.correlate(squares.0, Some(squares.1), energies, scratch);
        let (size, products, energies) = (self.size, &*products, &*energies);
        move |lag| {
            let at = wrapped(lag, size);
            let (product, both) = (products[at].re, energies[at].re * energies[at].im);
            // Energies below rounding are none.
            let nothing = product <= 0.0 || energies[at].re <= 1e-9 || energies[at].im <= 1e-9;
            if nothing { 0.0 } else { (product * product / both).min(1.0) }
        }
    }
}

/// Where a lag is kept.
fn wrapped(lag: isize, size: usize) -> usize {
    lag.rem_euclid(size as isize) as usize
}
