//! `casemark demo`: the whole way on synthetic cases, from files to a ranked list.

use super::args::DemoArguments;
use super::output::print;
use super::remote::SourceArguments;
use super::scans::collect;
use super::{Context, Outcome, args, enrol, search};
use crate::store::MarkKind;
use anyhow::{Context as _, ensure};
use std::path::Path;

/// Candidates shown.
const TOP: u32 = 8;
/// The files state all.
const READ: args::ReadArguments = args::ReadArguments {
    spacing_um: None,
    spacing_unit: args::SpacingUnit::M,
    height_unit: None,
    accept_edited_manifest: false,
};

pub(super) fn run(context: &Context, arguments: &DemoArguments) -> anyhow::Result<Outcome> {
    let folder = &arguments.testdata;
    ensure!(
        folder.is_dir(),
        "{}: no such folder: run the demo in the project's root, or name its testdata/demo with --testdata",
        folder.display()
    );
    let temporary = tempfile::tempdir().context("temporary folder")?;
    let store = arguments.store.clone().unwrap_or_else(|| temporary.path().join("store"));
    let scans = collect(&[folder.join("references")])?;
    print(&format!("Enrolling {} synthetic cartridge cases into a fresh store:\n", scans.len()))?;
    enrol::run(
        context,
        &args::EnrolArguments {
            paths: vec![folder.join("references")],
            source: SourceArguments::of_store(store.clone()),
            metadata: Some(folder.join("metadata.csv")),
            mark: vec![MarkKind::BreechFace],
            correction: args::CorrectionArguments::default(),
            config: None,
            json: false,
            actor: args::ActorArguments {
                actor: "demo".to_owned(),
                laboratory: Some("demo".to_owned()),
            },
            read: READ,
        },
    )?;
    for questioned in collect(&[folder.join("questioned")])? {
        search_one(context, &questioned, &store)?;
    }
    Ok(Outcome::Done)
}

fn search_one(context: &Context, questioned: &Path, store: &Path) -> anyhow::Result<()> {
    print(&format!("\nSearching for {}:\n", questioned.display()))?;
    search::run(
        context,
        &args::SearchArguments {
            paths: vec![questioned.to_owned()],
            source: SourceArguments::of_store(store.to_owned()),
            top: TOP,
            exhaustive: false,
            recall: None,
            calibration: args::CalibrationArguments::default(),
            json: false,
            filter: args::FilterArguments {
                mark: vec![MarkKind::BreechFace],
                calibre: None,
                country: None,
                laboratory: None,
                case_number: None,
                exclude_unknown: false,
            },
            actor: "demo".to_owned(),
            read: READ,
        },
    )?;
    Ok(())
}
