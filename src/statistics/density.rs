//! Which likelihood ratio does the density of one score give?
//!
//! Kernel densities of the score among known matches and known non-matches: a normal kernel with the bandwidth of Silverman
//! (1986, equation 3.31), mirrored at both ends of the score's range so that none of it is lost there. The number of
//! observations is that of sources, which makes kernels wide; and each density has a floor, as if one source more had
//! its scores anywhere, so that no ratio comes from a tail where nothing was seen.
//!
//! Densities are kept at 257 places, from counts that are shared between neighbouring places: a fit takes one pass.

use super::interval::quantile;
use super::monotone::Score;
use super::scored::{Features, Sample, Truth, class};
use libm::{exp, log10};
use serde::{Deserialize, Serialize};

/// Parts of the range of a score.
const PARTS: usize = 256;
/// Least bandwidth: half a cell of 25, since scores are shares of cells.
const LEAST_BANDWIDTH: f64 = 0.02;

/// A likelihood ratio from one score by kernel densities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DensityModel {
    score: Score,
    /// log10 of the likelihood ratio at every end of a part.
    log10_lrs: Vec<f64>,
}

impl DensityModel {
    /// Fits to one score.
    #[must_use]
    pub fn fit(sample: &Sample, score: Score) -> Self {
        let density = |truth: Truth| {
            let rows = sample.rows().iter().filter(|(_, kind, _)| class(*kind) == class(truth));
            let rows: Vec<(f64, f64)> =
                rows.map(|(features, _, weight)| (score.of(features), *weight)).collect();
            density(rows, sample.sources(truth) as f64)
        };
        let (same, different) = (density(Truth::KnownMatch), density(Truth::KnownNonMatch));
        let ratios = same.iter().zip(&different).map(|(same, different)| log10(same / different));
        Self { score, log10_lrs: ratios.collect() }
    }

    /// log10 of the likelihood ratio, linear within a part.
    #[must_use]
    pub fn log10_lr(&self, features: &Features) -> f64 {
        let share = self.score.of(features);
        // As many places as the model has: a stored one may have another number.
        quantile(&self.log10_lrs, share).unwrap_or(0.0)
    }
}

/// The density at every end of a part.
fn density(mut rows: Vec<(f64, f64)>, sources: f64) -> Vec<f64> {
    let bandwidth = bandwidth(&mut rows, sources);
    let total: f64 = rows.iter().map(|(_, weight)| weight).sum();
    let mut weights = [0.0; PARTS + 1];
    for (value, weight) in rows {
        let place = value * PARTS as f64;
        let part = (place as usize).min(PARTS - 1);
        let share = place - part as f64;
        weights[part] += weight * (1.0 - share) / total;
        weights[part + 1] += weight * share / total;
    }
    // The kernel at every distance, twice the range for mirror images.
    let peak = 1.0 / (bandwidth * (2.0 * std::f64::consts::PI).sqrt());
    let kernel: Vec<f64> = (0..=2 * PARTS)
        .map(|steps| steps as f64 / (PARTS as f64 * bandwidth))
        .map(|distance| peak * exp(-0.5 * distance * distance))
        .collect();
    let floor = 1.0 / (sources + 1.0);
    let at = |place: usize| {
        let around = |(other, weight): (usize, &f64)| {
            let images = kernel[place + other] + kernel[2 * PARTS - place - other];
            weight * (kernel[place.abs_diff(other)] + images)
        };
        let sum: f64 = weights.iter().enumerate().map(around).sum();
        floor + (1.0 - floor) * sum
    };
    (0..=PARTS).map(at).collect()
}

/// Silverman's bandwidth of values with weights, which it sorts.
fn bandwidth(rows: &mut [(f64, f64)], sources: f64) -> f64 {
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let total: f64 = rows.iter().map(|(_, weight)| weight).sum();
    let mean = rows.iter().map(|(value, weight)| value * weight).sum::<f64>() / total;
    let squares = rows.iter().map(|(value, weight)| (value - mean).powi(2) * weight);
    let deviation = (squares.sum::<f64>() / total).sqrt();
    let quarter = |share: f64| {
        let mut below = 0.0;
        let found = rows.iter().find(|(_, weight)| {
            below += weight;
            below >= share * total
        });
        found.map_or(0.0, |(value, _)| *value)
    };
    let robust = (quarter(0.75) - quarter(0.25)) / 1.34;
    // Half of equal scores make the quartiles meet: then the deviation alone counts.
    let spread = if robust > 0.0 { deviation.min(robust) } else { deviation };
    (0.9 * spread * libm::pow(sources, -0.2)).max(LEAST_BANDWIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_density_adds_up_to_one_also_at_the_ends_of_the_range() {
        for values in [vec![0.0; 5], vec![1.0, 0.97, 0.9], vec![0.2, 0.3, 0.35, 0.7]] {
            let rows = values.iter().map(|value| (*value, 2.0)).collect();
            let density = density(rows, 4.0);
            let ends = (density[0] + density[PARTS]) / 2.0;
            let sum = (density.iter().sum::<f64>() - ends) / PARTS as f64;
            assert!((sum - 1.0).abs() < 1e-6, "{values:?}: {sum}");
        }
    }

    #[test]
    fn a_density_is_the_sum_of_kernels_and_a_floor() {
        let values = [0.25, 0.5, 0.5625];
        let rows: Vec<(f64, f64)> = values.map(|value| (value, 1.0)).into();
        let width = bandwidth(&mut rows.clone(), 3.0);
        // Deviation 0.1350, quartiles 0.25 and 0.5625.
        let wanted = 0.9 * 0.135_015 * 3.0_f64.powf(-0.2);
        assert!((width / wanted - 1.0).abs() < 1e-4, "{width}, wanted {wanted}");
        let found = density(rows, 3.0);
        for place in [0, 64, 100, 256] {
            let at = place as f64 / 256.0;
            let kernel = |centre: f64| {
                (-0.5 * ((at - centre) / width).powi(2)).exp() / (width * 2.506_628_274_631)
            };
            let around = |value: f64| kernel(value) + kernel(-value) + kernel(2.0 - value);
            let wanted = 0.25 + 0.75 * values.map(around).iter().sum::<f64>() / 3.0;
            assert!(
                (found[place] - wanted).abs() < 1e-9,
                "{place}: {}, wanted {wanted}",
                found[place]
            );
        }
    }
}
