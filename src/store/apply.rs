//! What does the index know after a transaction?
//!
//! A function of the set of transactions alone: whatever their order, and however often one comes, the
//! same index results. So a rebuild, a crash healed at opening and a merge are all this one function.
//! Each record is put by its identifier, then every scan that it can affect is derived anew.

use super::draft::{Draft, Stamped};
use super::error::StoreError;
use super::keys::{self, Facet};
use super::live::Facets;
use super::location::{Correction, Location};
use super::model::{
    Case, CaseId, Exhibit, ExhibitId, Firearm, FirearmId, Mark, MarkId, Scan, ScanId,
    SignatureLink, Subject, Withdrawal,
};
use super::record::{Record, Transaction};
use super::sharing::SharingChoice;
use crate::digest::Digest;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the index keeps of a scan that searches see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Visible {
    pub(super) facets: Facets,
    pub(super) entered: Timestamp,
    pub(super) exhibit: ExhibitId,
}

impl Facets {
    fn keys(&self, scan: ScanId) -> Vec<Vec<u8>> {
        let known = [
            Facet::Mark(self.mark),
            Facet::Laboratory(&self.laboratory),
            Facet::Calibre(self.calibre.as_deref()),
            Facet::Country(self.country),
        ];
        let number = self.case_number.as_deref().map(Facet::CaseNumber);
        let facets = known.into_iter().chain(number);
        facets.map(|facet| keys::to(keys::facet(facet), scan.uuid())).collect()
    }
}

/// Applies a transaction, once. Gives the scans that searches may see otherwise than before.
pub(super) fn apply(
    draft: &mut Draft<'_>,
    object: Digest,
    transaction: &Transaction,
) -> Result<BTreeSet<ScanId>, StoreError> {
    if draft.contains(&keys::applied(object))? {
        return Ok(BTreeSet::new());
    }
    draft.put(keys::applied(object), Vec::new());
    draft.count(vec![keys::COUNT, keys::APPLIED], 1)?;
    let mut affected = BTreeSet::new();
    for record in &transaction.records {
        let stamped = Stamp { at: transaction.at, object };
        put(draft, stamped, record)?;
        scans_affected(draft, record, &mut affected)?;
    }
    affected.iter().try_for_each(|scan| derive(draft, *scan))?;
    Ok(affected)
}

/// Applies one record of a transaction that has no name yet, for planning what comes after it.
pub(super) fn plan(draft: &mut Draft<'_>, record: &Record) -> Result<(), StoreError> {
    let stamp = Stamp { at: Timestamp::MAX, object: Digest::from_bytes([0xff; 32]) };
    let mut affected = BTreeSet::new();
    put(draft, stamp, record)?;
    scans_affected(draft, record, &mut affected)?;
    affected.into_iter().try_for_each(|scan| derive(draft, scan))
}

#[derive(Clone, Copy)]
struct Stamp {
    at: Timestamp,
    object: Digest,
}

impl Stamp {
    /// Puts a record unless a later revision is there; returns whether it holds, and the one before.
    fn put<T: Clone + Serialize + DeserializeOwned>(
        self,
        draft: &mut Draft<'_>,
        key: Vec<u8>,
        record: &T,
    ) -> Result<Option<Option<T>>, StoreError> {
        let before: Option<Stamped<T>> = draft.read(&key)?;
        if before.as_ref().is_some_and(|before| (before.at, before.object) > (self.at, self.object))
        {
            return Ok(None);
        }
        if before.is_none() {
            draft.count(vec![keys::COUNT, key[0]], 1)?;
        }
        let stamped = Stamped { at: self.at, object: self.object, record: record.clone() };
        draft.write(key, &stamped)?;
        Ok(Some(before.map(|before| before.record)))
    }
}

fn put(draft: &mut Draft<'_>, stamp: Stamp, record: &Record) -> Result<(), StoreError> {
    match record {
        Record::Case(case) => {
            if let Some(before) = stamp.put(draft, keys::case(case.id), case)? {
                replace(draft, before.map(|b| case_keys(&b)), case_keys(case));
                // Exhibits that came before their case are found by its number only now.
                for (key, _) in draft.under(&keys::record(keys::CASE_EXHIBIT, case.id.uuid()))? {
                    let exhibit = keys::exhibit(ExhibitId::from_uuid(keys::last_uuid(&key)));
                    if let Some(exhibit) = draft.record(&exhibit)? {
                        label(draft, &exhibit)?;
                    }
                }
            }
        }
        Record::Firearm(firearm) => {
            if let Some(before) = stamp.put(draft, keys::firearm(firearm.id), firearm)? {
                replace(draft, before.map(|b| firearm_keys(&b)), firearm_keys(firearm));
            }
        }
        Record::Exhibit(exhibit) => {
            let key = keys::exhibit(exhibit.id);
            if let Some(before) = stamp.put::<Exhibit>(draft, key, exhibit)? {
                if let Some(before) = &before
                    && let Some(key) = label_key(draft, before)?
                {
                    draft.remove(key);
                }
                replace(draft, before.map(|b| exhibit_keys(&b)), exhibit_keys(exhibit));
                label(draft, exhibit)?;
            }
        }
        Record::Mark(mark) => {
            if stamp.put(draft, keys::mark(mark.id), mark)?.is_some() {
                let marks = keys::record(keys::EXHIBIT_MARK, mark.exhibit.uuid());
                draft.put(keys::to(marks, mark.id.uuid()), Vec::new());
            }
        }
        Record::Scan(scan) => {
            if stamp.put(draft, keys::scan(scan.id), scan)?.is_some() {
                let scans = keys::record(keys::MARK_SCAN, scan.mark.uuid());
                draft.put(keys::to(scans, scan.id.uuid()), Vec::new());
                let scans = keys::object(keys::ORIGINAL, scan.original);
                draft.put(keys::to(scans, scan.id.uuid()), Vec::new());
            }
        }
        Record::Signature(link) => {
            let key = keys::link(link.scan, link.extraction, &link.engine_version);
            stamp.put(draft, key, link)?;
            // A signature that lost against another of its version stays reachable, for whom it may serve.
            let scans = keys::object(keys::SIGNATURE, link.signature);
            draft.put(keys::to(scans, link.scan.uuid()), Vec::new());
        }
        Record::Withdrawal(withdrawal) => {
            stamp.put(draft, keys::withdrawal(withdrawal.subject), withdrawal)?;
        }
        Record::Sharing(choice) => {
            stamp.put(draft, keys::sharing(choice.exhibit), choice)?;
        }
        Record::Location(location) => {
            let Location { scan, at, regions, .. } = *location;
            stamp.put(draft, keys::said(keys::LOCATION, scan, at, regions), location)?;
            mask(draft, scan, regions);
        }
        Record::Correction(correction) => {
            let Correction { scan, at, regions, .. } = *correction;
            stamp.put(draft, keys::said(keys::CORRECTION, scan, at, regions), correction)?;
            mask(draft, scan, regions);
        }
    }
    Ok(())
}

fn mask(draft: &mut Draft<'_>, scan: ScanId, regions: Digest) {
    draft.put(keys::to(keys::object(keys::MASK, regions), scan.uuid()), Vec::new());
}

fn replace(draft: &mut Draft<'_>, before: Option<Vec<Vec<u8>>>, now: Vec<Vec<u8>>) {
    before.into_iter().flatten().for_each(|key| draft.remove(key));
    now.into_iter().for_each(|key| draft.put(key, Vec::new()));
}

fn case_keys(case: &Case) -> Vec<Vec<u8>> {
    let cases = keys::text(keys::CASE_NUMBER, &[&case.laboratory, &case.number]);
    vec![keys::to(cases, case.id.uuid())]
}

fn firearm_keys(firearm: &Firearm) -> Vec<Vec<u8>> {
    let label = firearm.label.iter();
    let prefix = label.map(|label| keys::text(keys::FIREARM_LABEL, &[&firearm.laboratory, label]));
    prefix.map(|prefix| keys::to(prefix, firearm.id.uuid())).collect()
}

fn exhibit_keys(exhibit: &Exhibit) -> Vec<Vec<u8>> {
    let case = exhibit.case.map(|case| keys::record(keys::CASE_EXHIBIT, case.uuid()));
    let firearm =
        exhibit.firearm.map(|firearm| keys::record(keys::FIREARM_EXHIBIT, firearm.uuid()));
    case.into_iter().chain(firearm).map(|prefix| keys::to(prefix, exhibit.id.uuid())).collect()
}

/// Prefix of the exhibits with this label in this case.
pub(super) fn label_prefix(laboratory: &str, case_number: Option<&str>, label: &str) -> Vec<u8> {
    keys::text(keys::EXHIBIT_LABEL, &[laboratory, case_number.unwrap_or_default(), label])
}

/// The key of an exhibit's label, once its case is known.
fn label_key(draft: &Draft<'_>, exhibit: &Exhibit) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(label) = &exhibit.label else { return Ok(None) };
    let case: Option<Case> =
        exhibit.case.map(|id| draft.record(&keys::case(id))).transpose()?.flatten();
    if exhibit.case.is_some() && case.is_none() {
        return Ok(None);
    }
    let number = case.as_ref().map(|case| case.number.as_str());
    let prefix = label_prefix(&exhibit.laboratory, number, label);
    Ok(Some(keys::to(prefix, exhibit.id.uuid())))
}

fn label(draft: &mut Draft<'_>, exhibit: &Exhibit) -> Result<(), StoreError> {
    if let Some(key) = label_key(draft, exhibit)? {
        draft.put(key, Vec::new());
    }
    Ok(())
}

fn scans_affected(
    draft: &Draft<'_>,
    record: &Record,
    affected: &mut BTreeSet<ScanId>,
) -> Result<(), StoreError> {
    match record {
        Record::Case(Case { id, .. }) => {
            for exhibit in exhibits_of(draft, *id)? {
                affected.extend(scans_of(draft, exhibit)?);
            }
        }
        Record::Exhibit(Exhibit { id, .. })
        | Record::Sharing(SharingChoice { exhibit: id, .. })
        | Record::Withdrawal(Withdrawal { subject: Subject::Exhibit(id), .. }) => {
            affected.extend(scans_of(draft, *id)?);
        }
        Record::Mark(mark) => affected.extend(scans_of_mark(draft, mark.id)?),
        Record::Scan(Scan { id, .. })
        | Record::Signature(SignatureLink { scan: id, .. })
        | Record::Withdrawal(Withdrawal { subject: Subject::Scan(id), .. }) => {
            affected.insert(*id);
        }
        // How a mark was found changes its signature, which is a record of its own.
        Record::Firearm(_) | Record::Location(_) | Record::Correction(_) => {}
    }
    Ok(())
}

/// The exhibits of a case, in the order of identifiers.
pub(super) fn exhibits_of(draft: &Draft<'_>, case: CaseId) -> Result<Vec<ExhibitId>, StoreError> {
    let exhibits = draft.under(&keys::record(keys::CASE_EXHIBIT, case.uuid()))?;
    Ok(exhibits.iter().map(|(key, _)| ExhibitId::from_uuid(keys::last_uuid(key))).collect())
}

/// The exhibits from a firearm, in the order of identifiers.
pub(super) fn exhibits_from(
    draft: &Draft<'_>,
    firearm: FirearmId,
) -> Result<Vec<ExhibitId>, StoreError> {
    let exhibits = draft.under(&keys::record(keys::FIREARM_EXHIBIT, firearm.uuid()))?;
    Ok(exhibits.iter().map(|(key, _)| ExhibitId::from_uuid(keys::last_uuid(key))).collect())
}

/// The marks of an exhibit, in the order of identifiers.
pub(super) fn marks_of(draft: &Draft<'_>, exhibit: ExhibitId) -> Result<Vec<MarkId>, StoreError> {
    let marks = draft.under(&keys::record(keys::EXHIBIT_MARK, exhibit.uuid()))?;
    Ok(marks.iter().map(|(key, _)| MarkId::from_uuid(keys::last_uuid(key))).collect())
}

/// The scans of a mark, in the order of identifiers.
pub(super) fn scans_of_mark(draft: &Draft<'_>, mark: MarkId) -> Result<Vec<ScanId>, StoreError> {
    let scans = draft.under(&keys::record(keys::MARK_SCAN, mark.uuid()))?;
    Ok(scans.iter().map(|(key, _)| ScanId::from_uuid(keys::last_uuid(key))).collect())
}

/// The scans of an exhibit, mark by mark.
pub(super) fn scans_of(draft: &Draft<'_>, exhibit: ExhibitId) -> Result<Vec<ScanId>, StoreError> {
    let mut scans = Vec::new();
    for mark in marks_of(draft, exhibit)? {
        scans.extend(scans_of_mark(draft, mark)?);
    }
    Ok(scans)
}

/// Derives anew how searches see a scan.
fn derive(draft: &mut Draft<'_>, scan: ScanId) -> Result<(), StoreError> {
    let before: Option<Visible> = draft.read(&keys::live(scan))?;
    let now = visible(draft, scan)?;
    if before == now {
        return Ok(());
    }
    let change = i64::from(now.is_some()) - i64::from(before.is_some());
    draft.count(vec![keys::COUNT, keys::LIVE], change)?;
    if let Some(before) = before {
        before.facets.keys(scan).into_iter().for_each(|key| draft.remove(key));
        draft.remove(keys::live(scan));
    }
    if let Some(now) = now {
        now.facets.keys(scan).into_iter().for_each(|key| draft.put(key, Vec::new()));
        draft.write(keys::live(scan), &now)?;
    }
    Ok(())
}

/// How searches see a scan, if all that it hangs on is there and nothing of it withdrawn.
fn visible(draft: &Draft<'_>, id: ScanId) -> Result<Option<Visible>, StoreError> {
    let Some(scan) = draft.record::<Scan>(&keys::scan(id))? else { return Ok(None) };
    let Some(mark) = draft.record::<Mark>(&keys::mark(scan.mark))? else { return Ok(None) };
    let Some(exhibit) = draft.record::<Exhibit>(&keys::exhibit(mark.exhibit))? else {
        return Ok(None);
    };
    for subject in [Subject::Scan(id), Subject::Exhibit(exhibit.id)] {
        if draft.contains(&keys::withdrawal(subject))? {
            return Ok(None);
        }
    }
    let case: Option<Case> =
        exhibit.case.map(|id| draft.record(&keys::case(id))).transpose()?.flatten();
    let facets = Facets {
        mark: mark.kind,
        laboratory: exhibit.laboratory,
        case_number: case.map(|case| case.number),
        calibre: exhibit.calibre,
        country: exhibit.country,
    };
    Ok(Some(Visible { facets, entered: scan.entered, exhibit: exhibit.id }))
}
