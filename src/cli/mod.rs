//! The `casemark` program: from words on a command line to an exit code.
//!
//! `args` is the command line as typed; one file a subcommand resolves and runs it; `output` is the
//! only place that writes results, `scans` the only one that opens scans, `remote` the verbs at a server. Exit codes: 0 done, 1 nothing
//! found, 2 failed; an error names the file or record, what was found and what was wanted.

mod args;
mod audit;
mod batch;
mod bench;
mod benchmark;
mod calibrate;
mod certs;
mod compare;
mod completions;
mod config;
mod correction;
mod demo;
mod enrol;
mod evaluate;
mod exhibits;
mod found;
mod holdout;
mod inspect;
mod library;
mod metadata;
mod origin;
mod output;
mod parameters;
mod progress;
mod quality;
mod record;
mod remote;
mod render;
mod scans;
mod scores;
mod search;
mod segment;
mod serve;
mod share;
mod show;
mod simulate;
mod store;
mod striation;
mod transform;
mod weight;
mod withdraw;

use crate::correlate::fft::Arithmetic;
use crate::matcher::Engine;
use crate::parameters::Parameters;
use args::{Arguments, Command};
use clap::Parser as _;
use progress::Progress;
use std::process::ExitCode;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1.
    NothingFound,
}

/// What every command needs.
struct Context {
    engine: Engine,
    progress: Progress,
}

/// Parses the command line and runs it.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::NothingFound) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<Outcome> {
    let Arguments { command, engine } = arguments;
    if let Some(threads) = engine.threads {
        rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global()?;
    }
    let arithmetic = if engine.portable { Arithmetic::Portable } else { Arithmetic::Vectorised };
    let context = Context {
        engine: Engine::new(Parameters::default(), arithmetic),
        progress: Progress::new(engine.quiet),
    };
    match command {
        Command::Compare(arguments) => compare::run(&context, &arguments),
        Command::Batch(arguments) => batch::run(&context, &arguments),
        Command::Calibrate(arguments) => calibrate::run(&context, &arguments),
        Command::Evaluate(arguments) => evaluate::run(&context, &arguments),
        Command::Bench(command) => bench::run(&context, &command),
        Command::Enrol(arguments) => enrol::run(&context, &arguments),
        Command::Search(arguments) => search::run(&context, &arguments),
        Command::Show(arguments) => show::run(&context, &arguments),
        Command::Withdraw(arguments) => withdraw::run(&context, &arguments),
        Command::Inspect(arguments) => inspect::run(&context, &arguments),
        Command::Store(arguments) => store::run(&context, arguments),
        Command::Transform(arguments) => transform::run(&context, &arguments),
        Command::Render(arguments) => render::run(&arguments),
        Command::Segment(arguments) => segment::run(&context, &arguments),
        Command::Striation(arguments) => striation::run(&context, &arguments),
        Command::Simulate(arguments) => simulate::run(&context, &arguments),
        Command::Demo(arguments) => demo::run(&context, &arguments),
        Command::Share(arguments) => share::run(&context, &arguments),
        Command::Audit(command) => audit::run(&context, &command),
        Command::Config(command) => config::run(&command),
        Command::Certs(arguments) => certs::run(&arguments),
        Command::Serve(arguments) => serve::run(&context, &arguments),
        Command::Parameters(arguments) => parameters::run(&context, &arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
