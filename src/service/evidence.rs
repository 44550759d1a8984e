//! What does a comparison weigh, by the calibration that is installed here?
//!
//! The weight of a comparison depends on what its two scans are of; what is not known of one does not count against it, as
//! with an upload whose calibre nobody says.

use super::call::Scope;
use super::status::Fault;
use crate::calibration::{self, WeightReport};
use crate::comparison::Comparison;
use crate::report::Figures;
use crate::store::MarkKind;
use crate::surface::Kind;

/// What is known of a scan besides its surface.
#[derive(Clone, Debug)]
pub(super) struct Traits {
    pub(super) kind: Kind,
    pub(super) mark: Option<MarkKind>,
    pub(super) calibre: Option<String>,
    pub(super) instrument: Option<String>,
}

impl Traits {
    /// Of a scan of which only its surface is known.
    pub(super) const fn of(kind: Kind) -> Self {
        Self { kind, mark: None, calibre: None, instrument: None }
    }
}

/// Weighs a comparison of two scans; in a search, with how many references were searched.
pub(super) fn weigh(
    scope: &Scope,
    comparison: &Comparison,
    [questioned, reference]: [&Traits; 2],
    searched: Option<u64>,
) -> Result<WeightReport, Fault> {
    // Scans of two kinds were not compared.
    let mark = reference.mark.or(questioned.mark).map(|mark| mark.to_string());
    let of = calibration::Scope {
        engine_version: &comparison.engine_version,
        parameters_digest: comparison.parameters_digest,
        kind: Some(reference.kind),
        mark: mark.as_deref(),
        instruments: [questioned.instrument.as_deref(), reference.instrument.as_deref()],
        calibres: [questioned.calibre.as_deref(), reference.calibre.as_deref()],
    };
    let weight = scope.shared.calibration.weigh(&Figures::from(comparison), &of, searched);
    weight.map_err(|source| Fault::Weight { source: Box::new(source) })
}
