//! Scans into the store of a server, several on their way at once.

use super::connect::Settings;
use super::fault::upload;
use crate::cli::Context;
use crate::cli::correction::Corrected;
use crate::cli::enrol::{HowFound, Tally, Work, none_shown};
use crate::cli::metadata::Entry;
use crate::cli::scans::read;
use crate::client::{Correction, Enrolment, Entered};
use crate::format::{self, ReadOptions};
use crate::mark::Look;
use crate::surface::MarkKind;
use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
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
    // It is of one mark.
    let Some(mark) = entry.marks.first() else { return Ok(None) };
    let corrected = entry.correction.on(&scan.surface, *mark, options);
    let corrected = corrected.with_context(|| path.display().to_string())?;
    corrected
        .map(|Corrected { regions, how }| {
            Ok(Correction { regions: format::write_regions(&regions)?, how })
        })
        .transpose()
}

/// The marks to enter of a scan: of several those that it shows, by what is found here. The server finds them anew.
fn marks(
    context: &Context,
    path: &Path,
    entry: &Entry,
    work: &Work,
    bar: &ProgressBar,
) -> anyhow::Result<Vec<MarkKind>> {
    if entry.marks.len() == 1 {
        return Ok(entry.marks.clone());
    }
    let (scan, _) = read(path, &work.options)?;
    let mut look = Look::at(&scan.surface);
    let mut shown = Vec::new();
    for mark in entry.marks.iter().copied() {
        let engine = context.engine.of_mark(mark);
        let found = look.mark_of_head(mark.region(), &engine.parameters().segmentation);
        match found.with_context(|| path.display().to_string())? {
            Some(_) => shown.push(mark),
            None => Tally::not_shown(bar, path, mark, work.json)?,
        }
    }
    if shown.is_empty() {
        return Err(none_shown(path));
    }
    Ok(shown)
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
    let enrolments = work.paths.iter().enumerate().flat_map(|(place, path)| {
        let entry = work.entry(path);
        let read = || -> anyhow::Result<Vec<_>> {
            let marks = marks(context, path, entry, work, &bar)?;
            let upload = upload(path, &work.options)?;
            let correction = correction(path, entry, &work.options)?;
            let how = correction.as_ref().map(|correction| correction.how.clone());
            let last = marks.len() - 1;
            let each = marks.into_iter().enumerate().map(|(number, mark)| {
                let (exhibit, upload) = (entry.exhibit.clone(), upload.clone());
                let enrolment = Enrolment { exhibit, mark, upload, correction: correction.clone() };
                ((place, path, mark, how.clone(), number == last), enrolment)
            });
            Ok(each.collect())
        };
        read().unwrap_or_else(|error| {
            faults.borrow_mut().insert((place, None), error);
            bar.inc(1);
            Vec::new()
        })
    });
    remote.wait(remote.client().enrol_all(
        enrolments,
        AT_ONCE,
        |(place, path, mark, how, last), entered| {
            bar.inc(u64::from(last));
            let error = match entered {
                Ok(Entered { enrolled, confidence, findings }) => {
                    let correction = how.as_deref();
                    let how = HowFound { mark, confidence, correction, findings: &findings };
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
            faults.borrow_mut().insert((place, Some(mark)), error);
            Ok(())
        },
    ))?;
    bar.finish_and_clear();
    faults.into_inner().values().for_each(|error| tally.refused(error));
    Ok(tally)
}
