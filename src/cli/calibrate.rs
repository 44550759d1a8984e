//! `casemark calibrate`: what scores are worth, from scores whose truth is known.

use super::args::{CalibrateArguments, MethodName, SurfaceKind};
use super::output::{decimals, print, print_json, table, write_file};
use super::scores::{self, LabelledScores};
use super::{Context, Outcome};
use crate::calibration::{Calibration, CalibrationSettings, Labelled, Population, Trial};
use crate::digest::Digest;
use crate::statistics::{Bounds, Method, Score};
use crate::surface::Kind;
use anyhow::Context as _;
use serde::Serialize;
use std::fmt::Write as _;

/// What was made.
#[derive(Serialize)]
struct Report<'a> {
    calibration_sha256: Digest,
    engine_version: &'a str,
    parameters_digest: Digest,
    population: &'a Population,
    method: Method,
    trials: &'a [Trial],
    bounds: Bounds,
    rounds: usize,
}

pub(super) fn run(context: &Context, arguments: &CalibrateArguments) -> anyhow::Result<Outcome> {
    let LabelledScores {
        comparisons,
        engine_version,
        parameters_digest,
        scores_sha256,
        labels_sha256,
    } = scores::read(&arguments.scores.scores, &arguments.scores.labels)?;
    let file = arguments.scores.scores.display().to_string();
    if engine_version.is_none() || parameters_digest.is_none() {
        eprintln!(
            "warning: {file}: the scores do not say which engine made them; taken as of this one, {} with parameters {}",
            crate::VERSION,
            context.engine.of_mark(arguments.mark).digest()
        );
    }
    let population = Population {
        name: arguments.population.clone().unwrap_or_else(|| {
            let name = arguments.scores.scores.file_stem().unwrap_or_default();
            name.to_string_lossy().into_owned()
        }),
        kind: match arguments.kind {
            SurfaceKind::Topography => Kind::Topography,
            SurfaceKind::Reflectance => Kind::Reflectance,
        },
        mark: arguments.mark.to_string(),
        instruments: arguments.instrument.clone(),
        calibres: arguments.calibre.clone(),
        sources: 0,
        scans: 0,
        same_source_pairs: 0,
        different_source_pairs: 0,
        scores_sha256,
        labels_sha256,
    };
    let labelled = Labelled::new(
        &comparisons,
        engine_version.as_deref().unwrap_or(crate::VERSION),
        parameters_digest.unwrap_or_else(|| context.engine.of_mark(arguments.mark).digest()),
        population,
    );
    let settings = CalibrationSettings {
        method: arguments.method.map(method),
        folds: usize::from(arguments.folds),
        rounds: arguments.rounds as usize,
        seed: arguments.seed,
    };
    let spinner = context.progress.spinner("calibrating");
    let calibration = Calibration::fit(&labelled, &settings);
    spinner.finish_and_clear();
    let calibration = calibration.with_context(|| file.clone())?;
    let text = calibration.to_json()?;
    write_file(&arguments.out, text.as_bytes())?;
    // Read again: what was written is what will be used.
    let (calibration, calibration_sha256) = Calibration::from_json(&text)?;
    let report = Report {
        calibration_sha256,
        engine_version: &calibration.engine_version,
        parameters_digest: calibration.parameters_digest,
        population: &calibration.population,
        method: calibration.method,
        trials: &calibration.trials,
        bounds: calibration.bounds,
        rounds: calibration.rounds,
    };
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&describe(&report, &arguments.out.display().to_string()))?;
    }
    Ok(Outcome::Done)
}

const fn method(name: MethodName) -> Method {
    match name {
        MethodName::BetaBinomial => Method::BetaBinomial,
        MethodName::BetaBinomialAndBinomial => Method::BetaBinomialAndBinomial,
        MethodName::Logistic => Method::Logistic,
        MethodName::KernelDensity => Method::KernelDensity(Score::Fraction),
        MethodName::Isotonic => Method::Isotonic(Score::Fraction),
    }
}

/// The method in words.
pub(super) const fn words(method: Method) -> &'static str {
    match method {
        Method::BetaBinomial => "beta-binomial on congruent cells",
        Method::BetaBinomialAndBinomial => "beta-binomial, different sources binomial",
        Method::Logistic => "logistic regression on congruent cells and cross-correlation",
        Method::KernelDensity(Score::Fraction) => "density of the share of congruent cells",
        Method::KernelDensity(Score::Ncc) => "density of the cross-correlation",
        Method::Isotonic(Score::Fraction) => "order of the share of congruent cells",
        Method::Isotonic(Score::Ncc) => "order of the cross-correlation",
    }
}

fn describe(report: &Report<'_>, out: &str) -> String {
    let rows = report.trials.iter().map(|trial| {
        let taken = if trial.method == report.method { "taken" } else { "" };
        vec![
            words(trial.method).to_owned(),
            decimals(trial.cllr, 4),
            decimals(trial.cllr_min, 4),
            trial.failed.clone().unwrap_or_else(|| taken.to_owned()),
        ]
    });
    let mut text =
        table(&["method, on sources it has not seen", "Cllr", "Cllr-min", ""], rows.collect());
    let Population { name, sources, scans, same_source_pairs, different_source_pairs, .. } =
        report.population;
    let Bounds { lower, upper } = report.bounds;
    let _ = write!(
        text,
        "population {name}: {sources} sources, {scans} scans, {same_source_pairs} pairs of one source, {different_source_pairs} of two\n\
         log10 LR from {lower:.2} to {upper:.2}; beyond that the data support nothing\n\
         engine {}, parameters {}\n\
         {out}: calibration {}\n",
        report.engine_version,
        &report.parameters_digest.to_string()[..16],
        &report.calibration_sha256.to_string()[..16],
    );
    text
}
