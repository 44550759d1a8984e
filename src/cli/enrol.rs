//! `casemark enrol`: scans into a reference store, on this machine or at a server.
//!
//! Into a store on this machine scans are read and extracted in parallel, some tens at a time, and entered together; a line
//! is printed for each once it is safe on the disk. A scan that cannot be read is named, the others are
//! entered, and the exit code is 2. A store is made only when there is something to enter.

use super::args::{ActorArguments, EnrolArguments};
use super::audit::{Auditor, Deed};
use super::metadata::{self, Entry};
use super::output::{print, print_json_line};
use super::remote::{self, References};
use super::scans::{Extracted, bytes, collect, extract, read_options};
use super::{Context, Outcome};
use crate::access::Action;
use crate::digest::Digest;
use crate::format::ReadOptions;
use crate::gallery::Galleries;
use crate::index::Entry as IndexEntry;
use crate::store::{
    DiskStore, Enrolled, Enrolment, ExhibitMetadata, ExhibitRef, Found, Outcome as Entered,
    ReferenceStore as _, SignatureBlob, StoreError,
};
use crate::surface::MarkKind;
use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
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
    extraction: Digest,
    mark: MarkKind,
    entry: IndexEntry,
}

/// What a look at a scan gave.
enum Looked {
    Known(Enrolled),
    Ready(Ready),
}

/// What there is to enter.
pub(super) struct Work {
    pub(super) paths: Vec<PathBuf>,
    pub(super) entries: BTreeMap<PathBuf, Entry>,
    pub(super) default: Entry,
    pub(super) options: ReadOptions,
    pub(super) json: bool,
}

impl Work {
    fn new(arguments: &EnrolArguments, laboratory: &str) -> anyhow::Result<Self> {
        let options = read_options(&arguments.read)?;
        let paths = collect(&arguments.paths)?;
        let exhibit = ExhibitMetadata { laboratory: laboratory.to_owned(), ..Default::default() };
        let default = Entry { exhibit, mark: arguments.mark };
        let entries = match &arguments.metadata {
            Some(file) => metadata::read(file, &paths, &default)?,
            None => BTreeMap::new(),
        };
        Ok(Self { paths, entries, default, options, json: arguments.json })
    }

    /// What is known of a scan.
    pub(super) fn entry(&self, path: &Path) -> &Entry {
        self.entries.get(path).unwrap_or(&self.default)
    }
}

/// What became of the scans.
#[derive(Default)]
pub(super) struct Tally {
    new: u64,
    duplicate: u64,
    faults: Vec<String>,
}

impl Tally {
    /// Counts a scan and says that it is safe on the disk.
    pub(super) fn entered(
        &mut self,
        bar: &ProgressBar,
        path: &Path,
        enrolled: &Enrolled,
        json: bool,
    ) -> anyhow::Result<()> {
        match enrolled.outcome {
            Entered::New => self.new += 1,
            Entered::Duplicate => self.duplicate += 1,
        }
        bar.suspend(|| acknowledge(path, enrolled, json))
    }

    /// Keeps why a scan was not entered.
    pub(super) fn refused(&mut self, error: &anyhow::Error) {
        self.faults.push(format!("{error:#}"));
    }
}

pub(super) fn run(context: &Context, arguments: &EnrolArguments) -> anyhow::Result<Outcome> {
    let Tally { new, duplicate, faults } = match arguments.source.resolve()? {
        References::Store(path) => {
            let work = Work::new(arguments, arguments.actor.laboratory())?;
            into_store(context, &work, &path, &arguments.actor)?
        }
        References::Server(settings) => {
            let stated = arguments.actor.laboratory.as_deref();
            let laboratory = settings.laboratory(stated)?;
            let work = Work::new(arguments, laboratory.as_deref().unwrap_or_default())?;
            remote::enrol(context, &settings, &work)?
        }
    };
    if !arguments.json {
        print(&format!("{new} entered, {duplicate} already known, {} refused\n", faults.len()))?;
    }
    if !faults.is_empty() {
        bail!("not entered: {}", faults.join("\n       "));
    }
    Ok(Outcome::Done)
}

/// Enters scans into a store on this machine.
fn into_store(
    context: &Context,
    work: &Work,
    path: &Path,
    actor: &ActorArguments,
) -> anyhow::Result<Tally> {
    let mut store = if path.exists() { Some(open(path, actor)?) } else { None };
    let mut tally = Tally::default();
    let galleries = Galleries::kept_in(path, &context.engine);
    let bar = context.progress.bar(work.paths.len() as u64, "enrolling");
    for together in work.paths.chunks(TOGETHER) {
        let looked_at: Vec<anyhow::Result<Looked>> = together
            .par_iter()
            .map(|path| {
                let entry = work.entry(path);
                let store = store.as_ref().map(|(store, _)| store);
                look(context, store, path, entry, &work.options, &galleries)
            })
            .collect();
        let mut ready = Vec::new();
        for (path, looked) in together.iter().zip(looked_at) {
            match looked {
                Ok(Looked::Ready(scan)) => ready.push(scan),
                Ok(Looked::Known(enrolled)) => tally.entered(&bar, path, &enrolled, work.json)?,
                Err(error) => tally.refused(&error),
            }
        }
        if !ready.is_empty() {
            let (store, auditor) = match &store {
                Some(opened) => opened,
                None => store.insert(open(path, actor)?),
            };
            auditor.begin(ready.iter().map(|scan| Deed {
                subject: Some(format!("file {}", Digest::of(&scan.original))),
                parameters: Some(context.engine.of_mark(scan.mark).digest()),
                ..Deed::new(Action::Enrol)
            }))?;
            let entered = enter(store, &enrolments(&ready, work));
            auditor.record(
                ready.iter().zip(&entered).map(|(scan, entered)| deed(context, scan, entered)),
            )?;
            write_down(&galleries, &ready, &entered).with_context(|| path.display().to_string())?;
            for (scan, entered) in ready.iter().zip(entered) {
                match entered {
                    Ok(enrolled) => tally.entered(&bar, &scan.path, &enrolled, work.json)?,
                    Err(error) => {
                        let path = scan.path.display().to_string();
                        tally.refused(&anyhow::Error::from(error).context(path));
                    }
                }
            }
        }
        bar.inc(together.len() as u64);
    }
    bar.finish_and_clear();
    Ok(tally)
}

/// Reads a scan and extracts its signature, unless the store has it already: an enrolment that was
/// interrupted is soon where it was.
fn look(
    context: &Context,
    store: Option<&DiskStore>,
    path: &Path,
    entry: &Entry,
    options: &ReadOptions,
    galleries: &Galleries,
) -> anyhow::Result<Looked> {
    if let Some(store) = store {
        let original = bytes(path, options).with_context(|| path.display().to_string())?;
        if let Ok(Found::Scan(scan)) = store.find(&Digest::of(&original).to_string()) {
            let view = store.view(scan.id).with_context(|| path.display().to_string())?;
            let same_laboratory = view.exhibit.laboratory == entry.exhibit.laboratory;
            if view.mark.kind == entry.mark && same_laboratory && view.withdrawal.is_none() {
                return Ok(Looked::Known(Enrolled {
                    exhibit: view.exhibit.id,
                    mark: view.mark.id,
                    scan: scan.id,
                    outcome: Entered::Duplicate,
                }));
            }
        }
    }
    let Extracted { signature, bytes: original, .. } = extract(context, path, options, entry.mark)?;
    Ok(Looked::Ready(Ready {
        path: path.to_owned(),
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        original,
        signature: signature.to_bytes(),
        engine_version: signature.engine_version().to_owned(),
        entry: galleries.of_mark(entry.mark).indexer().entry(&signature),
        extraction: signature.extraction_digest(),
        mark: entry.mark,
    }))
}

/// Opens the store, or makes it, and says so if it had to be mended.
fn open(path: &Path, actor: &ActorArguments) -> anyhow::Result<(DiskStore, Auditor)> {
    let store = DiskStore::create_or_open(path).with_context(|| path.display().to_string())?;
    super::store::mention_opening(path, &store);
    let auditor = Auditor::open(&store, actor)?;
    Ok((store, auditor))
}

/// Enters scans together; where one of them is refused, each by itself, so that only that one is.
fn enter(store: &DiskStore, enrolments: &[Enrolment<'_>]) -> Vec<Result<Enrolled, StoreError>> {
    match store.enrol_many(enrolments) {
        Ok(enrolled) => enrolled.into_iter().map(Ok).collect(),
        Err(error) if enrolments.len() == 1 => vec![Err(error)],
        Err(_) => enrolments.iter().map(|enrolment| store.enrol(enrolment)).collect(),
    }
}

/// Keeps the index entries of what is new, so that the next search need not make them.
fn write_down(
    galleries: &Galleries,
    ready: &[Ready],
    entered: &[Result<Enrolled, StoreError>],
) -> Result<(), StoreError> {
    for (mark, gallery) in galleries.iter() {
        let of_mark = ready.iter().zip(entered).filter(|(scan, _)| scan.mark == mark);
        let new = of_mark.filter_map(|(scan, entered)| match entered {
            Ok(Enrolled { outcome: Entered::New, scan: id, .. }) => {
                Some((*id, Digest::of(&scan.signature), scan.entry.clone()))
            }
            Ok(_) | Err(_) => None,
        });
        let new: Vec<_> = new.collect();
        if !new.is_empty() {
            gallery.write_down(&new)?;
        }
    }
    Ok(())
}

/// What is entered for each scan.
fn enrolments<'a>(ready: &'a [Ready], work: &'a Work) -> Vec<Enrolment<'a>> {
    let entered = jiff::Timestamp::now();
    let enrolments = ready.iter().map(|scan| {
        let entry = work.entry(&scan.path);
        let labelled = entry.exhibit.label.is_some();
        Enrolment {
            original: &scan.original,
            original_name: &scan.name,
            mark: scan.mark,
            signature: SignatureBlob {
                bytes: &scan.signature,
                engine_version: &scan.engine_version,
                extraction: scan.extraction,
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

/// What the audit log keeps of an entry, or of the failure to make it.
fn deed(
    context: &Context,
    scan: &Ready,
    entered: &Result<Enrolled, StoreError>,
) -> Result<Deed, Deed> {
    let deed = Deed {
        parameters: Some(context.engine.of_mark(scan.mark).digest()),
        result: Some(Digest::of(&scan.signature)),
        ..Deed::new(Action::Enrol)
    };
    match entered {
        Ok(enrolled) => Ok(Deed {
            subject: Some(format!("scan {}", enrolled.scan)),
            detail: (enrolled.outcome == Entered::Duplicate).then(|| "already known".to_owned()),
            ..deed
        }),
        Err(error) => Err(Deed { detail: Some(error.to_string()), ..deed }),
    }
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
