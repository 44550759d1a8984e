//! What does a comparison weigh, by the calibration that is installed here?

use super::call::Scope;
use super::status::Fault;
use crate::calibration::{self, Traits, WeightReport};
use crate::comparison::Comparison;
use crate::report::Figures;
use crate::surface::MarkKind;

/// Weighs a comparison of two scans of a mark; in a search, with how many references were searched.
pub(super) fn weigh(
    scope: &Scope,
    mark: MarkKind,
    comparison: &Comparison,
    traits: [&Traits; 2],
    searched: Option<u64>,
) -> Result<WeightReport, Fault> {
    let Comparison { engine_version, parameters_digest, .. } = comparison;
    let of = calibration::Scope::of(engine_version, *parameters_digest, traits);
    let weight =
        scope.shared.calibrations.of_mark(mark).weigh(&Figures::from(comparison), &of, searched);
    weight.map_err(|source| Fault::Weight { source: Box::new(source) })
}
