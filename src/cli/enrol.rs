//! `casemark enrol`: scans into a reference store.
//!
//! Scans are read and extracted in parallel, some tens at a time, and entered together; a line is
//! printed for each once it is safe on the disk. A scan that cannot be read is named, the others are
//! entered, and the exit code is 2. A store is made only when there is something to enter.

use super::args::EnrolArguments;
use super::audit::{Auditor, Deed};
use super::metadata::{self, Entry};
use super::output::{print, print_json_line};
use super::scans::{collect, extract, read_options};
use super::{Context, Outcome};
use crate::access::Action;
use crate::digest::Digest;
use crate::store::{
    DiskStore, Enrolled, Enrolment, ExhibitMetadata, ExhibitRef, Outcome as Entered,
    ReferenceStore as _, SignatureBlob,
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
    original: Vec<u8>,
    signature: Vec<u8>,
    engine_version: String,
}

pub(super) fn run(context: &Context, arguments: &EnrolArguments) -> anyhow::Result<Outcome> {
    let options = read_options(&arguments.read)?;
    let paths = collect(&arguments.paths)?;
    let default = Entry {
        exhibit: ExhibitMetadata {
            laboratory: arguments.actor.laboratory.clone(),
            ..Default::default()
        },
        mark: arguments.mark,
    };
    let entries = match &arguments.metadata {
        Some(file) => metadata::read(file, &paths, &default)?,
        None => BTreeMap::new(),
    };
    let mut store = None;
    let mut faults: Vec<String> = Vec::new();
    let (mut new, mut duplicate) = (0_u64, 0_u64);
    let bar = context.progress.bar(paths.len() as u64, "enrolling");
    for together in paths.chunks(TOGETHER) {
        let extracted: Vec<anyhow::Result<Ready>> = together
            .par_iter()
            .map(|path| {
                let (signature, original) = extract(context, path, &options)?;
                Ok(Ready {
                    path: path.clone(),
                    original,
                    signature: signature.to_bytes(),
                    engine_version: signature.engine_version().to_owned(),
                })
            })
            .collect();
        let mut ready = Vec::new();
        for result in extracted {
            match result {
                Ok(scan) => ready.push(scan),
                Err(error) => faults.push(format!("{error:#}")),
            }
        }
        if !ready.is_empty() {
            let (store, auditor) = match &store {
                Some(opened) => opened,
                None => store.insert(open(arguments)?),
            };
            let parameters = Some(context.engine.parameters().digest());
            let entered = auditor.attempt(
                || Deed { parameters, ..Deed::new(Action::Enrol) },
                || enter(context, store, &ready, &entries, &default),
            )?;
            auditor.done(ready.iter().zip(&entered).map(|(scan, enrolled)| Deed {
                subject: Some(format!("scan {}", enrolled.scan)),
                detail:
                    (enrolled.outcome == Entered::Duplicate).then(|| "already known".to_owned()),
                parameters,
                result: Some(Digest::of(&scan.signature)),
                ..Deed::new(Action::Enrol)
            }))?;
            for (scan, enrolled) in ready.iter().zip(&entered) {
                match enrolled.outcome {
                    Entered::New => new += 1,
                    Entered::Duplicate => duplicate += 1,
                }
                bar.suspend(|| acknowledge(&scan.path, enrolled, arguments.json))?;
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

/// Opens the store, or makes it, and says so if it had to be mended.
fn open(arguments: &EnrolArguments) -> anyhow::Result<(DiskStore, Auditor)> {
    let path = &arguments.store;
    let store = DiskStore::create_or_open(path).with_context(|| path.display().to_string())?;
    super::store::mention_opening(path, &store);
    let auditor = Auditor::open(&store, &arguments.actor)?;
    Ok((store, auditor))
}

/// Enters scans together. Where one of them is refused, none is entered, and the error says why.
fn enter(
    context: &Context,
    store: &DiskStore,
    ready: &[Ready],
    entries: &BTreeMap<PathBuf, Entry>,
    default: &Entry,
) -> anyhow::Result<Vec<Enrolled>> {
    let entered = jiff::Timestamp::now();
    let names: Vec<String> = ready
        .iter()
        .map(|scan| scan.path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    let enrolments: Vec<Enrolment<'_>> = ready
        .iter()
        .zip(&names)
        .map(|(scan, name)| {
            let entry = entries.get(&scan.path).unwrap_or(default);
            let labelled = entry.exhibit.label.is_some();
            Enrolment {
                original: &scan.original,
                original_name: name,
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
        })
        .collect();
    let range =
        || format!("{} to {}", ready[0].path.display(), ready[ready.len() - 1].path.display());
    store.enrol_many(&enrolments).with_context(range)
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
