//! What does the audit log hear of a call, and when?
//!
//! Every call that was identified leaves an entry that says how it ended, durable before the end of its answer leaves. One
//! that changes the store, or that answers with a stream, leaves another before that, `begun`: so nothing is changed and
//! nothing is given out that the log does not know of, wherever the machine fails. What was turned away for want of room
//! leaves none, since a crowd could fill the disk; nor does a caller without an identity.

use super::gate::{Caller, Rpc};
use super::status::Fault;
use crate::access::Identity;
use crate::audit::{AuditLog, Event, Outcome};
use crate::digest::{Digest, Hasher};
use jiff::Timestamp;
use prost::Message;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tonic::Code;

/// Longest detail that is kept, in characters.
const DETAIL_LIMIT: usize = 500;
/// The laboratory of a caller who has none.
const NO_LABORATORY: &str = "unknown";

/// The entries of one call.
#[derive(Debug)]
pub(super) struct Trail {
    /// Absent where the server keeps no log.
    log: Option<Arc<AuditLog>>,
    rpc: Rpc,
    caller: Caller,
    request_id: String,
    parameters: Digest,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    subject: Option<String>,
    detail: Option<String>,
    result: Option<Digest>,
    begun: bool,
    /// Whether the entry that says how it ended is written, or is for a change to write that cannot be stopped any more.
    closed: bool,
}

impl Trail {
    pub(super) fn new(
        log: Option<Arc<AuditLog>>,
        rpc: Rpc,
        caller: Caller,
        request_id: String,
        parameters: Digest,
    ) -> Self {
        Self { log, rpc, caller, request_id, parameters, state: Mutex::default() }
    }

    /// Says what is asked about.
    pub(super) fn about(&self, subject: impl Display) {
        self.state().subject = Some(subject.to_string());
    }

    /// Says something that matters besides.
    pub(super) fn remark(&self, detail: impl Display) {
        self.state().detail = Some(detail.to_string());
    }

    /// Says what was given out.
    pub(super) fn gave(&self, result: Digest) {
        self.state().result = Some(result);
    }

    /// Says it where nothing was said.
    pub(super) fn gave_at_least(&self, result: impl FnOnce() -> Digest) {
        let mut state = self.state();
        if state.result.is_none() {
            state.result = Some(result());
        }
    }

    /// Writes that it begins. Blocks for the disk.
    fn begin(&self) -> Result<(), Fault> {
        self.write(Outcome::Begun, None)?;
        self.state().begun = true;
        Ok(())
    }

    /// The same from the threads of the runtime.
    pub(super) async fn begun(self: &Arc<Self>) -> Result<(), Fault> {
        let trail = Arc::clone(self);
        blocking(self.log.is_some(), move || trail.begin()).await
    }

    /// Changes the store: 1. writes that it begins, 2. changes, 3. writes how that ended. Once begun, it goes on to its end
    /// whether anyone waits or not. Blocks for the disk.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce() -> Result<T, Fault>,
        result: impl FnOnce(&T) -> Digest,
    ) -> Result<T, Fault> {
        {
            let mut state = self.state();
            if state.closed {
                // Whoever waited for it is gone, and the log was told so.
                return Err(Fault::Cancelled);
            }
            state.closed = true;
        }
        // 1.
        self.begin()?;
        // 2.
        let changed = change();
        // 3.
        let outcome = match &changed {
            Ok(changed) => {
                self.gave(result(changed));
                Outcome::Done
            }
            Err(fault) => outcome_of(fault),
        };
        self.write(outcome, changed.as_ref().err())?;
        changed
    }

    /// Writes how the call ended, unless that is written.
    pub(super) async fn ended(self: &Arc<Self>, fault: Option<&Fault>) -> Result<(), Fault> {
        if fault.is_some_and(is_want_of_room) && !self.state().begun {
            return Ok(());
        }
        let outcome = fault.map_or(Outcome::Done, outcome_of);
        let detail = fault.map(Fault::chain);
        let trail = Arc::clone(self);
        let write = move || {
            if trail.close() { trail.write_with(outcome, detail) } else { Ok(()) }
        };
        blocking(self.log.is_some(), write).await
    }

    /// Writes that the asker went away, unless it is written how the call ended. Waits for nothing.
    pub(super) fn abandoned(self: &Arc<Self>) {
        if self.log.is_none() || !self.close() {
            return;
        }
        let trail = Arc::clone(self);
        let write = move || {
            if let Err(fault) = trail.write_with(Outcome::Cancelled, None) {
                tracing::error!(request_id = trail.request_id, fault = %fault.chain(), "audit log");
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(write)),
            Err(_) => write(),
        }
    }

    /// Whether it is for the asker to write how the call ended.
    fn close(&self) -> bool {
        !std::mem::replace(&mut self.state().closed, true)
    }

    fn write(&self, outcome: Outcome, fault: Option<&Fault>) -> Result<(), Fault> {
        self.write_with(outcome, fault.map(Fault::chain))
    }

    fn write_with(&self, outcome: Outcome, fault: Option<String>) -> Result<(), Fault> {
        let (Some(log), Some(action)) = (&self.log, self.rpc.action()) else { return Ok(()) };
        let event = {
            let state = self.state();
            let details = [fault.as_deref(), state.detail.as_deref()];
            let detail = details.into_iter().flatten().collect::<Vec<_>>().join("; ");
            let identity = self.caller.identity.as_ref();
            Event {
                at: Timestamp::now(),
                actor: self.caller.name.clone(),
                laboratory: identity.map_or(NO_LABORATORY, Identity::laboratory).to_owned(),
                country: identity.map(Identity::country),
                action: action.to_string(),
                subject: state.subject.clone(),
                outcome,
                request: Some(self.request_id.clone()),
                detail: (!detail.is_empty()).then(|| detail.chars().take(DETAIL_LIMIT).collect()),
                engine_version: crate::VERSION.to_owned(),
                parameters: self.rpc.computes().then_some(self.parameters),
                result: if outcome == Outcome::Done { state.result } else { None },
            }
        };
        log.append(&event).map(|_| ()).map_err(|source| Fault::Audit { source })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The digest of a stream of answers: of its messages, one after the other.
#[derive(Default)]
pub(super) struct Transcript(Hasher);

impl Transcript {
    pub(super) fn add(&mut self, message: &impl Message) {
        self.0.update(&message.encode_to_vec());
    }

    pub(super) fn digest(self) -> Digest {
        self.0.finish()
    }
}

async fn blocking(
    wanted: bool,
    work: impl FnOnce() -> Result<(), Fault> + Send + 'static,
) -> Result<(), Fault> {
    if !wanted {
        return Ok(());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Panicked)?
}

fn is_want_of_room(fault: &Fault) -> bool {
    matches!(fault, Fault::Room { .. })
}

fn outcome_of(fault: &Fault) -> Outcome {
    if matches!(fault, Fault::Cancelled) {
        return Outcome::Cancelled;
    }
    match fault.code() {
        Code::PermissionDenied | Code::Unauthenticated => Outcome::Refused,
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Outcome::Failed,
    }
}
