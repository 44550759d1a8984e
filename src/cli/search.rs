//! `casemark search`: questioned scans against a reference store, on this machine or at a server.

use super::args::{ActorArguments, FilterArguments, SearchArguments};
use super::audit::{Auditor, Deed};
use super::library::{Searching, references};
use super::output::{decimals, print, print_json, table};
use super::record::RecordReport;
use super::remote::{References, Settings, of_file, upload};
use super::scans::{Extracted, collect, extract, read, read_options};
use super::weight;
use super::{Context, Outcome, exhibits};
use crate::access::Action;
use crate::calibration::{Installed, OutOfScope, Traits, WeightReport};
use crate::client::{self, Cells, ScanSource};
use crate::digest::Digest;
use crate::format::{ReadOptions, Scan};
use crate::report::ComparisonReport;
use crate::search::{Advance, Depth, Failure, Query, Questioned, SearchResult, Stage, Summary};
use crate::store::{DiskStore, Filter, MarkKind, Progress, ReferenceStore as _, ScanId, Unknown};
use anyhow::{Context as _, bail, ensure};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Questioned scans that read the index together.
const TOGETHER: usize = 16;

/// A candidate as it is given out.
#[derive(Serialize)]
pub(super) struct CandidateReport {
    rank: usize,
    exhibit_id: String,
    scan_id: String,
    pub(super) original_file_name: String,
    laboratory: String,
    case_number: Option<String>,
    label: Option<String>,
    country: Option<String>,
    calibre: Option<String>,
    pub(super) mark: String,
    #[serde(flatten)]
    pub(super) comparison: ComparisonReport,
    #[serde(flatten)]
    pub(super) weight: WeightReport,
}

/// A record that could not be compared.
#[derive(Serialize)]
pub(super) struct FailureReport {
    scan_id: String,
    reason: String,
}

impl FailureReport {
    /// Of a record, in words.
    pub(super) fn new(scan: ScanId, reason: String) -> Self {
        Self { scan_id: scan.to_string(), reason }
    }

    /// It in a line.
    pub(super) fn words(&self) -> String {
        format!("scan {}: {}", self.scan_id, self.reason)
    }
}

/// A record among the best that its laboratory does not share with who asks a server. Its rank is not told.
#[derive(Serialize)]
struct RestrictedReport {
    laboratory: String,
}

#[derive(Serialize)]
struct Report {
    questioned: String,
    candidates: Vec<CandidateReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    restricted: Vec<RestrictedReport>,
    summary: Summary,
    failures: Vec<FailureReport>,
}

impl Report {
    /// The digest of the bytes that --json prints of it, whether it is given or not.
    fn digest(&self) -> anyhow::Result<Digest> {
        Ok(Digest::of((serde_json::to_string_pretty(self)? + "\n").as_bytes()))
    }
}

/// What was found, where, and how long each search took.
struct Found {
    place: String,
    reports: Vec<(Report, f64)>,
    /// Questioned scans that could not be searched for.
    faults: Vec<String>,
}

pub(super) fn run(context: &Context, arguments: &SearchArguments) -> anyhow::Result<Outcome> {
    let paths = collect(&arguments.paths)?;
    let source = arguments.source.resolve()?;
    let mark = match arguments.filter.mark[..] {
        [mark] => mark,
        _ => return exhibits::run(context, arguments, &paths, source),
    };
    let installed = weight::installed(&arguments.calibration, mark)?;
    let Found { place, reports, faults } = match source {
        References::Store(path) => in_store(context, arguments, mark, &paths, &path, &installed)?,
        References::Server(settings) => {
            at_server(context, arguments, &paths, &settings, &installed)?
        }
    };
    let one = is_one(&arguments.paths);
    if arguments.json {
        match reports.first() {
            Some((report, _)) if one => print_json(report)?,
            _ => print_json(&reports.iter().map(|(report, _)| report).collect::<Vec<_>>())?,
        }
    } else {
        for (report, seconds) in &reports {
            let heading = if one {
                String::new()
            } else {
                format!("\nSearching for {}:\n", report.questioned)
            };
            print(&(heading + &describe(report, *seconds)))?;
        }
    }
    ensure!(faults.is_empty(), "not searched for: {}", faults.join("\n       "));
    for (report, _) in &reports {
        check_complete(&place, report)?;
    }
    let nothing =
        |(report, _): &(Report, f64)| report.candidates.is_empty() && report.restricted.is_empty();
    Ok(if reports.iter().all(nothing) { Outcome::NothingFound } else { Outcome::Done })
}

/// Whether one file was asked for, and not a list of them.
fn is_one(paths: &[PathBuf]) -> bool {
    matches!(paths, [path] if !path.is_dir())
}

/// A search that did not see everything is a failure, whatever it found.
fn check_complete(place: &str, report: &Report) -> anyhow::Result<()> {
    let failed = report.summary.records_failed;
    if let Some(failure) = report.failures.first() {
        bail!(
            "{place}: the search is not complete: {failed} records could not be compared, the first is scan {}: {}",
            failure.scan_id,
            failure.reason
        );
    }
    ensure!(
        report.summary.complete,
        "{place}: the search is not complete: {failed} records could not be compared"
    );
    Ok(())
}

fn in_store(
    context: &Context,
    arguments: &SearchArguments,
    mark: MarkKind,
    paths: &[PathBuf],
    path: &Path,
    installed: &Installed,
) -> anyhow::Result<Found> {
    let options = read_options(&arguments.read)?;
    let mut searching = Searching::new(context, mark)?;
    searching.set_recall(arguments.recall)?;
    // One scan that cannot be read must not cost the wait for the index.
    let first = is_one(paths).then(|| extract(context, &paths[0], &options, mark)).transpose()?;
    let store = super::store::open(path)?;
    let auditor = Auditor::open(&store, &ActorArguments::of(&arguments.actor))?;
    let gallery = searching.gallery(path);
    let references = references(context, &gallery, &store)?;
    let signatures = searching.signatures(&store);
    let search = searching.search(&references, &signatures);
    let filter = filter(&arguments.filter);
    let depth = depth_wanted(arguments);
    let query = Query { filter: &filter, top: arguments.top as usize, depth };
    let place = path.display().to_string();
    let mut found = Found { place: place.clone(), reports: Vec::new(), faults: Vec::new() };
    let bar = context.progress.bar(paths.len() as u64, "searching");
    let mut first = first.map(Ok);
    for together in paths.chunks(TOGETHER) {
        let extracted: Vec<anyhow::Result<Extracted>> = match first.take() {
            Some(first) => vec![first],
            None => {
                together.par_iter().map(|path| extract(context, path, &options, mark)).collect()
            }
        };
        let mut ready = Vec::new();
        for (path, extracted) in together.iter().zip(extracted) {
            let made = extracted.and_then(|Extracted { scan, signature }| {
                let questioned =
                    Questioned::new(&searching.engine, searching.indexer.as_ref(), &signature);
                let questioned = questioned.with_context(|| path.display().to_string())?;
                Ok((path, scan.sha256, (questioned, traits(&scan))))
            });
            match made {
                Ok(made) => ready.push(made),
                Err(error) => found.faults.push(format!("{error:#}")),
            }
        }
        let deed = |original: Digest| Deed {
            subject: Some(format!("file {original}")),
            parameters: Some(searching.engine.digest()),
            ..Deed::new(Action::Search)
        };
        let started = Instant::now();
        let questioned: Vec<&Questioned> = ready.iter().map(|(_, _, (ready, _))| ready).collect();
        let inner = context.progress.bar(0, "index");
        let results = search.run_many(&query, &questioned, &mut |advance: Advance| {
            inner.set_message(words(advance.stage));
            inner.set_length(advance.total);
            inner.set_position(advance.done);
        });
        inner.finish_and_clear();
        let results = match results {
            Ok(results) => results,
            Err(error) => {
                let detail = Some(error.to_string());
                let failed = ready.iter().map(|(_, original, _)| {
                    Err(Deed { detail: detail.clone(), ..deed(*original) })
                });
                auditor.record(failed)?;
                return Err(error).context(place);
            }
        };
        let seconds = started.elapsed().as_secs_f64() / results.len().max(1) as f64;
        let mut deeds = Vec::new();
        for ((path, original, (_, traits)), result) in ready.iter().zip(&results) {
            let weigh = Weigh { installed, traits, searched: result.summary.records_searched };
            let report = report(&store, path, result, weigh)?;
            deeds.push(Deed { result: Some(report.digest()?), ..deed(*original) });
            found.reports.push((report, seconds));
        }
        auditor.done(deeds)?;
        bar.inc(together.len() as u64);
    }
    bar.finish_and_clear();
    if let ([fault], true) = (&found.faults[..], is_one(paths)) {
        bail!("{fault}");
    }
    Ok(found)
}

fn at_server(
    context: &Context,
    arguments: &SearchArguments,
    paths: &[PathBuf],
    settings: &Settings,
    installed: &Installed,
) -> anyhow::Result<Found> {
    let options = read_options(&arguments.read)?;
    let remote = settings.connect(context)?;
    let place = remote.server().to_owned();
    let mut found = Found { place, reports: Vec::new(), faults: Vec::new() };
    let files = context.progress.bar(paths.len() as u64, "searching");
    for path in paths {
        let searched = || -> anyhow::Result<(Report, f64)> {
            let query = question(arguments, path, &options)?;
            let started = Instant::now();
            let bar = context.progress.bar(0, "at the server");
            let searching = remote.client().search(&query, |progress: Progress| {
                bar.set_length(progress.total);
                bar.set_position(progress.done);
            });
            let searched = remote.wait(searching);
            bar.finish_and_clear();
            let searched =
                searched.map_err(|error| of_file(error, &[("query.questioned.upload", path)]))?;
            let traits = match installed.is_some() {
                true => traits(&read(path, &options)?.0),
                false => Traits::default(),
            };
            let searched_of = searched.summary.records_searched;
            let weigh = Weigh { installed, traits: &traits, searched: searched_of };
            let report = report_of(path, searched, weigh)?;
            let came = (report.candidates.len() + report.restricted.len()) as u64;
            let wanted = u64::from(arguments.top).min(report.summary.records_searched);
            // The cascade compares some tens and what was asked for; fewer than that is the server's limit.
            if came < wanted {
                eprintln!(
                    "warning: {}: {came} candidates came where {wanted} were wanted: the server gives no more",
                    remote.server()
                );
            }
            Ok((report, started.elapsed().as_secs_f64()))
        };
        match searched() {
            Ok(report) => found.reports.push(report),
            Err(error) if is_one(&arguments.paths) => return Err(error),
            Err(error) => found.faults.push(format!("{error:#}")),
        }
        files.inc(1);
    }
    files.finish_and_clear();
    Ok(found)
}

/// What a server is asked for a file.
pub(super) fn question(
    arguments: &SearchArguments,
    path: &Path,
    options: &ReadOptions,
) -> anyhow::Result<client::Query> {
    Ok(client::Query {
        questioned: ScanSource::Upload(upload(path, options)?),
        filter: filter(&arguments.filter),
        top: arguments.top,
        cells: if arguments.json { Cells::Whole } else { Cells::Omitted },
        depth: depth_wanted(arguments),
        recall: arguments.recall,
    })
}

/// How much is to be done for every reference.
pub(super) const fn depth_wanted(arguments: &SearchArguments) -> Depth {
    if arguments.exhaustive { Depth::Exhaustive } else { Depth::Cascade }
}

fn report_of(path: &Path, searched: client::Searched, weigh: Weigh<'_>) -> anyhow::Result<Report> {
    let failures = searched.failures.into_iter();
    let failures = failures.map(|(scan, reason)| FailureReport::new(scan, reason));
    let restricted = searched.restricted.into_iter();
    let candidates = searched.candidates.into_iter().map(|candidate| {
        let client::Candidate { rank, record, comparison, weight } = candidate;
        CandidateReport::new(rank, record.into(), comparison, weight, weigh)
    });
    Ok(Report {
        questioned: path.display().to_string(),
        candidates: candidates.collect::<anyhow::Result<_>>()?,
        restricted: restricted.map(|laboratory| RestrictedReport { laboratory }).collect(),
        summary: searched.summary,
        failures: failures.collect(),
    })
}

/// What candidates are weighed by.
#[derive(Clone, Copy)]
pub(super) struct Weigh<'a> {
    pub(super) installed: &'a Installed,
    /// Of the questioned scan.
    pub(super) traits: &'a Traits,
    pub(super) searched: u64,
}

/// What a questioned scan says of itself.
pub(super) fn traits(scan: &Scan) -> Traits {
    let instrument = scan.metadata.instrument.name();
    Traits { instrument, ..Traits::of(scan.surface.kind()) }
}

const fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Index => "index",
        Stage::Registration => "registering the most alike",
        Stage::Comparison => "comparing",
    }
}

impl CandidateReport {
    /// Of a record that is compared, and weighed already or not.
    pub(super) fn new(
        rank: usize,
        record: RecordReport,
        comparison: ComparisonReport,
        weight: Option<WeightReport>,
        weigh: Weigh<'_>,
    ) -> anyhow::Result<Self> {
        // A calibration that is installed here goes before the server's.
        let weight = if weigh.installed.is_some() {
            let mark = Some(record.mark.kind.to_string());
            let calibre = record.exhibit.calibre.clone();
            let reference = Traits { mark, calibre, ..Traits::default() };
            let traits = [weigh.traits, &reference];
            weight::weigh(weigh.installed, &comparison, traits, Some(weigh.searched))?
        } else {
            weight.unwrap_or_else(|| WeightReport::rank_only(&OutOfScope::NoCalibration))
        };
        Ok(Self::weighed(rank, record, comparison, weight))
    }

    /// Of a record that is compared and weighed.
    pub(super) fn weighed(
        rank: usize,
        record: RecordReport,
        comparison: ComparisonReport,
        weight: WeightReport,
    ) -> Self {
        let RecordReport { scan, mark, exhibit, case, .. } = record;
        Self {
            rank,
            exhibit_id: exhibit.id.to_string(),
            scan_id: scan.id.to_string(),
            original_file_name: scan.original_name,
            laboratory: exhibit.laboratory,
            case_number: case.map(|case| case.number),
            label: exhibit.label,
            country: exhibit.country.map(|country| country.to_string()),
            calibre: exhibit.calibre,
            mark: mark.kind.to_string(),
            comparison,
            weight,
        }
    }
}

/// Which references are searched. Where several marks are asked for, whoever searches for each sets it.
pub(super) fn filter(arguments: &FilterArguments) -> Filter {
    Filter {
        mark: arguments.mark.first().copied(),
        calibre: arguments.calibre.clone(),
        country: arguments.country,
        laboratory: arguments.laboratory.clone(),
        case_number: arguments.case_number.clone(),
        unknown: if arguments.exclude_unknown { Unknown::Excluded } else { Unknown::Included },
        ..Filter::default()
    }
}

fn report(
    store: &DiskStore,
    path: &Path,
    result: &SearchResult,
    weigh: Weigh<'_>,
) -> anyhow::Result<Report> {
    let candidates = result.candidates.iter().enumerate().map(|(index, candidate)| {
        let record = store.view(candidate.scan)?.into();
        let comparison = ComparisonReport::from(&candidate.comparison);
        CandidateReport::new(index + 1, record, comparison, None, weigh)
    });
    let failures = result.failures.iter().map(|(scan, why)| failure(*scan, why));
    Ok(Report {
        questioned: path.display().to_string(),
        candidates: candidates.collect::<anyhow::Result<_>>()?,
        restricted: Vec::new(),
        summary: result.summary.clone(),
        failures: failures.collect(),
    })
}

/// Why a record was not compared.
pub(super) fn failure(scan: ScanId, failure: &Failure) -> FailureReport {
    use std::error::Error as _;
    let source = failure.source().map_or_else(String::new, |source| format!(": {source}"));
    FailureReport::new(scan, format!("{failure}{source}"))
}

/// The ranked table and what was searched.
fn describe(report: &Report, seconds: f64) -> String {
    let weighed = report.candidates.iter().any(|one| one.weight.is_given());
    let scores = report.candidates.iter().map(|one| one.comparison.figures.profile_score);
    let striated = scores.flatten().next().is_some();
    let rows = report.candidates.iter().map(|candidate| {
        let figures = &candidate.comparison.figures;
        let mut row = vec![
            candidate.rank.to_string(),
            candidate.exhibit_id.clone(),
            candidate.original_file_name.clone(),
            format!("{} of {}", figures.cmc_count, figures.cells),
            format!("{:.3}", figures.cmc_fraction),
            decimals(figures.ncc, 3),
            decimals(figures.theta_deg, 1),
        ];
        if striated {
            row.insert(3, decimals(figures.profile_score, 2));
        }
        if weighed {
            let weight = &candidate.weight;
            row.extend([weight::short(weight), chance(weight)]);
        }
        row
    });
    let mut header = vec!["rank", "exhibit", "file", "cmc", "fraction", "ncc", "theta_deg"];
    if striated {
        header.insert(3, "score");
    }
    if weighed {
        header.extend(["log10 LR", "by chance"]);
    }
    let mut text = table(&header, rows.collect());
    let mut restricted: BTreeMap<&str, usize> = BTreeMap::new();
    for record in &report.restricted {
        *restricted.entry(&record.laboratory).or_default() += 1;
    }
    for (laboratory, records) in restricted {
        let _ = writeln!(
            text,
            "Among the best, but not shared with you: {records} of {laboratory}. Ask that laboratory."
        );
    }
    let summary = &report.summary;
    let _ = writeln!(
        text,
        "{} records searched in {seconds:.1} s{}, {} could not be compared; engine {}, parameters {}",
        summary.records_searched,
        depth(summary),
        summary.records_failed,
        summary.engine_version,
        &summary.parameters_digest.to_string()[..16]
    );
    if let Some(first) = report.candidates.iter().map(|one| &one.weight).find(|one| one.is_given())
    {
        let _ = writeln!(
            text,
            "log10 LR: of population {}, calibration {}, with its 90 % interval.\n\
             By chance: references of other sources that may be expected to reach the score among as many, and its 95 % bound.",
            first.population.as_deref().unwrap_or_default(),
            weight::calibration_id(first)
        );
    }
    if let Some(reason) =
        report.candidates.iter().find_map(|one| one.weight.rank_only_reason.as_ref())
    {
        let _ = writeln!(text, "Without a likelihood ratio: {reason}.");
    }
    text.push_str("Leads by rank score: only an examiner makes a hit.\n");
    text
}

/// How many references of other sources may be expected to reach the score.
fn chance(weight: &WeightReport) -> String {
    match (weight.expected_by_chance, weight.expected_by_chance_upper) {
        (Some(expected), Some(upper)) => format!("{} (< {})", few(expected), few(upper)),
        _ => "-".to_owned(),
    }
}

/// A number from far below one to many.
fn few(number: f64) -> String {
    if number >= 10.0 {
        format!("{number:.0}")
    } else if number >= 0.01 {
        format!("{number:.2}")
    } else {
        format!("{number:.0e}")
    }
}

/// How much was done for every record.
fn depth(summary: &Summary) -> String {
    if summary.exhaustive {
        return " (all compared in full)".to_owned();
    }
    format!(
        " ({} registered, {} compared, for a recall of {})",
        summary.records_registered, summary.records_compared, summary.target_recall
    )
}
