//! How do chunks become a file, and what stops one that never ends?
//!
//! An [`Assembly`] takes chunks up to the stated length, the server's limit, and what all files together may hold in memory;
//! [`Inbound`] waits for the next message no longer than the limit, and reads no faster than a laboratory may send. A length or hash that was stated and is not what came is
//! an error. What was held is given back when the [`Upload`] is dropped.

use super::convert;
use super::flow::Flow;
use super::limits::Limits;
use super::pb;
use super::room::Room;
use super::status::{Fault, Problem};
use crate::digest::Digest;
use crate::format::ReadOptions;
use crate::surface::MarkKind;
use prost::bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Code, Streaming};

/// Most bytes of one chunk.
pub(super) const CHUNK_LIMIT: usize = 1 << 20;

/// Bytes that may be held in memory.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: Arc<Semaphore>,
    limit: usize,
    retry_after: Duration,
}

impl Budget {
    pub(super) fn new(bytes: u64, retry_after: Duration) -> Self {
        let limit = usize::try_from(bytes).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { bytes: Arc::new(Semaphore::new(limit)), limit, retry_after }
    }

    /// Sets bytes aside, if there are enough.
    pub(super) fn take(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Fault> {
        let wanted = u32::try_from(bytes).ok();
        let permit =
            wanted.and_then(|wanted| Arc::clone(&self.bytes).try_acquire_many_owned(wanted).ok());
        permit.ok_or(Fault::Room { what: Room::Files, retry_after: self.retry_after })
    }

    /// Bytes set aside at present.
    pub(super) fn held(&self) -> u64 {
        (self.limit - self.bytes.available_permits().min(self.limit)) as u64
    }
}

/// A file that came whole.
#[derive(Debug)]
pub(super) struct Upload {
    /// The field of the contract that it came by.
    pub(super) field: &'static str,
    pub(super) file_name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) options: ReadOptions,
    pub(super) sha256: Digest,
    _held: OwnedSemaphorePermit,
}

/// A file that is coming.
#[derive(Debug)]
pub(super) struct Assembly {
    field: &'static str,
    file_name: String,
    stated_bytes: Option<u64>,
    stated_sha256: Option<Digest>,
    options: ReadOptions,
    /// The mark that is meant, where that is stated.
    mark: Option<MarkKind>,
    limit: u64,
    held: OwnedSemaphorePermit,
    bytes: Vec<u8>,
}

impl Assembly {
    /// Opens an upload that came by this field.
    pub(super) fn open(
        field: &'static str,
        upload: pb::ScanUpload,
        limit: u64,
        budget: &Budget,
    ) -> Result<Self, Fault> {
        let pb::ScanUpload { file_name, size_bytes, sha256, options, mark } = upload;
        if let Some(stated) = size_bytes
            && stated > limit
        {
            return Err(Fault::UploadTooLarge { field, limit });
        }
        let stated_sha256 = sha256
            .map(|text| {
                let name = format!("{field}.sha256");
                text.parse().map_err(|_| Fault::field(name, Problem::NotADigest))
            })
            .transpose()?;
        let options = convert::read_options(field, options, limit)?;
        let mark = convert::any_mark(format!("{field}.mark"), mark)?;
        Ok(Self {
            field,
            file_name,
            stated_bytes: size_bytes,
            stated_sha256,
            options,
            mark,
            limit,
            held: budget.take(0)?,
            bytes: Vec::new(),
        })
    }

    /// The mark that is meant, where that is stated.
    pub(super) const fn mark(&self) -> Option<MarkKind> {
        self.mark
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, chunk: &[u8], budget: &Budget) -> Result<(), Fault> {
        let (field, limit) = (self.field, self.limit);
        if chunk.is_empty() || chunk.len() > CHUNK_LIMIT {
            let (found, wanted) = (chunk.len(), "1 to 1048576");
            return Err(Fault::field("chunk", Problem::Bytes { found, wanted }));
        }
        let found = (self.bytes.len() + chunk.len()) as u64;
        if let Some(stated) = self.stated_bytes
            && found > stated
        {
            return Err(Fault::Length { field, stated, found });
        }
        if found > limit {
            return Err(Fault::UploadTooLarge { field, limit });
        }
        self.held.merge(budget.take(chunk.len() as u64)?);
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// The file, if it is the one that was stated. Hashes it, so this is work.
    pub(super) fn finish(self) -> Result<Upload, Fault> {
        let (field, found) = (self.field, self.bytes.len() as u64);
        if let Some(stated) = self.stated_bytes
            && stated != found
        {
            return Err(Fault::Length { field, stated, found });
        }
        let sha256 = Digest::of(&self.bytes);
        if let Some(stated) = self.stated_sha256
            && stated != sha256
        {
            return Err(Fault::Sha256 { field, stated, found: sha256 });
        }
        Ok(Upload {
            field,
            file_name: self.file_name,
            bytes: self.bytes,
            options: self.options,
            sha256,
            _held: self.held,
        })
    }
}

/// Messages from the client, each waited for no longer than the limit.
#[derive(Debug)]
pub(super) struct Inbound<T> {
    stream: Streaming<T>,
    idle: Duration,
    message_bytes: usize,
    flow: Arc<Flow>,
    account: String,
}

impl<T> Inbound<T> {
    /// Those of this account, as fast as it may send.
    pub(super) fn new(
        stream: Streaming<T>,
        limits: &Limits,
        (flow, account): (Arc<Flow>, String),
    ) -> Self {
        let (idle, message_bytes) = (limits.upload_idle, limits.message_bytes);
        Self { stream, idle, message_bytes, flow, account }
    }

    /// The next message; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<T>, Fault> {
        match tokio::time::timeout(self.idle, self.stream.message()).await {
            Ok(Ok(message)) => Ok(message),
            // What tonic says of a message beyond its limit.
            Ok(Err(status)) if status.code() == Code::OutOfRange => {
                Err(Fault::MessageTooLarge { limit: self.message_bytes })
            }
            Ok(Err(status)) => Err(Fault::Stream { status: Box::new(status) }),
            Err(_) => Err(Fault::Idle { idle: self.idle }),
        }
    }
}

/// A message of an upload, taken apart.
pub(super) enum Part<H> {
    /// The next bytes.
    Chunk(Bytes),
    /// Anything else.
    Head(H),
}

/// A message of a call that uploads.
pub(super) trait Message: Sized {
    /// What it may hold besides a chunk.
    type Head;

    /// What it holds; `None` for nothing that this version knows.
    fn part(self) -> Option<Part<Self::Head>>;
}

macro_rules! messages {
    ($($message:ident in $content:path { $($head:ident),+ };)+) => {
        $(impl Message for pb::$message {
            type Head = $content;

            fn part(self) -> Option<Part<Self::Head>> {
                use $content as Content;
                Some(match self.content? {
                    Content::Chunk(bytes) => Part::Chunk(bytes),
                    $(head @ Content::$head(_) => Part::Head(head),)+
                })
            }
        })+
    };
}

messages! {
    ExtractRequest in pb::extract_request::Content { Upload };
    CompareRequest in pb::compare_request::Content { Questioned, Reference };
    EnrolRequest in pb::enrol_request::Content { Metadata };
    SearchRequest in pb::search_request::Content { Query };
    BatchServiceCompareRequest in pb::batch_service_compare_request::Content { Upload, Pair };
}

const EMPTY: &str = "a message without content";

impl<T: Message> Inbound<T> {
    /// The next message, which is no chunk; `None` after the last.
    pub(super) async fn head(&mut self, wanted: &'static str) -> Result<Option<T::Head>, Fault> {
        match self.next().await?.map(Message::part) {
            None => Ok(None),
            Some(Some(Part::Head(head))) => Ok(Some(head)),
            Some(Some(Part::Chunk(_))) => Err(Fault::Order { found: "a chunk", wanted }),
            Some(None) => Err(Fault::Order { found: EMPTY, wanted }),
        }
    }

    /// All chunks of an upload, and the message after them, if there is one.
    pub(super) async fn chunks(
        &mut self,
        mut assembly: Assembly,
        budget: &Budget,
    ) -> Result<(Assembly, Option<T::Head>), Fault> {
        loop {
            match self.next().await?.map(Message::part) {
                None => return Ok((assembly, None)),
                Some(Some(Part::Head(head))) => return Ok((assembly, Some(head))),
                Some(Some(Part::Chunk(bytes))) => {
                    assembly.push(&bytes, budget)?;
                    let wait = self.flow.wait(&self.account, bytes.len(), Instant::now());
                    if !wait.is_zero() {
                        tokio::time::sleep(wait).await;
                    }
                }
                Some(None) => return Err(Fault::Order { found: EMPTY, wanted: "a chunk" }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(budget: &Budget, stated: Option<u64>) -> Result<Assembly, Fault> {
        let upload = pb::ScanUpload { size_bytes: stated, ..Default::default() };
        Assembly::open("upload", upload, 10, budget)
    }

    #[test]
    fn a_file_that_lies_about_its_length_is_refused_as_soon_as_that_is_known() {
        let budget = Budget::new(100, Duration::ZERO);
        let mut longer = open(&budget, Some(3)).unwrap();
        longer.push(b"abc", &budget).unwrap();
        assert_eq!(longer.push(b"d", &budget).unwrap_err().code(), Code::InvalidArgument);
        let mut shorter = open(&budget, Some(3)).unwrap();
        shorter.push(b"ab", &budget).unwrap();
        let fault = shorter.finish().unwrap_err();
        assert_eq!(fault.to_string(), "upload was stated to have 3 bytes, 2 came");
    }

    #[test]
    fn no_file_and_no_crowd_of_files_is_larger_than_its_limit() {
        let budget = Budget::new(15, Duration::ZERO);
        assert_eq!(open(&budget, Some(11)).unwrap_err().code(), Code::ResourceExhausted);
        let mut one = open(&budget, None).unwrap();
        one.push(&[0; 10], &budget).unwrap();
        assert_eq!(one.push(&[0; 1], &budget).unwrap_err().reason(), "UPLOAD_TOO_LARGE");
        let mut other = open(&budget, None).unwrap();
        assert_eq!(other.push(&[0; 6], &budget).unwrap_err().reason(), "NO_ROOM");
        assert_eq!(budget.held(), 10);
        drop(one);
        other.push(&[0; 6], &budget).unwrap();
        drop(other);
        assert_eq!(budget.held(), 0);
    }
}
