//! What does a changed file say about where it comes from?

use crate::digest::Digest;
use crate::format::{FileFormat, Metadata, Warning};
use anyhow::ensure;

/// The file that was transformed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) name: &'a str,
    pub(super) sha256: Digest,
    pub(super) file_format: FileFormat,
}

impl Origin<'_> {
    /// The metadata of the new file: those of the old one, and in their comment what was done to which file
    /// by which engine, and what was odd about reading it.
    pub(super) fn written_into(
        self,
        metadata: Metadata,
        mut done: Vec<String>,
    ) -> anyhow::Result<Metadata> {
        let Metadata { comment, annotation_mask, warnings, .. } = &metadata;
        // Reading it so is a step by itself.
        let mut before = Vec::new();
        if warnings.contains(&Warning::ReadAsMicrometres) {
            before.push("lengths taken as um".to_owned());
        }
        if self.file_format != FileFormat::X3p {
            before.push(format!("converted from {}", self.file_format));
        }
        done.splice(0..0, before);
        ensure!(!done.is_empty(), "no step is named: see casemark transform --help");
        let others = warnings.iter().filter(|warning| **warning != Warning::ReadAsMicrometres);
        let mut odd: Vec<String> = others.map(ToString::to_string).collect();
        if *annotation_mask {
            odd.push("its mask.png is not carried over".to_owned());
        }
        let odd = if odd.is_empty() { String::new() } else { format!("; {}", odd.join("; ")) };
        let words = format!(
            "{} (casemark {}, of {}, SHA-256 {}{odd})",
            done.join(", "),
            crate::VERSION,
            self.name,
            self.sha256
        );
        let comment = Some(match comment {
            Some(comment) => format!("{comment}; {words}"),
            None => words,
        });
        Ok(Metadata { comment, ..metadata })
    }
}
