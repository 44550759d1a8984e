//! Which way do the striae of a surface run?
//!
//! Along the striae heights hardly change, so their mean along them is no flatter than they are; along any
//! other direction it is. Every direction is tried: the share of the variance that the mean profile explains
//! (one less the variance within its bins) has its peak at the striae's own, and steps are halved about it
//! until they move nothing. Unlike a structure tensor this is not led astray by noise, holes or edges
//! of the mask, and what is found is the very quantity that the mean profile needs.

use crate::units::{Angle, Length};

/// A measured sample: place from the middle of the frame, x right and y down, and height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) x: Length,
    pub(super) y: Length,
    pub(super) height: f64,
}

/// Bins across the striae.
#[derive(Clone, Copy, Debug)]
pub(super) struct Across {
    sin_cos: (f64, f64),
    width: Length,
    half: f64,
}

impl Across {
    /// For striae at an angle; `reach` is the greatest distance of a sample from the middle.
    pub(super) fn new(striae: Angle, reach: Length, width: Length) -> Self {
        Self { sin_cos: striae.sin_cos(), width, half: reach.ratio(width).ceil() }
    }

    /// Number of bins; the middle of the frame is that of the one in the middle.
    pub(super) fn bins(self) -> usize {
        2 * self.half as usize + 1
    }

    /// Place of a sample in bins. Right of upright striae and below level ones it grows.
    pub(super) fn place(self, sample: &Sample) -> f64 {
        let (sin, cos) = self.sin_cos;
        (sample.x * sin + sample.y * cos).ratio(self.width) + self.half
    }
}

/// Share of the variance that the mean profile explains, less what chance would: 0 for noise, 1 for
/// striae without any. Of samples that share a bin with another only.
fn explained(samples: &[Sample], across: Across, sums: &mut Vec<[f64; 3]>) -> f64 {
    sums.clear();
    sums.resize(across.bins() + 1, [0.0; 3]);
    for sample in samples {
        let bin = &mut sums[across.place(sample).round().max(0.0) as usize];
        let height = sample.height;
        *bin = [bin[0] + 1.0, bin[1] + height, bin[2] + height * height];
    }
    let (mut count, mut used, mut within, mut sum, mut square) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for [n, heights, squares] in sums.iter().filter(|bin| bin[0] > 1.0) {
        count += n;
        used += 1.0;
        within += squares - heights * heights / n;
        sum += heights;
        square += squares;
    }
    let total = square - sum * sum / count;
    if count <= used + 1.0 || total <= 0.0 {
        return 0.0;
    }
    // Variances, each over its degrees of freedom.
    1.0 - (within / (count - used)) / (total / (count - 1.0))
}

/// Most samples that all directions are tried on.
const COARSE_SAMPLES: usize = 40_000;

/// At most so many samples, spread evenly whatever the rows' length (multiples of the golden ratio).
fn some(samples: &[Sample]) -> Vec<Sample> {
    let share = COARSE_SAMPLES as f64 / samples.len() as f64;
    let taken = |index: usize| {
        let place = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (place >> 11) as f64 / (1_u64 << 53) as f64 <= share
    };
    let all = samples.iter().enumerate();
    all.filter(|(index, _)| taken(*index)).map(|(_, sample)| *sample).collect()
}

/// Direction of the striae, in (0, 180] degrees, and the share of the variance that their mean profile
/// explains. `reach` is the greatest distance of a sample from the middle, `wave` the shortest wave.
///
/// All directions are tried on some of the samples, the steps are halved on all of them.
pub(super) fn find(samples: &[Sample], reach: Length, width: Length, wave: Length) -> (Angle, f64) {
    let mut sums = Vec::new();
    let mut share = |degrees: f64, samples: &[Sample]| {
        explained(samples, Across::new(Angle::from_degrees(degrees), reach, width), &mut sums)
    };
    // A step moves the ends of the striae by half a wave at most.
    let step = Angle::from_radians(wave.ratio(reach)).degrees().clamp(0.2, 2.0);
    let count = (180.0 / step).ceil() as usize;
    let mut step = 180.0 / count as f64;
    let few = some(samples);
    let mut best = (0.0, f64::NEG_INFINITY);
    for index in 0..count {
        let degrees = step * index as f64;
        let found = share(degrees, &few);
        if found > best.1 {
            best = (degrees, found);
        }
    }
    best.1 = share(best.0, samples);
    while step > 0.02 {
        step /= 2.0;
        for degrees in [best.0 - step, best.0 + step] {
            let found = share(degrees, samples);
            if found > best.1 {
                best = (degrees, found);
            }
        }
    }
    let degrees = best.0.rem_euclid(180.0);
    let degrees = if degrees > 0.0 { degrees } else { 180.0 };
    (Angle::from_degrees(degrees), best.1.max(0.0))
}
