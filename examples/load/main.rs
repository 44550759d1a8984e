//! What does the service do under load, and under attack?
//!
//! A load generator and a set of hostile clients for `casemark serve`, which runs as a process of its own and is spoken to
//! over mutual TLS as a laboratory would:
//!
//! ```text
//! cargo build --release && cargo run --release --example load -- fill --store region
//! cargo run --release --example load -- run --store region       # the load
//! cargo run --release --example load -- stop --store region      # SIGTERM in its middle, and how soon it is back
//! cargo run --release --example load -- hostile --store region   # slow and hostile clients beside honest ones
//! ```
//!
//! Exit codes: 0 everything was as it has to be, 2 something was not.

mod fill;
mod scans;
mod world;

use clap::Parser;
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "load", about = "Load and hostile clients for `casemark serve`")]
enum Command {
    Fill(fill::FillArguments),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Fill(arguments) => fill::run(&arguments).map(|()| true),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
