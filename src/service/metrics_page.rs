//! Where does Prometheus read?
//!
//! A page of plain text on an address of its own. What is in the store is counted anew only when the last count is old,
//! since that walks over all its files.

use super::server::{Monitor, ServeError};
use crate::store::Statistics;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// How old the count of the store may be.
const FRESH: Duration = Duration::from_secs(60);
/// OpenMetrics 1.0, which Prometheus reads.
const CONTENT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Counted = Arc<Mutex<Option<(Instant, Statistics)>>>;

impl Monitor {
    /// Answers `GET /metrics` on a listener until `stop` is ready.
    ///
    /// # Errors
    /// [`ServeError::Metrics`].
    pub async fn serve_metrics(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let router =
            axum::Router::new().route("/metrics", get(page)).with_state((self, Counted::default()));
        let served = axum::serve(listener, router).with_graceful_shutdown(stop);
        served.await.map_err(ServeError::Metrics)
    }
}

async fn page(State((monitor, counted)): State<(Monitor, Counted)>) -> impl IntoResponse {
    let mut counted = counted.lock().await;
    let fresh = counted.as_ref().is_some_and(|(at, _)| at.elapsed() < FRESH);
    if !fresh {
        let store = monitor.clone();
        match tokio::task::spawn_blocking(move || store.statistics()).await {
            Ok(Ok(statistics)) => *counted = Some((Instant::now(), statistics)),
            Ok(Err(error)) => tracing::warn!(%error, "the store could not be counted"),
            Err(error) => tracing::warn!(%error, "the store could not be counted"),
        }
    }
    let store = counted.as_ref().map(|(_, statistics)| statistics);
    ([(CONTENT_TYPE, CONTENT)], monitor.page(store))
}
