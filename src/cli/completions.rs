//! `casemark completions`: what a shell needs to complete our commands.

use super::Outcome;
use super::args::{Arguments, CompletionsArguments};
use super::output::print;
use clap::CommandFactory as _;

pub(super) fn run(arguments: &CompletionsArguments) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "casemark", &mut script);
    print(&String::from_utf8(script)?)?;
    Ok(Outcome::Done)
}
