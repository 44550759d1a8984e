//! How much may clients ask of the service at once?
//!
//! Every queue, buffer and wait has a bound here; what is beyond it is refused with an error that says when to come
//! back, and memory does not grow. Not for what a single file may hold, which is [`crate::format::Limits`].

use super::gate::Rpc;
use std::num::NonZeroUsize;
use std::time::Duration;

/// Bounds of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Bytes of one uploaded file.
    pub upload_bytes: u64,
    /// Bytes a second of all uploads of one laboratory, once as many have come as one file may have. Who is faster waits.
    pub upload_bytes_per_s_per_laboratory: u64,
    /// Bytes of all files held in memory at once, uploads and downloads together.
    pub held_bytes: u64,
    /// Longest wait for the next message of an upload, and for a client to take the next of an answer.
    pub upload_idle: Duration,
    /// Longest call other than those below, whatever deadline the client sets.
    pub longest_request: Duration,
    /// Longest search, batch, verification or download.
    pub longest_search: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// Calls at once, streams included.
    pub calls: usize,
    /// Those of one laboratory.
    pub calls_per_laboratory: usize,
    /// Streams at once on one connection.
    pub streams_per_connection: u32,
    /// Threads that compute for each search that runs, and as many for everything else.
    pub threads: NonZeroUsize,
    /// Searches that run at once.
    pub searches: usize,
    /// Searches that wait for their turn.
    pub searches_waiting: usize,
    /// Searches of one laboratory that run or wait.
    pub searches_per_laboratory: usize,
    /// Candidates of one search.
    pub candidates: usize,
    /// Records on one page of a list or of the audit log.
    pub page: usize,
    /// Other pieces of work (extractions, comparisons, writes, verifications) that run at once.
    pub jobs: usize,
    /// Other pieces of work that wait for their turn.
    pub jobs_waiting: usize,
    /// Uploads that one batch keeps.
    pub batch_uploads: usize,
    /// Pairs of one batch that are read ahead of the answers.
    pub batch_ahead: usize,
    /// How long work in flight may go on once the server is told to stop.
    pub grace: Duration,
    /// When a refused client may come back.
    pub retry_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        const MEBI: u64 = 1 << 20;
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self {
            message_bytes: 4 << 20,
            upload_bytes: 256 * MEBI,
            upload_bytes_per_s_per_laboratory: 64 * MEBI,
            held_bytes: 512 * MEBI,
            upload_idle: Duration::from_secs(30),
            longest_request: Duration::from_secs(300),
            longest_search: Duration::from_secs(3600),
            connections: 1024,
            connections_per_address: 256,
            calls: 1024,
            calls_per_laboratory: 256,
            streams_per_connection: 32,
            threads,
            searches: 2,
            searches_waiting: 64,
            searches_per_laboratory: 4,
            candidates: 1000,
            page: 500,
            jobs: threads.get() + 1,
            jobs_waiting: 64,
            batch_uploads: 256,
            batch_ahead: threads.get() + 1,
            grace: Duration::from_secs(30),
            retry_after: Duration::from_secs(2),
        }
    }
}

impl Limits {
    /// Longest call of this kind.
    pub(super) const fn longest(&self, rpc: Rpc) -> Duration {
        match rpc {
            Rpc::Search | Rpc::BatchCompare | Rpc::Verify | Rpc::Download => self.longest_search,
            Rpc::Extract
            | Rpc::Compare
            | Rpc::Enrol
            | Rpc::Get
            | Rpc::List
            | Rpc::Withdraw
            | Rpc::Share
            | Rpc::Statistics
            | Rpc::QueryAudit
            | Rpc::Reflection => self.longest_request,
        }
    }
}
