//! The command line of benchmarks.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Measure what this machine does, and what a search loses
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BenchCommand {
    Search(BenchSearchArguments),
}

/// Search a store of decoys for planted same-source scans: speed, memory, and what is lost
///
/// Decoys are made of the planted scans and as hard to tell from a mate as marks of other sources (a two-sample test is
/// reported). A decoy takes about 60 KB of disk, or none with --regenerate.
#[derive(Debug, Args)]
pub(in crate::cli) struct BenchSearchArguments {
    /// Number of decoys
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(in crate::cli) decoys: u32,
    /// Folder of scans to plant; by default synthetic ones
    #[arg(long, value_name = "DIR", requires = "labels")]
    pub(in crate::cli) planted: Option<PathBuf>,
    /// Ground truth of the planted scans: CSV with the columns file,source; files are relative to the folder, and those
    /// of one subfolder are one study
    #[arg(long, value_name = "LABELS.csv", requires = "planted")]
    pub(in crate::cli) labels: Option<PathBuf>,
    /// Planted scans to search for; by default all
    #[arg(long, value_name = "N")]
    pub(in crate::cli) questions: Option<usize>,
    /// What is done to the scans that are searched for
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_value = "none,turned")]
    pub(in crate::cli) harm: Vec<Harm>,
    /// Least share of same-source references that the stages are sized to keep, 0.5 to 1 [default: 0.999]
    #[arg(long, value_name = "SHARE")]
    pub(in crate::cli) recall: Option<f64>,
    /// Scans to search for at full depth too, among the first thousand references
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(in crate::cli) exhaustive: usize,
    /// Scans that are searched for at once, to hold one of many against one alone
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(in crate::cli) batch: usize,
    /// Do not store decoys: their signatures are made again when they are compared
    #[arg(long)]
    pub(in crate::cli) regenerate: bool,
    /// Where the store is made, and left; by default a temporary folder that is deleted afterwards
    #[arg(long, value_name = "DIR", conflicts_with = "regenerate")]
    pub(in crate::cli) store: Option<PathBuf>,
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(in crate::cli) seed: u64,
    /// Print the result as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// What is done to a scan before it is searched for. All but `none` turn it by a random angle first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Harm {
    /// As it was enrolled
    None,
    /// Turned by a random angle of 360 degrees
    Turned,
    /// Noise of half a standard deviation of the heights
    Noise,
    /// A fifth of the samples lost
    Dropout,
    /// Half of it cut away, in a random direction
    Half,
    /// Sampled at 12.5 um
    Coarse,
}
