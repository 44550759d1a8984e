//! Every rotation and every shift within reach, at the coarse spacing.
//!
//! The questioned texture is turned to every angle and transformed once ([`RotationBank`]); each
//! reference then costs two transforms of its own and three pruned inverse ones an angle. The result
//! is a short list of hypotheses, the best shift at each local maximum over the angles.

use super::fft::{Arithmetic, Plan};
use super::field::Field;
use super::masked::{Correlator, MaskedSpectrum};
use super::moments::Moments;
use super::peak::vertex;
use super::rotate::transform;
use crate::parameters::Registration;
use crate::surface::Pose;
use crate::units::Angle;

/// A pose worth refining.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hypothesis {
    /// Takes the questioned texture onto the reference.
    pub pose: Pose,
    /// NCC weighted by the square root of the overlap, what hypotheses are ranked by.
    pub score: f32,
}

/// What poses are ranked by: NCC times the square root of the overlap as a share of the smaller
/// texture, so that a chance agreement of a small overlap does not beat a true one of a large. `None`
/// below the least overlap.
pub(super) fn score(moments: &Moments, smaller: usize, least_overlap: f64) -> Option<f32> {
    let share = (moments.count / smaller as f32).min(1.0);
    if f64::from(share) < least_overlap {
        return None;
    }
    moments.ncc().map(|ncc| ncc * share.sqrt())
}

/// Spectra of one coarse texture at every angle.
#[derive(Clone, Debug)]
pub struct RotationBank {
    size: usize,
    /// Samples along a side of the turned frames.
    side: usize,
    valid_count: usize,
    spectra: Vec<MaskedSpectrum>,
}

/// Samples along a side of a square frame that holds the field at every angle.
fn turned_side(field: &Field) -> usize {
    // One sample more on each side for the neighbours of the interpolation.
    2 * field.reach().ceil() as usize + 3
}

/// Samples along a side of the frame that leaves room for every shift in a transform of `size`.
fn frame_side(size: usize, parameters: &Registration) -> usize {
    size - reach(parameters) as usize - 1
}

/// Shifts searched, in samples of the coarse spacing.
fn reach(parameters: &Registration) -> isize {
    parameters.shift_reach.ratio(parameters.coarse_spacing).round() as isize
}

/// Size of the transforms that compare these two coarse fields.
#[must_use]
pub fn transform_size(questioned: &Field, reference: &Field, parameters: &Registration) -> usize {
    let (rows, columns) = reference.dim();
    let side = turned_side(questioned).max(rows).max(columns);
    // Few different sizes, so that few banks are needed; the first for frames up to 3.7 mm.
    let least = Plan::good_size(side + reach(parameters) as usize + 1);
    let ladder = (0..).flat_map(|octave| [96_usize, 108, 128, 144, 162].map(|size| size << octave));
    ladder.into_iter().find(|size| *size >= least).unwrap_or(least)
}

/// Plans and buffers for transforms of a size; one a thread.
#[must_use]
pub fn correlator(size: usize, parameters: &Registration, arithmetic: Arithmetic) -> Correlator {
    // One shift more on each side, so that every peak within reach has neighbours.
    let reach = reach(parameters) + 1;
    Correlator::with_size(size, -reach..=reach, arithmetic)
}

impl RotationBank {
    /// Turns and transforms. Cost: two transforms and one interpolation an angle, about 9 ms.
    #[must_use]
    pub fn new(questioned: &Field, correlator: &mut Correlator, parameters: &Registration) -> Self {
        let side = frame_side(correlator.size(), parameters);
        let count = angles(parameters);
        let spectra = (0..count).map(|index| {
            let theta = Angle::from_degrees(360.0 * index as f64 / count as f64);
            let pose = Pose { theta, ..Pose::IDENTITY };
            let turned = transform(questioned.texture(), pose, (side, side));
            let mut spectrum = MaskedSpectrum::default();
            correlator.transform(
                turned.heights.view(),
                turned.weights.view(),
                (0, 0),
                &mut spectrum,
            );
            spectrum
        });
        let spectra = spectra.collect();
        Self { size: correlator.size(), side, valid_count: questioned.valid_count(), spectra }
    }

    /// Samples along a side of its transforms.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The best hypotheses for where the bank's texture lies on `reference`, best first.
    ///
    /// # Panics
    /// If the correlator has another size than the bank, or the reference does not fit it (see
    /// [`transform_size`]).
    pub fn search(
        &self,
        reference: &Field,
        correlator: &mut Correlator,
        parameters: &Registration,
    ) -> Vec<Hypothesis> {
        assert_eq!(self.size, correlator.size(), "one size of transforms");
        let mut fixed = MaskedSpectrum::default();
        let at = self.place(reference);
        let (heights, weights) = (reference.heights().view(), reference.weights().view());
        correlator.transform(heights, weights, at, &mut fixed);
        let smaller = self.valid_count.min(reference.valid_count());
        let score = |moments: &Moments| score(moments, smaller, parameters.least_overlap);
        let peaks: Vec<Option<Peak>> = self
            .spectra
            .iter()
            .map(|moved| {
                correlator.correlate(moved, &fixed);
                let (dy, dx, best, _) = correlator.best(score)?;
                let at = |dy, dx| score(&correlator.moments(dy, dx));
                let edge = reach(parameters) + 1;
                let inside = |shift: isize| shift.abs() < edge;
                let along_y =
                    if inside(dy) { vertex(at(dy - 1, dx), best, at(dy + 1, dx)) } else { 0.0 };
                let along_x =
                    if inside(dx) { vertex(at(dy, dx - 1), best, at(dy, dx + 1)) } else { 0.0 };
                Some(Peak { score: best, y: dy as f64 + along_y, x: dx as f64 + along_x })
            })
            .collect();
        let mut hypotheses = self.local_maxima(&peaks, reference);
        hypotheses.sort_by(|a, b| b.score.total_cmp(&a.score));
        hypotheses.truncate(parameters.hypotheses);
        hypotheses
    }

    /// Where the reference's first sample lies in the bank's frame: in its middle.
    fn place(&self, reference: &Field) -> (usize, usize) {
        let (rows, columns) = reference.dim();
        ((self.side - rows) / 2, (self.side - columns) / 2)
    }

    /// Peaks that no neighbouring angle exceeds, as poses.
    fn local_maxima(&self, peaks: &[Option<Peak>], reference: &Field) -> Vec<Hypothesis> {
        let count = peaks.len();
        let score = |index: usize| peaks[index % count].map(|peak| peak.score);
        let spacing = reference.texture().spacing;
        // Half a sample where the two frames have no common centre.
        let ((rows, columns), at) = (reference.dim(), self.place(reference));
        let centre = |length: usize, at: usize| (self.side - length) as f64 / 2.0 - at as f64;
        let maxima = (0..count).filter_map(|index| {
            let peak = peaks[index]?;
            let (before, after) = (score(index + count - 1), score(index + 1));
            // Of two equal neighbours the first counts.
            if before.is_some_and(|before| before >= peak.score)
                || after.is_some_and(|after| after > peak.score)
            {
                return None;
            }
            let angle = index as f64 + vertex(before, peak.score, after);
            let pose = Pose {
                dx: spacing * (peak.x + centre(columns, at.1)),
                dy: spacing * (peak.y + centre(rows, at.0)),
                theta: Angle::from_degrees(360.0 * angle / count as f64).wrapped(),
            };
            Some(Hypothesis { pose, score: peak.score })
        });
        maxima.collect()
    }
}

/// Number of angles in a full turn.
fn angles(parameters: &Registration) -> usize {
    (360.0 / parameters.rotation_step.degrees()).round().max(1.0) as usize
}

/// Best shift at one angle, in samples between the first samples of the two frames.
#[derive(Clone, Copy)]
struct Peak {
    score: f32,
    y: f64,
    x: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::Pyramid;
    use crate::surface::Texture;
    use crate::units::Length;
    use ndarray::Array2;

    /// A ring of noise, low-passed twice as a signature's texture is.
    fn ring(seed: u64) -> Texture {
        let mut state = seed;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        let weights = Array2::from_shape_fn((280, 270), |(row, column)| {
            let from = |row: f64, column: f64| (row - 139.5).hypot(column - 134.5);
            let (row, column) = (row as f64, column as f64);
            let measured = from(row, column) < 130.0 && from(row + 20.0, column - 9.0) > 70.0;
            f32::from(u8::from(measured))
        });
        let noise = weights.mapv(|weight| weight * uniform());
        Texture { heights: noise, weights, spacing: Length::from_micrometres(12.5) }
    }

    #[test]
    fn the_first_hypothesis_is_near_a_known_pose() {
        let parameters = Registration::default();
        let texture = ring(3);
        let truth = Pose {
            dx: Length::from_micrometres(110.0),
            dy: Length::from_micrometres(-65.0),
            theta: Angle::from_degrees(-71.0),
        };
        let moved = transform(&texture, truth, (290, 300));
        let (questioned, reference) =
            (Pyramid::new(texture, &parameters).coarse, Pyramid::new(moved, &parameters).coarse);
        let size = transform_size(&questioned, &reference, &parameters);
        let mut correlator = correlator(size, &parameters, Arithmetic::Portable);
        let bank = RotationBank::new(&questioned, &mut correlator, &parameters);
        let found = bank.search(&reference, &mut correlator, &parameters)[0];
        let away = |one: Length, other: Length| (one - other).micrometres().abs();
        assert!(away(found.pose.dx, truth.dx) < 25.0, "{found:?}");
        assert!(away(found.pose.dy, truth.dy) < 25.0, "{found:?}");
        assert!((found.pose.theta - truth.theta).degrees().abs() < 1.0, "{found:?}");
    }
}
