//! What do a server's answers mean in this crate's types, and how are questions put in the contract's?
//!
//! The other way round from the service's own conversion, whose words these have to be. An answer is believed only where it
//! is as the contract has it.

use super::error::Cause;
use super::records::{Exhibit, Record, Withdrawal};
use crate::audit;
use crate::calibration::{ScoreClass, WeightReport};
use crate::cmc::CellVerdict;
use crate::comparison::Direction;
use crate::quality::{Finding, Level, Unit};
use crate::report::{CellReport, ComparisonReport, DirectionReport, Figures, Provenance};
use crate::service::{pb, words};
use crate::statistics::BoundReached;
use crate::store::{
    Case, CaseId, Correction, ExhibitMetadata, Filter, Firearm, FirearmId, Location, Mark, Said,
    Scan, Unknown,
};
use jiff::Timestamp;
use prost_types::Timestamp as PbTimestamp;
use std::str::FromStr;

// From the wire.

/// Text of an answer that has a form.
pub(super) fn parsed<T: FromStr>(field: &'static str, text: &str) -> Result<T, Cause> {
    text.parse().map_err(|_| Cause::Answer { field })
}

fn optional<T: FromStr>(field: &'static str, text: Option<&str>) -> Result<Option<T>, Cause> {
    text.map(|text| parsed(field, text)).transpose()
}

pub(super) fn time(field: &'static str, time: Option<PbTimestamp>) -> Result<Timestamp, Cause> {
    let time = time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok());
    time.ok_or(Cause::Answer { field })
}

pub(super) fn figures(figures: &pb::Figures) -> Figures {
    Figures {
        cmc_count: figures.cmc_count as usize,
        cells: figures.cells as usize,
        cmc_fraction: figures.cmc_fraction,
        convergence_cmc_fraction: figures.convergence_cmc_fraction,
        ncc: figures.ncc,
        overlap: figures.overlap,
        theta_deg: figures.pose.map(|pose| pose.theta_deg),
        dx_um: figures.pose.map(|pose| pose.dx_um),
        dy_um: figures.pose.map(|pose| pose.dy_um),
        profile_score: figures.profile_score,
        profile_scale: figures.profile_scale,
    }
}

/// What an examiner should know of a mark.
pub(super) fn finding(finding: pb::QualityFinding) -> Result<Finding, Cause> {
    let (kind, level) = (finding.kind(), finding.level());
    let unit = Unit::ALL.into_iter().find(|unit| unit.name() == finding.unit);
    Ok(Finding {
        name: words::finding_name(kind).ok_or(Cause::Answer { field: "findings.kind" })?,
        level: match level {
            pb::FindingLevel::Note => Level::Note,
            pb::FindingLevel::Warn => Level::Warn,
            pb::FindingLevel::Refuse => Level::Refuse,
            pb::FindingLevel::Unspecified => {
                return Err(Cause::Answer { field: "findings.level" });
            }
        },
        found: finding.found,
        threshold: finding.threshold,
        unit: unit.ok_or(Cause::Answer { field: "findings.unit" })?,
        words: finding.message,
    })
}

/// Of what a comparison is.
pub(super) fn provenance(answer: &pb::Comparison) -> Result<Provenance, Cause> {
    Ok(Provenance {
        engine_version: answer.engine_version.clone(),
        parameters_digest: parsed("comparison.parameters_digest", &answer.parameters_digest)?,
        questioned_sha256: parsed("comparison.questioned_sha256", &answer.questioned_sha256)?,
        reference_sha256: parsed("comparison.reference_sha256", &answer.reference_sha256)?,
    })
}

/// A comparison, as one that was made here is reported.
pub(super) fn comparison(answer: pb::Comparison) -> Result<ComparisonReport, Cause> {
    let found = answer.figures.ok_or(Cause::Answer { field: "comparison.figures" })?;
    let provenance = provenance(&answer)?;
    let directions = answer.directions.iter().map(direction);
    Ok(ComparisonReport {
        figures: figures(&found),
        directions: directions.collect::<Result<_, _>>()?,
        parameters_digest: provenance.parameters_digest,
        questioned_sha256: provenance.questioned_sha256,
        reference_sha256: provenance.reference_sha256,
        engine_version: provenance.engine_version,
    })
}

/// What a comparison weighs.
pub(super) fn weight(answer: pb::Weight) -> Result<WeightReport, Cause> {
    let score_class = match answer.score_class() {
        pb::ScoreClass::RankOnly => ScoreClass::RankOnly,
        pb::ScoreClass::Interpretable => ScoreClass::Interpretable,
        pb::ScoreClass::StatisticallyValidated => ScoreClass::StatisticallyValidated,
        pb::ScoreClass::Unspecified => {
            return Err(Cause::Answer { field: "weight.score_class" });
        }
    };
    let given = |text: String| (!text.is_empty()).then_some(text);
    let digest = given(answer.calibration_sha256);
    let mut report = WeightReport {
        score_class,
        population: given(answer.population),
        calibration_sha256: digest
            .map(|digest| parsed("weight.calibration_sha256", &digest))
            .transpose()?,
        rank_only_reason: given(answer.rank_only_reason),
        expected_by_chance: answer.by_chance.map(|chance| chance.expected),
        expected_by_chance_upper: answer.by_chance.map(|chance| chance.expected_upper),
        ..WeightReport::default()
    };
    if let Some(ratio) = answer.likelihood_ratio {
        let bound = match ratio.bound_reached() {
            pb::BoundReached::Within => BoundReached::Within,
            pb::BoundReached::Lower => BoundReached::Lower,
            pb::BoundReached::Upper => BoundReached::Upper,
            pb::BoundReached::Unspecified => {
                return Err(Cause::Answer { field: "weight.likelihood_ratio.bound_reached" });
            }
        };
        report.log10_lr = Some(ratio.log10_lr);
        report.log10_lr_low = Some(ratio.log10_lr_low);
        report.log10_lr_high = Some(ratio.log10_lr_high);
        report.bound_reached = Some(bound);
        report.verbal = Some(ratio.verbal);
    }
    Ok(report)
}

fn direction(result: &pb::DirectionResult) -> Result<DirectionReport, Cause> {
    let direction = match result.direction() {
        pb::Direction::ReferenceToQuestioned => Direction::ReferenceToQuestioned,
        pb::Direction::QuestionedToReference => Direction::QuestionedToReference,
        pb::Direction::Unspecified => return Err(Cause::Answer { field: "direction" }),
    };
    Ok(DirectionReport {
        direction,
        cmc_count: result.cmc_count as usize,
        cells: result.cell_count as usize,
        convergence_cmc_count: result.convergence_cmc_count as usize,
        consensus_dx_um: result.consensus.map(|consensus| consensus.dx_um),
        consensus_dy_um: result.consensus.map(|consensus| consensus.dy_um),
        consensus_theta_deg: result.consensus.map(|consensus| consensus.theta_deg),
        cell_results: result.cells.iter().map(cell).collect::<Result<_, _>>()?,
    })
}

fn cell(cell: &pb::Cell) -> Result<CellReport, Cause> {
    Ok(CellReport {
        row: cell.row as usize,
        column: cell.column as usize,
        x_um: cell.x_um,
        y_um: cell.y_um,
        side_um: cell.side_um,
        fill_fraction: cell.fill_fraction,
        joint_fraction: cell.joint_fraction,
        verdict: verdict("verdict", cell.verdict())?,
        convergence_verdict: verdict("convergence_verdict", cell.convergence_verdict())?,
        ncc: cell.ncc,
        dx_um: cell.displacement.map(|displacement| displacement.dx_um),
        dy_um: cell.displacement.map(|displacement| displacement.dy_um),
        theta_deg: cell.displacement.map(|displacement| displacement.theta_deg),
    })
}

fn verdict(field: &'static str, verdict: pb::CellVerdict) -> Result<CellVerdict, Cause> {
    Ok(match verdict {
        pb::CellVerdict::Congruent => CellVerdict::Congruent,
        pb::CellVerdict::LowCorrelation => CellVerdict::LowCorrelation,
        pb::CellVerdict::Displaced => CellVerdict::Displaced,
        pb::CellVerdict::Turned => CellVerdict::Turned,
        pb::CellVerdict::NotCompared => CellVerdict::NotCompared,
        pb::CellVerdict::Unspecified => return Err(Cause::Answer { field }),
    })
}

/// A record, taken apart into what it hangs on.
pub(super) fn record(record: pb::Record) -> Result<Record, Cause> {
    let kind = words::mark_kind(record.mark());
    let kind = kind.ok_or(Cause::Answer { field: "record.mark" })?;
    let metadata = record.exhibit.ok_or(Cause::Answer { field: "record.exhibit" })?;
    let exhibit = parsed("record.exhibit_id", &record.exhibit_id)?;
    let mark = parsed("record.mark_id", &record.mark_id)?;
    let case: Option<CaseId> = optional("record.case_id", record.case_id.as_deref())?;
    let firearm: Option<FirearmId> = optional("record.firearm_id", record.firearm_id.as_deref())?;
    let withdrawal = record.withdrawal.map(|withdrawal| {
        let at = time("record.withdrawal.withdrawn_time", withdrawal.withdrawn_time)?;
        Ok::<_, Cause>(Withdrawal { reason: withdrawal.reason, at })
    });
    let scan = parsed("record.scan_id", &record.scan_id)?;
    let locations = record.locations.into_iter().map(|one| {
        Ok(Location {
            scan,
            at: time("record.locations.found_time", one.found_time)?,
            engine_version: one.engine_version,
            segmentation: parsed("record.locations.segmentation_digest", &one.segmentation_digest)?,
            confidence: one.confidence,
            in_view: one.in_view,
            regions: parsed("record.locations.regions_sha256", &one.regions_sha256)?,
        })
    });
    let corrections = record.corrections.into_iter().map(|one| {
        Ok(Correction {
            scan,
            at: time("record.corrections.said_time", one.said_time)?,
            by: one.by,
            how: one.how,
            regions: parsed("record.corrections.regions_sha256", &one.regions_sha256)?,
        })
    });
    // A case and a firearm are of the laboratory that entered the exhibit.
    let laboratory = metadata.laboratory;
    let case_number = metadata.case_number;
    let described = metadata.firearm.unwrap_or_default();
    Ok(Record {
        scan: Scan {
            id: scan,
            mark,
            original: parsed("record.original_sha256", &record.original_sha256)?,
            original_name: record.original_file_name,
            original_bytes: record.original_bytes,
            entered: time("record.entered_time", record.entered_time)?,
        },
        mark: Mark { id: mark, exhibit, kind },
        case: case.map(|id| Case {
            id,
            laboratory: laboratory.clone(),
            number: case_number.unwrap_or_default(),
        }),
        firearm: firearm.map(|id| Firearm {
            id,
            laboratory: laboratory.clone(),
            label: described.label,
            make: described.make,
            model: described.model,
        }),
        exhibit: Exhibit {
            id: exhibit,
            case,
            firearm,
            laboratory,
            label: metadata.label,
            country: optional("record.exhibit.country", metadata.country.as_deref())?,
            calibre: metadata.calibre,
            incident: optional("record.exhibit.incident", metadata.incident.as_deref())?,
            notes: metadata.notes,
        },
        withdrawal: withdrawal.transpose()?,
        said: Said {
            locations: locations.collect::<Result<_, Cause>>()?,
            corrections: corrections.collect::<Result<_, Cause>>()?,
        },
    })
}

// To the wire.

pub(super) fn exhibit(metadata: &ExhibitMetadata) -> pb::ExhibitMetadata {
    let metadata = metadata.clone();
    pb::ExhibitMetadata {
        laboratory: metadata.laboratory,
        case_number: metadata.case_number,
        label: metadata.label,
        country: metadata.country.map(|country| country.to_string()),
        calibre: metadata.calibre,
        firearm: metadata.firearm.map(|firearm| pb::FirearmMetadata {
            label: firearm.label,
            make: firearm.make,
            model: firearm.model,
        }),
        incident: metadata.incident.map(|date| date.to_string()),
        notes: metadata.notes,
    }
}

pub(super) fn filter(filter: &Filter) -> Result<pb::Filter, Cause> {
    if filter.after.is_some() {
        return Err(Cause::Filter);
    }
    Ok(pb::Filter {
        mark: filter.mark.map_or(pb::MarkKind::Unspecified, words::mark).into(),
        calibre: filter.calibre.clone(),
        country: filter.country.map(|country| country.to_string()),
        laboratory: filter.laboratory.clone(),
        case_number: filter.case_number.clone(),
        entered_from_time: filter.entered_from.map(words::timestamp),
        entered_before_time: filter.entered_before.map(words::timestamp),
        exclude_unknown: filter.unknown == Unknown::Excluded,
    })
}

pub(super) fn audit_query(query: &audit::Query) -> pb::QueryAuditRequest {
    pb::QueryAuditRequest {
        from_time: query.since.map(words::timestamp),
        before_time: query.until.map(words::timestamp),
        actor: query.actor.clone(),
        laboratory: query.laboratory.clone(),
        action: query.action.clone(),
        subject: query.subject.clone(),
        outcome: query.outcome.map_or(pb::AuditOutcome::Unspecified, words::audit_outcome).into(),
        request_id: query.request.clone(),
        ..Default::default()
    }
}

pub(super) fn audit_entry(entry: pb::AuditEntry) -> Result<audit::Entry, Cause> {
    let ended = words::outcome(entry.outcome()).ok_or(Cause::Answer { field: "outcome" })?;
    let digest = |field, text: Option<String>| text.map(|text| parsed(field, &text)).transpose();
    Ok(audit::Entry {
        index: entry.index,
        hash: parsed("hash", &entry.hash)?,
        event: audit::Event {
            at: time("time", entry.time)?,
            actor: entry.actor,
            laboratory: entry.laboratory,
            country: entry.country.map(|text| parsed("country", &text)).transpose()?,
            action: entry.action,
            subject: entry.subject,
            outcome: ended,
            request: entry.request_id,
            detail: entry.detail,
            engine_version: entry.engine_version,
            parameters: digest("parameters_digest", entry.parameters_digest)?,
            result: digest("result_sha256", entry.result_sha256)?,
        },
    })
}
