//! `ExtractionService`: what is in a scan, and can a signature be had from it?

use super::call::{Scope, Shared};
use super::gate::Rpc;
use super::pb::extract_request::Content;
use super::pb::extraction_service_server::ExtractionService;
use super::status::Fault;
use super::upload::{Assembly, Inbound};
use super::work::Queue;
use super::{convert, pb, scans};
use crate::surface::MarkKind;
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};

#[derive(Debug)]
pub(super) struct Extraction(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl ExtractionService for Extraction {
    async fn extract(
        &self,
        request: Request<Streaming<pb::ExtractRequest>>,
    ) -> Result<Response<pb::ExtractResponse>, Status> {
        let call = self.0.begin(Rpc::Extract, &request).admitted().await?;
        let (scope, inbound) = (call.scope(), call.inbound(request.into_inner()));
        call.unary(extract(scope, inbound)).await
    }
}

/// 1. receives the file, 2. extracts.
async fn extract(
    scope: Scope,
    mut inbound: Inbound<pb::ExtractRequest>,
) -> Result<pb::ExtractResponse, Fault> {
    // 1.
    let wanted = "upload, then chunks";
    let Some(Content::Upload(upload)) = inbound.head(wanted).await? else {
        return Err(Fault::Order { found: "the end", wanted });
    };
    let shared = Arc::clone(&scope.shared);
    let assembly = Assembly::open("upload", upload, shared.limits.upload_bytes, &shared.budget)?;
    let (assembly, next) = inbound.chunks(assembly, &shared.budget).await?;
    if next.is_some() {
        return Err(Fault::Order { found: "a second upload", wanted });
    }
    // 2.
    let work = move |bench: &super::work::Bench| {
        bench.compute(|| {
            let mark = assembly.mark().unwrap_or(MarkKind::BreechFace);
            let upload = assembly.finish()?;
            scope.trail.about(scans::file_subject(upload.sha256));
            let extracted = scans::extract(&scope, upload, mark, None)?;
            let confidence = extracted.head.as_ref().map(|head| head.confidence);
            let summary = extracted.signature.summary();
            Ok(convert::extraction(&extracted.scan, summary, &extracted.quality, confidence))
        })
    };
    shared.workers.run(Queue::Jobs, work).await
}
