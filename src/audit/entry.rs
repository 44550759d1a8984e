//! What does an entry say, and how is it written so that its hash is always the same?
//!
//! One JSON object on one line, its fields in the order of the struct, nothing between them: the bytes
//! that were hashed are the bytes that lie in the file.

use super::error::AuditError;
use crate::digest::Digest;
use crate::store::Country;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest event, in bytes of JSON.
pub const EVENT_LIMIT: usize = 16 * 1024;

/// How what was asked ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done, and the answer given.
    Done,
    /// The asker may not, or not so much.
    Refused,
    /// It went wrong.
    Failed,
    /// The asker went away before the end.
    Cancelled,
    /// It was about to change something, or to give the first part of an answer; another entry of the same request says how
    /// it ended. Where there is none, the machine failed meanwhile.
    Begun,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Begun => "begun",
        })
    }
}

/// What happened, as the one who saw it tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who: the identity of a certificate, or a user of this machine.
    pub actor: String,
    /// For which laboratory.
    pub laboratory: String,
    /// Of which country, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// What was asked: the name of an action.
    pub action: String,
    /// Of what: an identifier, a file's hash, a filter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The request's identifier, as the asker was told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// A reason, or a number that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Version of the engine.
    pub engine_version: String,
    /// Digest of all parameters, where a result depends on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Digest>,
    /// Digest of the result as it was given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Digest>,
}

impl Event {
    /// The canonical bytes.
    pub(super) fn encode(&self) -> Result<Vec<u8>, AuditError> {
        let json = serde_json::to_vec(self).map_err(|source| AuditError::Encoding { source })?;
        if json.len() > EVENT_LIMIT {
            return Err(AuditError::EventTooLong { found: json.len(), limit: EVENT_LIMIT });
        }
        Ok(json)
    }
}

/// An event in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its place, from 0.
    pub index: u64,
    /// Its hash, which the next one carries.
    pub hash: Digest,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// The chain up to a place: what the next entry has to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Number of entries, and so the index of the next.
    pub(super) entries: u64,
    /// Hash of the last; zeros if there is none.
    pub(super) hash: Digest,
}

impl Link {
    /// Before the first entry.
    pub(super) const START: Self = Self { entries: 0, hash: Digest::from_bytes([0; 32]) };

    /// After an entry with this JSON.
    pub(super) fn after(self, json: &[u8]) -> Self {
        let mut bytes = format!("{} {} ", self.hash, self.entries).into_bytes();
        bytes.extend_from_slice(json);
        Self { entries: self.entries + 1, hash: Digest::of(&bytes) }
    }

    /// Writes an entry's line and goes on to it.
    pub(super) fn write(&mut self, json: &[u8], lines: &mut Vec<u8>) {
        let next = self.after(json);
        lines.extend_from_slice(format!("{} {} ", self.entries, next.hash).as_bytes());
        lines.extend_from_slice(json);
        lines.push(b'\n');
        *self = next;
    }
}
