//! `AdminService`: how much is in the store, and is it whole?

use super::call::{Answers, Outbound, Scope, Shared};
use super::gate::Rpc;
use super::pb::admin_service_server::AdminService;
use super::pb::verify_response::Event;
use super::status::{Fault, Room};
use super::work::Queue;
use super::{convert, pb};
use std::sync::Arc;
use tonic::{Request, Response, Status};

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
        let call = self.0.begin(Rpc::Statistics, &request)?;
        let shared = Arc::clone(&self.0);
        call.unary(async move {
            let of = Arc::clone(&shared);
            let work = move |_: &super::work::Bench| {
                let digest = of.engine.digest().to_string();
                Ok(convert::statistics(of.store.statistics()?, digest))
            };
            shared.workers.run(Queue::Jobs, work).await
        })
        .await
    }

    async fn verify(
        &self,
        request: Request<pb::VerifyRequest>,
    ) -> Result<Response<Self::VerifyStream>, Status> {
        let call = self.0.begin(Rpc::Verify, &request)?;
        let scope = call.scope();
        call.stream(|outbound| verify(scope, outbound))
    }
}

/// One at a time: a verification holds up all writes, and goes on to its end once begun.
async fn verify(scope: Scope, outbound: Outbound<pb::VerifyResponse>) -> Result<(), Fault> {
    let shared = scope.shared;
    let Ok(only) = Arc::clone(&shared.verification).try_lock_owned() else {
        let retry_after = shared.limits.retry_after;
        return Err(Fault::Room { what: Room::Verifications, retry_after });
    };
    let (store, news) = (Arc::clone(&shared.store), outbound.clone());
    let work = move |_: &super::work::Bench| {
        let _only = only;
        let mut progress = |progress: crate::store::Progress| {
            if progress.done.is_multiple_of(STEP) || progress.done == progress.total {
                let (objects_done, objects_total) = (progress.done, progress.total);
                let progress = pb::VerifyProgress { objects_done, objects_total };
                news.offer(event(Event::Progress(progress)));
            }
        };
        Ok(store.verify(&mut progress)?)
    };
    let report = shared.workers.run(Queue::Jobs, work).await?;
    let report = pb::VerifyReport {
        sound: report.is_sound(),
        objects: report.objects,
        bytes: report.bytes,
        unused: report.unused,
        findings: report.findings.iter().map(ToString::to_string).collect(),
        unlisted: report.unlisted,
    };
    outbound.send(event(Event::Report(report))).await
}

fn event(event: Event) -> pb::VerifyResponse {
    pb::VerifyResponse { event: Some(event) }
}
