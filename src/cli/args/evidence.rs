//! What scores are worth: calibrations, made and used.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Which scores, and whose.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ScoresArguments {
    /// Scores of pairs: the CSV of `casemark batch`
    #[arg(long, value_name = "SCORES.csv")]
    pub(in crate::cli) scores: PathBuf,
    /// Ground truth: CSV with the columns file,source. A file is named as in the scores, or by the end of that path
    #[arg(long, value_name = "LABELS.csv")]
    pub(in crate::cli) labels: PathBuf,
}

/// Make a calibration: what scores are worth, as likelihood ratios of a reference population
///
/// From scores of pairs whose sources are known. The method is the one that does best on sources it has not seen, unless
/// --method names it. The file holds the model, its bounds and intervals, the population, and the very comparisons.
#[derive(Debug, Args)]
pub(in crate::cli) struct CalibrateArguments {
    #[command(flatten)]
    pub(in crate::cli) scores: ScoresArguments,
    /// Where the calibration goes (written whole, or not at all)
    #[arg(long, value_name = "CALIBRATION.json")]
    pub(in crate::cli) out: PathBuf,
    /// Name of the reference population; by default that of the scores' file
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) population: Option<String>,
    /// Kind of mark that the scans are of
    #[arg(long, value_name = "MARK", default_value = "breech_face")]
    pub(in crate::cli) mark: crate::store::MarkKind,
    /// What the scans are
    #[arg(long, value_name = "KIND", default_value = "topography")]
    pub(in crate::cli) kind: SurfaceKind,
    /// A calibre of the population (repeat it for each): others get no likelihood ratio. By default any
    #[arg(long, value_name = "CALIBRE")]
    pub(in crate::cli) calibre: Vec<String>,
    /// An instrument of the population (repeat it for each), as its files write manufacturer and model: others get no likelihood
    /// ratio, where a file says what measured it. By default any
    #[arg(long, value_name = "INSTRUMENT")]
    pub(in crate::cli) instrument: Vec<String>,
    /// Use this method rather than the best
    #[arg(long, value_name = "METHOD")]
    pub(in crate::cli) method: Option<MethodName>,
    /// Folds to which sources are dealt to try methods on sources they have not seen, where they are more than 21; else
    /// those of every pair are held out by themselves
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    pub(in crate::cli) folds: u16,
    /// Rounds of the bootstrap over sources, for the intervals
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(20..))]
    pub(in crate::cli) rounds: u32,
    /// Same seed, same calibration
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// Print what was made as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum SurfaceKind {
    /// Measured heights
    Topography,
    /// Images
    Reflectance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MethodName {
    /// Counts of congruent cells, beta-binomial for same and for different sources
    BetaBinomial,
    /// The same, but binomial for different sources
    BetaBinomialAndBinomial,
    /// Congruent cells and cross-correlation, by logistic regression
    Logistic,
    /// Density of the share of congruent cells
    KernelDensity,
    /// Order of the share of congruent cells alone
    Isotonic,
}

/// Measure how good likelihood ratios are on labelled scores, and write a validation report
///
/// By a frozen calibration (--calibration), or by models that never saw the sources they are tried on: folds of a file, of
/// the benchmark, or dealt. Writes lrs.csv, metrics.json and report.html, and for a benchmark submission.csv.
/// Exit code 1 where a criterion is not met.
#[derive(Debug, Args)]
pub(in crate::cli) struct EvaluateArguments {
    /// Scores of pairs: the CSV of `casemark batch`
    #[arg(long, value_name = "SCORES.csv")]
    pub(in crate::cli) scores: PathBuf,
    /// Ground truth: CSV with the columns file,source. A file is named as in the scores, or by the end of that path
    #[arg(long, value_name = "LABELS.csv", required_unless_present = "benchmark")]
    pub(in crate::cli) labels: Option<PathBuf>,
    /// A frozen benchmark's folder (marks.csv.gz, pairs.csv.gz, folds.json) in place of labels and folds. Its marks are found
    /// among the scores by the name of the file. With --labels too, other scans of sources that are not tested are trained on
    #[arg(long, value_name = "DIR", conflicts_with_all = ["folds", "deal"])]
    pub(in crate::cli) benchmark: Option<PathBuf>,
    /// Weigh by this calibration, frozen
    #[arg(long, value_name = "CALIBRATION.json", conflicts_with_all = ["folds"])]
    pub(in crate::cli) calibration: Option<PathBuf>,
    /// Folds: JSON list of {"test_sources": [...]}. Models are fitted to pairs without any of them
    #[arg(long, value_name = "FOLDS.json")]
    pub(in crate::cli) folds: Option<PathBuf>,
    /// Deal sources to so many folds; by default every pair is weighed by a model that has neither of its sources, and
    /// more than 12 sources are dealt to 5
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..), conflicts_with_all = ["folds", "calibration"])]
    pub(in crate::cli) deal: Option<u16>,
    /// Folder for the results, made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,
    /// Criteria that were set beforehand: TOML, for instance cllr_at_most = 0.1
    #[arg(long, value_name = "CRITERIA.toml")]
    pub(in crate::cli) criteria: Option<PathBuf>,
    /// Title of the report
    #[arg(long, value_name = "TITLE", default_value = "Validation of likelihood ratios")]
    pub(in crate::cli) title: String,
    /// Rounds of the bootstrap over sources
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(20..))]
    pub(in crate::cli) rounds: u32,
    /// Same seed, same deal and draws
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// Print the metrics as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// Which calibration weighs scores.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What scores are worth")]
pub(in crate::cli) struct CalibrationArguments {
    /// Weigh scores by this calibration, of `casemark calibrate`; without one they rank only. Repeat it for other kinds of mark
    #[arg(long, value_name = "CALIBRATION.json", env = "CASEMARK_CALIBRATION")]
    pub(in crate::cli) calibration: Vec<PathBuf>,
    /// The calibration's validation, of several calibrations in their order: metrics.json of `casemark evaluate --calibration --criteria`. Where it passed, ratios are of
    /// the class that is statistically validated
    #[arg(long, value_name = "METRICS.json", env = "CASEMARK_VALIDATION")]
    pub(in crate::cli) validation: Vec<PathBuf>,
}
