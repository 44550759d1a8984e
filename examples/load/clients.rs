//! How does a laboratory call the service, and what does it make of the answer?
//!
//! One function a call of the contract, through the generated client and mutual TLS. An answer is looked at: a search that
//! is incomplete, a download whose bytes are others, a record that is another one are troubles as much as an error is.

use crate::process::{Service, Site};
use casemark::Digest;
use casemark::service::pb;
use casemark::service::pb::admin_service_client::AdminServiceClient;
use casemark::service::pb::compare_request::Content as Compare;
use casemark::service::pb::comparison_service_client::ComparisonServiceClient;
use casemark::service::pb::download_response::Content as Downloaded;
use casemark::service::pb::enrol_request::Content as Enrol;
use casemark::service::pb::extract_request::Content as Extract;
use casemark::service::pb::extraction_service_client::ExtractionServiceClient;
use casemark::service::pb::reference_service_client::ReferenceServiceClient;
use casemark::service::pb::scan_source::Source;
use casemark::service::pb::search_request::Content as Search;
use casemark::service::pb::search_response::Event;
use casemark::service::pb::search_service_client::SearchServiceClient;
use prost::bytes::Bytes;
use std::error::Error as _;
use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status, Streaming};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_types::StatusExt as _;

/// Bytes of a chunk.
pub(crate) const CHUNK: usize = 256 << 10;

/// Why a call did not do what it was to do.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It ended with a status.
    Status(Box<Status>),
    /// It ended well, and the answer is wrong.
    Wrong(String),
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

pub(crate) type Called<T> = Result<T, Trouble>;

/// What a status means to a client.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// Come back after so long.
    Refused { reason: String, after: Duration },
    /// The server is stopping.
    Stopping,
    /// The connection is gone.
    Closed(String),
    /// The time that the client itself gave has passed.
    Deadline,
    /// Anything else.
    Error(String),
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { reason, after } => write!(f, "{reason}, come back after {after:?}"),
            Self::Stopping => f.write_str("the server is stopping"),
            Self::Closed(how) => write!(f, "the connection is gone: {how}"),
            Self::Deadline => f.write_str("the deadline passed"),
            Self::Error(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => meaning(status).fmt(f),
            Self::Wrong(what) => f.write_str(what),
        }
    }
}

/// What a status means.
pub(crate) fn meaning(status: &Status) -> Meaning {
    let details = status.get_error_details();
    let reason = details.error_info().map_or("", |info| info.reason.as_str());
    let after = details.retry_info().and_then(|retry| retry.retry_delay);
    let (code, text) = (status.code(), status.message());
    match (code, after) {
        (Code::ResourceExhausted, Some(after)) => {
            let limited = details.quota_failure().and_then(|quota| quota.violations.first());
            let limited = limited.map_or("", |violation| violation.subject.as_str());
            return Meaning::Refused { reason: format!("{code:?} {reason}: {limited}"), after };
        }
        (Code::Unavailable, _) if reason == "SERVER_STOPPING" => return Meaning::Stopping,
        (Code::DeadlineExceeded, _) if reason == "DEADLINE_PASSED" => return Meaning::Deadline,
        // What the client's own clock says.
        (Code::Cancelled | Code::DeadlineExceeded, _) if text.contains("Timeout expired") => {
            return Meaning::Deadline;
        }
        _ => {}
    }
    let mut said = format!("{code:?} {reason} {text:?}");
    let mut source = status.source();
    // A status with a source was made on this side, where the connection broke.
    let local = source.is_some();
    while let Some(error) = source {
        said.push_str(&format!(": {error}"));
        source = error.source();
    }
    if local && reason.is_empty() { Meaning::Closed(said) } else { Meaning::Error(said) }
}

/// How to reach the service as each laboratory.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    address: SocketAddr,
    authority: Vec<u8>,
    identities: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Directory {
    pub(crate) fn new(site: &Site, service: &Service) -> anyhow::Result<Self> {
        let identities = (0..crate::world::LABORATORIES.len()).map(|which| site.identity(which));
        Ok(Self {
            address: service.address,
            authority: site.pem("authority.pem")?,
            identities: identities.collect::<anyhow::Result<_>>()?,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Authority, certificate and key, as PEM.
    pub(crate) fn pems(&self, laboratory: usize) -> [&[u8]; 3] {
        let (certificate, key) = &self.identities[laboratory];
        [&self.authority, certificate, key]
    }

    /// A connection of its own, made when it is first used.
    pub(crate) fn channel(&self, laboratory: usize) -> anyhow::Result<Channel> {
        let [authority, certificate, key] = self.pems(laboratory);
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(authority))
            .identity(Identity::from_pem(certificate, key))
            .domain_name("localhost");
        let endpoint = Endpoint::try_from(format!("https://{}", self.address))?.tls_config(tls)?;
        Ok(endpoint.connect_timeout(Duration::from_secs(10)).connect_lazy())
    }
}

pub(crate) async fn health(channel: Channel) -> Called<()> {
    let request = HealthCheckRequest { service: String::new() };
    let answer = HealthClient::new(channel).check(request).await?.into_inner();
    if answer.status() == ServingStatus::Serving {
        return Ok(());
    }
    Err(Trouble::Wrong(format!("the health service says {:?}", answer.status())))
}

/// Asks again and again until the health service says that all is well. How long that took.
pub(crate) async fn healthy(directory: &Directory, longest: Duration) -> Result<Duration, String> {
    let started = Instant::now();
    loop {
        let channel = directory.channel(0).map_err(|error| format!("{error:#}"))?;
        match tokio::time::timeout(longest, health(channel)).await {
            Ok(Ok(())) => return Ok(started.elapsed()),
            Ok(Err(trouble)) if started.elapsed() > longest => return Err(trouble.to_string()),
            Err(_) => return Err(format!("no answer in {} s", longest.as_secs())),
            Ok(Err(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

fn upload(name: &str, file: &Bytes) -> pb::ScanUpload {
    pb::ScanUpload {
        file_name: name.to_owned(),
        size_bytes: Some(file.len() as u64),
        ..Default::default()
    }
}

pub(crate) fn chunks(file: &Bytes) -> impl Iterator<Item = Bytes> + Send + 'static {
    let file = file.clone();
    let starts = (0..file.len()).step_by(CHUNK);
    starts.map(move |from| file.slice(from..file.len().min(from + CHUNK)))
}

pub(crate) async fn get(channel: Channel, scan: &str) -> Called<pb::Record> {
    let request = pb::GetRequest { scan_id: scan.to_owned() };
    let answer = ReferenceServiceClient::new(channel).get(request).await?.into_inner();
    match answer.record {
        Some(record) if record.scan_id == scan => Ok(record),
        other => Err(Trouble::Wrong(format!("{other:?} is not the record of {scan}"))),
    }
}

pub(crate) async fn list(
    channel: Channel,
    filter: Option<pb::Filter>,
    page_size: i32,
    page_token: String,
) -> Called<pb::ListResponse> {
    let request = pb::ListRequest { filter, page_size, page_token };
    Ok(ReferenceServiceClient::new(channel).list(request).await?.into_inner())
}

pub(crate) async fn statistics(channel: Channel) -> Called<pb::StatisticsResponse> {
    Ok(AdminServiceClient::new(channel).statistics(pb::StatisticsRequest {}).await?.into_inner())
}

/// Downloads an original and looks whether it is the one that was said to come.
pub(crate) async fn download(channel: Channel, scan: &str) -> Called<()> {
    let request = pb::DownloadRequest { scan_id: scan.to_owned(), ..Default::default() };
    let mut stream = ReferenceServiceClient::new(channel).download(request).await?.into_inner();
    let (mut info, mut file) = (None, Vec::new());
    while let Some(message) = stream.message().await? {
        match message.content {
            Some(Downloaded::Info(first)) => info = Some(first),
            Some(Downloaded::Chunk(bytes)) => file.extend_from_slice(&bytes),
            None => return Err(Trouble::Wrong("a download had a message without content".into())),
        }
    }
    match info {
        Some(info) if info.sha256 == Digest::of(&file).to_string() => Ok(()),
        other => Err(Trouble::Wrong(format!("{} bytes of {other:?} came", file.len()))),
    }
}

/// Enters a file; the answer has to name it.
pub(crate) async fn enrol(
    channel: Channel,
    request_id: &str,
    exhibit: pb::ExhibitMetadata,
    name: &str,
    file: &Bytes,
) -> Called<pb::EnrolResponse> {
    let metadata = pb::EnrolMetadata {
        request_id: request_id.to_owned(),
        exhibit: Some(exhibit),
        mark: pb::MarkKind::BreechFace.into(),
        upload: Some(upload(name, file)),
        correction: None,
    };
    let content = |content| pb::EnrolRequest { content: Some(content) };
    let messages = std::iter::once(Enrol::Metadata(metadata)).chain(chunks(file).map(Enrol::Chunk));
    let messages = tokio_stream::iter(messages.map(content));
    let answer = ReferenceServiceClient::new(channel).enrol(messages).await?.into_inner();
    let sha256 = Digest::of(file).to_string();
    if answer.original_sha256 != sha256 || answer.outcome() != pb::EnrolOutcome::New {
        return Err(Trouble::Wrong(format!("{answer:?} is not about the new file {sha256}")));
    }
    Ok(answer)
}

pub(crate) async fn extract(channel: Channel, name: &str, file: &Bytes) -> Called<()> {
    let content = |content| pb::ExtractRequest { content: Some(content) };
    let messages = std::iter::once(Extract::Upload(upload(name, file)));
    let messages =
        tokio_stream::iter(messages.chain(chunks(file).map(Extract::Chunk)).map(content));
    let answer = ExtractionServiceClient::new(channel).extract(messages).await?.into_inner();
    let sha256 = Digest::of(file).to_string();
    match answer.signature {
        Some(signature) if signature.source_sha256 == sha256 => Ok(()),
        other => Err(Trouble::Wrong(format!("{other:?} is not of the file {sha256}"))),
    }
}

/// Compares an uploaded file with a scan of the store.
pub(crate) async fn compare(
    channel: Channel,
    name: &str,
    file: &Bytes,
    reference: &str,
) -> Called<()> {
    let content = |content| pb::CompareRequest { content: Some(content) };
    let questioned = pb::ScanSource { source: Some(Source::Upload(upload(name, file))) };
    let reference = pb::ScanSource { source: Some(Source::ScanId(reference.to_owned())) };
    let messages = std::iter::once(Compare::Questioned(questioned))
        .chain(chunks(file).map(Compare::Chunk))
        .chain([Compare::Reference(reference)]);
    let messages = tokio_stream::iter(messages.map(content));
    let answer = ComparisonServiceClient::new(channel).compare(messages).await?.into_inner();
    let sha256 = Digest::of(file).to_string();
    match answer.comparison {
        Some(comparison) if comparison.questioned_sha256 == sha256 => Ok(()),
        _ => Err(Trouble::Wrong(format!("the comparison is not about the file {sha256}"))),
    }
}

/// What to search with.
#[derive(Clone, Debug)]
pub(crate) enum Questioned {
    Stored(String),
    File(String, Bytes),
}

/// A search as its client asks it.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) questioned: Questioned,
    pub(crate) filter: Option<pb::Filter>,
    pub(crate) omit_cells: bool,
}

/// Begins a search, which has so long if that is said.
pub(crate) async fn begin_search(
    channel: Channel,
    wanted: &Wanted,
    deadline: Option<Duration>,
) -> Called<Streaming<pb::SearchResponse>> {
    let (source, file) = match &wanted.questioned {
        Questioned::Stored(scan) => (Source::ScanId(scan.clone()), Bytes::new()),
        Questioned::File(name, file) => (Source::Upload(upload(name, file)), file.clone()),
    };
    let query = pb::SearchQuery {
        questioned: Some(pb::ScanSource { source: Some(source) }),
        filter: wanted.filter.clone(),
        omit_cells: wanted.omit_cells,
        ..Default::default()
    };
    let content = |content| pb::SearchRequest { content: Some(content) };
    let messages = std::iter::once(Search::Query(query)).chain(chunks(&file).map(Search::Chunk));
    let mut request = Request::new(tokio_stream::iter(messages.map(content)));
    if let Some(deadline) = deadline {
        request.set_timeout(deadline);
    }
    Ok(SearchServiceClient::new(channel).search(request).await?.into_inner())
}

/// Searches to the end; so many records have to be searched.
pub(crate) async fn search(
    channel: Channel,
    wanted: &Wanted,
    records: RangeInclusive<u64>,
) -> Called<()> {
    let mut stream = begin_search(channel, wanted, None).await?;
    let (mut candidates, mut summary) = (Vec::new(), None);
    while let Some(message) = stream.message().await? {
        match message.event {
            Some(Event::Candidate(candidate)) => {
                let scan = candidate.record.map(|record| record.scan_id).unwrap_or_default();
                let figures = candidate.comparison.and_then(|comparison| comparison.figures);
                candidates.push((scan, figures.map_or(0.0, |figures| figures.cmc_fraction)));
            }
            Some(Event::Summary(last)) => summary = Some(last),
            // Those that end so are searches by several marks.
            Some(
                Event::Progress(_) | Event::Restricted(_) | Event::Exhibit(_) | Event::Marks(_),
            )
            | None => {}
        }
    }
    let Some(summary) = summary else {
        return Err(Trouble::Wrong("a search ended without a summary".into()));
    };
    if !summary.complete || !records.contains(&summary.records_searched) {
        let found = format!("{} of {records:?} records searched", summary.records_searched);
        return Err(Trouble::Wrong(format!("{found}, {} failed", summary.records_failed)));
    }
    if candidates.len() as u64 != summary.records_searched.min(20) {
        let found = format!("{} candidates of {records:?} records", candidates.len());
        return Err(Trouble::Wrong(found));
    }
    let Questioned::Stored(questioned) = &wanted.questioned else { return Ok(()) };
    // It is as much like itself as anything can be; a mate may be no less so.
    let itself = candidates.iter().find(|(scan, _)| scan == questioned);
    let best = candidates.first().map_or(0.0, |(_, fraction)| *fraction);
    match itself {
        Some((_, fraction)) if *fraction >= best => Ok(()),
        _ => Err(Trouble::Wrong(format!("scan {questioned} does not find itself first"))),
    }
}

/// Begins a search over everything and goes away in its middle, or has it end by its deadline.
pub(crate) async fn cut_search(
    channel: Channel,
    wanted: &Wanted,
    after: Duration,
    by_deadline: bool,
) -> Called<()> {
    let mut stream = begin_search(channel, wanted, by_deadline.then_some(after)).await?;
    let reading = async {
        // On a small store it may be done before.
        while stream.message().await?.is_some() {}
        Ok(())
    };
    if by_deadline {
        return reading.await;
    }
    // Gone once the time is over: dropping the stream cancels the call.
    tokio::time::timeout(after, reading).await.unwrap_or(Ok(()))
}
