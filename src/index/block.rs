//! Many entries as one matrix: references side by side, sixteen abreast.

use super::IndexError;
use super::entry::{Entry, Family};
use super::layout::Layout;
use super::polar::Point;
use std::sync::Arc;

/// References that are scored abreast: the lanes of the widest vector there is.
pub(super) const LANES: usize = 16;

/// One value of sixteen references.
#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
struct Lanes([i8; LANES]);

/// What is known once a reference, of sixteen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales {
    pub(super) heights: [f32; LANES],
    /// Steps of squares and mask, multiplied.
    pub(super) products: [f32; LANES],
    pub(super) mask: [f32; LANES],
    /// Measured share of the rings' area.
    pub(super) measured: [f32; LANES],
}

/// References that are searched together.
///
/// Sixteen are a group, in which a value of all sixteen lies together, so that one vector operation serves
/// them all. The last group is filled up with references that are nothing.
#[derive(Clone, Debug)]
pub struct Block {
    layout: Arc<Layout>,
    pub(super) family: Family,
    /// Group by group, value by value.
    values: Vec<Lanes>,
    scales: Vec<Scales>,
    centres: Vec<Point>,
}

impl Block {
    pub(super) fn new(layout: Arc<Layout>, family: Family) -> Self {
        Self { layout, family, values: Vec::new(), scales: Vec::new(), centres: Vec::new() }
    }

    /// Appends a reference; its place is its number in the results.
    ///
    /// # Errors
    /// An entry made with other parameters or of another kind than the block's, or with another number of
    /// values than its own parameters say.
    pub fn push(&mut self, entry: &Entry) -> Result<(), IndexError> {
        self.family.admit(entry.family)?;
        let count = 2 * self.layout.values();
        if entry.values.len() != count {
            return Err(IndexError::Values { found: entry.values.len(), wanted: count });
        }
        let lane = self.centres.len() % LANES;
        if lane == 0 {
            self.values.resize(self.values.len() + count, Lanes([0; LANES]));
            let zero = [0.0; LANES];
            let none = Scales { heights: zero, products: zero, mask: zero, measured: zero };
            self.scales.push(none);
        }
        let group = self.centres.len() / LANES;
        for (lanes, value) in self.values[group * count..].iter_mut().zip(&entry.values) {
            lanes.0[lane] = *value;
        }
        // The mask's harmonic 0 is its mean along each ring.
        let mask = &entry.values[count - 2 * self.layout.mask_values()..];
        let means = mask.iter().step_by(2).zip(self.layout.mask_areas());
        let measured: f32 = means.map(|(mean, area)| f32::from(*mean) * area).sum();
        let scales = &mut self.scales[group];
        scales.heights[lane] = entry.steps.heights;
        scales.products[lane] = entry.steps.squares * entry.steps.mask;
        scales.mask[lane] = entry.steps.mask;
        scales.measured[lane] = measured * entry.steps.mask;
        self.centres.push(entry.centre);
        Ok(())
    }

    /// Number of references.
    #[must_use]
    pub fn len(&self) -> usize {
        self.centres.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.centres.is_empty()
    }

    /// Bytes of memory that its references take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.values[..])
            + size_of_val(&self.scales[..])
            + size_of_val(&self.centres[..])
    }

    pub(super) fn groups(&self) -> usize {
        self.scales.len()
    }

    pub(super) fn scales(&self, group: usize) -> &Scales {
        &self.scales[group]
    }

    pub(super) fn centre(&self, reference: usize) -> Point {
        self.centres[reference]
    }

    /// The values of a group as numbers, value by value.
    #[inline(always)]
    pub(super) fn unpack(&self, group: usize, numbers: &mut [f32]) {
        let count = 2 * self.layout.values();
        let values = &self.values[group * count..(group + 1) * count];
        for (numbers, values) in numbers.chunks_exact_mut(LANES).zip(values) {
            for (number, value) in numbers.iter_mut().zip(&values.0) {
                *number = f32::from(*value);
            }
        }
    }
}
