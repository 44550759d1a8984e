//! The metadata file of an enrolment: what is known of each exhibit.

use super::correction::Words;
use super::scans::resolve;
use crate::store::{ExhibitMetadata, FirearmMetadata, MarkKind};
use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// One row as written; an empty field is an unknown value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    file: String,
    laboratory: Option<String>,
    case_number: Option<String>,
    label: Option<String>,
    country: Option<String>,
    calibre: Option<String>,
    firearm_label: Option<String>,
    firearm_make: Option<String>,
    firearm_model: Option<String>,
    incident: Option<String>,
    notes: Option<String>,
    mark: Option<String>,
    mask: Option<PathBuf>,
}

/// What is known of the exhibit on a scan.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) exhibit: ExhibitMetadata,
    /// In the order of kinds, each once.
    pub(super) marks: Vec<MarkKind>,
    pub(super) correction: Words,
}

/// Reads the file; every row must name one of the scans, and no scan twice.
pub(super) fn read(
    file: &Path,
    scans: &[PathBuf],
    default: &Entry,
) -> anyhow::Result<BTreeMap<PathBuf, Entry>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(file)
        .with_context(|| file.display().to_string())?;
    let mut entries = BTreeMap::new();
    for (row, record) in reader.deserialize::<Row>().enumerate() {
        let place = || format!("{}, row {}", file.display(), row + 2);
        let record = record.with_context(place)?;
        let Some(scan) = resolve(&record.file, scans).with_context(place)? else {
            bail!("{}: no scan is called {}", place(), record.file);
        };
        let entry = entry(record, file, default).with_context(place)?;
        if entries.insert(scan.clone(), entry).is_some() {
            bail!("{}: {} is named twice", place(), scan.display());
        }
    }
    Ok(entries)
}

fn entry(row: Row, file: &Path, default: &Entry) -> anyhow::Result<Entry> {
    let firearm = FirearmMetadata {
        label: row.firearm_label,
        make: row.firearm_make,
        model: row.firearm_model,
    };
    let exhibit = ExhibitMetadata {
        laboratory: row.laboratory.unwrap_or_else(|| default.exhibit.laboratory.clone()),
        case_number: row.case_number,
        label: row.label,
        country: row.country.map(|country| country.parse()).transpose()?,
        calibre: row.calibre,
        firearm: (firearm != FirearmMetadata::default()).then_some(firearm),
        incident: row.incident.map(|date| date.parse()).transpose().context("incident")?,
        notes: row.notes,
    };
    let marks = row.mark.map(|marks| parsed(&marks)).transpose()?;
    let marks = marks.unwrap_or_else(|| default.marks.clone());
    let correction = match row.mask {
        // It travels with the CSV.
        Some(mask) => Words::of_mask(file.parent().unwrap_or(Path::new("")).join(mask)),
        None => default.correction.clone(),
    };
    Ok(Entry { exhibit, marks, correction })
}

/// Marks as a cell names them: one, or several with semicolons or commas between them.
fn parsed(cell: &str) -> anyhow::Result<Vec<MarkKind>> {
    let marks = cell.split([';', ',']).map(|mark| mark.trim().parse());
    Ok(in_order(&marks.collect::<Result<Vec<_>, _>>()?))
}

/// Each once, in the order of kinds.
pub(super) fn in_order(marks: &[MarkKind]) -> Vec<MarkKind> {
    marks.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}
