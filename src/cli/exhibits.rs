//! `casemark search` by several marks of one scan: to which exhibits do they lead together?
//!
//! Here they are made ready and reported; the search itself is in [`crate::exhibits`].

use super::args::{ActorArguments, SearchArguments};
use super::audit::{Auditor, Deed};
use super::library::{Searching, references};
use super::metadata::in_order;
use super::output::{print, print_json, table};
use super::remote::{References, Settings, of_file};
use super::scans::{read, read_options};
use super::search::{
    CandidateReport, FailureReport, depth_wanted, failure, filter, question, traits,
};
use super::weight;
use super::{Context, Outcome};
use crate::access::Action;
use crate::calibration::{Calibrations, FusedWeight, Installed, OutOfScope, Traits, WeightReport};
use crate::client::{self, ExhibitLead, SearchedMarks};
use crate::digest::Digest;
use crate::exhibits::{self, Asked, Compared, Lead, Searched};
use crate::format::Scan;
use crate::gallery::Snapshot;
use crate::mark::Look;
use crate::report::ComparisonReport;
use crate::search::{Advance, Query, Questioned, Summary};
use crate::store::{DiskStore, MarkKind, Progress};
use anyhow::{Context as _, bail, ensure};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// An exhibit that marks lead to.
#[derive(Serialize)]
struct ExhibitReport {
    rank: usize,
    exhibit_id: String,
    /// What its marks weigh together; `None` where no calibration weighs any of them.
    weight: Option<FusedWeight>,
    /// How the marks were taken together, in words.
    together: String,
    /// The best comparison of every mark, in the order of marks.
    marks: Vec<CandidateReport>,
}

/// What was searched for one mark.
#[derive(Serialize)]
struct SearchReport {
    mark: MarkKind,
    summary: Summary,
}

/// What several marks of a questioned scan lead to.
#[derive(Serialize)]
struct Report {
    questioned: String,
    /// Marks that were asked for and that the scan does not show.
    marks_not_shown: Vec<MarkKind>,
    exhibits: Vec<ExhibitReport>,
    /// Laboratories whose exhibits are among the best and not shared with who asks a server.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    restricted: Vec<String>,
    searches: Vec<SearchReport>,
    failures: Vec<FailureReport>,
}

/// The references of one kind of mark.
struct Shelf {
    mark: MarkKind,
    searching: Searching,
    references: Snapshot,
    installed: Installed,
}

/// Searches a store on this machine, or that of a server.
pub(super) fn run(
    context: &Context,
    arguments: &SearchArguments,
    paths: &[PathBuf],
    source: References,
) -> anyhow::Result<Outcome> {
    let (place, reports) = match source {
        References::Store(store) => {
            let reports = in_store(context, arguments, paths, &store)?;
            (store.display().to_string(), reports)
        }
        References::Server(settings) => at_server(context, arguments, paths, &settings)?,
    };
    match &reports[..] {
        [report] if arguments.json => print_json(report)?,
        _ if arguments.json => print_json(&reports)?,
        _ => reports.iter().try_for_each(|report| print(&describe(report)))?,
    }
    for report in &reports {
        if let Some(failure) = report.failures.first() {
            bail!("{place}: the search is not complete: {}", failure.words());
        }
        // Of those that the caller may not see, a server names none.
        ensure!(
            report.searches.iter().all(|search| search.summary.complete),
            "{place}: the search is not complete: records could not be compared"
        );
    }
    let nothing = |report: &Report| report.exhibits.is_empty() && report.restricted.is_empty();
    Ok(if reports.iter().all(nothing) { Outcome::NothingFound } else { Outcome::Done })
}

fn in_store(
    context: &Context,
    arguments: &SearchArguments,
    paths: &[PathBuf],
    store: &Path,
) -> anyhow::Result<Vec<Report>> {
    let options = read_options(&arguments.read)?;
    let store = super::store::open(store)?;
    let auditor = Auditor::open(&store, &ActorArguments::of(&arguments.actor))?;
    let shelves = shelves(context, arguments, &store)?;
    let mut reports = Vec::new();
    for path in paths {
        let (scan, original) = read(path, &options)?;
        let deed = || Deed {
            subject: Some(format!("file {}", Digest::of(&original))),
            parameters: Some(context.engine.digest()),
            ..Deed::new(Action::Search)
        };
        let report =
            auditor.attempt(deed, || search(context, arguments, &shelves, &store, path, &scan))?;
        let text = serde_json::to_string_pretty(&report)? + "\n";
        auditor.done([Deed { result: Some(Digest::of(text.as_bytes())), ..deed() }])?;
        reports.push(report);
    }
    Ok(reports)
}

/// Gives the server's name with what it found.
fn at_server(
    context: &Context,
    arguments: &SearchArguments,
    paths: &[PathBuf],
    settings: &Settings,
) -> anyhow::Result<(String, Vec<Report>)> {
    ensure!(
        arguments.calibration.calibration.is_empty(),
        "--calibration is for a store on this machine: a server weighs several marks by its own"
    );
    let options = read_options(&arguments.read)?;
    let marks = marks(arguments);
    let remote = settings.connect(context)?;
    let mut reports = Vec::new();
    for path in paths {
        let query = question(arguments, path, &options)?;
        let bar = context.progress.bar(0, "at the server");
        let searching = remote.client().search_by_marks(&query, &marks, |progress: Progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        });
        let searched = remote.wait(searching);
        bar.finish_and_clear();
        let searched =
            searched.map_err(|error| of_file(error, &[("query.questioned.upload", path)]))?;
        reports.push(report_of(path, searched));
    }
    Ok((remote.server().to_owned(), reports))
}

fn report_of(path: &Path, searched: SearchedMarks) -> Report {
    let exhibits = searched.exhibits.into_iter().map(|lead| {
        let ExhibitLead { rank, exhibit, weight, together, marks } = lead;
        let marks = marks.into_iter().map(|candidate| {
            let client::Candidate { rank, record, comparison, weight } = candidate;
            let none = || WeightReport::rank_only(&OutOfScope::NoCalibration);
            let weight = weight.unwrap_or_else(none);
            CandidateReport::weighed(rank, record.into(), comparison, weight)
        });
        let exhibit_id = exhibit.to_string();
        ExhibitReport { rank, exhibit_id, weight, together, marks: marks.collect() }
    });
    let searches = searched.searches.into_iter();
    let failures = searched.failures.into_iter();
    Report {
        questioned: path.display().to_string(),
        marks_not_shown: searched.marks_not_shown,
        exhibits: exhibits.collect(),
        restricted: searched.restricted,
        searches: searches.map(|(mark, summary)| SearchReport { mark, summary }).collect(),
        failures: failures.map(|(scan, reason)| FailureReport::new(scan, reason)).collect(),
    }
}

/// The marks that are asked for.
fn marks(arguments: &SearchArguments) -> Vec<MarkKind> {
    in_order(&arguments.filter.mark)
}

fn shelves(
    context: &Context,
    arguments: &SearchArguments,
    store: &DiskStore,
) -> anyhow::Result<Vec<Shelf>> {
    let calibrations: Calibrations = weight::calibrations(&arguments.calibration)?;
    let shelf = |mark| -> anyhow::Result<Shelf> {
        let mut searching = Searching::new(context, mark)?;
        searching.set_recall(arguments.recall)?;
        let gallery = searching.gallery(store.path());
        let references = references(context, &gallery, store)?;
        let installed = calibrations.of_mark(mark).clone();
        Ok(Shelf { mark, searching, references, installed })
    };
    marks(arguments).into_iter().map(shelf).collect()
}

/// Searches by every mark that the scan shows.
fn search(
    context: &Context,
    arguments: &SearchArguments,
    shelves: &[Shelf],
    store: &DiskStore,
    path: &Path,
    scan: &Scan,
) -> anyhow::Result<Report> {
    let named = || path.display().to_string();
    let mut look = Look::at(&scan.surface);
    let (mut ready, mut marks_not_shown) = (Vec::new(), Vec::new());
    for shelf in shelves {
        let Searching { engine, indexer, .. } = &shelf.searching;
        let region = shelf.mark.region();
        let signature = look.signature_of_head(region, scan.sha256, engine.parameters());
        let Some(signature) = signature.with_context(named)? else {
            marks_not_shown.push(shelf.mark);
            continue;
        };
        let questioned =
            Questioned::new(engine, indexer.as_ref(), &signature).with_context(named)?;
        let traits = Traits { mark: Some(shelf.mark.to_string()), ..traits(scan) };
        ready.push((shelf, shelf.searching.signatures(store), questioned, traits));
    }
    let asked: Vec<Asked<'_>> = ready
        .iter()
        .map(|(shelf, signatures, questioned, traits)| Asked {
            mark: shelf.mark,
            questioned,
            traits,
            search: shelf.searching.search(&shelf.references, signatures),
            calibration: &shelf.installed,
        })
        .collect();
    let filter = filter(&arguments.filter);
    let query =
        Query { filter: &filter, top: arguments.top as usize, depth: depth_wanted(arguments) };
    let bar = context.progress.bar(0, "searching");
    let leads = exhibits::search(store, &asked, &query, &mut |advance: Advance| {
        bar.set_length(advance.total);
        bar.set_position(advance.done);
    });
    bar.finish_and_clear();
    let leads = leads.with_context(named)?;
    let exhibits = leads.leads.into_iter().enumerate().map(|(place, lead)| {
        let Lead { exhibit, weight, together, marks } = lead;
        let marks = marks.into_iter().map(|compared| {
            let Compared { reference, comparison, weight, .. } = compared;
            let comparison = ComparisonReport::from(&comparison);
            CandidateReport::weighed(place + 1, reference.into(), comparison, weight)
        });
        let exhibit_id = exhibit.to_string();
        ExhibitReport { rank: place + 1, exhibit_id, weight, together, marks: marks.collect() }
    });
    let searches = leads.searches.into_iter();
    Ok(Report {
        questioned: named(),
        marks_not_shown,
        exhibits: exhibits.collect(),
        restricted: Vec::new(),
        searches: searches
            .map(|Searched { mark, summary, .. }| SearchReport { mark, summary })
            .collect(),
        failures: leads.failures.iter().map(|(scan, why)| failure(*scan, why)).collect(),
    })
}

/// The ranked table and what was searched.
fn describe(report: &Report) -> String {
    let mut text = format!("\nSearching for {} by its marks:\n", report.questioned);
    let marks: Vec<MarkKind> = report.searches.iter().map(|search| search.mark).collect();
    let mut header = vec!["rank", "exhibit", "file", "log10 LR"];
    header.extend(marks.iter().map(|mark| mark.name()));
    let rows = report.exhibits.iter().map(|exhibit| {
        let ratio = exhibit.weight.as_ref().map_or_else(
            || "-".to_owned(),
            |weight| {
                let FusedWeight { log10_lr, log10_lr_low, log10_lr_high, .. } = weight;
                format!("{log10_lr:.2} [{log10_lr_low:.2}, {log10_lr_high:.2}]")
            },
        );
        let file = exhibit.marks.first().map(|mark| mark.original_file_name.clone());
        let mut row = vec![
            exhibit.rank.to_string(),
            exhibit.exhibit_id.clone(),
            file.unwrap_or_default(),
            ratio,
        ];
        row.extend(marks.iter().map(|kind| {
            let of_kind = exhibit.marks.iter().find(|report| report.mark == kind.name());
            of_kind.map_or_else(
                || "not there".to_owned(),
                |report| {
                    let figures = &report.comparison.figures;
                    format!("{} of {}", figures.cmc_count, figures.cells)
                },
            )
        }));
        row
    });
    text += &table(&header, rows.collect());
    if let Some(first) = report.exhibits.first() {
        let _ = writeln!(text, "The first: {}.", first.together);
    }
    for laboratory in &report.restricted {
        let _ = writeln!(
            text,
            "Among the best, but not shared with you: one of {laboratory}. Ask that laboratory."
        );
    }
    for mark in &report.marks_not_shown {
        let _ =
            writeln!(text, "No {} is in view on the questioned scan: no evidence.", mark.name());
    }
    for SearchReport { mark, summary } in &report.searches {
        let _ = writeln!(
            text,
            "{mark}: {} records searched, {} compared, {} could not be; engine {}, parameters {}",
            summary.records_searched,
            summary.records_compared,
            summary.records_failed,
            summary.engine_version,
            &summary.parameters_digest.to_string()[..16]
        );
    }
    text.push_str("Leads: only an examiner makes a hit.\n");
    text
}
