//! `BatchService`: how do many pairs compare?
//!
//! Pairs are compared side by side, as many as may be ahead, and answered in their order. The stream is read no further
//! than that, so a client that sends faster than it reads is held up by the transport, not kept in memory.

use super::answers::{Answers, Unopened};
use super::call::{Scope, Shared};
use super::convert::Cells;
use super::evidence::weigh;
use super::gate::Rpc;
use super::pb::batch_scan::Scan;
use super::pb::batch_service_compare_request::Content;
use super::pb::batch_service_compare_response::Result as Answer;
use super::pb::batch_service_server::BatchService;
use super::scans::{Ready, Source, check_stored, prepare};
use super::status::{Fault, Problem};
use super::trail::Transcript;
use super::upload::{Assembly, Inbound};
use super::work::{Bench, Queue};
use super::{convert, pb};
use crate::calibration::Traits;
use crate::matcher::{Engine, Matcher};
use crate::store::{LINE_LIMIT, ScanId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument as _;

const WANTED: &str = "upload, its chunks, or pair";

#[derive(Debug)]
pub(super) struct Batches(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl BatchService for Batches {
    type CompareStream = Answers<pb::BatchServiceCompareResponse>;

    async fn compare(
        &self,
        request: Request<Streaming<pb::BatchServiceCompareRequest>>,
    ) -> Result<Response<Self::CompareStream>, Status> {
        let call = self.0.begin(Rpc::BatchCompare, &request).admitted().await?;
        let (scope, inbound) = (call.scope(), call.inbound(request.into_inner()));
        call.stream(|unopened| answer(scope, inbound, unopened))
    }
}

/// A pair under way; given up when dropped.
struct Pending {
    pair_id: String,
    work: JoinHandle<Result<(pb::Comparison, pb::Weight), Fault>>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// A scan of a pair.
#[derive(Clone, Debug)]
enum Side {
    Stored(ScanId),
    Uploaded(String, Arc<Ready>),
}

impl Side {
    fn key(&self) -> String {
        match self {
            Self::Stored(id) => format!("scan {id}"),
            Self::Uploaded(name, _) => format!("upload {name}"),
        }
    }

    fn prepare(self, scope: &Scope) -> Result<Ready, Fault> {
        match self {
            Self::Stored(id) => prepare(scope, Source::Stored(id)),
            Self::Uploaded(_, ready) => Ok(Ready::clone(&ready)),
        }
    }
}

/// The questioned scan of the pair before: pairs often come sorted by it, and making it ready is dear.
type Last = Arc<Mutex<Option<(String, Arc<Asking>)>>>;

/// A questioned scan that is held against references.
struct Asking {
    matcher: Matcher,
    traits: Traits,
    engine: Engine,
}

/// Reads and answers at the same time.
async fn answer(
    scope: Scope,
    inbound: Inbound<pb::BatchServiceCompareRequest>,
    unopened: Unopened<pb::BatchServiceCompareResponse>,
) -> Result<(), Fault> {
    let outbound = unopened.open().await?;
    let trail = Arc::clone(&scope.trail);
    let ahead = scope.shared.limits.batch_ahead.max(1);
    let (sender, mut receiver) = mpsc::channel::<Pending>(ahead);
    let reading = read(scope, inbound, sender);
    let writing = async {
        let (mut transcript, mut pairs) = (Transcript::default(), 0_u64);
        while let Some(mut pending) = receiver.recv().await {
            let result = (&mut pending.work).await.map_err(|_| Fault::Panicked);
            let (answer, weight) = match result.and_then(|result| result) {
                Ok((comparison, weight)) => (Answer::Comparison(comparison), Some(weight)),
                Err(fault) => {
                    let (code, message) = (fault.code().into(), fault.message());
                    (Answer::Failure(pb::BatchFailure { code, message }), None)
                }
            };
            let pair_id = std::mem::take(&mut pending.pair_id);
            let result = Some(answer);
            let answer = pb::BatchServiceCompareResponse { pair_id, result, weight };
            transcript.add(&answer);
            pairs += 1;
            trail.remark(format_args!("{pairs} pairs"));
            outbound.send(answer).await?;
        }
        trail.gave(transcript.digest());
        Ok(())
    };
    tokio::try_join!(reading, writing).map(|_| ())
}

/// Takes uploads and begins pairs.
async fn read(
    scope: Scope,
    mut inbound: Inbound<pb::BatchServiceCompareRequest>,
    begun: mpsc::Sender<Pending>,
) -> Result<(), Fault> {
    let mut uploads: HashMap<String, Arc<Ready>> = HashMap::new();
    let last = Last::default();
    let mut next = inbound.head(WANTED).await?;
    while let Some(content) = next {
        next = match content {
            Content::Upload(upload) => {
                let (name, prepared, next) = take(&scope, &mut inbound, upload, &uploads).await?;
                uploads.insert(name, prepared);
                next
            }
            Content::Pair(pair) => {
                // Room first, so that no more pairs are under way than may be.
                let room = begun.reserve().await.map_err(|_| Fault::Cancelled)?;
                room.send(begin(&scope, pair, &uploads, &last)?);
                inbound.head(WANTED).await?
            }
            Content::Chunk(_) => return Err(Fault::Order { found: "a chunk", wanted: WANTED }),
        };
    }
    Ok(())
}

/// Receives an upload and makes it ready.
async fn take(
    scope: &Scope,
    inbound: &mut Inbound<pb::BatchServiceCompareRequest>,
    upload: pb::BatchUpload,
    uploads: &HashMap<String, Arc<Ready>>,
) -> Result<(String, Arc<Ready>, Option<Content>), Fault> {
    let shared = Arc::clone(&scope.shared);
    let pb::BatchUpload { name, upload } = upload;
    convert::text("upload.name", &name, LINE_LIMIT)?;
    if uploads.contains_key(&name) {
        return Err(Fault::field("upload.name", Problem::Repeated));
    }
    let limit = shared.limits.batch_uploads;
    if uploads.len() >= limit {
        return Err(Fault::TooManyUploads { limit });
    }
    let upload = upload.ok_or_else(|| Fault::missing("upload.upload"))?;
    let limit = shared.limits.upload_bytes;
    let assembly = Assembly::open("upload.upload", upload, limit, &shared.budget)?;
    let (assembly, next) = inbound.chunks(assembly, &shared.budget).await?;
    let scope = scope.clone();
    let work = move |bench: &Bench| {
        bench.compute(|| Ok(Arc::new(prepare(&scope, Source::Uploaded(Box::new(assembly)))?)))
    };
    let prepared = shared.workers.run_patiently(Queue::Jobs, work).await?;
    Ok((name, prepared, next))
}

/// Begins a pair. What is wrong with the pair itself ends the stream; what is wrong with its scans is its answer.
fn begin(
    scope: &Scope,
    pair: pb::BatchPair,
    uploads: &HashMap<String, Arc<Ready>>,
    last: &Last,
) -> Result<Pending, Fault> {
    let pb::BatchPair { pair_id, questioned, reference, omit_cells } = pair;
    let side = |field: &'static str, scan: Option<pb::BatchScan>| match scan
        .and_then(|scan| scan.scan)
        .ok_or_else(|| Fault::missing(field))?
    {
        Scan::ScanId(id) => Ok(Side::Stored(convert::identifier(field, &id)?)),
        Scan::UploadName(name) => match uploads.get(&name) {
            Some(ready) => Ok(Side::Uploaded(name, Arc::clone(ready))),
            None => Err(Fault::field(field, Problem::UnknownUpload)),
        },
    };
    if pair_id.chars().count() > LINE_LIMIT {
        convert::text("pair.pair_id", &pair_id, LINE_LIMIT)?;
    }
    let questioned = side("pair.questioned", questioned)?;
    let reference = side("pair.reference", reference)?;
    let (shared, scope, last) = (Arc::clone(&scope.shared), scope.clone(), Arc::clone(last));
    let cells = Cells::omitted(omit_cells);
    let work = async move {
        let work = move |bench: &Bench| compare(&scope, bench, questioned, reference, &last, cells);
        shared.workers.run_patiently(Queue::Jobs, work).await
    };
    Ok(Pending { pair_id, work: tokio::spawn(work.in_current_span()) })
}

fn compare(
    scope: &Scope,
    bench: &Bench,
    questioned: Side,
    reference: Side,
    last: &Last,
    cells: Cells,
) -> Result<(pb::Comparison, pb::Weight), Fault> {
    let asking = asking(scope, bench, questioned, last)?;
    let Ready { prepared: reference, traits, .. } = bench.compute(|| reference.prepare(scope))?;
    bench.compute(|| {
        scope.shared.metrics.comparisons.inc();
        let comparison = asking.matcher.compare(&reference, &mut asking.engine.workspace())?;
        let mark = asking.engine.parameters().mark;
        let weight = weigh(scope, mark, &comparison, [&asking.traits, &traits], None)?;
        Ok((convert::comparison(&comparison, cells), convert::weight(weight)))
    })
}

/// The questioned scan made ready, or the one of the pair before.
fn asking(
    scope: &Scope,
    bench: &Bench,
    questioned: Side,
    last: &Last,
) -> Result<Arc<Asking>, Fault> {
    // It may have been withdrawn since.
    if let Side::Stored(id) = questioned {
        check_stored(scope, id)?;
    }
    let key = questioned.key();
    if let Some((known, asking)) = &*last.lock().unwrap_or_else(PoisonError::into_inner)
        && *known == key
    {
        return Ok(Arc::clone(asking));
    }
    let Ready { prepared, traits, engine } = bench.compute(|| questioned.prepare(scope))?;
    let matcher = Matcher::new(&engine, prepared);
    let asking = Arc::new(Asking { matcher, traits, engine });
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    *last = Some((key, Arc::clone(&asking)));
    Ok(asking)
}
