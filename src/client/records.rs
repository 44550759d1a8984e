//! Reading and withdrawing records of a server's store.

use super::call::{Client, MESSAGE_LIMIT, Repeat, call};
use super::convert;
use super::error::{Cause, ClientError};
use crate::digest::Digest;
use crate::service::pb::download_response::Content;
use crate::service::pb::reference_service_client::ReferenceServiceClient;
use crate::service::pb::withdraw_request::Subject as Named;
use crate::service::{pb, words};
use crate::store::{
    Case, CaseId, Country, ExhibitId, Filter, Firearm, FirearmId, Mark, Said, Scan, ScanId,
    Sharing, Subject,
};
use jiff::Timestamp;
use jiff::civil::Date;
use tonic::transport::Channel;

/// Records of a page.
const PAGE: i32 = 1000;

/// A scan with all that it hangs on, as far as the contract tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The scan.
    pub scan: Scan,
    /// The mark it shows.
    pub mark: Mark,
    /// The exhibit that bears the mark.
    pub exhibit: Exhibit,
    /// The exhibit's case.
    pub case: Option<Case>,
    /// The firearm the exhibit comes from.
    pub firearm: Option<Firearm>,
    /// How its mark was found.
    pub said: Said,
    /// Why it is withdrawn, itself or its exhibit.
    pub withdrawal: Option<Withdrawal>,
}

/// A cartridge case: [`crate::store::Exhibit`] without the time of its entry, which the contract does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// Identifies it.
    pub id: ExhibitId,
    /// The case it belongs to, if any.
    pub case: Option<CaseId>,
    /// The firearm it comes from, if known.
    pub firearm: Option<FirearmId>,
    /// The laboratory that entered it.
    pub laboratory: String,
    /// What that laboratory calls it within the case.
    pub label: Option<String>,
    /// Where it was found.
    pub country: Option<Country>,
    /// Calibre, as the laboratory writes it.
    pub calibre: Option<String>,
    /// Date of the incident, if known.
    pub incident: Option<Date>,
    /// Free notes.
    pub notes: Option<String>,
}

/// A tombstone, of the scan or of its exhibit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// An original file, or the picture of the parts of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its name.
    pub file_name: String,
    /// Its content, hashed on arrival.
    pub bytes: Vec<u8>,
}

impl Client {
    pub(super) fn references(&self) -> ReferenceServiceClient<Channel> {
        ReferenceServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_LIMIT)
    }

    /// The record of a scan, withdrawn or not.
    ///
    /// # Errors
    /// The server has none, refuses or cannot be asked.
    pub async fn record(&self, scan: ScanId) -> Result<Record, ClientError> {
        call!(self, Repeat::Harmless, {
            let request = self.request(pb::GetRequest { scan_id: scan.to_string() });
            let answer = self.references().get(request).await?.into_inner();
            convert::record(answer.record.ok_or(Cause::Answer { field: "record" })?)
        })
    }

    /// Every record that a filter chooses and that is not withdrawn, in the order of identifiers.
    ///
    /// # Errors
    /// The server refuses or cannot be asked.
    pub async fn records(
        &self,
        filter: &Filter,
        mut visit: impl FnMut(Record),
    ) -> Result<(), ClientError> {
        let filter = convert::filter(filter).map_err(|cause| cause.at(self.server()))?;
        let mut page_token = String::new();
        loop {
            let page = call!(self, Repeat::Harmless, {
                let request = self.request(pb::ListRequest {
                    filter: Some(filter.clone()),
                    page_size: PAGE,
                    page_token: page_token.clone(),
                });
                let page = self.references().list(request).await?.into_inner();
                let records: Result<Vec<Record>, Cause> =
                    page.records.into_iter().map(convert::record).collect();
                Ok((records?, page.next_page_token))
            });
            let (records, next) = page?;
            records.into_iter().for_each(&mut visit);
            if next.is_empty() {
                return Ok(());
            }
            page_token = next;
        }
    }

    /// Gives an own exhibit a sharing policy of its own, or takes it away: then that of its laboratory holds.
    ///
    /// # Errors
    /// It is not there, withdrawn or another laboratory's; the server refuses or cannot be asked.
    pub async fn share(
        &self,
        exhibit: ExhibitId,
        sharing: Option<&Sharing>,
    ) -> Result<Timestamp, ClientError> {
        call!(self, Repeat::Harmless, {
            let request = self.request(pb::ShareRequest {
                exhibit_id: exhibit.to_string(),
                sharing: sharing.map(words::sharing),
            });
            let answer = self.references().share(request).await?.into_inner();
            convert::time("shared_time", answer.shared_time)
        })
    }

    /// Takes an exhibit or a scan out of every search, for ever. Never asked twice.
    ///
    /// # Errors
    /// It is not there or withdrawn already; the server refuses or cannot be asked.
    pub async fn withdraw(&self, subject: Subject, reason: &str) -> Result<Timestamp, ClientError> {
        call!(self, Repeat::Never, {
            let named = match subject {
                Subject::Scan(id) => Named::ScanId(id.to_string()),
                Subject::Exhibit(id) => Named::ExhibitId(id.to_string()),
            };
            let reason = reason.to_owned();
            let request = self.request(pb::WithdrawRequest { subject: Some(named), reason });
            let answer = self.references().withdraw(request).await?.into_inner();
            convert::time("withdrawn_time", answer.withdrawn_time)
        })
    }

    /// The original file of a scan, byte for byte.
    ///
    /// # Errors
    /// The server has none, refuses or cannot be asked; what came is not what was announced.
    pub async fn download(&self, scan: ScanId) -> Result<Download, ClientError> {
        self.fetch(scan, pb::DownloadContent::Unspecified).await
    }

    /// The parts of a whole head by which its mark was found, as a PNG: as a person said, or else, or where `automatic` is
    /// wanted, as the engine found them.
    ///
    /// # Errors
    /// As [`Client::download`]; nothing is kept of how the mark was found.
    pub async fn parts(&self, scan: ScanId, automatic: bool) -> Result<Download, ClientError> {
        let automatic = match automatic {
            true => pb::DownloadContent::AutomaticParts,
            false => pb::DownloadContent::Parts,
        };
        self.fetch(scan, automatic).await
    }

    async fn fetch(
        &self,
        scan: ScanId,
        content: pb::DownloadContent,
    ) -> Result<Download, ClientError> {
        call!(self, Repeat::Harmless, {
            let content = content.into();
            let request = self.request(pb::DownloadRequest { scan_id: scan.to_string(), content });
            let mut contents = self.references().download(request).await?.into_inner();
            let first = contents.message().await?.and_then(|message| message.content);
            let Some(Content::Info(info)) = first else {
                return Err(Cause::Answer { field: "info" });
            };
            let wanted: Digest = convert::parsed("info.sha256", &info.sha256)?;
            let mut bytes = Vec::new();
            while let Some(message) = contents.message().await? {
                let Some(Content::Chunk(chunk)) = message.content else {
                    return Err(Cause::Answer { field: "chunk" });
                };
                bytes.extend_from_slice(&chunk);
                if bytes.len() as u64 > info.size_bytes {
                    return Err(Cause::Answer { field: "info.size_bytes" });
                }
            }
            let found = Digest::of(&bytes);
            if found != wanted {
                return Err(Cause::Sha256 { found, wanted });
            }
            Ok(Download { file_name: info.file_name, bytes })
        })
    }
}
