//! What does a comparison weigh, by the calibration that is installed here?

use super::call::Scope;
use super::status::Fault;
use crate::calibration::{self, Traits, WeightReport};
use crate::comparison::Comparison;
use crate::report::Figures;

/// Weighs a comparison of two scans; in a search, with how many references were searched.
pub(super) fn weigh(
    scope: &Scope,
    comparison: &Comparison,
    traits: [&Traits; 2],
    searched: Option<u64>,
) -> Result<WeightReport, Fault> {
    let Comparison { engine_version, parameters_digest, .. } = comparison;
    let of = calibration::Scope::of(engine_version, *parameters_digest, traits);
    let weight = scope.shared.calibration.weigh(&Figures::from(comparison), &of, searched);
    weight.map_err(|source| Fault::Weight { source: Box::new(source) })
}
