//! Comparing two scans at a server, and looking at one.

use super::call::{Client, MESSAGE_LIMIT, Repeat, call};
use super::convert;
use super::error::{Cause, ClientError};
use super::upload::{ScanSource, Upload};
use crate::calibration::WeightReport;
use crate::report::ComparisonReport;
use crate::service::pb;
use crate::service::pb::compare_request::Content;
use crate::service::pb::comparison_service_client::ComparisonServiceClient;
use crate::service::pb::extract_request::Content as Extract;
use crate::service::pb::extraction_service_client::ExtractionServiceClient;

impl Client {
    /// Compares a questioned scan with a reference, with every cell, and what it weighs by the server's calibration; a server of an
    /// earlier version does not say.
    ///
    /// # Errors
    /// The server refuses a scan or cannot be asked.
    pub async fn compare(
        &self,
        questioned: &ScanSource,
        reference: &ScanSource,
    ) -> Result<(ComparisonReport, Option<WeightReport>), ClientError> {
        call!(self, Repeat::Harmless, {
            let head = |content| std::iter::once(content);
            let contents = head(Content::Questioned(questioned.head()))
                .chain(questioned.chunks().map(Content::Chunk))
                .chain(head(Content::Reference(reference.head())))
                .chain(reference.chunks().map(Content::Chunk));
            let messages = contents.map(|content| pb::CompareRequest { content: Some(content) });
            let mut client = ComparisonServiceClient::new(self.channel.clone())
                .max_decoding_message_size(MESSAGE_LIMIT);
            let request = self.request(tokio_stream::iter(messages));
            let answer = client.compare(request).await?.into_inner();
            let comparison = answer.comparison.ok_or(Cause::Answer { field: "comparison" })?;
            let weight = answer.weight.map(convert::weight).transpose()?;
            Ok((convert::comparison(comparison)?, weight))
        })
    }

    /// Asks whether a signature can be had from a scan.
    ///
    /// # Errors
    /// The server refuses the scan or cannot be asked.
    pub async fn extract(&self, upload: &Upload) -> Result<(), ClientError> {
        call!(self, Repeat::Harmless, {
            let contents = std::iter::once(Extract::Upload(upload.head()))
                .chain(upload.chunks().map(Extract::Chunk));
            let messages = contents.map(|content| pb::ExtractRequest { content: Some(content) });
            let mut client = ExtractionServiceClient::new(self.channel.clone());
            client.extract(self.request(tokio_stream::iter(messages))).await?;
            Ok(())
        })
    }
}
