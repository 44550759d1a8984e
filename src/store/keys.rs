//! Which keys does the index have?
//!
//! One letter, then parts of fixed width, so that a prefix is never the beginning of another part. Texts
//! enter a key as a digest. Small letters are records, capitals what is derived from them.

use super::metadata::Country;
use super::model::{CaseId, ExhibitId, FirearmId, MarkId, ScanId, Subject};
use crate::digest::Digest;
use crate::surface::MarkKind;
use jiff::Timestamp;
use uuid::Uuid;

/// Layout of the keys and values; an index of another one is made anew.
pub(super) const INDEX_VERSION: u32 = 2;

pub(super) const CASE: u8 = b'c';
pub(super) const EXHIBIT: u8 = b'e';
pub(super) const FIREARM: u8 = b'f';
pub(super) const LINK: u8 = b'l';
pub(super) const MARK: u8 = b'm';
pub(super) const SCAN: u8 = b's';
/// Sharing policies of exhibits.
pub(super) const SHARING: u8 = b'p';
pub(super) const WITHDRAWAL: u8 = b'w';
/// What the engine found on heads, by scan and time.
pub(super) const LOCATION: u8 = b'a';
/// What persons said instead, by scan and time.
pub(super) const CORRECTION: u8 = b'h';
/// Record objects that were applied.
pub(super) const APPLIED: u8 = b'T';
/// Scans that searches see, and how.
pub(super) const LIVE: u8 = b'D';
/// Scans that searches see, by facet.
pub(super) const FACET: u8 = b'I';
/// Scans by the digest of their original.
pub(super) const ORIGINAL: u8 = b'O';
/// Scans by the digest of a signature.
pub(super) const SIGNATURE: u8 = b'P';
/// Scans by the digest of a mask.
pub(super) const MASK: u8 = b'K';
/// Cases by laboratory and number.
pub(super) const CASE_NUMBER: u8 = b'C';
/// Firearms by laboratory and label.
pub(super) const FIREARM_LABEL: u8 = b'G';
/// Exhibits by laboratory, case number and label.
pub(super) const EXHIBIT_LABEL: u8 = b'L';
/// Exhibits by case.
pub(super) const CASE_EXHIBIT: u8 = b'E';
/// Exhibits by firearm.
pub(super) const FIREARM_EXHIBIT: u8 = b'F';
/// Marks by exhibit.
pub(super) const EXHIBIT_MARK: u8 = b'M';
/// Scans by mark.
pub(super) const MARK_SCAN: u8 = b'S';
/// Records of a kind, counted.
pub(super) const COUNT: u8 = b'N';
/// Says that the index is complete, and of which version.
pub(super) const COMPLETE: &[u8] = b"V";

pub(super) fn join(prefix: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![prefix];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// The identifier at the end of a key.
pub(super) fn last_uuid(key: &[u8]) -> Uuid {
    key.last_chunk().map_or(Uuid::nil(), |bytes| Uuid::from_bytes(*bytes))
}

pub(super) fn record(prefix: u8, id: Uuid) -> Vec<u8> {
    join(prefix, &[id.as_bytes()])
}

pub(super) fn case(id: CaseId) -> Vec<u8> {
    record(CASE, id.uuid())
}

pub(super) fn firearm(id: FirearmId) -> Vec<u8> {
    record(FIREARM, id.uuid())
}

pub(super) fn exhibit(id: ExhibitId) -> Vec<u8> {
    record(EXHIBIT, id.uuid())
}

pub(super) fn sharing(id: ExhibitId) -> Vec<u8> {
    record(SHARING, id.uuid())
}

pub(super) fn mark(id: MarkId) -> Vec<u8> {
    record(MARK, id.uuid())
}

pub(super) fn scan(id: ScanId) -> Vec<u8> {
    record(SCAN, id.uuid())
}

pub(super) fn live(id: ScanId) -> Vec<u8> {
    record(LIVE, id.uuid())
}

pub(super) fn withdrawal(subject: Subject) -> Vec<u8> {
    record(WITHDRAWAL, subject.uuid())
}

pub(super) fn applied(object: Digest) -> Vec<u8> {
    join(APPLIED, &[object.as_bytes()])
}

/// Prefix of the links of a scan.
pub(super) fn links(scan: ScanId) -> Vec<u8> {
    record(LINK, scan.uuid())
}

/// Prefix of the links of a scan with an extraction.
pub(super) fn links_of(scan: ScanId, extraction: Digest) -> Vec<u8> {
    join(LINK, &[scan.uuid().as_bytes(), extraction.as_bytes()])
}

pub(super) fn link(scan: ScanId, extraction: Digest, engine_version: &str) -> Vec<u8> {
    join(LINK, &[scan.uuid().as_bytes(), extraction.as_bytes(), engine_version.as_bytes()])
}

/// What was said of a scan at a time: in the order of times, then of digests.
pub(super) fn said(prefix: u8, scan: ScanId, at: Timestamp, regions: Digest) -> Vec<u8> {
    // Times before 1970 too come in order.
    let nanoseconds = (at.as_nanosecond() ^ i128::MIN).to_be_bytes();
    join(prefix, &[scan.uuid().as_bytes(), &nanoseconds, regions.as_bytes()])
}

/// Prefix of what is derived from a text or several.
pub(super) fn text(prefix: u8, texts: &[&str]) -> Vec<u8> {
    join(prefix, &[digest_of(texts).as_bytes()])
}

/// Prefix of what is derived from an object.
pub(super) fn object(prefix: u8, digest: Digest) -> Vec<u8> {
    join(prefix, &[digest.as_bytes()])
}

/// A prefix with an identifier after it.
pub(super) fn to(prefix: Vec<u8>, id: Uuid) -> Vec<u8> {
    let mut key = prefix;
    key.extend_from_slice(id.as_bytes());
    key
}

/// A facet by which scans can be found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Facet<'a> {
    Mark(MarkKind),
    Laboratory(&'a str),
    CaseNumber(&'a str),
    Calibre(Option<&'a str>),
    Country(Option<Country>),
}

/// Prefix of the scans with a value of a facet.
pub(super) fn facet(facet: Facet<'_>) -> Vec<u8> {
    let (letter, value) = match facet {
        Facet::Mark(kind) => (b'm', Some(kind.name().to_owned())),
        Facet::Laboratory(laboratory) => (b'l', Some(laboratory.to_owned())),
        Facet::CaseNumber(number) => (b'n', Some(number.to_owned())),
        Facet::Calibre(calibre) => (b'k', calibre.map(folded)),
        Facet::Country(country) => (b'o', country.map(|country| country.code().to_owned())),
    };
    let digest = value.map_or([0; 32], |value| *Digest::of(value.as_bytes()).as_bytes());
    join(FACET, &[&[letter], &digest])
}

/// A calibre as it is compared: "9 mm Luger" is "9mm luger".
pub(super) fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn digest_of(texts: &[&str]) -> Digest {
    // No text of one line holds the separator.
    Digest::of(texts.join("\0").as_bytes())
}
