//! How do the services become a server, and how does it end?
//!
//! [`Server`] joins engine, store, limits and gate; [`Server::serve`] answers on a listener until it is told to stop. Then
//! it takes no more calls, finishes those in flight within the grace, and refuses what is left as unavailable. Plain text is
//! for the loopback interface, unless somebody calls it insecure by name.

use super::admin::Admin;
use super::batch::Batches;
use super::call::{Shared, Stage};
use super::comparison::Comparisons;
use super::extraction::Extraction;
use super::flow::Flow;
use super::gate::{Gate, Rpc};
use super::limits::Limits;
use super::listener::connections;
use super::metrics::{Activity, Metrics};
use super::pace::Pace;
use super::pb;
use super::pb::admin_service_server::AdminServiceServer;
use super::pb::batch_service_server::BatchServiceServer;
use super::pb::comparison_service_server::ComparisonServiceServer;
use super::pb::extraction_service_server::ExtractionServiceServer;
use super::pb::reference_service_server::ReferenceServiceServer;
use super::pb::search_service_server::SearchServiceServer;
use super::quota::Quota;
use super::reference::References;
use super::replays::Replays;
use super::search::Searches;
use super::status::REQUEST_ID;
use super::upload::Budget;
use super::work::Workers;
use crate::audit::AuditLog;
use crate::calibration::Calibrations;
use crate::gallery::Galleries;
use crate::matcher::Engine;
use crate::quality::Rules;
use crate::store::{ReferenceStore, Statistics, StoreError};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tonic::Request;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use tonic::{Code, Status};
use tower::util::MapResponseLayer;
use uuid::Uuid;

/// How often a silent connection is asked whether it lives, and how long it may take to answer.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long connections may take to close once all calls have ended.
const CLOSING: Duration = Duration::from_secs(2);

/// Who can read and change what goes over the wire.
#[derive(Clone, Debug)]
pub enum Security {
    /// Anyone on this machine: a listener on the loopback interface, and no other.
    LoopbackPlaintext,
    /// Anyone on the network.
    InsecurePlaintext,
    /// The server and its clients.
    Tls(Tls),
}

impl Security {
    /// Whether it is enough for a listener at this address.
    ///
    /// # Errors
    /// [`ServeError::PlaintextBeyondLoopback`].
    pub fn check(&self, address: SocketAddr) -> Result<(), ServeError> {
        match self {
            Self::LoopbackPlaintext if !address.ip().is_loopback() => {
                Err(ServeError::PlaintextBeyondLoopback { address })
            }
            Self::LoopbackPlaintext | Self::InsecurePlaintext | Self::Tls(_) => Ok(()),
        }
    }
}

/// Certificates, as PEM.
#[derive(Clone)]
pub struct Tls {
    /// The server's certificate and those between it and its authority.
    pub certificate: Vec<u8>,
    /// The server's private key.
    pub key: Vec<u8>,
    /// The authority of client certificates. With it, a client without a certificate of this authority is refused.
    pub client_authority: Option<Vec<u8>>,
    /// Whether clients may show no certificate all the same; one that is shown is checked.
    pub clients_optional: bool,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mutual = self.client_authority.is_some() && !self.clients_optional;
        f.debug_struct("Tls").field("mutual", &mutual).finish_non_exhaustive()
    }
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Plain text where others could read it.
    #[error("plain text on {address}, which is not the loopback interface, wanted TLS")]
    PlaintextBeyondLoopback {
        /// The listener's address.
        address: SocketAddr,
    },
    /// Certificate and key are unusable.
    #[error("the certificates cannot be used")]
    Certificates(#[source] tonic::transport::Error),
    /// The listener has no address.
    #[error("the listener has no address")]
    Listener(#[source] std::io::Error),
    /// The threads that compute could not be started.
    #[error("the threads that compute could not be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// The contract's description cannot be given out.
    #[error("the contract's description cannot be given out")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// Serving failed.
    #[error("serving failed")]
    Transport(#[source] tonic::transport::Error),
    /// Serving the metrics failed.
    #[error("serving the metrics failed")]
    Metrics(#[source] std::io::Error),
}

/// What a server is made of.
pub struct Parts {
    /// Extracts and compares.
    pub engine: Engine,
    /// Keeps the references.
    pub store: Arc<dyn ReferenceStore>,
    /// What is kept of the store's references, to search them.
    pub galleries: Galleries,
    /// What scores are worth.
    pub calibrations: Calibrations,
    /// What scans that are entered are held against.
    pub quality: Rules,
    /// How much clients may ask.
    pub limits: Limits,
    /// Decides who may do what.
    pub gate: Arc<dyn Gate>,
    /// Has everything that was asked, if it is kept.
    pub audit: Option<Arc<AuditLog>>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Engine and store, as a service.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
}

/// A look at a server from outside.
#[derive(Clone, Debug)]
pub struct Monitor(Arc<Shared>);

impl Monitor {
    /// What the server does at this moment.
    #[must_use]
    pub fn activity(&self) -> Activity {
        self.0.metrics.activity(self.0.budget.held())
    }

    /// The page of metrics, as Prometheus reads it, with these statistics of the store.
    #[must_use]
    pub fn page(&self, store: Option<&Statistics>) -> String {
        let entries = self.0.audit.as_ref().map(|log| log.checkpoint().entries);
        self.0.metrics.page(self.0.budget.held(), store, entries)
    }

    /// Counts what is in the store. Blocks for the disk.
    pub(super) fn statistics(&self) -> Result<Statistics, StoreError> {
        self.0.store.statistics()
    }
}

impl Server {
    /// A server over an engine and a store, within these limits; the gate decides who may do what, and the log, if one is
    /// kept, has everything that was asked. What it keeps of the store's references, to search them, is in memory alone; no
    /// calibration is installed, and scans are held against the default rules.
    ///
    /// # Errors
    /// [`ServeError::Threads`].
    pub fn new(
        engine: Engine,
        store: Arc<dyn ReferenceStore>,
        limits: Limits,
        gate: Arc<dyn Gate>,
        audit: Option<Arc<AuditLog>>,
    ) -> Result<Self, ServeError> {
        let (galleries, calibrations) = (Galleries::of(&engine), Calibrations::default());
        let quality = Rules::default();
        Self::of(Parts { engine, store, galleries, calibrations, quality, limits, gate, audit })
    }

    /// A server of these parts.
    ///
    /// # Errors
    /// [`ServeError::Threads`].
    pub fn of(parts: Parts) -> Result<Self, ServeError> {
        let Parts { engine, store, galleries, calibrations, quality, limits, gate, audit } = parts;
        let metrics = Arc::new(Metrics::new());
        let shared = Shared {
            engine,
            store,
            galleries,
            calibrations,
            quality,
            gate,
            audit,
            workers: Workers::new(&limits, Arc::clone(&metrics)).map_err(ServeError::Threads)?,
            budget: Budget::new(limits.held_bytes, limits.retry_after),
            metrics,
            // One turn is left to the others.
            searches: Arc::new(Quota::with_turns(
                limits.searches_per_laboratory,
                limits.searches.saturating_sub(1),
            )),
            replays: Replays::default(),
            calls: Arc::new(Semaphore::new(limits.calls)),
            shares: Arc::new(Quota::new(limits.calls_per_laboratory)),
            pace: Pace::default(),
            flow: Arc::new(Flow::new(
                limits.upload_bytes_per_s_per_laboratory,
                limits.upload_bytes,
            )),
            verification: Arc::default(),
            stage: watch::Sender::new(Stage::Serving),
            limits,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// For looking at it while it serves.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        Monitor(Arc::clone(&self.shared))
    }

    /// Answers until `stop` is ready, then 1. takes no more calls, 2. waits for those in flight, 3. ends what is left.
    ///
    /// # Errors
    /// Plain text beyond the loopback interface, unusable certificates, a listener that fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        security: Security,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let shared = self.shared;
        let address = listener.local_addr().map_err(ServeError::Listener)?;
        let mut builder = builder(&shared.limits);
        security.check(address)?;
        if let Security::Tls(tls) = security {
            builder = builder.tls_config(tls_config(tls)).map_err(ServeError::Certificates)?;
        }
        let (health, health_service) = tonic_health::server::health_reporter();
        set_serving(&health).await;
        let at_gate = Arc::clone(&shared);
        let gate = move |request: Request<()>| {
            let call = at_gate.begin(Rpc::Reflection, &request).admitted_unlogged()?;
            call.pass();
            Ok(request)
        };
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
            .build_v1()
            .map_err(ServeError::Reflection)?;
        macro_rules! limited {
            ($service:ident($with:expr)) => {
                $service::new($with).max_decoding_message_size(shared.limits.message_bytes)
            };
        }
        let metrics = Arc::clone(&shared.metrics);
        let router = builder
            .layer(MapResponseLayer::new(move |response| identify_rejection(&metrics, response)))
            .add_service(health_service)
            .add_service(InterceptedService::new(reflection, gate))
            .add_service(limited!(ExtractionServiceServer(Extraction(Arc::clone(&shared)))))
            .add_service(limited!(ComparisonServiceServer(Comparisons(Arc::clone(&shared)))))
            .add_service(limited!(ReferenceServiceServer(References(Arc::clone(&shared)))))
            .add_service(limited!(SearchServiceServer(Searches(Arc::clone(&shared)))))
            .add_service(limited!(BatchServiceServer(Batches(Arc::clone(&shared)))))
            .add_service(limited!(AdminServiceServer(Admin(Arc::clone(&shared)))));
        tracing::info!(%address, "serving");
        let mut stage = shared.stage.subscribe();
        let draining = async move {
            // The sender lives as long as this function.
            let _ = stage.wait_for(|stage| *stage > Stage::Serving).await;
        };
        let incoming = connections(listener, &shared.limits, Arc::clone(&shared.metrics));
        let serving = router.serve_with_incoming_shutdown(incoming, draining);
        let ending = async {
            stop.await;
            // 1.
            tracing::info!("stopping");
            shared.stage.send_replace(Stage::Draining);
            set_not_serving(&health).await;
            // 2.
            tokio::time::sleep(shared.limits.grace).await;
            // 3.
            shared.stage.send_replace(Stage::Stopping);
            tokio::time::sleep(CLOSING).await;
        };
        tokio::select! {
            result = serving => result.map_err(ServeError::Transport)?,
            () = ending => {}
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// Counts what the transport refused before any service saw it (a method that is not there, a message that cannot be read
/// or is too large), and gives it an identifier like every other error.
fn identify_rejection<B>(
    metrics: &Metrics,
    mut response: axum::http::Response<B>,
) -> axum::http::Response<B> {
    let headers = response.headers_mut();
    if headers.contains_key(REQUEST_ID) {
        return response;
    }
    if let Some(status) = Status::from_header_map(headers)
        && status.code() != Code::Ok
    {
        let request_id = Uuid::new_v4().to_string();
        tracing::info!(request_id, code = ?status.code(), fault = status.message(), "rejected");
        metrics.reject(status.code());
        if let Ok(value) = request_id.parse() {
            headers.insert(REQUEST_ID, value);
        }
    }
    response
}

fn builder(limits: &Limits) -> tonic::transport::Server {
    tonic::transport::Server::builder()
        .max_concurrent_streams(limits.streams_per_connection)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .http2_max_header_list_size(16 << 10)
}

fn tls_config(tls: Tls) -> ServerTlsConfig {
    let identity = Identity::from_pem(tls.certificate, tls.key);
    let config = ServerTlsConfig::new().identity(identity).timeout(HANDSHAKE);
    match tls.client_authority {
        Some(authority) => config
            .client_ca_root(Certificate::from_pem(authority))
            .client_auth_optional(tls.clients_optional),
        None => config,
    }
}

async fn set_serving(health: &tonic_health::server::HealthReporter) {
    health.set_serving::<ExtractionServiceServer<Extraction>>().await;
    health.set_serving::<ComparisonServiceServer<Comparisons>>().await;
    health.set_serving::<ReferenceServiceServer<References>>().await;
    health.set_serving::<SearchServiceServer<Searches>>().await;
    health.set_serving::<BatchServiceServer<Batches>>().await;
    health.set_serving::<AdminServiceServer<Admin>>().await;
}

async fn set_not_serving(health: &tonic_health::server::HealthReporter) {
    health.set_service_status("", tonic_health::ServingStatus::NotServing).await;
    health.set_not_serving::<ExtractionServiceServer<Extraction>>().await;
    health.set_not_serving::<ComparisonServiceServer<Comparisons>>().await;
    health.set_not_serving::<ReferenceServiceServer<References>>().await;
    health.set_not_serving::<SearchServiceServer<Searches>>().await;
    health.set_not_serving::<BatchServiceServer<Batches>>().await;
    health.set_not_serving::<AdminServiceServer<Admin>>().await;
}
