//! Scans into the store of a server, several on their way at once.

use super::connect::Settings;
use super::fault::upload;
use crate::cli::Context;
use crate::cli::correction::Corrected;
use crate::cli::enrol::{HowFound, Tally, Work};
use crate::cli::metadata::Entry;
use crate::cli::scans::read;
use crate::client::{Correction, Enrolment, Entered};
use crate::format::{self, ReadOptions};
use anyhow::{Context as _, bail};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

/// Scans on their way at once.
const AT_ONCE: usize = 4;

/// Where a person says that the mark of a scan is.
fn correction(
    path: &Path,
    entry: &Entry,
    options: &ReadOptions,
) -> anyhow::Result<Option<Correction>> {
    if entry.correction.is_empty() {
        return Ok(None);
    }
    let (scan, _) = read(path, options)?;
    let corrected = entry.correction.on(&scan.surface, entry.mark, options);
    let corrected = corrected.with_context(|| path.display().to_string())?;
    corrected
        .map(|Corrected { regions, how }| {
            Ok(Correction { regions: format::write_regions(&regions)?, how })
        })
        .transpose()
}

/// Enters scans at a server; each is told of, in the order of paths, once it is safe on the server's disk.
pub(in crate::cli) fn enrol(
    context: &Context,
    settings: &Settings,
    work: &Work,
) -> anyhow::Result<Tally> {
    for path in &work.paths {
        if work.entry(path).exhibit.laboratory.is_empty() {
            bail!(
                "{}: of which laboratory? give --laboratory, a column `laboratory` in the metadata, or a client certificate (--cert), which names one",
                path.display()
            );
        }
    }
    let remote = settings.connect(context)?;
    let bar = context.progress.bar(work.paths.len() as u64, "enrolling");
    let mut tally = Tally::default();
    let faults = RefCell::new(BTreeMap::new());
    let enrolments = work.paths.iter().enumerate().filter_map(|(place, path)| {
        let entry = work.entry(path);
        let read = || Ok((upload(path, &work.options)?, correction(path, entry, &work.options)?));
        match read() {
            Ok((upload, correction)) => {
                let (exhibit, mark) = (entry.exhibit.clone(), entry.mark);
                let how = correction.as_ref().map(|correction| correction.how.clone());
                Some(((place, path, how), Enrolment { exhibit, mark, upload, correction }))
            }
            Err(error) => {
                faults.borrow_mut().insert(place, error);
                bar.inc(1);
                None
            }
        }
    });
    remote.wait(remote.client().enrol_all(
        enrolments,
        AT_ONCE,
        |(place, path, how), entered| {
            bar.inc(1);
            let error = match entered {
                Ok(Entered { enrolled, confidence, findings }) => {
                    let correction = how.as_deref();
                    let how = HowFound { confidence, correction, findings: &findings };
                    return tally.entered(&bar, path, &enrolled, how, work.json);
                }
                Err(error) => error,
            };
            let of_server =
                error.cause.refused().is_some_and(|refused| refused.request_id.is_some());
            let error = anyhow::Error::from(error).context(path.display().to_string());
            // Without a server there is no use in going on.
            if !of_server {
                return Err(error);
            }
            faults.borrow_mut().insert(place, error);
            Ok(())
        },
    ))?;
    bar.finish_and_clear();
    faults.into_inner().values().for_each(|error| tally.refused(error));
    Ok(tally)
}
