//! What is the same for every call?
//!
//! [`Shared`] is what all services have in common. A [`Call`] begins with the gate, carries an identifier that is in both
//! logs, in the answer and in every error, and ends with the work, the deadline, or the server's own end, whichever comes
//! first. How it ended is in the audit log before the end of its answer leaves.

use super::answers::{Answers, Outbound, Unopened, channel, forget};
use super::flow::Flow;
use super::gate::{Access, Arrival, Caller, Gate, Refusal, Rpc};
use super::limits::Limits;
use super::metrics::{Counted, Metrics};
use super::pace::Pace;
use super::quota::{Quota, Share};
use super::replays::Replays;
use super::room::Room;
use super::status::{Fault, REQUEST_ID, status};
use super::trail::Trail;
use super::upload::{Budget, Inbound};
use super::work::Workers;
use crate::audit::AuditLog;
use crate::calibration::Calibrations;
use crate::digest::Digest;
use crate::gallery::{Class, Galleries};
use crate::matcher::Engine;
use crate::quality::Rules;
use crate::store::{ReferenceStore, ScanId, ScanView, StoreError};
use prost::Message;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status, Streaming};
use tracing::{Instrument as _, Span};
use uuid::Uuid;

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
    /// The store's references, ready to be searched.
    pub(super) galleries: Galleries,
    pub(super) limits: Limits,
    /// What scans that are entered are held against.
    pub(super) quality: Rules,
    pub(super) gate: Arc<dyn Gate>,
    /// What scores are worth.
    pub(super) calibrations: Calibrations,
    /// Absent where no log is kept.
    pub(super) audit: Option<Arc<AuditLog>>,
    pub(super) workers: Workers,
    pub(super) budget: Budget,
    pub(super) metrics: Arc<Metrics>,
    pub(super) searches: Arc<Quota>,
    pub(super) replays: Replays,
    pub(super) calls: Arc<Semaphore>,
    /// A laboratory's part of them.
    pub(super) shares: Arc<Quota>,
    /// When who has a share is told so.
    pub(super) pace: Pace,
    /// How fast uploads are read.
    pub(super) flow: Arc<Flow>,
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
    trail: Arc<Trail>,
    deadline: Instant,
    started: Instant,
    span: Span,
    concluded: bool,
    _counted: Counted,
    _place: OwnedSemaphorePermit,
    _share: Share,
}

/// What the parts of a call that run elsewhere need of it.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) shared: Arc<Shared>,
    pub(super) rpc: Rpc,
    pub(super) caller: Caller,
    pub(super) trail: Arc<Trail>,
}

/// A call at the gate.
pub(super) struct Admission(Result<Box<Call>, Box<Turned>>);

/// A call that was turned away.
struct Turned {
    fault: Fault,
    request_id: String,
    /// Of those who are known.
    trail: Option<Arc<Trail>>,
    /// When it is told so, if that is not at once.
    wait: Option<Wait>,
}

/// Until somebody who has a share is told so; the server's end cuts it short.
pub(super) struct Wait {
    until: Instant,
    stage: watch::Receiver<Stage>,
}

impl Wait {
    pub(super) async fn over(mut self) {
        tokio::select! {
            () = tokio::time::sleep_until(self.until.into()) => {}
            _ = self.stage.wait_for(|stage| *stage > Stage::Serving) => {}
        }
    }
}

impl From<Turned> for Admission {
    fn from(turned: Turned) -> Self {
        Self(Err(Box::new(turned)))
    }
}

impl Admission {
    /// The call, or why it was turned away, which is in the audit log by then.
    pub(super) async fn admitted(self) -> Result<Call, Status> {
        let Turned { mut fault, request_id, trail, wait } = match self.0 {
            Ok(call) => return Ok(*call),
            Err(turned) => *turned,
        };
        if let Some(wait) = wait {
            wait.over().await;
        }
        if let Some(trail) = trail
            && let Err(unwritten) = trail.ended(Some(&fault)).await
        {
            tracing::error!(request_id, fault = %unwritten.chain(), "audit log");
            fault = unwritten;
        }
        Err(status(&fault, &request_id))
    }

    /// The same for calls that are in no audit log.
    pub(super) fn admitted_unlogged(self) -> Result<Call, Status> {
        self.0.map(|call| *call).map_err(|turned| status(&turned.fault, &turned.request_id))
    }
}

impl Shared {
    /// Begins a call: 1. asks the gate, 2. finds room.
    pub(super) fn begin<T>(self: &Arc<Self>, rpc: Rpc, request: &Request<T>) -> Admission {
        let started = Instant::now();
        let request_id = Uuid::new_v4().to_string();
        let peer = request.remote_addr();
        let span = tracing::info_span!("call", %rpc, request_id, peer = ?peer, caller = tracing::field::Empty);
        let turned = |fault: Fault, trail: Option<Arc<Trail>>| {
            // A crowd must not fill the log; the metrics count it.
            if !matches!(fault, Fault::Room { .. }) {
                span.in_scope(
                    || tracing::info!(code = ?fault.code(), fault = %fault.chain(), "refused"),
                );
            }
            self.metrics.end(rpc, fault.code(), Some(fault.reason()), started.elapsed());
            let request_id = request_id.clone();
            Turned { fault, request_id, trail, wait: None }
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
        let caller = match self.gate.identify(&arrival) {
            Ok(caller) => caller,
            Err(refusal) => return turned(refusal.into(), None).into(),
        };
        span.record("caller", &caller.name);
        let trail = Arc::new(Trail::new(
            self.audit.clone(),
            rpc,
            caller.clone(),
            request_id.clone(),
            self.engine.digest(),
        ));
        if let Err(refusal) = self.gate.allows(&caller, rpc) {
            return turned(refusal.into(), Some(trail)).into();
        }
        // 2.
        if *self.stage.borrow() != Stage::Serving {
            return turned(self.stopping(), None).into();
        }
        let full = |what: Room| {
            self.metrics.refuse(what);
            turned(Fault::Room { what, retry_after: self.limits.retry_after }, None)
        };
        let Some(share) = self.shares.take(caller.account()) else {
            let wait = Some(self.wait(&caller, started));
            return Turned { wait, ..full(Room::LaboratoryCalls) }.into();
        };
        let Ok(place) = Arc::clone(&self.calls).try_acquire_owned() else {
            return full(Room::Calls).into();
        };
        self.metrics.begin(rpc);
        Admission(Ok(Box::new(Call {
            shared: Arc::clone(self),
            rpc,
            caller,
            trail,
            deadline: started + allowed(request.metadata(), self.limits.longest(rpc)),
            started,
            concluded: false,
            _counted: Counted::begin(&self.metrics, |metrics| &metrics.calls),
            _place: place,
            _share: share,
            request_id: request_id.clone(),
            span,
        })))
    }

    /// How long somebody waits to be told that the laboratory has its share.
    pub(super) fn wait(&self, caller: &Caller, now: Instant) -> Wait {
        let until = self.pace.turn(caller.account(), now);
        Wait { until, stage: self.stage.subscribe() }
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
        self.check(&view, scan)?;
        Ok(view)
    }

    /// Whether the caller may use the record of something that was asked for by this name.
    pub(super) fn check(
        &self,
        view: &ScanView,
        wanted: impl std::fmt::Display,
    ) -> Result<(), Fault> {
        let laboratory = || view.exhibit.laboratory.clone();
        match self.access(view)? {
            Access::Allowed => Ok(()),
            Access::Hidden => {
                // The asker must not learn it, an auditor may.
                self.trail.remark("it is there, and hidden from the asker");
                Err(StoreError::NotFound { wanted: wanted.to_string() }.into())
            }
            Access::Restricted => Err(Refusal::Restricted { laboratory: laboratory() }.into()),
            Access::NotOwner => Err(Refusal::NotOwner { laboratory: laboratory() }.into()),
        }
    }

    /// How the caller may use a record.
    pub(super) fn access(&self, view: &ScanView) -> Result<Access, StoreError> {
        if self.caller.unrestricted {
            return Ok(Access::Allowed);
        }
        let own = self.shared.store.sharing(view.exhibit.id)?;
        let laboratory = &view.exhibit.laboratory;
        Ok(self.shared.gate.access(&self.caller, self.rpc, laboratory, own.as_ref()))
    }

    /// Whether references of a class take part in a search: those that the caller may see, or at least know of.
    pub(super) fn admits(&self, class: &Class) -> bool {
        let Class { facets, sharing } = class;
        let gate = &self.shared.gate;
        self.caller.unrestricted
            || match gate.access(&self.caller, self.rpc, &facets.laboratory, sharing.as_ref()) {
                Access::Allowed | Access::Restricted => true,
                Access::Hidden | Access::NotOwner => false,
            }
    }
}

impl Call {
    pub(super) fn scope(&self) -> Scope {
        let Self { shared, rpc, caller, trail, .. } = self;
        Scope {
            shared: Arc::clone(shared),
            rpc: *rpc,
            caller: caller.clone(),
            trail: Arc::clone(trail),
        }
    }

    /// Messages from the client.
    pub(super) fn inbound<T>(&self, stream: Streaming<T>) -> Inbound<T> {
        let flow = (Arc::clone(&self.shared.flow), self.caller.account().to_owned());
        Inbound::new(stream, &self.shared.limits, flow)
    }

    /// Answers with one message.
    pub(super) async fn unary<T: Message>(
        self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<Response<T>, Status> {
        let mut call = self;
        let bounded = call.shared.bounded(call.deadline, work);
        let result = bounded.instrument(call.span.clone()).await;
        if let Ok(message) = &result {
            call.trail.gave_at_least(|| Digest::of(&message.encode_to_vec()));
        }
        let message = call.conclude(result).await?;
        Ok(call.identified(Response::new(message)))
    }

    /// Answers with a stream of messages, made by a task of its own that ends when the client goes away.
    pub(super) fn stream<T, F, W>(self, work: W) -> Result<Response<Answers<T>>, Status>
    where
        T: Send + 'static,
        F: Future<Output = Result<(), Fault>> + Send + 'static,
        W: FnOnce(Unopened<T>) -> F,
    {
        let (sender, answers) = channel();
        let queue = answers.queue();
        let answers = self.identified(Response::new(answers));
        let Ok(last) = sender.clone().try_reserve_owned() else {
            // A channel just made has room.
            return Err(status(&Fault::Panicked, &self.request_id));
        };
        let ending = Ending { last: Some(last), request_id: self.request_id.clone() };
        let idle = self.shared.limits.upload_idle;
        let outbound = Outbound::new(sender.clone(), idle);
        let work = work(Unopened::new(outbound, Arc::clone(&self.trail)));
        let span = self.span.clone();
        let mut call = self;
        let task = async move {
            let mut ending = ending;
            let watched = async {
                tokio::select! {
                    biased;
                    result = work => result,
                    () = sender.closed() => Err(Fault::Cancelled),
                }
            };
            let result = call.shared.bounded(call.deadline, watched).await;
            if matches!(result, Err(Fault::NotTaken { .. })) {
                forget(&queue);
            }
            let result = call.conclude(result).await;
            // The work is over before the client hears so.
            drop(call);
            if let (Some(last), Err(status)) = (ending.last.take(), result) {
                last.send(Err(status));
            }
        };
        tokio::spawn(task.instrument(span));
        Ok(answers)
    }

    /// Lets it go on elsewhere: for calls that this service does not answer itself.
    pub(super) fn pass(mut self) {
        self.concluded = true;
        self.shared.metrics.end(self.rpc, Code::Ok, None, self.started.elapsed());
    }

    fn identified<T>(&self, mut response: Response<T>) -> Response<T> {
        if let Ok(value) = self.request_id.parse() {
            response.metadata_mut().insert(REQUEST_ID, value);
        }
        response
    }

    /// Writes down how the call ended, and makes the status if it failed. An answer that cannot be written down is none.
    async fn conclude<T>(&mut self, result: Result<T, Fault>) -> Result<T, Status> {
        let written = self.trail.ended(result.as_ref().err()).await;
        let result = match written {
            Ok(()) => result,
            Err(unwritten) => Err(unwritten),
        };
        self.concluded = true;
        let took = self.started.elapsed();
        let seconds = took.as_secs_f64();
        self.span.in_scope(|| match result {
            Ok(answer) => {
                tracing::info!(seconds, "answered");
                self.shared.metrics.end(self.rpc, Code::Ok, None, took);
                Ok(answer)
            }
            Err(fault) => {
                let (code, text) = (fault.code(), fault.chain());
                if fault.is_the_servers() {
                    tracing::error!(?code, seconds, fault = %text, "failed");
                } else {
                    tracing::info!(?code, seconds, fault = %text, "refused");
                }
                self.shared.metrics.end(self.rpc, code, Some(fault.reason()), took);
                Err(status(&fault, &self.request_id))
            }
        })
    }
}

/// A call whose client went away while it waited.
impl Drop for Call {
    fn drop(&mut self) {
        if self.concluded {
            return;
        }
        self.trail.abandoned();
        let took = self.started.elapsed();
        self.span.in_scope(|| tracing::info!(seconds = took.as_secs_f64(), "abandoned"));
        let gone = Fault::Cancelled;
        self.shared.metrics.end(self.rpc, gone.code(), Some(gone.reason()), took);
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
