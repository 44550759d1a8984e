//! `casemark store`: counting, checking, mending and merging a reference store.

use super::args::{
    ActorArguments, ChangeArguments, LookArguments, MergeArguments, ReadArguments, StoreArguments,
    StoreCommand,
};
use super::audit::{Auditor, Deed};
use super::found::Found;
use super::output::{print, print_json, table};
use super::remote::References;
use super::scans::read_options;
use super::{Context, Outcome};
use crate::access::Action;
use crate::client;
use crate::digest::Digest;
use crate::format;
use crate::gallery::{EntryVerification, Galleries};
use crate::mark;
use crate::signature::Signature;
use crate::store::{
    DiskStore, Filter, Progress, Purged, ReferenceStore as _, ScanId, SignatureBlob,
    VerificationReport,
};
use crate::surface::MarkKind;
use anyhow::{Context as _, bail};
use rayon::prelude::*;
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::Path;

/// Signatures that share their syncs.
const TOGETHER: usize = 32;

pub(super) fn run(context: &Context, command: StoreCommand) -> anyhow::Result<Outcome> {
    match command {
        StoreCommand::Stats(arguments) => stats(context, &arguments),
        StoreCommand::Verify(arguments) => verify(context, &arguments),
        StoreCommand::Rebuild(arguments) => rebuild(context, &arguments),
        StoreCommand::Purge(arguments) => purge(context, &arguments),
        StoreCommand::Merge(arguments) => merge(context, &arguments),
        StoreCommand::Upgrade(arguments) => {
            upgrade(context, &arguments.store, &arguments.actor, &arguments.read)
        }
    }
}

/// Opens a store that is there.
pub(super) fn open(path: &Path) -> anyhow::Result<DiskStore> {
    let store = DiskStore::open(path).with_context(|| path.display().to_string())?;
    mention_opening(path, &store);
    Ok(store)
}

/// Says on standard error what opening had to mend.
pub(super) fn mention_opening(path: &Path, store: &DiskStore) {
    let opening = store.opening();
    if opening.missing > 0 {
        eprintln!(
            "warning: {}: {} record objects are missing; run `casemark store verify`",
            path.display(),
            opening.missing
        );
    }
}

fn stats(context: &Context, arguments: &LookArguments) -> anyhow::Result<Outcome> {
    let statistics = match arguments.source.resolve()? {
        References::Store(path) => {
            open(&path)?.statistics().with_context(|| path.display().to_string())?
        }
        References::Server(settings) => {
            let remote = settings.connect(context)?;
            remote.wait(remote.client().statistics())?
        }
    };
    if arguments.json {
        print_json(&statistics)?;
        return Ok(Outcome::Done);
    }
    let value = serde_json::to_value(statistics)?;
    let rows = value.as_object().into_iter().flatten();
    let rows = rows.map(|(name, value)| vec![name.replace('_', " "), value.to_string()]);
    print(&table(&["what", "count"], rows.collect()))?;
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Verification {
    sound: bool,
    objects: u64,
    bytes: u64,
    unused: u64,
    findings: Vec<String>,
    unlisted: u64,
}

impl Verification {
    fn of(report: VerificationReport, entries: &EntryVerification) -> Self {
        let findings = report.findings.iter().map(ToString::to_string);
        let of_entries = entries.findings.iter().map(ToString::to_string);
        Self {
            sound: report.is_sound() && entries.findings.is_empty(),
            objects: report.objects,
            bytes: report.bytes,
            unused: report.unused,
            findings: findings.chain(of_entries).collect(),
            unlisted: report.unlisted + entries.unlisted,
        }
    }
}

impl From<client::Verification> for Verification {
    fn from(verification: client::Verification) -> Self {
        let client::Verification { sound, objects, bytes, unused, findings, unlisted } =
            verification;
        Self { sound, objects, bytes, unused, findings, unlisted }
    }
}

fn verify(context: &Context, arguments: &LookArguments) -> anyhow::Result<Outcome> {
    let bar = context.progress.bar(0, "verifying");
    let follow = |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    let (place, verification) = match arguments.source.resolve()? {
        References::Store(path) => {
            let place = path.display().to_string();
            let store = open(&path)?;
            let report = store.verify(&mut |progress| {
                follow(progress);
                ControlFlow::Continue(())
            });
            let report = report.with_context(|| place.clone())?;
            bar.set_message("verifying the index of marks");
            let mut entries = EntryVerification::default();
            for (_, gallery) in Galleries::kept_in(&path, &context.engine).iter() {
                let of_mark = gallery.verify(&store, &mut { follow });
                entries.join(of_mark.with_context(|| place.clone())?);
            }
            (place, Verification::of(report, &entries))
        }
        References::Server(settings) => {
            let remote = settings.connect(context)?;
            let verification = remote.wait(remote.client().verify(follow))?;
            (remote.server().to_owned(), Verification::from(verification))
        }
    };
    bar.finish_and_clear();
    if arguments.json {
        print_json(&verification)?;
    } else {
        for finding in &verification.findings {
            print(&format!("{finding}\n"))?;
        }
        let Verification { objects, bytes, unused, .. } = verification;
        print(&format!("{objects} objects, {bytes} bytes, {unused} in no use\n"))?;
    }
    if !verification.sound {
        let count = verification.findings.len() as u64 + verification.unlisted;
        bail!("{place}: the store is not sound: {count} findings");
    }
    if !arguments.json {
        print("the store is sound\n")?;
    }
    Ok(Outcome::Done)
}

fn rebuild(context: &Context, arguments: &StoreArguments) -> anyhow::Result<Outcome> {
    let named = || arguments.store.display().to_string();
    let spinner = context.progress.spinner("rebuilding the index");
    let store = DiskStore::rebuild(&arguments.store).with_context(named)?;
    spinner.finish_and_clear();
    let bar = context.progress.bar(0, "making index entries");
    let (mut entries, mut unindexed) = (0, 0);
    for (_, gallery) in Galleries::kept_in(&arguments.store, &context.engine).iter() {
        let opening = gallery.rebuild(&store, &mut |progress: Progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        });
        let opening = opening.with_context(named)?;
        (entries, unindexed) = (entries + opening.made, unindexed + opening.unindexed);
    }
    bar.finish_and_clear();
    let records = store.opening().records;
    if arguments.json {
        print_json(&serde_json::json!({
            "records": records,
            "entries": entries,
            "unindexed": unindexed,
        }))?;
    } else {
        print(&format!(
            "the index was made anew from {records} record objects and {entries} signatures\n"
        ))?;
        if unindexed > 0 {
            print(&format!(
                "{unindexed} scans have no signature of these parameters that can be read: run `casemark store upgrade`\n"
            ))?;
        }
    }
    Ok(Outcome::Done)
}

fn purge(context: &Context, arguments: &ChangeArguments) -> anyhow::Result<Outcome> {
    let ChangeArguments { store: arguments, actor } = arguments;
    let store = open(&arguments.store)?;
    let auditor = Auditor::open(&store, actor)?;
    let spinner = context.progress.spinner("purging");
    let purged = auditor.change(
        || Deed::new(Action::Purge),
        || store.purge().with_context(|| arguments.store.display().to_string()),
    )?;
    spinner.finish_and_clear();
    let Purged { originals, signatures, masks, bytes } = purged;
    let detail = format!("{originals} originals, {signatures} signatures, {masks} masks");
    auditor.done([Deed { detail: Some(detail), ..Deed::new(Action::Purge) }])?;
    if arguments.json {
        print_json(&serde_json::json!({
            "originals": originals,
            "signatures": signatures,
            "masks": masks,
            "bytes": bytes,
        }))?;
    } else {
        print(&format!(
            "{originals} originals, {signatures} signatures and {masks} masks deleted, {bytes} bytes given back\n"
        ))?;
    }
    Ok(Outcome::Done)
}

fn merge(context: &Context, arguments: &MergeArguments) -> anyhow::Result<Outcome> {
    let MergeArguments { store: arguments, actor, from } = arguments;
    let other = open(from)?;
    let store = DiskStore::create_or_open(&arguments.store)
        .with_context(|| arguments.store.display().to_string())?;
    let spinner = context.progress.spinner("merging");
    let auditor = Auditor::open(&store, actor)?;
    let deed = || Deed {
        subject: Some(format!("store {}", other.manifest().store)),
        ..Deed::new(Action::Merge)
    };
    let merged = auditor.change(deed, || {
        store
            .merge_from(&other)
            .with_context(|| format!("{} into {}", from.display(), arguments.store.display()))
    })?;
    spinner.finish_and_clear();
    let detail = Some(format!("{} new records", merged.records));
    auditor.done([Deed { detail, ..deed() }])?;
    if arguments.json {
        print_json(&merged)?;
    } else {
        print(&format!("{} new records taken in from {}\n", merged.records, from.display()))?;
    }
    Ok(Outcome::Done)
}

fn upgrade(
    context: &Context,
    arguments: &StoreArguments,
    actor: &ActorArguments,
    read: &ReadArguments,
) -> anyhow::Result<Outcome> {
    let options = read_options(read)?;
    let store = open(&arguments.store)?;
    let auditor = Auditor::open(&store, actor)?;
    let named = || arguments.store.display().to_string();
    let mut missing: Vec<(MarkKind, ScanId)> = Vec::new();
    for mark in MarkKind::ALL {
        let extraction = context.engine.of_mark(mark).parameters().extraction_digest();
        let filter = Filter { mark: Some(mark), ..Filter::default() };
        for scan in store.missing_signatures(extraction, &filter) {
            missing.push((mark, scan.with_context(named)?));
        }
    }
    let bar = context.progress.bar(missing.len() as u64, "upgrading");
    let mut faults = Vec::new();
    for together in missing.chunks(TOGETHER) {
        let extracted: Vec<anyhow::Result<(ScanId, Signature, Option<Found>)>> = together
            .par_iter()
            .map(|&(kind, scan)| {
                let extract = || -> anyhow::Result<(Signature, Option<Found>)> {
                    let engine = context.engine.of_mark(kind);
                    let read = format::read(&store.original(scan)?, &options)?;
                    let (region, parameters) = (kind.region(), engine.parameters());
                    let (surface, sha256) = (&read.surface, read.sha256);
                    // What a person said holds for every engine.
                    let view = store.view(scan)?;
                    let said = view.said.correction().map(|correction| {
                        let mask = store.mask(correction.regions)?;
                        anyhow::Ok(format::read_regions(&mask, &options.limits)?)
                    });
                    let said = said.transpose()?;
                    let extracted =
                        mark::extract(surface, region, said.as_ref(), sha256, parameters)?;
                    let found = extracted.head.as_ref();
                    let segmentation = parameters.segmentation.digest();
                    let found = found.map(|head| Found::of(head, segmentation)).transpose()?;
                    Ok((extracted.signature, found))
                };
                let (signature, found) = extract().with_context(|| format!("scan {scan}"))?;
                Ok((scan, signature, found))
            })
            .collect();
        let mut ready = Vec::new();
        for result in extracted {
            match result {
                Ok(signature) => ready.push(signature),
                Err(error) => faults.push(format!("{error:#}")),
            }
        }
        let ready: Vec<(ScanId, Digest, Vec<u8>, Option<Found>)> = ready
            .into_iter()
            .map(|(scan, one, found)| (scan, one.extraction_digest(), one.to_bytes(), found))
            .collect();
        let signatures: Vec<_> = ready
            .iter()
            .map(|(scan, extraction, bytes, found)| {
                let engine_version = crate::VERSION;
                let location = found.as_ref().map(Found::blob);
                let extraction = *extraction;
                (*scan, SignatureBlob { bytes, engine_version, extraction, location })
            })
            .collect();
        let deed = |detail| Deed {
            detail,
            parameters: Some(context.engine.digest()),
            ..Deed::new(Action::Upgrade)
        };
        auditor.change(
            || deed(None),
            || store.add_signatures(&signatures, jiff::Timestamp::now()).with_context(named),
        )?;
        auditor.done([deed(Some(format!("{} signatures", signatures.len())))])?;
        bar.inc(together.len() as u64);
    }
    bar.finish_and_clear();
    let upgraded = missing.len() - faults.len();
    if arguments.json {
        print_json(&serde_json::json!({ "upgraded": upgraded, "failed": faults }))?;
    } else {
        print(&format!("{upgraded} signatures extracted from their originals\n"))?;
    }
    if !faults.is_empty() {
        bail!("{}: not upgraded: {}", arguments.store.display(), faults.join("\n       "));
    }
    Ok(Outcome::Done)
}
