//! Many comparisons at a server.

use super::connect::{Remote, Settings};
use super::fault::{of_file, upload};
use crate::cli::Context;
use crate::cli::batch::{Faulty, Row, Scores, Work};
use crate::client::{BatchFault, BatchPairs, Compared, Load};
use anyhow::{anyhow, bail};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Compares the pairs at a server. Only when a scan is refused is each of them looked at by itself, to say which.
pub(in crate::cli) fn compare(
    context: &Context,
    settings: &Settings,
    work: &Work,
) -> anyhow::Result<Scores> {
    let remote = settings.connect(context)?;
    let needed = work.needed();
    let mut faults = BTreeMap::new();
    if work.pairs.is_empty() {
        faults = check(context, &remote, work)?;
    } else {
        match attempt(context, &remote, work, &faults) {
            Ok(rows) => {
                let scans = needed.iter().filter(|needed| **needed).count();
                return Ok(Scores { rows, scans, faults: Vec::new() });
            }
            Err(fault) if fault.is_of_a_scan() || matches!(fault, BatchFault::Load(_)) => {
                faults = check(context, &remote, work)?;
                if faults.is_empty() {
                    return Err(told(fault, work));
                }
            }
            Err(fault) => return Err(told(fault, work)),
        }
    }
    if !faults.is_empty() && work.faulty == Faulty::Fatal {
        bail!("{}", faults.into_values().collect::<Vec<_>>().join("\n       "));
    }
    let rows = attempt(context, &remote, work, &faults).map_err(|fault| told(fault, work))?;
    let scans =
        needed.iter().enumerate().filter(|(scan, needed)| **needed && !faults.contains_key(scan));
    Ok(Scores { rows, scans: scans.count(), faults: faults.into_values().collect() })
}

/// Compares all pairs but those of scans at fault.
fn attempt(
    context: &Context,
    remote: &Remote,
    work: &Work,
    faults: &BTreeMap<usize, String>,
) -> Result<BTreeMap<usize, Row>, BatchFault<anyhow::Error>> {
    let sound = |scans: &[usize; 2]| scans.iter().all(|scan| !faults.contains_key(scan));
    let (places, pairs): (Vec<usize>, Vec<[usize; 2]>) = work
        .pairs
        .iter()
        .enumerate()
        .map(|(place, pair)| (place, pair.scans))
        .filter(|(_, scans)| sound(scans))
        .unzip();
    let (paths, options, mark) = (work.paths.clone(), work.options.clone(), work.mark);
    let load: Load<anyhow::Error> =
        Arc::new(move |scan| Ok(upload(&paths[scan], &options)?.of_mark(mark)));
    let bar = context.progress.bar(pairs.len() as u64, "comparing");
    let mut rows = BTreeMap::new();
    let pairs = BatchPairs { pairs };
    let result = remote.wait(remote.client().batch(&pairs, &load, |compared: Compared| {
        let Compared { place, figures, provenance } = compared;
        rows.insert(places[place], (figures, provenance));
        bar.set_position(rows.len() as u64);
    }));
    bar.finish_and_clear();
    match result {
        Ok(()) => Ok(rows),
        Err(BatchFault::Pair { place, message }) => {
            Err(BatchFault::Pair { place: places[place], message })
        }
        Err(fault) => Err(fault),
    }
}

/// What is wrong with each scan, if anything is.
fn check(
    context: &Context,
    remote: &Remote,
    work: &Work,
) -> anyhow::Result<BTreeMap<usize, String>> {
    let bar = context.progress.bar(work.paths.len() as u64, "reading");
    let mut faults = BTreeMap::new();
    for (scan, (path, needed)) in work.paths.iter().zip(work.needed()).enumerate() {
        bar.inc(1);
        if !needed {
            continue;
        }
        let fault = match upload(path, &work.options).map(|upload| upload.of_mark(work.mark)) {
            Err(fault) => fault,
            Ok(upload) => match remote.wait(remote.client().extract(&upload)) {
                Ok(()) => continue,
                // What is no scan's fault ends the check.
                Err(error) if !error.is_of_a_scan() => return Err(error.into()),
                Err(error) => of_file(error, &[("upload", path)]),
            },
        };
        faults.insert(scan, format!("{fault:#}"));
    }
    bar.finish_and_clear();
    Ok(faults)
}

fn told(fault: BatchFault<anyhow::Error>, work: &Work) -> anyhow::Error {
    match fault {
        BatchFault::Load(error) => error,
        BatchFault::Stream(error) => error.into(),
        BatchFault::Pair { place, message } => {
            anyhow!("{message}").context(work.pairs[place].names.join(" with "))
        }
    }
}
