//! Counting and checking a server's store.

use super::call::{Client, Repeat, call};
use super::error::{Cause, ClientError};
use crate::service::pb;
use crate::service::pb::admin_service_client::AdminServiceClient;
use crate::service::pb::verify_response::Event;
use crate::store::{Progress, Statistics};

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Whether everything is as it was written.
    pub sound: bool,
    /// Objects read and hashed.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Originals and signatures that no scan in use refers to.
    pub unused: u64,
    /// What is not as it was written, in words.
    pub findings: Vec<String>,
    /// Findings beyond those.
    pub unlisted: u64,
}

impl Client {
    /// How much is in the store.
    ///
    /// # Errors
    /// The server refuses or cannot be asked.
    pub async fn statistics(&self) -> Result<Statistics, ClientError> {
        call!(self, Repeat::Harmless, {
            let mut client = AdminServiceClient::new(self.channel.clone());
            let request = self.request(pb::StatisticsRequest {});
            let pb::StatisticsResponse {
                cases,
                firearms,
                exhibits,
                marks,
                scans,
                scans_withdrawn,
                signatures,
                locations,
                corrections,
                records,
                original_bytes,
                signature_bytes,
                mask_bytes,
                record_bytes,
                ..
            } = client.statistics(request).await?.into_inner();
            Ok(Statistics {
                cases,
                firearms,
                exhibits,
                marks,
                scans,
                scans_withdrawn,
                signatures,
                locations,
                corrections,
                records,
                original_bytes,
                signature_bytes,
                mask_bytes,
                record_bytes,
            })
        })
    }

    /// Has every object of the store read; hears how far that is.
    ///
    /// # Errors
    /// The server refuses or cannot be asked; a verification that ends without its report.
    pub async fn verify(
        &self,
        mut progress: impl FnMut(Progress),
    ) -> Result<Verification, ClientError> {
        call!(self, Repeat::Harmless, {
            let mut client = AdminServiceClient::new(self.channel.clone())
                .max_decoding_message_size(super::call::MESSAGE_LIMIT);
            let request = self.request(pb::VerifyRequest {});
            let mut events = client.verify(request).await?.into_inner();
            while let Some(message) = events.message().await? {
                match message.event {
                    Some(Event::Progress(now)) => {
                        let (done, total) = (now.objects_done, now.objects_total);
                        progress(Progress { done, total });
                    }
                    Some(Event::Report(report)) => {
                        let pb::VerifyReport { sound, objects, bytes, unused, .. } = report;
                        let (findings, unlisted) = (report.findings, report.unlisted);
                        return Ok(Verification {
                            sound,
                            objects,
                            bytes,
                            unused,
                            findings,
                            unlisted,
                        });
                    }
                    None => {}
                }
            }
            Err(Cause::Unfinished { what: "verification", wanted: "report" })
        })
    }
}
