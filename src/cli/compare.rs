//! `casemark compare`: one questioned scan with one reference, each a file or a scan of a store.

use super::args::{ActorArguments, CompareArguments};
use super::audit::{Auditor, Deed};
use super::correction::Words;
use super::output::{decimals, print, print_json, write_file};
use super::remote::{self, References, Remote, Settings, of_file, upload};
use super::scans::{Extracted, extract_said, read, read_options};
use super::weight::{self, Weighed};
use super::{Context, Outcome};
use crate::access::Action;
use crate::calibration::{Installed, OutOfScope, Traits, WeightReport};
use crate::client::ScanSource;
use crate::digest::Digest;
use crate::format::ReadOptions;
use crate::matcher::Matcher;
use crate::picture::{self, Drawn, Labels};
use crate::report::{ComparisonReport, Figures};
use crate::signature::Signature;
use crate::store::{DiskStore, Found, ReferenceStore as _, ScanView, StoreError};
use crate::surface::{Kind, MarkKind};
use anyhow::{Context as _, bail, ensure};
use std::fmt::Write as _;
use std::path::Path;

/// How a scan of a store is written.
const STORED: &str = "scan:";
/// Longest subject that the audit log is given, in characters.
const SUBJECT_LIMIT: usize = 200;

pub(super) fn run(context: &Context, arguments: &CompareArguments) -> anyhow::Result<Outcome> {
    let scans = [&arguments.questioned, &arguments.reference];
    let named = arguments.source.named()?;
    // The environment's server is asked only for what is not on this machine: no file is sent unasked.
    let source = match named {
        None if scans.iter().any(|scan| stored(scan).is_some()) => Some(
            arguments
                .source
                .resolve()
                .with_context(|| format!("{STORED}ID is a scan of a store"))?,
        ),
        named => named,
    };
    let installed = weight::installed(&arguments.calibration, arguments.mark)?;
    let report = match source {
        None => here(context, arguments, None, &installed)?,
        Some(References::Store(path)) => in_store(context, arguments, &path, &installed)?,
        Some(References::Server(settings)) => at_server(context, arguments, &settings, &installed)?,
    };
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&describe(&arguments.questioned, &arguments.reference, &report))?;
    }
    Ok(Outcome::Done)
}

/// What follows `scan:`, if the word begins so.
fn stored(scan: &Path) -> Option<&str> {
    scan.to_str()?.strip_prefix(STORED)
}

/// Compares on this machine.
fn here(
    context: &Context,
    arguments: &CompareArguments,
    store: Option<&DiskStore>,
    installed: &Installed,
) -> anyhow::Result<Weighed> {
    let options = read_options(&arguments.read)?;
    let of =
        |place: &Path, said: &Words| scan(context, store, place, &options, arguments.mark, said);
    let said = Words::of(&arguments.correction);
    let (questioned, of_questioned, mark) = of(&arguments.questioned, &said)?;
    let (reference, of_reference, other) = of(&arguments.reference, &Words::default())?;
    let [engine, other] = [mark, other].map(|mark| context.engine.of_mark(mark));
    let matcher = Matcher::new(&engine, engine.prepare(&questioned)?);
    let comparison = matcher
        .compare(&other.prepare(&reference)?, &mut engine.workspace())
        .with_context(|| arguments.reference.display().to_string())?;
    if let Some(path) = &arguments.picture {
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (one, two) = (name(&arguments.questioned), name(&arguments.reference));
        let labels = Labels { questioned: &one, reference: &two };
        let drawn = Drawn::BothDirections;
        let picture = picture::comparison(&questioned, &reference, &comparison, labels, drawn)?;
        write_file(path, &picture::to_png(&picture)?)?;
    }
    weighed(installed, ComparisonReport::from(&comparison), [&of_questioned, &of_reference])
}

/// The same with scans of a store, which keeps that it was asked.
fn in_store(
    context: &Context,
    arguments: &CompareArguments,
    path: &Path,
    installed: &Installed,
) -> anyhow::Result<Weighed> {
    let store = super::store::open(path)?;
    let auditor = Auditor::open(&store, &ActorArguments::of(&arguments.actor))?;
    let words = [&arguments.questioned, &arguments.reference].map(|scan| match stored(scan) {
        Some(id) => format!("scan {id}"),
        None => "a file".to_owned(),
    });
    let deed = || Deed {
        subject: Some(words.join(" with ").chars().take(SUBJECT_LIMIT).collect()),
        parameters: Some(context.engine.of_mark(arguments.mark).digest()),
        ..Deed::new(Action::Compare)
    };
    let report = auditor.attempt(deed, || here(context, arguments, Some(&store), installed))?;
    let result = Digest::of((serde_json::to_string_pretty(&report)? + "\n").as_bytes());
    auditor.done([Deed { result: Some(result), ..deed() }])?;
    Ok(report)
}

/// A scan, of a file or as a store has it, what is known of it, and which mark it is: a file's is stated.
fn scan(
    context: &Context,
    store: Option<&DiskStore>,
    scan: &Path,
    options: &ReadOptions,
    stated: MarkKind,
    said: &Words,
) -> anyhow::Result<(Signature, Traits, MarkKind)> {
    let (Some(id), Some(store)) = (stored(scan), store) else {
        let Extracted { scan, signature, .. } = extract_said(context, scan, options, stated, said)?;
        let instrument = scan.metadata.instrument.name();
        let mark = Some(stated.to_string());
        let traits = Traits { mark, instrument, ..Traits::of(signature.kind()) };
        return Ok((signature, traits, stated));
    };
    ensure!(
        said.is_empty(),
        "{STORED}{id} keeps where its mark is: --mask and circles are for a file"
    );
    let read = || -> anyhow::Result<_> {
        let Found::Scan(found) = store.find(id)? else { bail!("{id} is no scan") };
        let ScanView { mark, exhibit, withdrawal, .. } = store.view(found.id)?;
        if let Some(withdrawal) = withdrawal {
            let (subject, reason) = (withdrawal.subject, withdrawal.reason);
            return Err(StoreError::Withdrawn { subject, reason }.into());
        }
        let kind = mark.kind;
        let extraction = context.engine.of_mark(kind).parameters().extraction_digest();
        let signature = Signature::from_bytes(&store.signature(found.id, extraction)?)?;
        let (mark, calibre) = (Some(kind.to_string()), exhibit.calibre);
        let traits = Traits { mark, calibre, ..Traits::of(signature.kind()) };
        Ok((signature, traits, kind))
    };
    read().with_context(|| store.path().display().to_string())
}

fn at_server(
    context: &Context,
    arguments: &CompareArguments,
    settings: &Settings,
    installed: &Installed,
) -> anyhow::Result<Weighed> {
    ensure!(
        arguments.picture.is_none(),
        "--picture needs both surfaces here, and a server gives out none: get the originals with `casemark show --server URL ID --original FILE` and compare those"
    );
    ensure!(
        Words::of(&arguments.correction).is_empty(),
        "--mask and circles are for files that are compared here: a server takes them when a scan is enrolled"
    );
    let options = read_options(&arguments.read)?;
    let (questioned, reference) = (&arguments.questioned, &arguments.reference);
    // Files first: one that is not there needs no server.
    let file = |scan: &Path| match stored(scan) {
        Some(_) => anyhow::Ok(None),
        None => {
            let upload = upload(scan, &options)?.of_mark(arguments.mark);
            Ok(Some(ScanSource::Upload(upload)))
        }
    };
    let files = [file(questioned)?, file(reference)?];
    let remote = settings.connect(context)?;
    let [one, two] = files;
    let (one, two) = (source(&remote, one, questioned)?, source(&remote, two, reference)?);
    let fields: [(&str, &Path); 2] =
        [("questioned.upload", questioned), ("reference.upload", reference)];
    let spinner = context.progress.spinner("comparing");
    let report = remote.wait(remote.client().compare(&one, &two));
    spinner.finish_and_clear();
    let (comparison, weight) = report.map_err(|error| of_file(error, &fields))?;
    // A calibration that is installed here goes before the server's.
    if !installed.is_some() {
        let weight = weight.unwrap_or_else(|| WeightReport::rank_only(&OutOfScope::NoCalibration));
        return Ok(Weighed { comparison, weight, metrological: None });
    }
    // Surfaces of two kinds are not compared, so one that is here tells of both.
    let here = [questioned, reference].into_iter().find(|scan| stored(scan).is_none());
    let kind = here.map(|scan| read(scan, &options));
    let kind = kind.transpose()?.map(|(scan, _)| scan.surface.kind());
    let either = Traits { kind, ..Traits::default() };
    weighed(installed, comparison, [&either, &either])
}

fn weighed(
    installed: &Installed,
    comparison: ComparisonReport,
    traits: [&Traits; 2],
) -> anyhow::Result<Weighed> {
    let weight = weight::weigh(installed, &comparison, traits, None)?;
    let images = traits.iter().any(|traits| traits.kind == Some(Kind::Reflectance));
    Ok(Weighed { comparison, weight, metrological: images.then_some(false) })
}

fn source(remote: &Remote, file: Option<ScanSource>, scan: &Path) -> anyhow::Result<ScanSource> {
    match (file, stored(scan)) {
        (Some(file), _) => Ok(file),
        (None, id) => Ok(ScanSource::Stored(remote::scan(remote, id.unwrap_or_default())?)),
    }
}

/// The comparison in a few lines.
fn describe(questioned: &Path, reference: &Path, weighed: &Weighed) -> String {
    let report = &weighed.comparison;
    let Figures { cmc_count, cells, cmc_fraction, ncc, overlap, theta_deg, dx_um, dy_um, .. } =
        report.figures;
    let of_profiles = report.figures.profile_score.zip(report.figures.profile_scale);
    let mut text = String::new();
    let _ = writeln!(text, "questioned  {}", questioned.display());
    let _ = writeln!(text, "reference   {}", reference.display());
    if weighed.metrological == Some(false) {
        let _ = writeln!(text, "Reflectance images: grey levels, not metrological.");
    }
    if ncc.is_none() {
        let _ =
            writeln!(text, "The surfaces share too few samples at any pose: nothing to compare.");
        return text;
    }
    if let Some((score, scale)) = of_profiles {
        let _ = writeln!(
            text,
            "agreement of the profiles {score:.2} (rank score), the reference {scale:.3} times as long"
        );
    }
    let rank_score = if of_profiles.is_some() { "" } else { " (rank score)" };
    let what = if of_profiles.is_some() { "segments" } else { "cells   " };
    let _ = writeln!(
        text,
        "congruent matching {what} {cmc_count} of {cells} compared, a share of {cmc_fraction:.3}{rank_score}"
    );
    for direction in &report.directions {
        let name = match direction.direction {
            crate::comparison::Direction::ReferenceToQuestioned => "cells of the reference ",
            crate::comparison::Direction::QuestionedToReference => "cells of the questioned",
        };
        let _ = writeln!(
            text,
            "  {name} {} of {} (by convergence {})",
            direction.cmc_count, direction.cells, direction.convergence_cmc_count
        );
    }
    let _ = writeln!(
        text,
        "cross-correlation         {} over {} % of the smaller surface",
        decimals(ncc, 3),
        decimals(overlap.map(|share| share * 100.0), 0)
    );
    let _ = writeln!(
        text,
        "pose                      turned {} deg, shifted {} um right and {} um down",
        decimals(theta_deg, 2),
        decimals(dx_um, 1),
        decimals(dy_um, 1)
    );
    text.push_str(&weight::describe(&weighed.weight));
    let digest = report.parameters_digest.to_string();
    let _ = writeln!(text, "engine {}, parameters {}", report.engine_version, &digest[..16]);
    text
}
