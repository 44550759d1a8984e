//! Intervals of a model of counts, for every count there is.
//!
//! A likelihood ratio from counts depends on two small numbers, so the bootstrap over sources, which takes seconds, is done
//! once for all of them. Compared cells go in steps that grow with their number; between the steps the ends are taken in
//! a straight line at the same share of congruent cells.

use crate::statistics::{Bootstrap, BootstrapError, Features, Method, Scored};
use serde::{Deserialize, Serialize};

/// Most compared cells of the table: both directions of the finest grid in use.
const MOST: u32 = 200;

/// Ends of the intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountTable {
    rows: Vec<Row>,
}

/// All counts of so many compared cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    compared: u32,
    /// Lower and upper end, by the number of congruent cells.
    ends: Vec<[f64; 2]>,
}

impl CountTable {
    pub(super) fn new(
        method: Method,
        scored: &[Scored],
        bootstrap: &Bootstrap,
    ) -> Result<Self, BootstrapError> {
        let mut steps = vec![0];
        while let Some(last) = steps.last().copied().filter(|last| *last < MOST) {
            steps.push(last + (last / 4).max(1));
        }
        let features: Vec<Features> = steps
            .iter()
            .flat_map(|compared| {
                (0..=*compared).map(|congruent| Features {
                    congruent,
                    compared: *compared,
                    ncc: 0.0,
                })
            })
            .collect();
        let intervals = bootstrap.log10_lrs(method, scored, &features)?;
        let mut ends = intervals.iter().map(|interval| [interval.low, interval.high]);
        let row = |compared: &u32| Row {
            compared: *compared,
            ends: ends.by_ref().take(*compared as usize + 1).collect(),
        };
        Ok(Self { rows: steps.iter().map(row).collect() })
    }

    /// Lower and upper end. Beyond the last step it is that of the last, at the same share of congruent cells.
    pub(super) fn ends(&self, features: &Features) -> Option<[f64; 2]> {
        let share = features.fraction().min(1.0);
        let above = self.rows.partition_point(|row| row.compared < features.compared);
        let (last, above) = (self.rows.last()?, self.rows.get(above));
        let Some(above) = above else { return last.at(share) };
        let below = self.rows.iter().rev().find(|row| row.compared <= features.compared)?;
        let (one, other) = (below.at(share)?, above.at(share)?);
        let width = f64::from(above.compared - below.compared);
        let part =
            if width > 0.0 { f64::from(features.compared - below.compared) / width } else { 0.0 };
        Some(between(one, other, part))
    }
}

impl Row {
    fn at(&self, share: f64) -> Option<[f64; 2]> {
        let place = share * f64::from(self.compared);
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        Some(between(*self.ends.get(low)?, *self.ends.get(high)?, place - place.floor()))
    }
}

fn between(one: [f64; 2], other: [f64; 2], part: f64) -> [f64; 2] {
    [0, 1].map(|end| one[end] + part * (other[end] - one[end]))
}
