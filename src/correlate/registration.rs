//! Global registration: over every rotation and a stated reach of shifts, coarse to fine.

use super::direct::moments;
use super::exhaustive::RotationBank;
use super::masked::Correlator;
use super::pyramid::Pyramid;
use super::refine::Fields;
use crate::parameters;
use crate::surface::Pose;
use serde::{Deserialize, Serialize};

/// Where the questioned texture lies on the reference, and how alike they are there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// Takes the questioned surface onto the reference.
    pub pose: Pose,
    /// Normalised cross-correlation over the jointly valid samples at that pose, -1 to 1.
    pub ncc: f64,
    /// Jointly valid samples as a share of the smaller surface's, 0 to 1.
    pub overlap: f64,
}

/// Registers two pyramids.
///
/// 1. every rotation and shift by masked FFT cross-correlation at the coarse spacing
///    ([`RotationBank::search`]);
/// 2. each hypothesis climbs to the best pose nearby at the middle spacing, and the best is kept;
/// 3. it climbs once more at the fine spacing, over shifts and small turns;
/// 4. the score is summed directly over the jointly valid samples.
///
/// `None` where no pose within reach has enough overlap. Cost: see `benches/README.md`.
#[must_use]
pub fn register(
    bank: &RotationBank,
    questioned: &Pyramid,
    reference: &Pyramid,
    correlator: &mut Correlator,
    parameters: &parameters::Registration,
) -> Option<Registration> {
    let least_overlap = parameters.least_overlap;
    // 1.
    let hypotheses = bank.search(&reference.coarse, correlator, parameters);
    // 2.
    let middle =
        Fields { questioned: &questioned.middle, reference: &reference.middle, least_overlap };
    let refined = hypotheses.iter().filter_map(|hypothesis| {
        middle.climb(hypothesis.pose, parameters.middle_rotation_step, parameters.steps)
    });
    let best = refined.reduce(|best, next| if next.score > best.score { next } else { best })?;
    // 3.
    let fine = Fields { questioned: &questioned.fine, reference: &reference.fine, least_overlap };
    let pose = fine
        .climb(best.pose, parameters.fine_rotation_step, parameters.steps)
        .map_or(best.pose, |best| best.pose);
    // 4.
    let turned = fine.turned(pose);
    let moments = moments(&turned, fine.reference, 0, 0);
    let smaller = fine.questioned.valid_count().min(fine.reference.valid_count());
    let overlap = (f64::from(moments.count) / smaller as f64).min(1.0);
    Some(Registration { pose, ncc: f64::from(moments.ncc()?), overlap })
}

/// How well two pyramids correlate near a pose: climbs from it to the best pose nearby at the middle spacing. NCC times the
/// square root of the overlap, as hypotheses are ranked.
///
/// `None` where too little overlaps there. Cost: a quarter of step 2 of [`register`].
#[must_use]
pub fn correlation_near(
    questioned: &Pyramid,
    reference: &Pyramid,
    pose: Pose,
    parameters: &parameters::Registration,
) -> Option<f32> {
    let (questioned, reference) = (&questioned.middle, &reference.middle);
    let middle = Fields { questioned, reference, least_overlap: parameters.least_overlap };
    let best = middle.climb(pose, parameters.middle_rotation_step, parameters.steps)?;
    Some(best.score)
}
