//! What does the store know: cases, exhibits, firearms, marks, scans and signatures?
//!
//! A case has exhibits (one cartridge case each), an exhibit has marks, a mark has scans, a scan has its
//! original file and a signature for each engine version; several exhibits may come from one firearm.
//! These types are also what format 1 writes ([`super::record`]): a change to one of them is a new
//! format. Not for what a caller hands in, which is [`super::enrol`] and [`super::metadata`].

use super::metadata::Country;
use crate::digest::Digest;
use crate::surface::MarkKind;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Text that is no identifier.
#[derive(Debug, thiserror::Error)]
#[error("{found} does not identify {kind}: wanted a UUID")]
pub struct IdentifierError {
    /// What was to be identified.
    pub kind: &'static str,
    /// The text.
    pub found: String,
    /// What the parser says.
    #[source]
    pub source: uuid::Error,
}

macro_rules! identifiers {
    ($($(#[doc = $doc:literal])+ $name:ident is $kind:literal;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(Uuid);

            impl $name {
                /// The identifier with these bits.
                #[must_use]
                pub const fn from_uuid(uuid: Uuid) -> Self {
                    Self(uuid)
                }

                /// The bits.
                #[must_use]
                pub const fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!(stringify!($name), "({})"), self.0)
                }
            }

            impl FromStr for $name {
                type Err = IdentifierError;

                fn from_str(text: &str) -> Result<Self, Self::Err> {
                    text.parse().map(Self).map_err(|source| IdentifierError {
                        kind: $kind,
                        found: text.to_owned(),
                        source,
                    })
                }
            }
        )+
    };
}

identifiers! {
    /// Identifies a case (UUIDv7).
    CaseId is "a case";
    /// Identifies a firearm (UUIDv7).
    FirearmId is "a firearm";
    /// Identifies an exhibit (UUIDv7).
    ExhibitId is "an exhibit";
    /// Identifies a mark (UUIDv7).
    MarkId is "a mark";
    /// Identifies a scan (UUIDv7).
    ScanId is "a scan";
}

/// A case of one laboratory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Identifies it.
    pub id: CaseId,
    /// The laboratory that works on it.
    pub laboratory: String,
    /// The laboratory's own number.
    pub number: String,
}

/// A firearm, known or supposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firearm {
    /// Identifies it.
    pub id: FirearmId,
    /// The laboratory that described it.
    pub laboratory: String,
    /// What that laboratory calls it: exhibits that name the same label share the firearm.
    pub label: Option<String>,
    /// Make, if known.
    pub make: Option<String>,
    /// Model, if known.
    pub model: Option<String>,
}

/// A cartridge case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhibit {
    /// Identifies it.
    pub id: ExhibitId,
    /// The case it belongs to, if any.
    pub case: Option<CaseId>,
    /// The firearm it comes from, if known.
    pub firearm: Option<FirearmId>,
    /// The laboratory that entered it.
    pub laboratory: String,
    /// What that laboratory calls it within the case.
    pub label: Option<String>,
    /// Where it was found.
    pub country: Option<Country>,
    /// Calibre, as the laboratory writes it.
    pub calibre: Option<String>,
    /// Date of the incident, if known.
    pub incident: Option<Date>,
    /// Free notes.
    pub notes: Option<String>,
    /// When it was entered.
    pub entered: Timestamp,
}

/// A mark of an exhibit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Identifies it.
    pub id: MarkId,
    /// On which exhibit.
    pub exhibit: ExhibitId,
    /// Which mark.
    pub kind: MarkKind,
}

/// A measurement of a mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Identifies it.
    pub id: ScanId,
    /// Of which mark.
    pub mark: MarkId,
    /// The original file's content.
    pub original: Digest,
    /// The original file's name.
    pub original_name: String,
    /// The original file's size, in bytes.
    pub original_bytes: u64,
    /// When it was entered.
    pub entered: Timestamp,
}

/// Which signature belongs to which scan, and who made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureLink {
    /// Of which scan.
    pub scan: ScanId,
    /// Digest of the extraction parameters.
    pub extraction: Digest,
    /// Version of the engine that extracted it.
    pub engine_version: String,
    /// The signature's content.
    pub signature: Digest,
    /// The signature's size, in bytes.
    pub bytes: u64,
}

/// What can be withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An exhibit with all its scans, those of later enrolments included.
    Exhibit(ExhibitId),
    /// One scan.
    Scan(ScanId),
}

impl Subject {
    /// The bits of the identifier.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Exhibit(id) => id.uuid(),
            Self::Scan(id) => id.uuid(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhibit(id) => write!(f, "exhibit {id}"),
            Self::Scan(id) => write!(f, "scan {id}"),
        }
    }
}

/// A tombstone: from then on the subject is in no search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// What is withdrawn.
    pub subject: Subject,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}
