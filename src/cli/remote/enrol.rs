//! Scans into the store of a server, several on their way at once.

use super::connect::Settings;
use super::fault::upload;
use crate::cli::Context;
use crate::cli::enrol::{HowFound, Tally, Work};
use crate::client::Enrolment;
use anyhow::bail;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Scans on their way at once.
const AT_ONCE: usize = 4;

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
    if let Some(path) = work.paths.iter().find(|path| !work.entry(path).correction.is_empty()) {
        bail!(
            "{}: a server takes no word on where the mark is: enrol it into a store on this machine and merge that",
            path.display()
        );
    }
    let remote = settings.connect(context)?;
    let bar = context.progress.bar(work.paths.len() as u64, "enrolling");
    let mut tally = Tally::default();
    let faults = RefCell::new(BTreeMap::new());
    let enrolments = work.paths.iter().enumerate().filter_map(|(place, path)| {
        let entry = work.entry(path);
        match upload(path, &work.options) {
            Ok(upload) => {
                let exhibit = entry.exhibit.clone();
                Some(((place, path), Enrolment { exhibit, mark: entry.mark, upload }))
            }
            Err(error) => {
                faults.borrow_mut().insert(place, error);
                bar.inc(1);
                None
            }
        }
    });
    remote.wait(remote.client().enrol_all(enrolments, AT_ONCE, |(place, path), entered| {
        bar.inc(1);
        let error = match entered {
            Ok(enrolled) => {
                return tally.entered(&bar, path, &enrolled, HowFound::default(), work.json);
            }
            Err(error) => error,
        };
        let of_server = error.cause.refused().is_some_and(|refused| refused.request_id.is_some());
        let error = anyhow::Error::from(error).context(path.display().to_string());
        // Without a server there is no use in going on.
        if !of_server {
            return Err(error);
        }
        faults.borrow_mut().insert(place, error);
        Ok(())
    }))?;
    bar.finish_and_clear();
    faults.into_inner().values().for_each(|error| tally.refused(error));
    Ok(tally)
}
