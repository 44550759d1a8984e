//! Many entries as one matrix: references side by side, sixteen abreast.

use super::IndexError;
use super::emphasis::Emphasis;
use super::entry::{Entry, Family, Read, Steps};
use super::layout::Layout;
use super::polar::Point;
use super::sums::pair;
use std::ops::Range;
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
    /// Steps of the heights, less what emphasis adds to the mark.
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
    emphasis: Arc<Emphasis>,
    pub(super) family: Family,
    /// Group by group, value by value.
    values: Vec<Lanes>,
    scales: Vec<Scales>,
    centres: Vec<Point>,
}

impl Block {
    pub(super) fn new(layout: Arc<Layout>, emphasis: Arc<Emphasis>, family: Family) -> Self {
        let (values, scales, centres) = (Vec::new(), Vec::new(), Vec::new());
        Self { layout, emphasis, family, values, scales, centres }
    }

    /// Makes room for so many more references.
    pub fn reserve(&mut self, references: usize) {
        let groups = (self.centres.len() + references).div_ceil(LANES);
        let count = 2 * self.layout.values();
        self.values.reserve_exact((groups * count).saturating_sub(self.values.len()));
        self.scales.reserve_exact(groups.saturating_sub(self.scales.len()));
        self.centres.reserve_exact(references);
    }

    /// Appends a reference; its place is its number in the results.
    ///
    /// # Errors
    /// An entry made with other parameters or of another kind than the block's, or with another number of
    /// values than its own parameters say.
    pub fn push(&mut self, entry: &Entry) -> Result<(), IndexError> {
        let values = entry.values.iter().copied();
        self.append(entry.family, entry.centre, entry.steps, values)
    }

    /// Puts a reference in the place of another.
    ///
    /// # Errors
    /// As [`Block::push`]; the block is as before.
    ///
    /// # Panics
    /// Where the block has no such place.
    pub fn replace(&mut self, place: usize, entry: &Entry) -> Result<(), IndexError> {
        self.admit(entry.family, entry.values.len())?;
        self.centres[place] = entry.centre;
        self.write(place, entry.steps, entry.values.iter().copied());
        Ok(())
    }

    /// Appends a reference from an entry's bytes, without a copy of them.
    ///
    /// # Errors
    /// As [`Entry::from_bytes`] and [`Block::push`]; the block is as before.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        let Read { family, centre, steps, values } = Read::new(bytes)?;
        let values = values.iter().map(|&byte| i8::from_le_bytes([byte]));
        self.append(family, centre, steps, values)
    }

    fn append(
        &mut self,
        family: Family,
        centre: Point,
        steps: Steps,
        values: impl ExactSizeIterator<Item = i8> + Clone,
    ) -> Result<(), IndexError> {
        self.admit(family, values.len())?;
        self.place();
        self.centres.push(centre);
        self.write(self.centres.len() - 1, steps, values);
        Ok(())
    }

    fn admit(&self, family: Family, found: usize) -> Result<(), IndexError> {
        self.family.admit(family)?;
        let wanted = 2 * self.layout.values();
        if found == wanted { Ok(()) } else { Err(IndexError::Values { found, wanted }) }
    }

    /// Overwrites all but the centre of a reference.
    fn write(&mut self, place: usize, steps: Steps, values: impl Iterator<Item = i8> + Clone) {
        let count = 2 * self.layout.values();
        let (group, lane) = (place / LANES, place % LANES);
        for (lanes, value) in self.values[group * count..].iter_mut().zip(values.clone()) {
            lanes.0[lane] = value;
        }
        let parts = values.clone().take(2 * self.layout.height_values()).map(f32::from);
        let parts = parts.clone().step_by(2).zip(parts.skip(1).step_by(2));
        let gain = self.emphasis.gain(parts.map(|(re, im)| re * re + im * im));
        // The mask's harmonic 0 is its mean along each ring.
        let mask = values.skip(count - 2 * self.layout.mask_values());
        let means = mask.step_by(2).zip(self.layout.mask_areas());
        let measured: f32 = means.map(|(mean, area)| f32::from(mean) * area).sum();
        let scales = &mut self.scales[group];
        scales.heights[lane] = steps.heights / gain;
        scales.products[lane] = steps.squares * steps.mask;
        scales.mask[lane] = steps.mask;
        scales.measured[lane] = measured * steps.mask;
    }

    /// Group and lane of the next reference, with room made for it.
    fn place(&mut self) -> (usize, usize) {
        let lane = self.centres.len() % LANES;
        if lane == 0 {
            let count = 2 * self.layout.values();
            self.values.resize(self.values.len() + count, Lanes([0; LANES]));
            let zero = [0.0; LANES];
            let none = Scales { heights: zero, products: zero, mask: zero, measured: zero };
            self.scales.push(none);
        }
        (self.centres.len() / LANES, lane)
    }

    /// Holds these references of another block alone, at most as many as a group.
    pub(super) fn gather(&mut self, from: &Self, chosen: &[usize]) {
        self.family = from.family;
        self.values.clear();
        self.scales.clear();
        self.centres.clear();
        let count = 2 * self.layout.values();
        for &reference in chosen.iter().take(LANES) {
            let (group, lane) = self.place();
            let (other, other_lane) = (reference / LANES, reference % LANES);
            let theirs = &from.values[other * count..(other + 1) * count];
            for (lanes, value) in self.values[group * count..].iter_mut().zip(theirs) {
                lanes.0[lane] = value.0[other_lane];
            }
            let (own, theirs) = (&mut self.scales[group], &from.scales[other]);
            own.heights[lane] = theirs.heights[other_lane];
            own.products[lane] = theirs.products[other_lane];
            own.mask[lane] = theirs.mask[other_lane];
            own.measured[lane] = theirs.measured[other_lane];
            self.centres.push(from.centres[reference]);
        }
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

    /// Some complex values of a group as pairs, each in its place: (real, imaginary), then
    /// (imaginary, less the real), so that a pair of factors with each makes both parts of a product.
    #[inline(always)]
    pub(super) fn unpack(&self, group: usize, part: Range<usize>, words: &mut [u32]) {
        let count = 2 * self.layout.values();
        let (start, end) = (2 * part.start, 2 * part.end);
        let values = &self.values[group * count + start..group * count + end];
        let words = &mut words[start * LANES..end * LANES];
        for (words, values) in words.chunks_exact_mut(2 * LANES).zip(values.chunks_exact(2)) {
            let (straight, crossed) = words.split_at_mut(LANES);
            let ([re, im], numbers) =
                ([&values[0].0, &values[1].0], |value: &i8| i16::from(*value));
            // One after the other: compilers scatter what a single loop writes to both.
            for (word, (re, im)) in straight.iter_mut().zip(re.iter().zip(im)) {
                *word = pair(numbers(re), numbers(im));
            }
            for (word, (re, im)) in crossed.iter_mut().zip(re.iter().zip(im)) {
                *word = pair(numbers(im), -numbers(re));
            }
        }
    }
}
