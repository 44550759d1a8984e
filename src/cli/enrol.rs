//! `casemark enrol`: scans into a reference store.
//!
//! Scans are read and extracted in parallel, some tens at a time, and entered together; a line is
//! printed for each once it is safe on the disk. A scan that cannot be read is named, the others are
//! entered, and the exit code is 2. A store is made only when there is something to enter.

use super::args::EnrolArguments;
use super::metadata::{self, Entry};
use super::output::{print, print_json_line};
use super::scans::{bytes, collect, extract, read_options};
use super::{Context, Outcome};
use crate::digest::Digest;
use crate::format::ReadOptions;
use crate::store::{
    DiskStore, Enrolled, Enrolment, ExhibitMetadata, ExhibitRef, Found, MarkKind,
    Outcome as Entered, ReferenceStore as _, SignatureBlob, StoreError,
};
use anyhow::{Context as _, bail};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Scans that share their syncs.
const TOGETHER: usize = 32;

/// One line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    outcome: &'static str,
    exhibit_id: String,
    mark_id: String,
    scan_id: String,
}

/// A scan ready to be entered.
struct Ready {
    path: PathBuf,
    name: String,
    original: Vec<u8>,
    signature: Vec<u8>,
    engine_version: String,
}

/// What a look at a scan gave.
enum Looked {
    Known(Enrolled),
    Ready(Ready),
}

pub(super) fn run(context: &Context, arguments: &EnrolArguments) -> anyhow::Result<Outcome> {
    let options = read_options(&arguments.read)?;
    let paths = collect(&arguments.paths)?;
    let default = Entry {
        exhibit: ExhibitMetadata { laboratory: arguments.laboratory.clone(), ..Default::default() },
        mark: arguments.mark,
    };
    let entries = match &arguments.metadata {
        Some(file) => metadata::read(file, &paths, &default)?,
        None => BTreeMap::new(),
    };
    let mut store = if arguments.store.exists() { Some(open(&arguments.store)?) } else { None };
    let mut faults: Vec<String> = Vec::new();
    let (mut new, mut duplicate) = (0_u64, 0_u64);
    let bar = context.progress.bar(paths.len() as u64, "enrolling");
    for together in paths.chunks(TOGETHER) {
        let looked_at: Vec<anyhow::Result<Looked>> = together
            .par_iter()
            .map(|path| {
                let mark = entries.get(path).unwrap_or(&default).mark;
                look(context, store.as_ref(), path, mark, &options)
            })
            .collect();
        let mut ready = Vec::new();
        for (path, looked) in together.iter().zip(looked_at) {
            match looked {
                Ok(Looked::Ready(scan)) => ready.push(scan),
                Ok(Looked::Known(enrolled)) => {
                    duplicate += 1;
                    bar.suspend(|| acknowledge(path, &enrolled, arguments.json))?;
                }
                Err(error) => faults.push(format!("{error:#}")),
            }
        }
        if !ready.is_empty() {
            let store = match &store {
                Some(store) => store,
                None => store.insert(open(&arguments.store)?),
            };
            let enrolments = enrolments(context, &ready, &entries, &default);
            for (scan, entered) in ready.iter().zip(enter(store, &enrolments)) {
                match entered {
                    Ok(enrolled) => {
                        match enrolled.outcome {
                            Entered::New => new += 1,
                            Entered::Duplicate => duplicate += 1,
                        }
                        bar.suspend(|| acknowledge(&scan.path, &enrolled, arguments.json))?;
                    }
                    Err(error) => {
                        let named =
                            anyhow::Error::from(error).context(scan.path.display().to_string());
                        faults.push(format!("{named:#}"));
                    }
                }
            }
        }
        bar.inc(together.len() as u64);
    }
    bar.finish_and_clear();
    if !arguments.json {
        print(&format!("{new} entered, {duplicate} already known, {} refused\n", faults.len()))?;
    }
    if !faults.is_empty() {
        bail!("not entered: {}", faults.join("\n       "));
    }
    Ok(Outcome::Done)
}

/// Reads a scan and extracts its signature, unless the store has it already: an enrolment that was
/// interrupted is soon where it was.
fn look(
    context: &Context,
    store: Option<&DiskStore>,
    path: &Path,
    mark: MarkKind,
    options: &ReadOptions,
) -> anyhow::Result<Looked> {
    if let Some(store) = store {
        let original = bytes(path, options).with_context(|| path.display().to_string())?;
        if let Ok(Found::Scan(scan)) = store.find(&Digest::of(&original).to_string()) {
            let view = store.view(scan.id).with_context(|| path.display().to_string())?;
            if view.mark.kind == mark && view.withdrawal.is_none() {
                return Ok(Looked::Known(Enrolled {
                    exhibit: view.exhibit.id,
                    mark: view.mark.id,
                    scan: scan.id,
                    outcome: Entered::Duplicate,
                }));
            }
        }
    }
    let (signature, original) = extract(context, path, options)?;
    Ok(Looked::Ready(Ready {
        path: path.to_owned(),
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        original,
        signature: signature.to_bytes(),
        engine_version: signature.engine_version().to_owned(),
    }))
}

/// Opens the store, or makes it, and says so if it had to be mended.
fn open(path: &Path) -> anyhow::Result<DiskStore> {
    let store = DiskStore::create_or_open(path).with_context(|| path.display().to_string())?;
    super::store::mention_opening(path, &store);
    Ok(store)
}

/// Enters scans together; where one of them is refused, each by itself, so that only that one is.
fn enter(store: &DiskStore, enrolments: &[Enrolment<'_>]) -> Vec<Result<Enrolled, StoreError>> {
    match store.enrol_many(enrolments) {
        Ok(enrolled) => enrolled.into_iter().map(Ok).collect(),
        Err(error) if enrolments.len() == 1 => vec![Err(error)],
        Err(_) => enrolments.iter().map(|enrolment| store.enrol(enrolment)).collect(),
    }
}

/// What is entered for each scan.
fn enrolments<'a>(
    context: &Context,
    ready: &'a [Ready],
    entries: &'a BTreeMap<PathBuf, Entry>,
    default: &'a Entry,
) -> Vec<Enrolment<'a>> {
    let entered = jiff::Timestamp::now();
    let enrolments = ready.iter().map(|scan| {
        let entry = entries.get(&scan.path).unwrap_or(default);
        let labelled = entry.exhibit.label.is_some();
        Enrolment {
            original: &scan.original,
            original_name: &scan.name,
            mark: entry.mark,
            signature: SignatureBlob {
                bytes: &scan.signature,
                engine_version: &scan.engine_version,
                extraction: context.engine.parameters().extraction_digest(),
            },
            exhibit: if labelled {
                ExhibitRef::Labelled(&entry.exhibit)
            } else {
                ExhibitRef::New(&entry.exhibit)
            },
            entered,
        }
    });
    enrolments.collect()
}

/// Prints that a scan is safe on the disk.
fn acknowledge(path: &Path, enrolled: &Enrolled, json: bool) -> anyhow::Result<()> {
    let file = path.display().to_string();
    let outcome = match enrolled.outcome {
        Entered::New => "new",
        Entered::Duplicate => "duplicate",
    };
    if json {
        return print_json_line(&Line {
            file: &file,
            outcome,
            exhibit_id: enrolled.exhibit.to_string(),
            mark_id: enrolled.mark.to_string(),
            scan_id: enrolled.scan.to_string(),
        });
    }
    let note = if outcome == "new" { "" } else { " (already known)" };
    print(&format!("exhibit {}  scan {}  {file}{note}\n", enrolled.exhibit, enrolled.scan))
}
