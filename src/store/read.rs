//! What does the store say of a record?
//!
//! Records by identifier, a scan with all that it hangs on ([`ScanView`]), records by the beginning of a
//! name ([`Found`]), originals and signatures. A record that is not there is an error of its own, apart
//! from one that could not be read.

use super::apply::Visible;
use super::draft::{Draft, Stamped, decode};
use super::engine::Engine;
use super::error::StoreError;
use super::keys;
use super::location::Said;
use super::model::{
    Case, CaseId, Exhibit, ExhibitId, Firearm, FirearmId, Mark, MarkId, Scan, ScanId,
    SignatureLink, Subject, Withdrawal,
};
use super::objects::ObjectKind;
use crate::digest::Digest;
use crate::surface::MarkKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Fewest characters of a name that are looked for.
const SHORTEST_NAME: usize = 4;

/// A scan with all that it hangs on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScanView {
    /// The scan.
    pub scan: Scan,
    /// The mark it shows.
    pub mark: Mark,
    /// The exhibit that bears the mark.
    pub exhibit: Exhibit,
    /// The exhibit's case.
    pub case: Option<Case>,
    /// The firearm the exhibit comes from.
    pub firearm: Option<Firearm>,
    /// Its signatures, all versions.
    pub signatures: Vec<SignatureLink>,
    /// How its mark was found.
    pub said: Said,
    /// Why it is withdrawn, itself or its exhibit.
    pub withdrawal: Option<Withdrawal>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// A case.
    Case(Case),
    /// A firearm.
    Firearm(Firearm),
    /// An exhibit.
    Exhibit(Exhibit),
    /// A mark.
    Mark(Mark),
    /// A scan.
    Scan(Scan),
}

/// A signature as a search reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSignature {
    /// Of which scan.
    pub scan: ScanId,
    /// The encoded signature; `None` where the scan has none of the extraction asked for. Such a scan was
    /// not compared, and whoever reports a search has to say so.
    pub bytes: Option<Vec<u8>>,
}

fn required<T: DeserializeOwned>(draft: &Draft<'_>, key: &[u8]) -> Result<T, StoreError> {
    let record = draft.record(key)?;
    record.ok_or_else(|| StoreError::NotFound { wanted: keys::last_uuid(key).to_string() })
}

fn referred<T: DeserializeOwned>(
    draft: &Draft<'_>,
    from: Uuid,
    key: &[u8],
) -> Result<T, StoreError> {
    let record = draft.record(key)?;
    record.ok_or_else(|| StoreError::Dangling { from, to: keys::last_uuid(key) })
}

/// How the mark of a scan was found.
pub(super) fn said(draft: &Draft<'_>, scan: ScanId) -> Result<Said, StoreError> {
    Ok(Said {
        locations: in_time(draft, keys::LOCATION, scan)?,
        corrections: in_time(draft, keys::CORRECTION, scan)?,
    })
}

/// What was said of a scan, in the order of times.
fn in_time<T: DeserializeOwned>(
    draft: &Draft<'_>,
    prefix: u8,
    scan: ScanId,
) -> Result<Vec<T>, StoreError> {
    let entries = draft.under(&keys::record(prefix, scan.uuid()))?;
    let records = entries.iter().map(|(key, value)| Ok(decode::<Stamped<T>>(key, value)?.record));
    records.collect()
}

impl Engine {
    pub(super) fn case(&self, id: CaseId) -> Result<Case, StoreError> {
        required(&self.draft(), &keys::case(id))
    }

    pub(super) fn firearm(&self, id: FirearmId) -> Result<Firearm, StoreError> {
        required(&self.draft(), &keys::firearm(id))
    }

    pub(super) fn exhibit(&self, id: ExhibitId) -> Result<Exhibit, StoreError> {
        required(&self.draft(), &keys::exhibit(id))
    }

    pub(super) fn mark(&self, id: MarkId) -> Result<Mark, StoreError> {
        required(&self.draft(), &keys::mark(id))
    }

    pub(super) fn scan(&self, id: ScanId) -> Result<Scan, StoreError> {
        required(&self.draft(), &keys::scan(id))
    }

    pub(super) fn view(&self, id: ScanId) -> Result<ScanView, StoreError> {
        let draft = self.draft();
        let scan: Scan = required(&draft, &keys::scan(id))?;
        let mark: Mark = referred(&draft, id.uuid(), &keys::mark(scan.mark))?;
        let exhibit: Exhibit = referred(&draft, mark.id.uuid(), &keys::exhibit(mark.exhibit))?;
        let from = exhibit.id.uuid();
        let case = exhibit.case.map(|case| referred(&draft, from, &keys::case(case)));
        let firearm = exhibit.firearm.map(|id| referred(&draft, from, &keys::firearm(id)));
        let mut signatures = Vec::new();
        for (key, value) in draft.under(&keys::links(id))? {
            signatures.push(decode::<Stamped<SignatureLink>>(&key, &value)?.record);
        }
        let own = draft.record(&keys::withdrawal(Subject::Scan(id)))?;
        let withdrawal = match own {
            Some(withdrawal) => Some(withdrawal),
            None => draft.record(&keys::withdrawal(Subject::Exhibit(exhibit.id)))?,
        };
        let (case, firearm) = (case.transpose()?, firearm.transpose()?);
        let said = self.said(id)?;
        Ok(ScanView { scan, mark, exhibit, case, firearm, signatures, said, withdrawal })
    }

    /// How the mark of a scan was found.
    pub(super) fn said(&self, id: ScanId) -> Result<Said, StoreError> {
        said(&self.draft(), id)
    }

    /// Those with this original.
    pub(super) fn scans_of_file(&self, original: Digest) -> Result<Vec<ScanId>, StoreError> {
        let scans = self.draft().under(&keys::object(keys::ORIGINAL, original))?;
        Ok(scans.iter().map(|(key, _)| ScanId::from_uuid(keys::last_uuid(key))).collect())
    }

    /// By the beginning of an identifier, or the digest of an original.
    pub(super) fn find(&self, name: &str) -> Result<Vec<Found>, StoreError> {
        let draft = self.draft();
        if let Ok(digest) = name.parse::<Digest>() {
            let scan = |id| Ok(Found::Scan(required(&draft, &keys::scan(id))?));
            return self.scans_of_file(digest)?.into_iter().take(2).map(scan).collect();
        }
        let digits: String = name.chars().filter(|&c| c != '-').collect::<String>().to_lowercase();
        let hexadecimal = digits.chars().all(|c| c.is_ascii_hexdigit());
        if !hexadecimal || !(SHORTEST_NAME..=32).contains(&digits.len()) {
            return Ok(Vec::new());
        }
        let whole = digits.len() / 2 * 2;
        let bytes: Vec<u8> = (0..whole)
            .step_by(2)
            .filter_map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
            .collect();
        let mut found = Vec::new();
        for prefix in [keys::CASE, keys::FIREARM, keys::EXHIBIT, keys::MARK, keys::SCAN] {
            for entry in self.index.under(&keys::join(prefix, &[&bytes])) {
                let (key, value) = entry?;
                let id = keys::last_uuid(&key).simple().to_string();
                if !id.starts_with(&digits) {
                    continue;
                }
                found.push(match prefix {
                    keys::CASE => Found::Case(decode::<Stamped<_>>(&key, &value)?.record),
                    keys::FIREARM => Found::Firearm(decode::<Stamped<_>>(&key, &value)?.record),
                    keys::EXHIBIT => Found::Exhibit(decode::<Stamped<_>>(&key, &value)?.record),
                    keys::MARK => Found::Mark(decode::<Stamped<_>>(&key, &value)?.record),
                    _ => Found::Scan(decode::<Stamped<_>>(&key, &value)?.record),
                });
                if found.len() == 2 {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    pub(super) fn original(&self, id: ScanId) -> Result<Vec<u8>, StoreError> {
        self.objects.get(ObjectKind::Original, self.scan(id)?.original)
    }

    /// The link that holds for a scan and an extraction: of several engine versions, the latest made.
    pub(super) fn link(
        &self,
        scan: ScanId,
        extraction: Digest,
    ) -> Result<Option<SignatureLink>, StoreError> {
        let mut best: Option<Stamped<SignatureLink>> = None;
        for (key, value) in self.draft().under(&keys::links_of(scan, extraction))? {
            let link: Stamped<SignatureLink> = decode(&key, &value)?;
            if best.as_ref().is_none_or(|best| (best.at, best.object) <= (link.at, link.object)) {
                best = Some(link);
            }
        }
        Ok(best.map(|best| best.record))
    }

    pub(super) fn signature(
        &self,
        scan: ScanId,
        extraction: Digest,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(link) = self.link(scan, extraction)? else { return Ok(None) };
        self.objects.get(ObjectKind::Signature, link.signature).map(Some)
    }

    /// Scans in use that have one original and one kind of mark, group by group.
    pub(super) fn duplicates(
        &self,
    ) -> impl Iterator<Item = Result<Vec<ScanId>, StoreError>> + Send + '_ {
        // Scans of one original lie together.
        let mut entries = self.index.under(&[keys::ORIGINAL]).peekable();
        let same = |one: &[u8], other: &[u8]| one[..one.len() - 16] == other[..other.len() - 16];
        let groups = std::iter::from_fn(move || {
            let mut group = match entries.next()? {
                Ok((key, _)) => vec![key],
                Err(error) => return Some(Err(error)),
            };
            while let Some(Ok((key, _))) =
                entries.next_if(|next| next.as_ref().is_ok_and(|(key, _)| same(key, &group[0])))
            {
                group.push(key);
            }
            Some(Ok(group))
        });
        groups.flat_map(|group| match group {
            Ok(group) if group.len() < 2 => Vec::new(),
            Ok(group) => match self.by_mark(&group) {
                Ok(scans) => scans.into_iter().filter(|s| s.len() > 1).map(Ok).collect(),
                Err(error) => vec![Err(error)],
            },
            Err(error) => vec![Err(error)],
        })
    }

    /// The scans in use of these keys, by kind of mark.
    fn by_mark(&self, group: &[Vec<u8>]) -> Result<Vec<Vec<ScanId>>, StoreError> {
        let mut scans: BTreeMap<MarkKind, Vec<ScanId>> = BTreeMap::new();
        for key in group {
            let scan = ScanId::from_uuid(keys::last_uuid(key));
            if let Some(visible) = self.draft().read::<Visible>(&keys::live(scan))? {
                scans.entry(visible.facets.mark).or_default().push(scan);
            }
        }
        Ok(scans.into_values().collect())
    }

    /// The signature for a listing: `None` where the scan left the listing since it began.
    pub(super) fn listed_signature(
        &self,
        scan: ScanId,
        extraction: Digest,
    ) -> Option<Result<StoredSignature, StoreError>> {
        match self.signature(scan, extraction) {
            Ok(bytes) => Some(Ok(StoredSignature { scan, bytes })),
            Err(error) => match self.index.get(&keys::live(scan)) {
                // Withdrawn and purged in the meantime.
                Ok(None) => None,
                Ok(Some(_)) => Some(Err(error)),
                Err(error) => Some(Err(error)),
            },
        }
    }
}
