//! At which rank of a candidate list do mates come?

use super::rates::{ErrorRate, RateError};
use serde::Serialize;

/// A point of a rank curve (cumulative match characteristic).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RankPoint {
    /// Length of the list, from 1.
    pub rank: usize,
    /// Mates that are not in a list of this length.
    pub missed: ErrorRate,
    /// Share of mates that are.
    pub found: f64,
}

/// The share of mates at each rank or better, up to `longest`. A rank counts from 1; `None` is a mate in no list.
///
/// # Errors
/// No mates, or a confidence that is not between 0 and 1.
pub fn rank_curve(
    ranks: &[Option<usize>],
    longest: usize,
    confidence: f64,
) -> Result<Vec<RankPoint>, RateError> {
    let point = |rank: usize| {
        let missed = ranks.iter().filter(|found| found.is_none_or(|found| found > rank)).count();
        let missed = ErrorRate::exact(missed, ranks.len(), confidence)?;
        Ok(RankPoint { rank, missed, found: 1.0 - missed.rate })
    };
    (1..=longest).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_counts_from_its_place_on() {
        let curve = rank_curve(&[Some(1), Some(1), Some(3), None], 4, 0.95).unwrap();
        let found: Vec<f64> = curve.iter().map(|point| point.found).collect();
        assert_eq!(found, [0.5, 0.5, 0.75, 0.75]);
        assert!(rank_curve(&[], 4, 0.95).is_err());
    }
}
