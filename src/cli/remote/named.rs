//! Which record of a server has a name that begins so?
//!
//! The contract finds scans by their whole identifiers only, so anything else is looked for in the list of all records:
//! what is withdrawn is not in it.

use super::connect::Remote;
use crate::cli::record::FoundReport;
use crate::client::Record;
use crate::digest::Digest;
use crate::store::{Filter, ScanId, StoreError};
use anyhow::{Context as _, bail};
use std::collections::BTreeMap;

/// Digits of a name that are looked for, from the beginning of an identifier to all of it.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=32;

/// Kinds of record, in the order in which they are looked through.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Case,
    Firearm,
    Exhibit,
    Mark,
    Scan,
}

/// How a record is asked for.
enum Wanted {
    /// By the SHA-256 of its original.
    Original(Digest),
    /// By the first digits of its identifier.
    Digits(String),
}

impl Wanted {
    fn new(name: &str) -> Option<Self> {
        if let Ok(digest) = name.parse() {
            return Some(Self::Original(digest));
        }
        let digits: String = name.chars().filter(|&c| c != '-').collect::<String>().to_lowercase();
        let sound = digits.chars().all(|c| c.is_ascii_hexdigit()) && DIGITS.contains(&digits.len());
        sound.then_some(Self::Digits(digits))
    }

    /// What of a record is called so.
    fn among(&self, record: &Record) -> Vec<(Kind, String)> {
        let digits = match self {
            Self::Original(digest) if record.scan.original == *digest => {
                return vec![(Kind::Scan, record.scan.id.to_string())];
            }
            Self::Original(_) => return Vec::new(),
            Self::Digits(digits) => digits,
        };
        let names = [
            (Kind::Case, record.case.as_ref().map(|case| case.id.to_string())),
            (Kind::Firearm, record.firearm.as_ref().map(|firearm| firearm.id.to_string())),
            (Kind::Exhibit, Some(record.exhibit.id.to_string())),
            (Kind::Mark, Some(record.mark.id.to_string())),
            (Kind::Scan, Some(record.scan.id.to_string())),
        ];
        let names = names.into_iter().filter_map(|(kind, id)| Some((kind, id?)));
        names.filter(|(_, id)| id.replace('-', "").starts_with(digits)).collect()
    }
}

/// The record of this name, and the scans that belong to it, mark by mark.
pub(in crate::cli) fn find(
    remote: &Remote,
    name: &str,
) -> anyhow::Result<(FoundReport, Vec<Record>)> {
    if let Ok(scan) = name.parse::<ScanId>() {
        match remote.wait(remote.client().record(scan)) {
            Ok(record) => return Ok((FoundReport::Scan(record.scan.clone()), vec![record])),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut found: BTreeMap<(Kind, String), Vec<Record>> = BTreeMap::new();
    if let Some(wanted) = Wanted::new(name) {
        remote.wait(remote.client().records(&Filter::default(), |record| {
            for name in wanted.among(&record) {
                // Two are too many, and need not be kept whole.
                if found.len() < 2 {
                    found.entry(name).or_default().push(record.clone());
                }
            }
        }))?;
    }
    let (count, wanted) = (found.len(), name.to_owned());
    let (kind, mut scans) = match found.pop_first() {
        Some(((kind, _), scans)) if count == 1 => (kind, scans),
        Some(_) => {
            let error = StoreError::Ambiguous { wanted, found: count };
            return Err(error).with_context(|| remote.server().to_owned());
        }
        None => {
            let error = StoreError::NotFound { wanted };
            return Err(error).with_context(|| remote.server().to_owned());
        }
    };
    scans.sort_by_key(|record| (record.exhibit.id, record.mark.id, record.scan.id));
    let first = scans.first().cloned();
    let record = first.and_then(|first| match kind {
        Kind::Case => first.case.map(FoundReport::Case),
        Kind::Firearm => first.firearm.map(FoundReport::Firearm),
        Kind::Exhibit => Some(FoundReport::Exhibit(first.exhibit.into())),
        Kind::Mark => Some(FoundReport::Mark(first.mark)),
        Kind::Scan => Some(FoundReport::Scan(first.scan)),
    });
    Ok((record.context("nothing of that name")?, scans))
}

/// The scan of this name.
pub(in crate::cli) fn scan(remote: &Remote, name: &str) -> anyhow::Result<ScanId> {
    // A whole identifier needs no looking for.
    if let Ok(scan) = name.parse() {
        return Ok(scan);
    }
    match find(remote, name)? {
        (FoundReport::Scan(scan), _) => Ok(scan.id),
        _ => bail!("{name} is no scan"),
    }
}
