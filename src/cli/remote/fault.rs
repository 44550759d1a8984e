//! Files on their way to a server, and which of them an error is about.

use crate::cli::scans::bytes;
use crate::client::{ClientError, Upload};
use crate::format::ReadOptions;
use anyhow::Context as _;
use std::path::Path;

/// A file as it is sent.
pub(in crate::cli) fn upload(path: &Path, options: &ReadOptions) -> anyhow::Result<Upload> {
    let read = || -> anyhow::Result<Upload> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Upload::new(name, bytes(path, options)?, options)?)
    };
    read().with_context(|| path.display().to_string())
}

/// An error with the file that it is about, if it is about one of these, which the request knows by these fields.
pub(in crate::cli) fn of_file(error: ClientError, files: &[(&str, &Path)]) -> anyhow::Error {
    let about = error.cause.refused().and_then(|refused| {
        files.iter().find(|(field, _)| {
            let mut fields = refused.violations.iter().map(|violation| &violation.field);
            refused.message.starts_with(field) || fields.any(|name| name.starts_with(field))
        })
    });
    match about {
        Some((_, path)) => anyhow::Error::from(error).context(path.display().to_string()),
        None => error.into(),
    }
}
