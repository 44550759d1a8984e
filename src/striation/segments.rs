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

/// A part of one profile, registered on the other by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Its middle on its own profile, from that one's middle.
    pub centre: Length,
    /// Its length on its own profile.
    pub length: Length,
    /// Share of its samples that are measured, 0 to 1.
    pub measured: f64,
    /// Share of its samples that are measured on both profiles where lag and scale put it, 0 to 1.
    pub joint: f64,
    /// Where it agrees best, where it could be compared.
    pub place: Option<SegmentPlace>,
    /// Congruent, or why not.
    pub verdict: SegmentVerdict,
}

/// Where a segment agrees best with the other profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SegmentPlace {
    /// How far from where lag and scale put it, on the other profile.
    pub displacement: Length,
    /// NCC there, -1 to 1.
    pub ncc: f64,
    /// Share of its samples that are measured on both profiles there, 0 to 1.
    pub joint: f64,
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

/// Indices within a range of the first profile, and those of the second at a lag, that are measured on both.
pub(super) fn overlapping<'a>(
    [first, second]: [&'a [f64]; 2],
    range: Range<usize>,
    lag: isize,
) -> impl Iterator<Item = (usize, usize)> + 'a {
    let begin = range.start.max((-lag).max(0) as usize);
    let end = range.end.min((second.len() as isize - lag).max(0) as usize);
    (begin..end).filter_map(move |index| {
        let other = index.checked_add_signed(lag)?;
        (first[index] > 0.0 && second[other] > 0.0).then_some((index, other))
    })
}

/// NCC of the whole pass band over a range of the first profile at a lag, and the number of jointly
/// measured samples; none where nothing varies.
pub(super) fn ncc(
    [first, second]: [&Bands; 2],
    range: Range<usize>,
    lag: isize,
) -> Option<(f64, usize)> {
    let (mut joint, mut sums, mut squares, mut product) = (0_usize, [0.0; 2], [0.0; 2], 0.0);
    for (index, other) in overlapping([&first.weights, &second.weights], range, lag) {
        let (a, b) = (first.whole[index], second.whole[other]);
        joint += 1;
        sums = [sums[0] + a, sums[1] + b];
        squares = [squares[0] + a * a, squares[1] + b * b];
        product += a * b;
    }
    let count = joint as f64;
    let energy = [0, 1].map(|side| squares[side] - sums[side] * sums[side] / count);
    (joint > 1 && energy[0] > 1e-12 && energy[1] > 1e-12).then(|| {
        let ncc = (product - sums[0] * sums[1] / count) / libm::sqrt(energy[0] * energy[1]);
        (ncc, joint)
    })
}

/// The best place of a segment, in samples.
#[derive(Clone, Copy)]
struct Best {
    ncc: f64,
    /// From where lag and scale put it.
    step: isize,
    /// Jointly measured.
    joint: usize,
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
    let registered: Vec<(usize, Option<Best>)> = (0..count)
        .map(|index| {
            let start = begin + index * length;
            // Nearest first, so that of equal places the nearest is taken.
            let steps = (0..=reach).flat_map(|step| [step, -step]);
            let mut best: Option<Best> = None;
            for step in steps {
                let here = ncc(sides, start..start + length, lag + step);
                if let Some((ncc, joint)) = here.filter(|(_, joint)| *joint >= least)
                    && best.is_none_or(|best| ncc > best.ncc)
                {
                    best = Some(Best { ncc, step, joint });
                }
            }
            (start, best)
        })
        .collect();
    let agrees = |best: &Best| best.ncc >= parameters.segment_ncc;
    let mut places: Vec<isize> = registered
        .iter()
        .filter_map(|(_, best)| best.filter(agrees).map(|best| best.step))
        .collect();
    places.sort_unstable();
    // The lower of two in the middle.
    let median = places.get(places.len().saturating_sub(1) / 2).copied().unwrap_or(0);
    let on_other = |samples: isize| parameters.spacing * (samples as f64 * root);
    let share = |samples: usize| samples as f64 / length as f64;
    let measured = |start: usize| {
        first.weights[start..start + length].iter().filter(|weight| **weight > 0.0).count()
    };
    let joint = |start: usize| {
        overlapping([&first.weights, &second.weights], start..start + length, lag).count()
    };
    registered
        .into_iter()
        .map(|(start, best)| {
            let middle = start as f64 + (length - 1) as f64 / 2.0 - (first.len() - 1) as f64 / 2.0;
            let verdict = match best {
                None => SegmentVerdict::TooFewJoint,
                Some(best) if !agrees(&best) => SegmentVerdict::LowNcc,
                Some(best) => {
                    let away = on_other((best.step - median).abs());
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
                measured: share(measured(start)),
                joint: share(joint(start)),
                place: best.map(|Best { ncc, step, joint }| SegmentPlace {
                    displacement: on_other(step),
                    ncc,
                    joint: share(joint),
                }),
                verdict,
            }
        })
        .collect()
}
