//! Between which values does a number lie?

use serde::{Deserialize, Serialize};

/// An interval about a number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Half lies below.
    pub median: f64,
    /// Upper end.
    pub high: f64,
}

/// The quantile of ascending values, linear between neighbours (type 7 of Hyndman and Fan 1996). `None` of none.
pub(crate) fn quantile(ascending: &[f64], share: f64) -> Option<f64> {
    let place = share.clamp(0.0, 1.0) * ascending.len().checked_sub(1)? as f64;
    let (low, high) = (ascending[place.floor() as usize], ascending[place.ceil() as usize]);
    let part = place - place.floor();
    // Infinite neighbours have no line between them.
    Some(if part <= 0.0 || !(high - low).is_finite() { low } else { low + part * (high - low) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_linear_between_neighbours() {
        let values = [1.0, 2.0, 4.0, 8.0];
        let found = [0.0, 0.5, 0.9, 1.0].map(|share| quantile(&values, share).unwrap());
        let wanted = [1.0, 3.0, 6.8, 8.0];
        let alike = found.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 1e-12);
        assert!(alike, "{found:?}, wanted {wanted:?}");
        assert_eq!(quantile(&[], 0.5), None);
        let infinite = [f64::NEG_INFINITY, f64::NEG_INFINITY, 1.0];
        assert!(quantile(&infinite, 0.6).is_some_and(f64::is_infinite));
    }
}
