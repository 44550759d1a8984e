//! `casemark demo`: the whole way on synthetic cases, from files to a ranked list.

use super::args::DemoArguments;
use super::output::print;
use super::remote::SourceArguments;
use super::scans::{collect, prepare};
use super::{Context, Outcome, args, enrol, search};
use crate::format::ReadOptions;
use crate::matcher::Matcher;
use crate::store::Filter;
use anyhow::{Context as _, ensure};
use std::path::Path;
use std::time::Instant;

/// Candidates shown.
const TOP: usize = 8;

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
            mark: crate::store::MarkKind::BreechFace,
            json: false,
            actor: args::ActorArguments {
                actor: "demo".to_owned(),
                laboratory: Some("demo".to_owned()),
            },
            read: args::ReadArguments {
                spacing_um: None,
                spacing_unit: args::SpacingUnit::M,
                height_unit: None,
                accept_edited_manifest: false,
            },
        },
    )?;
    for questioned in collect(&[folder.join("questioned")])? {
        search_one(context, &questioned, &store)?;
    }
    Ok(Outcome::Done)
}

fn search_one(context: &Context, questioned: &Path, store: &Path) -> anyhow::Result<()> {
    print(&format!("\nSearching for {}:\n", questioned.display()))?;
    let store = super::store::open(store)?;
    let started = Instant::now();
    let matcher =
        Matcher::new(&context.engine, prepare(context, questioned, &ReadOptions::default())?);
    let result = search::run_search(context, &matcher, &store, &Filter::default(), TOP)?;
    print(&search::table_of(&store, &result, started.elapsed().as_secs_f64())?)
}
