//! `casemark batch`: many comparisons into one CSV file, made on this machine or at a server.

use super::args::BatchArguments;
use super::output::{print, write_file};
use super::remote;
use super::scans::{collect, prepare, read_options, resolve};
use super::{Context, Outcome};
use crate::format::ReadOptions;
use crate::matcher::{Matcher, Prepared, Workspace};
use crate::report::{Figures, Provenance};
use crate::surface::MarkKind;
use anyhow::{Context as _, bail};
use rayon::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One row of the pairs file.
#[derive(Debug, Deserialize)]
struct PairRow {
    questioned: String,
    reference: String,
}

/// One pair to compare: names as they are written out, and which scans they stand for.
pub(super) struct Pair {
    pub(super) names: [String; 2],
    pub(super) scans: [usize; 2],
}

/// What there is to compare.
pub(super) struct Work {
    pub(super) paths: Vec<PathBuf>,
    pub(super) pairs: Vec<Pair>,
    pub(super) options: ReadOptions,
    pub(super) mark: MarkKind,
    pub(super) faulty: Faulty,
}

/// What becomes of scans that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Faulty {
    /// They are left out.
    LeftOut,
    /// They end the batch.
    Fatal,
}

/// What was found of a pair.
pub(super) type Row = (Figures, Provenance);

/// What was compared.
pub(super) struct Scores {
    /// By the place of their pairs.
    pub(super) rows: BTreeMap<usize, Row>,
    /// Scans that were compared.
    pub(super) scans: usize,
    /// Scans that were left out, in words.
    pub(super) faults: Vec<String>,
}

pub(super) fn run(context: &Context, arguments: &BatchArguments) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let options = read_options(&arguments.read)?;
    let mut paths = collect(&arguments.paths)?;
    let pairs = match &arguments.pairs {
        Some(file) => listed_pairs(file, &mut paths)?,
        None => all_pairs(&paths),
    };
    let faulty = if arguments.keep_going { Faulty::LeftOut } else { Faulty::Fatal };
    let work = Work { paths, pairs, options, mark: arguments.mark, faulty };
    // Only a server that is named: no file is sent unasked.
    let Scores { rows, scans, faults } = match arguments.remote.named()? {
        None => compare(context, &work)?,
        Some(settings) => remote::batch(context, &settings, &work)?,
    };
    write_file(&arguments.out, &csv_of(&rows, &work.pairs)?)?;
    print(&format!(
        "{} pairs of {scans} scans compared in {:.1} s, scores in {}\n",
        rows.len(),
        started.elapsed().as_secs_f64(),
        arguments.out.display()
    ))?;
    if !faults.is_empty() {
        bail!("left out: {}", faults.join("\n       "));
    }
    Ok(Outcome::Done)
}

/// Compares on this machine.
fn compare(context: &Context, work: &Work) -> anyhow::Result<Scores> {
    let (prepared, faults) = prepare_all(context, work);
    if !faults.is_empty() && work.faulty == Faulty::Fatal {
        bail!("{}", faults.join("\n       "));
    }
    let groups = group(&work.pairs, &prepared);
    let count: usize = groups.iter().map(|(_, pairs)| pairs.len()).sum();
    let bar = context.progress.bar(count as u64, "comparing");
    let engine = &context.engine.of_mark(work.mark);
    let compared: Vec<Vec<(usize, Row)>> = groups
        .par_iter()
        .map(|(scan, pairs)| {
            let Some(questioned) = &prepared[*scan] else { return Ok(Vec::new()) };
            let matcher = Matcher::new(engine, questioned.clone());
            let compare = |workspace: &mut Workspace, (place, pair): &(usize, &Pair)| {
                let Some(reference) = &prepared[pair.scans[1]] else { return Ok(None) };
                let comparison = matcher
                    .compare(reference, workspace)
                    .with_context(|| pair.names.join(" with "))?;
                bar.inc(1);
                Ok(Some((*place, (Figures::from(&comparison), Provenance::from(&comparison)))))
            };
            let figures = pairs.par_iter().map_init(|| engine.workspace(), compare);
            let figures: Vec<Option<_>> = figures.collect::<anyhow::Result<_>>()?;
            Ok(figures.into_iter().flatten().collect())
        })
        .collect::<anyhow::Result<_>>()?;
    bar.finish_and_clear();
    Ok(Scores {
        rows: compared.into_iter().flatten().collect(),
        scans: prepared.iter().flatten().count(),
        faults,
    })
}

/// All unordered pairs, in the order of paths.
fn all_pairs(paths: &[PathBuf]) -> Vec<Pair> {
    let name = |path: &Path| path.display().to_string();
    let pairs = (0..paths.len()).flat_map(|one| (one + 1..paths.len()).map(move |two| [one, two]));
    pairs.map(|scans| Pair { names: scans.map(|scan| name(&paths[scan])), scans }).collect()
}

/// The pairs of a file, in its order; scans that are named by a path of their own join `paths`.
fn listed_pairs(file: &Path, paths: &mut Vec<PathBuf>) -> anyhow::Result<Vec<Pair>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(file)
        .with_context(|| file.display().to_string())?;
    let mut pairs = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (row, record) in reader.deserialize::<PairRow>().enumerate() {
        let place = || format!("{}, row {}", file.display(), row + 2);
        let PairRow { questioned, reference } = record.with_context(place)?;
        let mut scan = |name: &str| -> anyhow::Result<usize> {
            if let Some(known) = known.get(name) {
                return Ok(*known);
            }
            let path = match resolve(name, paths).with_context(place)? {
                Some(path) => path.clone(),
                None if Path::new(name).is_file() => PathBuf::from(name),
                None => bail!("{}: no scan is called {name}", place()),
            };
            let index = paths.iter().position(|other| *other == path).unwrap_or_else(|| {
                paths.push(path);
                paths.len() - 1
            });
            known.insert(name.to_owned(), index);
            Ok(index)
        };
        let scans = [scan(&questioned)?, scan(&reference)?];
        pairs.push(Pair { names: [questioned, reference], scans });
    }
    if pairs.is_empty() {
        bail!("{}: no pairs in this file", file.display());
    }
    Ok(pairs)
}

impl Work {
    /// Which scans have to be read: those of the pairs. Without a pair there is nothing to need, but a fault must be told
    /// all the same.
    pub(super) fn needed(&self) -> Vec<bool> {
        let mut needed = vec![self.pairs.is_empty(); self.paths.len()];
        for scan in self.pairs.iter().flat_map(|pair| pair.scans) {
            needed[scan] = true;
        }
        needed
    }
}

/// Every scan that is needed, made ready in parallel; faults in the order of paths.
fn prepare_all(context: &Context, work: &Work) -> (Vec<Option<Prepared>>, Vec<String>) {
    let bar = context.progress.bar(work.paths.len() as u64, "reading");
    let read: Vec<Option<anyhow::Result<Prepared>>> = work
        .paths
        .par_iter()
        .zip(work.needed())
        .map(|(path, needed)| {
            let prepared = needed.then(|| prepare(context, path, &work.options, work.mark));
            bar.inc(1);
            prepared
        })
        .collect();
    bar.finish_and_clear();
    let mut faults = Vec::new();
    let prepared = read.into_iter().map(|scan| match scan? {
        Ok(prepared) => Some(prepared),
        Err(error) => {
            faults.push(format!("{error:#}"));
            None
        }
    });
    (prepared.collect(), faults)
}

/// Pairs by questioned scan, each with its place in the output; pairs without their scans left out.
fn group<'a>(
    pairs: &'a [Pair],
    prepared: &[Option<Prepared>],
) -> Vec<(usize, Vec<(usize, &'a Pair)>)> {
    let mut groups: BTreeMap<usize, Vec<(usize, &Pair)>> = BTreeMap::new();
    for (place, pair) in pairs.iter().enumerate() {
        if pair.scans.iter().all(|scan| prepared[*scan].is_some()) {
            groups.entry(pair.scans[0]).or_default().push((place, pair));
        }
    }
    groups.into_iter().collect()
}

fn csv_of(rows: &BTreeMap<usize, Row>, pairs: &[Pair]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = vec![
        "questioned",
        "reference",
        "cmc_count",
        "cells",
        "cmc_fraction",
        "ncc",
        "theta_deg",
        "dx_um",
        "dy_um",
        "engine_version",
        "parameters_digest",
        "questioned_sha256",
        "reference_sha256",
    ];
    let striated = rows.values().any(|(figures, _)| figures.profile_score.is_some());
    if striated {
        header.extend(["profile_score", "profile_scale"]);
    }
    writer.write_record(header)?;
    let decimals = |value: Option<f64>, decimals: usize| {
        value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
    };
    for (place, (figures, provenance)) in rows {
        let [questioned, reference] = &pairs[*place].names;
        let mut record = vec![
            questioned.clone(),
            reference.clone(),
            figures.cmc_count.to_string(),
            figures.cells.to_string(),
            format!("{:.6}", figures.cmc_fraction),
            decimals(figures.ncc, 6),
            decimals(figures.theta_deg, 4),
            decimals(figures.dx_um, 3),
            decimals(figures.dy_um, 3),
            provenance.engine_version.clone(),
            provenance.parameters_digest.to_string(),
            provenance.questioned_sha256.to_string(),
            provenance.reference_sha256.to_string(),
        ];
        if striated {
            record.extend([decimals(figures.profile_score, 6), decimals(figures.profile_scale, 6)]);
        }
        writer.write_record(record)?;
    }
    Ok(writer.into_inner()?)
}
