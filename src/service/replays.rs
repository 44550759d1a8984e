//! Was this enrolment asked for before?
//!
//! A client that lost an answer sends its request again under the same identifier and gets the same answer. The last
//! [`REMEMBERED`] identifiers are kept in memory, each caller's apart; a file entered twice is recognised by the store in
//! any case, by its hash.

use super::pb::EnrolResponse;
use super::status::Fault;
use crate::digest::Digest;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// Identifiers that are kept.
const REMEMBERED: usize = 10_000;

/// Caller and identifier.
type Key = (String, String);
/// What was asked, and what was answered.
type Answered = Option<(Digest, EnrolResponse)>;

/// Enrolments that were answered.
#[derive(Debug, Default)]
pub(super) struct Replays {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_key: HashMap<Key, Arc<tokio::sync::Mutex<Answered>>>,
    /// Oldest first.
    order: VecDeque<Key>,
}

/// An identifier in use: a second request under it waits for the first.
#[derive(Debug)]
pub(super) struct Replay {
    answered: OwnedMutexGuard<Answered>,
    asked: Digest,
}

impl Replays {
    /// Takes an identifier for what is asked.
    pub(super) async fn take(
        &self,
        caller: &str,
        request_id: &str,
        asked: Digest,
    ) -> Result<Replay, Fault> {
        let entry = self.entry((caller.to_owned(), request_id.to_owned()));
        let answered = entry.lock_owned().await;
        match &*answered {
            Some((before, _)) if *before != asked => Err(Fault::RequestIdReused),
            _ => Ok(Replay { answered, asked }),
        }
    }

    fn entry(&self, key: Key) -> Arc<tokio::sync::Mutex<Answered>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = known.by_key.get(&key) {
            return Arc::clone(entry);
        }
        if known.order.len() == REMEMBERED
            && let Some(oldest) = known.order.pop_front()
        {
            known.by_key.remove(&oldest);
        }
        known.order.push_back(key.clone());
        Arc::clone(known.by_key.entry(key).or_default())
    }
}

impl Replay {
    /// The answer that was given before.
    pub(super) fn answer(&self) -> Option<EnrolResponse> {
        self.answered.as_ref().map(|(_, answer)| answer.clone())
    }

    /// Remembers the answer.
    pub(super) fn answered(mut self, answer: &EnrolResponse) {
        *self.answered = Some((self.asked, answer.clone()));
    }
}
