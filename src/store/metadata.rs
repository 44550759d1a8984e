//! What may a laboratory say about an exhibit, and in what form?
//!
//! Everything is checked before anything is written: countries against ISO 3166-1, texts for length and
//! control characters, the incident against the entry. An unknown value is `None`, never an empty text.
//! Not for what the store makes of it, which is [`super::model`].

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest text of one line, in characters.
pub const LINE_LIMIT: usize = 200;
/// Longest notes, in characters.
pub const NOTES_LIMIT: usize = 10_000;

/// Metadata that no record may hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataError {
    /// A text without a character.
    #[error("{field} is empty: leave it out if it is not known")]
    Empty {
        /// Which field.
        field: &'static str,
    },
    /// White space at an end, which no one sees and every comparison does.
    #[error("{field} begins or ends with white space")]
    Padded {
        /// Which field.
        field: &'static str,
    },
    /// A character that is none to read.
    #[error("{field} holds a control character")]
    ControlCharacter {
        /// Which field.
        field: &'static str,
    },
    /// A text that is too long.
    #[error("{field} has {found} characters, at most {limit} are kept")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// Characters found.
        found: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// Not in ISO 3166-1.
    #[error("{found} is no country of ISO 3166-1 (two capital letters)")]
    UnknownCountry {
        /// The text.
        found: String,
    },
    /// An incident that had not happened yet.
    #[error("the incident ({incident}) is after the entry ({entered})")]
    IncidentAfterEntry {
        /// Date of the incident.
        incident: Date,
        /// Time of the entry.
        entered: Timestamp,
    },
    /// A time that a UUIDv7 cannot hold.
    #[error("the time {found} is before 1970")]
    TooEarly {
        /// The time.
        found: Timestamp,
    },
}

/// A country of ISO 3166-1, by its alpha-2 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// The two letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // Two ASCII letters, by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The short English name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        rust_iso3166::from_alpha2(self.code()).map_or("", |country| country.name)
    }
}

impl FromStr for Country {
    type Err = MetadataError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (rust_iso3166::from_alpha2(text), text.as_bytes()) {
            (Some(_), &[first, second]) => Ok(Self([first, second])),
            _ => Err(MetadataError::UnknownCountry { found: text.to_owned() }),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({self})")
    }
}

impl Serialize for Country {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What is known of a firearm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirearmMetadata {
    /// What the laboratory calls it: the same label is the same firearm.
    #[serde(default)]
    pub label: Option<String>,
    /// Make.
    #[serde(default)]
    pub make: Option<String>,
    /// Model.
    #[serde(default)]
    pub model: Option<String>,
}

/// What is known of an exhibit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExhibitMetadata {
    /// The laboratory that enters it.
    pub laboratory: String,
    /// The laboratory's number of the case: the same number is the same case.
    #[serde(default)]
    pub case_number: Option<String>,
    /// What the laboratory calls the exhibit within the case.
    #[serde(default)]
    pub label: Option<String>,
    /// Where it was found.
    #[serde(default)]
    pub country: Option<Country>,
    /// Calibre.
    #[serde(default)]
    pub calibre: Option<String>,
    /// The firearm, if anything is known of it.
    #[serde(default)]
    pub firearm: Option<FirearmMetadata>,
    /// Date of the incident.
    #[serde(default)]
    pub incident: Option<Date>,
    /// Free notes.
    #[serde(default)]
    pub notes: Option<String>,
}

impl ExhibitMetadata {
    /// Checks every field, for an entry at this time.
    ///
    /// # Errors
    /// The first field that no record may hold.
    pub fn check(&self, entered: Timestamp) -> Result<(), MetadataError> {
        line("laboratory", Some(&self.laboratory))?;
        line("case number", self.case_number.as_deref())?;
        line("label", self.label.as_deref())?;
        line("calibre", self.calibre.as_deref())?;
        if let Some(FirearmMetadata { label, make, model }) = &self.firearm {
            if label.is_none() && make.is_none() && model.is_none() {
                return Err(MetadataError::Empty { field: "firearm" });
            }
            line("firearm label", label.as_deref())?;
            line("firearm make", make.as_deref())?;
            line("firearm model", model.as_deref())?;
        }
        if let Some(notes) = &self.notes {
            text("notes", notes, NOTES_LIMIT, |c| c.is_control() && !matches!(c, '\n' | '\t'))?;
        }
        time(entered)?;
        if let Some(incident) = self.incident {
            // A day of grace: somewhere on Earth it is already tomorrow.
            let entry = TimeZone::UTC.to_datetime(entered).date();
            if incident > entry.saturating_add(1.day()) {
                return Err(MetadataError::IncidentAfterEntry { incident, entered });
            }
        }
        Ok(())
    }
}

/// Checks a text of one line.
pub(super) fn line(field: &'static str, value: Option<&str>) -> Result<(), MetadataError> {
    value.map_or(Ok(()), |value| text(field, value, LINE_LIMIT, char::is_control))
}

/// Checks that a time fits a UUIDv7.
pub(super) fn time(found: Timestamp) -> Result<(), MetadataError> {
    if found < Timestamp::UNIX_EPOCH {
        return Err(MetadataError::TooEarly { found });
    }
    Ok(())
}

fn text(
    field: &'static str,
    value: &str,
    limit: usize,
    refused: impl Fn(char) -> bool,
) -> Result<(), MetadataError> {
    if value.is_empty() {
        return Err(MetadataError::Empty { field });
    }
    if value.trim() != value {
        return Err(MetadataError::Padded { field });
    }
    if value.contains(refused) {
        return Err(MetadataError::ControlCharacter { field });
    }
    let found = value.chars().count();
    if found > limit {
        return Err(MetadataError::TooLong { field, found, limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_those_of_the_standard() {
        assert_eq!("CH".parse::<Country>().unwrap().name(), "Switzerland");
        for text in ["ch", "XX", "CHE", "", "Ç"] {
            assert!(text.parse::<Country>().is_err(), "{text} was taken for a country");
        }
    }

    #[test]
    fn metadata_is_refused_field_by_field() {
        let entered = "2026-03-01T10:00:00Z".parse().unwrap();
        let good = ExhibitMetadata { laboratory: "Lab".into(), ..Default::default() };
        assert_eq!(good.check(entered), Ok(()));
        let bad = ExhibitMetadata { calibre: Some(String::new()), ..good.clone() };
        assert_eq!(bad.check(entered), Err(MetadataError::Empty { field: "calibre" }));
        let bad = ExhibitMetadata { label: Some("a\nb".into()), ..good.clone() };
        assert_eq!(bad.check(entered), Err(MetadataError::ControlCharacter { field: "label" }));
        let bad = ExhibitMetadata { laboratory: " Lab".into(), ..good.clone() };
        assert_eq!(bad.check(entered), Err(MetadataError::Padded { field: "laboratory" }));
        let bad = ExhibitMetadata { incident: Some("2026-03-04".parse().unwrap()), ..good.clone() };
        assert!(matches!(bad.check(entered), Err(MetadataError::IncidentAfterEntry { .. })));
        let bad = ExhibitMetadata { firearm: Some(FirearmMetadata::default()), ..good };
        assert_eq!(bad.check(entered), Err(MetadataError::Empty { field: "firearm" }));
    }
}
