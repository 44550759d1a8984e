//! `casemark inspect`: what is in a scan, and whether a signature can be had from it.

use super::args::InspectArguments;
use super::library::{Searching, references};
use super::output::{print, print_json};
use super::scans::{read, read_options};
use super::{Context, Outcome, quality};
use crate::digest::Digest;
use crate::format::{FileFormat, Metadata, Scan};
use crate::mark::{self, Head, Mark, MarkError};
use crate::nearest::{Known, nearest};
use crate::preprocess::PreprocessError;
use crate::quality::{Finding, Nearest, examine_mark};
use crate::signature::{Signature, Summary};
use crate::store::Filter;
use crate::surface::{Kind, MarkKind};
use anyhow::Context as _;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

#[derive(Serialize)]
struct Report {
    file: String,
    file_format: FileFormat,
    sha256: Digest,
    kind: Kind,
    metrological: bool,
    rows: usize,
    columns: usize,
    spacing_x_um: f64,
    spacing_y_um: f64,
    width_um: f64,
    height_um: f64,
    valid_samples: usize,
    fill_fraction: f64,
    /// Of the measured heights, about their mean; `None` for a reflectance image, as the next.
    rms_height_um: Option<f64>,
    peak_to_valley_um: Option<f64>,
    metadata: Metadata,
    /// How sure the parts of a whole head are, 0 to 1; `None` where the scan is taken as it is.
    head_confidence: Option<f64>,
    /// Of a whole head that of the mark that is asked for.
    signature: Option<Summary>,
    signature_bytes: Option<usize>,
    signature_refused: Option<String>,
    /// What an examiner should know of the mark, the worst first.
    findings: Vec<Finding>,
}

pub(super) fn run(context: &Context, arguments: &InspectArguments) -> anyhow::Result<Outcome> {
    let rules = quality::rules(arguments.config.as_deref())?;
    let (scan, _) = read(&arguments.file, &read_options(&arguments.read)?)?;
    let engine = context.engine.of_mark(arguments.mark);
    let parameters = engine.parameters();
    let found = mark::find(&scan.surface, arguments.mark.region(), None, &parameters.segmentation);
    let look = |mark: Mark<'_>| {
        let signature = Signature::extract(&mark.surface, scan.sha256, parameters);
        let mut quality = examine_mark(&mark, arguments.mark, &signature, &scan.metadata, &rules);
        if let (Some(store), Ok(signature)) = (&arguments.store, &signature) {
            let named = || store.display().to_string();
            let nearest = in_store(context, store, arguments.mark, signature);
            if let Some(nearest) = nearest.with_context(named)? {
                quality.hold_against(&nearest, &rules);
            }
        }
        anyhow::Ok(Looked { head: mark.head, signature, findings: quality.findings })
    };
    let looked = match found {
        Ok(mark) => Ok(look(mark)?),
        Err(error) => Err(error),
    };
    let report = report(&arguments.file.display().to_string(), &scan, looked);
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&describe(&report))?;
    }
    Ok(Outcome::Done)
}

/// What of a store is most like a mark.
fn in_store(
    context: &Context,
    store: &Path,
    mark: MarkKind,
    signature: &Signature,
) -> anyhow::Result<Option<Nearest>> {
    let store = &super::store::open(store)?;
    let searching = Searching::new(context, mark)?;
    let references = &references(context, &searching.gallery(store.path()), store)?;
    let engine = &context.engine.of_mark(mark);
    let indexer = searching.indexer.as_ref();
    let filter = Filter { mark: Some(mark), ..Filter::default() };
    Ok(nearest(Known { engine, indexer, references, store, pool: None }, &filter, signature)?)
}

/// What there is of a mark.
struct Looked {
    head: Option<Head>,
    signature: Result<Signature, PreprocessError>,
    findings: Vec<Finding>,
}

fn report(file: &str, scan: &Scan, looked: Result<Looked, MarkError>) -> Report {
    let surface = &scan.surface;
    let heights =
        || surface.heights().iter().zip(surface.mask()).filter(|(_, v)| **v).map(|(h, _)| *h);
    let count = surface.valid_count() as f64;
    let mean = heights().sum::<f64>() / count;
    let variance = heights().map(|height| (height - mean) * (height - mean)).sum::<f64>() / count;
    let (low, high) = heights().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), height| {
        (low.min(height), high.max(height))
    });
    let (width, height) = surface.extent();
    let metrological = surface.kind() == Kind::Topography;
    let (head, signature, findings, refused) = match looked {
        Ok(Looked { head, signature: Ok(signature), findings }) => {
            (head, Some(signature), findings, None)
        }
        Ok(Looked { head, signature: Err(refused), findings }) => {
            (head, None, findings, Some(refused.to_string()))
        }
        Err(refused) => (None, None, Vec::new(), Some(refused.to_string())),
    };
    let signature = signature.as_ref();
    Report {
        file: file.to_owned(),
        file_format: scan.file_format,
        sha256: scan.sha256,
        kind: surface.kind(),
        metrological,
        rows: surface.rows(),
        columns: surface.columns(),
        spacing_x_um: surface.spacing().x.micrometres(),
        spacing_y_um: surface.spacing().y.micrometres(),
        width_um: width.micrometres(),
        height_um: height.micrometres(),
        valid_samples: surface.valid_count(),
        fill_fraction: surface.fill_fraction(),
        rms_height_um: metrological.then_some(variance.sqrt() * 1e6),
        peak_to_valley_um: metrological.then_some((high - low) * 1e6),
        head_confidence: head.map(|head| head.confidence),
        signature: signature.map(Signature::summary),
        signature_bytes: signature.map(|signature| signature.to_bytes().len()),
        signature_refused: refused,
        findings,
        metadata: scan.metadata.clone(),
    }
}

fn describe(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<18}{value}");
    };
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not stated".to_owned());
    line("file", report.file.clone());
    line("format", report.file_format.to_string());
    line("sha256", report.sha256.to_string());
    let kind = match report.kind {
        Kind::Topography => "topography",
        Kind::Reflectance => "reflectance image (not metrological)",
    };
    line("kind", kind.to_owned());
    line(
        "samples",
        format!(
            "{} columns x {} rows, {:.2} x {:.2} um apart",
            report.columns, report.rows, report.spacing_x_um, report.spacing_y_um
        ),
    );
    line("size", format!("{:.3} x {:.3} mm", report.width_um / 1e3, report.height_um / 1e3));
    line(
        "measured",
        format!("{} samples, {:.1} %", report.valid_samples, report.fill_fraction * 100.0),
    );
    if let (Some(rms), Some(range)) = (report.rms_height_um, report.peak_to_valley_um) {
        line("heights", format!("rms {rms:.3} um, peak to valley {range:.2} um"));
    }
    let Metadata { creator, date, calibration_date, instrument, comment, warnings, .. } =
        &report.metadata;
    let instrument: Vec<&str> = [&instrument.manufacturer, &instrument.model, &instrument.serial]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    line(
        "instrument",
        if instrument.is_empty() { "not stated".to_owned() } else { instrument.join(", ") },
    );
    line("measured on", known(date));
    line("calibrated on", known(calibration_date));
    line("creator", known(creator));
    if let Some(comment) = comment {
        line("comment", comment.clone());
    }
    for warning in warnings {
        line("warning", warning.to_string());
    }
    if let Some(confidence) = report.head_confidence {
        line("head", format!("whole; its parts found with confidence {confidence:.2}"));
    }
    match (&report.signature, &report.signature_refused) {
        (Some(signature), _) => line(
            "signature",
            format!(
                "{} columns x {} rows at {} um, {} samples, {} bytes{}",
                signature.columns,
                signature.rows,
                signature.spacing_um,
                signature.valid_samples,
                report.signature_bytes.unwrap_or_default(),
                signature
                    .deviation_um
                    .map_or_else(String::new, |um| format!(", deviation {um:.3} um"))
            ),
        ),
        (None, reason) => line("no signature", reason.clone().unwrap_or_default()),
    }
    text + &quality::lines(&report.findings)
}
