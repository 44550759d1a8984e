//! Entering scans into a server's store, several at once.
//!
//! An enrolment is named by what it is (the file, its metadata), so that one that is asked for again is known to the server
//! as the same.

use super::call::{Client, Repeat, call};
use super::convert;
use super::error::{Cause, ClientError};
use super::upload::Upload;
use crate::digest::Digest;
use crate::quality::Finding;
use crate::service::pb::enrol_request::Content;
use crate::service::{pb, words};
use crate::store::{Enrolled, ExhibitMetadata, MarkKind, Outcome};
use prost::Message as _;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// A scan to enter.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// What is known of the exhibit: with a label, that of the same laboratory, case number and label.
    pub exhibit: ExhibitMetadata,
    /// Which mark was scanned.
    pub mark: MarkKind,
    /// The file; its name is kept.
    pub upload: Upload,
    /// Where a person says that the mark is.
    pub correction: Option<Correction>,
}

/// Where a person says that the mark of a scan is.
#[derive(Clone, Debug)]
pub struct Correction {
    /// The part of every sample, a PNG of the scan's size: see [`crate::format::write_regions`].
    pub regions: Vec<u8>,
    /// From what it comes: circles, or a file and its SHA-256.
    pub how: String,
}

impl Enrolment {
    /// What goes before the chunks. The same enrolment has the same identifier, on every machine and at any time.
    fn head(&self) -> pb::EnrolMetadata {
        let unnamed = pb::EnrolMetadata {
            request_id: String::new(),
            exhibit: Some(convert::exhibit(&self.exhibit)),
            mark: words::mark(self.mark).into(),
            upload: Some(self.upload.head()),
            correction: self.correction.as_ref().map(|Correction { regions, how }| {
                pb::MarkCorrection { regions: regions.clone().into(), how: how.clone() }
            }),
        };
        let request_id = Digest::of(&unnamed.encode_to_vec()).to_string();
        pb::EnrolMetadata { request_id, ..unnamed }
    }

    /// Whether it matters which of two is entered first: one file, one exhibit, one firearm.
    fn hangs_on(&self, other: &Self) -> bool {
        let (one, two) = (&self.exhibit, &other.exhibit);
        let label = |exhibit: &ExhibitMetadata| exhibit.firearm.clone().and_then(|gun| gun.label);
        let exhibit =
            one.label.is_some() && one.label == two.label && one.case_number == two.case_number;
        let firearm = label(one).is_some() && label(one) == label(two);
        self.upload.sha256() == other.upload.sha256()
            || (one.laboratory == two.laboratory && (exhibit || firearm))
    }
}

/// What became of a scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {
    /// Where it is in the store.
    pub enrolled: Enrolled,
    /// How sure the engine is of the parts of a whole head, 0 to 1; `None` where the scan is cropped to its mark.
    pub confidence: Option<f64>,
    /// What an examiner should know of the mark, the worst first.
    pub findings: Vec<Finding>,
}

/// Work under way; given up when dropped.
struct Work(JoinHandle<Result<Entered, ClientError>>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    /// Enters a scan; what was answered is safe on the server's disk.
    ///
    /// # Errors
    /// The server refuses the scan or its metadata, or cannot be asked.
    pub async fn enrol(&self, enrolment: &Enrolment) -> Result<Entered, ClientError> {
        call!(self, Repeat::Harmless, {
            let contents = std::iter::once(Content::Metadata(enrolment.head()))
                .chain(enrolment.upload.chunks().map(Content::Chunk));
            let messages = contents.map(|content| pb::EnrolRequest { content: Some(content) });
            let request = self.request(tokio_stream::iter(messages));
            let answer = self.references().enrol(request).await?.into_inner();
            let enrolled = Enrolled {
                exhibit: convert::parsed("exhibit_id", &answer.exhibit_id)?,
                mark: convert::parsed("mark_id", &answer.mark_id)?,
                scan: convert::parsed("scan_id", &answer.scan_id)?,
                outcome: match answer.outcome() {
                    pb::EnrolOutcome::New => Outcome::New,
                    pb::EnrolOutcome::Duplicate => Outcome::Duplicate,
                    pb::EnrolOutcome::Corrected => Outcome::Corrected,
                    pb::EnrolOutcome::Unspecified => {
                        return Err(Cause::Answer { field: "outcome" });
                    }
                },
            };
            let confidence = answer.confidence;
            let findings = answer.findings.into_iter().map(convert::finding);
            Ok(Entered { enrolled, confidence, findings: findings.collect::<Result<_, _>>()? })
        })
    }

    /// Enters scans, at most so many at once, and tells of each in the order in which they come. Those of one exhibit, of
    /// one firearm or of one file are entered one after the other, so that the outcome does not depend on their speed.
    ///
    /// # Errors
    /// What `done` says: it decides whether a scan that was refused ends the rest.
    pub async fn enrol_all<K, E>(
        &self,
        enrolments: impl IntoIterator<Item = (K, Enrolment)>,
        at_once: usize,
        mut done: impl FnMut(K, Result<Entered, ClientError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut enrolments = enrolments.into_iter();
        let mut flying: VecDeque<(K, Arc<Enrolment>, Work)> = VecDeque::new();
        let mut next = enrolments.next();
        loop {
            while let Some((key, enrolment)) = next.take() {
                let waits = flying.iter().any(|(_, other, _)| enrolment.hangs_on(other));
                if waits || flying.len() >= at_once.max(1) {
                    next = Some((key, enrolment));
                    break;
                }
                let (client, enrolment) = (self.clone(), Arc::new(enrolment));
                let what = Arc::clone(&enrolment);
                let work = tokio::spawn(async move { client.enrol(&what).await });
                flying.push_back((key, enrolment, Work(work)));
                next = enrolments.next();
            }
            let Some((key, _, mut work)) = flying.pop_front() else { return Ok(()) };
            // A task is only ever aborted together with this one.
            let result = (&mut work.0).await;
            let result = result.unwrap_or_else(|_| Err(Cause::Interrupted.at(self.server())));
            done(key, result)?;
        }
    }
}
