//! What went wrong in a call, and what is the client told?
//!
//! [`Fault`] is everything that can end a call; [`status`] is the only place where a `tonic::Status` is made. Whatever
//! the client can act on goes with it as `google.rpc` details: the faulty field, the limit, when to come back, and always
//! the request's identifier. What only the operator can act on is told as little of as possible and goes to the log.

use super::gate::Refusal;
use super::room::Room;
use crate::audit::AuditError;
use crate::calibration::CalibrationError;
use crate::digest::Digest;
use crate::exhibits::ExhibitsError;
use crate::format::{FormatError, MaskImageError};
use crate::gallery::GalleryError;
use crate::mark::MarkError;
use crate::matcher::CompareError;
use crate::search::SearchError;
use crate::signature::SignatureError;
use crate::store::{MetadataError, ScanId, StoreError};
use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Name under which the request's identifier travels in metadata.
pub(super) const REQUEST_ID: &str = "x-request-id";
/// Domain of the reasons in `google.rpc.ErrorInfo`.
const DOMAIN: &str = "casemark";

/// Everything that can end a call.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    // The client's.
    #[error("{field} {problem}")]
    Field { field: Cow<'static, str>, problem: Problem },
    #[error("messages are out of order: found {found}, wanted {wanted}")]
    Order { found: &'static str, wanted: &'static str },
    #[error("{field} is no scan that can be used")]
    Format { field: &'static str, source: FormatError },
    #[error("no signature can be had from {field}")]
    Mark { field: &'static str, source: MarkError },
    #[error("{field} is not good enough: {words}")]
    Quality { field: &'static str, words: String },
    #[error("the scans cannot be compared")]
    Compare { source: CompareError },
    #[error("{field} was stated to have {stated} bytes, {found} came")]
    Length { field: &'static str, stated: u64, found: u64 },
    #[error("{field} was stated to have SHA-256 {stated}, it has {found}")]
    Sha256 { field: &'static str, stated: Digest, found: Digest },
    #[error("request_id was used before for another enrolment")]
    RequestIdReused,
    #[error("the original of scan {scan} was purged after it was withdrawn")]
    Purged { scan: ScanId },
    #[error("{refusal}")]
    Refused { refusal: Refusal },

    // A limit.
    #[error("{field} has more than {limit} bytes, the limit")]
    UploadTooLarge { field: &'static str, limit: u64 },
    #[error("a message has more bytes than this server takes, which is {limit}")]
    MessageTooLarge { limit: usize },
    #[error("this batch has {limit} uploads already, the limit")]
    TooManyUploads { limit: usize },
    #[error("no message came for {} s, the limit", idle.as_secs_f64())]
    Idle { idle: Duration },
    #[error("no answer was taken for {} s, the limit", idle.as_secs_f64())]
    NotTaken { idle: Duration },
    #[error("the server has no room for {what}: come back later")]
    Room { what: Room, retry_after: Duration },

    // The end of a call before its time.
    #[error("the deadline passed")]
    Deadline,
    #[error("the call was cancelled")]
    Cancelled,
    #[error("the server is stopping")]
    Stopping { retry_after: Duration },
    #[error("{}", status.message())]
    Stream { status: Box<Status> },

    // The server's.
    #[error(transparent)]
    Store { source: StoreError },
    #[error("the signature of scan {scan} cannot be read")]
    Signature { scan: ScanId, source: SignatureError },
    #[error("a comparison cannot be weighed")]
    Weight { source: Box<CalibrationError> },
    #[error("a piece of work failed")]
    Panicked,
    #[error("the audit log cannot be written or read")]
    Audit { source: AuditError },
    #[error("this server keeps no audit log")]
    NoAudit,
}

/// What is wrong with a field.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("is missing")]
    Missing,
    #[error("is no UUID")]
    NotAnIdentifier,
    #[error("is no SHA-256: wanted 64 hexadecimal digits")]
    NotADigest,
    #[error("is no date: wanted YYYY-MM-DD")]
    NotADate,
    #[error("is no time")]
    NotATime,
    #[error("is {found}, which this version does not know")]
    UnknownValue { found: i32 },
    #[error("is {found}, wanted {wanted}")]
    OutOfRange { found: f64, wanted: &'static str },
    #[error("has {found} characters, wanted 1 to {most}")]
    Characters { found: usize, most: usize },
    #[error("has {found} bytes, wanted {wanted}")]
    Bytes { found: usize, wanted: &'static str },
    #[error("is given twice on this stream")]
    Repeated,
    #[error("is given where it means nothing")]
    Unwanted,
    #[error("does not go with query.marks: wanted nothing")]
    BesideMarks,
    #[error("names no mark that the questioned scan shows")]
    NotShown,
    #[error("names no upload of this stream")]
    UnknownUpload,
    #[error("is no token of this method")]
    NotAToken,
    #[error("is unacceptable: {source}")]
    Metadata { source: MetadataError },
    #[error("is no picture of the parts of a scan: {source}")]
    Picture { source: MaskImageError },
}

impl Fault {
    pub(super) fn field(field: impl Into<Cow<'static, str>>, problem: Problem) -> Self {
        Self::Field { field: field.into(), problem }
    }

    pub(super) fn missing(field: impl Into<Cow<'static, str>>) -> Self {
        Self::field(field, Problem::Missing)
    }

    /// The code that the client sees.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Field { .. }
            | Self::Order { .. }
            | Self::Mark { .. }
            | Self::Quality { .. }
            | Self::Length { .. }
            | Self::Sha256 { .. }
            | Self::RequestIdReused => Code::InvalidArgument,
            Self::Format { source, .. } => match fault_of_file(source) {
                FileFault::Malformed | FileFault::Statement(_) => Code::InvalidArgument,
                FileFault::Limit => Code::ResourceExhausted,
            },
            Self::Compare { .. } => Code::FailedPrecondition,
            Self::Purged { .. } => Code::NotFound,
            Self::Refused { refusal } => match refusal {
                Refusal::Unauthenticated { .. } => Code::Unauthenticated,
                Refusal::Denied { .. }
                | Refusal::Restricted { .. }
                | Refusal::NotOwner { .. }
                | Refusal::OtherLaboratory { .. } => Code::PermissionDenied,
            },
            Self::UploadTooLarge { .. }
            | Self::MessageTooLarge { .. }
            | Self::TooManyUploads { .. }
            | Self::Room { .. } => Code::ResourceExhausted,
            Self::Idle { .. } | Self::NotTaken { .. } | Self::Deadline => Code::DeadlineExceeded,
            Self::Cancelled => Code::Cancelled,
            Self::Stopping { .. } => Code::Unavailable,
            // What tonic calls internal is a message or a frame of the client's that cannot be read.
            Self::Stream { status } if status.code() == Code::Cancelled => Code::Cancelled,
            Self::Stream { .. } => Code::InvalidArgument,
            Self::Store { source } => code_of_store(source),
            Self::Signature { .. } => Code::DataLoss,
            Self::Weight { .. } | Self::Panicked | Self::Audit { .. } => Code::Internal,
            Self::NoAudit => Code::Unimplemented,
        }
    }

    /// The same for machines, as `google.rpc.ErrorInfo` carries it.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Field { .. } => "FIELD_INVALID",
            Self::Order { .. } => "MESSAGES_OUT_OF_ORDER",
            Self::Format { source, .. } => match fault_of_file(source) {
                FileFault::Malformed => "FILE_UNUSABLE",
                FileFault::Statement(_) => "FILE_NEEDS_STATEMENT",
                FileFault::Limit => "FILE_BEYOND_LIMIT",
            },
            Self::Mark { .. } => "SURFACE_UNUSABLE",
            Self::Quality { .. } => "SURFACE_NOT_GOOD_ENOUGH",
            Self::Compare { .. } => "NOT_COMPARABLE",
            Self::Length { .. } => "LENGTH_DIFFERS",
            Self::Sha256 { .. } => "SHA256_DIFFERS",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::Purged { .. } => "PURGED",
            Self::Refused { refusal } => match refusal {
                Refusal::Unauthenticated { .. } => "UNAUTHENTICATED",
                Refusal::Denied { .. } => "DENIED",
                Refusal::Restricted { .. } => "RESTRICTED",
                Refusal::NotOwner { .. } => "NOT_OWNER",
                Refusal::OtherLaboratory { .. } => "OTHER_LABORATORY",
            },
            Self::UploadTooLarge { .. } => "UPLOAD_TOO_LARGE",
            Self::MessageTooLarge { .. } => "MESSAGE_TOO_LARGE",
            Self::TooManyUploads { .. } => "TOO_MANY_UPLOADS",
            Self::Idle { .. } => "UPLOAD_STALLED",
            Self::NotTaken { .. } => "ANSWER_STALLED",
            Self::Room { .. } => "NO_ROOM",
            Self::Deadline => "DEADLINE_PASSED",
            Self::Cancelled => "CANCELLED",
            Self::Stopping { .. } => "SERVER_STOPPING",
            Self::Stream { .. } => "STREAM_BROKEN",
            Self::Store { source } => reason_of_store(source),
            Self::Signature { .. } => "STORE_DAMAGED",
            Self::Weight { .. } | Self::Panicked => "INTERNAL",
            Self::Audit { .. } => "AUDIT_FAILED",
            Self::NoAudit => "NO_AUDIT",
        }
    }

    /// Whether the operator has to look after it.
    pub(super) fn is_the_servers(&self) -> bool {
        matches!(self.code(), Code::Internal | Code::DataLoss)
    }

    /// The whole chain in one line.
    pub(super) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        text
    }

    /// What the client is told: of the server's own faults no paths and no names of files.
    pub(super) fn message(&self) -> String {
        match self.code() {
            Code::Internal => "the server failed: its log says why".to_owned(),
            Code::DataLoss => {
                "the store is damaged: the server's log says where, `casemark store verify` finds all"
                    .to_owned()
            }
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::InvalidArgument
            | Code::DeadlineExceeded
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Unavailable
            | Code::Unauthenticated => self.chain(),
        }
    }

    /// What was to be more than may be.
    fn limited(&self) -> Option<String> {
        if let Self::Room { what, .. } = self {
            return Some(what.to_string());
        }
        if let Self::TooManyUploads { .. } = self {
            return Some("batch".to_owned());
        }
        if let Self::MessageTooLarge { .. } = self {
            return Some("message".to_owned());
        }
        if let Self::UploadTooLarge { field, .. } | Self::Format { field, .. } = self
            && self.code() == Code::ResourceExhausted
        {
            return Some((*field).to_owned());
        }
        None
    }

    /// When the client may come back.
    fn retry_after(&self) -> Option<Duration> {
        if let Self::Room { retry_after, .. } | Self::Stopping { retry_after } = self {
            return Some(*retry_after);
        }
        None
    }

    /// The field at fault, where there is one.
    fn at(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Field { field, .. } => Some(field.clone()),
            Self::Format { field, source } => Some(match fault_of_file(source) {
                FileFault::Malformed => (*field).into(),
                FileFault::Statement(option) => format!("{field}.options.{option}").into(),
                FileFault::Limit => return None,
            }),
            Self::Mark { field, .. } | Self::Quality { field, .. } => Some((*field).into()),
            Self::Length { field, .. } => Some(format!("{field}.size_bytes").into()),
            Self::Sha256 { field, .. } => Some(format!("{field}.sha256").into()),
            Self::RequestIdReused => Some("metadata.request_id".into()),
            Self::Refused { refusal: Refusal::OtherLaboratory { .. } } => {
                Some("metadata.exhibit.laboratory".into())
            }
            Self::Store { source: StoreError::Metadata { source } } => {
                Some(field_of_metadata(source).into())
            }
            Self::Order { .. }
            | Self::Compare { .. }
            | Self::Purged { .. }
            | Self::Refused { .. }
            | Self::UploadTooLarge { .. }
            | Self::MessageTooLarge { .. }
            | Self::TooManyUploads { .. }
            | Self::Idle { .. }
            | Self::NotTaken { .. }
            | Self::Room { .. }
            | Self::Deadline
            | Self::Cancelled
            | Self::Stopping { .. }
            | Self::Stream { .. }
            | Self::Store { .. }
            | Self::Signature { .. }
            | Self::Weight { .. }
            | Self::Panicked
            | Self::Audit { .. }
            | Self::NoAudit => None,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}

impl From<CompareError> for Fault {
    fn from(source: CompareError) -> Self {
        Self::Compare { source }
    }
}

impl From<ExhibitsError> for Fault {
    fn from(error: ExhibitsError) -> Self {
        match error {
            ExhibitsError::NoMark => Self::field("query.marks", Problem::NotShown),
            ExhibitsError::Search(error) => error.into(),
            ExhibitsError::Weight(source) => Self::Weight { source: Box::new(source) },
        }
    }
}

impl From<SearchError> for Fault {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Stopped { .. } => Self::Cancelled,
            SearchError::Store(source) | SearchError::Gallery(GalleryError::Store(source)) => {
                Self::Store { source }
            }
            SearchError::Compare(error) => error.into(),
            // Questions and entries are made by one indexer.
            SearchError::Index(_) | SearchError::Gallery(_) => Self::Panicked,
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { refusal }
    }
}

/// What the client is told of a fault.
pub(super) fn status(fault: &Fault, request_id: &str) -> Status {
    let message = fault.message();
    let mut details = ErrorDetails::new();
    details.set_request_info(request_id, "");
    details.set_error_info(fault.reason(), DOMAIN, [] as [(String, String); 0]);
    if let Some(field) = fault.at() {
        details.add_bad_request_violation(field, &message);
    }
    if let Some(limited) = fault.limited() {
        details.add_quota_failure_violation(limited, &message);
    }
    if let Some(retry_after) = fault.retry_after() {
        details.set_retry_info(Some(retry_after));
    }
    let mut metadata = MetadataMap::new();
    if let Ok(value) = request_id.parse() {
        metadata.insert(REQUEST_ID, value);
    }
    Status::with_error_details_and_metadata(fault.code(), message, details, metadata)
}

/// Whose fault it is that a file was not read.
enum FileFault {
    /// The file's: malformed or of an unsupported kind.
    Malformed,
    /// A limit.
    Limit,
    /// The client has to state this option.
    Statement(&'static str),
}

fn fault_of_file(error: &FormatError) -> FileFault {
    match error {
        FormatError::EmptyFile
        | FormatError::UnknownFormat { .. }
        | FormatError::Container { .. }
        | FormatError::Entry { .. }
        | FormatError::PackedSize { .. }
        | FormatError::UnpackedSize { .. }
        | FormatError::UnsafeEntryName { .. }
        | FormatError::DuplicateEntries
        | FormatError::ManifestMissing
        | FormatError::ManifestNotUnique { .. }
        | FormatError::EntryMissing { .. }
        | FormatError::ManifestEncoding { .. }
        | FormatError::ManifestSyntax { .. }
        | FormatError::ManifestDtd
        | FormatError::ManifestRoot { .. }
        | FormatError::ElementMissing { .. }
        | FormatError::ElementNotUnique { .. }
        | FormatError::ElementInvalid { .. }
        | FormatError::Checksum { .. }
        | FormatError::ChecksumSyntax { .. }
        | FormatError::DataSize { .. }
        | FormatError::SpacingNotPositive { .. }
        | FormatError::SpacingImplausible { .. }
        | FormatError::TooFewValid { .. }
        | FormatError::CutJpeg
        | FormatError::Surface { .. }
        | FormatError::Image { .. }
        | FormatError::Tiff { .. }
        | FormatError::Encrypted { .. }
        | FormatError::Compression { .. }
        | FormatError::Profile
        | FormatError::PointCloud
        | FormatError::DataList
        | FormatError::Layers { .. }
        | FormatError::AbsoluteAxis { .. }
        | FormatError::Mask { .. }
        | FormatError::MaskSize { .. }
        | FormatError::HeaderCut { .. }
        | FormatError::FieldMissing { .. }
        | FormatError::FieldNotUnique { .. }
        | FormatError::FieldInvalid { .. }
        | FormatError::SampleText { .. }
        | FormatError::SampleCount { .. }
        | FormatError::Stream { .. }
        | FormatError::StudiableType { .. }
        | FormatError::RegionsShape { .. }
        | FormatError::MaskUnwritable { .. }
        | FormatError::SampleType { .. }
        | FormatError::NotTopography => FileFault::Malformed,
        FormatError::FileTooLarge { .. }
        | FormatError::TooManyEntries { .. }
        | FormatError::EntryTooLarge { .. }
        | FormatError::ContainerTooLarge { .. }
        | FormatError::UnpackingRatio { .. }
        | FormatError::ManifestDepth { .. }
        | FormatError::ManifestNodes { .. }
        | FormatError::TooManySamples { .. } => FileFault::Limit,
        FormatError::SpacingNotMetres { .. }
        | FormatError::SpacingNotMicrometres { .. }
        | FormatError::HeightsNotMetres { .. }
        | FormatError::HeightsNotMicrometres { .. } => FileFault::Statement("length_unit"),
        FormatError::SpacingMissing { .. } => FileFault::Statement("spacing_um"),
        FormatError::HeightUnitMissing => FileFault::Statement("height_unit"),
    }
}

fn code_of_store(error: &StoreError) -> Code {
    match error {
        StoreError::ObjectDamaged { .. }
        | StoreError::ObjectMissing { .. }
        | StoreError::Record { .. }
        | StoreError::IndexEntry { .. }
        | StoreError::Dangling { .. } => Code::DataLoss,
        StoreError::Metadata { .. }
        | StoreError::NoShare { .. }
        | StoreError::Ambiguous { .. }
        | StoreError::Empty { .. } => Code::InvalidArgument,
        StoreError::NotFound { .. } => Code::NotFound,
        StoreError::Withdrawn { .. }
        | StoreError::SignatureMissing { .. }
        | StoreError::ExhibitDiffers { .. }
        | StoreError::FirearmDiffers { .. } => Code::FailedPrecondition,
        StoreError::WriteFailedBefore => Code::Unavailable,
        StoreError::Stopped { .. } => Code::Cancelled,
        StoreError::ForeignFolder { .. }
        | StoreError::Manifest { .. }
        | StoreError::FormatUnsupported { .. }
        | StoreError::NotAStore { .. }
        | StoreError::Locked { .. }
        | StoreError::Io { .. }
        | StoreError::Index { .. } => Code::Internal,
    }
}

fn reason_of_store(error: &StoreError) -> &'static str {
    match error {
        StoreError::ObjectDamaged { .. }
        | StoreError::ObjectMissing { .. }
        | StoreError::Record { .. }
        | StoreError::IndexEntry { .. }
        | StoreError::Dangling { .. } => "STORE_DAMAGED",
        StoreError::Metadata { .. } | StoreError::NoShare { .. } => "FIELD_INVALID",
        StoreError::Ambiguous { .. } => "AMBIGUOUS",
        StoreError::Empty { .. } => "FILE_UNUSABLE",
        StoreError::NotFound { .. } => "NOT_FOUND",
        StoreError::Withdrawn { .. } => "WITHDRAWN",
        StoreError::SignatureMissing { .. } => "SIGNATURE_MISSING",
        StoreError::ExhibitDiffers { .. } => "EXHIBIT_DIFFERS",
        StoreError::FirearmDiffers { .. } => "FIREARM_DIFFERS",
        StoreError::WriteFailedBefore => "WRITE_FAILED_BEFORE",
        StoreError::Stopped { .. } => "CANCELLED",
        StoreError::ForeignFolder { .. }
        | StoreError::Manifest { .. }
        | StoreError::FormatUnsupported { .. }
        | StoreError::NotAStore { .. }
        | StoreError::Locked { .. }
        | StoreError::Io { .. }
        | StoreError::Index { .. } => "STORE_FAILED",
    }
}

/// The field of the contract that the store's word means.
pub(super) fn field_of_metadata(error: &MetadataError) -> &'static str {
    match error {
        MetadataError::Empty { field }
        | MetadataError::Padded { field }
        | MetadataError::ControlCharacter { field }
        | MetadataError::TooLong { field, .. } => match *field {
            "laboratory" => "metadata.exhibit.laboratory",
            "case number" => "metadata.exhibit.case_number",
            "label" => "metadata.exhibit.label",
            "calibre" => "metadata.exhibit.calibre",
            "firearm" => "metadata.exhibit.firearm",
            "firearm label" => "metadata.exhibit.firearm.label",
            "firearm make" => "metadata.exhibit.firearm.make",
            "firearm model" => "metadata.exhibit.firearm.model",
            "notes" => "metadata.exhibit.notes",
            "name of the original" => "metadata.upload.file_name",
            other => other,
        },
        MetadataError::UnknownCountry { .. } => "metadata.exhibit.country",
        MetadataError::IncidentAfterEntry { .. } => "metadata.exhibit.incident",
        MetadataError::TooEarly { .. } => "time",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn a_client_is_told_the_field_and_the_request() {
        let fault = Fault::missing("metadata.exhibit");
        let status = status(&fault, "01a2");
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let violations = &details.bad_request().unwrap().field_violations;
        assert_eq!(violations[0].field, "metadata.exhibit");
        assert_eq!(details.request_info().unwrap().request_id, "01a2");
        assert_eq!(status.metadata().get(REQUEST_ID).unwrap(), "01a2");
    }

    #[test]
    fn a_client_is_not_told_where_the_store_lies() {
        let source = std::io::Error::other("disk on fire");
        let path = PathBuf::from("/secret/place");
        let fault = Fault::Store { source: StoreError::Io { operation: "read", path, source } };
        let status = status(&fault, "1");
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("secret"), "{}", status.message());
        assert!(fault.chain().contains("/secret/place: disk on fire"), "{}", fault.chain());
    }

    #[test]
    fn a_full_server_says_when_to_come_back() {
        let retry_after = Duration::from_secs(2);
        let status = status(&Fault::Room { what: Room::Searches, retry_after }, "1");
        assert_eq!(status.code(), Code::ResourceExhausted);
        let retry = status.get_error_details().retry_info().cloned().unwrap();
        assert_eq!(retry.retry_delay, Some(retry_after));
    }
}
