//! What was found when two profiles were compared?
//!
//! Everything is summed again at the lag and scale that the transforms found, on jointly measured
//! samples. The score ranks; it is no probability.

use super::Side;
use super::bands::{Bands, cutoffs};
use super::register::{Found, scales, score};
use super::segments::{self, Segment, overlapping};
use crate::parameters::Striation;
use crate::units::Length;

/// Two profiles compared. A place x of the questioned profile, from its middle, is at
/// `scale` x + `lag` of the reference, from its own.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileComparison {
    /// Information that both have in common: sum over bands of -1/2 ln(1 - ncc^2), times the overlap in
    /// longest waves. About 3 for marks of different tools and a millimetre; it grows with the overlap.
    pub score: f64,
    /// Where the middle of the questioned profile lies on the reference.
    pub lag: Length,
    /// How many times as long as the questioned profile the reference is.
    pub scale: f64,
    /// NCC of evened heights over the whole pass band, -1 to 1.
    pub ncc: f64,
    /// Length of jointly measured samples.
    pub overlap: Length,
    /// Each band by itself, short waves first.
    pub bands: Vec<BandAgreement>,
    /// Parts of the overlap that were registered by themselves, in the order of the questioned profile.
    pub segments: Vec<Segment>,
    /// The same of the reference, sought on the questioned profile, in the reference's order.
    pub reference_segments: Vec<Segment>,
}

/// How much one band agrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandAgreement {
    /// Cutoff towards short waves.
    pub shortest: Length,
    /// Cutoff towards long waves.
    pub longest: Length,
    /// NCC of this band at the lag and scale of all, -1 to 1.
    pub ncc: f64,
}

impl ProfileComparison {
    /// Number of congruent segments of the questioned profile.
    #[must_use]
    pub fn congruent_count(&self) -> usize {
        self.segments.iter().filter(|segment| segment.verdict.is_congruent()).count()
    }
}

/// NCC of two bands at a lag, without taking a mean away: bands have none.
fn band_ncc(first: &[f64], second: &[f64], weights: [&[f64]; 2], lag: isize) -> f64 {
    let (mut product, mut a, mut b) = (0.0, 0.0, 0.0);
    for (index, other) in overlapping(weights, 0..first.len(), lag) {
        product += first[index] * second[other];
        a += first[index] * first[index];
        b += second[other] * second[other];
    }
    if a > 0.0 && b > 0.0 { product / libm::sqrt(a * b) } else { 0.0 }
}

/// What is at a lag: (score, NCC of each band, jointly measured samples).
fn at([first, second]: [&Bands; 2], lag: isize, parameters: &Striation) -> (f64, Vec<f64>, usize) {
    let weights = [first.weights.as_slice(), second.weights.as_slice()];
    let joint = overlapping(weights, 0..first.len(), lag).count();
    let nccs: Vec<f64> = first
        .bands
        .iter()
        .zip(&second.bands)
        .map(|(first, second)| band_ncc(first, second, weights, lag))
        .collect();
    let waves = joint as f64 * parameters.spacing.ratio(parameters.longest_wave);
    let squares = nccs.iter().map(|ncc| ncc.max(0.0) * ncc.max(0.0));
    (score(squares, waves, parameters), nccs, joint)
}

/// Sums again what was found, and looks at the segments.
pub(super) fn compare(
    [questioned, reference]: [Side<'_>; 2],
    found: Found,
    parameters: &Striation,
) -> ProfileComparison {
    let scales = scales(parameters);
    let root = libm::sqrt(scales[found.scale]);
    let first = &questioned.bands[found.scale];
    let second = &reference.bands[scales.len() - 1 - found.scale];
    let (score, nccs, joint) = at([first, second], found.lag, parameters);
    // The top of the parabola through the neighbours: less than half a sample away.
    let [before, after] = [-1, 1].map(|step| at([first, second], found.lag + step, parameters).0);
    let bend = before - 2.0 * score + after;
    let part = if bend < 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 };
    // The frames' middles, not their first samples, lie on each other at lag zero.
    let middles = (second.len() as f64 - first.len() as f64) / 2.0;
    let cutoffs = cutoffs(parameters);
    let bands = cutoffs.windows(2).zip(&nccs);
    let segments = segments::register([first, second], found.lag, root, parameters);
    let reference_segments =
        segments::register([second, first], -found.lag, 1.0 / root, parameters);
    ProfileComparison {
        score,
        lag: parameters.spacing * ((found.lag as f64 + part - middles) * root),
        scale: scales[found.scale],
        ncc: segments::ncc([first, second], 0..first.len(), found.lag).map_or(0.0, |(ncc, _)| ncc),
        overlap: parameters.spacing * joint as f64,
        bands: bands
            .map(|(edges, &ncc)| BandAgreement { shortest: edges[0], longest: edges[1], ncc })
            .collect(),
        segments,
        reference_segments,
    }
}
