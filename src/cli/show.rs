//! `casemark show`: one record of a store or of a server, with what hangs on it.

use super::args::ShowArguments;
use super::origin::Origin;
use super::output::{print, print_json, write_file};
use super::record::{FoundReport, RecordReport};
use super::remote::{self, References, Remote};
use super::{Context, Outcome};
use crate::format::{self, ReadOptions, x3p};
use crate::store::{DiskStore, Found, ReferenceStore as _, Said, Scan, ScanView};
use anyhow::{Context as _, bail};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    record: FoundReport,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scans: Vec<RecordReport>,
}

pub(super) fn run(context: &Context, arguments: &ShowArguments) -> anyhow::Result<Outcome> {
    let report = match arguments.source.resolve()? {
        References::Store(path) => of_store(arguments, &path)?,
        References::Server(settings) => of_server(arguments, &settings.connect(context)?)?,
    };
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&describe(&serde_json::to_value(&report)?, 0))?;
    }
    Ok(Outcome::Done)
}

fn of_store(arguments: &ShowArguments, path: &Path) -> anyhow::Result<Report> {
    let store = super::store::open(path)?;
    let named = || path.display().to_string();
    let record = store.find(&arguments.id).with_context(named)?;
    let scans = scans(&store, &record).with_context(named)?;
    if let Some(path) = &arguments.original {
        let Found::Scan(scan) = &record else { return no_original(&arguments.id) };
        write_file(path, &store.original(scan.id).with_context(named)?)?;
    }
    if let Some(path) = &arguments.regions {
        let Found::Scan(scan) = &record else { return no_original(&arguments.id) };
        let said = store.view(scan.id).with_context(named)?.said;
        let found = said.location().filter(|_| arguments.automatic).map(|found| found.regions);
        let Some(digest) = found.or(said.regions().filter(|_| !arguments.automatic)) else {
            bail!("scan {}: nothing is kept of how its mark was found", scan.id)
        };
        let picture = store.mask(digest).with_context(named)?;
        let original = || Ok(store.original(scan.id)?);
        let bytes = parts(arguments, path, scan, &said, picture, original).with_context(named)?;
        write_file(path, &bytes)?;
    }
    let scans = scans.into_iter().map(RecordReport::from).collect();
    Ok(Report { record: record.into(), scans })
}

fn of_server(arguments: &ShowArguments, remote: &Remote) -> anyhow::Result<Report> {
    let (record, scans) = remote::find(remote, &arguments.id)?;
    if let Some(path) = &arguments.original {
        let FoundReport::Scan(scan) = &record else { return no_original(&arguments.id) };
        write_file(path, &remote.wait(remote.client().download(scan.id))?.bytes)?;
    }
    if let Some(path) = &arguments.regions {
        let FoundReport::Scan(scan) = &record else { return no_original(&arguments.id) };
        let client = remote.client();
        let said = remote.wait(client.record(scan.id))?.said;
        let picture = remote.wait(client.parts(scan.id, arguments.automatic))?.bytes;
        let original = || Ok(remote.wait(client.download(scan.id))?.bytes);
        write_file(path, &parts(arguments, path, scan, &said, picture, original)?)?;
    }
    Ok(Report { record, scans: scans.into_iter().map(RecordReport::from).collect() })
}

fn no_original<T>(id: &str) -> anyhow::Result<T> {
    bail!("{id} is no scan: only scans have an original file")
}

/// The parts by which the mark of a scan was found, as the bytes of a PNG, or of an X3P of the scan with them.
fn parts(
    arguments: &ShowArguments,
    path: &Path,
    scan: &Scan,
    said: &Said,
    picture: Vec<u8>,
    original: impl FnOnce() -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Vec<u8>> {
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("x3p")) {
        return Ok(picture);
    }
    let options = ReadOptions::default();
    let regions = format::read_regions(&picture, &options.limits)?;
    let read = format::read(&original()?, &options)?;
    let origin =
        Origin { name: &scan.original_name, sha256: read.sha256, file_format: read.file_format };
    let done = match said.correction().filter(|_| !arguments.automatic) {
        Some(said) => format!("parts in its mask.png as {} said ({})", said.by, said.how),
        None => "parts in its mask.png as the engine found them".to_owned(),
    };
    let metadata = origin.written_into(read.metadata, vec![done])?;
    Ok(x3p::write_with_regions(&read.surface, &metadata, &regions)?)
}

/// The scans that belong to a record.
fn scans(store: &DiskStore, record: &Found) -> anyhow::Result<Vec<ScanView>> {
    let exhibits = match record {
        Found::Case(case) => store.exhibits_of(case.id)?,
        Found::Firearm(firearm) => store.exhibits_from(firearm.id)?,
        Found::Exhibit(exhibit) => vec![exhibit.id],
        Found::Mark(mark) => vec![mark.exhibit],
        Found::Scan(scan) => return Ok(vec![store.view(scan.id)?]),
    };
    let mut views = Vec::new();
    for exhibit in exhibits {
        for scan in store.scans_of(exhibit)? {
            let view = store.view(scan)?;
            let other_mark = matches!(record, Found::Mark(mark) if view.mark.id != mark.id);
            if !other_mark {
                views.push(view);
            }
        }
    }
    Ok(views)
}

/// Names and values, indented; what is not known is left out.
fn describe(value: &serde_json::Value, depth: usize) -> String {
    use serde_json::Value;
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| match value {
                Value::Object(_) | Value::Array(_) => {
                    format!("{indent}{name}\n{}", describe(value, depth + 1))
                }
                Value::String(text) => format!("{indent}{name}: {text}\n"),
                Value::Null | Value::Bool(_) | Value::Number(_) => {
                    format!("{indent}{name}: {value}\n")
                }
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| format!("{indent}{}\n{}", index + 1, describe(item, depth + 1)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            format!("{indent}{value}\n")
        }
    }
}
