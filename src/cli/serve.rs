//! `casemark serve`: the store and the engine as a gRPC service.

use super::args::ServeArguments;
use super::output::print;
use super::{Context, Outcome};
use crate::service::{Limits, OpenGate, Security, Server, Tls};
use crate::store::DiskStore;
use anyhow::Context as _;
use std::fs;
use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Where the log's filter is.
const LOG: &str = "CASEMARK_LOG";

pub(super) fn run(context: &Context, arguments: &ServeArguments) -> anyhow::Result<Outcome> {
    let security = security(arguments)?;
    security.check(arguments.listen).context("give --tls-cert and --tls-key, or --insecure")?;
    log(arguments)?;
    let store = DiskStore::create_or_open(&arguments.store)
        .with_context(|| arguments.store.display().to_string())?;
    super::store::mention_opening(&arguments.store, &store);
    let threads = NonZeroUsize::new(rayon::current_num_threads()).unwrap_or(NonZeroUsize::MIN);
    let limits = Limits { threads, ..Limits::default() };
    let engine = context.engine.clone();
    let server = Server::new(engine, Arc::new(store), limits, Arc::new(OpenGate))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(arguments.listen)
            .await
            .with_context(|| arguments.listen.to_string())?;
        let stop = stop_signal()?;
        print(&format!("listening on {}\n", listener.local_addr()?))?;
        server.serve(listener, security, stop).await.with_context(|| arguments.listen.to_string())
    });
    // What could not end within the grace is not waited for.
    runtime.shutdown_background();
    served?;
    Ok(Outcome::Done)
}

fn security(arguments: &ServeArguments) -> anyhow::Result<Security> {
    let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
    match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Ok(Security::Tls(Tls {
            certificate: read(certificate)?,
            key: read(key)?,
            client_authority: arguments.client_ca.as_deref().map(read).transpose()?,
        })),
        _ if arguments.insecure => Ok(Security::InsecurePlaintext),
        _ => Ok(Security::LoopbackPlaintext),
    }
}

/// The log goes to standard error.
fn log(arguments: &ServeArguments) -> anyhow::Result<()> {
    let filter = std::env::var(LOG).unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(&filter).with_context(|| format!("{LOG}={filter}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::stderr().is_terminal());
    let result = if arguments.log_json { log.json().try_init() } else { log.try_init() };
    result.map_err(|error| anyhow::anyhow!(error)).context("the log")
}

/// Ready on Ctrl-C or SIGTERM.
#[cfg(unix)]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ready on Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        // Where there is no signal to wait for, there is none to stop for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
