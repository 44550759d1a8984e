//! What is the service doing, and how long does it take?
//!
//! [`Metrics`] count what happens, in the form that Prometheus reads; [`Activity`] is a look at the few that tests and
//! programs ask for. No answer depends on them. What each means is in `docs/operations.md`.

use super::gate::Rpc;
use super::room::Room;
use crate::store::Statistics;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tonic::Code;

/// Upper bounds of the classes of times, seconds.
const SECONDS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0,
    600.0,
];

/// One label.
type Label = (&'static str, &'static str);
/// Times by rpc.
type Times = Family<[Label; 1], Histogram, fn() -> Histogram>;

/// Counts since the server was made, and what is at this moment.
pub(super) struct Metrics {
    registry: Registry,
    pub(super) calls: Gauge,
    begun: Family<[Label; 1], Counter>,
    ended: Family<[Label; 2], Counter>,
    errors: Family<[Label; 3], Counter>,
    seconds: Times,
    pub(super) running: Gauge,
    pub(super) waiting: Gauge,
    pub(super) searches: Gauge,
    pub(super) searches_waiting: Gauge,
    no_room: Family<[Label; 1], Counter>,
    search_seconds: Histogram,
    records_searched: Counter,
    pub(super) comparisons: Counter,
    rejected: Family<[Label; 1], Counter>,
    pub(super) connections: Gauge,
    pub(super) connections_refused: Counter,
    pub(super) connections_evicted: Counter,
    held_bytes: Gauge,
    stored: Family<[Label; 1], Gauge>,
    stored_bytes: Family<[Label; 1], Gauge>,
    audit_entries: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn times() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("casemark");
        macro_rules! registered {
            ($name:literal, $help:literal, $metric:expr) => {{
                let metric = $metric;
                registry.register($name, $help, metric.clone());
                metric
            }};
            ($name:literal, $help:literal, $unit:expr, $metric:expr) => {{
                let metric = $metric;
                registry.register_with_unit($name, $help, $unit, metric.clone());
                metric
            }};
        }
        let build = Family::<[(&str, &str); 1], Gauge>::default();
        registry.register("build", "1, with the engine's version", build.clone());
        build.get_or_create(&[("version", crate::VERSION)]).set(1);
        Self {
            calls: registered!("calls_in_flight", "Calls that run", Gauge::default()),
            begun: registered!("calls_begun", "Calls admitted", Family::default()),
            ended: registered!("calls_ended", "Calls ended, by status", Family::default()),
            errors: registered!(
                "errors",
                "Calls ended by an error, by its reason",
                Family::default()
            ),
            seconds: registered!(
                "call_duration",
                "Time from a call's first header to its end",
                Unit::Seconds,
                Times::new_with_constructor(times)
            ),
            running: registered!("work_running", "Pieces of work that run", Gauge::default()),
            waiting: registered!(
                "work_waiting",
                "Pieces of work other than searches that wait",
                Gauge::default()
            ),
            searches: registered!("searches_running", "Searches that run", Gauge::default()),
            searches_waiting: registered!(
                "searches_waiting",
                "Searches that wait",
                Gauge::default()
            ),
            no_room: registered!("refused", "Refused for want of room", Family::default()),
            search_seconds: registered!(
                "search_duration",
                "Time from a search's first comparison to its last",
                Unit::Seconds,
                times()
            ),
            records_searched: registered!(
                "records_searched",
                "Records compared by searches that ended well",
                Counter::default()
            ),
            comparisons: registered!("comparisons", "Comparisons begun", Counter::default()),
            rejected: registered!(
                "rejected",
                "Requests that were no call of the contract, or could not be read",
                Family::default()
            ),
            connections: registered!("connections", "Connections that are open", Gauge::default()),
            connections_refused: registered!(
                "connections_refused",
                "Connections closed for want of room",
                Counter::default()
            ),
            connections_evicted: registered!(
                "connections_evicted",
                "Connections that said nothing and made room for others",
                Counter::default()
            ),
            held_bytes: registered!("held", "Files held in memory", Unit::Bytes, Gauge::default()),
            stored: registered!("stored", "What is in the store", Family::default()),
            stored_bytes: registered!(
                "stored",
                "Size of the store",
                Unit::Bytes,
                Family::default()
            ),
            audit_entries: registered!(
                "audit_entries",
                "Entries of the audit log",
                Gauge::default()
            ),
            registry,
        }
    }

    pub(super) fn begin(&self, rpc: Rpc) {
        self.begun.get_or_create(&[("rpc", rpc.name())]).inc();
    }

    /// Counts the end of a call: its code and, where that is an error, the reason.
    pub(super) fn end(&self, rpc: Rpc, code: Code, reason: Option<&'static str>, took: Duration) {
        let (rpc, code) = (("rpc", rpc.name()), ("code", name_of(code)));
        self.ended.get_or_create(&[rpc, code]).inc();
        self.seconds.get_or_create(&[rpc]).observe(took.as_secs_f64());
        if let Some(reason) = reason {
            self.errors.get_or_create(&[rpc, code, ("reason", reason)]).inc();
        }
    }

    pub(super) fn refuse(&self, what: Room) {
        self.no_room.get_or_create(&[("what", what.name())]).inc();
    }

    pub(super) fn reject(&self, code: Code) {
        self.rejected.get_or_create(&[("code", name_of(code))]).inc();
    }

    pub(super) fn searched(&self, records: u64, took: Duration) {
        self.search_seconds.observe(took.as_secs_f64());
        self.records_searched.inc_by(records);
    }

    /// The page that Prometheus reads, with what is counted elsewhere.
    pub(super) fn page(
        &self,
        held: u64,
        store: Option<&Statistics>,
        audit_entries: Option<u64>,
    ) -> String {
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(value.try_into().unwrap_or(i64::MAX));
        };
        set(&self.held_bytes, held);
        if let Some(store) = store {
            for (kind, count) in [
                ("cases", store.cases),
                ("exhibits", store.exhibits),
                ("scans", store.scans),
                ("scans_withdrawn", store.scans_withdrawn),
                ("signatures", store.signatures),
                ("records", store.records),
            ] {
                set(&self.stored.get_or_create(&[("kind", kind)]), count);
            }
            for (kind, bytes) in [
                ("originals", store.original_bytes),
                ("signatures", store.signature_bytes),
                ("masks", store.mask_bytes),
                ("records", store.record_bytes),
            ] {
                set(&self.stored_bytes.get_or_create(&[("kind", kind)]), bytes);
            }
        }
        if let Some(entries) = audit_entries {
            set(&self.audit_entries, entries);
        }
        let mut page = String::new();
        // Writing into a text does not fail.
        let _ = text::encode(&mut page, &self.registry);
        page
    }

    pub(super) fn activity(&self, held_bytes: u64) -> Activity {
        let now = |gauge: &Gauge| u64::try_from(gauge.get()).unwrap_or(0);
        let begun = |rpc: &Rpc| self.begun.get_or_create(&[("rpc", rpc.name())]).get();
        Activity {
            calls: now(&self.calls),
            calls_begun: Rpc::ALL.iter().map(begun).sum(),
            running: now(&self.running),
            searches: now(&self.searches),
            comparisons: self.comparisons.get(),
            connections: now(&self.connections),
            held_bytes,
        }
    }
}

/// Counts one thing for as long as it lives.
pub(super) struct Counted {
    metrics: Arc<Metrics>,
    which: fn(&Metrics) -> &Gauge,
}

impl Counted {
    pub(super) fn begin(metrics: &Arc<Metrics>, which: fn(&Metrics) -> &Gauge) -> Self {
        which(metrics).inc();
        Self { metrics: Arc::clone(metrics), which }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.which)(&self.metrics).dec();
    }
}

/// A look at what a server does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// Calls in flight.
    pub calls: u64,
    /// Calls admitted since the server was made.
    pub calls_begun: u64,
    /// Pieces of work that run, searches included.
    pub running: u64,
    /// Searches that run.
    pub searches: u64,
    /// Comparisons begun since the server was made, those of searches included.
    pub comparisons: u64,
    /// Connections that are open.
    pub connections: u64,
    /// Bytes of files that are held in memory.
    pub held_bytes: u64,
}

/// A code as the contract writes it.
const fn name_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
