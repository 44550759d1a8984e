//! `casemark config`: the service's configuration, printed and checked.

use super::Outcome;
use super::args::ConfigCommand;
use super::output::print;
use crate::config::{Config, ConfigFile};
use anyhow::Context as _;
use std::path::Path;

pub(super) fn run(command: &ConfigCommand) -> anyhow::Result<Outcome> {
    match command {
        ConfigCommand::Print => print(&Config::print())?,
        ConfigCommand::Check(arguments) => {
            let config = load(arguments.config.as_deref(), [])?;
            let named =
                arguments.config.as_deref().map_or("the defaults".into(), Path::to_string_lossy);
            print(&format!(
                "{named}: fit to use, with {} laboratories\n",
                config.laboratory.len()
            ))?;
            if let Err(error) = config.check_callers() {
                eprintln!("warning: `serve` will refuse it, since nobody could call: {error}");
            }
        }
    }
    Ok(Outcome::Done)
}

/// The configuration from a file, the environment, and what goes before both.
pub(super) fn load(
    path: Option<&Path>,
    overrides: impl IntoIterator<Item = (String, String)>,
) -> anyhow::Result<Config> {
    let read =
        |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
    let text = path.map(read).transpose()?;
    let name = path.map(|path| path.display().to_string());
    let file = name.as_deref().zip(text.as_deref()).map(|(name, text)| ConfigFile { name, text });
    // Only ours: others need not be Unicode.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Config::load(file, environment.chain(overrides))?)
}
