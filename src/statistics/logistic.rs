//! Which likelihood ratio do congruent cells and the NCC have together?
//!
//! Logistic regression on the log odds of a congruent cell and on Fisher's transform of the NCC, by the penalised likelihood
//! of Firth (1993), which is Jeffreys' prior: it has a finite greatest value even where one line separates all pairs, as
//! it mostly does (Heinze and Schemper 2002). A ridge that is too weak to be seen settles features that do not differ.
//!
//! Each kind of pair weighs as much as the sources that it is of, not as its pairs: a hundred pairs of ten sources are
//! nearer to ten observations than to a hundred, and the penalty has to be as strong as that. The ratio of these weights
//! is what prior odds are to the regression, and is taken out of its result.

use super::model::FitError;
use super::scored::{Features, Sample, Truth};
use libm::{atanh, exp, log, log1p};
use serde::{Deserialize, Serialize};
use std::f64::consts::LN_10;

/// Intercept and two features.
const TERMS: usize = 3;
/// Penalty of half of this times the square of a slope.
const RIDGE: f64 = 1e-3;
/// Fisher's transform is taken of NCC up to here, where a perfect one would be infinite.
const GREATEST_NCC: f64 = 0.999;
/// Most steps of Newton's method, and the step at which it is done.
const STEPS: usize = 200;
const SETTLED: f64 = 1e-9;

type Vector = [f64; TERMS];
type Matrix = [Vector; TERMS];

/// A likelihood ratio from counts and the NCC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticModel {
    /// Mean of either feature.
    centres: [f64; 2],
    /// Standard deviation of either.
    scales: [f64; 2],
    /// Intercept without prior odds, and slopes: natural logarithm of the likelihood ratio.
    coefficients: Vector,
}

impl LogisticModel {
    /// Fits by Newton's method. Cost: some ten passes over the sample.
    ///
    /// # Errors
    /// It does not settle.
    pub fn fit(sample: &Sample) -> Result<Self, FitError> {
        let weight_of = |truth| -> f64 {
            let rows = sample.rows().iter().filter(|(_, kind, _)| *kind == truth);
            let pairs: f64 = rows.map(|(.., weight)| weight).sum();
            sample.sources(truth) as f64 / pairs
        };
        let (same, different) = (weight_of(Truth::KnownMatch), weight_of(Truth::KnownNonMatch));
        let weighted = |(features, truth, weight): &(Features, Truth, f64)| match truth {
            Truth::KnownMatch => (transformed(features), 1.0, weight * same),
            Truth::KnownNonMatch => (transformed(features), 0.0, weight * different),
        };
        let rows: Vec<([f64; 2], f64, f64)> = sample.rows().iter().map(weighted).collect();
        let total: f64 = rows.iter().map(|(.., weight)| weight).sum();
        let mean = |value: &dyn Fn(&[f64; 2]) -> f64| -> f64 {
            rows.iter().map(|(row, _, weight)| value(row) * weight).sum::<f64>() / total
        };
        let centres = [0, 1].map(|place| mean(&|row| row[place]));
        let scales = [0, 1].map(|place| {
            let variance = mean(&|row| (row[place] - centres[place]).powi(2));
            if variance > 1e-12 { variance.sqrt() } else { 1.0 }
        });
        let mut model = Self { centres, scales, coefficients: [0.0; TERMS] };
        let rows: Vec<Row> = rows
            .iter()
            .map(|(row, label, weight)| Row {
                terms: model.terms(row),
                label: *label,
                weight: *weight,
            })
            .collect();
        model.coefficients = greatest(&rows)?;
        let prior = sample.sources(Truth::KnownMatch) as f64;
        model.coefficients[0] -= log(prior / sample.sources(Truth::KnownNonMatch) as f64);
        Ok(model)
    }

    /// log10 of the likelihood ratio.
    #[must_use]
    pub fn log10_lr(&self, features: &Features) -> f64 {
        dot(&self.coefficients, &self.terms(&transformed(features))) / LN_10
    }

    fn terms(&self, row: &[f64; 2]) -> Vector {
        let standard = |place: usize| (row[place] - self.centres[place]) / self.scales[place];
        [1.0, standard(0), standard(1)]
    }
}

/// Log odds of a congruent cell, half a cell on either side, and Fisher's transform of the NCC.
fn transformed(features: &Features) -> [f64; 2] {
    let Features { congruent, compared, ncc } = *features;
    let (one, other) = (f64::from(congruent), f64::from(compared.saturating_sub(congruent)));
    [log((one + 0.5) / (other + 0.5)), atanh(ncc.clamp(-GREATEST_NCC, GREATEST_NCC))]
}

struct Row {
    terms: Vector,
    /// 1 for a known match, 0 for a known non-match.
    label: f64,
    weight: f64,
}

/// The coefficients with the greatest penalised likelihood.
fn greatest(rows: &[Row]) -> Result<Vector, FitError> {
    let mut at = [0.0; TERMS];
    let mut here = Tangent::new(rows, &at).ok_or(FitError::NotSettled { steps: 0 })?;
    for _ in 0..STEPS {
        let mut step = here.newton(rows);
        // Half a step where a whole one leads down, and never far at once.
        let far = step.iter().fold(0.0_f64, |far, part| far.max(part.abs()));
        let mut share = 1.0_f64.min(5.0 / far.max(SETTLED));
        let next = loop {
            let mut to = at;
            for (to, step) in to.iter_mut().zip(&step) {
                *to += share * step;
            }
            let there = Tangent::new(rows, &to).filter(|there| there.value >= here.value - 1e-10);
            match there {
                Some(there) => break Some((to, there)),
                None if share < 1e-10 => break None,
                None => share /= 2.0,
            }
        };
        let Some((to, there)) = next else { return Ok(at) };
        step.iter_mut().for_each(|part| *part *= share);
        (at, here) = (to, there);
        if step.iter().all(|part| part.abs() < SETTLED) {
            return Ok(at);
        }
    }
    Err(FitError::NotSettled { steps: STEPS })
}

/// The penalised likelihood about some coefficients.
struct Tangent {
    /// Its logarithm.
    value: f64,
    coefficients: Vector,
    /// Inverse of the information.
    covariance: Matrix,
}

impl Tangent {
    /// `None` where the information cannot be inverted.
    fn new(rows: &[Row], coefficients: &Vector) -> Option<Self> {
        let mut information = [[0.0; TERMS]; TERMS];
        let mut value = 0.0;
        for (place, slope) in coefficients.iter().enumerate().skip(1) {
            information[place][place] = RIDGE;
            value -= 0.5 * RIDGE * slope * slope;
        }
        for Row { terms, label, weight } in rows {
            let odds = dot(coefficients, terms);
            // ln p of what was observed.
            value -= weight * softplus(if *label > 0.5 { -odds } else { odds });
            let chance = chance(odds);
            let spread = weight * chance * (1.0 - chance);
            for (line, one) in information.iter_mut().zip(terms) {
                for (cell, other) in line.iter_mut().zip(terms) {
                    *cell += spread * one * other;
                }
            }
        }
        let (covariance, determinant) = inverse(information)?;
        value += 0.5 * log(determinant);
        Some(Self { value, coefficients: *coefficients, covariance })
    }

    /// Newton's step: covariance times Firth's modified score.
    fn newton(&self, rows: &[Row]) -> Vector {
        let mut score = [0.0; TERMS];
        for (score, slope) in score.iter_mut().zip(&self.coefficients).skip(1) {
            *score = -RIDGE * slope;
        }
        for Row { terms, label, weight } in rows {
            let chance = chance(dot(&self.coefficients, terms));
            let leverage =
                weight * chance * (1.0 - chance) * dot(&times(&self.covariance, terms), terms);
            let residual = weight * (label - chance) + leverage * (0.5 - chance);
            for (score, term) in score.iter_mut().zip(terms) {
                *score += residual * term;
            }
        }
        times(&self.covariance, &score)
    }
}

fn dot(one: &Vector, other: &Vector) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn times(matrix: &Matrix, vector: &Vector) -> Vector {
    matrix.map(|line| dot(&line, vector))
}

fn chance(odds: f64) -> f64 {
    1.0 / (1.0 + exp(-odds))
}

/// ln(1 + e^x).
fn softplus(value: f64) -> f64 {
    value.max(0.0) + log1p(exp(-value.abs()))
}

/// Inverse and determinant of a matrix that is symmetric and positive definite (Gauss and Jordan); `None` of another.
fn inverse(mut matrix: Matrix) -> Option<(Matrix, f64)> {
    let mut inverse = [[0.0; TERMS]; TERMS];
    for (place, line) in inverse.iter_mut().enumerate() {
        line[place] = 1.0;
    }
    let mut determinant = 1.0;
    for place in 0..TERMS {
        let pivot = matrix[place][place];
        if !(pivot > 1e-300 && pivot.is_finite()) {
            return None;
        }
        determinant *= pivot;
        for cell in matrix[place].iter_mut().chain(&mut inverse[place]) {
            *cell /= pivot;
        }
        let (own, own_inverse) = (matrix[place], inverse[place]);
        for line in (0..TERMS).filter(|line| *line != place) {
            let factor = matrix[line][place];
            for column in 0..TERMS {
                matrix[line][column] -= factor * own[column];
                inverse[line][column] -= factor * own_inverse[column];
            }
        }
    }
    Some((inverse, determinant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::scored::Scored;

    fn row(congruent: u32, ncc: f64, sources: [usize; 2]) -> Scored {
        let truth = if sources[0] == sources[1] { Truth::KnownMatch } else { Truth::KnownNonMatch };
        Scored { features: Features { congruent, compared: 30, ncc }, truth, sources }
    }

    #[test]
    fn an_inverse_times_its_matrix_is_one() {
        let matrix = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.7], [0.5, -0.7, 2.0]];
        let (inverse, determinant) = inverse(matrix).unwrap();
        for (place, line) in matrix.iter().enumerate() {
            let product = times(&inverse, line);
            for (column, found) in product.iter().enumerate() {
                let wanted = if column == place { 1.0 } else { 0.0 };
                assert!((found - wanted).abs() < 1e-12, "{place} {column}: {found}");
            }
        }
        assert!((determinant - 18.59).abs() < 1e-9, "{determinant}");
        assert!(super::inverse([[0.0; 3]; 3]).is_none());
    }

    /// Without features only the intercept is left: Firth adds half an observation to either side.
    #[test]
    fn an_intercept_alone_has_half_an_observation_more_on_either_side() {
        let rows: Vec<Row> = [(1.0, 3.0), (0.0, 9.0)]
            .map(|(label, weight)| Row { terms: [1.0, 0.0, 0.0], label, weight })
            .into();
        let found = greatest(&rows).unwrap()[0];
        let wanted = (3.5_f64 / 9.5).ln();
        assert!((found - wanted).abs() < 1e-6, "{found}, wanted {wanted}");
    }

    /// A table of two by two: Firth's slope is the log odds ratio with half an observation added to every cell.
    #[test]
    fn a_table_has_half_an_observation_more_in_every_cell() {
        let rows: Vec<Row> = [(1.0, 1.0, 7.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 5.0)]
            .map(|(label, feature, weight)| Row { terms: [1.0, feature, 0.0], label, weight })
            .into();
        let found = greatest(&rows).unwrap()[1];
        let wanted = ((7.5_f64 * 5.5) / (0.5 * 0.5)).ln();
        assert!((found / wanted - 1.0).abs() < 0.05, "{found}, wanted {wanted} but for the ridge");
    }

    #[test]
    fn separated_pairs_give_finite_ratios_and_more_sources_greater_ones() {
        let ratio = |sources: usize, copies: usize| {
            let same = (0..sources).map(|one| row(20, 0.8, [one, one]));
            let different = (0..sources).map(|one| row(1, 0.2, [one, (one + 1) % sources]));
            let rows: Vec<Scored> = same.chain(different).collect();
            let model = LogisticModel::fit(&Sample::new(&rows.repeat(copies)).unwrap()).unwrap();
            model.log10_lr(&Features { congruent: 20, compared: 30, ncc: 0.8 })
        };
        let few = ratio(5, 1);
        assert!(few > 0.3 && few < 3.0, "{few}");
        assert!(ratio(50, 1) > few + 0.5, "{}", ratio(50, 1));
        assert!((ratio(5, 20) - few).abs() < 1e-6, "pairs of the same sources tell nothing new");
    }

    #[test]
    fn features_that_do_not_differ_say_nothing() {
        let rows = [row(3, 0.5, [1, 1]), row(3, 0.5, [1, 2]), row(3, 0.5, [2, 3])];
        let model = LogisticModel::fit(&Sample::new(&rows).unwrap()).unwrap();
        let found = model.log10_lr(&rows[0].features);
        // One source against three: half an observation more on either side moves it a little.
        assert!(found.abs() < 0.2, "{found}");
    }
}
