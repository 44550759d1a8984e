//! What is the same for every call?
//!
//! [`Shared`] is what all services have in common. A [`Call`] begins with the gate, carries an identifier that is in the log,
//! in the answer and in every error, and ends with the work, the deadline, or the server's own end, whichever comes first.

use super::counters::{Counted, Counters};
use super::gate::{Access, Arrival, Caller, Gate, Refusal, Rpc};
use super::limits::Limits;
use super::replays::Replays;
use super::status::{Fault, REQUEST_ID, Room, status};
use super::upload::{Budget, Inbound};
use super::work::Workers;
use crate::matcher::Engine;
use crate::store::{ReferenceStore, ScanId, ScanView, StoreError};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};
use tracing::{Instrument as _, Span};
use uuid::Uuid;

/// Messages that wait for a client before its call waits too.
const AHEAD: usize = 8;

/// How far the server is on its way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It takes calls.
    Serving,
    /// It finishes those in flight and takes no others.
    Draining,
    /// It ends those in flight.
    Stopping,
}

/// What all services have in common.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) store: Arc<dyn ReferenceStore>,
    pub(super) limits: Limits,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) workers: Workers,
    pub(super) budget: Budget,
    pub(super) counters: Arc<Counters>,
    pub(super) replays: Replays,
    pub(super) calls: Arc<Semaphore>,
    pub(super) verification: Arc<tokio::sync::Mutex<()>>,
    pub(super) stage: watch::Sender<Stage>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A call that was admitted.
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    pub(super) rpc: Rpc,
    pub(super) caller: Caller,
    request_id: String,
    deadline: Instant,
    started: Instant,
    span: Span,
    _counted: Counted<Arc<Counters>>,
    _place: OwnedSemaphorePermit,
}

/// What the parts of a call that run elsewhere need of it.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) shared: Arc<Shared>,
    pub(super) rpc: Rpc,
    pub(super) caller: Caller,
}

impl Shared {
    /// Begins a call: 1. asks the gate, 2. finds room.
    pub(super) fn begin<T>(
        self: &Arc<Self>,
        rpc: Rpc,
        request: &Request<T>,
    ) -> Result<Call, Status> {
        let started = Instant::now();
        let request_id = Uuid::new_v4().to_string();
        let peer = request.remote_addr();
        let span = tracing::info_span!("call", %rpc, request_id, peer = ?peer, caller = tracing::field::Empty);
        let refuse = |fault: Fault| {
            span.in_scope(
                || tracing::info!(code = ?fault.code(), fault = %fault.chain(), "refused"),
            );
            status(&fault, &request_id)
        };
        // 1.
        let certificates = request.peer_certs();
        let arrival = Arrival {
            rpc,
            peer,
            certificates: certificates
                .iter()
                .flat_map(|all| all.iter())
                .map(AsRef::as_ref)
                .collect(),
            metadata: request.metadata(),
            extensions: request.extensions(),
        };
        let caller = self.gate.admit(&arrival).map_err(|refusal| refuse(refusal.into()))?;
        span.record("caller", &caller.name);
        // 2.
        if *self.stage.borrow() != Stage::Serving {
            return Err(refuse(self.stopping()));
        }
        let Ok(place) = Arc::clone(&self.calls).try_acquire_owned() else {
            self.counters.refused.fetch_add(1, Ordering::SeqCst);
            let retry_after = self.limits.retry_after;
            return Err(refuse(Fault::Room { what: Room::Calls, retry_after }));
        };
        Ok(Call {
            shared: Arc::clone(self),
            rpc,
            caller,
            deadline: started + allowed(request.metadata(), self.limits.longest_call),
            started,
            _counted: Counted::begin(Arc::clone(&self.counters), |counters| &counters.calls),
            _place: place,
            request_id: request_id.clone(),
            span,
        })
    }

    fn stopping(&self) -> Fault {
        Fault::Stopping { retry_after: self.limits.retry_after }
    }

    /// Work, until it ends, the deadline passes or the server stops.
    async fn bounded<T>(
        &self,
        deadline: Instant,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let mut stage = self.stage.subscribe();
        tokio::select! {
            biased;
            result = work => result,
            () = tokio::time::sleep_until(deadline.into()) => Err(Fault::Deadline),
            _ = stage.wait_for(|stage| *stage == Stage::Stopping) => Err(self.stopping()),
        }
    }
}

impl Scope {
    /// The record of a scan, if the caller may use it.
    pub(super) fn view(&self, scan: ScanId) -> Result<ScanView, Fault> {
        let view = self.shared.store.view(scan)?;
        match self.access(&view) {
            Access::Allowed => Ok(view),
            Access::Hidden => Err(StoreError::NotFound { wanted: scan.to_string() }.into()),
            Access::Denied => Err(self.denied().into()),
        }
    }

    /// Whether the caller may use a record.
    pub(super) fn access(&self, view: &ScanView) -> Access {
        if self.caller.unrestricted {
            return Access::Allowed;
        }
        self.shared.gate.access(&self.caller, self.rpc, view)
    }

    pub(super) fn denied(&self) -> Refusal {
        Refusal::Denied { caller: self.caller.name.clone(), rpc: self.rpc }
    }
}

impl Call {
    pub(super) fn scope(&self) -> Scope {
        let Self { shared, rpc, caller, .. } = self;
        Scope { shared: Arc::clone(shared), rpc: *rpc, caller: caller.clone() }
    }

    /// Messages from the client.
    pub(super) fn inbound<T>(&self, stream: Streaming<T>) -> Inbound<T> {
        Inbound::new(stream, self.shared.limits.upload_idle)
    }

    /// Answers with one message.
    pub(super) async fn unary<T>(
        self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<Response<T>, Status> {
        let bounded = self.shared.bounded(self.deadline, work);
        let result = bounded.instrument(self.span.clone()).await;
        let message = self.conclude(result)?;
        Ok(self.identified(Response::new(message)))
    }

    /// Answers with a stream of messages, made by a task of its own that ends when the client goes away.
    pub(super) fn stream<T, F, W>(self, work: W) -> Result<Response<Answers<T>>, Status>
    where
        T: Send + 'static,
        F: Future<Output = Result<(), Fault>> + Send + 'static,
        W: FnOnce(Outbound<T>) -> F,
    {
        let (sender, receiver) = mpsc::channel(AHEAD + 1);
        let answers = self.identified(Response::new(ReceiverStream::new(receiver)));
        let Ok(last) = sender.clone().try_reserve_owned() else {
            // A channel just made has room.
            return Err(status(&Fault::Panicked, &self.request_id));
        };
        let ending = Ending { last: Some(last), request_id: self.request_id.clone() };
        let work = work(Outbound { sender: sender.clone() });
        let span = self.span.clone();
        let task = async move {
            let mut ending = ending;
            let watched = async {
                tokio::select! {
                    biased;
                    result = work => result,
                    () = sender.closed() => Err(Fault::Cancelled),
                }
            };
            let result = self.shared.bounded(self.deadline, watched).await;
            let result = self.conclude(result);
            // The work is over before the client hears so.
            drop(self);
            if let (Some(last), Err(status)) = (ending.last.take(), result) {
                last.send(Err(status));
            }
        };
        tokio::spawn(task.instrument(span));
        Ok(answers)
    }

    fn identified<T>(&self, mut response: Response<T>) -> Response<T> {
        if let Ok(value) = self.request_id.parse() {
            response.metadata_mut().insert(REQUEST_ID, value);
        }
        response
    }

    /// Logs how the call ended, and makes the status if it failed.
    fn conclude<T>(&self, result: Result<T, Fault>) -> Result<T, Status> {
        let seconds = self.started.elapsed().as_secs_f64();
        self.span.in_scope(|| match result {
            Ok(answer) => {
                tracing::info!(seconds, "answered");
                Ok(answer)
            }
            Err(fault) => {
                let (code, text) = (fault.code(), fault.chain());
                if fault.is_the_servers() {
                    tracing::error!(?code, seconds, fault = %text, "failed");
                } else {
                    tracing::info!(?code, seconds, fault = %text, "refused");
                }
                Err(status(&fault, &self.request_id))
            }
        })
    }
}

/// The stream of answers.
pub(super) type Answers<T> = ReceiverStream<Result<T, Status>>;

/// Where answers go.
#[derive(Debug)]
pub(super) struct Outbound<T> {
    sender: mpsc::Sender<Result<T, Status>>,
}

impl<T> Clone for Outbound<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

impl<T> Outbound<T> {
    /// Sends an answer, as soon as the client takes it.
    pub(super) async fn send(&self, answer: T) -> Result<(), Fault> {
        self.sender.send(Ok(answer)).await.map_err(|_| Fault::Cancelled)
    }

    /// Sends an answer if the client takes it at once: for news that the next ones outdate. Whether it was sent.
    pub(super) fn offer(&self, answer: T) -> bool {
        self.sender.try_send(Ok(answer)).is_ok()
    }
}

/// Keeps room for the last message: a stream that ends by a panic must not look as if it had ended well.
struct Ending<T> {
    last: Option<OwnedPermit<Result<T, Status>>>,
    request_id: String,
}

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(last) = self.last.take()
        {
            last.send(Err(status(&Fault::Panicked, &self.request_id)));
        }
    }
}

/// How long a call may take: what the client says in `grpc-timeout`, and never longer than the server allows. A little
/// less than the client says, so that the answer still reaches it.
fn allowed(metadata: &MetadataMap, longest: Duration) -> Duration {
    let stated = metadata.get("grpc-timeout").and_then(|value| timeout(value.to_str().ok()?));
    stated.map_or(longest, |stated| (stated - stated / 50).min(longest))
}

/// At most eight digits and a unit, as the gRPC protocol writes timeouts.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        assert_eq!(timeout("5S"), Some(Duration::from_secs(5)));
        assert_eq!(timeout("250m"), Some(Duration::from_millis(250)));
        for text in ["", "S", "123456789S", "5", "5x", "-5S", "é"] {
            assert_eq!(timeout(text), None, "{text}");
        }
    }
}
