//! `ReferenceService`: entering, reading and withdrawing scans of the store.

use super::answers::{Answers, Unopened};
use super::call::{Scope, Shared};
use super::gate::{Access, Rpc};
use super::pb::download_response::Content as Downloaded;
use super::pb::enrol_request::Content;
use super::pb::reference_service_server::ReferenceService;
use super::pb::withdraw_request::Subject as Named;
use super::scans::{extract, file_subject};
use super::status::{Fault, Problem};
use super::upload::{Assembly, Inbound, Upload};
use super::work::{Bench, Queue};
use super::{convert, pb, words};
use crate::access::Identity;
use crate::digest::Digest;
use crate::format;
use crate::nearest::{Known, nearest};
use crate::search::SearchError;
use crate::store::{
    CorrectionBlob, Enrolment, ExhibitId, ExhibitMetadata, ExhibitRef, Filter, LINE_LIMIT,
    LocationBlob, MarkKind, Outcome, ScanId, ScanView, SignatureBlob, StoreError, Subject,
};
use crate::surface::Regions;
use jiff::Timestamp;
use prost::Message;
use prost::bytes::Bytes;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tonic::{Request, Response, Status, Streaming};

/// Records of a page where the client does not say how many.
const PAGE: usize = 100;
/// A page ends with the record that makes it larger than this: clients take 4 MiB by default, and a record has up to 40 KB
/// of notes.
const PAGE_BYTES: usize = 1 << 20;
/// Bytes of one chunk of a download.
const CHUNK: usize = 256 << 10;

/// Bytes of the picture of a correction.
const CORRECTION_BYTES: usize = 1 << 20;
/// The field of that picture.
const CORRECTED: &str = "metadata.correction.regions";

#[derive(Debug)]
pub(super) struct References(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl ReferenceService for References {
    type DownloadStream = Answers<pb::DownloadResponse>;

    async fn enrol(
        &self,
        request: Request<Streaming<pb::EnrolRequest>>,
    ) -> Result<Response<pb::EnrolResponse>, Status> {
        let call = self.0.begin(Rpc::Enrol, &request).admitted().await?;
        let (scope, inbound) = (call.scope(), call.inbound(request.into_inner()));
        call.unary(enrol(scope, inbound)).await
    }

    async fn get(
        &self,
        request: Request<pb::GetRequest>,
    ) -> Result<Response<pb::GetResponse>, Status> {
        let call = self.0.begin(Rpc::Get, &request).admitted().await?;
        let scope = call.scope();
        call.unary(async move {
            let id = convert::identifier("scan_id", &request.into_inner().scan_id)?;
            scope.trail.about(Subject::Scan(id));
            reading(scope, move |scope| get(scope, id)).await
        })
        .await
    }

    async fn list(
        &self,
        request: Request<pb::ListRequest>,
    ) -> Result<Response<pb::ListResponse>, Status> {
        let call = self.0.begin(Rpc::List, &request).admitted().await?;
        let scope = call.scope();
        call.unary(list(scope, request.into_inner())).await
    }

    async fn withdraw(
        &self,
        request: Request<pb::WithdrawRequest>,
    ) -> Result<Response<pb::WithdrawResponse>, Status> {
        let call = self.0.begin(Rpc::Withdraw, &request).admitted().await?;
        let scope = call.scope();
        call.unary(withdraw(scope, request.into_inner())).await
    }

    async fn share(
        &self,
        request: Request<pb::ShareRequest>,
    ) -> Result<Response<pb::ShareResponse>, Status> {
        let call = self.0.begin(Rpc::Share, &request).admitted().await?;
        let scope = call.scope();
        call.unary(share(scope, request.into_inner())).await
    }

    async fn download(
        &self,
        request: Request<pb::DownloadRequest>,
    ) -> Result<Response<Self::DownloadStream>, Status> {
        let call = self.0.begin(Rpc::Download, &request).admitted().await?;
        let scope = call.scope();
        call.stream(|unopened| download(scope, request.into_inner(), unopened))
    }
}

/// Work that only reads the store: it does not wait behind what computes or writes.
async fn reading<T: Send + 'static>(
    scope: Scope,
    work: impl FnOnce(&Scope) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let shared = Arc::clone(&scope.shared);
    shared.workers.run(Queue::Reads, move |_| work(&scope)).await
}

/// Work that only writes into the store.
async fn writing<T: Send + 'static>(
    scope: Scope,
    work: impl FnOnce(&Scope) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let shared = Arc::clone(&scope.shared);
    shared.workers.run(Queue::Jobs, move |_| work(&scope)).await
}

/// A record, and to its own laboratory how it is shared.
fn get(scope: &Scope, id: ScanId) -> Result<pb::GetResponse, Fault> {
    let record = scope.view(id)?;
    let caller = &scope.caller;
    let own = |identity: &Identity| identity.laboratory() == record.exhibit.laboratory;
    let sharing = if caller.unrestricted || caller.identity.as_ref().is_some_and(own) {
        scope.shared.store.sharing(record.exhibit.id)?
    } else {
        None
    };
    let sharing = sharing.as_ref().map(words::sharing);
    Ok(pb::GetResponse { record: Some(convert::record(record)), sharing })
}

/// What is known of a scan to be entered.
struct Entry {
    exhibit: ExhibitMetadata,
    mark: MarkKind,
    correction: Option<pb::MarkCorrection>,
}

/// 1. reads what is known and refuses what no record may hold, before 2. it receives the file; 3. looks
///    whether this was asked before; 4. extracts and 5. enters.
async fn enrol(
    scope: Scope,
    mut inbound: Inbound<pb::EnrolRequest>,
) -> Result<pb::EnrolResponse, Fault> {
    let shared = Arc::clone(&scope.shared);
    // 1.
    let wanted = "metadata, then chunks";
    let Some(Content::Metadata(metadata)) = inbound.head(wanted).await? else {
        return Err(Fault::Order { found: "the end", wanted });
    };
    let asked = metadata.encode_to_vec();
    let pb::EnrolMetadata { request_id, exhibit, mark, upload, correction } = metadata;
    convert::text("metadata.request_id", &request_id, LINE_LIMIT)?;
    let exhibit = convert::exhibit(exhibit.ok_or_else(|| Fault::missing("metadata.exhibit"))?)?;
    exhibit.check(Timestamp::now()).map_err(StoreError::from)?;
    if let Some(pb::MarkCorrection { regions, how }) = &correction {
        convert::text("metadata.correction.how", how, LINE_LIMIT)?;
        let (found, wanted) = (regions.len(), "1 to 1048576");
        if !(1..=CORRECTION_BYTES).contains(&found) {
            return Err(Fault::field(CORRECTED, Problem::Bytes { found, wanted }));
        }
    }
    let entry = Entry { exhibit, mark: convert::mark("metadata.mark", mark)?, correction };
    shared.gate.enters(&scope.caller, &entry.exhibit)?;
    let upload = upload.ok_or_else(|| Fault::missing("metadata.upload"))?;
    convert::text("metadata.upload.file_name", &upload.file_name, LINE_LIMIT)?;
    // 2.
    let limit = shared.limits.upload_bytes;
    let assembly = Assembly::open("metadata.upload", upload, limit, &shared.budget)?;
    let (assembly, next) = inbound.chunks(assembly, &shared.budget).await?;
    if next.is_some() {
        return Err(Fault::Order { found: "a second metadata", wanted });
    }
    // Not on the threads that compute: a search has them for a block at a time.
    let upload = shared.workers.run(Queue::Jobs, move |_| assembly.finish()).await?;
    scope.trail.about(file_subject(upload.sha256));
    // 3.
    let asked = Digest::of(&[asked.as_slice(), upload.sha256.as_bytes()].concat());
    let replay = shared.replays.take(&scope.caller.name, &request_id, asked).await?;
    if let Some(answer) = replay.answer()
        && still_in_use(&scope, &answer).await?
    {
        scope.trail.remark("answered before");
        return Ok(answer);
    }
    // 4. and 5.
    let work = move |bench: &Bench| enter(&scope, bench, upload, &entry);
    let answer = shared.workers.run(Queue::Jobs, work).await?;
    replay.answered(&answer);
    Ok(answer)
}

/// Whether what was entered before was not withdrawn since: then it is entered anew.
async fn still_in_use(scope: &Scope, answer: &pb::EnrolResponse) -> Result<bool, Fault> {
    let id: ScanId = convert::identifier("metadata.request_id", &answer.scan_id)?;
    reading(scope.clone(), move |scope| Ok(scope.shared.store.view(id)?.withdrawal.is_none())).await
}

fn enter(
    scope: &Scope,
    bench: &Bench,
    upload: Upload,
    entry: &Entry,
) -> Result<pb::EnrolResponse, Fault> {
    let (mut extracted, found, said) = bench.compute(|| {
        let field = upload.field;
        let draw = |regions: &Regions| {
            format::write_regions(regions).map_err(|source| Fault::Format { field, source })
        };
        let read = |correction: &pb::MarkCorrection| {
            let limits = &upload.options.limits;
            format::read_mask_of(&correction.regions, entry.mark.region(), limits)
                .map_err(|source| Fault::field(CORRECTED, Problem::Picture { source }))
        };
        let said = entry.correction.as_ref().map(read).transpose()?;
        let extracted = extract(scope, upload, entry.mark, said.as_ref())?;
        let found = extracted.head.as_ref().map(|head| draw(&head.regions)).transpose()?;
        let said = said.as_ref().map(draw).transpose()?;
        Ok((extracted, found, said))
    })?;
    let parameters = scope.shared.engine.of_mark(entry.mark).parameters().segmentation.digest();
    let location = extracted.head.as_ref().zip(found.as_deref()).map(|(head, regions)| {
        let (confidence, in_view) = (head.confidence, head.in_view);
        LocationBlob { regions, segmentation: parameters, confidence, in_view }
    });
    if scope.shared.quality.near_duplicates {
        // Of its own: what others have may not be for it to know.
        let laboratory = Some(entry.exhibit.laboratory.clone());
        let filter = Filter { mark: Some(entry.mark), laboratory, ..Filter::default() };
        let gallery = scope.shared.galleries.of_mark(entry.mark);
        let store = &*scope.shared.store;
        let known = Known {
            engine: &scope.shared.engine.of_mark(entry.mark),
            indexer: gallery.indexer(),
            references: &gallery.snapshot(store).map_err(SearchError::from)?,
            store,
            pool: Some(bench.pool()),
        };
        if let Some(nearest) = nearest(known, &filter, &extracted.signature)? {
            extracted.quality.hold_against(&nearest, &scope.shared.quality);
        }
    }
    let (upload, signature) = (&extracted.upload, &extracted.signature);
    if let Some(words) = extracted.quality.refusal() {
        return Err(Fault::Quality { field: upload.field, words });
    }
    if bench.stopped() {
        return Err(Fault::Cancelled);
    }
    let enrol = || {
        let enrolled = scope.shared.store.enrol(&Enrolment {
            original: &upload.bytes,
            original_name: &upload.file_name,
            mark: entry.mark,
            signature: SignatureBlob {
                bytes: &signature.to_bytes(),
                engine_version: signature.engine_version(),
                extraction: signature.extraction_digest(),
                location,
            },
            correction: entry.correction.as_ref().zip(said.as_deref()).map(|(word, regions)| {
                CorrectionBlob { regions, by: &scope.caller.name, how: &word.how }
            }),
            exhibit: match entry.exhibit.label {
                Some(_) => ExhibitRef::Labelled(&entry.exhibit),
                None => ExhibitRef::New(&entry.exhibit),
            },
            entered: Timestamp::now(),
        })?;
        scope.trail.about(Subject::Scan(enrolled.scan));
        match enrolled.outcome {
            Outcome::New => {}
            Outcome::Duplicate => scope.trail.remark("already known"),
            Outcome::Corrected => scope.trail.remark("corrected"),
        }
        let (findings, sha256) = (&extracted.quality.findings, upload.sha256.to_string());
        let confidence = extracted.head.as_ref().map(|head| head.confidence);
        Ok(convert::enrolled(&enrolled, sha256, findings, confidence))
    };
    let answer = scope.trail.change(enrol, digest_of)?;
    // The next search would do it; here nobody waits for a search.
    if let Err(error) = scope.shared.galleries.refresh(&*scope.shared.store) {
        tracing::warn!(%error, "the index does not follow yet");
    }
    Ok(answer)
}

/// The digest of an answer.
fn digest_of(answer: &impl Message) -> Digest {
    Digest::of(&answer.encode_to_vec())
}

/// A page, and one record more to see whether another follows.
async fn list(scope: Scope, request: pb::ListRequest) -> Result<pb::ListResponse, Fault> {
    let pb::ListRequest { filter, page_size, page_token } = request;
    let filter = convert::filter(filter)?;
    scope.trail.remark(convert::describe(&filter));
    let longest = scope.shared.limits.page;
    let size = convert::count("page_size", page_size, PAGE.min(longest), longest)?;
    let after = match page_token.as_str() {
        "" => None,
        token => {
            let parsed = token.parse::<ScanId>();
            Some(parsed.map_err(|_| Fault::field("page_token", Problem::NotAToken))?)
        }
    };
    let filter = Filter { after, ..filter };
    reading(scope, move |scope| {
        let store = &scope.shared.store;
        let (mut records, mut bytes) = (Vec::new(), 0);
        for scan in store.scans(&filter) {
            let view = store.view(scan?)?;
            if scope.access(&view)? != Access::Allowed {
                continue;
            }
            if records.len() == size || bytes > PAGE_BYTES {
                let next_page_token = records.last().map(|last: &pb::Record| last.scan_id.clone());
                let next_page_token = next_page_token.unwrap_or_default();
                return Ok(pb::ListResponse { records, next_page_token });
            }
            let record = convert::record(view);
            bytes += record.encoded_len();
            records.push(record);
        }
        Ok(pb::ListResponse { records, next_page_token: String::new() })
    })
    .await
}

async fn withdraw(
    scope: Scope,
    request: pb::WithdrawRequest,
) -> Result<pb::WithdrawResponse, Fault> {
    let pb::WithdrawRequest { subject, reason } = request;
    let subject = match subject.ok_or_else(|| Fault::missing("subject"))? {
        Named::ScanId(id) => Subject::Scan(convert::identifier("scan_id", &id)?),
        Named::ExhibitId(id) => Subject::Exhibit(convert::identifier("exhibit_id", &id)?),
    };
    convert::text("reason", &reason, LINE_LIMIT)?;
    scope.trail.about(subject);
    scope.trail.remark(&reason);
    writing(scope, move |scope| {
        match subject {
            Subject::Scan(id) => drop(scope.view(id)?),
            Subject::Exhibit(id) => check_exhibit(scope, id)?,
        }
        let withdraw = || {
            let at = Timestamp::now();
            scope.shared.store.withdraw(subject, &reason, at)?;
            Ok(pb::WithdrawResponse { withdrawn_time: Some(words::timestamp(at)) })
        };
        scope.trail.change(withdraw, digest_of)
    })
    .await
}

async fn share(scope: Scope, request: pb::ShareRequest) -> Result<pb::ShareResponse, Fault> {
    let pb::ShareRequest { exhibit_id, sharing } = request;
    let id: ExhibitId = convert::identifier("exhibit_id", &exhibit_id)?;
    let sharing = sharing.map(convert::sharing).transpose()?;
    scope.trail.about(Subject::Exhibit(id));
    scope.trail.remark(convert::describe_sharing(sharing.as_ref()));
    writing(scope, move |scope| {
        check_exhibit(scope, id)?;
        let share = || {
            let at = Timestamp::now();
            scope.shared.store.share(id, sharing.as_ref(), at)?;
            Ok(pb::ShareResponse { shared_time: Some(words::timestamp(at)) })
        };
        scope.trail.change(share, digest_of)
    })
    .await
}

/// Whether the caller may use every scan of an exhibit.
fn check_exhibit(scope: &Scope, exhibit: ExhibitId) -> Result<(), Fault> {
    let store = &scope.shared.store;
    store.exhibit(exhibit)?;
    store
        .scans_of(exhibit)?
        .into_iter()
        .try_for_each(|scan| scope.check(&store.view(scan)?, exhibit))
}

/// A file whose bytes count as held as long as one of its chunks waits for the client.
struct HeldFile {
    bytes: Vec<u8>,
    _held: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for HeldFile {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Name and digest of what is downloaded of a scan.
fn named(view: &ScanView, wanted: pb::DownloadContent) -> Result<(String, Digest), Fault> {
    let ScanView { scan, said, .. } = view;
    let automatic = said.location().map(|location| location.regions);
    let parts = match wanted {
        pb::DownloadContent::Unspecified => return Ok((scan.original_name.clone(), scan.original)),
        pb::DownloadContent::Parts => said.regions(),
        pb::DownloadContent::AutomaticParts => automatic,
    };
    let wanted = || StoreError::NotFound { wanted: format!("the parts of scan {}", scan.id) };
    Ok((format!("{}-parts.png", scan.id), parts.ok_or_else(wanted)?))
}

async fn download(
    scope: Scope,
    request: pb::DownloadRequest,
    unopened: Unopened<pb::DownloadResponse>,
) -> Result<(), Fault> {
    let id: ScanId = convert::identifier("scan_id", &request.scan_id)?;
    let trail = Arc::clone(&scope.trail);
    trail.about(Subject::Scan(id));
    let wanted = convert::download_content("content", request.content)?;
    let work = move |scope: &Scope| {
        let view = scope.view(id)?;
        let (file_name, digest) = named(&view, wanted)?;
        // What is not the original is small.
        let held = scope.shared.budget.take(view.scan.original_bytes)?;
        let store = &scope.shared.store;
        let file = match wanted {
            pb::DownloadContent::Unspecified => store.original(id),
            pb::DownloadContent::Parts | pb::DownloadContent::AutomaticParts => store.mask(digest),
        };
        let file = match file {
            Err(StoreError::ObjectMissing { .. }) if view.withdrawal.is_some() => {
                return Err(Fault::Purged { scan: id });
            }
            file => file?,
        };
        Ok((file_name, digest, Bytes::from_owner(HeldFile { bytes: file, _held: held })))
    };
    let (file_name, sha256, file) = reading(scope, work).await?;
    let outbound = unopened.open().await?;
    trail.gave(sha256);
    let content = |content| pb::DownloadResponse { content: Some(content) };
    let info =
        pb::DownloadInfo { file_name, size_bytes: file.len() as u64, sha256: sha256.to_string() };
    outbound.send(content(Downloaded::Info(info))).await?;
    for from in (0..file.len()).step_by(CHUNK) {
        let chunk = file.slice(from..file.len().min(from + CHUNK));
        outbound.send(content(Downloaded::Chunk(chunk))).await?;
    }
    Ok(())
}
