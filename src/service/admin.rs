//! `AdminService`: how much is in the store, is it whole, and who asked what?

use super::answers::{Answers, Unopened};
use super::call::{Scope, Shared};
use super::gate::Rpc;
use super::pb::admin_service_server::AdminService;
use super::pb::verify_response::Event;
use super::room::Room;
use super::status::{Fault, Problem};
use super::trail::Transcript;
use super::work::{Bench, Queue};
use super::{convert, pb};
use std::ops::ControlFlow;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Entries of a page where the client does not say how many.
const PAGE: usize = 100;
/// Objects between two messages of progress.
const STEP: u64 = 256;

#[derive(Debug)]
pub(super) struct Admin(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl AdminService for Admin {
    type VerifyStream = Answers<pb::VerifyResponse>;

    async fn statistics(
        &self,
        request: Request<pb::StatisticsRequest>,
    ) -> Result<Response<pb::StatisticsResponse>, Status> {
        let call = self.0.begin(Rpc::Statistics, &request).admitted().await?;
        let shared = Arc::clone(&self.0);
        call.unary(async move {
            let of = Arc::clone(&shared);
            let work = move |_: &Bench| {
                let digest = of.engine.digest().to_string();
                let entries = of.audit.as_ref().map_or(0, |log| log.checkpoint().entries);
                Ok(convert::statistics(of.store.statistics()?, digest, entries))
            };
            shared.workers.run(Queue::Jobs, work).await
        })
        .await
    }

    async fn query_audit(
        &self,
        request: Request<pb::QueryAuditRequest>,
    ) -> Result<Response<pb::QueryAuditResponse>, Status> {
        let call = self.0.begin(Rpc::QueryAudit, &request).admitted().await?;
        let scope = call.scope();
        call.unary(query_audit(scope, request.into_inner())).await
    }

    async fn verify(
        &self,
        request: Request<pb::VerifyRequest>,
    ) -> Result<Response<Self::VerifyStream>, Status> {
        let call = self.0.begin(Rpc::Verify, &request).admitted().await?;
        let scope = call.scope();
        call.stream(|unopened| verify(scope, unopened))
    }
}

/// One at a time: a verification holds up all writes. It ends when its client goes away.
async fn verify(scope: Scope, unopened: Unopened<pb::VerifyResponse>) -> Result<(), Fault> {
    let Scope { shared, trail, .. } = scope;
    let Ok(only) = Arc::clone(&shared.verification).try_lock_owned() else {
        let retry_after = shared.limits.retry_after;
        return Err(Fault::Room { what: Room::Verifications, retry_after });
    };
    let outbound = unopened.open().await?;
    let (store, audit) = (Arc::clone(&shared.store), shared.audit.clone());
    let news = outbound.clone();
    let work = move |bench: &Bench| {
        let _only = only;
        let mut progress = |progress: crate::store::Progress| {
            if progress.done.is_multiple_of(STEP) || progress.done == progress.total {
                let (objects_done, objects_total) = (progress.done, progress.total);
                let progress =
                    pb::VerifyProgress { objects_done, objects_total, audit_entries_done: 0 };
                news.offer(event(Event::Progress(progress)));
            }
            if bench.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let report = store.verify(&mut progress)?;
        let objects = report.objects;
        let mut progress = |audit_entries_done: u64| {
            let progress = pb::VerifyProgress {
                objects_done: objects,
                objects_total: objects,
                audit_entries_done,
            };
            news.offer(event(Event::Progress(progress)));
        };
        let log = audit.map(|log| log.verify(None, &mut progress)).transpose();
        Ok(convert::verification(&report, log.map_err(|source| Fault::Audit { source })?.as_ref()))
    };
    let report = shared.workers.run(Queue::Jobs, work).await?;
    trail.remark(if report.sound { "sound" } else { "not sound" });
    let report = event(Event::Report(report));
    let mut transcript = Transcript::default();
    transcript.add(&report);
    trail.gave(transcript.digest());
    outbound.send(report).await
}

/// A page of the audit log, and what to keep elsewhere.
async fn query_audit(
    scope: Scope,
    request: pb::QueryAuditRequest,
) -> Result<pb::QueryAuditResponse, Fault> {
    let Scope { shared, .. } = scope;
    let log = shared.audit.clone().ok_or(Fault::NoAudit)?;
    let (longest, page_size) = (shared.limits.page, request.page_size);
    let size = convert::count("page_size", page_size, PAGE.min(longest), longest)?;
    let from = match request.page_token.as_str() {
        "" => request.from_index,
        token => token.parse().map_err(|_| Fault::field("page_token", Problem::NotAToken))?,
    };
    let query = convert::audit_query(request)?;
    let work = move |_: &Bench| {
        let checkpoint = log.checkpoint();
        let page = log.query(&query, from, size).map_err(|source| Fault::Audit { source })?;
        Ok(pb::QueryAuditResponse {
            entries: page.entries.into_iter().map(convert::audit_entry).collect(),
            next_page_token: page.next.map_or_else(String::new, |next| next.to_string()),
            checkpoint: checkpoint.to_string(),
        })
    };
    shared.workers.run(Queue::Reads, work).await
}

fn event(event: Event) -> pb::VerifyResponse {
    pb::VerifyResponse { event: Some(event) }
}
