//! What do the contract's messages mean to the engine, and how does the engine's answer look in the contract?
//!
//! Only here. From the wire everything is checked and an error names the field; to the wire nothing can fail.

use super::pb;
use super::status::{Fault, Problem};
use crate::cmc::CellVerdict;
use crate::comparison::{Comparison, Direction};
use crate::format::{
    self, HeightUnit, Limits, ManifestChecksum, ReadOptions, SpacingUnit, Warning,
};
use crate::report::{CellReport, ComparisonReport, DirectionReport, Figures};
use crate::signature::Summary;
use crate::store::{
    Country, Enrolled, ExhibitMetadata, Filter, FirearmMetadata, MarkKind, Outcome, ScanView,
    Statistics, Unknown,
};
use crate::surface::{Kind, Spacing};
use crate::units::Length;
use jiff::Timestamp;
use prost_types::Timestamp as PbTimestamp;
use std::str::FromStr;

// From the wire.

/// What the client states about a file; no file may be larger than this limit.
pub(super) fn read_options(
    field: &'static str,
    options: Option<pb::ReadOptions>,
    limit: u64,
) -> Result<ReadOptions, Fault> {
    let pb::ReadOptions { spacing_um, length_unit, height_unit, accept_edited_manifest } =
        options.unwrap_or_default();
    let named = |name: &str| format!("{field}.options.{name}");
    let spacing = spacing_um.map(|found| {
        if found.is_finite() && found > 0.0 {
            return Ok(Spacing::square(Length::from_micrometres(found)));
        }
        let wanted = "a positive number";
        Err(Fault::field(named("spacing_um"), Problem::OutOfRange { found, wanted }))
    });
    let defaults = Limits::default();
    Ok(ReadOptions {
        limits: Limits { file_bytes: limit.min(defaults.file_bytes), ..defaults },
        spacing: spacing.transpose()?,
        assume: match known(named("length_unit"), length_unit)? {
            pb::LengthUnit::Unspecified => SpacingUnit::AsWritten,
            pb::LengthUnit::Micrometres => SpacingUnit::Micrometres,
        },
        height_unit: match known(named("height_unit"), height_unit)? {
            pb::HeightUnit::Unspecified => None,
            pb::HeightUnit::Metres => Some(HeightUnit::Metres),
            pb::HeightUnit::Millimetres => Some(HeightUnit::Millimetres),
            pb::HeightUnit::Micrometres => Some(HeightUnit::Micrometres),
            pb::HeightUnit::Nanometres => Some(HeightUnit::Nanometres),
        },
        manifest_checksum: if accept_edited_manifest {
            ManifestChecksum::Warn
        } else {
            ManifestChecksum::Enforce
        },
        ..ReadOptions::default()
    })
}

/// A value of an enumeration that this version knows.
fn known<T: TryFrom<i32>>(field: impl Into<String>, found: i32) -> Result<T, Fault> {
    T::try_from(found).map_err(|_| Fault::field(field.into(), Problem::UnknownValue { found }))
}

/// An identifier of a record.
pub(super) fn identifier<T: FromStr>(field: &'static str, text: &str) -> Result<T, Fault> {
    if text.is_empty() {
        return Err(Fault::missing(field));
    }
    text.parse().map_err(|_| Fault::field(field, Problem::NotAnIdentifier))
}

/// A text of 1 to `most` characters.
pub(super) fn text(field: &'static str, text: &str, most: usize) -> Result<(), Fault> {
    let found = text.chars().count();
    if found == 0 {
        return Err(Fault::missing(field));
    }
    if found > most {
        return Err(Fault::field(field, Problem::Characters { found, wanted: "fewer" }));
    }
    Ok(())
}

/// A mark that is stated.
pub(super) fn mark(field: &'static str, value: i32) -> Result<MarkKind, Fault> {
    any_mark(field, value)?.ok_or_else(|| Fault::missing(field))
}

fn any_mark(field: &'static str, value: i32) -> Result<Option<MarkKind>, Fault> {
    Ok(match known(field, value)? {
        pb::MarkKind::Unspecified => None,
        pb::MarkKind::BreechFace => Some(MarkKind::BreechFace),
        pb::MarkKind::FiringPin => Some(MarkKind::FiringPin),
        pb::MarkKind::Ejector => Some(MarkKind::Ejector),
        pb::MarkKind::ApertureShear => Some(MarkKind::ApertureShear),
    })
}

fn country(field: &'static str, text: Option<String>) -> Result<Option<Country>, Fault> {
    let parse = |text: String| {
        text.parse().map_err(|source| Fault::field(field, Problem::Metadata { source }))
    };
    text.map(parse).transpose()
}

fn time(field: &'static str, time: Option<PbTimestamp>) -> Result<Option<Timestamp>, Fault> {
    let convert = |time: PbTimestamp| {
        Timestamp::new(time.seconds, time.nanos).map_err(|_| Fault::field(field, Problem::NotATime))
    };
    time.map(convert).transpose()
}

/// What is known of an exhibit; the store checks the texts.
pub(super) fn exhibit(metadata: pb::ExhibitMetadata) -> Result<ExhibitMetadata, Fault> {
    let incident = metadata.incident.map(|text| {
        text.parse().map_err(|_| Fault::field("metadata.exhibit.incident", Problem::NotADate))
    });
    Ok(ExhibitMetadata {
        laboratory: metadata.laboratory,
        case_number: metadata.case_number,
        label: metadata.label,
        country: country("metadata.exhibit.country", metadata.country)?,
        calibre: metadata.calibre,
        firearm: metadata.firearm.map(|firearm| FirearmMetadata {
            label: firearm.label,
            make: firearm.make,
            model: firearm.model,
        }),
        incident: incident.transpose()?,
        notes: metadata.notes,
    })
}

/// A filter.
pub(super) fn filter(filter: Option<pb::Filter>) -> Result<Filter, Fault> {
    let filter = filter.unwrap_or_default();
    for (field, value) in [
        ("filter.calibre", &filter.calibre),
        ("filter.laboratory", &filter.laboratory),
        ("filter.case_number", &filter.case_number),
    ] {
        if let Some(value) = value {
            text(field, value, crate::store::LINE_LIMIT)?;
        }
    }
    Ok(Filter {
        mark: any_mark("filter.mark", filter.mark)?,
        calibre: filter.calibre,
        country: country("filter.country", filter.country)?,
        laboratory: filter.laboratory,
        case_number: filter.case_number,
        entered_from: time("filter.entered_from_time", filter.entered_from_time)?,
        entered_before: time("filter.entered_before_time", filter.entered_before_time)?,
        unknown: if filter.exclude_unknown { Unknown::Excluded } else { Unknown::Included },
        after: None,
    })
}

/// A number of things: 0 is the default, more than the most is the most.
pub(super) fn count(
    field: &'static str,
    value: i32,
    default: usize,
    most: usize,
) -> Result<usize, Fault> {
    match usize::try_from(value) {
        Ok(0) => Ok(default),
        Ok(count) => Ok(count.min(most)),
        Err(_) => {
            let (found, wanted) = (f64::from(value), "0 or more");
            Err(Fault::field(field, Problem::OutOfRange { found, wanted }))
        }
    }
}

// To the wire.

/// Counts of this engine stay far below the greatest number of the contract.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(super) fn timestamp(time: Timestamp) -> PbTimestamp {
    // The contract counts nanoseconds forward from the second, the engine towards zero before 1970.
    let (seconds, nanos) = (time.as_second(), time.subsec_nanosecond());
    if nanos < 0 {
        PbTimestamp { seconds: seconds - 1, nanos: nanos + 1_000_000_000 }
    } else {
        PbTimestamp { seconds, nanos }
    }
}

fn pose(dx_um: Option<f64>, dy_um: Option<f64>, theta_deg: Option<f64>) -> Option<pb::Pose> {
    Some(pb::Pose { dx_um: dx_um?, dy_um: dy_um?, theta_deg: theta_deg? })
}

pub(super) fn figures(figures: &Figures) -> pb::Figures {
    pb::Figures {
        cmc_count: number(figures.cmc_count),
        cells: number(figures.cells),
        cmc_fraction: figures.cmc_fraction,
        convergence_cmc_fraction: figures.convergence_cmc_fraction,
        ncc: figures.ncc,
        overlap: figures.overlap,
        pose: pose(figures.dx_um, figures.dy_um, figures.theta_deg),
    }
}

/// Which parts of a comparison are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    Whole,
    Omitted,
}

impl Cells {
    pub(super) const fn omitted(omit: bool) -> Self {
        if omit { Self::Omitted } else { Self::Whole }
    }
}

/// A comparison, by way of the report that the command line prints, so that both say the same.
pub(super) fn comparison(comparison: &Comparison, cells: Cells) -> pb::Comparison {
    let report = ComparisonReport::from(comparison);
    pb::Comparison {
        figures: Some(figures(&report.figures)),
        engine_version: report.engine_version,
        parameters_digest: report.parameters_digest.to_string(),
        questioned_sha256: report.questioned_sha256.to_string(),
        reference_sha256: report.reference_sha256.to_string(),
        directions: match cells {
            Cells::Whole => report.directions.iter().map(direction).collect(),
            Cells::Omitted => Vec::new(),
        },
    }
}

fn direction(report: &DirectionReport) -> pb::DirectionResult {
    let direction = match report.direction {
        Direction::ReferenceToQuestioned => pb::Direction::ReferenceToQuestioned,
        Direction::QuestionedToReference => pb::Direction::QuestionedToReference,
    };
    pb::DirectionResult {
        direction: direction.into(),
        cmc_count: number(report.cmc_count),
        cell_count: number(report.cells),
        convergence_cmc_count: number(report.convergence_cmc_count),
        consensus: pose(report.consensus_dx_um, report.consensus_dy_um, report.consensus_theta_deg),
        cells: report.cell_results.iter().map(cell).collect(),
    }
}

fn cell(report: &CellReport) -> pb::Cell {
    pb::Cell {
        row: number(report.row),
        column: number(report.column),
        x_um: report.x_um,
        y_um: report.y_um,
        side_um: report.side_um,
        fill_fraction: report.fill_fraction,
        joint_fraction: report.joint_fraction,
        verdict: verdict(report.verdict).into(),
        convergence_verdict: verdict(report.convergence_verdict).into(),
        ncc: report.ncc,
        displacement: pose(report.dx_um, report.dy_um, report.theta_deg),
    }
}

fn verdict(verdict: CellVerdict) -> pb::CellVerdict {
    match verdict {
        CellVerdict::Congruent => pb::CellVerdict::Congruent,
        CellVerdict::LowCorrelation => pb::CellVerdict::LowCorrelation,
        CellVerdict::Displaced => pb::CellVerdict::Displaced,
        CellVerdict::Turned => pb::CellVerdict::Turned,
        CellVerdict::NotCompared => pb::CellVerdict::NotCompared,
    }
}

fn surface_kind(kind: Kind) -> pb::SurfaceKind {
    match kind {
        Kind::Topography => pb::SurfaceKind::Topography,
        Kind::Reflectance => pb::SurfaceKind::Reflectance,
    }
}

/// What a scan says of itself, and what is kept of it.
pub(super) fn extraction(scan: &format::Scan, summary: Summary) -> pb::ExtractResponse {
    let mut findings: Vec<pb::QualityFinding> =
        scan.metadata.warnings.iter().map(finding).collect();
    if scan.surface.kind() == Kind::Reflectance {
        findings.push(pb::QualityFinding {
            kind: pb::QualityFindingKind::NotMetrological.into(),
            message: "the scan is an image, not a topography".to_owned(),
        });
    }
    let file_format = match scan.file_format {
        format::FileFormat::X3p => pb::FileFormat::X3p,
        format::FileFormat::Png => pb::FileFormat::Png,
        format::FileFormat::Tiff => pb::FileFormat::Tiff,
        format::FileFormat::Bmp => pb::FileFormat::Bmp,
        format::FileFormat::Jpeg => pb::FileFormat::Jpeg,
    };
    let spacing = scan.surface.spacing();
    pb::ExtractResponse {
        findings,
        file_format: file_format.into(),
        rows: number(scan.surface.rows()),
        columns: number(scan.surface.columns()),
        spacing_x_um: spacing.x.micrometres(),
        spacing_y_um: spacing.y.micrometres(),
        fill_fraction: scan.surface.fill_fraction(),
        signature: Some(pb::SignatureSummary {
            kind: surface_kind(summary.kind).into(),
            source_sha256: summary.source.to_string(),
            extraction_digest: summary.extraction_digest.to_string(),
            engine_version: summary.engine_version,
            rows: number(summary.rows),
            columns: number(summary.columns),
            spacing_um: summary.spacing_um,
            deviation_um: summary.deviation_um,
            valid_samples: summary.valid_samples as u64,
            fill_fraction: summary.fill_fraction,
        }),
    }
}

fn finding(warning: &Warning) -> pb::QualityFinding {
    use pb::QualityFindingKind as Is;
    let kind = match warning {
        Warning::ManifestChecksumMissing => Is::ManifestChecksumMissing,
        Warning::ManifestChecksumMismatch { .. } => Is::ManifestChecksumMismatch,
        Warning::PointChecksumMissing => Is::PointChecksumMissing,
        Warning::ValidPointChecksumMissing => Is::ValidPointChecksumMissing,
        Warning::IncrementNotApplied { .. } => Is::IncrementNotApplied,
        Warning::RotationNotApplied => Is::RotationNotApplied,
        Warning::InfiniteHeights { .. } => Is::InfiniteHeights,
        Warning::ReadAsMicrometres => Is::ReadAsMicrometres,
        Warning::ResolutionIgnored { .. } => Is::ResolutionIgnored,
        Warning::ColourReduced => Is::ColourReduced,
    };
    pb::QualityFinding { kind: kind.into(), message: warning.to_string() }
}

pub(super) fn record(view: ScanView) -> pb::Record {
    let ScanView { scan, mark, exhibit, case, firearm, withdrawal, signatures: _ } = view;
    let kind = match mark.kind {
        MarkKind::BreechFace => pb::MarkKind::BreechFace,
        MarkKind::FiringPin => pb::MarkKind::FiringPin,
        MarkKind::Ejector => pb::MarkKind::Ejector,
        MarkKind::ApertureShear => pb::MarkKind::ApertureShear,
    };
    pb::Record {
        scan_id: scan.id.to_string(),
        mark_id: mark.id.to_string(),
        exhibit_id: exhibit.id.to_string(),
        case_id: exhibit.case.map(|id| id.to_string()),
        firearm_id: exhibit.firearm.map(|id| id.to_string()),
        mark: kind.into(),
        exhibit: Some(pb::ExhibitMetadata {
            laboratory: exhibit.laboratory,
            case_number: case.map(|case| case.number),
            label: exhibit.label,
            country: exhibit.country.map(|country| country.to_string()),
            calibre: exhibit.calibre,
            firearm: firearm.map(|firearm| pb::FirearmMetadata {
                label: firearm.label,
                make: firearm.make,
                model: firearm.model,
            }),
            incident: exhibit.incident.map(|date| date.to_string()),
            notes: exhibit.notes,
        }),
        original_file_name: scan.original_name,
        original_sha256: scan.original.to_string(),
        original_bytes: scan.original_bytes,
        entered_time: Some(timestamp(scan.entered)),
        withdrawal: withdrawal.map(|withdrawal| pb::Withdrawal {
            reason: withdrawal.reason,
            withdrawn_time: Some(timestamp(withdrawal.at)),
        }),
    }
}

pub(super) fn enrolled(enrolled: &Enrolled, original_sha256: String) -> pb::EnrolResponse {
    let outcome = match enrolled.outcome {
        Outcome::New => pb::EnrolOutcome::New,
        Outcome::Duplicate => pb::EnrolOutcome::Duplicate,
    };
    pb::EnrolResponse {
        outcome: outcome.into(),
        scan_id: enrolled.scan.to_string(),
        mark_id: enrolled.mark.to_string(),
        exhibit_id: enrolled.exhibit.to_string(),
        original_sha256,
    }
}

pub(super) fn statistics(
    statistics: Statistics,
    parameters_digest: String,
) -> pb::StatisticsResponse {
    let Statistics {
        cases,
        firearms,
        exhibits,
        marks,
        scans,
        scans_withdrawn,
        signatures,
        records,
        original_bytes,
        signature_bytes,
        record_bytes,
    } = statistics;
    pb::StatisticsResponse {
        cases,
        firearms,
        exhibits,
        marks,
        scans,
        scans_withdrawn,
        signatures,
        records,
        original_bytes,
        signature_bytes,
        record_bytes,
        engine_version: crate::VERSION.to_owned(),
        parameters_digest,
    }
}
