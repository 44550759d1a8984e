//! The `casemark` program: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    casemark::cli::main()
}
