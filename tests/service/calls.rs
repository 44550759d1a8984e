//! The service through its own generated client, on the loopback interface: every rpc, every kind of refusal, and its end.

use casemark::access::{Laboratory, Policy, Role};
use casemark::format;
use casemark::gallery::Gallery;
use casemark::parameters::Cascade;
use casemark::report::ComparisonReport;
use casemark::search::{Advance, Depth, Query, Questioned, Search as Searching, Stored};
use casemark::service::pb::admin_service_client::AdminServiceClient;
use casemark::service::pb::batch_service_client::BatchServiceClient;
use casemark::service::pb::batch_service_compare_request::Content as Batch;
use casemark::service::pb::batch_service_compare_response::Result as Answer;
use casemark::service::pb::compare_request::Content as Compare;
use casemark::service::pb::comparison_service_client::ComparisonServiceClient;
use casemark::service::pb::download_response::Content as Downloaded;
use casemark::service::pb::enrol_request::Content as Enrol;
use casemark::service::pb::extract_request::Content as Extract;
use casemark::service::pb::extraction_service_client::ExtractionServiceClient;
use casemark::service::pb::reference_service_client::ReferenceServiceClient;
use casemark::service::pb::search_request::Content as Search;
use casemark::service::pb::search_response::Event;
use casemark::service::pb::search_service_client::SearchServiceClient;
use casemark::service::pb::{self, scan_source::Source};
use casemark::service::{
    LaboratoryGate, Limits, Monitor, OpenGate, Security, ServeError, Server, Tls,
};
use casemark::simulate::Simulation;
use casemark::store::{
    Enrolment, ExhibitMetadata, ExhibitRef, Filter, MarkKind, MemoryStore, ReferenceStore, ScanId,
    Sharing, SignatureBlob,
};
use casemark::surface::{Region, Regions};
use casemark::units::Length;
use casemark::{Arithmetic, Digest, Engine, Matcher, Parameters, Prepared, Signature};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);
const CHUNK: usize = 200_000;

struct Service {
    channel: Channel,
    address: std::net::SocketAddr,
    monitor: Monitor,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

fn engine() -> Engine {
    Engine::new(Parameters::default(), Arithmetic::Vectorised)
}

async fn start_with(store: Arc<dyn ReferenceStore>, limits: Limits, security: Security) -> Service {
    serve(Server::new(engine(), store, limits, Arc::new(OpenGate), None).unwrap(), security).await
}

async fn serve(server: Server, security: Security) -> Service {
    let monitor = server.monitor();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let served = tokio::spawn(server.serve(listener, security, stopped));
    let channel = Endpoint::try_from(format!("http://{address}")).unwrap().connect_lazy();
    Service { channel, address, monitor, stop, served }
}

async fn start(store: Arc<dyn ReferenceStore>, limits: Limits) -> Service {
    start_with(store, limits, Security::LoopbackPlaintext).await
}

fn demo(path: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/demo").join(path)).unwrap()
}

fn reference_names() -> Vec<String> {
    let names = (1..=5).flat_map(|firearm| (1..=2).map(move |shot| (firearm, shot)));
    names.map(|(firearm, shot)| format!("F{firearm:04}-S{shot:02}.x3p")).collect()
}

fn signature(bytes: &[u8]) -> Signature {
    let scan = casemark::format::read(bytes, &Default::default()).unwrap();
    Signature::extract(&scan.surface, scan.sha256, &Parameters::default()).unwrap()
}

fn prepared(bytes: &[u8]) -> Prepared {
    engine().prepare(&signature(bytes)).unwrap()
}

/// The library's own answer.
fn comparison(questioned: &[u8], reference: &[u8]) -> casemark::Comparison {
    let engine = engine();
    let matcher = Matcher::new(&engine, prepared(questioned));
    matcher.compare(&prepared(reference), &mut engine.workspace()).unwrap()
}

/// A store with so many records of one signature: enough work to be interrupted.
fn large_store(records: usize) -> Arc<MemoryStore> {
    let store = MemoryStore::new();
    let signature = signature(&demo("references/F0001-S01.x3p"));
    let bytes = signature.to_bytes();
    let metadata = ExhibitMetadata { laboratory: "Example".into(), ..Default::default() };
    for n in 0..records {
        let blob = SignatureBlob {
            bytes: &bytes,
            engine_version: signature.engine_version(),
            extraction: signature.extraction_digest(),
            location: None,
        };
        let enrolment = Enrolment {
            original: &n.to_le_bytes(),
            original_name: "case.x3p",
            mark: MarkKind::BreechFace,
            signature: blob,
            correction: None,
            exhibit: ExhibitRef::New(&metadata),
            entered: "2026-03-01T10:00:00Z".parse().unwrap(),
        };
        store.enrol(&enrolment).unwrap();
    }
    Arc::new(store)
}

fn upload(name: &str) -> pb::ScanUpload {
    pb::ScanUpload { file_name: name.to_owned(), ..Default::default() }
}

fn uploaded() -> Option<pb::ScanSource> {
    Some(pb::ScanSource { source: Some(Source::Upload(upload("q.x3p"))) })
}

fn stored(id: &str) -> Option<pb::ScanSource> {
    Some(pb::ScanSource { source: Some(Source::ScanId(id.to_owned())) })
}

fn chunks<T>(bytes: &[u8], wrap: impl Fn(prost::bytes::Bytes) -> T) -> Vec<T> {
    bytes.chunks(CHUNK).map(|chunk| wrap(chunk.to_vec().into())).collect()
}

fn metadata(name: &str, request_id: &str) -> pb::EnrolMetadata {
    pb::EnrolMetadata {
        request_id: request_id.to_owned(),
        exhibit: Some(pb::ExhibitMetadata {
            laboratory: "Forensic Sciences Centre".to_owned(),
            country: Some("BB".to_owned()),
            calibre: Some("9 mm Luger".to_owned()),
            ..Default::default()
        }),
        mark: pb::MarkKind::BreechFace.into(),
        upload: Some(upload(name)),
        correction: None,
    }
}

async fn enrol(
    service: &Service,
    metadata: pb::EnrolMetadata,
    bytes: &[u8],
) -> Result<pb::EnrolResponse, Status> {
    let content = |content| pb::EnrolRequest { content: Some(content) };
    let mut messages = vec![content(Enrol::Metadata(metadata))];
    messages.extend(chunks(bytes, |chunk| content(Enrol::Chunk(chunk))));
    let mut client = ReferenceServiceClient::new(service.channel.clone());
    Ok(client.enrol(tokio_stream::iter(messages)).await?.into_inner())
}

/// A service over the references of the demonstration, and their scans by name.
async fn demonstration() -> (Service, Vec<(String, String)>) {
    let service = start(Arc::new(MemoryStore::new()), Limits::default()).await;
    let mut scans = Vec::new();
    for name in reference_names() {
        let bytes = demo(&format!("references/{name}"));
        let answer = enrol(&service, metadata(&name, &name), &bytes).await.unwrap();
        assert_eq!(answer.outcome(), pb::EnrolOutcome::New);
        assert_eq!(answer.original_sha256, Digest::of(&bytes).to_string());
        scans.push((name, answer.scan_id));
    }
    (service, scans)
}

fn query(questioned: Option<pb::ScanSource>) -> pb::SearchQuery {
    pb::SearchQuery { questioned, ..Default::default() }
}

fn search_messages(query: pb::SearchQuery, bytes: &[u8]) -> Vec<pb::SearchRequest> {
    let content = |content| pb::SearchRequest { content: Some(content) };
    let mut messages = vec![content(Search::Query(query))];
    messages.extend(chunks(bytes, |chunk| content(Search::Chunk(chunk))));
    messages
}

async fn begin_search(
    service: &Service,
    messages: Vec<pb::SearchRequest>,
) -> Result<tonic::Streaming<pb::SearchResponse>, Status> {
    let mut client = SearchServiceClient::new(service.channel.clone());
    Ok(client.search(tokio_stream::iter(messages)).await?.into_inner())
}

async fn events(mut stream: tonic::Streaming<pb::SearchResponse>) -> Result<Vec<Event>, Status> {
    let mut events = Vec::new();
    while let Some(message) = stream.message().await? {
        events.push(message.event.unwrap());
    }
    Ok(events)
}

async fn refused(service: &Service, messages: Vec<pb::SearchRequest>) -> Status {
    match begin_search(service, messages).await {
        Ok(stream) => events(stream).await.unwrap_err(),
        Err(status) => status,
    }
}

async fn compare(service: &Service, messages: Vec<Compare>) -> Result<pb::Comparison, Status> {
    let messages =
        messages.into_iter().map(|content| pb::CompareRequest { content: Some(content) });
    let messages: Vec<_> = messages.collect();
    let mut client = ComparisonServiceClient::new(service.channel.clone());
    let answer = client.compare(tokio_stream::iter(messages)).await?;
    Ok(answer.into_inner().comparison.unwrap())
}

/// A grey BMP of 64 x 64 samples that states no resolution.
fn tiny_bitmap() -> Vec<u8> {
    let (side, palette, head) = (64_u32, 1024, 54);
    let mut bytes = b"BM".to_vec();
    for word in [head + palette + side * side, 0, head + palette, 40, side, side] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend([1, 0, 8, 0]);
    for word in [0, side * side, 0, 0, 256, 0] {
        bytes.extend(u32::to_le_bytes(word));
    }
    bytes.extend((0..=255_u8).flat_map(|grey| [grey, grey, grey, 0]));
    bytes.extend((0..side * side).map(|sample| (sample * 7 % 251) as u8));
    bytes
}

fn field_of(status: &Status) -> String {
    let details = status.get_error_details();
    assert!(details.request_info().is_some(), "no request id in {status:?}");
    details.bad_request().unwrap().field_violations[0].field.clone()
}

async fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The contract's comparison says what the program's JSON says.
fn assert_same(answer: &pb::Comparison, expected: &casemark::Comparison) {
    let report = ComparisonReport::from(expected);
    let figures = answer.figures.as_ref().unwrap();
    assert_eq!(figures.cmc_count as usize, report.figures.cmc_count);
    assert_eq!(figures.cells as usize, report.figures.cells);
    assert_eq!(figures.cmc_fraction.to_bits(), report.figures.cmc_fraction.to_bits());
    assert_eq!(figures.ncc.map(f64::to_bits), report.figures.ncc.map(f64::to_bits));
    let pose = figures.pose.as_ref().map(|pose| (pose.dx_um, pose.dy_um, pose.theta_deg));
    let expected_pose = report
        .figures
        .dx_um
        .map(|dx| (dx, report.figures.dy_um.unwrap(), report.figures.theta_deg.unwrap()));
    assert_eq!(pose, expected_pose);
    assert_eq!(answer.parameters_digest, report.parameters_digest.to_string());
    assert_eq!(answer.questioned_sha256, report.questioned_sha256.to_string());
    assert_eq!(answer.directions.len(), report.directions.len());
    for (direction, expected) in answer.directions.iter().zip(&report.directions) {
        assert_eq!(direction.cells.len(), expected.cell_results.len());
        for (cell, expected) in direction.cells.iter().zip(&expected.cell_results) {
            assert_eq!((cell.x_um, cell.y_um), (expected.x_um, expected.y_um));
            assert_eq!(cell.ncc, expected.ncc);
            let congruent = cell.verdict() == pb::CellVerdict::Congruent;
            assert_eq!(congruent, expected.verdict == casemark::cmc::CellVerdict::Congruent);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_several_marks_says_what_does_not_go_with_them() {
    let (service, scans) = demonstration().await;
    let (face, pin) = (pb::MarkKind::BreechFace, pb::MarkKind::FiringPin);
    let marks = vec![face.into(), pin.into()];
    let filter = pb::Filter { mark: face.into(), ..Default::default() };
    let by_marks = |questioned| pb::SearchQuery { marks: marks.clone(), ..query(questioned) };
    for (query, field) in [
        (pb::SearchQuery { filter: Some(filter), ..by_marks(uploaded()) }, "query.filter.mark"),
        (
            pb::SearchQuery { marks: vec![face.into(), face.into()], ..query(uploaded()) },
            "query.marks",
        ),
        (pb::SearchQuery { marks: vec![0], ..query(uploaded()) }, "query.marks"),
        (pb::SearchQuery { marks: vec![99], ..query(uploaded()) }, "query.marks"),
        (pb::SearchQuery { marks: vec![0], ..query(stored(&scans[0].1)) }, "query.marks"),
        // The scan is cropped to its mark.
        (by_marks(uploaded()), "query.questioned.upload"),
    ] {
        let messages = search_messages(query, &demo("questioned/known-firearm.x3p"));
        let result = match begin_search(&service, messages).await {
            Ok(stream) => events(stream).await,
            Err(status) => Err(status),
        };
        let status = result.unwrap_err();
        assert_eq!((status.code(), field_of(&status).as_str()), (Code::InvalidArgument, field));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_the_mates_first_as_the_library_does() {
    let (service, scans) = demonstration().await;
    let questioned = demo("questioned/known-firearm.x3p");
    let messages = search_messages(query(uploaded()), &questioned);
    let events = events(begin_search(&service, messages).await.unwrap()).await.unwrap();
    let place = |event: &Event| match event {
        Event::Progress(_) => 0,
        Event::Candidate(_) => 1,
        Event::Restricted(_) => 2,
        Event::Summary(_) => 3,
        Event::Exhibit(_) | Event::Marks(_) => panic!("one mark was asked for"),
    };
    assert!(events.iter().map(place).is_sorted(), "progress, candidates and summary are mixed");
    let Event::Progress(progress) = &events[0] else { panic!("{:?} came first", events[0]) };
    assert_eq!((progress.records_done, progress.records_chosen), (10, 10));
    assert!(!progress.leaders.is_empty());
    let candidates: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Candidate(candidate) => Some(candidate),
            Event::Progress(_)
            | Event::Restricted(_)
            | Event::Summary(_)
            | Event::Exhibit(_)
            | Event::Marks(_) => None,
        })
        .collect();
    let names: Vec<&str> =
        candidates.iter().map(|c| c.record.as_ref().unwrap().original_file_name.as_str()).collect();
    assert_eq!(candidates.len(), scans.len());
    assert_eq!(names[0][..5], names[1][..5], "the two best are not from one firearm: {names:?}");
    let fraction = |at: usize| {
        candidates[at].comparison.as_ref().unwrap().figures.as_ref().unwrap().cmc_fraction
    };
    assert!(fraction(1) > 2.0 * fraction(2), "{} and {}", fraction(1), fraction(2));
    let Some(Event::Summary(summary)) = events.last() else { panic!("no summary") };
    assert!(summary.complete && summary.records_searched == 10, "{summary:?}");

    // The library over a store of the same files.
    let engine = engine();
    let store = MemoryStore::new();
    for (name, _) in &scans {
        let bytes = demo(&format!("references/{name}"));
        let signature = signature(&bytes);
        let exhibit = ExhibitMetadata { laboratory: "Example".into(), ..Default::default() };
        let blob = SignatureBlob {
            bytes: &signature.to_bytes(),
            engine_version: signature.engine_version(),
            extraction: signature.extraction_digest(),
            location: None,
        };
        let enrolment = Enrolment {
            original: &bytes,
            original_name: name,
            mark: MarkKind::BreechFace,
            signature: blob,
            correction: None,
            exhibit: ExhibitRef::New(&exhibit),
            entered: "2026-03-01T10:00:00Z".parse().unwrap(),
        };
        store.enrol(&enrolment).unwrap();
    }
    let gallery = Gallery::of(&engine);
    let (indexer, references) = (gallery.indexer(), gallery.snapshot(&store).unwrap());
    let questioned = Questioned::new(&engine, indexer, &signature(&questioned)).unwrap();
    let extraction = engine.parameters().extraction_digest();
    let search = Searching {
        engine: &engine,
        indexer,
        cascade: &Cascade::default(),
        references: &references,
        signatures: &Stored { store: &store, extraction },
        pool: None,
    };
    let wanted = Query { filter: &Filter::default(), top: 20, depth: Depth::Exhaustive };
    let expected = search.run(&wanted, &questioned, &mut |_: Advance| ()).unwrap();
    for (candidate, expected) in candidates.iter().zip(&expected.candidates) {
        assert_same(candidate.comparison.as_ref().unwrap(), &expected.comparison);
    }

    // A filter says what it left out; a stored scan finds itself.
    let filter = pb::Filter { country: Some("JM".to_owned()), ..Default::default() };
    let asked = pb::SearchQuery { filter: Some(filter), ..query(stored(&scans[0].1)) };
    let found = search_messages(asked, &[]);
    let found = self::events(begin_search(&service, found).await.unwrap()).await.unwrap();
    let Some(Event::Summary(summary)) = found.last() else { panic!("no summary") };
    assert_eq!(summary.records_searched, 0);
    assert_eq!(summary.skipped.unwrap().country, 10);
    let asked = pb::SearchQuery { top: 1, omit_cells: true, ..query(stored(&scans[0].1)) };
    let found = search_messages(asked, &[]);
    let found = self::events(begin_search(&service, found).await.unwrap()).await.unwrap();
    let [_, Event::Candidate(best), Event::Summary(_)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(best.record.as_ref().unwrap().scan_id, scans[0].1);
    assert!(best.comparison.as_ref().unwrap().directions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_and_stored_scans_compare_as_the_library_does() {
    let service = start(Arc::new(MemoryStore::new()), Limits::default()).await;
    let (one, other) = (demo("references/F0001-S01.x3p"), demo("references/F0001-S02.x3p"));
    let expected = comparison(&one, &other);
    let mut both = vec![Compare::Questioned(uploaded().unwrap())];
    both.extend(chunks(&one, Compare::Chunk));
    both.push(Compare::Reference(uploaded().unwrap()));
    both.extend(chunks(&other, Compare::Chunk));
    assert_same(&compare(&service, both).await.unwrap(), &expected);

    let scan_of = async |name: &str, bytes: &[u8]| {
        enrol(&service, metadata(name, name), bytes).await.unwrap().scan_id
    };
    let (first, second) = (scan_of("1.x3p", &one).await, scan_of("2.x3p", &other).await);
    let questioned = Compare::Questioned(stored(&first).unwrap());
    let reference = Compare::Reference(stored(&second).unwrap());
    let ids = vec![questioned, reference.clone()];
    assert_same(&compare(&service, ids).await.unwrap(), &expected);
    let mut mixed = vec![Compare::Questioned(uploaded().unwrap())];
    mixed.extend(chunks(&one, Compare::Chunk));
    mixed.push(reference);
    assert_same(&compare(&service, mixed).await.unwrap(), &expected);

    // A batch over the same scans, in the order of the pairs; a failure is an answer.
    let pair = |pair_id: &str, questioned, reference| {
        let scan = |scan| Some(pb::BatchScan { scan: Some(scan) });
        let (questioned, reference) = (scan(questioned), scan(reference));
        let pair_id = pair_id.to_owned();
        Batch::Pair(pb::BatchPair { pair_id, questioned, reference, omit_cells: false })
    };
    use pb::batch_scan::Scan::{ScanId, UploadName};
    let named = |name: &str| pb::BatchUpload { name: name.into(), upload: Some(upload("q")) };
    let absent = "01890000-0000-7000-8000-000000000000";
    let mut messages = vec![Batch::Upload(named("one"))];
    messages.extend(chunks(&one, Batch::Chunk));
    for n in 0..20 {
        messages.push(pair(&n.to_string(), UploadName("one".into()), ScanId(second.clone())));
    }
    messages.push(pair("absent", ScanId(absent.into()), ScanId(second.clone())));
    messages.push(pair("last", ScanId(first.clone()), ScanId(second.clone())));
    let messages = messages
        .into_iter()
        .map(|content| pb::BatchServiceCompareRequest { content: Some(content) });
    let messages: Vec<_> = messages.collect();
    let mut client = BatchServiceClient::new(service.channel.clone());
    let mut answers = client.compare(tokio_stream::iter(messages)).await.unwrap().into_inner();
    let mut ids = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        match answer.result.unwrap() {
            Answer::Comparison(comparison) => assert_same(&comparison, &expected),
            Answer::Failure(failure) => {
                assert_eq!((answer.pair_id.as_str(), failure.code), ("absent", 5));
            }
        }
        ids.push(answer.pair_id);
    }
    let mut expected: Vec<String> = (0..20).map(|n: u32| n.to_string()).collect();
    expected.extend(["absent".to_owned(), "last".to_owned()]);
    assert_eq!(ids, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_listed_read_downloaded_and_withdrawn() {
    let (service, scans) = demonstration().await;
    let mut client = ReferenceServiceClient::new(service.channel.clone());
    let mut listed = Vec::new();
    let mut request = pb::ListRequest { page_size: 4, ..Default::default() };
    let mut pages = 0;
    loop {
        let page = client.list(request.clone()).await.unwrap().into_inner();
        assert!(page.records.len() <= 4);
        listed.extend(page.records);
        pages += 1;
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(pages, 3);
    let ids: Vec<&String> = listed.iter().map(|record| &record.scan_id).collect();
    let expected: Vec<&String> = scans.iter().map(|(_, id)| id).collect();
    assert_eq!(ids, expected);

    let (name, scan_id) = scans[3].clone();
    let bytes = demo(&format!("references/{name}"));
    let get = pb::GetRequest { scan_id: scan_id.clone() };
    let record = client.get(get.clone()).await.unwrap().into_inner().record.unwrap();
    assert_eq!(record.original_file_name, name);
    assert_eq!(record.exhibit.unwrap().country.as_deref(), Some("BB"));
    let download = pb::DownloadRequest { scan_id: scan_id.clone(), ..Default::default() };
    let mut stream = client.download(download).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap().content;
    let Some(Downloaded::Info(info)) = first else { panic!("{first:?} came first") };
    assert_eq!(info.sha256, Digest::of(&bytes).to_string());
    let mut downloaded = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        let Some(Downloaded::Chunk(chunk)) = message.content else { panic!("no chunk") };
        downloaded.extend_from_slice(&chunk);
    }
    assert!(downloaded == bytes, "{} bytes came, wanted {}", downloaded.len(), bytes.len());

    let withdraw = pb::WithdrawRequest {
        subject: Some(pb::withdraw_request::Subject::ScanId(scan_id.clone())),
        reason: "entered by mistake".to_owned(),
    };
    client.withdraw(withdraw.clone()).await.unwrap();
    let record = client.get(get).await.unwrap().into_inner().record.unwrap();
    assert_eq!(record.withdrawal.unwrap().reason, "entered by mistake");
    let all = client.list(pb::ListRequest::default()).await.unwrap().into_inner();
    assert_eq!(all.records.len(), 9);
    let again = client.withdraw(withdraw).await.unwrap_err();
    assert_eq!(again.code(), Code::FailedPrecondition);

    let mut admin = AdminServiceClient::new(service.channel.clone());
    let statistics = admin.statistics(pb::StatisticsRequest {}).await.unwrap().into_inner();
    assert_eq!((statistics.scans, statistics.scans_withdrawn), (10, 1));
    let mut stream = admin.verify(pb::VerifyRequest {}).await.unwrap().into_inner();
    let mut last = None;
    while let Some(message) = stream.message().await.unwrap() {
        last = message.event;
    }
    let Some(pb::verify_response::Event::Report(report)) = last else { panic!("{last:?}") };
    assert!(report.sound && report.objects > 20, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_enrolment_is_entered_once() {
    let service = start(Arc::new(MemoryStore::new()), Limits::default()).await;
    let bytes = demo("references/F0001-S01.x3p");
    let first = enrol(&service, metadata("a.x3p", "one"), &bytes).await.unwrap();
    assert_eq!(first.outcome(), pb::EnrolOutcome::New);
    let replayed = enrol(&service, metadata("a.x3p", "one"), &bytes).await.unwrap();
    assert_eq!(replayed, first);
    let hashed = enrol(&service, metadata("a.x3p", "two"), &bytes).await.unwrap();
    assert_eq!(hashed.outcome(), pb::EnrolOutcome::Duplicate);
    assert_eq!(hashed.scan_id, first.scan_id);
    let other = enrol(&service, metadata("b.x3p", "one"), &bytes).await.unwrap_err();
    assert_eq!(
        (other.code(), field_of(&other)),
        (Code::InvalidArgument, "metadata.request_id".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_beyond_the_rate_of_a_laboratory_are_read_later() {
    let limits = Limits {
        upload_bytes: 200_000,
        upload_bytes_per_s_per_laboratory: 400_000,
        ..Limits::default()
    };
    let service = start(Arc::new(MemoryStore::new()), limits).await;
    let mut client = ExtractionServiceClient::new(service.channel.clone());
    let mut took = async || {
        let began = std::time::Instant::now();
        let messages = [Extract::Upload(upload("q")), Extract::Chunk(vec![0; 190_000].into())];
        let messages = messages.map(|content| pb::ExtractRequest { content: Some(content) });
        let status = client.extract(tokio_stream::iter(messages)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        began.elapsed()
    };
    // As many as one file may have at once, the rest in its time.
    let (first, second, third) = (took().await, took().await, took().await);
    let [first, second, third] = [first, second, third].map(|took| took.as_secs_f64());
    assert!(first < 0.4 && second > 0.3 && third > 0.4, "{first} {second} {third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_is_wrong_and_with_what() {
    let limits = Limits {
        upload_bytes: 400_000,
        upload_idle: Duration::from_millis(300),
        ..Limits::default()
    };
    let service = start(Arc::new(MemoryStore::new()), limits).await;
    let mut client = ExtractionServiceClient::new(service.channel.clone());
    let mut extract = async |messages: Vec<Extract>| {
        let content = |content| pb::ExtractRequest { content: Some(content) };
        let messages: Vec<_> = messages.into_iter().map(content).collect();
        client.extract(tokio_stream::iter(messages)).await.map(|answer| answer.into_inner())
    };
    let open = || Extract::Upload(upload("q"));
    let chunk = |bytes: &[u8]| Extract::Chunk(bytes.to_vec().into());
    // What the file is.
    let status = extract(vec![open(), chunk(b"%PDF-1.7 and more")]).await.unwrap_err();
    assert_eq!((status.code(), field_of(&status)), (Code::InvalidArgument, "upload".into()));
    assert!(status.message().contains("unknown format"), "{}", status.message());
    let empty = extract(vec![open()]).await.unwrap_err();
    assert!(empty.message().contains("the file is empty"), "{}", empty.message());
    // What it needs to be told: an image without a resolution.
    let image = tiny_bitmap();
    let status = extract(vec![open(), chunk(&image)]).await.unwrap_err();
    assert_eq!(field_of(&status), "upload.options.spacing_um");
    // How large it is.
    let large = vec![open(), chunk(&[0; 300_000]), chunk(&[0; 300_000])];
    let status = extract(large).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "UPLOAD_TOO_LARGE");
    assert!(details.quota_failure().is_some());
    let lying = pb::ScanUpload { size_bytes: Some(10), ..upload("q") };
    let status = extract(vec![Extract::Upload(lying), chunk(&[0; 9])]).await.unwrap_err();
    assert_eq!(
        (status.code(), field_of(&status)),
        (Code::InvalidArgument, "upload.size_bytes".into())
    );
    // In which order it comes.
    let status = extract(vec![chunk(b"PK")]).await.unwrap_err();
    assert_eq!(status.get_error_details().error_info().unwrap().reason, "MESSAGES_OUT_OF_ORDER");
    let reference = Compare::Reference(uploaded().unwrap());
    let status = compare(&service, vec![reference]).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    // Whether it goes on.
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    let first = pb::ExtractRequest { content: Some(open()) };
    sender.send(first).await.unwrap();
    let stalled = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut other = ExtractionServiceClient::new(service.channel.clone());
    let status = other.extract(stalled).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(status.get_error_details().error_info().unwrap().reason, "UPLOAD_STALLED");
    // What is not there, and what is not said.
    let mut references = ReferenceServiceClient::new(service.channel.clone());
    let absent = "01890000-0000-7000-8000-000000000000".to_owned();
    let status = references.get(pb::GetRequest { scan_id: absent.clone() }).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let status = references.get(pb::GetRequest { scan_id: "x".into() }).await.unwrap_err();
    assert_eq!((status.code(), field_of(&status)), (Code::InvalidArgument, "scan_id".into()));
    let status = refused(&service, search_messages(query(stored(&absent)), &[])).await;
    assert_eq!(status.code(), Code::NotFound);
    let mut unknown = metadata("a.x3p", "one");
    unknown.exhibit.as_mut().unwrap().country = Some("XX".to_owned());
    let status = enrol(&service, unknown, b"").await.unwrap_err();
    assert_eq!(field_of(&status), "metadata.exhibit.country");
    let mut padded = metadata("a.x3p", "one");
    padded.exhibit.as_mut().unwrap().calibre = Some(" 9 mm".to_owned());
    let status = enrol(&service, padded, b"").await.unwrap_err();
    assert_eq!(field_of(&status), "metadata.exhibit.calibre");
    let unmarked = pb::EnrolMetadata { mark: 0, ..metadata("a.x3p", "one") };
    assert_eq!(field_of(&enrol(&service, unmarked, b"").await.unwrap_err()), "metadata.mark");
    until("nothing is held", || service.monitor.activity().held_bytes == 0).await;
    assert_eq!(service.monitor.activity().calls, 0);
}

/// A whole head of which too little is in view to be sure, and its true parts.
fn unsure_head() -> (Vec<u8>, Regions) {
    let spacing = Length::from_micrometres(12.5);
    let simulation = Simulation { spacing, cropped: 0.0, ..Simulation::default() };
    let head = simulation.firearm(0).unwrap().head(0);
    let (rows, width) = (head.surface.rows(), head.surface.columns() * 42 / 100);
    let surface = casemark::transform::crop(&head.surface, 0, 0, width, rows).unwrap();
    let labels = head.truth.regions.labels().slice(ndarray::s![.., ..width]).to_owned();
    let bytes = format::x3p::write(&surface, &format::Metadata::default()).unwrap();
    (bytes, Regions::new(labels))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_says_where_the_mark_of_an_unsure_head_is_and_both_are_kept() {
    let store = Arc::new(MemoryStore::new());
    let service = start(store.clone(), Limits::default()).await;
    let (bytes, truth) = unsure_head();
    let status = enrol(&service, metadata("head.x3p", "one"), &bytes).await.unwrap_err();
    assert_eq!(field_of(&status), "metadata.upload");
    let regions = format::write_regions(&truth).unwrap();
    let word = |regions: &[u8], how: &str| {
        let (regions, how) = (regions.to_vec().into(), how.to_owned());
        Some(pb::MarkCorrection { regions, how })
    };
    let with = |correction, id| pb::EnrolMetadata { correction, ..metadata("head.x3p", id) };
    let unnamed = enrol(&service, with(word(&regions, ""), "two"), &bytes).await.unwrap_err();
    assert_eq!(field_of(&unnamed), "metadata.correction.how");
    for wrong in [&b""[..], b"no PNG"] {
        let status = enrol(&service, with(word(wrong, "x"), "three"), &bytes).await.unwrap_err();
        assert_eq!(field_of(&status), "metadata.correction.regions");
    }
    let said = with(word(&regions, "truth.png"), "four");
    let answer = enrol(&service, said, &bytes).await.unwrap();
    assert_eq!(answer.outcome(), pb::EnrolOutcome::New);
    let said = store.view(answer.scan_id.parse().unwrap()).unwrap().said;
    assert!(said.location().unwrap().confidence < 0.5, "{said:?}");
    assert_eq!(said.correction().unwrap().how, "truth.png");
    assert_eq!(store.mask(said.regions().unwrap()).unwrap(), regions);
    // A later word on the same scan.
    let later =
        Regions::new(truth.labels().mapv(|label| label.filter(|l| *l == Region::BreechFace)));
    let later = with(word(&format::write_regions(&later).unwrap(), "later.png"), "five");
    let answer = enrol(&service, later, &bytes).await.unwrap();
    assert_eq!(answer.outcome(), pb::EnrolOutcome::Corrected);
    let mut admin = AdminServiceClient::new(service.channel.clone());
    let statistics = admin.statistics(pb::StatisticsRequest {}).await.unwrap().into_inner();
    let pb::StatisticsResponse { scans, locations, corrections, .. } = statistics;
    assert_eq!((scans, locations, corrections), (1, 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extraction_says_what_is_in_the_scan() {
    let service = start(Arc::new(MemoryStore::new()), Limits::default()).await;
    let bytes = demo("references/F0001-S01.x3p");
    let content = |content| pb::ExtractRequest { content: Some(content) };
    let mut messages = vec![content(Extract::Upload(upload("q")))];
    messages.extend(chunks(&bytes, |chunk| content(Extract::Chunk(chunk))));
    let mut client = ExtractionServiceClient::new(service.channel.clone());
    let answer = client.extract(tokio_stream::iter(messages)).await.unwrap();
    assert!(answer.metadata().get("x-request-id").is_some());
    let answer = answer.into_inner();
    assert_eq!(answer.file_format(), pb::FileFormat::X3p);
    let (summary, expected) = (answer.signature.unwrap(), signature(&bytes).summary());
    assert_eq!(summary.source_sha256, expected.source.to_string());
    assert_eq!(summary.deviation_um, expected.deviation_um);
    assert_eq!(summary.valid_samples as usize, expected.valid_samples);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_stops_its_search() {
    let records = 4000;
    let limits = Limits { searches: 1, searches_waiting: 0, ..Limits::default() };
    let service = start(large_store(records), limits).await;
    let bytes = demo("questioned/known-firearm.x3p");
    let messages = search_messages(query(uploaded()), &bytes);
    let mut stream = begin_search(&service, messages.clone()).await.unwrap();
    assert!(matches!(stream.message().await.unwrap().unwrap().event, Some(Event::Progress(_))));
    assert_eq!(service.monitor.activity().searches, 1);
    // A second one finds the queue full, and hears when to come back.
    let status = refused(&service, messages.clone()).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert!(status.get_error_details().retry_info().unwrap().retry_delay.is_some());
    drop(stream);
    until("the search is over", || service.monitor.activity().searches == 0).await;
    let compared = service.monitor.activity().comparisons;
    assert!(compared < records as u64, "all {compared} records were compared");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(service.monitor.activity().comparisons, compared, "it went on");
    // A deadline does the same.
    let mut request = Request::new(tokio_stream::iter(messages));
    request.set_timeout(Duration::from_millis(1500));
    let mut client = SearchServiceClient::new(service.channel.clone());
    let status = match client.search(request).await {
        Ok(stream) => events(stream.into_inner()).await.unwrap_err(),
        Err(status) => status,
    };
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    until("the search is over", || service.monitor.activity().searches == 0).await;
    assert!(service.monitor.activity().comparisons < 2 * records as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_finishes_what_is_in_flight_or_refuses_it() {
    let bytes = demo("questioned/known-firearm.x3p");
    for (records, grace, finishes) in [(130, PATIENCE, true), (4000, Duration::ZERO, false)] {
        let limits = Limits { grace, ..Limits::default() };
        let service = start(large_store(records), limits).await;
        let messages = search_messages(query(uploaded()), &bytes);
        let mut stream = begin_search(&service, messages).await.unwrap();
        stream.message().await.unwrap().unwrap();
        service.stop.send(()).unwrap();
        let result = events(stream).await;
        if finishes {
            let events = result.unwrap();
            assert!(matches!(events.last(), Some(Event::Summary(s)) if s.complete), "{events:?}");
        } else {
            let status = result.unwrap_err();
            assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        }
        let ended = tokio::time::timeout(PATIENCE, service.served).await;
        ended.expect("the server did not stop").unwrap().unwrap();
        let late = Endpoint::try_from(format!("http://{}", service.address)).unwrap();
        assert!(late.connect().await.is_err(), "it still listens");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_the_contract_itself_are_answered() {
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};
    let service = start(Arc::new(MemoryStore::new()), Limits::default()).await;
    let mut health = HealthClient::new(service.channel.clone());
    for name in ["", "casemark.v1.SearchService"] {
        let request = HealthCheckRequest { service: name.to_owned() };
        let answer = health.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving);
    }
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(service.channel.clone());
    let stream = reflection.server_reflection_info(tokio_stream::iter([request])).await.unwrap();
    let answer: ServerReflectionResponse = stream.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}")
    };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for name in ["Extraction", "Comparison", "Reference", "Search", "Batch", "Admin"] {
        let name = format!("casemark.v1.{name}Service");
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
}

/// Lets everyone act for one laboratory, which sees its own records.
fn own_records(laboratory: &str) -> Arc<LaboratoryGate> {
    let country = "BB".parse().unwrap();
    let roles = [Role::Examiner, Role::Contributor].into_iter().collect();
    let sharing = Sharing::default();
    let known = Laboratory { name: laboratory.to_owned(), country, roles, sharing };
    let policy = Policy::new([known], Sharing::default()).unwrap();
    let anonymous = casemark::access::Identity::new(laboratory, country, None).unwrap();
    Arc::new(LaboratoryGate::new(policy, Some(anonymous)))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gate_hides_is_nowhere_to_be_found() {
    let store = large_store(3);
    let all: Vec<ScanId> = store.scans(&Filter::default()).collect::<Result<_, _>>().unwrap();
    let gate = own_records("Forensic Sciences Centre");
    let server = Server::new(engine(), store, Limits::default(), gate, None).unwrap();
    let service = serve(server, Security::LoopbackPlaintext).await;
    let bytes = demo("references/F0001-S02.x3p");
    let own = enrol(&service, metadata("own.x3p", "1"), &bytes).await.unwrap().scan_id;
    let mut foreign = metadata("foreign.x3p", "2");
    foreign.exhibit.as_mut().unwrap().laboratory = "Example".to_owned();
    let status = enrol(&service, foreign, &bytes).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);

    let mut client = ReferenceServiceClient::new(service.channel.clone());
    let hidden = all[0].to_string();
    let get = client.get(pb::GetRequest { scan_id: hidden.clone() }).await.unwrap_err();
    assert_eq!(get.code(), Code::NotFound);
    let list = client.list(pb::ListRequest::default()).await.unwrap().into_inner();
    assert_eq!(list.records.len(), 1);
    let download = pb::DownloadRequest { scan_id: hidden.clone(), ..Default::default() };
    let mut stream = client.download(download).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap_err().code(), Code::NotFound);
    let questioned = Compare::Questioned(stored(&own).unwrap());
    let ids = vec![questioned, Compare::Reference(stored(&hidden).unwrap())];
    assert_eq!(compare(&service, ids).await.unwrap_err().code(), Code::NotFound);
    let messages = search_messages(query(stored(&own)), &[]);
    let events = events(begin_search(&service, messages).await.unwrap()).await.unwrap();
    let [Event::Progress(progress), Event::Candidate(only), Event::Summary(summary)] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(progress.records_chosen, 1);
    assert_eq!(only.record.as_ref().unwrap().scan_id, own);
    assert_eq!((summary.records_searched, summary.skipped), (1, None));

    let subject = Some(pb::withdraw_request::Subject::ScanId(hidden));
    let withdraw = pb::WithdrawRequest { subject, reason: "x".to_owned() };
    assert_eq!(client.withdraw(withdraw).await.unwrap_err().code(), Code::NotFound);
    let mut admin = AdminServiceClient::new(service.channel.clone());
    let status = admin.query_audit(pb::QueryAuditRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
}

/// An authority, and certificates of it.
struct Authority {
    certificate: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().pem();
        Self { certificate, issuer: rcgen::Issuer::new(parameters, key) }
    }

    fn issue(&self) -> (String, String) {
        let parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_clients_of_the_authority_get_through_mutual_tls() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let (certificate, key) = authority.issue();
    let security = Security::Tls(Tls {
        certificate: certificate.into_bytes(),
        key: key.into_bytes(),
        client_authority: Some(authority.certificate.clone().into_bytes()),
        clients_optional: false,
    });
    let service = start_with(Arc::new(MemoryStore::new()), Limits::default(), security).await;
    let tls = |authority: &Authority| {
        let config = ClientTlsConfig::new().domain_name("localhost");
        config.ca_certificate(Certificate::from_pem(&authority.certificate))
    };
    let with = |config: ClientTlsConfig, issuer: &Authority| {
        let (certificate, key) = issuer.issue();
        config.identity(Identity::from_pem(certificate, key))
    };
    let ask = async |config: Option<ClientTlsConfig>| {
        let scheme = if config.is_some() { "https" } else { "http" };
        let mut endpoint = Endpoint::try_from(format!("{scheme}://{}", service.address)).unwrap();
        if let Some(config) = config {
            endpoint = endpoint.tls_config(config).unwrap();
        }
        // With TLS 1.3 a client hears that it was refused only at its first call.
        let mut client = AdminServiceClient::new(endpoint.connect_lazy());
        client.statistics(pb::StatisticsRequest {}).await
    };
    ask(Some(with(tls(&authority), &authority))).await.unwrap();
    let begun = service.monitor.activity().calls_begun;
    ask(None).await.expect_err("plain text");
    ask(Some(tls(&authority))).await.expect_err("no certificate");
    ask(Some(with(tls(&authority), &stranger))).await.expect_err("a stranger's certificate");
    ask(Some(with(tls(&stranger), &authority))).await.expect_err("another server's authority");
    assert_eq!(service.monitor.activity().calls_begun, begun, "a refused client got a call");
    ask(Some(with(tls(&authority), &authority))).await.unwrap();
}

#[tokio::test]
async fn plain_text_stays_on_the_loopback_interface_unless_called_insecure() {
    let limits = Limits::default();
    let store = Arc::new(MemoryStore::new());
    let server = Server::new(engine(), store, limits, Arc::new(OpenGate), None).unwrap();
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let served = server.serve(listener, Security::LoopbackPlaintext, std::future::pending());
    let error = served.await.unwrap_err();
    assert!(matches!(error, ServeError::PlaintextBeyondLoopback { .. }), "{error}");
}
