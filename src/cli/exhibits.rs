//! `casemark search` by several marks of one scan: to which exhibits do they lead together?
//!
//! One search a mark that the head shows; then every mark of the exhibits found that no search compared is compared in full, so
//! that a mark which speaks against an exhibit is heard; then [`fuse`] says what they weigh together.
//! A mark that the questioned head or an exhibit does not bear is no evidence.

use super::args::{ActorArguments, SearchArguments};
use super::audit::{Auditor, Deed};
use super::library::{Searching, references};
use super::output::{print, print_json, table};
use super::scans::{read, read_options};
use super::search::{CandidateReport, FailureReport, Weigh, failure, filter, traits};
use super::weight;
use super::{Context, Outcome};
use crate::access::Action;
use crate::calibration::{FusedWeight, Installed, MarkWeight, fuse};
use crate::comparison::Comparison;
use crate::digest::Digest;
use crate::format::Scan;
use crate::gallery::Snapshot;
use crate::mark::{self, MarkError};
use crate::report::ComparisonReport;
use crate::search::{Advance, Candidate, Depth, Failure, Query, Questioned, Summary};
use crate::segment::SegmentError;
use crate::signature::Signature;
use crate::store::{DiskStore, ExhibitId, Filter, MarkKind, ReferenceStore as _, ScanId};
use anyhow::{Context as _, bail};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
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

/// What there is of one exhibit, by mark: the best comparison of each.
type Found = BTreeMap<ExhibitId, BTreeMap<MarkKind, Candidate>>;

/// Searches a store on this machine.
pub(super) fn run(
    context: &Context,
    arguments: &SearchArguments,
    paths: &[PathBuf],
    store: &Path,
) -> anyhow::Result<Outcome> {
    let options = read_options(&arguments.read)?;
    let place = store.display().to_string();
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
    match &reports[..] {
        [report] if arguments.json => print_json(report)?,
        _ if arguments.json => print_json(&reports)?,
        _ => reports.iter().try_for_each(|report| print(&describe(report)))?,
    }
    for report in &reports {
        if let Some(failure) = report.failures.first() {
            bail!("{place}: the search is not complete: {}", failure.words());
        }
    }
    let nothing = reports.iter().all(|report| report.exhibits.is_empty());
    Ok(if nothing { Outcome::NothingFound } else { Outcome::Done })
}

fn shelves(
    context: &Context,
    arguments: &SearchArguments,
    store: &DiskStore,
) -> anyhow::Result<Vec<Shelf>> {
    let mut marks = arguments.filter.mark.clone();
    marks.sort();
    marks.dedup();
    let shelf = |mark| -> anyhow::Result<Shelf> {
        let mut searching = Searching::new(context, mark)?;
        searching.set_recall(arguments.recall)?;
        let gallery = searching.gallery(store.path());
        let references = references(context, &gallery, store)?;
        let installed = weight::installed(&arguments.calibration, mark)?;
        Ok(Shelf { mark, searching, references, installed })
    };
    marks.into_iter().map(shelf).collect()
}

/// 1. searches for every mark, 2. compares what no search did, 3. weighs and ranks the exhibits.
fn search(
    context: &Context,
    arguments: &SearchArguments,
    shelves: &[Shelf],
    store: &DiskStore,
    path: &Path,
    scan: &Scan,
) -> anyhow::Result<Report> {
    let named = || path.display().to_string();
    let mut report = Report {
        questioned: named(),
        marks_not_shown: Vec::new(),
        exhibits: Vec::new(),
        searches: Vec::new(),
        failures: Vec::new(),
    };
    // 1.
    let (mut found, mut asked) = (Found::new(), Vec::new());
    for shelf in shelves {
        let Some(signature) = signature(shelf, scan).with_context(named)? else {
            report.marks_not_shown.push(shelf.mark);
            continue;
        };
        let Searching { engine, indexer, .. } = &shelf.searching;
        let questioned =
            Questioned::new(engine, indexer.as_ref(), &signature).with_context(named)?;
        let filter = Filter { mark: Some(shelf.mark), ..filter(&arguments.filter) };
        let depth = if arguments.exhaustive { Depth::Exhaustive } else { Depth::Cascade };
        let query = Query { filter: &filter, top: arguments.top as usize, depth };
        let signatures = shelf.searching.signatures(store);
        let bar = context.progress.bar(0, shelf.mark.name());
        let searching = shelf.searching.search(&shelf.references, &signatures);
        let result = searching.run(&query, &questioned, &mut |advance: Advance| {
            bar.set_length(advance.total);
            bar.set_position(advance.done);
        })?;
        bar.finish_and_clear();
        for candidate in result.candidates {
            let exhibit = store.view(candidate.scan)?.exhibit.id;
            // They come best first.
            found.entry(exhibit).or_default().entry(shelf.mark).or_insert(candidate);
        }
        report.failures.extend(result.failures.iter().map(|(scan, why)| failure(*scan, why)));
        report.searches.push(SearchReport { mark: shelf.mark, summary: result.summary });
        asked.push((shelf, questioned));
    }
    // 2.
    for (exhibit, marks) in &mut found {
        for (shelf, questioned) in &asked {
            if marks.contains_key(&shelf.mark) {
                continue;
            }
            for scan in store.scans_of(*exhibit)? {
                match compare(shelf, questioned, store, scan)? {
                    Some(Ok(comparison)) => {
                        let candidate = Candidate { scan, comparison };
                        let better = |known: &Candidate| candidate.rank(known).is_lt();
                        if marks.get(&shelf.mark).is_none_or(better) {
                            marks.insert(shelf.mark, candidate);
                        }
                    }
                    Some(Err(why)) => report.failures.push(failure(scan, &why)),
                    None => {}
                }
            }
        }
    }
    // 3.
    let traits = traits(scan);
    for (exhibit, marks) in found {
        let mut reports = Vec::new();
        for (mark, candidate) in marks {
            let of_mark = |shelf: &&Shelf| shelf.mark == mark;
            let searched = report.searches.iter().find(|search| search.mark == mark);
            let (Some(shelf), Some(searched)) = (shelves.iter().find(of_mark), searched) else {
                continue;
            };
            let searched = searched.summary.records_searched;
            let weigh = Weigh { installed: &shelf.installed, traits: &traits, searched };
            let record = store.view(candidate.scan)?.into();
            let comparison = ComparisonReport::from(&candidate.comparison);
            reports.push(CandidateReport::new(0, record, comparison, None, weigh)?);
        }
        report.exhibits.push(exhibit_report(exhibit, reports));
    }
    rank(&mut report.exhibits, arguments.top as usize);
    Ok(report)
}

/// The signature of a mark of a whole head; `None` where the head does not show it.
fn signature(shelf: &Shelf, scan: &Scan) -> anyhow::Result<Option<Signature>> {
    let parameters = shelf.searching.engine.parameters();
    match mark::extract(&scan.surface, shelf.mark.region(), scan.sha256, parameters) {
        Ok(extracted) if extracted.head.is_some() => Ok(Some(extracted.signature)),
        Ok(_) => bail!(
            "the scan is cropped to one mark, wanted a whole head for more than one --mark: name the mark that it shows"
        ),
        Err(MarkError::Segment(SegmentError::NotInView { .. })) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A full comparison with a scan of an exhibit; `None` where it is of another mark, or has left.
fn compare(
    shelf: &Shelf,
    questioned: &Questioned,
    store: &DiskStore,
    scan: ScanId,
) -> anyhow::Result<Option<Result<Comparison, Failure>>> {
    let view = store.view(scan)?;
    if view.mark.kind != shelf.mark || view.withdrawal.is_some() {
        return Ok(None);
    }
    let engine = &shelf.searching.engine;
    let extraction = engine.parameters().extraction_digest();
    let Some(stored) = store.listed_signature(scan, extraction)? else { return Ok(None) };
    let Some(bytes) = stored.bytes else { return Ok(Some(Err(Failure::NoSignature))) };
    let signature = match Signature::from_bytes(&bytes) {
        Ok(signature) => signature,
        Err(error) => return Ok(Some(Err(Failure::Signature(error)))),
    };
    let compared = engine
        .prepare(&signature)
        .and_then(|reference| questioned.matcher().compare(&reference, &mut engine.workspace()));
    Ok(Some(compared.map_err(Failure::Compare)))
}

fn exhibit_report(exhibit: ExhibitId, marks: Vec<CandidateReport>) -> ExhibitReport {
    let weights: Vec<MarkWeight> = marks
        .iter()
        .filter_map(|report| {
            let weight = &report.weight;
            let mark = report.mark.parse().ok()?;
            let log10_lr = weight.log10_lr?;
            let interval = [weight.log10_lr_low?, weight.log10_lr_high?];
            Some(MarkWeight { mark, log10_lr, interval })
        })
        .collect();
    let weight = fuse(&weights);
    let together = match (&weight, strongest(&marks)) {
        (Some(weight), _) => weight.sentence(),
        (None, Some(strongest)) => format!(
            "by the {} alone: no calibration says what the marks weigh together",
            strongest.mark.replace('_', " ")
        ),
        (None, None) => String::new(),
    };
    ExhibitReport { rank: 0, exhibit_id: exhibit.to_string(), weight, together, marks }
}

/// The mark with the greatest share of congruent cells.
fn strongest(marks: &[CandidateReport]) -> Option<&CandidateReport> {
    let share = |report: &&CandidateReport| report.comparison.figures.cmc_fraction;
    // Of several the first, in the order of marks.
    marks.iter().rev().max_by(|one, two| share(one).total_cmp(&share(two)))
}

/// Puts exhibits in order: by what their marks weigh together, those without a weight after them, by their strongest mark.
fn rank(exhibits: &mut Vec<ExhibitReport>, top: usize) {
    let share = |one: &ExhibitReport| {
        strongest(&one.marks).map_or(0.0, |report| report.comparison.figures.cmc_fraction)
    };
    let ratio = |one: &ExhibitReport| one.weight.as_ref().map(|weight| weight.log10_lr);
    exhibits.sort_by(|one, two| {
        let weighed = |one: &ExhibitReport| Reverse(one.weight.is_some());
        let ratios = ratio(two).unwrap_or(0.0).total_cmp(&ratio(one).unwrap_or(0.0));
        weighed(one)
            .cmp(&weighed(two))
            .then(ratios)
            .then_with(|| share(two).total_cmp(&share(one)))
            .then_with(|| one.exhibit_id.cmp(&two.exhibit_id))
    });
    exhibits.truncate(top);
    for (place, exhibit) in exhibits.iter_mut().enumerate() {
        exhibit.rank = place + 1;
        exhibit.marks.iter_mut().for_each(|mark| mark.rank = place + 1);
    }
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
