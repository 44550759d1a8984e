//! Does the client keep its word where a server does not? Against servers made up for it, and against the real one.

use crate::made_up::{Answer, made_up};
use casemark::client::{
    Blocking, Cause, Cells, Client, ClientError, Connection, Enrolment, Query, ScanSource, Upload,
};
use casemark::format::{Metadata, x3p};
use casemark::search::Depth;
use casemark::service::{Limits, OpenGate, Security, Server};
use casemark::simulate::Simulation;
use casemark::store::{
    ExhibitMetadata, Filter, MarkKind, MemoryStore, Outcome, ReferenceStore, Subject,
};
use casemark::units::Length;
use casemark::{Arithmetic, Engine, Parameters};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The real service.
async fn real(store: Arc<dyn ReferenceStore>) -> Connection {
    let engine = Engine::new(Parameters::default(), Arithmetic::Vectorised);
    let server = Server::new(engine, store, Limits::default(), Arc::new(OpenGate), None).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connection = Connection::to(format!("http://{}", listener.local_addr().unwrap()));
    let ever = std::future::pending::<()>();
    tokio::spawn(server.serve(listener, Security::LoopbackPlaintext, ever));
    connection
}

fn demo(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/demo/references");
    std::fs::read(folder.join(name)).unwrap()
}

fn upload(name: &str) -> Upload {
    Upload::new(name, demo(name), &Default::default()).unwrap()
}

fn query() -> Query {
    Query {
        questioned: ScanSource::Upload(upload("F0001-S01.x3p")),
        filter: Filter::default(),
        top: 10,
        cells: Cells::Omitted,
        depth: Depth::Cascade,
        recall: None,
    }
}

/// Searches, and says how often the client waited.
async fn search(connection: &Connection) -> (Result<u64, ClientError>, usize) {
    let waits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&waits);
    let client = Client::connect(connection).await.unwrap().telling(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    // In a task of its own: its futures can be sent.
    let result = tokio::spawn(async move { client.search(&query(), |_| {}).await }).await.unwrap();
    (result.map(|found| found.summary.records_searched), waits.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_search_without_its_summary_has_no_result() {
    let (url, _) = made_up(&[Answer::NoSummary]).await;
    let connection = Connection::to(url);
    let error = search(&connection).await.0.unwrap_err();
    assert!(matches!(error.cause, Cause::Unfinished { what: "search", .. }), "{error:?}");
    let (url, _) = made_up(&[Answer::Nonsense]).await;
    let connection = Connection::to(url);
    let error = search(&connection).await.0.unwrap_err();
    assert!(matches!(error.cause, Cause::Answer { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_without_room_is_asked_again_when_it_says() {
    let (url, asked) = made_up(&[Answer::NoRoom, Answer::NoRoom, Answer::Nothing]).await;
    let connection = Connection::to(url);
    let (found, waits) = search(&connection).await;
    assert_eq!((found.unwrap(), waits, asked.load(Ordering::SeqCst)), (0, 2, 3));

    let (url, asked) = made_up(&[Answer::NoRoom]).await;
    let connection = Connection::to(url);
    let connection = Connection { retries: 3, ..connection };
    let (found, waits) = search(&connection).await;
    let text = found.unwrap_err().cause.to_string();
    assert_eq!(text, "too much: no room; try again in 0.05 s; request the-request");
    assert_eq!((waits, asked.load(Ordering::SeqCst)), (3, 4));
    let connection = Connection { retries: 0, ..connection };
    assert!(matches!(search(&connection).await, (Err(_), 0)));
    assert_eq!(asked.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_call_takes_no_longer_than_it_may() {
    let (url, _) = made_up(&[Answer::Silence]).await;
    let connection = Connection::to(url);
    let timeout = Some(Duration::from_millis(300));
    let started = Instant::now();
    let error = search(&Connection { timeout, ..connection }).await.0.unwrap_err();
    assert!(matches!(error.cause, Cause::TimedOut { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn scans_that_hang_together_are_entered_in_their_order() {
    let client = Client::connect(&real(Arc::new(MemoryStore::new())).await).await.unwrap();
    let exhibit = |label: &str, country: &str| ExhibitMetadata {
        laboratory: "Lab".to_owned(),
        label: Some(label.to_owned()),
        country: Some(country.parse().unwrap()),
        ..Default::default()
    };
    let enrolment = |name, label, country| Enrolment {
        exhibit: exhibit(label, country),
        mark: MarkKind::BreechFace,
        upload: upload(name),
        correction: None,
    };
    let enrolments = [
        (0, enrolment("F0001-S01.x3p", "X", "BB")),
        (1, enrolment("F0001-S02.x3p", "X", "JM")),
        (2, enrolment("F0002-S01.x3p", "Y", "JM")),
        (3, enrolment("F0001-S01.x3p", "Z", "JM")),
        (4, enrolment("F0002-S02.x3p", "Y", "JM")),
    ];
    let mut told = Vec::new();
    let all = client.enrol_all(enrolments, 4, |place, entered| {
        told.push((place, entered));
        Ok::<(), ()>(())
    });
    all.await.unwrap();
    let places: Vec<i32> = told.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [0, 1, 2, 3, 4]);
    let refused = told[1].1.as_ref().unwrap_err();
    assert_eq!(refused.cause.refused().unwrap().reason, "EXHIBIT_DIFFERS");
    let entered = |place: usize| told[place].1.as_ref().unwrap().enrolled;
    assert_eq!(entered(3).outcome, Outcome::Duplicate);
    assert_eq!(entered(3).scan, entered(0).scan);
    assert_eq!(entered(4).exhibit, entered(2).exhibit);
    let record = client.record(entered(4).scan).await.unwrap();
    assert_eq!(record.exhibit.country, Some("JM".parse().unwrap()));
    let mut listed = 0;
    client.records(&Filter::default(), |_| listed += 1).await.unwrap();
    assert_eq!(listed, 3);
    let download = client.download(entered(2).scan).await.unwrap();
    assert!(download.bytes == demo("F0002-S01.x3p") && download.file_name == "F0002-S01.x3p");
}

#[tokio::test]
async fn an_exhibit_is_searched_for_by_the_marks_that_the_store_has_of_it() {
    let client = Client::connect(&real(Arc::new(MemoryStore::new())).await).await.unwrap();
    let simulation = Simulation {
        spacing: Length::from_micrometres(8.0),
        cropped: 0.0,
        ..Simulation::default()
    };
    let upload = |firearm: usize| {
        let head = simulation.firearm(firearm).unwrap().head(0);
        let bytes = x3p::write(&head.surface, &Metadata::default()).unwrap();
        Upload::new(format!("F{firearm}.x3p"), bytes, &Default::default()).unwrap()
    };
    let marks = [MarkKind::BreechFace, MarkKind::FiringPin];
    let mut entered = Vec::new();
    for (firearm, mark) in [(1, marks[0]), (1, marks[1]), (3, marks[0]), (3, marks[1])] {
        let exhibit = ExhibitMetadata {
            laboratory: "Lab".to_owned(),
            label: Some(format!("F{firearm}")),
            ..Default::default()
        };
        let enrolment = Enrolment { exhibit, mark, upload: upload(firearm), correction: None };
        entered.push(client.enrol(&enrolment).await.unwrap().enrolled);
    }
    let [_, pin, face, _] = entered[..] else { panic!("{entered:?}") };
    let by = |questioned| Query { questioned, ..query() };
    let stored = |scan| by(ScanSource::Stored(scan));
    let uploaded = by(ScanSource::Upload(upload(3)));
    let there = client.search_by_marks(&stored(face.scan), &marks, |_| {}).await.unwrap();
    assert_eq!(there, client.search_by_marks(&uploaded, &marks, |_| {}).await.unwrap());
    assert_eq!((there.exhibits.len(), there.exhibits[0].exhibit), (2, face.exhibit));
    assert_eq!(there.exhibits[0].marks.len(), 2);

    // What the store does not have of it is no evidence, and nothing at all no search.
    let more = [MarkKind::FiringPin, MarkKind::Ejector];
    let there = client.search_by_marks(&stored(face.scan), &more, |_| {}).await.unwrap();
    assert_eq!((&there.marks_not_shown[..], there.searches.len()), (&more[1..], 1));
    let nothing = client.search_by_marks(&stored(face.scan), &more[1..], |_| {}).await.unwrap_err();
    let nothing = nothing.cause.to_string();
    assert!(nothing.contains("no mark that the questioned scan shows"), "{nothing}");
    client.withdraw(Subject::Scan(pin.scan), "one mark less").await.unwrap();
    let there = client.search_by_marks(&stored(entered[0].scan), &marks, |_| {}).await.unwrap();
    assert_eq!(there.marks_not_shown, [MarkKind::FiringPin]);
}

#[test]
fn a_program_without_a_runtime_waits_for_an_answer() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let connection = runtime.block_on(real(Arc::new(MemoryStore::new())));
    let blocking = Blocking::connect(&connection, |_| {}).unwrap();
    let statistics = blocking.wait(blocking.client().statistics()).unwrap();
    assert_eq!(statistics.scans, 0);
    let verification = blocking.wait(blocking.client().verify(|_| {})).unwrap();
    assert!(verification.sound);
    let error = Blocking::connect(&Connection::to("http://127.0.0.1:1"), |_| {}).unwrap_err();
    assert!(matches!(error.cause, Cause::Unreachable(_)), "{error:?}");
}
