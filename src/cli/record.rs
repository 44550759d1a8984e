//! Records as they are given out, from a store on this machine or from a server.
//!
//! Fields that the contract of the service does not tell are left out there, and are never guessed: an exhibit's own time of
//! entry, the signatures of a scan, and whether it was the scan or its exhibit that was withdrawn.

use crate::client;
use crate::store::{
    Case, CaseId, Country, Exhibit, ExhibitId, Firearm, FirearmId, Found, Mark, Said, Scan,
    ScanView, SignatureLink, Subject, Withdrawal,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// What a name stands for.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FoundReport {
    Case(Case),
    Firearm(Firearm),
    Exhibit(ExhibitReport),
    Mark(Mark),
    Scan(Scan),
}

/// A scan with all that it hangs on.
#[derive(Serialize)]
pub(super) struct RecordReport {
    pub(super) scan: Scan,
    pub(super) mark: Mark,
    pub(super) exhibit: ExhibitReport,
    pub(super) case: Option<Case>,
    firearm: Option<Firearm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signatures: Option<Vec<SignatureLink>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark_found: Option<MarkFound>,
    withdrawal: Option<WithdrawalReport>,
}

/// How the mark of a scan was found, where that is known: of a scan that is no head it was taken as it is.
#[derive(Serialize)]
struct MarkFound {
    /// Which of the two is the signature of: `locations` are the engine's, the last holds; `corrections` a person's.
    holds: &'static str,
    #[serde(flatten)]
    said: Said,
}

impl MarkFound {
    fn of(said: Said) -> Option<Self> {
        let holds = match (said.correction(), said.location()) {
            (Some(_), _) => "a person's correction",
            (None, Some(_)) => "what the engine found",
            (None, None) => return None,
        };
        Some(Self { holds, said })
    }
}

/// A cartridge case.
#[derive(Serialize)]
pub(super) struct ExhibitReport {
    pub(super) id: ExhibitId,
    case: Option<CaseId>,
    firearm: Option<FirearmId>,
    pub(super) laboratory: String,
    pub(super) label: Option<String>,
    pub(super) country: Option<Country>,
    pub(super) calibre: Option<String>,
    incident: Option<Date>,
    notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entered: Option<Timestamp>,
}

/// A tombstone.
#[derive(Serialize)]
struct WithdrawalReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    reason: String,
    at: Timestamp,
}

impl From<Found> for FoundReport {
    fn from(found: Found) -> Self {
        match found {
            Found::Case(case) => Self::Case(case),
            Found::Firearm(firearm) => Self::Firearm(firearm),
            Found::Exhibit(exhibit) => Self::Exhibit(exhibit.into()),
            Found::Mark(mark) => Self::Mark(mark),
            Found::Scan(scan) => Self::Scan(scan),
        }
    }
}

impl From<ScanView> for RecordReport {
    fn from(view: ScanView) -> Self {
        let ScanView { scan, mark, exhibit, case, firearm, signatures, said, withdrawal } = view;
        let withdrawal = withdrawal.map(|withdrawal| {
            let Withdrawal { subject, reason, at } = withdrawal;
            WithdrawalReport { subject: Some(subject), reason, at }
        });
        let (exhibit, signatures) = (exhibit.into(), Some(signatures));
        let mark_found = MarkFound::of(said);
        Self { scan, mark, exhibit, case, firearm, signatures, mark_found, withdrawal }
    }
}

impl From<client::Record> for RecordReport {
    fn from(record: client::Record) -> Self {
        let client::Record { scan, mark, exhibit, case, firearm, said, withdrawal } = record;
        let withdrawal = withdrawal.map(|withdrawal| {
            let client::Withdrawal { reason, at } = withdrawal;
            WithdrawalReport { subject: None, reason, at }
        });
        let exhibit = exhibit.into();
        let (signatures, mark_found) = (None, MarkFound::of(said));
        Self { scan, mark, exhibit, case, firearm, signatures, mark_found, withdrawal }
    }
}

impl ExhibitReport {
    /// Identifies it.
    pub(super) const fn id(&self) -> ExhibitId {
        self.id
    }
}

impl From<Exhibit> for ExhibitReport {
    fn from(exhibit: Exhibit) -> Self {
        let Exhibit {
            id,
            case,
            firearm,
            laboratory,
            label,
            country,
            calibre,
            incident,
            notes,
            entered,
        } = exhibit;
        let entered = Some(entered);
        Self { id, case, firearm, laboratory, label, country, calibre, incident, notes, entered }
    }
}

impl From<client::Exhibit> for ExhibitReport {
    fn from(exhibit: client::Exhibit) -> Self {
        let client::Exhibit {
            id,
            case,
            firearm,
            laboratory,
            label,
            country,
            calibre,
            incident,
            notes,
        } = exhibit;
        Self {
            id,
            case,
            firearm,
            laboratory,
            label,
            country,
            calibre,
            incident,
            notes,
            entered: None,
        }
    }
}
