//! What does the service do under load, and under attack?
//!
//! A load generator and a set of hostile clients for `casemark serve`, which runs as a process of its own and is spoken to
//! over mutual TLS as a laboratory would:
//!
//! ```text
//! cargo build --release && cargo run --release --features load --example load -- fill --store region
//! cargo run --release --features load --example load -- run --store region       # the load
//! cargo run --release --features load --example load -- stop --store region      # SIGTERM in its middle, and how soon it is back
//! cargo run --release --features load --example load -- hostile --store region   # slow and hostile clients beside honest ones
//! ```
//!
//! Exit codes: 0 everything was as it has to be, 2 something was not.

mod attacks;
mod catalogue;
mod clients;
mod fill;
mod honest;
mod hostile;
mod malformed;
mod mix;
mod process;
mod report;
mod run;
mod scans;
mod wire;
mod world;

use clap::Parser;
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "load", about = "Load and hostile clients for `casemark serve`")]
enum Command {
    Fill(fill::FillArguments),
    Run(run::RunArguments),
    Stop(run::StopArguments),
    Hostile(hostile::HostileArguments),
}

fn main() -> ExitCode {
    match execute(Command::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is as it has to be.
fn execute(command: Command) -> anyhow::Result<bool> {
    if let Command::Fill(arguments) = &command {
        fill::run(arguments)?;
        return Ok(true);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Fill(_) => Ok(true),
            Command::Run(arguments) => run::run(&arguments).await,
            Command::Stop(arguments) => run::stop(&arguments).await,
            Command::Hostile(arguments) => hostile::run(arguments).await,
        }
    })
}
