//! How are records written, so that they can be read for ever?
//!
//! One enrolment (or batch, or withdrawal) is one [`Transaction`], one object, and becomes visible by one
//! rename. Its bytes: the eight letters of [`MAGIC`], the version as two bytes (little-endian), then the
//! transaction in postcard 1.x. Version 1 is the derived encoding of [`super::model`]; a change there
//! needs a new version and the old types kept beside it, which `testdata/store/v1` checks. Version 2 adds
//! the sharing of an exhibit after all that version 1 has, and is written only where there is one: so an
//! older engine reads everything else, and refuses to serve what it would share wrongly. Version 3 adds, in the same
//! way, how a mark was found ([`super::location`]).

use super::location::{Correction, Location};
use super::model::{Case, Exhibit, Firearm, Mark, Scan, SignatureLink, Withdrawal};
use super::sharing::SharingChoice;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The first bytes of each record object.
const MAGIC: [u8; 8] = *b"CASEMARK";
/// The newest version that is written.
pub const RECORD_VERSION: u16 = 3;
/// The oldest version that can be read.
pub const OLDEST_RECORD_VERSION: u16 = 1;

/// Bytes that are no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The first bytes are not those of a record.
    #[error("it does not begin as a record of casemark")]
    NotARecord,
    /// It ends too early, goes on too long or holds an impossible value.
    #[error("its content cannot be decoded")]
    Content {
        /// What the decoder says.
        #[source]
        source: postcard::Error,
    },
    /// Bytes after the end.
    #[error("{found} bytes follow its end")]
    Trailing {
        /// How many.
        found: usize,
    },
    /// What no record of its version can say.
    #[error("it has record version {found}, but says what only version {wanted} can")]
    TooNew {
        /// Version found.
        found: u16,
        /// Version that can say it.
        wanted: u16,
    },
    /// Written by another engine.
    #[error("it has record version {found}; this engine reads {oldest} to {newest}")]
    VersionUnsupported {
        /// Version found.
        found: u16,
        /// Oldest version that can be read.
        oldest: u16,
        /// Newest version that can be read.
        newest: u16,
    },
}

/// One fact of a transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Record {
    Case(Case),
    Firearm(Firearm),
    /// A new exhibit or a revision of one.
    Exhibit(Exhibit),
    Mark(Mark),
    Scan(Scan),
    Signature(SignatureLink),
    Withdrawal(Withdrawal),
    /// From version 2 on.
    Sharing(SharingChoice),
    /// From version 3 on.
    Location(Location),
    /// From version 3 on.
    Correction(Correction),
}

impl Record {
    /// The lowest version that can say it.
    const fn version(&self) -> u16 {
        match self {
            Self::Case(_)
            | Self::Firearm(_)
            | Self::Exhibit(_)
            | Self::Mark(_)
            | Self::Scan(_)
            | Self::Signature(_)
            | Self::Withdrawal(_) => 1,
            Self::Sharing(_) => 2,
            Self::Location(_) | Self::Correction(_) => 3,
        }
    }
}

/// What becomes known at once or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Transaction {
    /// Orders revisions: the later one holds, in whichever order stores meet.
    pub(super) at: Timestamp,
    /// What became known.
    pub(super) records: Vec<Record>,
}

impl Transaction {
    /// The bytes of the object.
    pub(super) fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.version().to_le_bytes());
        postcard::to_extend(self, bytes).map_err(|source| RecordError::Content { source })
    }

    /// From the bytes of an object.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(RecordError::NotARecord)?;
        let (version, content) = rest.split_first_chunk().ok_or(RecordError::NotARecord)?;
        let found = u16::from_le_bytes(*version);
        if !(OLDEST_RECORD_VERSION..=RECORD_VERSION).contains(&found) {
            return Err(RecordError::VersionUnsupported {
                found,
                oldest: OLDEST_RECORD_VERSION,
                newest: RECORD_VERSION,
            });
        }
        let (transaction, after) =
            postcard::take_from_bytes(content).map_err(|source| RecordError::Content { source })?;
        if !after.is_empty() {
            return Err(RecordError::Trailing { found: after.len() });
        }
        let transaction: Self = transaction;
        if transaction.version() > found {
            return Err(RecordError::TooNew { found, wanted: transaction.version() });
        }
        Ok(transaction)
    }

    /// The lowest version that can say it.
    fn version(&self) -> u16 {
        self.records.iter().map(Record::version).max().unwrap_or(OLDEST_RECORD_VERSION)
    }

    /// Whether it withdraws something.
    pub(super) fn withdraws(&self) -> bool {
        self.records.iter().any(|record| matches!(record, Record::Withdrawal(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::model::{MarkId, ScanId, Subject};
    use uuid::Uuid;

    fn example() -> Transaction {
        let at = "2026-03-01T10:00:00.123456789Z".parse().unwrap();
        let id = Uuid::from_u128(7);
        let scan = Scan {
            id: ScanId::from_uuid(id),
            mark: MarkId::from_uuid(id),
            original: crate::digest::Digest::of(b"original"),
            original_name: "a.x3p".into(),
            original_bytes: 8,
            entered: at,
        };
        let withdrawal = Withdrawal {
            subject: Subject::Scan(ScanId::from_uuid(id)),
            reason: "example".into(),
            at,
        };
        Transaction { at, records: vec![Record::Scan(scan), Record::Withdrawal(withdrawal)] }
    }

    #[test]
    fn a_record_survives_and_each_truncation_is_refused() {
        let bytes = example().encode().unwrap();
        assert_eq!(Transaction::decode(&bytes).unwrap(), example());
        for length in 0..bytes.len() {
            assert!(Transaction::decode(&bytes[..length]).is_err(), "{length} bytes were enough");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(Transaction::decode(&longer), Err(RecordError::Trailing { found: 1 })));
    }

    #[test]
    fn only_what_needs_version_2_is_written_in_it() {
        assert_eq!(example().encode().unwrap()[8], 1);
        let exhibit = crate::store::model::ExhibitId::from_uuid(Uuid::from_u128(7));
        let sharing = Record::Sharing(SharingChoice { exhibit, sharing: None });
        let transaction = Transaction { records: vec![sharing], ..example() };
        let mut bytes = transaction.encode().unwrap();
        assert_eq!(bytes[8], 2);
        assert_eq!(Transaction::decode(&bytes).unwrap(), transaction);
        bytes[8] = 1;
        let error = Transaction::decode(&bytes).unwrap_err();
        assert!(matches!(error, RecordError::TooNew { found: 1, wanted: 2 }), "{error}");
    }

    #[test]
    fn the_bytes_of_version_2_stay_readable() {
        let exhibit = crate::store::model::ExhibitId::from_uuid(Uuid::from_u128(7));
        let countries = ["BB", "TT"].map(|code| code.parse().unwrap()).into();
        let audience = crate::store::Audience::Countries(countries);
        let sharing = crate::store::Sharing { audience, existence: crate::store::Existence::Told };
        let choice = SharingChoice { exhibit, sharing: Some(sharing) };
        let at = "2026-03-01T10:00:00Z".parse().unwrap();
        let transaction = Transaction { at, records: vec![Record::Sharing(choice)] };
        // As the first engine of this version wrote them.
        let written = "434153454d41524b020014323032362d30332d30315431303a30303a30305a0107100000000000000000000000000000000701010202424202545401";
        let bytes: String =
            transaction.encode().unwrap().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(bytes, written);
    }

    #[test]
    fn the_bytes_of_version_3_stay_readable() {
        let at: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let scan = ScanId::from_uuid(Uuid::from_u128(7));
        let digest = crate::digest::Digest::from_bytes;
        let location = Location {
            scan,
            at,
            engine_version: "0.1.0".into(),
            segmentation: digest([1; 32]),
            confidence: 0.5,
            in_view: 1.0,
            regions: digest([2; 32]),
        };
        let correction = Correction {
            scan,
            at,
            by: "me".into(),
            how: "keep-circle 0,0,9".into(),
            regions: digest([3; 32]),
        };
        let records = vec![Record::Location(location), Record::Correction(correction)];
        let transaction = Transaction { at, records };
        let bytes = transaction.encode().unwrap();
        // As the first engine of this version wrote them.
        let written = "434153454d41524b030014323032362d30332d30315431303a30303a30305a0208100000000000000000000000000000000714323032362d30332d30315431303a30303a30305a05302e312e300101010101010101010101010101010101010101010101010101010101010101000000000000e03f000000000000f03f020202020202020202020202020202020202020202020202020202020202020209100000000000000000000000000000000714323032362d30332d30315431303a30303a30305a026d65116b6565702d636972636c6520302c302c390303030303030303030303030303030303030303030303030303030303030303";
        let hexadecimal: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hexadecimal, written);
        assert_eq!(Transaction::decode(&bytes).unwrap(), transaction);
        for older in [1, 2] {
            let mut bytes = bytes.clone();
            bytes[8] = older;
            let error = Transaction::decode(&bytes).unwrap_err();
            assert!(matches!(error, RecordError::TooNew { wanted: 3, .. }), "{error}");
        }
    }

    #[test]
    fn a_version_of_the_future_is_refused_by_its_number() {
        let mut bytes = example().encode().unwrap();
        bytes[8] = 9;
        let error = Transaction::decode(&bytes).unwrap_err();
        assert!(matches!(error, RecordError::VersionUnsupported { found: 9, .. }), "{error}");
    }
}
