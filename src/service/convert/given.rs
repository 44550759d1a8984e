//! How does an answer look in the contract?

use super::words;
use crate::audit;
use crate::calibration::{ScoreClass, WeightReport};
use crate::cmc::CellVerdict;
use crate::comparison::{Comparison, Direction};
use crate::format::{self, Warning};
use crate::quality::{Finding, Level, Quality};
use crate::report::{CellReport, ComparisonReport, DirectionReport, Figures};
use crate::search::Stage;
use crate::service::pb;
use crate::signature::Summary;
use crate::statistics::BoundReached;
use crate::store::{
    Correction, Enrolled, Location, Outcome, ScanView, Statistics, VerificationReport,
};
use crate::surface::Kind;

/// Counts of this engine stay far below the greatest number of the contract.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn pose(dx_um: Option<f64>, dy_um: Option<f64>, theta_deg: Option<f64>) -> Option<pb::Pose> {
    Some(pb::Pose { dx_um: dx_um?, dy_um: dy_um?, theta_deg: theta_deg? })
}

pub(in crate::service) fn figures(figures: &Figures) -> pb::Figures {
    pb::Figures {
        cmc_count: number(figures.cmc_count),
        cells: number(figures.cells),
        cmc_fraction: figures.cmc_fraction,
        convergence_cmc_fraction: figures.convergence_cmc_fraction,
        ncc: figures.ncc,
        overlap: figures.overlap,
        pose: pose(figures.dx_um, figures.dy_um, figures.theta_deg),
        profile_score: figures.profile_score,
        profile_scale: figures.profile_scale,
    }
}

/// Which parts of a comparison are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum Cells {
    Whole,
    Omitted,
}

impl Cells {
    pub(in crate::service) const fn omitted(omit: bool) -> Self {
        if omit { Self::Omitted } else { Self::Whole }
    }
}

/// A comparison, by way of the report that the command line prints, so that both say the same.
pub(in crate::service) fn comparison(comparison: &Comparison, cells: Cells) -> pb::Comparison {
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

/// What a comparison weighs.
pub(in crate::service) fn weight(report: WeightReport) -> pb::Weight {
    let likelihood_ratio = || {
        Some(pb::LikelihoodRatio {
            log10_lr: report.log10_lr?,
            log10_lr_low: report.log10_lr_low?,
            log10_lr_high: report.log10_lr_high?,
            bound_reached: match report.bound_reached? {
                BoundReached::Within => pb::BoundReached::Within,
                BoundReached::Lower => pb::BoundReached::Lower,
                BoundReached::Upper => pb::BoundReached::Upper,
            }
            .into(),
            verbal: report.verbal.clone()?,
        })
    };
    let chance = report.expected_by_chance.zip(report.expected_by_chance_upper);
    let score_class = match report.score_class {
        ScoreClass::RankOnly => pb::ScoreClass::RankOnly,
        ScoreClass::Interpretable => pb::ScoreClass::Interpretable,
        ScoreClass::StatisticallyValidated => pb::ScoreClass::StatisticallyValidated,
    };
    pb::Weight {
        score_class: score_class.into(),
        likelihood_ratio: likelihood_ratio(),
        rank_only_reason: report.rank_only_reason.unwrap_or_default(),
        population: report.population.unwrap_or_default(),
        calibration_sha256: report
            .calibration_sha256
            .map(|digest| digest.to_string())
            .unwrap_or_default(),
        by_chance: chance
            .map(|(expected, expected_upper)| pb::ChanceCandidates { expected, expected_upper }),
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
pub(in crate::service) fn extraction(
    scan: &format::Scan,
    summary: Summary,
    quality: &Quality,
    confidence: Option<f64>,
) -> pb::ExtractResponse {
    let mut findings: Vec<pb::QualityFinding> =
        scan.metadata.warnings.iter().map(of_file).collect();
    findings.extend(quality.findings.iter().map(finding));
    let file_format = match scan.file_format {
        format::FileFormat::X3p => pb::FileFormat::X3p,
        format::FileFormat::Png => pb::FileFormat::Png,
        format::FileFormat::Tiff => pb::FileFormat::Tiff,
        format::FileFormat::Bmp => pb::FileFormat::Bmp,
        format::FileFormat::Jpeg => pb::FileFormat::Jpeg,
        format::FileFormat::Al3d => pb::FileFormat::Al3d,
        format::FileFormat::Sur => pb::FileFormat::Sur,
        format::FileFormat::Sdf => pb::FileFormat::Sdf,
    };
    let spacing = scan.surface.spacing();
    pb::ExtractResponse {
        findings,
        confidence,
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

/// What an examiner should know of a mark.
pub(in crate::service) fn finding(finding: &Finding) -> pb::QualityFinding {
    let level = match finding.level {
        Level::Note => pb::FindingLevel::Note,
        Level::Warn => pb::FindingLevel::Warn,
        Level::Refuse => pb::FindingLevel::Refuse,
    };
    pb::QualityFinding {
        kind: words::finding(finding.name).into(),
        message: finding.words.clone(),
        level: level.into(),
        found: finding.found,
        threshold: finding.threshold,
        unit: finding.unit.name().to_owned(),
    }
}

/// What is odd about a file.
fn of_file(warning: &Warning) -> pb::QualityFinding {
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
        Warning::RowsNotPadded => Is::RowsNotPadded,
        Warning::QualityMapNotApplied => Is::QualityMapNotApplied,
        Warning::InversionNotApplied { .. } => Is::InversionNotApplied,
        Warning::RowOrderUnstated => Is::RowOrderUnstated,
    };
    pb::QualityFinding {
        kind: kind.into(),
        message: warning.to_string(),
        level: pb::FindingLevel::Note.into(),
        found: None,
        threshold: None,
        unit: String::new(),
    }
}

pub(in crate::service) fn record(view: ScanView) -> pb::Record {
    let ScanView { scan, mark, exhibit, case, firearm, withdrawal, signatures: _, said } = view;
    pb::Record {
        scan_id: scan.id.to_string(),
        mark_id: mark.id.to_string(),
        exhibit_id: exhibit.id.to_string(),
        case_id: exhibit.case.map(|id| id.to_string()),
        firearm_id: exhibit.firearm.map(|id| id.to_string()),
        mark: words::mark(mark.kind).into(),
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
        entered_time: Some(words::timestamp(scan.entered)),
        withdrawal: withdrawal.map(|withdrawal| pb::Withdrawal {
            reason: withdrawal.reason,
            withdrawn_time: Some(words::timestamp(withdrawal.at)),
        }),
        locations: said.locations.into_iter().map(location).collect(),
        corrections: said.corrections.into_iter().map(word).collect(),
    }
}

fn location(location: Location) -> pb::MarkLocation {
    pb::MarkLocation {
        found_time: Some(words::timestamp(location.at)),
        engine_version: location.engine_version,
        segmentation_digest: location.segmentation.to_string(),
        confidence: location.confidence,
        in_view: location.in_view,
        regions_sha256: location.regions.to_string(),
    }
}

fn word(correction: Correction) -> pb::MarkWord {
    pb::MarkWord {
        said_time: Some(words::timestamp(correction.at)),
        by: correction.by,
        how: correction.how,
        regions_sha256: correction.regions.to_string(),
    }
}

pub(in crate::service) fn audit_entry(entry: audit::Entry) -> pb::AuditEntry {
    let audit::Entry { index, hash, event } = entry;
    pb::AuditEntry {
        index,
        hash: hash.to_string(),
        time: Some(words::timestamp(event.at)),
        actor: event.actor,
        laboratory: event.laboratory,
        country: event.country.map(|country| country.to_string()),
        action: event.action,
        subject: event.subject,
        outcome: words::audit_outcome(event.outcome).into(),
        request_id: event.request,
        detail: event.detail,
        engine_version: event.engine_version,
        parameters_digest: event.parameters.map(|digest| digest.to_string()),
        result_sha256: event.result.map(|digest| digest.to_string()),
    }
}

/// What a verification of the store, and of the audit log where there is one, found.
pub(in crate::service) fn verification(
    store: &VerificationReport,
    log: Option<&audit::AuditReport>,
) -> pb::VerifyReport {
    let findings = store.findings.iter().map(ToString::to_string);
    let of_log = log.into_iter().flat_map(|log| &log.findings);
    pb::VerifyReport {
        sound: store.is_sound() && log.is_none_or(audit::AuditReport::is_sound),
        objects: store.objects,
        bytes: store.bytes,
        unused: store.unused,
        findings: findings.chain(of_log.map(|found| format!("audit log: {found}"))).collect(),
        unlisted: store.unlisted + log.map_or(0, |log| log.unlisted),
        audit_entries: log.map_or(0, |log| log.entries),
    }
}

pub(in crate::service) fn enrolled(
    enrolled: &Enrolled,
    original_sha256: String,
    findings: &[Finding],
    confidence: Option<f64>,
) -> pb::EnrolResponse {
    let outcome = match enrolled.outcome {
        Outcome::New => pb::EnrolOutcome::New,
        Outcome::Duplicate => pb::EnrolOutcome::Duplicate,
        Outcome::Corrected => pb::EnrolOutcome::Corrected,
    };
    pb::EnrolResponse {
        outcome: outcome.into(),
        scan_id: enrolled.scan.to_string(),
        mark_id: enrolled.mark.to_string(),
        exhibit_id: enrolled.exhibit.to_string(),
        original_sha256,
        findings: findings.iter().map(finding).collect(),
        confidence,
    }
}

pub(in crate::service) fn statistics(
    statistics: Statistics,
    parameters_digest: String,
    audit_entries: u64,
) -> pb::StatisticsResponse {
    let Statistics {
        cases,
        firearms,
        exhibits,
        marks,
        scans,
        scans_withdrawn,
        signatures,
        locations,
        corrections,
        records,
        original_bytes,
        signature_bytes,
        mask_bytes,
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
        locations,
        corrections,
        mask_bytes,
        engine_version: crate::VERSION.to_owned(),
        parameters_digest,
        audit_entries,
    }
}

/// What a search is doing.
pub(in crate::service) const fn search_stage(stage: Stage) -> pb::SearchStage {
    match stage {
        Stage::Index => pb::SearchStage::Index,
        Stage::Registration => pb::SearchStage::Registration,
        Stage::Comparison => pb::SearchStage::Comparison,
    }
}
