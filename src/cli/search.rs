//! `casemark search`: a questioned scan against a reference store, on this machine or at a server.

use super::args::{ActorArguments, FilterArguments, SearchArguments};
use super::audit::{Auditor, Deed};
use super::output::{decimals, print, print_json, table};
use super::remote::{References, Settings, of_file, upload};
use super::scans::{extract, read_options};
use super::{Context, Outcome};
use crate::access::Action;
use crate::client::{self, Cells, ScanSource};
use crate::digest::Digest;
use crate::matcher::Matcher;
use crate::report::ComparisonReport;
use crate::search::{Query, SearchResult, Summary, search};
use crate::store::{DiskStore, Filter, Progress, ReferenceStore, ScanView, Unknown};
use anyhow::{Context as _, bail, ensure};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

/// A candidate as it is given out.
#[derive(Serialize)]
struct CandidateReport {
    rank: usize,
    exhibit_id: String,
    scan_id: String,
    original_file_name: String,
    laboratory: String,
    case_number: Option<String>,
    label: Option<String>,
    country: Option<String>,
    calibre: Option<String>,
    mark: String,
    #[serde(flatten)]
    comparison: ComparisonReport,
}

/// A record that could not be compared.
#[derive(Serialize)]
struct FailureReport {
    scan_id: String,
    reason: String,
}

/// A record among the best that its laboratory does not share with who asks a server. Its rank is not told.
#[derive(Serialize)]
struct RestrictedReport {
    laboratory: String,
}

#[derive(Serialize)]
struct Report {
    candidates: Vec<CandidateReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    restricted: Vec<RestrictedReport>,
    summary: Summary,
    failures: Vec<FailureReport>,
}

/// What was found, where, and how long it took.
struct Found {
    place: String,
    report: Report,
    seconds: f64,
}

pub(super) fn run(context: &Context, arguments: &SearchArguments) -> anyhow::Result<Outcome> {
    let Found { place, report, seconds } = match arguments.source.resolve()? {
        References::Store(path) => in_store(context, arguments, &path)?,
        References::Server(settings) => at_server(context, arguments, &settings)?,
    };
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&describe(&report, seconds))?;
    }
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
    let nothing = report.candidates.is_empty() && report.restricted.is_empty();
    Ok(if nothing { Outcome::NothingFound } else { Outcome::Done })
}

fn in_store(context: &Context, arguments: &SearchArguments, path: &Path) -> anyhow::Result<Found> {
    let options = read_options(&arguments.read)?;
    let (signature, original) = extract(context, &arguments.questioned, &options)?;
    let questioned = context
        .engine
        .prepare(&signature)
        .with_context(|| arguments.questioned.display().to_string())?;
    let store = super::store::open(path)?;
    let auditor = Auditor::open(&store, &ActorArguments::of(&arguments.actor))?;
    let filter = filter(&arguments.filter);
    let deed = || Deed {
        subject: Some(format!("file {}", Digest::of(&original))),
        parameters: Some(context.engine.parameters().digest()),
        ..Deed::new(Action::Search)
    };
    let started = Instant::now();
    let matcher = Matcher::new(&context.engine, questioned);
    let result = auditor.attempt(deed, || {
        run_search(context, &matcher, &store, &filter, arguments.top as usize)
            .with_context(|| path.display().to_string())
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let report = report(&store, &result)?;
    // The digest of the bytes that --json prints, whether it is given or not.
    let result = Digest::of((serde_json::to_string_pretty(&report)? + "\n").as_bytes());
    auditor.done([Deed { result: Some(result), ..deed() }])?;
    Ok(Found { place: path.display().to_string(), report, seconds })
}

fn at_server(
    context: &Context,
    arguments: &SearchArguments,
    settings: &Settings,
) -> anyhow::Result<Found> {
    let path = &arguments.questioned;
    let query = client::Query {
        questioned: ScanSource::Upload(upload(path, &read_options(&arguments.read)?)?),
        filter: filter(&arguments.filter),
        top: arguments.top,
        cells: if arguments.json { Cells::Whole } else { Cells::Omitted },
    };
    let remote = settings.connect(context)?;
    let started = Instant::now();
    let bar = context.progress.bar(0, "searching");
    let searching = remote.client().search(&query, |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    let searched = remote.wait(searching);
    bar.finish_and_clear();
    let searched =
        searched.map_err(|error| of_file(error, &[("query.questioned.upload", path)]))?;
    let failures = searched
        .failures
        .into_iter()
        .map(|(scan, reason)| FailureReport { scan_id: scan.to_string(), reason });
    let restricted = searched.restricted.into_iter();
    let report = Report {
        candidates: searched.candidates.into_iter().map(CandidateReport::from).collect(),
        restricted: restricted.map(|laboratory| RestrictedReport { laboratory }).collect(),
        summary: searched.summary,
        failures: failures.collect(),
    };
    let seconds = started.elapsed().as_secs_f64();
    let came = (report.candidates.len() + report.restricted.len()) as u64;
    let wanted = u64::from(arguments.top).min(report.summary.records_searched);
    if came < wanted {
        eprintln!(
            "warning: {}: {came} candidates came where {wanted} were wanted: the server gives no more",
            remote.server()
        );
    }
    Ok(Found { place: remote.server().to_owned(), report, seconds })
}

impl From<client::Candidate> for CandidateReport {
    fn from(candidate: client::Candidate) -> Self {
        let client::Candidate { rank, record, comparison } = candidate;
        let client::Record { scan, mark, exhibit, case, .. } = record;
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
        }
    }
}

/// Searches with progress.
pub(super) fn run_search(
    context: &Context,
    matcher: &Matcher,
    store: &DiskStore,
    filter: &Filter,
    top: usize,
) -> anyhow::Result<SearchResult> {
    let length = store.scans(filter).count() as u64;
    let bar = context.progress.bar(length, "searching");
    let query = Query { matcher, filter, top, pool: None };
    let result = search(&context.engine, store, &query, &mut |done: u64| bar.set_position(done));
    bar.finish_and_clear();
    Ok(result?)
}

fn filter(arguments: &FilterArguments) -> Filter {
    Filter {
        mark: Some(arguments.mark),
        calibre: arguments.calibre.clone(),
        country: arguments.country,
        laboratory: arguments.laboratory.clone(),
        case_number: arguments.case_number.clone(),
        unknown: if arguments.exclude_unknown { Unknown::Excluded } else { Unknown::Included },
        ..Filter::default()
    }
}

fn report(store: &DiskStore, result: &SearchResult) -> anyhow::Result<Report> {
    let candidates = result.candidates.iter().enumerate().map(|(index, candidate)| {
        let ScanView { scan, mark, exhibit, case, .. } = store.view(candidate.scan)?;
        Ok(CandidateReport {
            rank: index + 1,
            exhibit_id: exhibit.id.to_string(),
            scan_id: scan.id.to_string(),
            original_file_name: scan.original_name,
            laboratory: exhibit.laboratory,
            case_number: case.map(|case| case.number),
            label: exhibit.label,
            country: exhibit.country.map(|country| country.to_string()),
            calibre: exhibit.calibre,
            mark: mark.kind.to_string(),
            comparison: ComparisonReport::from(&candidate.comparison),
        })
    });
    let failures = result.failures.iter().map(|(scan, failure)| {
        use std::error::Error as _;
        let source = failure.source().map_or_else(String::new, |source| format!(": {source}"));
        FailureReport { scan_id: scan.to_string(), reason: format!("{failure}{source}") }
    });
    Ok(Report {
        candidates: candidates.collect::<anyhow::Result<_>>()?,
        restricted: Vec::new(),
        summary: result.summary.clone(),
        failures: failures.collect(),
    })
}

/// The ranked table and what was searched.
fn describe(report: &Report, seconds: f64) -> String {
    let rows = report.candidates.iter().map(|candidate| {
        let figures = &candidate.comparison.figures;
        vec![
            candidate.rank.to_string(),
            candidate.exhibit_id.clone(),
            candidate.original_file_name.clone(),
            format!("{} of {}", figures.cmc_count, figures.cells),
            format!("{:.3}", figures.cmc_fraction),
            decimals(figures.ncc, 3),
            decimals(figures.theta_deg, 1),
        ]
    });
    let header = ["rank", "exhibit", "file", "cmc", "fraction", "ncc", "theta_deg"];
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
        "{} records searched in {seconds:.1} s, {} could not be compared; engine {}, parameters {}",
        summary.records_searched,
        summary.records_failed,
        summary.engine_version,
        &summary.parameters_digest.to_string()[..16]
    );
    text.push_str("Leads by rank score: only an examiner makes a hit.\n");
    text
}

/// The table of a search, for the demonstration.
pub(super) fn table_of(
    store: &DiskStore,
    result: &SearchResult,
    seconds: f64,
) -> anyhow::Result<String> {
    Ok(describe(&report(store, result)?, seconds))
}
