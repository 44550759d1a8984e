//! `casemark evaluate`: how good likelihood ratios are, on scores whose truth is known.

use super::args::EvaluateArguments;
use super::benchmark::Benchmark;
use super::holdout::{Holdout, within};
use super::output::{print, print_json, table, write_file};
use super::scores::{self, LabelledScores};
use super::{Context, Outcome, weight};
use crate::calibration::{CalibrationSettings, Fitted, LabelledComparison, scored};
use crate::statistics::{ErrorRate, Interval};
use crate::validation::{self, Criteria, Evaluated, Frozen, Metrics, Protocol, Weighing};
use anyhow::{Context as _, bail, ensure};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The likelihood ratios of all pairs that were tried, and how they were made.
struct Tried {
    pairs: Vec<Evaluated>,
    weighing: Weighing,
}

/// 1. reads, 2. weighs every pair by a model that never saw its sources, or by the frozen calibration, 3. measures,
///    4. writes.
pub(super) fn run(context: &Context, arguments: &EvaluateArguments) -> anyhow::Result<Outcome> {
    // 1.
    let benchmark = arguments.benchmark.as_deref().map(Benchmark::read).transpose()?;
    let criteria = arguments.criteria.as_deref().map(criteria).transpose()?.unwrap_or_default();
    let scores = match (&benchmark, &arguments.labels) {
        (Some(benchmark), _) => of_benchmark(&arguments.scores, benchmark)?,
        (None, Some(labels)) => scores::read(&arguments.scores, labels)?,
        (None, None) => bail!("--labels LABELS.csv or --benchmark DIR says whose the scans are"),
    };
    // 2.
    let spinner = context.progress.spinner("evaluating");
    let tried = match &arguments.calibration {
        Some(path) => frozen(path, &scores)?,
        None => unseen(arguments, &scores, benchmark.as_ref())?,
    };
    // 3.
    let protocol = Protocol {
        title: arguments.title.clone(),
        engine_version: scores.engine_version.clone().unwrap_or_else(|| "not stated".to_owned()),
        parameters_digest: scores.parameters_digest,
        scores_sha256: scores.scores_sha256,
        labels_sha256: scores.labels_sha256,
        weighing: tried.weighing,
        made: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        rounds: arguments.rounds as usize,
        seed: arguments.seed,
    };
    let file = || arguments.scores.display().to_string();
    let metrics = validation::measure(&protocol, &tried.pairs, &criteria).with_context(file)?;
    let page = validation::page(&protocol, &tried.pairs, &metrics).with_context(file)?;
    spinner.finish_and_clear();
    // 4.
    let out = &arguments.out;
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let ratios = mean_of_folds(&tried.pairs);
    write_file(&out.join("lrs.csv"), &lrs(&ratios)?)?;
    write_file(
        &out.join("metrics.json"),
        (serde_json::to_string_pretty(&metrics)? + "\n").as_bytes(),
    )?;
    write_file(&out.join("report.html"), page.as_bytes())?;
    if let Some(benchmark) = &benchmark {
        write_file(&out.join("submission.csv"), &submission(&ratios, benchmark)?)?;
    }
    if arguments.json {
        print_json(&metrics)?;
    } else {
        print(&describe(&metrics, out))?;
    }
    Ok(if metrics.passed == Some(false) { Outcome::NothingFound } else { Outcome::Done })
}

fn criteria(path: &Path) -> anyhow::Result<Criteria> {
    let read = || -> anyhow::Result<Criteria> {
        let text = fs::read_to_string(path)?;
        let settings = config::Config::builder()
            .add_source(config::File::from_str(&text, config::FileFormat::Toml))
            .build()?;
        Ok(settings.try_deserialize()?)
    };
    read().with_context(|| path.display().to_string())
}

/// The scores of a benchmark's pairs; what else was scored is passed over.
fn of_benchmark(path: &Path, benchmark: &Benchmark) -> anyhow::Result<LabelledScores> {
    let mut scores = scores::read_by(path, benchmark.sha256, |scan| {
        Ok(benchmark.source(scan).map(str::to_owned))
    })?;
    scores.comparisons.retain(|one| benchmark.pair([&one.questioned, &one.reference]).is_some());
    let (found, wanted) = (scores.comparisons.len(), benchmark.len());
    ensure!(
        found > 0,
        "{}: none of the benchmark's {wanted} pairs is among the scores",
        path.display()
    );
    if found < wanted {
        eprintln!(
            "warning: {}: {found} of the benchmark's {wanted} pairs were scored, the others are left out",
            path.display()
        );
    }
    Ok(scores)
}

fn evaluated(one: &LabelledComparison, log10_lr: f64, fold: Option<usize>) -> Evaluated {
    Evaluated {
        questioned: one.questioned.clone(),
        reference: one.reference.clone(),
        truth: one.truth(),
        sources: one.sources.clone(),
        score: one.features.fraction(),
        log10_lr,
        fold,
    }
}

/// By a calibration as it is.
fn frozen(path: &Path, scores: &LabelledScores) -> anyhow::Result<Tried> {
    let (calibration, sha256) = weight::calibration(path)?;
    let of = (&calibration.engine_version, calibration.parameters_digest);
    if let (Some(version), Some(digest)) = (&scores.engine_version, scores.parameters_digest) {
        ensure!(
            of == (version, digest),
            "{}: the calibration is of engine {} with parameters {}, the scores are of {version} with {digest}",
            path.display(),
            of.0,
            of.1
        );
    }
    let features: Vec<_> = scores.comparisons.iter().map(|one| one.features).collect();
    let pairs = scores.comparisons.iter().zip(calibration.log10_lrs(&features));
    let pairs = pairs.map(|(one, ratio)| evaluated(one, ratio, None));
    Ok(Tried {
        pairs: pairs.collect(),
        weighing: Weighing::Frozen(Frozen {
            sha256,
            population: calibration.population.name.clone(),
            lower: calibration.bounds.lower,
            upper: calibration.bounds.upper,
        }),
    })
}

/// By models that never saw the sources of a pair.
fn unseen(
    arguments: &EvaluateArguments,
    scores: &LabelledScores,
    benchmark: Option<&Benchmark>,
) -> anyhow::Result<Tried> {
    let comparisons = &scores.comparisons;
    let settings = CalibrationSettings { seed: arguments.seed, ..CalibrationSettings::default() };
    let holdout = Holdout::new(arguments, comparisons, benchmark)?;
    // What is trained on besides.
    let others = match (benchmark, &arguments.labels) {
        (Some(benchmark), Some(labels)) => {
            let mut others = scores::read(&arguments.scores, labels)?.comparisons;
            others.retain(|one| benchmark.pair([&one.questioned, &one.reference]).is_none());
            others
        }
        _ => Vec::new(),
    };
    let tried: Vec<Vec<Evaluated>> = holdout
        .models()
        .par_iter()
        .enumerate()
        .map(|(model, held_out)| {
            let all = comparisons.iter().chain(&others);
            let training: Vec<LabelledComparison> =
                all.filter(|one| within(held_out, one) == 0).cloned().collect();
            let fitted = Fitted::new(&scored(&training).0, &settings).with_context(|| {
                let held_out: Vec<&str> = held_out.iter().map(String::as_str).collect();
                format!("without {}", held_out.join(", "))
            })?;
            let test: Vec<&LabelledComparison> =
                comparisons.iter().filter(|one| holdout.tries(held_out, one)).collect();
            let ratios = fitted.log10_lrs(&test.iter().map(|one| one.features).collect::<Vec<_>>());
            let fold = holdout.fold(model);
            Ok(test
                .into_iter()
                .zip(ratios)
                .map(|(one, ratio)| evaluated(one, ratio, fold))
                .collect())
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(Tried { pairs: tried.concat(), weighing: holdout.protocol(comparisons) })
}

/// One likelihood ratio a pair: the mean of its logarithms where a pair is in several folds.
fn mean_of_folds(pairs: &[Evaluated]) -> BTreeMap<(&str, &str), f64> {
    let mut sums: BTreeMap<(&str, &str), (f64, f64)> = BTreeMap::new();
    for one in pairs {
        let sum = sums.entry((&one.questioned, &one.reference)).or_default();
        *sum = (sum.0 + one.log10_lr, sum.1 + 1.0);
    }
    sums.into_iter().map(|(pair, (sum, count))| (pair, sum / count)).collect()
}

fn lrs(ratios: &BTreeMap<(&str, &str), f64>) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["questioned", "reference", "log10_lr"])?;
    for ((questioned, reference), ratio) in ratios {
        writer.write_record([*questioned, *reference, &format!("{ratio:.6}")])?;
    }
    Ok(writer.into_inner()?)
}

fn submission(
    ratios: &BTreeMap<(&str, &str), f64>,
    benchmark: &Benchmark,
) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["pair_id", "lr"])?;
    for ((questioned, reference), ratio) in ratios {
        if let Some(pair) = benchmark.pair([questioned, reference]) {
            writer.write_record([pair, &format!("{:.6e}", libm::exp10(*ratio))])?;
        }
    }
    Ok(writer.into_inner()?)
}

/// The figures in a table, and where the rest is.
fn describe(metrics: &Metrics, out: &Path) -> String {
    let mut rows = vec![
        ["pairs of one source, of two".to_owned(), {
            format!("{}, {}", metrics.known_matches, metrics.known_non_matches)
        }],
        [
            "Cllr".to_owned(),
            match &metrics.cllr_interval {
                Some(Interval { low, high, .. }) => {
                    format!("{:.4} (by sources: {low:.4} to {high:.4})", metrics.cllr)
                }
                None => format!("{:.4}", metrics.cllr),
            },
        ],
        ["  least, calibration loss".to_owned(), {
            format!("{:.4}, {:.4}", metrics.cllr_min, metrics.calibration_loss)
        }],
        ["AUC, EER".to_owned(), format!("{:.4}, {:.4}", metrics.auc, metrics.eer)],
        ["misleading, of one source".to_owned(), rate(&metrics.misleading.false_non_match)],
        ["misleading, of two".to_owned(), rate(&metrics.misleading.false_match)],
        ["  more than tenfold".to_owned(), rate(&metrics.misleading_tenfold.false_match)],
    ];
    if let Some(mean) = metrics.cllr_fold_mean {
        rows.insert(2, ["  mean of folds".to_owned(), format!("{mean:.4}")]);
    }
    for criterion in &metrics.criteria {
        let met = if criterion.passed { "met" } else { "NOT met" };
        let found = format!("{:.4} for {:.4}: {met}", criterion.found, criterion.wanted);
        rows.push([criterion.name.clone(), found]);
    }
    let text = table(&["figure", "found"], rows.into_iter().map(Vec::from).collect());
    format!("{text}{}: report.html, metrics.json, lrs.csv\n", out.display())
}

fn rate(rate: &ErrorRate) -> String {
    format!("{} of {} (95 %: up to {:.4})", rate.errors, rate.cases, rate.upper)
}
