//! `casemark bench search`: planted scans among decoys, how fast they are found, and what is lost.

mod loss;
mod measure;
mod planted;
mod references;
mod report;

use super::args::{BenchCommand, BenchSearchArguments, Harm};
use super::library::Searching;
use super::output::{print, print_json};
use super::{Context, Outcome};
use crate::decoy::{Base, DecoyMaker};
use crate::index::Indexer;
use crate::surface::MarkKind;
use anyhow::{Context as _, ensure};
use measure::Bench;
use planted::Planted;
use references::References;
use report::{Batch, Recall, Report, Timing};
use std::time::Instant;

/// Numbers of decoys at which searches are timed, below the number asked for.
const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];
/// Searches that are timed at each.
const TIMED: usize = 3;

pub(super) fn run(context: &Context, command: &BenchCommand) -> anyhow::Result<Outcome> {
    match command {
        BenchCommand::Search(arguments) => search(context, arguments),
    }
}

/// 1. reads or makes what is planted, 2. makes decoys and times searches as the store grows, 3. looks where mates are,
/// 4. holds the cascade against full depth, and decoys against real references.
fn search(context: &Context, arguments: &BenchSearchArguments) -> anyhow::Result<Outcome> {
    let seed = arguments.seed;
    // 1.
    let planted = match (&arguments.planted, &arguments.labels) {
        (Some(folder), Some(labels)) => planted::labelled(context, folder, labels)?,
        _ => planted::simulated(context, seed)?,
    };
    let spinner = context.progress.spinner("making decoys' parts");
    let bases: Vec<Base> = planted.iter().map(Planted::base).collect();
    let maker = DecoyMaker::new(&bases, seed)?;
    spinner.finish_and_clear();
    let mut searching = Searching::new(context, MarkKind::BreechFace)?;
    searching.set_recall(arguments.recall)?;
    let temporary = tempfile::tempdir().context("temporary folder")?;
    let folder = (!arguments.regenerate)
        .then(|| arguments.store.clone().unwrap_or_else(|| temporary.path().join("store")));
    let indexer = searching.indexer.as_ref().context("marks of this kind have an index")?;
    let mut references = References::new(&searching, indexer, &maker, folder.as_deref(), &planted)?;
    // 2.
    let decoys = u64::from(arguments.decoys);
    let timed: Vec<usize> = spread(planted.len(), TIMED);
    let (mut build_seconds, mut scaling) = (0.0, Vec::<Timing>::new());
    let bar = context.progress.bar(decoys, "making decoys");
    for size in SIZES.into_iter().filter(|size| *size < decoys).chain([decoys]) {
        let started = Instant::now();
        references.grow(size, &bar)?;
        let snapshot = references.snapshot()?;
        build_seconds += started.elapsed().as_secs_f64();
        let (references, planted) = (&references, &planted[..]);
        let bench =
            Bench { context, searching: &searching, indexer, planted, references, snapshot, seed };
        scaling.push(bench.time(&timed)?);
    }
    bar.finish_and_clear();
    let (references, snapshot) = (&references, references.snapshot()?);
    let bench = Bench {
        context,
        searching: &searching,
        indexer,
        planted: &planted,
        references,
        snapshot,
        seed,
    };
    let batch = Batch {
        questions: arguments.batch.max(1),
        seconds_a_question: bench.time_batch(arguments.batch.max(1))?,
        alone_seconds: bench.time_batch(1)?,
    };
    // 3.
    let asked = arguments.questions.unwrap_or(planted.len()).min(planted.len());
    ensure!(asked > 0, "--questions is 0, wanted at least 1");
    let asked = spread(planted.len(), asked);
    let bar = context.progress.bar((asked.len() * arguments.harm.len()) as u64, "searching");
    let mut recalls = Vec::new();
    for harm in &arguments.harm {
        recalls.push(bench.recall(&asked, *harm, |done| bar.inc(done))?);
    }
    bar.finish_and_clear();
    let whole = arguments.harm.iter().zip(&recalls);
    let whole = whole.filter(|(harm, _)| matches!(harm, Harm::None | Harm::Turned));
    let whole: Vec<Recall> = whole.map(|(_, recall)| recall.clone()).collect();
    let whole = if whole.is_empty() { Recall::joined(&recalls) } else { Recall::joined(&whole) };
    // 4.
    let spinner = context.progress.spinner("comparing in full");
    let exhaustive = bench.audit(&spread(planted.len(), arguments.exhaustive))?;
    let mut plain = indexer.parameters().clone();
    plain.search.emphasis = 0.0;
    let plain = Indexer::new(plain, context.engine.arithmetic())?;
    let impostor_test = bench.impostors(&plain, &maker, decoys)?;
    let impostor_test_emphasised = bench.impostors(indexer, &maker, decoys)?;
    spinner.finish_and_clear();
    let records = references.records();
    let (fixed_seconds, microseconds_per_reference) = line(&scaling);
    let last = scaling.last().context("a size")?;
    let per_reference = |bytes: u64| bytes as f64 / records as f64;
    let disk = references.disk_bytes()?.map(per_reference);
    let report = Report {
        engine_version: crate::VERSION,
        parameters_digest: context.engine.digest(),
        cascade_digest: searching.cascade.digest(Some(indexer.parameters())),
        seed,
        threads: rayon::current_num_threads(),
        records,
        planted: planted.len(),
        decoys,
        stored: disk.is_some(),
        build_seconds,
        build_per_second: decoys as f64 / build_seconds,
        disk_bytes_per_reference: disk
            .unwrap_or(references.gallery.disk_bytes_per_reference() as f64),
        memory_bytes_per_reference: per_reference(references.gallery.bytes()),
        peak_memory_bytes: peak_memory_bytes(),
        search_seconds: last.search_seconds,
        stages: last.stages.clone(),
        fixed_seconds,
        microseconds_per_reference,
        batch,
        recall_at_1: whole.recall_at_1,
        recall_at_10: whole.recall_at_10,
        recall_at_50: whole.recall_at_50,
        recall: recalls,
        exhaustive,
        impostor_test,
        impostor_test_emphasised,
        scaling,
    };
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&report.describe())?;
    }
    Ok(Outcome::Done)
}

impl Planted {
    /// It, to make decoys of.
    fn base(&self) -> Base {
        Base {
            signature: self.signature.clone(),
            source: self.source.clone(),
            group: self.group.clone(),
        }
    }
}

/// So many of the numbers below `of`, evenly spread.
fn spread(of: usize, count: usize) -> Vec<usize> {
    let count = count.min(of);
    (0..count).map(|number| number * of / count).collect()
}

/// Seconds of a search as a line over the number of records, by least squares: at none, and microseconds a record.
fn line(scaling: &[Timing]) -> (f64, f64) {
    let count = scaling.len() as f64;
    let mean = |value: &dyn Fn(&Timing) -> f64| scaling.iter().map(value).sum::<f64>() / count;
    let (x, y) = (mean(&|timing| timing.records as f64), mean(&|timing| timing.search_seconds));
    let across = mean(&|timing| (timing.records as f64 - x).powi(2));
    let both = mean(&|timing| (timing.records as f64 - x) * (timing.search_seconds - y));
    let slope = if across > 0.0 { both / across } else { y / x.max(1.0) };
    (y - slope * x, 1e6 * slope)
}

/// The most memory that this process has had, where the system tells.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
