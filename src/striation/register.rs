//! Where does one profile lie on the other, and how much is it stretched?
//!
//! All lags at once for each of a few scales. At a scale s the questioned profile is stretched and the
//! reference compressed by the root of s, so that exchanging them changes nothing. Every lag has the score
//!
//! ```text
//! overlap / longest wave x sum over bands of -1/2 ln(1 - ncc^2),
//! ```
//!
//! the information that two Gaussian signals of this correlation have in common (in nats), for as many
//! independent samples as longest waves fit in the overlap. Of an NCC below zero nothing is counted. The bands weigh
//! alike although short waves are more: their samples are not independent, and they are the first to
//! differ between marks.

use super::bands::Bands;
use super::spectra::{Buffers, Plan};
use super::{Side, StriationError};
use crate::parameters::Striation;

/// The best lag and scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    /// Index of the scale among [`scales`].
    pub(super) scale: usize,
    /// Sample of the stretched reference less sample of the stretched questioned profile.
    pub(super) lag: isize,
}

/// The scales: how many times as long the reference is as the questioned profile, to the step nearest the
/// reach. Each has its inverse at the other end.
pub(super) fn scales(parameters: &Striation) -> Vec<f64> {
    let step = libm::log1p(parameters.scale_step);
    let steps = (libm::log1p(parameters.scale_reach) / step).round() as i32;
    (-steps..=steps).map(|index| libm::exp(f64::from(index) * step)).collect()
}

/// Samples that two profiles must share.
pub(super) fn least_overlap([first, second]: [&Bands; 2], parameters: &Striation) -> usize {
    let shorter = first.valid_count().min(second.valid_count()) as f64;
    (parameters.least_overlap * shorter).ceil().max(1.0) as usize
}

/// Information of squared NCCs over an overlap of so many longest waves.
pub(super) fn score(
    squares: impl IntoIterator<Item = f64>,
    waves: f64,
    parameters: &Striation,
) -> f64 {
    let limit = parameters.ncc_limit * parameters.ncc_limit;
    let rest: f64 = squares.into_iter().map(|square| 1.0 - square.min(limit)).product();
    // Not -0 where nothing agrees.
    (-0.5 * libm::log(rest) * waves).max(0.0)
}

/// Tries every lag at every scale; the first of equal ones is taken.
pub(super) fn register(
    [questioned, reference]: [Side<'_>; 2],
    plan: &Plan,
    parameters: &Striation,
    buffers: &mut Buffers,
) -> Result<Found, StriationError> {
    let per_wave = parameters.spacing.ratio(parameters.longest_wave);
    let limit = parameters.ncc_limit * parameters.ncc_limit;
    let mut best: Option<(f64, Found)> = None;
    let (mut rests, mut waves): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut wanted = 0;
    // Stretched by the root of the scale, and compressed by it: the other end of the list.
    let bands = questioned.bands.iter().zip(reference.bands.iter().rev());
    let spectra = questioned.spectra.iter().zip(reference.spectra.iter().rev());
    for (scale, ((a, b), (first, second))) in bands.zip(spectra).enumerate() {
        let spectra = [first, second];
        wanted = least_overlap([a, b], parameters);
        let lags = 1 - a.len() as isize..b.len() as isize;
        {
            let joint = plan.joint(spectra, buffers);
            waves.clear();
            waves.extend(lags.clone().map(|lag| {
                let joint = joint(lag);
                if joint + 0.5 < wanted as f64 { 0.0 } else { joint * per_wave }
            }));
        }
        rests.clear();
        rests.resize(waves.len(), 1.0);
        for band in 0..parameters.bands {
            let agreement = plan.agreement(band, spectra, buffers);
            for ((rest, waves), lag) in rests.iter_mut().zip(&waves).zip(lags.clone()) {
                if *waves > 0.0 {
                    *rest *= 1.0 - agreement(lag).min(limit);
                }
            }
        }
        for ((rest, waves), lag) in rests.iter().zip(&waves).zip(lags) {
            if *waves > 0.0 {
                let score = -0.5 * libm::log(*rest) * waves;
                if best.is_none_or(|(most, _)| score > most) {
                    best = Some((score, Found { scale, lag }));
                }
            }
        }
    }
    best.map(|(_, found)| found).ok_or(StriationError::NoOverlap { wanted })
}
