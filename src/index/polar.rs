//! A texture read along rings about a centre, and its harmonics along them.

use super::layout::Layout;
use crate::correlate::fft::{Arithmetic, both_ways};
use crate::surface::Texture;
use crate::units::Length;
use casemark_fft::Fft;
use casemark_fft::num_complex::Complex32;
use std::sync::Arc;

/// A point of a frame: x to the right, y down, from its centre.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) x: Length,
    pub(super) y: Length,
}

/// Heights and mask on the rings: (ring, angle), angles clockwise as seen from the right.
#[derive(Clone, Debug)]
pub(super) struct Rings {
    pub(super) heights: Vec<f32>,
    pub(super) weights: Vec<f32>,
}

/// Harmonics in the order of [`Layout`].
#[derive(Clone, Debug)]
pub(super) struct Harmonics {
    pub(super) heights: Vec<Complex32>,
    pub(super) squares: Vec<Complex32>,
    pub(super) mask: Vec<Complex32>,
}

/// Reads rings and takes their harmonics; made once.
pub(super) struct Polar {
    fft: Arc<dyn Fft<f32>>,
    /// Cosine and sine of every angle.
    directions: Vec<(f64, f64)>,
}

impl std::fmt::Debug for Polar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Polar").field("angles", &self.directions.len()).finish_non_exhaustive()
    }
}

impl Polar {
    pub(super) fn new(layout: &Layout, arithmetic: Arithmetic) -> Self {
        let angles = layout.angles();
        let (fft, _) = both_ways(angles, arithmetic);
        let turn = |angle: usize| std::f64::consts::TAU * angle as f64 / angles as f64;
        let directions =
            (0..angles).map(|angle| (libm::cos(turn(angle)), libm::sin(turn(angle)))).collect();
        Self { fft, directions }
    }

    /// Reads the texture along the rings: the weighted mean of the four samples around each place, if
    /// half the weight was measured.
    pub(super) fn read(&self, texture: &Texture, centre: Point, layout: &Layout) -> Rings {
        let (rows, columns) = texture.dim();
        let spacing = texture.spacing;
        let x0 = centre.x.ratio(spacing) + (columns - 1) as f64 / 2.0;
        let y0 = centre.y.ratio(spacing) + (rows - 1) as f64 / 2.0;
        let places = layout.rings() * layout.angles();
        let (heights, weights) =
            (texture.heights.as_standard_layout(), texture.weights.as_standard_layout());
        let samples = Samples {
            heights: heights.as_slice().unwrap_or_default(),
            weights: weights.as_slice().unwrap_or_default(),
            rows,
            columns,
        };
        let mut rings =
            Rings { heights: Vec::with_capacity(places), weights: Vec::with_capacity(places) };
        for radius in layout.radii() {
            let radius = radius.ratio(spacing);
            for (cos, sin) in &self.directions {
                let (height, weight) = samples.at(x0 + radius * cos, y0 + radius * sin);
                rings.heights.push(height);
                rings.weights.push(weight);
            }
        }
        rings
    }

    /// The harmonics that the layout keeps, divided by the number of angles.
    pub(super) fn harmonics(&self, rings: &Rings, layout: &Layout) -> Harmonics {
        let angles = layout.angles();
        let mut harmonics = Harmonics {
            heights: vec![Complex32::ZERO; layout.height_values()],
            squares: vec![Complex32::ZERO; layout.mask_values()],
            mask: vec![Complex32::ZERO; layout.mask_values()],
        };
        let mut scratch = vec![Complex32::ZERO; self.fft.get_inplace_scratch_len()];
        let mut row = vec![Complex32::ZERO; angles];
        let share = 1.0 / angles as f32;
        let ring_heights = |ring: usize| &rings.heights[ring * angles..(ring + 1) * angles];
        // Two rings at once, one as the real, one as the imaginary part.
        for ring in (0..layout.rings()).step_by(2) {
            let next = if ring + 1 < layout.rings() { ring_heights(ring + 1) } else { &[] };
            let nexts = next.iter().copied().chain(std::iter::repeat(0.0));
            for ((value, height), next) in row.iter_mut().zip(ring_heights(ring)).zip(nexts) {
                *value = Complex32::new(*height, next);
            }
            self.fft.process_with_scratch(&mut row, &mut scratch);
            for harmonic in 0..=layout.harmonics() {
                let first = layout.first_ring(harmonic);
                let start = layout.start(harmonic);
                for (ring, value) in [ring, ring + 1].into_iter().zip(halves(&row, harmonic)) {
                    if (first..layout.rings()).contains(&ring) {
                        harmonics.heights[start + ring - first] = value * share;
                    }
                }
            }
        }
        // The mask as the real, the squares as the imaginary part; rings that are merged before all else.
        let merged = layout.rings() / layout.mask_rings();
        for mask_ring in 0..layout.mask_rings() {
            row.fill(Complex32::ZERO);
            for ring in mask_ring * merged..(mask_ring + 1) * merged {
                let ring_share = layout.mask_share(ring);
                let weights = &rings.weights[ring * angles..(ring + 1) * angles];
                for ((value, weight), height) in row.iter_mut().zip(weights).zip(ring_heights(ring))
                {
                    *value += Complex32::new(*weight, height * height) * ring_share;
                }
            }
            self.fft.process_with_scratch(&mut row, &mut scratch);
            for harmonic in 0..=layout.mask_harmonics() {
                let [mask, squares] = halves(&row, harmonic);
                let at = harmonic * layout.mask_rings() + mask_ring;
                harmonics.mask[at] = mask * share;
                harmonics.squares[at] = squares * share;
            }
        }
        harmonics
    }
}

/// A harmonic of two real functions that were transformed as one, x + i y.
fn halves(row: &[Complex32], harmonic: usize) -> [Complex32; 2] {
    let there = if harmonic == 0 { row[0] } else { row[row.len() - harmonic] };
    let (here, there) = (row[harmonic], there.conj());
    let (even, odd) = ((here + there) * 0.5, (here - there) * 0.5);
    [even, Complex32::new(odd.im, -odd.re)]
}

/// The whole number below, and what is left. `f64::floor` is a call where the processor is not known.
#[inline]
fn floor(value: f64) -> (i64, f32) {
    let whole = value as i64;
    let whole = if (whole as f64) > value { whole - 1 } else { whole };
    (whole, (value - whole as f64) as f32)
}

/// Rows one after the other.
struct Samples<'a> {
    heights: &'a [f32],
    weights: &'a [f32],
    rows: usize,
    columns: usize,
}

impl Samples<'_> {
    /// Height and weight (1 or 0) at a place in samples.
    #[inline]
    fn at(&self, x: f64, y: f64) -> (f32, f32) {
        let (column, across) = floor(x);
        let (row, down) = floor(y);
        let (across, down) = ([1.0 - across, across], [1.0 - down, down]);
        let (mut sum, mut support) = (0.0, 0.0);
        let mut add = |wx: f32, wy: f32, place: usize| {
            let weight = wx * wy * self.weights[place];
            sum += weight * self.heights[place];
            support += weight;
        };
        let (rows, columns) = (self.rows as i64, self.columns as i64);
        if row >= 0 && column >= 0 && row + 1 < rows && column + 1 < columns {
            let place = row as usize * self.columns + column as usize;
            add(across[0], down[0], place);
            add(across[1], down[0], place + 1);
            add(across[0], down[1], place + self.columns);
            add(across[1], down[1], place + self.columns + 1);
        } else {
            for (row, wy) in (row..).zip(down).filter(|(row, _)| (0..rows).contains(row)) {
                for (column, wx) in (column..).zip(across) {
                    if (0..columns).contains(&column) {
                        add(wx, wy, row as usize * self.columns + column as usize);
                    }
                }
            }
        }
        if support >= 0.5 { (sum / support, 1.0) } else { (0.0, 0.0) }
    }
}
