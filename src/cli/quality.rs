//! Quality at the door: what is said of a scan before it is entered, and by which rules.

use super::config;
use crate::quality::{Finding, Level, Rules};
use std::fmt::Write as _;
use std::path::Path;

/// The rules of a configuration, or the default ones; variables of the environment go before both.
pub(super) fn rules(config: Option<&Path>) -> anyhow::Result<Rules> {
    Ok(config::load(config, [])?.quality.rules()?)
}

/// A line a finding.
pub(super) fn lines(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { level, words, .. } in findings {
        let level = match level {
            Level::Note => "note",
            Level::Warn => "warning",
            Level::Refuse => "refused",
        };
        let _ = writeln!(text, "{level:<18}{words}");
    }
    text
}
