//! `casemark enrol`: scans into a reference store, on this machine or at a server.
//!
//! Into a store on this machine scans are read and extracted in parallel, some tens at a time, and entered together; a line
//! is printed for each mark once it is safe on the disk. Of a whole head several marks can be entered as one exhibit. A scan
//! that cannot be read is named, the others are entered, and the exit code is 2. A store is made only when there is something
//! to enter.

mod look;
mod together;

use self::look::{Looked, Looking};
use super::args::{ActorArguments, EnrolArguments};
use super::audit::{Auditor, Deed};
use super::correction::Words;
use super::found::Found;
use super::metadata::{self, Entry};
use super::output::{print, print_json_line};
use super::remote::{self, References};
use super::scans::{collect, read_options};
use super::{Context, Outcome, quality};
use crate::access::Action;
use crate::digest::Digest;
use crate::format::ReadOptions;
use crate::gallery::Galleries;
use crate::index::Entry as IndexEntry;
use crate::quality::{Finding, Level, Quality, Rules};
use crate::signature::Signature;
use crate::store::{
    CorrectionBlob, DiskStore, Enrolled, Enrolment, ExhibitMetadata, ExhibitRef,
    Outcome as Entered, ReferenceStore as _, SignatureBlob, StoreError,
};
use crate::surface::MarkKind;
use anyhow::{Context as _, anyhow, bail, ensure};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, btree_map};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Scans that share their syncs.
const TOGETHER: usize = 32;

/// One line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    mark: MarkKind,
    outcome: &'static str,
    exhibit_id: String,
    mark_id: String,
    scan_id: String,
    /// How sure the engine is of the parts of a whole head, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    /// From what a person's word on where the mark is comes, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    correction: Option<&'a str>,
    /// What an examiner should know of the mark, the worst first.
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    findings: &'a [Finding],
}

/// One line of `--json` for a mark that a head does not show.
#[derive(Serialize)]
struct NotShown<'a> {
    file: &'a str,
    mark: MarkKind,
    outcome: &'static str,
}

/// A mark of a scan ready to be entered.
struct Ready {
    path: PathBuf,
    name: String,
    original: Arc<Vec<u8>>,
    signature: Signature,
    signature_bytes: Vec<u8>,
    mark: MarkKind,
    /// `None` where marks of this kind have no index.
    entry: Option<IndexEntry>,
    found: Option<Found>,
    corrected: Option<Said>,
    quality: Quality,
}

/// What a person said, as the store keeps it.
struct Said {
    regions: Vec<u8>,
    how: String,
}

/// What is said of how a mark was found.
#[derive(Clone, Copy)]
pub(super) struct HowFound<'a> {
    pub(super) mark: MarkKind,
    pub(super) confidence: Option<f64>,
    pub(super) correction: Option<&'a str>,
    pub(super) findings: &'a [Finding],
}

impl Ready {
    fn how_found(&self) -> HowFound<'_> {
        HowFound {
            mark: self.mark,
            confidence: self.found.as_ref().map(|found| found.confidence),
            correction: self.corrected.as_ref().map(|said| said.how.as_str()),
            findings: &self.quality.findings,
        }
    }

    /// Unless the rules keep it out.
    fn admitted(self) -> anyhow::Result<Self> {
        match self.quality.refusal() {
            Some(refusal) => bail!("{}: not good enough: {refusal}", self.path.display()),
            None => Ok(self),
        }
    }
}

/// What there is to enter.
pub(super) struct Work {
    pub(super) paths: Vec<PathBuf>,
    pub(super) entries: BTreeMap<PathBuf, Entry>,
    pub(super) default: Entry,
    pub(super) options: ReadOptions,
    pub(super) json: bool,
    /// Who corrects.
    by: String,
}

impl Work {
    fn new(arguments: &EnrolArguments, laboratory: &str) -> anyhow::Result<Self> {
        let options = read_options(&arguments.read)?;
        let mut paths = collect(&arguments.paths)?;
        let correction = Words::of(&arguments.correction);
        if let Some(mask) = correction.mask() {
            // A mask in the folder of its scan is no scan, but a scan can carry its own.
            if paths.len() > 1 {
                leave_out(&mut paths, [mask]);
            }
        }
        ensure!(
            correction.is_empty() || paths.len() == 1,
            "--mask, --keep-circle and --drop-circle say where the mark of one scan is, found {}: name masks in the column `mask` of --metadata",
            paths.len()
        );
        let exhibit = ExhibitMetadata { laboratory: laboratory.to_owned(), ..Default::default() };
        let default = Entry { exhibit, marks: metadata::in_order(&arguments.mark), correction };
        let entries = match &arguments.metadata {
            Some(file) => metadata::read(file, &paths, &default)?,
            None => BTreeMap::new(),
        };
        let masks = entries.values().filter_map(|entry| entry.correction.mask());
        let masks = masks.filter(|mask| !entries.contains_key(*mask));
        leave_out(&mut paths, masks);
        for path in &paths {
            let entry = entries.get(path).unwrap_or(&default);
            ensure!(
                entry.correction.is_empty() || entry.marks.len() == 1,
                "{}: a mask or circles say where one mark is, found {} marks: enter each by itself",
                path.display(),
                entry.marks.len()
            );
        }
        let by = format!("local:{}", arguments.actor.actor);
        Ok(Self { paths, entries, default, options, json: arguments.json, by })
    }

    /// What is known of a scan.
    pub(super) fn entry(&self, path: &Path) -> &Entry {
        self.entries.get(path).unwrap_or(&self.default)
    }
}

/// Takes files out of what is to be entered.
fn leave_out<'a>(paths: &mut Vec<PathBuf>, files: impl IntoIterator<Item = &'a Path>) {
    let place = |path: &Path| std::fs::canonicalize(path).ok();
    let files: Vec<_> = files.into_iter().filter_map(place).collect();
    if !files.is_empty() {
        paths.retain(|path| place(path).is_none_or(|path| !files.contains(&path)));
    }
}

/// What became of the scans.
#[derive(Default)]
pub(super) struct Tally {
    new: u64,
    corrected: u64,
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
        how: HowFound<'_>,
        json: bool,
    ) -> anyhow::Result<()> {
        match enrolled.outcome {
            Entered::New => self.new += 1,
            Entered::Corrected => self.corrected += 1,
            Entered::Duplicate => self.duplicate += 1,
        }
        bar.suspend(|| acknowledge(path, enrolled, how, json))
    }

    /// Says that a head does not show a mark that was asked for beside others: no fault.
    pub(super) fn not_shown(
        bar: &ProgressBar,
        path: &Path,
        mark: MarkKind,
        json: bool,
    ) -> anyhow::Result<()> {
        let file = path.display().to_string();
        bar.suspend(|| {
            if json {
                return print_json_line(&NotShown { file: &file, mark, outcome: "not_in_view" });
            }
            print(&format!("{file}: no {mark} is in view\n"))
        })
    }

    /// Keeps why a scan was not entered.
    pub(super) fn refused(&mut self, error: &anyhow::Error) {
        self.faults.push(format!("{error:#}"));
    }
}

pub(super) fn run(context: &Context, arguments: &EnrolArguments) -> anyhow::Result<Outcome> {
    let Tally { new, corrected, duplicate, faults } = match arguments.source.resolve()? {
        References::Store(path) => {
            let work = Work::new(arguments, arguments.actor.laboratory())?;
            let rules = quality::rules(arguments.config.as_deref())?;
            into_store(context, &work, &rules, &path, &arguments.actor)?
        }
        References::Server(settings) => {
            ensure!(
                arguments.config.is_none(),
                "--config is for a store on this machine: a server holds scans against its own [quality]"
            );
            let stated = arguments.actor.laboratory.as_deref();
            let laboratory = settings.laboratory(stated)?;
            let work = Work::new(arguments, laboratory.as_deref().unwrap_or_default())?;
            remote::enrol(context, &settings, &work)?
        }
    };
    if !arguments.json {
        let corrected =
            if corrected == 0 { String::new() } else { format!("{corrected} corrected, ") };
        let refused = faults.len();
        print(&format!(
            "{new} entered, {corrected}{duplicate} already known, {refused} refused\n"
        ))?;
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
    rules: &Rules,
    path: &Path,
    actor: &ActorArguments,
) -> anyhow::Result<Tally> {
    let mut store = if path.exists() { Some(open(path, actor)?) } else { None };
    let mut tally = Tally::default();
    let galleries = Galleries::kept_in(path, &context.engine);
    let bar = context.progress.bar(work.paths.len() as u64, "enrolling");
    for together in work.paths.chunks(TOGETHER) {
        // Before scans are looked at side by side: who opens a gallery has it for itself.
        let mut references = BTreeMap::new();
        if let Some((store, _)) = store.as_ref().filter(|_| rules.near_duplicates) {
            for mark in together.iter().flat_map(|path| &work.entry(path).marks).copied() {
                if let btree_map::Entry::Vacant(place) = references.entry(mark) {
                    place.insert(galleries.of_mark(mark).snapshot(store)?);
                }
            }
        }
        let looked_at = together.par_iter().flat_map_iter(|path| {
            let store = store.as_ref().map(|(store, _)| store);
            let (options, galleries) = (&work.options, &galleries);
            let looking =
                Looking { context, store, options, rules, galleries, references: &references };
            let looked = looking.at(path, work.entry(path));
            let looked = looked.unwrap_or_else(|error| vec![Err(error)]);
            looked.into_iter().map(move |looked| (path, looked))
        });
        let looked_at: Vec<(&PathBuf, anyhow::Result<Looked>)> = looked_at.collect();
        let mut ready = Vec::new();
        for (path, looked) in looked_at {
            match looked {
                Ok(Looked::Ready(scan)) => ready.push(*scan),
                Ok(Looked::Known(mark, enrolled)) => {
                    let how = HowFound { mark, confidence: None, correction: None, findings: &[] };
                    tally.entered(&bar, path, &enrolled, how, work.json)?;
                }
                Ok(Looked::NotShown(mark)) => Tally::not_shown(&bar, path, mark, work.json)?,
                Err(error) => tally.refused(&error),
            }
        }
        if rules.near_duplicates {
            ready = together::hold(context, &galleries, rules, ready, &mut tally)?;
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
                    Ok(enrolled) => {
                        tally.entered(&bar, &scan.path, &enrolled, scan.how_found(), work.json)?;
                    }
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

/// Why nothing of a head is entered.
pub(super) fn none_shown(path: &Path) -> anyhow::Error {
    anyhow!("{}: this is a whole head that shows none of the marks asked for", path.display())
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
            Ok(Enrolled { outcome: Entered::New | Entered::Corrected, scan: id, .. }) => {
                Some((*id, Digest::of(&scan.signature_bytes), scan.entry.clone()?))
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
                bytes: &scan.signature_bytes,
                engine_version: scan.signature.engine_version(),
                extraction: scan.signature.extraction_digest(),
                location: scan.found.as_ref().map(Found::blob),
            },
            correction: scan.corrected.as_ref().map(|said| CorrectionBlob {
                regions: &said.regions,
                by: &work.by,
                how: &said.how,
            }),
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
        result: Some(Digest::of(&scan.signature_bytes)),
        ..Deed::new(Action::Enrol)
    };
    match entered {
        Ok(enrolled) => Ok(Deed {
            subject: Some(format!("scan {}", enrolled.scan)),
            detail: match enrolled.outcome {
                Entered::New => None,
                Entered::Duplicate => Some("already known".to_owned()),
                Entered::Corrected => Some("corrected".to_owned()),
            },
            ..deed
        }),
        Err(error) => Err(Deed { detail: Some(error.to_string()), ..deed }),
    }
}

/// Prints that a scan is safe on the disk.
fn acknowledge(
    path: &Path,
    enrolled: &Enrolled,
    how: HowFound<'_>,
    json: bool,
) -> anyhow::Result<()> {
    let HowFound { mark, confidence, correction, findings } = how;
    let file = path.display().to_string();
    let outcome = match enrolled.outcome {
        Entered::New => "new",
        Entered::Duplicate => "duplicate",
        Entered::Corrected => "corrected",
    };
    if json {
        return print_json_line(&Line {
            file: &file,
            mark,
            outcome,
            exhibit_id: enrolled.exhibit.to_string(),
            mark_id: enrolled.mark.to_string(),
            scan_id: enrolled.scan.to_string(),
            confidence,
            correction,
            findings,
        });
    }
    // What is worth knowing alone is for those who ask (`inspect`, `--json`).
    for Finding { words, .. } in findings.iter().filter(|one| one.level > Level::Note) {
        eprintln!("warning: {file}, {mark}: {words}");
    }
    let mut line = format!("exhibit {}  scan {}  {mark}  {file}", enrolled.exhibit, enrolled.scan);
    line += match enrolled.outcome {
        Entered::New => "",
        Entered::Duplicate => " (already known)",
        Entered::Corrected => " (known, corrected)",
    };
    if let Some(confidence) = confidence {
        line += &format!("  confidence {confidence:.2}");
    }
    if let Some(correction) = correction {
        line += &format!("  mark by hand: {correction}");
    }
    print(&(line + "\n"))
}
