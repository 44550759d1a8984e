//! The command line as typed.
//!
//! Declared once, here; what it means is resolved by the file of each subcommand.

mod bench;
mod evidence;
mod region;
mod surface;

pub(super) use bench::{BenchCommand, BenchSearchArguments, Harm};
pub(super) use evidence::{
    CalibrateArguments, CalibrationArguments, EvaluateArguments, MethodName, SurfaceKind,
};
pub(super) use region::{
    AuditCommand, AuditListArguments, AuditOutcome, AuditVerifyArguments, CertsArguments,
    CheckpointArguments, ConfigCommand, ServeArguments, ShareArguments, ShareWith,
};

pub(super) use surface::{
    CorrectionArguments, RenderArguments, RenderedAs, RenderedLevel, SegmentArguments,
    StriationArguments, TransformArguments,
};

use super::remote::{RemoteArguments, SourceArguments};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Compares and searches the marks that a firearm leaves on cartridge cases.
///
/// Scores and leads, not decisions: only an examiner makes a hit. Exit codes: 0 done, 1 nothing found,
/// 2 failed.
#[derive(Debug, Parser)]
#[command(name = "casemark", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) engine: EngineArguments,
}

#[derive(Debug, Args)]
pub(super) struct EngineArguments {
    /// Use scalar arithmetic only: slower, and the same bytes on every kind of processor
    #[arg(long, global = true)]
    pub(super) portable: bool,
    /// Number of threads; by default RAYON_NUM_THREADS or one a core. Results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
    /// Show no progress
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Compare(CompareArguments),
    Batch(BatchArguments),
    Calibrate(CalibrateArguments),
    Evaluate(EvaluateArguments),
    #[command(subcommand)]
    Bench(BenchCommand),
    Enrol(EnrolArguments),
    Search(SearchArguments),
    Show(ShowArguments),
    Withdraw(WithdrawArguments),
    Inspect(InspectArguments),
    #[command(subcommand)]
    Store(StoreCommand),
    Transform(TransformArguments),
    Render(RenderArguments),
    Segment(SegmentArguments),
    Striation(StriationArguments),
    Simulate(SimulateArguments),
    Demo(DemoArguments),
    Share(ShareArguments),
    #[command(subcommand)]
    Audit(AuditCommand),
    #[command(subcommand)]
    Config(ConfigCommand),
    Certs(CertsArguments),
    Serve(ServeArguments),
    Parameters(ParametersArguments),
    Completions(CompletionsArguments),
}

/// Who it is, for the audit log.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Who it is")]
pub(super) struct ActorArguments {
    /// Who does it, for the audit log: by default the user of this machine. A server goes by the client certificate
    #[arg(long, value_name = "NAME", env = "USER", default_value = "local", hide_env = true)]
    pub(super) actor: String,
    /// For which laboratory; also that of scans that the metadata does not name one for: by default `local`,
    /// and with a server the one that the client certificate names
    #[arg(long, value_name = "NAME", env = "CASEMARK_LABORATORY")]
    pub(super) laboratory: Option<String>,
}

impl ActorArguments {
    /// Who looks, for verbs that enter nothing.
    pub(super) fn of(actor: &str) -> Self {
        Self { actor: actor.to_owned(), laboratory: std::env::var("CASEMARK_LABORATORY").ok() }
    }

    /// The laboratory on this machine.
    pub(super) fn laboratory(&self) -> &str {
        self.laboratory.as_deref().unwrap_or("local")
    }
}

/// What the caller states about the files that are read.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reading scans")]
pub(super) struct ReadArguments {
    /// Sample distance of images that do not state it (PNG, TIFF, BMP, JPEG), um
    #[arg(long, value_name = "UM")]
    pub(super) spacing_um: Option<f64>,
    /// Unit in which X3P, AL3D and SDF state lengths: metres, as their formats demand, um against them, or either, file by file:
    /// no size of a cartridge case can be taken for both
    #[arg(long, value_name = "UNIT", default_value = "m")]
    pub(super) spacing_unit: SpacingUnit,
    /// Unit of the samples of floating-point TIFF topographies
    #[arg(long, value_name = "UNIT")]
    pub(super) height_unit: Option<HeightUnit>,
    /// Accept an X3P whose main.xml was changed after its checksum was made
    #[arg(long)]
    pub(super) accept_edited_manifest: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SpacingUnit {
    M,
    Um,
    Either,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum HeightUnit {
    M,
    Mm,
    Um,
    Nm,
}

/// Compare a questioned scan with a reference
///
/// Either may be a file, or `scan:ID` for a scan of a store (with --store) or of a server (with --server). With
/// --server or --profile files are sent to the server and compared there.
#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// Scan of the questioned mark: a file, or scan:ID
    pub(super) questioned: PathBuf,
    /// Scan of the mark it is compared with: a file, or scan:ID
    pub(super) reference: PathBuf,
    /// Mark that files show; a scan of a store says so itself: breech_face, firing_pin, ejector or aperture_shear
    #[arg(long, value_name = "MARK", default_value = "breech_face")]
    pub(super) mark: crate::store::MarkKind,
    /// Print the comparison, with every cell, as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Write a picture of the aligned surfaces and their cells
    #[arg(long, value_name = "OUT.png")]
    pub(super) picture: Option<PathBuf>,
    #[command(flatten)]
    pub(super) calibration: CalibrationArguments,
    #[command(flatten)]
    pub(super) source: SourceArguments,
    /// Who compares, for the audit log of a store on this machine
    #[arg(long, value_name = "NAME", env = "USER", default_value = "local", hide_env = true)]
    pub(super) actor: String,
    #[command(flatten)]
    pub(super) correction: CorrectionArguments,
    #[command(flatten)]
    pub(super) read: ReadArguments,
}

/// Compare all pairs of the scans, or listed ones, into a CSV file
#[derive(Debug, Args)]
pub(super) struct BatchArguments {
    /// Scans, or folders of them (walked)
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Pairs to compare: CSV with the columns questioned,reference. A name is a path as found under
    /// PATH, the end of one, or a path of its own
    #[arg(long, value_name = "PAIRS.csv")]
    pub(super) pairs: Option<PathBuf>,
    /// Where the scores go (written whole, or not at all)
    #[arg(long, value_name = "SCORES.csv")]
    pub(super) out: PathBuf,
    /// Mark that the scans show: breech_face, firing_pin, ejector or aperture_shear
    #[arg(long, value_name = "MARK", default_value = "breech_face")]
    pub(super) mark: crate::store::MarkKind,
    /// Leave out scans that cannot be read, write the rest, and exit with 2
    #[arg(long)]
    pub(super) keep_going: bool,
    #[command(flatten)]
    pub(super) remote: RemoteArguments,
    #[command(flatten)]
    pub(super) read: ReadArguments,
}

/// Enter scans into a reference store, which is made if it is not there, or into that of a server
#[derive(Debug, Args)]
pub(super) struct EnrolArguments {
    /// Scans, or folders of them (walked)
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) source: SourceArguments,
    /// What is known of the exhibits: CSV with a column `file` (a path, or the end of one) and any of
    /// laboratory, case_number, label, country, calibre, firearm_label, firearm_make, firearm_model,
    /// incident, notes, mark, mask. Rows of one laboratory, case number and label are one exhibit; a mask is a file as
    /// for --mask, named from the folder of the CSV
    #[arg(long, value_name = "M.csv")]
    pub(super) metadata: Option<PathBuf>,
    /// Mark of the scans that the metadata does not name one for: breech_face, firing_pin, ejector or
    /// aperture_shear. With several, with commas between them (in the metadata with semicolons), those that a whole head shows
    /// are entered as one exhibit
    #[arg(long, value_name = "MARK", default_value = "breech_face", value_delimiter = ',')]
    pub(super) mark: Vec<crate::store::MarkKind>,
    /// Print one JSON object a mark, once it is safe on the disk
    #[arg(long)]
    pub(super) json: bool,
    /// Configuration whose section `quality` says how good a scan has to be, instead of the defaults; a server has its
    /// own
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) actor: ActorArguments,
    #[command(flatten)]
    pub(super) correction: CorrectionArguments,
    #[command(flatten)]
    pub(super) read: ReadArguments,
}

/// Search a store, or that of a server, for the references most like questioned scans
///
/// The index scores every reference at every rotation; the most alike are registered near the pose that it gives, and the
/// best of these compared in full. How many go on follows from the recall that is wanted. With --json and more than one PATH, or a folder,
/// the results are a list.
#[derive(Debug, Args)]
pub(super) struct SearchArguments {
    /// Scans of questioned marks, or folders of them (walked)
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) source: SourceArguments,
    /// Number of candidates
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) top: u32,
    /// Compare every reference in full, for audits: about 24 ms a reference and core
    #[arg(long)]
    pub(super) exhaustive: bool,
    /// Least share of same-source references that the stages are sized to keep, 0.5 to 1; 1 is --exhaustive [default: 0.999]
    #[arg(long, value_name = "SHARE", conflicts_with = "exhaustive")]
    pub(super) recall: Option<f64>,
    /// Print candidates and summary as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) calibration: CalibrationArguments,
    #[command(flatten)]
    pub(super) filter: FilterArguments,
    /// Who searches, for the audit log of a store on this machine
    #[arg(long, value_name = "NAME", env = "USER", default_value = "local", hide_env = true)]
    pub(super) actor: String,
    #[command(flatten)]
    pub(super) read: ReadArguments,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Filters (an unknown calibre or country passes unless excluded)")]
pub(super) struct FilterArguments {
    /// Mark that is searched for: breech_face, firing_pin, ejector or aperture_shear. With several, with commas between them,
    /// those that a whole head shows are searched for and weighed together, exhibit by exhibit
    #[arg(long, value_name = "MARK", default_value = "breech_face", value_delimiter = ',')]
    pub(super) mark: Vec<crate::store::MarkKind>,
    /// Only references of this calibre
    #[arg(long)]
    pub(super) calibre: Option<String>,
    /// Only references from this country (ISO 3166-1 alpha-2)
    #[arg(long)]
    pub(super) country: Option<crate::store::Country>,
    /// Only references of this laboratory
    #[arg(long, value_name = "NAME")]
    pub(super) laboratory: Option<String>,
    /// Only references of cases with this number
    #[arg(long, value_name = "NUMBER")]
    pub(super) case_number: Option<String>,
    /// Leave out references whose calibre or country is not known
    #[arg(long)]
    pub(super) exclude_unknown: bool,
}

/// Show a record of a store, or of that of a server
#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// Identifier of a case, firearm, exhibit, mark or scan, its first characters, or the SHA-256 of an
    /// original file
    pub(super) id: String,
    #[command(flatten)]
    pub(super) source: SourceArguments,
    /// Print it as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Write the original file of a scan here
    #[arg(long, value_name = "FILE")]
    pub(super) original: Option<PathBuf>,
    /// Write the parts by which the mark of a scan was found: a PNG with each part in its colour, or the scan as an X3P
    /// with them as its mask
    #[arg(long, value_name = "PNG|X3P")]
    pub(super) regions: Option<PathBuf>,
    /// With --regions: those that the engine found, also where a person corrected them
    #[arg(long, requires = "regions")]
    pub(super) automatic: bool,
}

/// Take an exhibit or a scan out of every search, for ever
#[derive(Debug, Args)]
pub(super) struct WithdrawArguments {
    /// Identifier of the exhibit or scan, or its first characters
    pub(super) id: String,
    /// Why; it stays in the store
    #[arg(long)]
    pub(super) reason: String,
    #[command(flatten)]
    pub(super) source: SourceArguments,
    #[command(flatten)]
    pub(super) actor: ActorArguments,
}

/// Say what is in a scan, and whether a signature can be had from it
#[derive(Debug, Args)]
pub(super) struct InspectArguments {
    /// The scan
    pub(super) file: PathBuf,
    /// Mark that is asked for: breech_face, firing_pin, ejector or aperture_shear
    #[arg(long, value_name = "MARK", default_value = "breech_face")]
    pub(super) mark: crate::store::MarkKind,
    /// Configuration whose section `quality` says how good a scan has to be, instead of the defaults
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Reference store: says whether the mark is there already
    #[arg(long, value_name = "DIR")]
    pub(super) store: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) read: ReadArguments,
}

/// Look after a reference store
#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Count what is in the store
    Stats(LookArguments),
    /// Check every object, record and index entry
    Verify(LookArguments),
    /// Make the index anew from the objects
    Rebuild(StoreArguments),
    /// Delete the files of what was withdrawn
    Purge(ChangeArguments),
    /// Take in everything that another store knows
    Merge(MergeArguments),
    /// Extract signatures of the present parameters from the originals, where they are missing
    Upgrade(UpgradeArguments),
}

#[derive(Debug, Args)]
pub(super) struct LookArguments {
    #[command(flatten)]
    pub(super) source: SourceArguments,
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct StoreArguments {
    /// The store
    #[arg(long, value_name = "DIR")]
    pub(super) store: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ChangeArguments {
    #[command(flatten)]
    pub(super) store: StoreArguments,
    #[command(flatten)]
    pub(super) actor: ActorArguments,
}

#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    #[command(flatten)]
    pub(super) store: StoreArguments,
    #[command(flatten)]
    pub(super) actor: ActorArguments,
    /// The other store; it is not changed
    #[arg(long, value_name = "DIR")]
    pub(super) from: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct UpgradeArguments {
    #[command(flatten)]
    pub(super) store: StoreArguments,
    #[command(flatten)]
    pub(super) actor: ActorArguments,
    #[command(flatten)]
    pub(super) read: ReadArguments,
}

/// Make synthetic breech faces or whole heads, the same for the same seed
#[derive(Debug, Args)]
pub(super) struct SimulateArguments {
    /// Folder for the X3P files, labels.csv (file,source) and truth.csv
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Number of firearms
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) firearms: u32,
    /// Number of cartridge cases fired by each
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) shots: u32,
    /// Seed of everything random
    #[arg(long, value_name = "S")]
    pub(super) seed: u64,
    /// Sample distance, um
    #[arg(long, value_name = "UM", default_value_t = 6.25)]
    pub(super) spacing_um: f64,
    /// Whole heads as a microscope measures them, each with its true parts as a PNG, which --mask of other verbs takes
    #[arg(long)]
    pub(super) heads: bool,
}

/// Enrol the synthetic cases of testdata/ into a fresh store, search it, and print what is found
#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// Folder with the scans
    #[arg(long, value_name = "DIR", default_value = "testdata/demo")]
    pub(super) testdata: PathBuf,
    /// Where the store is made; by default a temporary folder that is deleted afterwards
    #[arg(long, value_name = "DIR")]
    pub(super) store: Option<PathBuf>,
}

/// List every parameter with unit, bounds, default and source
#[derive(Debug, Args)]
pub(super) struct ParametersArguments {
    /// Mark that they are for: breech_face, firing_pin, ejector or aperture_shear
    #[arg(long, value_name = "MARK", default_value = "breech_face")]
    pub(super) mark: crate::store::MarkKind,
    /// Print them as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Print the completions of a shell
#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// Which shell
    pub(super) shell: clap_complete::Shell,
}
