//! What do slow and hostile clients do?
//!
//! Each [`Attack`] is a set of tasks that do mischief while the stage is [`Stage::On`], hold what they got and do no more
//! while it is [`Stage::Hold`], and are gone when they are dropped. Those that speak the contract have the certificate of a
//! laboratory of their own; strangers are among those that do not.

use crate::clients::{self, Wanted};
use crate::mix::Mix;
use crate::scans;
use crate::wire::{self, Http2, Wire};
use crate::world::{Draws, LABORATORIES};
use casemark::Digest;
use casemark::service::pb;
use casemark::service::pb::enrol_request::Content as Enrol;
use casemark::service::pb::extract_request::Content as Extract;
use casemark::service::pb::extraction_service_client::ExtractionServiceClient;
use casemark::service::pb::reference_service_client::ReferenceServiceClient;
use prost::Message as _;
use prost::bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;
use tonic::Status;
use tonic::transport::Channel;

/// The laboratory of the attackers; honest clients are of the first ones.
pub(crate) const ATTACKER: usize = LABORATORIES.len() - 1;
/// Uploads that stall at once.
const STALLED: usize = 200;
/// Connections of those.
const STALLED_CONNECTIONS: usize = 8;
/// Uploads without end at once.
const ENDLESS: usize = 4;
/// Streams of one connection where the service does not say how many it takes.
const STREAMS: usize = 100;
/// How soon an attacker who was refused comes again: sooner than it was told to.
const REOPEN: Duration = Duration::from_millis(500);
/// Streams of slow readers on each of their connections.
const SLOW: usize = 32;

/// How far an attack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    On,
    Hold,
}

/// What all attackers share.
pub(crate) struct Front {
    pub(crate) mix: Arc<Mix>,
    pub(crate) wire: Wire,
    pub(crate) stage: watch::Receiver<Stage>,
    /// How many streams are opened in all, and how many connections say nothing.
    pub(crate) streams: usize,
    pub(crate) silent: usize,
    /// What they got, and how often.
    got: Mutex<BTreeMap<String, u64>>,
}

/// A way to be slow or hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Attack {
    /// Uploads that stall after the first chunk
    Stall,
    /// Uploads that lie about their length or hash
    Lie,
    /// Uploads that never end
    Endless,
    /// Streams opened by their headers, and nothing after
    Streams,
    /// Streams opened and reset at once
    Reset,
    /// Messages that are no protobuf, or no gRPC
    Protobuf,
    /// Frames that are no HTTP/2, or too much of it
    Http2,
    /// Bytes that are no TLS, and handshakes without a certificate
    Tls,
    /// Connections that never say anything
    Silent,
    /// Clients that vanish in the middle of a search
    Vanish,
    /// Readers that never read the answers of searches and downloads
    Slow,
}

impl Front {
    pub(crate) fn new(
        mix: &Arc<Mix>,
        stage: watch::Receiver<Stage>,
        streams: usize,
        silent: usize,
    ) -> anyhow::Result<Self> {
        let wire = Wire::new(&mix.directory, ATTACKER)?;
        Ok(Self { mix: Arc::clone(mix), wire, stage, streams, silent, got: Mutex::default() })
    }

    pub(crate) fn on(&self) -> bool {
        *self.stage.borrow() == Stage::On
    }

    pub(crate) fn got(&self, what: impl Into<String>) {
        let mut got = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        *got.entry(what.into()).or_default() += 1;
    }

    /// What they got so far.
    pub(crate) fn all_got(&self) -> BTreeMap<String, u64> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn channel(&self) -> Option<Channel> {
        self.mix.directory.channel(ATTACKER).ok()
    }

    fn ended<T>(&self, answer: Result<T, Status>) {
        match answer {
            Ok(_) => self.got("answered"),
            Err(status) => self.got(said(&status)),
        }
    }
}

/// Code and reason, or that the connection broke.
fn said(status: &Status) -> String {
    use tonic_types::StatusExt as _;
    let details = status.get_error_details();
    match details.error_info() {
        Some(info) => format!("{:?} {}", status.code(), info.reason),
        None => {
            let message: String = status.message().chars().take(60).collect();
            format!("{:?} ({message})", status.code())
        }
    }
}

impl Attack {
    pub(crate) const ALL: [Self; 11] = [
        Self::Stall,
        Self::Lie,
        Self::Endless,
        Self::Streams,
        Self::Reset,
        Self::Protobuf,
        Self::Http2,
        Self::Tls,
        Self::Silent,
        Self::Vanish,
        Self::Slow,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stall => "uploads that stall",
            Self::Lie => "uploads that lie",
            Self::Endless => "uploads without end",
            Self::Streams => "streams of headers alone",
            Self::Reset => "streams reset at once",
            Self::Protobuf => "malformed messages",
            Self::Http2 => "malformed HTTP/2",
            Self::Tls => "malformed TLS",
            Self::Silent => "connections that say nothing",
            Self::Vanish => "clients that vanish",
            Self::Slow => "readers that do not read",
        }
    }

    /// Whether the service has to end the connections too, while their clients hold on to them.
    pub(crate) const fn of_connections(self) -> bool {
        matches!(self, Self::Http2 | Self::Tls | Self::Silent)
    }

    /// Its tasks.
    pub(crate) fn mount(self, front: &Arc<Front>) -> JoinSet<()> {
        match self {
            Self::Stall => stall(front),
            Self::Lie => lie(front),
            Self::Endless => endless(front),
            Self::Streams => streams(front),
            Self::Vanish => vanish(front),
            Self::Slow => slow(front),
            Self::Reset => crate::malformed::reset(front),
            Self::Protobuf => crate::malformed::protobuf(front),
            Self::Http2 => crate::malformed::http2(front),
            Self::Tls => crate::malformed::tls(front),
            Self::Silent => crate::malformed::silent(front),
        }
    }
}

/// So many tasks of one kind.
pub(crate) fn many<F>(
    front: &Arc<Front>,
    count: usize,
    task: impl Fn(Arc<Front>, usize) -> F,
) -> JoinSet<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..count {
        tasks.spawn(task(Arc::clone(front), number));
    }
    tasks
}

/// Holds on to something until the task is dropped.
pub(crate) async fn hold<T>(held: T) {
    std::future::pending::<()>().await;
    drop(held);
}

/// A pause, so that one that fails at once does not turn into a loop of nothing.
pub(crate) async fn breathe() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

fn metadata(upload: pb::ScanUpload, request_id: String) -> pb::EnrolMetadata {
    let (country, laboratory) = LABORATORIES[ATTACKER];
    pb::EnrolMetadata {
        request_id,
        exhibit: Some(pb::ExhibitMetadata {
            laboratory: laboratory.to_owned(),
            country: Some(country.to_owned()),
            ..Default::default()
        }),
        mark: pb::MarkKind::BreechFace.into(),
        upload: Some(upload),
        correction: None,
    }
}

fn named() -> pb::ScanUpload {
    pb::ScanUpload { file_name: "hostile.x3p".to_owned(), ..Default::default() }
}

fn stall(front: &Arc<Front>) -> JoinSet<()> {
    let channels: Vec<_> = (0..STALLED_CONNECTIONS).filter_map(|_| front.channel()).collect();
    many(front, STALLED, |front, number| {
        let channel = channels[number % channels.len()].clone();
        async move {
            while front.on() {
                let content = |content| pb::EnrolRequest { content: Some(content) };
                let metadata = metadata(named(), format!("stall {number}"));
                let first = Enrol::Chunk(Bytes::from(vec![0; 1 << 20]));
                let messages =
                    tokio_stream::iter([metadata].map(Enrol::Metadata).into_iter().chain([first]));
                let messages = messages.map(content).chain(tokio_stream::pending());
                let answer = ReferenceServiceClient::new(channel.clone()).enrol(messages).await;
                front.ended(answer);
                breathe().await;
            }
        }
    })
}

fn lie(front: &Arc<Front>) -> JoinSet<()> {
    many(front, 8, |front, number| async move {
        let Some(channel) = front.channel() else { return };
        let mut draws = Draws::new(front.mix.arguments.seed, 2000 + number as u64);
        for turn in number.. {
            if !front.on() {
                return hold(channel).await;
            }
            let Ok((name, file)) = front.mix.file(&mut draws) else { return };
            let length = file.len() as u64;
            let truth = pb::ScanUpload { file_name: name, ..Default::default() };
            let (lie, upload) = match turn % 4 {
                0 => ("longer", pb::ScanUpload { size_bytes: Some(length + 1), ..truth }),
                1 => ("shorter", pb::ScanUpload { size_bytes: Some(length - 1), ..truth }),
                2 => ("larger than all", pb::ScanUpload { size_bytes: Some(u64::MAX), ..truth }),
                _ => {
                    let sha256 = Some(Digest::of(b"another file").to_string());
                    ("another hash", pb::ScanUpload { sha256, ..truth })
                }
            };
            let content = |content| pb::EnrolRequest { content: Some(content) };
            let metadata = metadata(upload, format!("lie {number} {turn}"));
            let messages = std::iter::once(Enrol::Metadata(metadata));
            let messages = messages.chain(clients::chunks(&file).map(Enrol::Chunk)).map(content);
            let stream = tokio_stream::iter(messages);
            match ReferenceServiceClient::new(channel.clone()).enrol(stream).await {
                Ok(_) => front.got(format!("{lie}: answered")),
                Err(status) => front.got(format!("{lie}: {}", said(&status))),
            }
            breathe().await;
        }
    })
}

fn endless(front: &Arc<Front>) -> JoinSet<()> {
    many(front, ENDLESS, |front, _| async move {
        let Some(channel) = front.channel() else { return };
        while front.on() {
            let content = |content| pb::ExtractRequest { content: Some(content) };
            let chunk = Bytes::from(vec![0; 1 << 20]);
            let chunks = std::iter::repeat_with(move || Extract::Chunk(chunk.clone()));
            let messages = std::iter::once(Extract::Upload(named())).chain(chunks).map(content);
            let stream = tokio_stream::iter(messages);
            let answer = ExtractionServiceClient::new(channel.clone()).extract(stream).await;
            front.ended(answer);
            breathe().await;
        }
        hold(channel).await;
    })
}

/// Opens streams, and another one for each that ended while the attack is on.
fn streams(front: &Arc<Front>) -> JoinSet<()> {
    let connections = front.streams.div_ceil(STREAMS);
    many(front, connections, |front, number| async move {
        let wanted = front.streams.saturating_sub(number * STREAMS).min(STREAMS);
        let connection = match front.wire.http2(65_535).await {
            Ok(connection) => connection,
            Err(_) => return front.got("no connection"),
        };
        // Beyond what the service takes at once they would wait on this side.
        let wanted = wanted.min(connection.sender.current_max_send_streams());
        let mut endings = JoinSet::new();
        while front.on() {
            while endings.try_join_next().is_some() {}
            if endings.len() >= wanted || connection.ended() {
                tokio::time::sleep(REOPEN).await;
                continue;
            }
            let ready = connection.sender.clone().ready();
            let Ok(Ok(mut sender)) = tokio::time::timeout(Duration::from_secs(2), ready).await
            else {
                front.got("no more streams");
                continue;
            };
            let Ok(request) = wire::request("ReferenceService/Enrol") else { return };
            match sender.send_request(request, false) {
                Ok((response, body)) => {
                    front.got("opened");
                    let front = Arc::clone(&front);
                    endings.spawn(async move {
                        let ending = wire::ending(response).await;
                        drop(body);
                        front.got(ending);
                        tokio::time::sleep(REOPEN).await;
                    });
                }
                Err(error) => front.got(format!("not opened: {error}")),
            }
        }
        hold((connection, endings)).await;
    })
}

fn vanish(front: &Arc<Front>) -> JoinSet<()> {
    many(front, 8, |front, number| async move {
        let mut draws = Draws::new(front.mix.arguments.seed, 3000 + number as u64);
        while front.on() {
            // A connection of its own, so that it is the connection that goes away.
            let Some(channel) = front.channel() else { return };
            let wanted: Wanted = front.mix.catalogue.wide(&mut draws);
            let begun = clients::begin_search(channel.clone(), &wanted, None).await;
            match begun {
                Ok(mut stream) => {
                    let wait = Duration::from_millis(200 + draws.below(600));
                    let news = tokio::time::timeout(wait, stream.message()).await;
                    front.got(match news {
                        Ok(Ok(Some(_))) => "vanished with the first progress".to_owned(),
                        Ok(Ok(None)) => "done".to_owned(),
                        Ok(Err(status)) => said(&status),
                        Err(_) => "vanished before any progress".to_owned(),
                    });
                    drop((stream, channel));
                }
                Err(trouble) => front.got(trouble.to_string().chars().take(80).collect::<String>()),
            }
            breathe().await;
        }
    })
}

/// Enters a file that is larger than what is sent ahead of a reader, for those who will not read it.
async fn large(front: &Front) -> Option<String> {
    let file = tokio::task::spawn_blocking(scans::large).await.ok()?.ok()?;
    let metadata = metadata(named(), "large".to_owned());
    let content = |content| pb::EnrolRequest { content: Some(content) };
    let messages = std::iter::once(Enrol::Metadata(metadata));
    let messages = messages.chain(clients::chunks(&file.into()).map(Enrol::Chunk)).map(content);
    let stream = tokio_stream::iter(messages);
    match ReferenceServiceClient::new(front.channel()?).enrol(stream).await {
        Ok(answer) => Some(answer.into_inner().scan_id),
        Err(status) => {
            front.got(format!("not entered: {}", said(&status)));
            None
        }
    }
}

fn slow(front: &Arc<Front>) -> JoinSet<()> {
    many(front, 1, |front, _| async move {
        let Some(large) = large(&front).await else { return };
        let mut connections = Vec::new();
        for number in 0..2 {
            // Not one byte of an answer is taken.
            match front.wire.http2(0).await {
                Ok(connection) => {
                    let answers = ask_and_not_read(&front, &connection, &large, number).await;
                    connections.push((connection, answers));
                }
                Err(_) => front.got("no connection"),
            }
        }
        hold(connections).await;
    })
}

async fn ask_and_not_read(
    front: &Arc<Front>,
    connection: &Http2,
    large: &str,
    number: u64,
) -> JoinSet<()> {
    let mut draws = Draws::new(front.mix.arguments.seed, 4000 + number);
    let mut answers = JoinSet::new();
    for turn in 0..SLOW {
        let (method, message) = if turn % 4 == 0 {
            let Ok(narrowed) = front.mix.small_search(&mut draws) else { break };
            let source = pb::scan_source::Source::ScanId(large.to_owned());
            let query = pb::SearchQuery {
                questioned: Some(pb::ScanSource { source: Some(source) }),
                filter: narrowed.wanted.filter,
                ..Default::default()
            };
            let content = Some(pb::search_request::Content::Query(query));
            ("SearchService/Search", pb::SearchRequest { content }.encode_to_vec())
        } else {
            let request = pb::DownloadRequest { scan_id: large.to_owned(), ..Default::default() };
            ("ReferenceService/Download", request.encode_to_vec())
        };
        let ready = connection.sender.clone().ready().await;
        let (Ok(mut sender), Ok(request)) = (ready, wire::request(method)) else { break };
        let Ok((response, mut body)) = sender.send_request(request, false) else { break };
        let sent = body.send_data(wire::frame(&message), true);
        front.got(if sent.is_ok() { "asked" } else { "not asked" });
        let front = Arc::clone(front);
        answers.spawn(async move {
            let _asked = body;
            match response.await {
                Ok(response) => match wire::code(response.headers()) {
                    Some(code) => front.got(code),
                    None => {
                        front.got("answer begun, not read");
                        // Neither read nor given up, until the service ends it.
                        let mut answer = response.into_body();
                        let ending = std::future::poll_fn(|context| answer.poll_trailers(context));
                        let code = |trailers: Option<_>| trailers.as_ref().and_then(wire::code);
                        front.got(match ending.await {
                            Ok(trailers) => code(trailers).unwrap_or_else(|| "ended".to_owned()),
                            Err(error) => format!("ended: {error}"),
                        });
                    }
                },
                Err(error) => front.got(format!("HTTP/2: {error}")),
            }
        });
    }
    answers
}
