//! Which parts of two profiles are found in their places?
//!
//! Congruent matching profile segments after Chen, Chu, Soons, Thompson, Song 2019: the overlap at the
//! global registration is cut into segments, each is registered by itself within a small reach, and it
//! is congruent where it agrees well and lies where most others do. The segments explain a score; they do
//! not make it.

use super::bands::Bands;
use crate::parameters::Striation;
use crate::units::Length;
use std::ops::Range;

/// A part of the questioned profile, registered on the reference by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Its middle on the questioned profile, from that one's middle.
    pub centre: Length,
    /// Its length on the questioned profile.
    pub length: Length,
    /// How far from the place that lag and scale give it agrees best on the reference, where it could be
    /// compared.
    pub displacement: Option<Length>,
    /// NCC there, -1 to 1.
    pub ncc: Option<f64>,
    /// Congruent, or why not.
    pub verdict: SegmentVerdict,
}

/// Is a segment congruent, or why not?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentVerdict {
    /// It agrees, and in its place.
    Congruent,
    /// Too few samples are measured on both.
    TooFewJoint,
    /// Its NCC is too low.
    LowNcc,
    /// It agrees elsewhere than most others.
    Displaced,
}

impl SegmentVerdict {
    /// Whether it is congruent.
    #[must_use]
    pub fn is_congruent(self) -> bool {
        self == Self::Congruent
    }

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Congruent => "congruent",
            Self::TooFewJoint => "too_few_joint",
            Self::LowNcc => "low_ncc",
            Self::Displaced => "displaced",
        }
    }
}

/// NCC of the whole pass band over a range of the first profile at a lag, and the number of jointly
/// measured samples; none where nothing varies.
pub(super) fn ncc(
    [first, second]: [&Bands; 2],
    range: Range<usize>,
    lag: isize,
) -> Option<(f64, usize)> {
    let (mut joint, mut sums, mut squares, mut product) = (0_usize, [0.0; 2], [0.0; 2], 0.0);
    for index in range {
        let Some(other) = index.checked_add_signed(lag).filter(|other| *other < second.len())
        else {
            continue;
        };
        if first.weights[index] > 0.0 && second.weights[other] > 0.0 {
            let (a, b) = (first.whole[index], second.whole[other]);
            joint += 1;
            sums = [sums[0] + a, sums[1] + b];
            squares = [squares[0] + a * a, squares[1] + b * b];
            product += a * b;
        }
    }
    let count = joint as f64;
    let energy = [0, 1].map(|side| squares[side] - sums[side] * sums[side] / count);
    (joint > 1 && energy[0] > 1e-12 && energy[1] > 1e-12).then(|| {
        let ncc = (product - sums[0] * sums[1] / count) / libm::sqrt(energy[0] * energy[1]);
        (ncc, joint)
    })
}

/// Cuts, registers and judges. `root` is the stretch of the first profile.
pub(super) fn register(
    sides: [&Bands; 2],
    lag: isize,
    root: f64,
    parameters: &Striation,
) -> Vec<Segment> {
    let [first, second] = sides;
    let begin = (-lag).max(0) as usize;
    let end = (second.len() as isize - lag).clamp(0, first.len() as isize) as usize;
    let length = parameters.segment_length.ratio(parameters.spacing).round() as usize;
    let reach = parameters.segment_reach.ratio(parameters.spacing).floor() as isize;
    let least = (parameters.segment_least_joint * length as f64).ceil() as usize;
    let count = end.saturating_sub(begin) / length;
    // What does not fill a segment is left over at both ends.
    let begin = begin + (end.saturating_sub(begin) - count * length) / 2;
    let registered: Vec<(usize, Option<(f64, isize)>)> = (0..count)
        .map(|index| {
            let start = begin + index * length;
            // Nearest first, so that of equal places the nearest is taken.
            let steps = (0..=reach).flat_map(|step| [step, -step]);
            let mut best: Option<(f64, isize)> = None;
            for step in steps {
                let here = ncc(sides, start..start + length, lag + step);
                if let Some((ncc, _)) = here.filter(|(_, joint)| *joint >= least)
                    && best.is_none_or(|(most, _)| ncc > most)
                {
                    best = Some((ncc, step));
                }
            }
            (start, best)
        })
        .collect();
    let agrees = |ncc: f64| ncc >= parameters.segment_ncc;
    let mut places: Vec<isize> = registered
        .iter()
        .filter_map(|(_, best)| best.filter(|(ncc, _)| agrees(*ncc)).map(|(_, step)| step))
        .collect();
    places.sort_unstable();
    // The lower of two in the middle.
    let median = places.get(places.len().saturating_sub(1) / 2).copied().unwrap_or(0);
    let on_reference = |samples: isize| parameters.spacing * (samples as f64 * root);
    registered
        .into_iter()
        .map(|(start, best)| {
            let middle = start as f64 + (length - 1) as f64 / 2.0 - (first.len() - 1) as f64 / 2.0;
            let verdict = match best {
                None => SegmentVerdict::TooFewJoint,
                Some((ncc, _)) if !agrees(ncc) => SegmentVerdict::LowNcc,
                Some((_, step)) => {
                    let away = on_reference((step - median).abs());
                    if away > parameters.segment_displacement {
                        SegmentVerdict::Displaced
                    } else {
                        SegmentVerdict::Congruent
                    }
                }
            };
            Segment {
                centre: parameters.spacing * (middle / root),
                length: parameters.spacing * (length as f64 / root),
                displacement: best.map(|(_, step)| on_reference(step)),
                ncc: best.map(|(ncc, _)| ncc),
                verdict,
            }
        })
        .collect()
}
