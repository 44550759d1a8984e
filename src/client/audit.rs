//! Reading a server's audit log.

use super::call::{Client, Repeat, call};
use super::convert;
use super::error::{Cause, ClientError};
use crate::audit::{Checkpoint, Entry, Query};
use crate::service::pb::admin_service_client::AdminServiceClient;

/// From where a page of the log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditPlace {
    /// From this entry on.
    Entry(u64),
    /// From where the page before ended.
    Token(String),
}

/// Some of the entries that a query chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// In the order of the log.
    pub entries: Vec<Entry>,
    /// From where to go on; `None` at the end of the log.
    pub next: Option<AuditPlace>,
    /// The log when the page was read, for keeping elsewhere.
    pub checkpoint: Checkpoint,
}

impl Client {
    /// Entries of the audit log that a query chooses, from a place on, at most so many.
    ///
    /// # Errors
    /// The server keeps no log, refuses or cannot be asked.
    pub async fn audit(
        &self,
        query: &Query,
        place: &AuditPlace,
        limit: usize,
    ) -> Result<AuditPage, ClientError> {
        call!(self, Repeat::Harmless, {
            let mut client = AdminServiceClient::new(self.channel.clone())
                .max_decoding_message_size(super::call::MESSAGE_LIMIT);
            let mut request = convert::audit_query(query);
            request.page_size = i32::try_from(limit).unwrap_or(i32::MAX);
            match place {
                AuditPlace::Entry(from) => request.from_index = *from,
                AuditPlace::Token(token) => request.page_token.clone_from(token),
            }
            let answer = client.query_audit(self.request(request)).await?.into_inner();
            let entries = answer.entries.into_iter().map(convert::audit_entry);
            let token = answer.next_page_token;
            Ok(AuditPage {
                entries: entries.collect::<Result<_, Cause>>()?,
                next: (!token.is_empty()).then_some(AuditPlace::Token(token)),
                checkpoint: convert::parsed("checkpoint", &answer.checkpoint)?,
            })
        })
    }
}
