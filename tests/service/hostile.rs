//! What slow and hostile clients get, and that they leave nothing behind: on the loopback interface, within small limits.

use casemark::service::pb::reference_service_client::ReferenceServiceClient;
use casemark::service::pb::{self, enrol_request::Content as Enrol};
use casemark::service::{Limits, Monitor, OpenGate, Security, Server};
use casemark::store::MemoryStore;
use casemark::{Arithmetic, Engine, Parameters};
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const PATIENCE: Duration = Duration::from_secs(60);

async fn serve(limits: Limits) -> (SocketAddr, Monitor) {
    serve_until(limits, std::future::pending()).await
}

async fn serve_until(
    limits: Limits,
    stop: impl Future<Output = ()> + Send + 'static,
) -> (SocketAddr, Monitor) {
    let engine = Engine::new(Parameters::default(), Arithmetic::Vectorised);
    let store = Arc::new(MemoryStore::new());
    let server = Server::new(engine, store, limits, Arc::new(OpenGate), None).unwrap();
    let monitor = server.monitor();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(server.serve(listener, Security::LoopbackPlaintext, stop));
    (address, monitor)
}

fn channel(address: SocketAddr) -> Channel {
    Endpoint::try_from(format!("http://{address}")).unwrap().connect_lazy()
}

async fn list(channel: Channel) -> Result<(), Status> {
    ReferenceServiceClient::new(channel).list(pb::ListRequest::default()).await.map(drop)
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The file of a scan, entered.
async fn entered(channel: Channel) -> String {
    let file = std::fs::read(
        std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("testdata/demo/references/F0001-S01.x3p"),
    );
    let metadata = pb::EnrolMetadata {
        request_id: "1".to_owned(),
        exhibit: Some(pb::ExhibitMetadata { laboratory: "Example".into(), ..Default::default() }),
        mark: pb::MarkKind::BreechFace.into(),
        upload: Some(pb::ScanUpload { file_name: "case.x3p".to_owned(), ..Default::default() }),
        correction: None,
    };
    let content = |content| pb::EnrolRequest { content: Some(content) };
    let messages =
        vec![content(Enrol::Metadata(metadata)), content(Enrol::Chunk(file.unwrap().into()))];
    let mut client = ReferenceServiceClient::new(channel);
    client.enrol(tokio_stream::iter(messages)).await.unwrap().into_inner().scan_id
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_make_room_and_those_of_one_address_have_a_limit() {
    let limits = Limits { connections: 8, connections_per_address: 100, ..Limits::default() };
    let (address, monitor) = serve(limits).await;
    let silent: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
    until("all places are taken", || monitor.activity().connections == 8).await;
    for _ in 0..3 {
        list(channel(address)).await.expect("a newcomer who speaks");
    }
    assert!(monitor.page(None).contains("casemark_connections_evicted_total"));
    // The oldest went, after what the server says at first.
    let mut first = &silent[0];
    first.set_read_timeout(Some(PATIENCE)).unwrap();
    let told = first.read_to_end(&mut Vec::new());
    assert!(told.is_ok_and(|told| told < 1024), "the oldest is still there");
    drop(silent);

    let limits = Limits { connections_per_address: 4, ..Limits::default() };
    let (address, monitor) = serve(limits).await;
    let silent: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
    let refused = || monitor.page(None).contains("casemark_connections_refused_total 4");
    until("those beyond the limit are closed", refused).await;
    assert_eq!(monitor.activity().connections, 4);
    drop(silent);
    until("places come back", || monitor.activity().connections == 0).await;
    list(channel(address)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_caller_takes_no_more_calls_than_its_share() {
    let limits = Limits { calls_per_laboratory: 3, ..Limits::default() };
    let (address, monitor) = serve(limits).await;
    let channel = channel(address);
    let mut held = Vec::new();
    for _ in 0..3 {
        let (sender, receiver) = tokio::sync::mpsc::channel::<pb::EnrolRequest>(1);
        let mut client = ReferenceServiceClient::new(channel.clone());
        let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
        held.push((sender, tokio::spawn(async move { client.enrol(stream).await })));
    }
    until("three calls wait for their first message", || monitor.activity().calls == 3).await;
    let status = list(channel.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.get_error_details().retry_info().is_some());
    drop(held);
    until("they are over", || monitor.activity().calls == 0).await;
    list(channel).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_one_caller_come_one_after_the_other_and_at_once_when_the_server_stops() {
    let limits =
        Limits { calls_per_laboratory: 1, streams_per_connection: 1024, ..Limits::default() };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (address, monitor) = serve_until(limits, async { drop(stopped.await) }).await;
    let channel = channel(address);
    let (sender, receiver) = tokio::sync::mpsc::channel::<pb::EnrolRequest>(1);
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut client = ReferenceServiceClient::new(channel.clone());
    let held = tokio::spawn(async move { client.enrol(stream).await });
    until("one call waits for its first message", || monitor.activity().calls == 1).await;
    let refused = |count: usize| {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..count {
            calls.spawn(list(channel.clone()));
        }
        calls
    };
    // A second for the first, and a hundredth of one for each after it.
    let began = Instant::now();
    for refused in refused(61).join_all().await {
        assert_eq!(refused.unwrap_err().code(), Code::ResourceExhausted);
    }
    assert!(began.elapsed() >= Duration::from_millis(1600), "{:?}", began.elapsed());
    // The last of these would wait ten seconds.
    let waiting = refused(900);
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.send(()).unwrap();
    drop(sender);
    let began = Instant::now();
    for refused in waiting.join_all().await {
        let code = refused.unwrap_err().code();
        assert!(matches!(code, Code::ResourceExhausted | Code::Unavailable), "{code:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(held.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_takes_is_given_up_and_forgotten() {
    let idle = Duration::from_millis(500);
    let (address, monitor) = serve(Limits { upload_idle: idle, ..Limits::default() }).await;
    // A window so small that the first chunk does not fit.
    let endpoint = Endpoint::try_from(format!("http://{address}")).unwrap();
    let slow = endpoint.initial_stream_window_size(1024).connect_lazy();
    let scan_id = entered(channel(address)).await;
    let mut client = ReferenceServiceClient::new(slow.clone());
    let mut streams = Vec::new();
    for _ in 0..3 {
        let request = pb::DownloadRequest { scan_id: scan_id.clone(), ..Default::default() };
        streams.push(client.download(request).await.unwrap().into_inner());
    }
    // What is small waits in the queue to its end; what is not is given up. Either way nothing runs on.
    until("the calls are over", || monitor.activity().calls == 0).await;
    drop(streams);
    until("nothing is held", || monitor.activity().held_bytes == 0).await;
    list(slow).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_read_is_the_clients_fault() {
    let (address, monitor) = serve(Limits::default()).await;
    let mut client = tonic::client::Grpc::new(channel(address));
    client.ready().await.unwrap();
    // An rpc that reads a stream of other messages: a field of theirs with a wire type that is none.
    let codec = tonic_prost::ProstCodec::<pb::StatisticsRequest, pb::EnrolResponse>::default();
    let path = "/casemark.v1.ReferenceService/Enrol".parse().unwrap();
    let empty = tonic::Request::new(tokio_stream::iter([pb::StatisticsRequest {}]));
    let status = client.client_streaming(empty, path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    // One that is no call at all has an identifier too, and is counted.
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<pb::StatisticsRequest, pb::EnrolResponse>::default();
    let path = "/casemark.v1.ReferenceService/Forge".parse().unwrap();
    let status =
        client.unary(tonic::Request::new(pb::StatisticsRequest {}), path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.metadata().contains_key("x-request-id"), "{status:?}");
    assert!(monitor.page(None).contains("casemark_rejected_total{code=\"UNIMPLEMENTED\"} 1"));
}
