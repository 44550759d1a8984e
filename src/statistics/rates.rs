//! How large may a rate be, of which so many cases were seen?
//!
//! Exact intervals of Clopper and Pearson (1934): never narrower than they say. They take cases as independent; pairs that
//! share a source are not, so an interval of rates of pairs is narrower than the sources allow (`bootstrap.rs` is not).

use serde::{Deserialize, Serialize};
use statrs::function::beta::beta_reg;

/// Errors among cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRate {
    /// Number of errors.
    pub errors: usize,
    /// Number of cases.
    pub cases: usize,
    /// Errors as a share of the cases.
    pub rate: f64,
    /// Lower end of the two-sided interval.
    pub low: f64,
    /// Upper end of the two-sided interval.
    pub high: f64,
    /// One-sided upper bound, of the same confidence.
    pub upper: f64,
}

/// A rate that has no interval.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// No cases, or more errors than cases.
    #[error("{errors} errors in {cases} cases")]
    Cases {
        /// What was found.
        errors: usize,
        /// What was found.
        cases: usize,
    },
    /// Not a share.
    #[error("a confidence of {confidence}, wanted more than 0 and less than 1")]
    Confidence {
        /// What was found.
        confidence: f64,
    },
}

impl ErrorRate {
    /// The rate with its exact interval.
    ///
    /// # Errors
    /// No cases, more errors than cases, or a confidence that is not between 0 and 1.
    pub fn exact(errors: usize, cases: usize, confidence: f64) -> Result<Self, RateError> {
        if cases == 0 || errors > cases {
            return Err(RateError::Cases { errors, cases });
        }
        if !(confidence > 0.0 && confidence < 1.0) {
            return Err(RateError::Confidence { confidence });
        }
        let (some, rest) = (errors as f64, (cases - errors) as f64);
        // The chance at which as many errors or fewer have this probability.
        let upper = |tail: f64| {
            if errors == cases { 1.0 } else { quantile(some + 1.0, rest, 1.0 - tail) }
        };
        let lower = |tail: f64| if errors == 0 { 0.0 } else { quantile(some, rest + 1.0, tail) };
        let tail = 1.0 - confidence;
        Ok(Self {
            errors,
            cases,
            rate: some / cases as f64,
            low: lower(tail / 2.0),
            high: upper(tail / 2.0),
            upper: upper(tail),
        })
    }
}

/// Quantile of a beta distribution by halving: the inverse in `statrs` is wrong in the fourth digit where cases are a million.
fn quantile(one: f64, other: f64, share: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // Enough halvings for full accuracy at one in a million millions.
    for _ in 0..90 {
        let middle = f64::midpoint(low, high);
        if beta_reg(one, other, middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of published tables of Clopper and Pearson's interval at 95 %.
    #[test]
    fn intervals_are_those_of_the_tables() {
        let table = [
            (0, 10, 0.0, 0.3085),
            (1, 10, 0.0025, 0.4450),
            (5, 10, 0.1871, 0.8129),
            (10, 10, 0.6915, 1.0),
            (4, 20, 0.0573, 0.4366),
            (0, 100, 0.0, 0.0362),
            (10, 100, 0.0490, 0.1762),
        ];
        for (errors, cases, low, high) in table {
            let found = ErrorRate::exact(errors, cases, 0.95).unwrap();
            let alike = (found.low - low).abs() < 6e-5 && (found.high - high).abs() < 6e-5;
            assert!(alike, "{found:?}, wanted {low} to {high}");
        }
    }

    #[test]
    fn no_error_has_the_bound_of_the_rule_of_three() {
        for cases in [10, 300, 19_701, 1_000_000] {
            let found = ErrorRate::exact(0, cases, 0.95).unwrap();
            let wanted = 1.0 - 0.05_f64.powf(1.0 / cases as f64);
            assert!(
                (found.upper / wanted - 1.0).abs() < 1e-6,
                "{cases}: {found:?}, wanted {wanted}"
            );
        }
    }

    #[test]
    fn the_ends_have_the_probability_that_they_should() {
        for (errors, cases) in [(1, 3), (7, 1327), (50, 19_701), (1320, 1327), (3, 1_000_000)] {
            let ErrorRate { low, high, .. } = ErrorRate::exact(errors, cases, 0.95).unwrap();
            let (some, rest) = (errors as f64, (cases - errors) as f64);
            let (below, above) =
                (beta_reg(some, rest + 1.0, low), beta_reg(some + 1.0, rest, high));
            assert!((below - 0.025).abs() < 1e-6, "{errors} of {cases}: {below}");
            assert!((above - 0.975).abs() < 1e-6, "{errors} of {cases}: {above}");
        }
    }

    #[test]
    fn what_has_no_rate_is_refused() {
        assert_eq!(ErrorRate::exact(0, 0, 0.95), Err(RateError::Cases { errors: 0, cases: 0 }));
        assert!(ErrorRate::exact(2, 1, 0.95).is_err() && ErrorRate::exact(0, 1, 1.0).is_err());
    }
}
