//! `casemark serve`: the store and the engine as a gRPC service, set up by the configuration.

use super::args::ServeArguments;
use super::output::print;
use super::weight::installed_from;
use super::{Context, Outcome};
use crate::access::Identity;
use crate::calibration::{Calibrations, Installed};
use crate::config::{
    Config, EvidenceConfig, LogConfig, LogFormat, Paths, TlsConfig, VARIABLE_PREFIX,
};
use crate::gallery::{Galleries, Gallery, GalleryOpening};
use crate::service::{Gate, LaboratoryGate, Limits, OpenGate, Parts, Security, Server, Tls};
use crate::store::DiskStore;
use crate::surface::MarkKind;
use anyhow::Context as _;
use std::fs;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// 1. reads the configuration, 2. opens the store and its audit log, 3. serves until told to stop.
pub(super) fn run(context: &Context, arguments: &ServeArguments) -> anyhow::Result<Outcome> {
    if arguments.print_config {
        print(&Config::print())?;
        return Ok(Outcome::Done);
    }
    // 1.
    let config = super::config::load(arguments.config.as_deref(), overrides(arguments))?;
    config.check_callers()?;
    let security = security(&config)?;
    let gate = gate(&config)?;
    let calibrations = calibrations(&config)?;
    log(&config.log)?;
    warn(&config);
    tell(context, &calibrations);
    // 2.
    let path = &config.server.store;
    let store = DiskStore::create_or_open(path).with_context(|| path.display().to_string())?;
    super::store::mention_opening(path, &store);
    let audit = super::audit::open(path)?;
    let limits = limits(&config);
    let engine = context.engine.clone();
    let galleries = Galleries::kept_in(path, &engine);
    let store = Arc::new(store);
    open_beside(&store, galleries.of_mark(MarkKind::BreechFace))?;
    let (audit, quality) = (Some(Arc::new(audit)), config.quality.rules()?);
    let parts = Parts { engine, store, galleries, calibrations, quality, limits, gate, audit };
    let server = Server::of(parts)?;
    // 3.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(server, security, &config));
    // What could not end within the grace is not waited for.
    runtime.shutdown_background();
    served?;
    Ok(Outcome::Done)
}

/// What scores are worth, by the files of the configuration.
fn calibrations(config: &Config) -> anyhow::Result<Calibrations> {
    let paths = |paths: &Option<Paths>| paths.clone().unwrap_or_default().0;
    let EvidenceConfig { calibration, validation } = &config.evidence;
    installed_from(&paths(calibration), &paths(validation)).context("[evidence]")
}

/// Says what scores are worth: who thinks that a calibration is in use has to know if it is not.
fn tell(context: &Context, calibrations: &Calibrations) {
    let mut all = calibrations.iter().filter_map(Installed::calibration).peekable();
    if all.peek().is_none() {
        tracing::info!("no calibration is installed: scores rank and say no more");
    }
    for (calibration, sha256) in all {
        let (population, mark) = (&calibration.population.name, &calibration.population.mark);
        let of = (calibration.engine_version.as_str(), calibration.parameters_digest);
        let engine = mark.parse().map(|mark| context.engine.of_mark(mark));
        if engine.is_ok_and(|engine| of == (crate::VERSION, engine.digest())) {
            tracing::info!(%population, %mark, %sha256, "calibration");
        } else {
            tracing::warn!(
                %population,
                %mark,
                %sha256,
                engine = of.0,
                parameters = %of.1,
                "the calibration is of another engine or other parameters: scores rank and say no more"
            );
        }
    }
}

/// Reads what is kept of the references, and makes what is missing, while calls are answered; a search waits for it.
fn open_beside(store: &Arc<DiskStore>, gallery: &Arc<Gallery>) -> std::io::Result<()> {
    let (store, gallery) = (Arc::clone(store), Arc::clone(gallery));
    let open = move || {
        let opening = gallery.open(&*store, &mut |progress| {
            tracing::debug!(done = progress.done, total = progress.total, "reading the index");
        });
        match opening {
            Ok(GalleryOpening { read, made, dropped, unindexed }) => {
                tracing::info!(read, made, dropped, unindexed, "the index is ready");
            }
            // The next search tries again, and says what is wrong.
            Err(error) => tracing::error!(%error, "the index cannot be read"),
        }
    };
    std::thread::Builder::new().name("index".to_owned()).spawn(open).map(drop)
}

async fn serve(server: Server, security: Security, config: &Config) -> anyhow::Result<()> {
    let (address, metrics) = (config.server.address, config.server.metrics_address);
    let listener = bind(address).await?;
    let stop = stop_signal()?;
    let (ended, end) = watch::channel(());
    let page = match metrics {
        None => None,
        Some(address) => {
            let listener = bind(address).await?;
            print(&format!("metrics on http://{}/metrics\n", listener.local_addr()?))?;
            let monitor = server.monitor();
            let mut end = end.clone();
            let until = async move {
                // Whether it is told or its teller is gone.
                let _ = end.changed().await;
            };
            Some(tokio::spawn(monitor.serve_metrics(listener, until)))
        }
    };
    print(&format!("listening on {}\n", listener.local_addr()?))?;
    let served = server.serve(listener, security, stop).await;
    // The page is there to the end: that is when an operator looks.
    drop(ended);
    if let Some(page) = page {
        page.abort();
    }
    served.with_context(|| address.to_string())
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| address.to_string())
}

/// What the command line says goes before everything else.
fn overrides(arguments: &ServeArguments) -> Vec<(String, String)> {
    let store = arguments.store.as_ref().map(|store| store.display().to_string());
    let address = arguments.listen.map(|address| address.to_string());
    let open = arguments.insecure_open.then(|| "true".to_owned());
    [("STORE", store), ("ADDRESS", address), ("INSECURE_OPEN", open)]
        .into_iter()
        .filter_map(|(key, value)| Some((format!("{VARIABLE_PREFIX}SERVER__{key}"), value?)))
        .collect()
}

fn security(config: &Config) -> anyhow::Result<Security> {
    let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
    let TlsConfig { certificate, key, client_authority, insecure_without_client_certificates } =
        &config.tls;
    Ok(match (certificate, key) {
        (Some(certificate), Some(key)) => Security::Tls(Tls {
            certificate: read(certificate)?,
            key: read(key)?,
            client_authority: client_authority.as_deref().map(read).transpose()?,
            clients_optional: *insecure_without_client_certificates,
        }),
        _ if config.server.insecure_plain_text => Security::InsecurePlaintext,
        _ => Security::LoopbackPlaintext,
    })
}

/// Who decides who may do what.
fn gate(config: &Config) -> anyhow::Result<Arc<dyn Gate>> {
    if config.server.insecure_open {
        return Ok(Arc::new(OpenGate));
    }
    let policy = config.policy()?;
    let anonymous = match &config.server.insecure_anonymous_laboratory {
        None => None,
        Some(name) => {
            let known = policy.laboratory(name).context("server.insecure_anonymous_laboratory")?;
            Some(Identity::new(name, known.country, None)?)
        }
    };
    Ok(Arc::new(LaboratoryGate::new(policy, anonymous)))
}

fn limits(config: &Config) -> Limits {
    let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let keys = &config.limits;
    let threads = NonZeroUsize::new(size(keys.threads))
        .or(NonZeroUsize::new(rayon::current_num_threads()))
        .unwrap_or(NonZeroUsize::MIN);
    let ahead = threads.get() + 1;
    Limits {
        message_bytes: size(keys.message_bytes),
        upload_bytes: keys.upload_bytes,
        upload_bytes_per_s_per_laboratory: keys.upload_bytes_per_s_per_laboratory,
        held_bytes: keys.uploads_bytes,
        upload_idle: Duration::from_secs(keys.idle_seconds),
        longest_request: Duration::from_secs(keys.request_seconds),
        longest_search: Duration::from_secs(keys.search_seconds),
        connections: size(keys.connections),
        connections_per_address: size(keys.connections_per_address),
        calls: size(keys.calls),
        calls_per_laboratory: size(keys.calls_per_laboratory),
        streams_per_connection: u32::try_from(keys.streams_per_connection).unwrap_or(u32::MAX),
        threads,
        searches_waiting: size(keys.queue_length),
        searches_per_laboratory: size(keys.concurrent_searches_per_laboratory),
        candidates: size(keys.candidates),
        page: size(keys.page),
        jobs: ahead,
        jobs_waiting: size(keys.queue_length),
        batch_ahead: ahead,
        grace: Duration::from_secs(config.server.shutdown_seconds),
        retry_after: Duration::from_secs(keys.retry_seconds),
        ..Limits::default()
    }
}

/// The log goes to standard error.
fn log(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .with_context(|| format!("log.filter = {:?}", config.filter))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::stderr().is_terminal());
    let result = match config.format {
        LogFormat::Json => log.json().try_init(),
        LogFormat::Text => log.try_init(),
    };
    result.map_err(|error| anyhow::anyhow!(error)).context("the log")
}

/// Says what is not secure, at every start.
fn warn(config: &Config) {
    let server = &config.server;
    if server.insecure_open {
        tracing::warn!("server.insecure_open: everyone who can connect may do everything");
    }
    if let Some(laboratory) = &server.insecure_anonymous_laboratory {
        tracing::warn!(laboratory, "server.insecure_anonymous_laboratory: strangers act for it");
    }
    if server.insecure_plain_text && config.tls.certificate.is_none() {
        tracing::warn!("server.insecure_plain_text: the network can read and change everything");
    }
    if config.tls.insecure_without_client_certificates {
        tracing::warn!("tls.insecure_without_client_certificates: clients may be anyone");
    }
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
