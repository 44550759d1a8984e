//! Servers that do not keep the contract's word.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(unreachable_pub, reason = "shared by several test crates, each of which ends here")]

use casemark::service::pb::search_service_server::{SearchService, SearchServiceServer};
use casemark::service::pb::{self, search_response::Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt as _};

/// What a made-up server answers, call after call; the last for ever.
#[derive(Clone, Copy)]
pub enum Answer {
    NoRoom,
    NoSummary,
    Nonsense,
    Nothing,
    Silence,
}

struct MadeUp {
    answers: Vec<Answer>,
    asked: Arc<AtomicUsize>,
}

type Answers = tokio_stream::Iter<std::vec::IntoIter<Result<pb::SearchResponse, Status>>>;

#[tonic::async_trait]
impl SearchService for MadeUp {
    type SearchStream = Answers;

    async fn search(
        &self,
        _: Request<Streaming<pb::SearchRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let call = self.asked.fetch_add(1, Ordering::SeqCst);
        let event = |event| Ok(pb::SearchResponse { event: Some(event) });
        let progress = event(Event::Progress(pb::SearchProgress::default()));
        let summary = |digest: &str| pb::SearchSummary {
            complete: true,
            parameters_digest: digest.to_owned(),
            questioned_sha256: digest.to_owned(),
            cascade_digest: digest.to_owned(),
            ..Default::default()
        };
        let events = match self.answers[call.min(self.answers.len() - 1)] {
            Answer::NoRoom => {
                let mut details = ErrorDetails::new();
                details.set_retry_info(Some(Duration::from_millis(50)));
                details.set_request_info("the-request", "");
                let code = Code::ResourceExhausted;
                return Err(Status::with_error_details(code, "no room", details));
            }
            Answer::NoSummary => vec![progress],
            Answer::Nonsense => vec![event(Event::Summary(summary("nonsense")))],
            Answer::Nothing => vec![progress, event(Event::Summary(summary(&"0".repeat(64))))],
            Answer::Silence => {
                tokio::time::sleep(Duration::from_secs(600)).await;
                Vec::new()
            }
        };
        Ok(Response::new(tokio_stream::iter(events)))
    }
}

/// The address of a made-up server, and how often it was asked.
pub async fn made_up(answers: &[Answer]) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let service = MadeUp { answers: answers.to_vec(), asked: Arc::clone(&asked) };
    let router = tonic::transport::Server::builder().add_service(SearchServiceServer::new(service));
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    (url, asked)
}
