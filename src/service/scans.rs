//! From bytes, or from the store, to a signature that can be compared. All of it is work for [`super::work`].

use super::call::Scope;
use super::status::Fault;
use super::upload::{Assembly, Inbound, Message, Upload};
use super::{convert, pb};
use crate::calibration::Traits;
use crate::digest::Digest;
use crate::format::{self, Scan};
use crate::mark::{self, Head, Look};
use crate::matcher::{Engine, Prepared};
use crate::quality::{Quality, examine_mark};
use crate::signature::Signature;
use crate::store::{ScanId, ScanView, StoreError, Subject};
use crate::surface::{MarkKind, Regions};
use std::collections::BTreeMap;

/// A scan to compare.
#[derive(Debug)]
pub(super) enum Source {
    Stored(ScanId),
    Uploaded(Box<Assembly>),
}

/// Reads where a scan comes from and, for an upload, all its chunks. Gives back the message that follows.
pub(super) async fn receive<T: Message>(
    scope: &Scope,
    inbound: &mut Inbound<T>,
    fields: Fields,
    source: Option<pb::ScanSource>,
) -> Result<(Source, Option<T::Head>), Fault> {
    let source = source.and_then(|source| source.source);
    match source.ok_or_else(|| Fault::missing(fields.source))? {
        pb::scan_source::Source::ScanId(id) => {
            let id = convert::identifier(fields.scan_id, &id)?;
            Ok((Source::Stored(id), inbound.head("what follows a stored scan").await?))
        }
        pb::scan_source::Source::Upload(upload) => {
            let limit = scope.shared.limits.upload_bytes;
            let budget = &scope.shared.budget;
            let assembly = Assembly::open(fields.upload, upload, limit, budget)?;
            let (assembly, next) = inbound.chunks(assembly, budget).await?;
            Ok((Source::Uploaded(Box::new(assembly)), next))
        }
    }
}

/// How the fields of a source are called in errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) source: &'static str,
    pub(super) scan_id: &'static str,
    pub(super) upload: &'static str,
}

/// A file that came, its surface and its signature.
pub(super) struct Extracted {
    pub(super) upload: Upload,
    pub(super) scan: Scan,
    pub(super) signature: Signature,
    /// What the engine found, where it is a whole head.
    pub(super) head: Option<Head>,
    pub(super) quality: Quality,
}

impl Source {
    /// What the audit log calls it.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::Stored(id) => Subject::Scan(*id).to_string(),
            Self::Uploaded(_) => "an upload".to_owned(),
        }
    }
}

/// A scan made ready for comparing, and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) prepared: Prepared,
    pub(super) traits: Traits,
    /// That of its mark.
    pub(super) engine: Engine,
}

/// What the audit log calls a file.
pub(super) fn file_subject(sha256: Digest) -> String {
    format!("file {sha256}")
}

/// Reads an upload.
pub(super) fn read(assembly: Assembly) -> Result<(Upload, Scan), Fault> {
    let upload = assembly.finish()?;
    let field = upload.field;
    let scan = format::read(&upload.bytes, &upload.options);
    Ok((upload, scan.map_err(|source| Fault::Format { field, source })?))
}

/// Reads an upload and extracts the signature of its mark, which is cut out where it shows a whole head, or where a person
/// said that it is.
pub(super) fn extract(
    scope: &Scope,
    upload: Upload,
    mark: MarkKind,
    said: Option<&Regions>,
) -> Result<Extracted, Fault> {
    let field = upload.field;
    let scan = format::read(&upload.bytes, &upload.options)
        .map_err(|source| Fault::Format { field, source })?;
    let engine = scope.shared.engine.of_mark(mark);
    let (region, parameters) = (mark.region(), engine.parameters());
    let unfit = |source| Fault::Mark { field, source };
    let found = mark::find(&scan.surface, region, said, &parameters.segmentation).map_err(unfit)?;
    let signature = Signature::extract(&found.surface, upload.sha256, parameters);
    let quality = examine_mark(&found, mark, &signature, &scan.metadata, &scope.shared.quality);
    let signature = signature.map_err(|source| unfit(source.into()))?;
    let head = found.head;
    Ok(Extracted { upload, scan, signature, head, quality })
}

/// The signature of a scan, and what is known of it. The mark of an upload is the stated one, else that which it states
/// itself, else the breech face.
pub(super) fn signature(
    scope: &Scope,
    source: Source,
    stated: Option<MarkKind>,
) -> Result<(Signature, Traits, MarkKind), Fault> {
    match source {
        Source::Stored(id) => stored_signature(scope, id),
        Source::Uploaded(assembly) => {
            let mark = stated.or(assembly.mark()).unwrap_or(MarkKind::BreechFace);
            let Extracted { scan, signature, .. } = extract(scope, assembly.finish()?, mark, None)?;
            let instrument = scan.metadata.instrument.name();
            let stated = Some(mark.to_string());
            let traits = Traits { mark: stated, instrument, ..Traits::of(signature.kind()) };
            Ok((signature, traits, mark))
        }
    }
}

/// Marks in the order in which they are asked for, each with its signature and what is known of it; `None` where it is not
/// there.
pub(super) type Marks = Vec<(MarkKind, Option<(Signature, Traits)>)>;

/// The marks that an uploaded whole head shows.
pub(super) fn marks_of_head(
    scope: &Scope,
    assembly: Assembly,
    marks: &[MarkKind],
) -> Result<Marks, Fault> {
    let (upload, scan) = read(assembly)?;
    scope.trail.about(file_subject(upload.sha256));
    let instrument = scan.metadata.instrument.name();
    let of_all = Traits { instrument, ..Traits::of(scan.surface.kind()) };
    let mut look = Look::at(&scan.surface);
    let found = |mark: MarkKind| {
        let engine = scope.shared.engine.of_mark(mark);
        let signature = look
            .signature_of_head(mark.region(), upload.sha256, engine.parameters())
            .map_err(|source| Fault::Mark { field: upload.field, source })?;
        let traits = Traits { mark: Some(mark.to_string()), ..of_all.clone() };
        Ok((mark, signature.map(|signature| (signature, traits))))
    };
    marks.iter().copied().map(found).collect()
}

/// The marks of a stored scan's exhibit. Of several scans of one mark it is the scan itself, else one of the same file, else
/// the one that was entered last.
pub(super) fn marks_of_exhibit(
    scope: &Scope,
    id: ScanId,
    marks: &[MarkKind],
) -> Result<Marks, Fault> {
    let ScanView { scan: asked, exhibit, .. } = check_stored(scope, id)?;
    let store = &scope.shared.store;
    let mut chosen = BTreeMap::new();
    for id in store.scans_of(exhibit.id)? {
        let ScanView { scan, mark, withdrawal, .. } = store.view(id)?;
        if withdrawal.is_none() {
            let rank = (id == asked.id, scan.original == asked.original, scan.entered, id);
            let best = chosen.entry(mark.kind).or_insert(rank);
            *best = rank.max(*best);
        }
    }
    let found = |mark: MarkKind| {
        let scan = chosen.get(&mark).map(|(.., scan)| stored_signature(scope, *scan));
        Ok((mark, scan.transpose()?.map(|(signature, traits, _)| (signature, traits))))
    };
    marks.iter().copied().map(found).collect()
}

/// A scan made ready for comparing.
pub(super) fn prepare(scope: &Scope, source: Source) -> Result<Ready, Fault> {
    let (signature, traits, mark) = signature(scope, source, None)?;
    let engine = scope.shared.engine.of_mark(mark);
    Ok(Ready { prepared: engine.prepare(&signature)?, traits, engine })
}

/// A scan of the store, if the caller may compare it, and anybody may.
pub(super) fn check_stored(scope: &Scope, id: ScanId) -> Result<ScanView, Fault> {
    let view = scope.view(id)?;
    match view.withdrawal {
        Some(withdrawal) => {
            Err(StoreError::Withdrawn { subject: withdrawal.subject, reason: withdrawal.reason }
                .into())
        }
        None => Ok(view),
    }
}

/// The signature of a scan of the store.
fn stored_signature(scope: &Scope, id: ScanId) -> Result<(Signature, Traits, MarkKind), Fault> {
    let ScanView { mark, exhibit, .. } = check_stored(scope, id)?;
    let engine = scope.shared.engine.of_mark(mark.kind);
    let extraction = engine.parameters().extraction_digest();
    let bytes = scope.shared.store.signature(id, extraction)?;
    let signature =
        Signature::from_bytes(&bytes).map_err(|source| Fault::Signature { scan: id, source })?;
    let (kind, calibre) = (mark.kind, exhibit.calibre);
    let mark = Some(kind.to_string());
    let traits = Traits { mark, calibre, ..Traits::of(signature.kind()) };
    Ok((signature, traits, kind))
}
