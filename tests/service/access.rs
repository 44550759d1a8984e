//! Who may do what through mutual TLS: every rpc against every kind of certificate, every rpc that names a record against
//! every sharing policy, and what the audit log says afterwards.

use casemark::access::{Laboratory, MATRIX, Policy, Role};
use casemark::audit::{AuditLog, Outcome, Query};
use casemark::service::pb::admin_service_client::AdminServiceClient;
use casemark::service::pb::batch_service_client::BatchServiceClient;
use casemark::service::pb::batch_service_compare_request::Content as Batch;
use casemark::service::pb::batch_service_compare_response::Result as Answer;
use casemark::service::pb::compare_request::Content as Compare;
use casemark::service::pb::comparison_service_client::ComparisonServiceClient;
use casemark::service::pb::enrol_request::Content as Enrol;
use casemark::service::pb::extract_request::Content as Extract;
use casemark::service::pb::extraction_service_client::ExtractionServiceClient;
use casemark::service::pb::reference_service_client::ReferenceServiceClient;
use casemark::service::pb::search_request::Content as Search;
use casemark::service::pb::search_response::Event;
use casemark::service::pb::search_service_client::SearchServiceClient;
use casemark::service::pb::{self, batch_scan, scan_source::Source, withdraw_request::Subject};
use casemark::service::{LaboratoryGate, Limits, Monitor, Rpc, Security, ServeError, Server, Tls};
use casemark::store::{MemoryStore, Sharing};
use casemark::{Arithmetic, Engine, Parameters};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const OWNER: (&str, &str) = ("Owner Laboratory", "BB");
const FRIEND: (&str, &str) = ("Friend Laboratory", "TT");
const OTHER: (&str, &str) = ("Other Laboratory", "JM");

fn scan() -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/demo");
    fs::read(path.join("references/F0001-S01.x3p")).unwrap()
}

/// An authority of certificates.
struct Authority {
    certificate: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

/// What is in a certificate.
#[derive(Clone, Copy, Default)]
struct Leaf<'a> {
    uri: Option<&'a str>,
    server: bool,
    expired: bool,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().pem();
        Self { certificate, issuer: rcgen::Issuer::new(parameters, key) }
    }

    fn issue(&self, leaf: Leaf<'_>) -> Identity {
        let names = if leaf.server { vec!["localhost".to_owned()] } else { Vec::new() };
        let mut parameters = rcgen::CertificateParams::new(names).unwrap();
        if let Some(uri) = leaf.uri {
            parameters.subject_alt_names.push(rcgen::SanType::URI(uri.try_into().unwrap()));
        }
        if leaf.expired {
            parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
            parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Identity::from_pem(certificate.pem(), key.serialize_pem())
    }
}

fn uri(name: &str, country: &str) -> String {
    casemark::access::Identity::new(name, country.parse().unwrap(), Some("A Person"))
        .unwrap()
        .to_string()
}

/// A service over an empty store, with an audit log.
struct Region {
    authority: Authority,
    address: std::net::SocketAddr,
    monitor: Monitor,
    log: Arc<AuditLog>,
    _folder: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

async fn region(laboratories: &[(&str, &str, &[Role])], limits: Limits) -> Region {
    let laboratories = laboratories.iter().map(|(name, country, roles)| Laboratory {
        name: (*name).to_owned(),
        country: country.parse().unwrap(),
        roles: roles.iter().copied().collect(),
        sharing: Sharing::default(),
    });
    let policy = Policy::new(laboratories, Sharing::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(AuditLog::open(folder.path()).unwrap());
    let engine = Engine::new(Parameters::default(), Arithmetic::Vectorised);
    let gate = Arc::new(LaboratoryGate::new(policy, None));
    let store = Arc::new(MemoryStore::new());
    let server = Server::new(engine, store, limits, gate, Some(Arc::clone(&log))).unwrap();
    let monitor = server.monitor();
    let authority = Authority::new();
    let parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, &authority.issuer).unwrap();
    let security = Security::Tls(Tls {
        certificate: certificate.pem().into_bytes(),
        key: key.serialize_pem().into_bytes(),
        client_authority: Some(authority.certificate.clone().into_bytes()),
        clients_optional: false,
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(server.serve(listener, security, async { drop(stopped.await) }));
    Region { authority, address, monitor, log, _folder: folder, stop, served }
}

impl Region {
    fn client(&self, identity: Option<Identity>) -> Channel {
        let config = ClientTlsConfig::new().domain_name("localhost");
        let config = config.ca_certificate(Certificate::from_pem(&self.authority.certificate));
        let config = match identity {
            Some(identity) => config.identity(identity),
            None => config,
        };
        let endpoint = Endpoint::try_from(format!("https://{}", self.address)).unwrap();
        endpoint.tls_config(config).unwrap().connect_lazy()
    }

    fn laboratory(&self, (name, country): (&str, &str)) -> Channel {
        let uri = uri(name, country);
        self.client(Some(self.authority.issue(Leaf { uri: Some(&uri), ..Leaf::default() })))
    }

    /// Stops the service and says what the log has.
    async fn entries(self) -> Vec<casemark::audit::Event> {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        let report = self.log.verify(None, &mut |_| {}).unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
        let page = self.log.query(&Query::default(), 0, 100_000).unwrap();
        page.entries.into_iter().map(|entry| entry.event).collect()
    }
}

fn upload() -> pb::ScanUpload {
    pb::ScanUpload { file_name: "case.x3p".to_owned(), ..Default::default() }
}

fn stored(id: &str) -> pb::ScanSource {
    pb::ScanSource { source: Some(Source::ScanId(id.to_owned())) }
}

async fn enrol(
    channel: Channel,
    laboratory: &str,
    request_id: &str,
) -> Result<pb::EnrolResponse, Status> {
    let content = |content| pb::EnrolRequest { content: Some(content) };
    let metadata = pb::EnrolMetadata {
        request_id: request_id.to_owned(),
        exhibit: Some(pb::ExhibitMetadata {
            laboratory: laboratory.to_owned(),
            ..Default::default()
        }),
        mark: pb::MarkKind::BreechFace.into(),
        upload: Some(upload()),
        correction: None,
    };
    let messages = vec![content(Enrol::Metadata(metadata)), content(Enrol::Chunk(scan().into()))];
    let mut client = ReferenceServiceClient::new(channel);
    Ok(client.enrol(tokio_stream::iter(messages)).await?.into_inner())
}

async fn drain<T>(mut stream: tonic::Streaming<T>) -> Result<Vec<T>, Status> {
    let mut all = Vec::new();
    while let Some(message) = stream.message().await? {
        all.push(message);
    }
    Ok(all)
}

async fn search(channel: Channel, scan_id: &str) -> Result<Vec<Event>, Status> {
    let query = pb::SearchQuery { questioned: Some(stored(scan_id)), ..Default::default() };
    let messages = [pb::SearchRequest { content: Some(Search::Query(query)) }];
    let mut client = SearchServiceClient::new(channel);
    let stream = client.search(tokio_stream::iter(messages)).await?.into_inner();
    Ok(drain(stream).await?.into_iter().map(|message| message.event.unwrap()).collect())
}

/// Calls an rpc about a scan and its exhibit in the simplest way that can succeed.
async fn call(
    rpc: Rpc,
    channel: Channel,
    laboratory: &str,
    (scan_id, exhibit_id): (&str, &str),
) -> Result<(), Status> {
    let scan_id = scan_id.to_owned();
    let mut references = ReferenceServiceClient::new(channel.clone());
    let mut admin = AdminServiceClient::new(channel.clone());
    match rpc {
        Rpc::Extract => {
            let content = |content| pb::ExtractRequest { content: Some(content) };
            let messages =
                [content(Extract::Upload(upload())), content(Extract::Chunk(scan().into()))];
            let mut client = ExtractionServiceClient::new(channel);
            client.extract(tokio_stream::iter(messages)).await.map(drop)
        }
        Rpc::Compare => {
            let content = |content| pb::CompareRequest { content: Some(content) };
            let messages = [
                content(Compare::Questioned(stored(&scan_id))),
                content(Compare::Reference(stored(&scan_id))),
            ];
            let mut client = ComparisonServiceClient::new(channel);
            client.compare(tokio_stream::iter(messages)).await.map(drop)
        }
        Rpc::Enrol => enrol(channel, laboratory, "again").await.map(drop),
        Rpc::Get => references.get(pb::GetRequest { scan_id }).await.map(drop),
        Rpc::List => references.list(pb::ListRequest::default()).await.map(drop),
        Rpc::Withdraw => {
            let subject = Some(Subject::ScanId(scan_id));
            let request = pb::WithdrawRequest { subject, reason: "entered twice".to_owned() };
            references.withdraw(request).await.map(drop)
        }
        Rpc::Share => {
            let sharing = Some(pb::Sharing {
                audience: pb::Audience::OwnLaboratory.into(),
                ..Default::default()
            });
            let request = pb::ShareRequest { exhibit_id: exhibit_id.to_owned(), sharing };
            references.share(request).await.map(drop)
        }
        Rpc::Download => {
            let stream =
                references.download(pb::DownloadRequest { scan_id, ..Default::default() }).await?;
            drain(stream.into_inner()).await.map(drop)
        }
        Rpc::Search => search(channel, &scan_id).await.map(drop),
        Rpc::BatchCompare => {
            let side =
                || Some(pb::BatchScan { scan: Some(batch_scan::Scan::ScanId(scan_id.clone())) });
            let pair = pb::BatchPair {
                pair_id: "1".to_owned(),
                questioned: side(),
                reference: side(),
                omit_cells: true,
            };
            let messages = [pb::BatchServiceCompareRequest { content: Some(Batch::Pair(pair)) }];
            let mut client = BatchServiceClient::new(channel);
            let stream = client.compare(tokio_stream::iter(messages)).await?.into_inner();
            match drain(stream).await?.remove(0).result.unwrap() {
                Answer::Comparison(_) => Ok(()),
                Answer::Failure(failure) => Err(Status::new(failure.code.into(), failure.message)),
            }
        }
        Rpc::Statistics => admin.statistics(pb::StatisticsRequest {}).await.map(drop),
        Rpc::Verify => {
            let stream = admin.verify(pb::VerifyRequest {}).await?.into_inner();
            drain(stream).await.map(drop)
        }
        Rpc::QueryAudit => admin.query_audit(pb::QueryAuditRequest::default()).await.map(drop),
        Rpc::Reflection => {
            use tonic_reflection::pb::v1::ServerReflectionRequest;
            use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
            use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
            let request = ServerReflectionRequest {
                host: String::new(),
                message_request: Some(MessageRequest::ListServices(String::new())),
            };
            let mut client = ServerReflectionClient::new(channel);
            let stream = client.server_reflection_info(tokio_stream::iter([request])).await?;
            drain(stream.into_inner()).await.map(drop)
        }
        other => panic!("no call is known for {other}"),
    }
}

/// That a refusal says no more than it has to.
fn assert_tells_nothing(rpc: Rpc, status: &Status, secrets: &[&str]) {
    for secret in secrets {
        assert!(!status.message().contains(secret), "{rpc}: {}", status.message());
    }
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().domain, "casemark", "{rpc}");
    assert!(!details.request_info().unwrap().request_id.is_empty(), "{rpc}");
    assert!(details.error_info().unwrap().metadata.is_empty(), "{rpc}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rpc_answers_each_certificate_as_the_matrix_says() {
    let role_names: Vec<String> =
        Role::ALL.iter().map(|role| format!("Laboratory with {role}")).collect();
    let one_role: Vec<[Role; 1]> = Role::ALL.iter().map(|role| [*role]).collect();
    let mut laboratories: Vec<(&str, &str, &[Role])> = role_names
        .iter()
        .zip(&one_role)
        .map(|(name, role)| (name.as_str(), "BB", &role[..]))
        .collect();
    laboratories.push((OWNER.0, OWNER.1, &Role::ALL));
    laboratories.push(("Laboratory without role", "BB", &[]));
    let region = region(&laboratories, Limits::default()).await;
    let own = enrol(region.laboratory(OWNER), OWNER.0, "1").await.unwrap();
    let record = (own.scan_id.as_str(), own.exhibit_id.as_str());
    let secrets = [record.0, record.1, "case.x3p"];

    // In TLS already: no call begins.
    let stranger = Authority::new();
    let known = uri(OWNER.0, OWNER.1);
    let leaf = Leaf { uri: Some(&known), ..Leaf::default() };
    let begun = region.monitor.activity().calls_begun;
    for (what, identity) in [
        ("no certificate", None),
        ("unknown authority", Some(stranger.issue(leaf))),
        ("expired", Some(region.authority.issue(Leaf { expired: true, ..leaf }))),
    ] {
        for rpc in Rpc::ALL {
            let channel = region.client(identity.clone());
            let status = call(*rpc, channel, OWNER.0, record).await.expect_err(what);
            // The client's own words for a connection that came to nothing.
            let of_client =
                matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled);
            assert!(of_client && status.source().is_some(), "{what}, {rpc}: {status:?}");
            assert!(status.get_error_details().request_info().is_none(), "{what}, {rpc}");
        }
    }
    assert_eq!(region.monitor.activity().calls_begun, begun, "somebody got through");

    // By the gate.
    let nameless = region.authority.issue(Leaf::default());
    let server = region.authority.issue(Leaf { server: true, ..Leaf::default() });
    let elsewhere = uri(OWNER.0, "JM");
    let unknown = uri("Unknown Laboratory", "BB");
    let idle = uri("Laboratory without role", "BB");
    let issue = |uri: &str| region.authority.issue(Leaf { uri: Some(uri), ..Leaf::default() });
    let refused = [
        ("no identity", nameless, Code::Unauthenticated, "UNAUTHENTICATED"),
        ("a server's", server, Code::Unauthenticated, "UNAUTHENTICATED"),
        ("other country", issue(&elsewhere), Code::PermissionDenied, "DENIED"),
        ("unknown laboratory", issue(&unknown), Code::PermissionDenied, "DENIED"),
    ];
    for (what, identity, code, reason) in refused {
        let channel = region.client(Some(identity));
        for rpc in Rpc::ALL {
            let status = call(*rpc, channel.clone(), OWNER.0, record).await.expect_err(what);
            assert_eq!(status.code(), code, "{what}, {rpc}: {status:?}");
            let details = status.get_error_details();
            assert_eq!(details.error_info().unwrap().reason, reason, "{what}, {rpc}");
            assert_tells_nothing(*rpc, &status, &secrets);
        }
    }
    let channel = region.client(Some(issue(&idle)));
    for rpc in Rpc::ALL.iter().filter(|rpc| rpc.action().is_some()) {
        let status = call(*rpc, channel.clone(), OWNER.0, record).await.expect_err("no role");
        assert_eq!(status.code(), Code::PermissionDenied, "no role, {rpc}: {status:?}");
        assert_tells_nothing(*rpc, &status, &secrets);
    }

    // Role by role: allowed, or denied for the role, never anything between. About a record of nobody's, so that what
    // is allowed ends with NOT_FOUND and changes nothing.
    let nobody = "01890000-0000-7000-8000-000000000000";
    for (index, name) in role_names.iter().enumerate() {
        let channel = region.laboratory((name, "BB"));
        for rpc in Rpc::ALL {
            let allowed = rpc.action().is_none_or(|action| {
                MATRIX.iter().find(|(row, _)| *row == action).unwrap().1[index]
            });
            let result = call(*rpc, channel.clone(), name, (nobody, nobody)).await;
            let code = result.as_ref().err().map_or(Code::Ok, Status::code);
            let about_a_record = matches!(
                rpc,
                Rpc::Compare
                    | Rpc::Get
                    | Rpc::Withdraw
                    | Rpc::Share
                    | Rpc::Download
                    | Rpc::Search
                    | Rpc::BatchCompare
            );
            let wanted = match (allowed, about_a_record) {
                (false, _) => Code::PermissionDenied,
                (true, true) => Code::NotFound,
                (true, false) => Code::Ok,
            };
            assert_eq!(code, wanted, "{name}, {rpc}: {result:?}");
        }
    }

    // The right one, withdrawing last.
    let channel = region.laboratory(OWNER);
    let last = [Rpc::Withdraw];
    let order = Rpc::ALL.iter().filter(|rpc| !last.contains(rpc)).chain(&last);
    for rpc in order {
        call(*rpc, channel.clone(), OWNER.0, record)
            .await
            .unwrap_or_else(|status| panic!("{rpc}: {status:?}"));
    }

    // The log has who was refused, and no one who was not known.
    let entries = region.entries().await;
    let count = |outcome: Outcome, of: &str| {
        entries.iter().filter(|e| e.outcome == outcome && e.actor.starts_with(of)).count()
    };
    let actions = Rpc::ALL.iter().filter(|rpc| rpc.action().is_some()).count();
    assert_eq!(count(Outcome::Refused, &elsewhere), actions);
    assert_eq!(count(Outcome::Refused, &unknown), actions);
    assert_eq!(count(Outcome::Refused, &idle), actions);
    // Every rpc once, and the enrolment before.
    assert_eq!(count(Outcome::Done, &known), actions + 1);
    assert!(entries.iter().all(|entry| entry.actor.starts_with("casemark://")));
    let done = entries.iter().find(|e| e.action == "search" && e.outcome == Outcome::Done).unwrap();
    assert_eq!(done.laboratory, OWNER.0);
    assert!(done.parameters.is_some() && done.result.is_some() && done.request.is_some());
}

/// What somebody gets of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Whole,
    /// That it is there, and whose.
    Told,
    Nothing,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_seen_by_whom_it_is_shared_with_and_by_no_one_else() {
    let roles = [Role::Examiner, Role::Contributor];
    let laboratories = [OWNER, FRIEND, OTHER].map(|(name, country)| (name, country, &roles[..]));
    let region = region(&laboratories, Limits::default()).await;
    let owner = region.laboratory(OWNER);
    let own = enrol(owner.clone(), OWNER.0, "1").await.unwrap();
    let record = (own.scan_id.as_str(), own.exhibit_id.as_str());
    let mut references = ReferenceServiceClient::new(owner.clone());
    let policy = |audience: pb::Audience, countries: &[&str], tell_existence| {
        let countries = countries.iter().map(ToString::to_string).collect();
        Some(pb::Sharing { audience: audience.into(), countries, tell_existence })
    };
    use pb::Audience::{Countries, OwnLaboratory, Region as Everyone};
    // Others questioned scans are their own: the file that the owner has too, which they may not know.
    let own_of = [
        enrol(region.laboratory(FRIEND), FRIEND.0, "1").await.unwrap(),
        enrol(region.laboratory(OTHER), OTHER.0, "1").await.unwrap(),
    ];
    for own in &own_of {
        assert_eq!(own.outcome(), pb::EnrolOutcome::New, "it learned that there is another");
    }
    for (sharing, friend, other) in [
        (None, Seen::Nothing, Seen::Nothing),
        (policy(OwnLaboratory, &[], true), Seen::Told, Seen::Told),
        (policy(Countries, &["TT"], false), Seen::Whole, Seen::Nothing),
        (policy(Countries, &["GY", "TT"], true), Seen::Whole, Seen::Told),
        (policy(Everyone, &[], false), Seen::Whole, Seen::Whole),
        (policy(OwnLaboratory, &[], false), Seen::Nothing, Seen::Nothing),
    ] {
        let exhibit_id = own.exhibit_id.clone();
        references.share(pb::ShareRequest { exhibit_id, sharing: sharing.clone() }).await.unwrap();
        let get = references.get(pb::GetRequest { scan_id: own.scan_id.clone() }).await.unwrap();
        assert_eq!(get.into_inner().sharing, sharing);
        for (index, (laboratory, seen)) in
            [(FRIEND, friend), (OTHER, other)].into_iter().enumerate()
        {
            let what = format!("{sharing:?}, {}", laboratory.0);
            let channel = region.laboratory(laboratory);
            for rpc in [Rpc::Get, Rpc::Download, Rpc::Compare, Rpc::BatchCompare, Rpc::Search] {
                let result = call(rpc, channel.clone(), laboratory.0, record).await;
                let code = result.as_ref().err().map_or(Code::Ok, Status::code);
                let wanted = match seen {
                    Seen::Whole => Code::Ok,
                    Seen::Told => Code::PermissionDenied,
                    Seen::Nothing => Code::NotFound,
                };
                assert_eq!(code, wanted, "{what}, {rpc}: {result:?}");
                let told = result.is_err_and(|status| status.message().contains(OWNER.0));
                assert_eq!(told, seen == Seen::Told, "{what}, {rpc}");
            }
            // Only its own laboratory changes it.
            for rpc in [Rpc::Withdraw, Rpc::Share] {
                let status = call(rpc, channel.clone(), laboratory.0, record).await.unwrap_err();
                let wanted =
                    if seen == Seen::Nothing { Code::NotFound } else { Code::PermissionDenied };
                assert_eq!(status.code(), wanted, "{what}, {rpc}: {status:?}");
            }
            let mut client = ReferenceServiceClient::new(channel.clone());
            let list = client.list(pb::ListRequest::default()).await.unwrap().into_inner();
            let listed = list.records.iter().any(|listed| listed.scan_id == own.scan_id);
            assert_eq!(listed, seen == Seen::Whole, "{what}, List");
            let get = pb::GetRequest { scan_id: own.scan_id.clone() };
            if let Ok(answer) = client.get(get).await {
                assert_eq!(answer.into_inner().sharing, None, "{what}: its policy is its own");
            }
            // In a search, all other ways in.
            let events = search(channel, &own_of[index].scan_id).await.unwrap();
            let mut found: BTreeMap<&str, usize> = BTreeMap::new();
            for event in &events {
                match event {
                    Event::Candidate(candidate) => {
                        let id = &candidate.record.as_ref().unwrap().scan_id;
                        *found
                            .entry(if *id == own.scan_id { "whole" } else { "own" })
                            .or_default() += 1;
                    }
                    Event::Exhibit(_) | Event::Marks(_) => panic!("one mark was asked for"),
                    Event::Restricted(restricted) => {
                        assert_eq!(restricted.laboratory, OWNER.0);
                        *found.entry("told").or_default() += 1;
                    }
                    Event::Progress(progress) => {
                        let leads = progress.leaders.iter().any(|l| l.scan_id == own.scan_id);
                        assert_eq!(leads, seen == Seen::Whole, "{what}, leaders");
                    }
                    Event::Summary(summary) => {
                        let searched = 1 + u64::from(seen != Seen::Nothing);
                        assert_eq!(summary.records_searched, searched, "{what}");
                        assert_eq!(summary.skipped, None, "{what}");
                    }
                }
            }
            let wanted = match seen {
                Seen::Whole => BTreeMap::from([("own", 1), ("whole", 1)]),
                Seen::Told => BTreeMap::from([("own", 1), ("told", 1)]),
                Seen::Nothing => BTreeMap::from([("own", 1)]),
            };
            assert_eq!(found, wanted, "{what}, Search");
        }
    }
    // What is hidden answers as what is not there, word for word.
    let channel = region.laboratory(OTHER);
    let nobody = "01890000-0000-7000-8000-000000000000";
    for rpc in [Rpc::Get, Rpc::Download, Rpc::Compare, Rpc::Search, Rpc::Withdraw, Rpc::Share] {
        let hidden = call(rpc, channel.clone(), OTHER.0, record).await.unwrap_err();
        let absent = call(rpc, channel.clone(), OTHER.0, (nobody, nobody)).await.unwrap_err();
        let plain = |status: &Status| {
            let text = status.message().replace(record.0, "ID").replace(record.1, "ID");
            (status.code(), text.replace(nobody, "ID"))
        };
        assert_eq!(plain(&hidden), plain(&absent), "{rpc}");
    }
    // Nobody enters a record for another.
    let status = enrol(region.laboratory(OTHER), OWNER.0, "2").await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let violations = status.get_error_details().bad_request().unwrap().field_violations.clone();
    assert_eq!(violations[0].field, "metadata.exhibit.laboratory");

    let entries = region.entries().await;
    let hidden = |event: &&casemark::audit::Event| {
        event.detail.as_ref().is_some_and(|detail| detail.contains("hidden from the asker"))
    };
    assert!(
        entries.iter().filter(hidden).count() > 10,
        "an auditor does not see who looked for it"
    );
    let changes = entries.iter().filter(|e| e.action == "share" && e.outcome == Outcome::Begun);
    assert_eq!(changes.count(), 6, "a change did not say that it begins");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_read_through_the_service() {
    let roles = [Role::Contributor, Role::Auditor];
    let region = region(&[(OWNER.0, OWNER.1, &roles)], Limits::default()).await;
    let channel = region.laboratory(OWNER);
    let entered = enrol(channel.clone(), OWNER.0, "1").await.unwrap();
    let mut admin = AdminServiceClient::new(channel.clone());
    let subject = Some(format!("scan {}", entered.scan_id));
    let ask = pb::QueryAuditRequest { subject: subject.clone(), ..Default::default() };
    let answer = admin.query_audit(ask).await.unwrap().into_inner();
    let [entry] = &answer.entries[..] else { panic!("{:?}", answer.entries) };
    assert_eq!((entry.action.as_str(), entry.outcome()), ("enrol", pb::AuditOutcome::Done));
    assert_eq!((&entry.subject, entry.laboratory.as_str()), (&subject, OWNER.0));
    assert!(entry.result_sha256.is_some() && entry.parameters_digest.is_some());
    assert!(answer.checkpoint.starts_with("2:"), "{}", answer.checkpoint);
    // Page by page.
    let (mut token, mut actions) = (String::new(), Vec::new());
    loop {
        let ask = pb::QueryAuditRequest { page_size: 1, page_token: token, ..Default::default() };
        let page = admin.query_audit(ask).await.unwrap().into_inner();
        assert!(page.entries.len() <= 1);
        actions
            .extend(page.entries.into_iter().map(|entry| (entry.action.clone(), entry.outcome())));
        if page.next_page_token.is_empty() || actions.len() == 3 {
            break;
        }
        token = page.next_page_token;
    }
    use pb::AuditOutcome::{Begun, Done};
    let wanted = [("enrol", Begun), ("enrol", Done), ("query_audit", Done)];
    assert_eq!(actions, wanted.map(|(action, outcome)| (action.to_owned(), outcome)));
    // The verification reads it too.
    let stream = admin.verify(pb::VerifyRequest {}).await.unwrap().into_inner();
    let last = drain(stream).await.unwrap().pop().unwrap().event.unwrap();
    let pb::verify_response::Event::Report(report) = last else { panic!("{last:?}") };
    assert!(report.sound && report.audit_entries >= 3, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laboratory_has_its_share_of_searches_and_no_more() {
    let roles = [Role::Examiner, Role::Contributor];
    let limits = Limits { searches_per_laboratory: 2, ..Limits::default() };
    let laboratories = [OWNER, FRIEND].map(|(name, country)| (name, country, &roles[..]));
    let region = region(&laboratories, limits).await;
    let channel = region.laboratory(OWNER);
    let own = enrol(channel.clone(), OWNER.0, "1").await.unwrap();
    // Two that wait for their questioned file, which does not come.
    let mut held = Vec::new();
    for _ in 0..2 {
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        let source = Source::Upload(upload());
        let questioned = Some(pb::ScanSource { source: Some(source) });
        let query = pb::SearchQuery { questioned, ..Default::default() };
        sender.send(pb::SearchRequest { content: Some(Search::Query(query)) }).await.unwrap();
        let mut client = SearchServiceClient::new(channel.clone());
        let messages = tokio_stream::wrappers::ReceiverStream::new(receiver);
        held.push((sender, client.search(messages).await.unwrap()));
    }
    let status = search(channel.clone(), &own.scan_id).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    assert!(details.retry_info().unwrap().retry_delay.is_some());
    // Others are not held up by that.
    let other = region.laboratory(FRIEND);
    let theirs = enrol(other.clone(), FRIEND.0, "1").await.unwrap();
    search(other, &theirs.scan_id).await.unwrap();
    drop(held);
    let mut tries = 0;
    while search(channel.clone(), &own.scan_id).await.is_err() {
        tries += 1;
        assert!(tries < 100, "its share does not come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let page = region.monitor.page(None);
    assert!(page.contains("casemark_refused_total{what=\"laboratory_searches\"}"), "{page}");
    let ended = "casemark_calls_ended_total{rpc=\"SearchService.Search\",code=\"OK\"} 2";
    assert!(page.contains(ended), "{page}");
}
