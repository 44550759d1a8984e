//! How far would Cllr move with other sources?
//!
//! By [`Bootstrap`]: sources are drawn and not pairs, a pair of two sources counts as often as the product of how often
//! either was drawn. The ratios stay what they are; only the pairs that they are averaged over change. The cost of each pair
//! is computed once.

use super::{CONFIDENCE, Evaluated, Protocol};
use crate::statistics::{
    Bootstrap, BootstrapError, Features, Interval, Scored, Truth, bits as cost_bits,
};
use std::collections::BTreeMap;

/// The interval of Cllr; `None` where no rounds are asked for.
pub(super) fn cllr_interval(
    protocol: &Protocol,
    pairs: &[Evaluated],
) -> Result<Option<Interval>, BootstrapError> {
    if protocol.rounds == 0 {
        return Ok(None);
    }
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for source in pairs.iter().flat_map(|pair| &pair.sources) {
        let next = numbers.len();
        numbers.entry(source).or_insert(next);
    }
    let features = Features { congruent: 0, compared: 0, ncc: 0.0 };
    let scored = |pair: &Evaluated| Scored {
        features,
        truth: pair.truth,
        sources: [&pair.sources[0], &pair.sources[1]].map(|source| numbers[source.as_str()]),
    };
    let scored: Vec<Scored> = pairs.iter().map(scored).collect();
    let costs: Vec<f64> = pairs
        .iter()
        .map(|pair| match pair.truth {
            Truth::KnownMatch => cost_bits(-pair.log10_lr),
            Truth::KnownNonMatch => cost_bits(pair.log10_lr),
        })
        .collect();
    let bootstrap =
        Bootstrap { rounds: protocol.rounds, seed: protocol.seed, confidence: CONFIDENCE };
    let intervals = bootstrap.intervals(&scored, |weights| {
        let (mut sums, mut totals) = ([0.0; 2], [0.0; 2]);
        for ((one, cost), weight) in scored.iter().zip(&costs).zip(weights) {
            // An infinite cost that is not in the round costs nothing.
            if *weight > 0 {
                let kind = usize::from(one.truth == Truth::KnownNonMatch);
                sums[kind] += f64::from(*weight) * cost;
                totals[kind] += f64::from(*weight);
            }
        }
        Ok(vec![(sums[0] / totals[0] + sums[1] / totals[1]) / 2.0])
    })?;
    Ok(intervals.into_iter().next())
}
