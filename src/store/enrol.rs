//! What does it take to enter a scan, and what becomes of it?
//!
//! An [`Enrolment`] is checked and turned into records on a draft; nothing is written here. Bad input is
//! therefore refused before the first byte, a whole batch with it.

use super::apply::{self, label_prefix};
use super::draft::Draft;
use super::error::StoreError;
use super::identifiers::Identifiers;
use super::keys;
use super::location::{Correction, CorrectionBlob, Location, LocationBlob};
use super::metadata::{self, ExhibitMetadata, FirearmMetadata};
use super::model::{
    Case, CaseId, Exhibit, ExhibitId, Firearm, FirearmId, Mark, MarkId, Scan, ScanId,
    SignatureLink, Subject, Withdrawal,
};
use super::objects::{Object, ObjectKind};
use super::read::said;
use super::record::Record;
use crate::digest::Digest;
use crate::surface::MarkKind;
use jiff::Timestamp;

/// A signature with where it comes from; to the store its bytes are opaque.
#[derive(Clone, Copy, Debug)]
pub struct SignatureBlob<'a> {
    /// The encoded signature.
    pub bytes: &'a [u8],
    /// Version of the engine that extracted it.
    pub engine_version: &'a str,
    /// Digest of the extraction parameters.
    pub extraction: Digest,
    /// What the engine found by itself, where the scan is of a whole head.
    pub location: Option<LocationBlob<'a>>,
}

/// To which exhibit a scan belongs.
#[derive(Clone, Debug)]
pub enum ExhibitRef<'a> {
    /// One that is entered with it; where the laboratory has the file already, as a scan of another mark of an exhibit without
    /// a label of which it knows the same, that one: a file shows one cartridge case.
    New(&'a ExhibitMetadata),
    /// The one of this laboratory, case number and label, entered now unless it is known already; its
    /// other metadata must then be the same. Without a label, as [`ExhibitRef::New`].
    Labelled(&'a ExhibitMetadata),
    /// One of the store.
    Existing(ExhibitId),
}

/// A scan to enter.
#[derive(Clone, Debug)]
pub struct Enrolment<'a> {
    /// The original file's bytes.
    pub original: &'a [u8],
    /// The original file's name.
    pub original_name: &'a str,
    /// Which mark was scanned.
    pub mark: MarkKind,
    /// The signature extracted from it.
    pub signature: SignatureBlob<'a>,
    /// Where a person said that the mark is; the signature is then of that place. Of a scan that is in the store
    /// it is a later word, which holds from then on.
    pub correction: Option<CorrectionBlob<'a>>,
    /// Of which exhibit.
    pub exhibit: ExhibitRef<'a>,
    /// The time of entry, by the caller's clock.
    pub entered: Timestamp,
}

/// What became of an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the store.
    New,
    /// The same laboratory entered the same file as a scan of the same kind of mark; nothing was written.
    Duplicate,
    /// It was in the store, and where its mark is was said anew: the correction and its signature were written.
    Corrected,
}

impl<'a> SignatureBlob<'a> {
    /// What of it becomes objects.
    pub(super) fn objects(&self) -> impl Iterator<Item = Object<'a>> + use<'a> {
        let location = self.location.map(|found| Object::new(ObjectKind::Mask, found.regions));
        std::iter::once(Object::new(ObjectKind::Signature, self.bytes)).chain(location)
    }
}

impl<'a> Enrolment<'a> {
    /// What of it becomes objects.
    pub(super) fn objects(&self) -> impl Iterator<Item = Object<'a>> + use<'a> {
        let correction = self.correction.map(|said| Object::new(ObjectKind::Mask, said.regions));
        let original = Object::new(ObjectKind::Original, self.original);
        std::iter::once(original).chain(self.signature.objects()).chain(correction)
    }
}

impl Outcome {
    /// Whether anything was written.
    pub(super) const fn is_written(self) -> bool {
        match self {
            Self::New | Self::Corrected => true,
            Self::Duplicate => false,
        }
    }
}

/// Where a scan is in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// The exhibit.
    pub exhibit: ExhibitId,
    /// The mark.
    pub mark: MarkId,
    /// The scan: the new one, or the one that was there.
    pub scan: ScanId,
    /// Which of the two.
    pub outcome: Outcome,
}

/// Plans one enrolment on a draft.
pub(super) struct Planner<'d, 'i> {
    pub(super) draft: &'d mut Draft<'i>,
    pub(super) identifiers: &'d Identifiers,
    pub(super) records: Vec<Record>,
}

impl Planner<'_, '_> {
    /// 1. checks, 2. recognises a duplicate, 3. finds or makes exhibit and 4. mark, 5. makes the scan.
    pub(super) fn enrol(&mut self, enrolment: &Enrolment<'_>) -> Result<Enrolled, StoreError> {
        let Enrolment { original, original_name, mark: kind, exhibit, entered, .. } = enrolment;
        let Enrolment { signature, correction, .. } = enrolment;
        // 1.
        metadata::line("name of the original", Some(original_name))?;
        metadata::time(*entered)?;
        if original.is_empty() {
            return Err(StoreError::Empty { kind: ObjectKind::Original });
        }
        if let ExhibitRef::New(metadata) | ExhibitRef::Labelled(metadata) = exhibit {
            metadata.check(*entered)?;
        }
        correction.as_ref().map_or(Ok(()), CorrectionBlob::check)?;
        // 2.
        let digest = Digest::of(original);
        if let Some(known) = self.duplicate(digest, *kind, exhibit)? {
            check_signature(signature)?;
            let Some(correction) = correction else { return Ok(known) };
            return self.correct(known, signature, correction, *entered);
        }
        // 3.
        let exhibit = match exhibit {
            ExhibitRef::Existing(id) => live_exhibit(self.draft, *id)?.id,
            ExhibitRef::New(metadata) | ExhibitRef::Labelled(metadata) => {
                let known = match (exhibit, &metadata.label) {
                    (ExhibitRef::Labelled(_), Some(label)) => self.labelled(metadata, label)?,
                    (_, Some(_)) => None,
                    (_, None) => self.of_file(digest, metadata)?,
                };
                match known {
                    Some(known) => known,
                    None => self.new_exhibit(metadata, *entered)?,
                }
            }
        };
        // 4.
        let mark = self.mark(exhibit, *kind, *entered)?;
        // 5.
        let scan = ScanId::from_uuid(self.identifiers.next(*entered));
        self.add(Record::Scan(Scan {
            id: scan,
            mark,
            original: digest,
            original_name: (*original_name).to_owned(),
            original_bytes: original.len() as u64,
            entered: *entered,
        }))?;
        self.signature(scan, signature, *entered)?;
        if let Some(correction) = correction {
            self.correction(scan, correction, *entered)?;
        }
        Ok(Enrolled { exhibit, mark, scan, outcome: Outcome::New })
    }

    /// Plans another word on where the mark of a scan is, unless it is the one that holds.
    fn correct(
        &mut self,
        known: Enrolled,
        signature: &SignatureBlob<'_>,
        correction: &CorrectionBlob<'_>,
        at: Timestamp,
    ) -> Result<Enrolled, StoreError> {
        let scan = known.scan;
        let said = said(self.draft, scan)?;
        let regions = Digest::of(correction.regions);
        if said.correction().is_some_and(|correction| correction.regions == regions) {
            return Ok(known);
        }
        self.signature(scan, signature, at)?;
        self.correction(scan, correction, at)?;
        Ok(Enrolled { outcome: Outcome::Corrected, ..known })
    }

    fn correction(
        &mut self,
        scan: ScanId,
        correction: &CorrectionBlob<'_>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let CorrectionBlob { regions, by, how } = *correction;
        let (by, how, regions) = (by.to_owned(), how.to_owned(), Digest::of(regions));
        self.add(Record::Correction(Correction { scan, at, by, how, regions }))
    }

    /// Plans the link from a scan to a signature, and keeps what the engine found unless it did so before.
    pub(super) fn signature(
        &mut self,
        scan: ScanId,
        signature: &SignatureBlob<'_>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        check_signature(signature)?;
        if let Some(location) = &signature.location {
            let location = Location {
                scan,
                at,
                engine_version: signature.engine_version.to_owned(),
                segmentation: location.segmentation,
                confidence: location.confidence,
                in_view: location.in_view,
                regions: Digest::of(location.regions),
            };
            let said = said(self.draft, scan)?;
            if said.location().is_none_or(|last| Location { at, ..last.clone() } != location) {
                self.add(Record::Location(location))?;
            }
        }
        self.add(Record::Signature(SignatureLink {
            scan,
            extraction: signature.extraction,
            engine_version: signature.engine_version.to_owned(),
            signature: Digest::of(signature.bytes),
            bytes: signature.bytes.len() as u64,
        }))
    }

    /// Plans other metadata for an exhibit.
    pub(super) fn revise(
        &mut self,
        id: ExhibitId,
        metadata: &ExhibitMetadata,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        metadata.check(at)?;
        let before = live_exhibit(self.draft, id)?;
        let kept = match (&metadata.firearm, before.firearm) {
            (Some(wanted), Some(id)) => {
                let known: Option<Firearm> = self.draft.record(&keys::firearm(id))?;
                known.filter(|known| firearm_metadata(known) == *wanted).map(|known| known.id)
            }
            _ => None,
        };
        let exhibit = Exhibit {
            case: self.case(metadata, at)?,
            firearm: if kept.is_some() { kept } else { self.firearm(metadata, at)? },
            ..exhibit_of(id, metadata, before.entered)
        };
        self.add(Record::Exhibit(exhibit))
    }

    fn add(&mut self, record: Record) -> Result<(), StoreError> {
        // Planned on the draft at once, so that the rest of the batch sees it.
        apply::plan(self.draft, &record)?;
        self.records.push(record);
        Ok(())
    }

    /// The scan of this file that the laboratory has. Another's is its own: one may not even know of the other.
    fn duplicate(
        &self,
        original: Digest,
        kind: MarkKind,
        exhibit: &ExhibitRef<'_>,
    ) -> Result<Option<Enrolled>, StoreError> {
        let laboratory = match exhibit {
            ExhibitRef::New(metadata) | ExhibitRef::Labelled(metadata) => {
                metadata.laboratory.clone()
            }
            ExhibitRef::Existing(id) => live_exhibit(self.draft, *id)?.laboratory,
        };
        let mut known = self.in_use(original)?.into_iter();
        let own =
            known.find(|(_, mark, owner)| mark.kind == kind && owner.laboratory == laboratory);
        let outcome = Outcome::Duplicate;
        Ok(own.map(|(scan, mark, owner)| Enrolled {
            exhibit: owner.id,
            mark: mark.id,
            scan,
            outcome,
        }))
    }

    /// The scans of this file that are in use, each with its mark and exhibit.
    fn in_use(&self, original: Digest) -> Result<Vec<(ScanId, Mark, Exhibit)>, StoreError> {
        let mut found = Vec::new();
        for (key, _) in self.draft.under(&keys::object(keys::ORIGINAL, original))? {
            let id = ScanId::from_uuid(keys::last_uuid(&key));
            if !self.draft.contains(&keys::live(id))? {
                continue;
            }
            let Some(scan) = self.draft.record::<Scan>(&keys::scan(id))? else { continue };
            let Some(mark) = self.draft.record::<Mark>(&keys::mark(scan.mark))? else { continue };
            let exhibit = self.draft.record(&keys::exhibit(mark.exhibit))?;
            found.extend(exhibit.map(|exhibit| (id, mark, exhibit)));
        }
        Ok(found)
    }

    fn new_exhibit(
        &mut self,
        metadata: &ExhibitMetadata,
        entered: Timestamp,
    ) -> Result<ExhibitId, StoreError> {
        let case = self.case(metadata, entered)?;
        let firearm = self.firearm(metadata, entered)?;
        let id = ExhibitId::from_uuid(self.identifiers.next(entered));
        self.add(Record::Exhibit(Exhibit { case, firearm, ..exhibit_of(id, metadata, entered) }))?;
        Ok(id)
    }

    /// The exhibit of which the laboratory has this file, and knows the same.
    fn of_file(
        &self,
        original: Digest,
        metadata: &ExhibitMetadata,
    ) -> Result<Option<ExhibitId>, StoreError> {
        for (_, _, exhibit) in self.in_use(original)? {
            let case = exhibit.case.map(|case| self.draft.record::<Case>(&keys::case(case)));
            let number = case.transpose()?.flatten().map(|case| case.number);
            let same = (&exhibit.laboratory, &exhibit.label, &number)
                == (&metadata.laboratory, &metadata.label, &metadata.case_number);
            if same && self.differs(&exhibit, metadata)?.is_none() {
                return Ok(Some(exhibit.id));
            }
        }
        Ok(None)
    }

    /// What is known otherwise of an exhibit, its laboratory, case and label aside.
    fn differs(
        &self,
        exhibit: &Exhibit,
        metadata: &ExhibitMetadata,
    ) -> Result<Option<&'static str>, StoreError> {
        let firearm: Option<Firearm> = exhibit
            .firearm
            .map(|firearm| self.draft.record(&keys::firearm(firearm)))
            .transpose()?
            .flatten();
        let fields = [
            ("country", exhibit.country == metadata.country),
            ("calibre", exhibit.calibre == metadata.calibre),
            ("date of the incident", exhibit.incident == metadata.incident),
            ("notes", exhibit.notes == metadata.notes),
            ("firearm", firearms_agree(metadata.firearm.as_ref(), firearm.as_ref())),
        ];
        Ok(fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field))
    }

    fn labelled(
        &self,
        metadata: &ExhibitMetadata,
        label: &str,
    ) -> Result<Option<ExhibitId>, StoreError> {
        let number = metadata.case_number.as_deref();
        for (key, _) in self.draft.under(&label_prefix(&metadata.laboratory, number, label))? {
            let id = ExhibitId::from_uuid(keys::last_uuid(&key));
            let Some(exhibit) = self.draft.record::<Exhibit>(&keys::exhibit(id))? else { continue };
            if self.draft.contains(&keys::withdrawal(Subject::Exhibit(id)))? {
                continue;
            }
            return match self.differs(&exhibit, metadata)? {
                Some(field) => Err(StoreError::ExhibitDiffers { exhibit: id, field }),
                None => Ok(Some(id)),
            };
        }
        Ok(None)
    }

    fn case(
        &mut self,
        metadata: &ExhibitMetadata,
        at: Timestamp,
    ) -> Result<Option<CaseId>, StoreError> {
        let Some(number) = &metadata.case_number else { return Ok(None) };
        let laboratory = &metadata.laboratory;
        let known = self.draft.under(&keys::text(keys::CASE_NUMBER, &[laboratory, number]))?;
        if let Some((key, _)) = known.first() {
            return Ok(Some(CaseId::from_uuid(keys::last_uuid(key))));
        }
        let id = CaseId::from_uuid(self.identifiers.next(at));
        let (laboratory, number) = (laboratory.clone(), number.clone());
        self.add(Record::Case(Case { id, laboratory, number }))?;
        Ok(Some(id))
    }

    fn firearm(
        &mut self,
        metadata: &ExhibitMetadata,
        at: Timestamp,
    ) -> Result<Option<FirearmId>, StoreError> {
        let Some(wanted) = &metadata.firearm else { return Ok(None) };
        if let Some(label) = &wanted.label {
            let prefix = keys::text(keys::FIREARM_LABEL, &[&metadata.laboratory, label]);
            if let Some((key, _)) = self.draft.under(&prefix)?.first() {
                let firearm = FirearmId::from_uuid(keys::last_uuid(key));
                let known: Option<Firearm> = self.draft.record(&keys::firearm(firearm))?;
                let differs = known.as_ref().and_then(|known| firearm_differs(wanted, known));
                return match differs {
                    Some(field) => Err(StoreError::FirearmDiffers { firearm, field }),
                    None => Ok(Some(firearm)),
                };
            }
        }
        let id = FirearmId::from_uuid(self.identifiers.next(at));
        let FirearmMetadata { label, make, model } = wanted.clone();
        let laboratory = metadata.laboratory.clone();
        self.add(Record::Firearm(Firearm { id, laboratory, label, make, model }))?;
        Ok(Some(id))
    }

    fn mark(
        &mut self,
        exhibit: ExhibitId,
        kind: MarkKind,
        at: Timestamp,
    ) -> Result<MarkId, StoreError> {
        for id in apply::marks_of(self.draft, exhibit)? {
            let known: Option<Mark> = self.draft.record(&keys::mark(id))?;
            if known.is_some_and(|mark| mark.kind == kind) {
                return Ok(id);
            }
        }
        let id = MarkId::from_uuid(self.identifiers.next(at));
        self.add(Record::Mark(Mark { id, exhibit, kind }))?;
        Ok(id)
    }
}

fn check_signature(signature: &SignatureBlob<'_>) -> Result<(), StoreError> {
    metadata::line("engine version", Some(signature.engine_version))?;
    if signature.bytes.is_empty() {
        return Err(StoreError::Empty { kind: ObjectKind::Signature });
    }
    signature.location.as_ref().map_or(Ok(()), LocationBlob::check)
}

/// The exhibit, if it is there and not withdrawn.
pub(super) fn live_exhibit(draft: &Draft<'_>, id: ExhibitId) -> Result<Exhibit, StoreError> {
    let exhibit = draft.record(&keys::exhibit(id))?;
    let exhibit = exhibit.ok_or_else(|| StoreError::NotFound { wanted: id.to_string() })?;
    check_not_withdrawn(draft, Subject::Exhibit(id))?;
    Ok(exhibit)
}

/// Refuses what was withdrawn.
pub(super) fn check_not_withdrawn(draft: &Draft<'_>, subject: Subject) -> Result<(), StoreError> {
    match draft.record::<Withdrawal>(&keys::withdrawal(subject))? {
        Some(withdrawal) => Err(StoreError::Withdrawn { subject, reason: withdrawal.reason }),
        None => Ok(()),
    }
}

fn exhibit_of(id: ExhibitId, metadata: &ExhibitMetadata, entered: Timestamp) -> Exhibit {
    Exhibit {
        id,
        case: None,
        firearm: None,
        laboratory: metadata.laboratory.clone(),
        label: metadata.label.clone(),
        country: metadata.country,
        calibre: metadata.calibre.clone(),
        incident: metadata.incident,
        notes: metadata.notes.clone(),
        entered,
    }
}

/// The first field that is said of both and differs.
fn firearm_differs(wanted: &FirearmMetadata, known: &Firearm) -> Option<&'static str> {
    let differs = |wanted: &Option<String>, known| wanted.is_some() && wanted != known;
    let fields = [
        ("make", differs(&wanted.make, &known.make)),
        ("model", differs(&wanted.model, &known.model)),
    ];
    fields.into_iter().find(|(_, differs)| *differs).map(|(field, _)| field)
}

fn firearms_agree(wanted: Option<&FirearmMetadata>, known: Option<&Firearm>) -> bool {
    match (wanted, known) {
        (None, None) => true,
        (Some(wanted), Some(known)) => {
            wanted.label == known.label && firearm_differs(wanted, known).is_none()
        }
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn firearm_metadata(firearm: &Firearm) -> FirearmMetadata {
    FirearmMetadata {
        label: firearm.label.clone(),
        make: firearm.make.clone(),
        model: firearm.model.clone(),
    }
}
