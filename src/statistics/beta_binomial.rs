//! How are counts of congruent cells spread where the chance of a cell varies from pair to pair?
//!
//! A beta-binomial distribution: a cell of a pair is congruent with a chance that is drawn for each pair from a beta
//! distribution of `alpha` and `beta`. The prior of both is flat from 0.01 to 100, as in the likelihood-ratio module of the
//! Netherlands Forensic Institute, which draws from the posterior by Markov chains. Here it is summed over a grid, so the same
//! counts give the same bytes.
//!
//! The grid is even in the log odds of the mean and the logarithm of `alpha + beta`, in which posteriors are round; there the
//! flat prior has the density `alpha beta`. It zooms in on where the posterior is until it stays as it is, so ten pairs and
//! twenty thousand are both covered. Every row of the grid ends where the prior does.
//!
//! With few pairs, or where all cells of all pairs agree, maximum likelihood runs to the edge of what is possible. A posterior
//! does not: its prediction stays as wide as what was seen allows.

use libm::{exp, log};
use serde::{Deserialize, Serialize};

/// Least and greatest `alpha` and `beta`.
const RANGE: (f64, f64) = (0.01, 100.0);
/// Points along each axis while the grid zooms in, and at last.
const COARSE: usize = 16;
const FINE: usize = 32;
/// Points whose density is smaller than the greatest by this factor's logarithm are left out: five standard deviations.
const DEPTH: f64 = 12.0;
/// Most zooms; four to seven are usual.
const ZOOMS: usize = 30;

/// A posterior of `alpha` and `beta`: points and their weights, which add up to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BetaBinomial {
    /// `alpha`, `beta`, weight.
    points: Vec<[f64; 3]>,
}

impl BetaBinomial {
    /// The posterior after these counts (congruent, compared, weight). Without any it is the prior.
    #[must_use]
    pub(crate) fn posterior(counts: &[(u32, u32, f64)]) -> Self {
        let steps = Steps::new(counts);
        // The least and greatest mean that the prior has.
        let widest = log(RANGE.1 / RANGE.0);
        let all = Frame {
            log_odds: (-widest, widest),
            precision: (log(2.0 * RANGE.0), log(2.0 * RANGE.1)),
        };
        let mut frame = all;
        for _ in 0..ZOOMS {
            let next = frame.zoomed(&frame.points(&steps, COARSE), &all);
            let settled = next.is_like(&frame);
            frame = next;
            if settled {
                break;
            }
        }
        let points = frame.points(&steps, FINE);
        let greatest = greatest(&points);
        let mut points: Vec<[f64; 3]> = points
            .iter()
            .filter(|point| point.density > greatest - DEPTH)
            .map(|point| [point.alpha, point.beta, exp(point.density - greatest) * point.width])
            .collect();
        let total: f64 = points.iter().map(|[.., weight]| weight).sum();
        points.iter_mut().for_each(|[.., weight]| *weight /= total);
        Self { points }
    }

    /// Posterior mean of `alpha` and `beta`.
    #[must_use]
    pub fn mean_parameters(&self) -> (f64, f64) {
        let mean = |place: usize| self.points.iter().map(|point| point[place] * point[2]).sum();
        (mean(0), mean(1))
    }

    /// Natural logarithm of the probability of `congruent` of `compared` cells, in any order, at every point of the posterior:
    /// with its weight. The number of orders, which any two distributions share, is left out.
    pub(crate) fn at_points(&self, congruent: u32, compared: u32) -> Vec<(f64, f64)> {
        let at_point = |[alpha, beta, weight]: &[f64; 3]| {
            let ladder = Ladder::new(*alpha, *beta, compared);
            (ladder.probability(congruent, compared), *weight)
        };
        self.points.iter().map(at_point).collect()
    }

    /// Natural logarithm of the predicted probability of each pair of counts, without the number of orders. Cost: points times
    /// (cells and pairs of counts).
    pub(crate) fn predict(&self, counts: &[(u32, u32)]) -> Vec<f64> {
        let cells = counts.iter().map(|(_, compared)| *compared).max().unwrap_or(0);
        // Sums of exponentials, each by the greatest so far: (greatest, sum).
        let mut sums = vec![(f64::NEG_INFINITY, 0.0); counts.len()];
        for [alpha, beta, weight] in &self.points {
            let ladder = Ladder::new(*alpha, *beta, cells);
            for ((congruent, compared), (greatest, sum)) in counts.iter().zip(&mut sums) {
                let term = ladder.probability(*congruent, *compared);
                if term > *greatest {
                    *sum = *sum * exp(*greatest - term) + weight;
                    *greatest = term;
                } else {
                    *sum += weight * exp(term - *greatest);
                }
            }
        }
        sums.into_iter().map(|(greatest, sum)| greatest + log(sum)).collect()
    }
}

/// Logarithms of the rising factorials of `alpha`, `beta` and their sum: then any probability is three look-ups.
struct Ladder([Vec<f64>; 3]);

impl Ladder {
    fn new(alpha: f64, beta: f64, cells: u32) -> Self {
        Self([alpha, beta, alpha + beta].map(|base| {
            let mut sum = 0.0;
            let rungs = (0..cells).map(|step| {
                sum += log(base + f64::from(step));
                sum
            });
            std::iter::once(0.0).chain(rungs).collect()
        }))
    }

    fn probability(&self, congruent: u32, compared: u32) -> f64 {
        let [alpha, beta, both] = &self.0;
        let (congruent, compared) = (congruent as usize, compared as usize);
        alpha[congruent] + beta[compared - congruent] - both[compared]
    }
}

/// The likelihood as sums over steps of rising factorials: how much weight of pairs has more than so many congruent cells,
/// others, and cells. As cheap for twenty thousand pairs as for ten.
struct Steps([Vec<f64>; 3]);

impl Steps {
    fn new(counts: &[(u32, u32, f64)]) -> Self {
        let count = |cells: &dyn Fn(u32, u32) -> u32| {
            let most = counts.iter().map(|(one, all, _)| cells(*one, *all)).max().unwrap_or(0);
            let mut above = vec![0.0; most as usize];
            for (one, all, weight) in counts {
                above[..cells(*one, *all) as usize].iter_mut().for_each(|sum| *sum += weight);
            }
            above
        };
        Self([count(&|one, _| one), count(&|one, all| all - one), count(&|_, all| all)])
    }

    fn log_likelihood(&self, alpha: f64, beta: f64) -> f64 {
        let sum = |base: f64, above: &[f64]| -> f64 {
            above.iter().enumerate().map(|(step, weight)| weight * log(base + step as f64)).sum()
        };
        let [congruent, others, all] = &self.0;
        sum(alpha, congruent) + sum(beta, others) - sum(alpha + beta, all)
    }
}

/// A point of the grid.
struct Point {
    log_odds: f64,
    precision: f64,
    alpha: f64,
    beta: f64,
    /// Logarithm of the posterior's density in the grid's coordinates.
    density: f64,
    /// Width of its part of the row.
    width: f64,
}

fn greatest(points: &[Point]) -> f64 {
    points.iter().map(|point| point.density).fold(f64::NEG_INFINITY, f64::max)
}

/// Where the grid is.
#[derive(Clone, Copy)]
struct Frame {
    /// Log odds of the mean.
    log_odds: (f64, f64),
    /// Logarithm of `alpha + beta`.
    precision: (f64, f64),
}

impl Frame {
    /// The middles of `count` times `count` parts, rows cut off where the prior ends.
    fn points(&self, steps: &Steps, count: usize) -> Vec<Point> {
        let middles = move |(low, high): (f64, f64)| {
            let width = (high - low) / count as f64;
            (0..count).map(move |place| low + (place as f64 + 0.5) * width)
        };
        let mut points = Vec::with_capacity(count * count);
        for log_odds in middles(self.log_odds) {
            let mean = 1.0 / (1.0 + exp(-log_odds));
            let (less, more) = (mean.min(1.0 - mean), mean.max(1.0 - mean));
            let low = self.precision.0.max(log(RANGE.0 / less));
            let high = self.precision.1.min(log(RANGE.1 / more));
            if low >= high {
                continue;
            }
            for precision in middles((low, high)) {
                let (alpha, beta) = (exp(precision) * mean, exp(precision) * (1.0 - mean));
                let density = steps.log_likelihood(alpha, beta) + log(alpha * beta);
                let width = high - low;
                points.push(Point { log_odds, precision, alpha, beta, density, width });
            }
        }
        points
    }

    /// A frame about the points with any weight, with two parts of this one more on each side. So it shrinks where there is
    /// nothing, and grows, up to all of the prior, where a coarser one has cut something off.
    fn zoomed(&self, points: &[Point], all: &Self) -> Self {
        let least = greatest(points) - DEPTH;
        let span = |value: fn(&Point) -> f64, (low, high): (f64, f64), all: (f64, f64)| {
            let margin = 2.0 * (high - low) / COARSE as f64;
            let kept = points.iter().filter(|point| point.density > least).map(value);
            let (first, last) =
                kept.fold((high, low), |(first, last), value| (value.min(first), value.max(last)));
            ((first - margin).max(all.0), (last + margin).min(all.1))
        };
        Self {
            log_odds: span(|point| point.log_odds, self.log_odds, all.log_odds),
            precision: span(|point| point.precision, self.precision, all.precision),
        }
    }

    /// Whether no end differs by more than a tenth of the extent.
    fn is_like(&self, other: &Self) -> bool {
        let alike = |one: (f64, f64), other: (f64, f64)| {
            let most = 0.1 * (other.1 - other.0);
            (one.0 - other.0).abs() <= most && (one.1 - other.1).abs() <= most
        };
        alike(self.log_odds, other.log_odds) && alike(self.precision, other.precision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::draw::{Draws, Purpose};

    /// Probability of the counts by the gamma function, with the number of orders.
    fn probability(congruent: u32, compared: u32, alpha: f64, beta: f64) -> f64 {
        use statrs::function::{beta::ln_beta, factorial::ln_binomial};
        let (one, other) = (f64::from(congruent), f64::from(compared - congruent));
        let orders = ln_binomial(compared.into(), congruent.into());
        (orders + ln_beta(alpha + one, beta + other) - ln_beta(alpha, beta)).exp()
    }

    #[test]
    fn likelihoods_are_those_of_the_gamma_function() {
        let counts = [(3, 10, 2.0), (0, 7, 1.0), (12, 12, 4.0)];
        let steps = Steps::new(&counts);
        for (alpha, beta) in [(0.01, 100.0), (2.5, 0.3), (50.0, 70.0)] {
            let orders = |(one, all, weight): &(u32, u32, f64)| {
                weight * statrs::function::factorial::ln_binomial((*all).into(), (*one).into())
            };
            let wanted: f64 = counts
                .iter()
                .map(|row| row.2 * probability(row.0, row.1, alpha, beta).ln() - orders(row))
                .sum();
            let found = steps.log_likelihood(alpha, beta);
            assert!((found - wanted).abs() < 1e-9 * wanted.abs(), "{found}, wanted {wanted}");
        }
    }

    /// The prediction by a plain sum over an even grid of 600 times 600 in `alpha` and `beta` themselves.
    fn brute_force(counts: &[(u32, u32, f64)], congruent: u32, compared: u32) -> f64 {
        let steps = Steps::new(counts);
        let middles: Vec<f64> =
            (0..600).map(|step| 0.01 + (f64::from(step) + 0.5) * 99.99 / 600.0).collect();
        let (mut sum, mut total) = (0.0, 0.0);
        let reference = steps.log_likelihood(5.0, 5.0);
        for alpha in &middles {
            for beta in &middles {
                let weight = (steps.log_likelihood(*alpha, *beta) - reference).exp();
                total += weight;
                let ladder = Ladder::new(*alpha, *beta, compared);
                sum += weight * ladder.probability(congruent, compared).exp();
            }
        }
        sum / total
    }

    #[test]
    fn predictions_are_those_of_a_plain_sum_over_both_parameters() {
        let counts = [(3, 10, 2.0), (5, 10, 1.0), (8, 12, 2.0), (9, 11, 1.0), (6, 9, 2.0)];
        let posterior = BetaBinomial::posterior(&counts);
        for (congruent, compared) in [(0, 6), (3, 6), (6, 6)] {
            let wanted = brute_force(&counts, congruent, compared);
            let found = posterior.predict(&[(congruent, compared)])[0].exp();
            assert!((found / wanted - 1.0).abs() < 0.01, "{congruent}: {found}, wanted {wanted}");
        }
    }

    /// A grid that could only shrink cut off the greater precisions of this sample, and a tenth of log10 of a tail with them.
    #[test]
    fn nothing_is_cut_off_where_the_coarse_grid_saw_little() {
        for seed in 0..40 {
            let mut draws = Draws::new(seed, Purpose::Test, 1);
            let mut counts = vec![0.0; 21];
            for _ in 0..780 {
                let mut shares: Vec<f64> = (0..19).map(|_| draws.share()).collect();
                shares.sort_by(f64::total_cmp);
                let congruent = (0..20).filter(|_| draws.share() < shares[1]).count();
                // Exponential weights in place of how often a bootstrap draws a pair.
                counts[congruent] -= (1.0 - draws.share()).ln();
            }
            let counts: Vec<(u32, u32, f64)> =
                (0..).zip(counts).map(|(one, weight)| (one, 20, weight)).collect();
            let steps = Steps::new(&counts);
            let everywhere = Frame { log_odds: (-4.0, 0.0), precision: (1.0, 5.0) };
            let points = everywhere.points(&steps, 150);
            let most = greatest(&points);
            let (mut sum, mut total) = (0.0, 0.0);
            for point in points.iter().filter(|point| point.density > most - 20.0) {
                let weight = exp(point.density - most) * point.width;
                total += weight;
                sum += weight * exp(Ladder::new(point.alpha, point.beta, 20).probability(14, 20));
            }
            let wanted = log(sum / total);
            let found = BetaBinomial::posterior(&counts).predict(&[(14, 20)])[0];
            assert!((found - wanted).abs() < 0.01, "{seed}: {found}, wanted {wanted}");
        }
    }

    #[test]
    fn predictions_add_up_to_one_however_few_or_extreme_the_pairs() {
        let samples: [&[(u32, u32, f64)]; 5] = [
            &[],
            &[(0, 20, 10.0)],
            &[(20, 20, 5000.0)],
            &[(0, 30, 300.0), (1, 30, 20.0)],
            &[(4, 30, 20000.0), (5, 31, 20000.0), (12, 29, 100.0)],
        ];
        for counts in samples {
            let posterior = BetaBinomial::posterior(counts);
            assert!((20..=FINE * FINE).contains(&posterior.points.len()), "{counts:?}");
            let all: Vec<(u32, u32)> = (0..=20).map(|congruent| (congruent, 20)).collect();
            let orders = |one: u32| statrs::function::factorial::ln_binomial(20, one.into());
            let predicted = posterior.predict(&all);
            let sum: f64 =
                predicted.iter().zip(0..).map(|(ln, one)| (ln + orders(one)).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{counts:?}: {sum}");
        }
    }

    #[test]
    fn many_pairs_leave_no_doubt_of_the_parameters() {
        // Counts in the proportions of alpha 4, beta 8.
        let counts: Vec<(u32, u32, f64)> =
            (0..=30).map(|one| (one, 30, 1e5 * probability(one, 30, 4.0, 8.0))).collect();
        let (alpha, beta) = BetaBinomial::posterior(&counts).mean_parameters();
        assert!((alpha - 4.0).abs() < 0.05 && (beta - 8.0).abs() < 0.1, "{alpha} {beta}");
    }
}
