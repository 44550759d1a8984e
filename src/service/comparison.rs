//! `ComparisonService`: how does one scan compare with another?

use super::call::{Scope, Shared};
use super::convert::Cells;
use super::evidence::weigh;
use super::gate::Rpc;
use super::pb::compare_request::Content;
use super::pb::comparison_service_server::ComparisonService;
use super::scans::{Fields, Ready, file_subject, prepare, receive};
use super::status::Fault;
use super::upload::Inbound;
use super::work::{Bench, Queue};
use super::{convert, pb};
use crate::matcher::Matcher;
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};

const QUESTIONED: Fields =
    Fields { source: "questioned", scan_id: "questioned.scan_id", upload: "questioned.upload" };
const REFERENCE: Fields =
    Fields { source: "reference", scan_id: "reference.scan_id", upload: "reference.upload" };

#[derive(Debug)]
pub(super) struct Comparisons(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl ComparisonService for Comparisons {
    async fn compare(
        &self,
        request: Request<Streaming<pb::CompareRequest>>,
    ) -> Result<Response<pb::CompareResponse>, Status> {
        let call = self.0.begin(Rpc::Compare, &request).admitted().await?;
        let (scope, inbound) = (call.scope(), call.inbound(request.into_inner()));
        call.unary(compare(scope, inbound)).await
    }
}

/// 1. receives both scans, 2. makes them ready, 3. compares and weighs.
async fn compare(
    scope: Scope,
    mut inbound: Inbound<pb::CompareRequest>,
) -> Result<pb::CompareResponse, Fault> {
    // 1.
    let wanted = "questioned";
    let questioned = match inbound.head(wanted).await? {
        Some(Content::Questioned(source)) => source,
        Some(Content::Reference(_)) => return Err(Fault::Order { found: "reference", wanted }),
        Some(Content::Chunk(_)) => return Err(Fault::Order { found: "a chunk", wanted }),
        None => return Err(Fault::Order { found: "the end", wanted }),
    };
    let (questioned, next) = receive(&scope, &mut inbound, QUESTIONED, Some(questioned)).await?;
    let wanted = "reference";
    let reference = match next {
        Some(Content::Reference(source)) => source,
        Some(Content::Questioned(_)) => {
            return Err(Fault::Order { found: "a second questioned", wanted });
        }
        Some(Content::Chunk(_)) => return Err(Fault::Order { found: "a chunk", wanted }),
        None => return Err(Fault::Order { found: "the end", wanted }),
    };
    let (reference, next) = receive(&scope, &mut inbound, REFERENCE, Some(reference)).await?;
    if next.is_some() {
        return Err(Fault::Order { found: "a third scan", wanted: "the end" });
    }
    scope.trail.about(format_args!("{} with {}", questioned.subject(), reference.subject()));
    let shared = Arc::clone(&scope.shared);
    let work = move |bench: &Bench| {
        // 2.
        let Ready { prepared: questioned, traits: of_questioned, engine } =
            bench.compute(|| prepare(&scope, questioned))?;
        let Ready { prepared: reference, traits: of_reference, .. } =
            bench.compute(|| prepare(&scope, reference))?;
        let (one, two) = (file_subject(questioned.source()), file_subject(reference.source()));
        scope.trail.about(format_args!("{one} with {two}"));
        // 3.
        bench.compute(|| {
            scope.shared.metrics.comparisons.inc();
            let matcher = Matcher::new(&engine, questioned);
            let comparison = matcher.compare(&reference, &mut engine.workspace())?;
            let weight = weigh(
                &scope,
                engine.parameters().mark,
                &comparison,
                [&of_questioned, &of_reference],
                None,
            )?;
            Ok(pb::CompareResponse {
                comparison: Some(convert::comparison(&comparison, Cells::Whole)),
                weight: Some(convert::weight(weight)),
            })
        })
    };
    shared.workers.run(Queue::Jobs, work).await
}
