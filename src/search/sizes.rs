//! How many references go on from stage to stage, for a stated recall?
//!
//! The index may put references of other sources above one of the same source. How many, as a share of all, was measured
//! on real scans against decoys as hard as real ones; so many go on to registration, however large the store is,
//! and never fewer than some tens. See `benches/README.md`.

use crate::parameters::Cascade;

/// Recall of the index, and the share of references to go on for it: measured on real scans, turned, noisy, with samples
/// missing, off centre, at another spacing and with half of the mark cut away, among decoys.
const RECALL: [(f64, f64); 3] = [(0.99, 2e-4), (0.999, 1e-3), (0.9999, 1e-2)];
/// References that are registered, for one that is compared in full, at least.
const REGISTERED_A_COMPARED: usize = 4;

/// How many go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// From the index to registration near its pose.
    pub registered: usize,
    /// From there to the full comparison.
    pub compared: usize,
}

/// How many of `records` references go on where `top` candidates are wanted: all, where the recall is beyond
/// what was measured.
#[must_use]
pub fn sizes(records: usize, top: usize, cascade: &Cascade) -> Sizes {
    let share = RECALL.iter().find(|(recall, _)| *recall >= cascade.target_recall);
    let share = share.map_or(1.0, |(_, share)| *share);
    let wanted = (records as f64 * share).ceil() as usize;
    let compared = cascade.least_compared.max(top);
    let registered = wanted.max(cascade.least_registered).max(REGISTERED_A_COMPARED * compared);
    Sizes { registered: registered.min(records), compared: compared.min(records) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_grow_with_the_store_and_the_recall_and_never_beyond_the_store() {
        let at = |records, top, recall| {
            let cascade = Cascade { target_recall: recall, ..Cascade::default() };
            sizes(records, top, &cascade)
        };
        for records in [0, 1, 50, 1000, 100_000, 10_000_000] {
            let mut before = Sizes { registered: 0, compared: 0 };
            for recall in [0.99, 0.999, 0.9999, 1.0] {
                let now = at(records, 20, recall);
                assert!(now.registered >= before.registered && now.registered <= records);
                assert!(now.compared <= now.registered || records < 200);
                before = now;
            }
            assert_eq!(before.registered, records, "a recall of 1 leaves nothing out");
        }
        assert!(at(1_000_000, 20, 0.999).registered > at(100_000, 20, 0.999).registered);
        assert_eq!(at(100_000, 1000, 0.99).compared, 1000);
        assert!(at(100_000, 1000, 0.99).registered >= 4000);
    }
}
