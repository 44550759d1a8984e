//! Comparing many pairs at a server.
//!
//! Pairs go by stream, each of as many scans as a server keeps at once; a scan is loaded when its turn comes and sent before
//! the first pair that needs it. A scan that cannot be used ends its stream; which one it was is found by asking for the
//! signature of each.

use super::call::{Client, MESSAGE_LIMIT, Repeat, call};
use super::convert;
use super::error::{Cause, ClientError};
use super::upload::Upload;
use crate::report::{Figures, Provenance};
use crate::service::pb;
use crate::service::pb::batch_service_client::BatchServiceClient;
use crate::service::pb::batch_service_compare_request::Content;
use crate::service::pb::batch_service_compare_response::Result as Answer;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Scans of a group: a stream carries the pairs of two, and a server keeps 256 scans of a stream unless told otherwise.
const GROUP: usize = 100;

/// Loads a scan.
pub type Load<E> = Arc<dyn Fn(usize) -> Result<Upload, E> + Send + Sync>;

/// Pairs to compare: which scans, by the number that [`Load`] knows them by, questioned first.
#[derive(Clone, Debug, Default)]
pub struct BatchPairs {
    /// In the order of their answers.
    pub pairs: Vec<[usize; 2]>,
}

/// A pair that was compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Its place among the pairs.
    pub place: usize,
    /// What was found.
    pub figures: Figures,
    /// Of what it is.
    pub provenance: Provenance,
}

/// Why a batch has no answer.
#[derive(Debug, thiserror::Error)]
pub enum BatchFault<E> {
    /// A scan that could not be loaded.
    #[error("a scan could not be loaded")]
    Load(E),
    /// The server refused the stream; with a scan at fault, [`Client::extract`] says which.
    #[error(transparent)]
    Stream(#[from] ClientError),
    /// A pair that cannot be compared.
    #[error("{message}")]
    Pair {
        /// Its place among the pairs.
        place: usize,
        /// Why, in the server's words.
        message: String,
    },
}

impl<E> BatchFault<E> {
    /// Whether a scan that was sent is at fault.
    #[must_use]
    pub fn is_of_a_scan(&self) -> bool {
        matches!(self, Self::Stream(error) if error.is_of_a_scan())
    }
}

/// Pairs that share a stream, in the order in which they are sent.
fn streams(pairs: &[[usize; 2]]) -> Vec<Vec<usize>> {
    let mut streams: BTreeMap<[usize; 2], Vec<usize>> = BTreeMap::new();
    for (place, scans) in pairs.iter().enumerate() {
        let mut groups = scans.map(|scan| scan / GROUP);
        groups.sort_unstable();
        streams.entry(groups).or_default().push(place);
    }
    let mut streams: Vec<Vec<usize>> = streams.into_values().collect();
    // By the questioned scan, which the server keeps ready from one pair to the next.
    streams.iter_mut().for_each(|places| places.sort_by_key(|&place| (pairs[place][0], place)));
    streams
}

impl Client {
    /// Compares pairs and tells of each as it comes. A stream that is interrupted because the server has no room is asked
    /// for anew, and tells of its pairs again.
    ///
    /// # Errors
    /// A scan that cannot be loaded, a pair that cannot be compared, a server that refuses or cannot be asked.
    pub async fn batch<E: Send + 'static>(
        &self,
        pairs: &BatchPairs,
        load: &Load<E>,
        mut told: impl FnMut(Compared),
    ) -> Result<(), BatchFault<E>> {
        for places in streams(&pairs.pairs) {
            let unloaded = Arc::new(Mutex::new(None));
            let mut failure = None;
            let result = call!(self, Repeat::Harmless, {
                let contents = contents(&pairs.pairs, &places, load, &unloaded);
                let messages = contents
                    .map(|content| pb::BatchServiceCompareRequest { content: Some(content) });
                let mut client = BatchServiceClient::new(self.channel.clone())
                    .max_decoding_message_size(MESSAGE_LIMIT);
                let request = self.request(tokio_stream::iter(messages));
                let mut answers = client.compare(request).await?.into_inner();
                let mut left = places.len();
                while let Some(answer) = answers.message().await? {
                    let place = convert::parsed("pair_id", &answer.pair_id)?;
                    if !places.contains(&place) {
                        return Err(Cause::Answer { field: "pair_id" });
                    }
                    left = left.saturating_sub(1);
                    match answer.result {
                        Some(Answer::Comparison(comparison)) => {
                            let figures = comparison.figures.as_ref().map(convert::figures);
                            let field = "comparison.figures";
                            told(Compared {
                                place,
                                figures: figures.ok_or(Cause::Answer { field })?,
                                provenance: convert::provenance(&comparison)?,
                            });
                        }
                        Some(Answer::Failure(reason)) => {
                            failure = Some((place, reason.message));
                            return Ok(());
                        }
                        None => return Err(Cause::Answer { field: "result" }),
                    }
                }
                if left == 0 || lock(&unloaded).is_some() {
                    return Ok(());
                }
                Err(Cause::Unfinished { what: "batch", wanted: "last answers" })
            });
            if let Some(error) = lock(&unloaded).take() {
                return Err(BatchFault::Load(error));
            }
            result.map_err(BatchFault::Stream)?;
            if let Some((place, message)) = failure {
                return Err(BatchFault::Pair { place, message });
            }
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The messages of a stream; ends early with a scan that cannot be loaded, which is left in `unloaded`.
fn contents<E: Send + 'static>(
    pairs: &[[usize; 2]],
    places: &[usize],
    load: &Load<E>,
    unloaded: &Arc<Mutex<Option<E>>>,
) -> impl Iterator<Item = Content> + Send + use<E> {
    let name = |scan: usize| scan.to_string();
    let side = move |scan: usize| {
        let scan = pb::batch_scan::Scan::UploadName(name(scan));
        Some(pb::BatchScan { scan: Some(scan) })
    };
    // Scans, each before the first pair that needs it.
    enum Step {
        Scan(usize),
        Pair(Content),
    }
    let mut sent = BTreeSet::new();
    let mut steps = Vec::new();
    for &place in places {
        let [questioned, reference] = pairs[place];
        for scan in [questioned, reference] {
            if sent.insert(scan) {
                steps.push(Step::Scan(scan));
            }
        }
        steps.push(Step::Pair(Content::Pair(pb::BatchPair {
            pair_id: place.to_string(),
            questioned: side(questioned),
            reference: side(reference),
            omit_cells: true,
        })));
    }
    let (load, unloaded) = (Arc::clone(load), Arc::clone(unloaded));
    let messages = move |step: Step| -> Option<Box<dyn Iterator<Item = Content> + Send>> {
        let scan = match step {
            Step::Pair(pair) => return Some(Box::new(std::iter::once(pair))),
            Step::Scan(scan) => scan,
        };
        match load(scan) {
            Ok(upload) => {
                let (head, chunks) = (Some(upload.head()), upload.chunks());
                let head = Content::Upload(pb::BatchUpload { name: name(scan), upload: head });
                Some(Box::new(std::iter::once(head).chain(chunks.map(Content::Chunk))))
            }
            Err(error) => {
                *lock(&unloaded) = Some(error);
                None
            }
        }
    };
    steps.into_iter().map_while(messages).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stream_has_more_scans_than_a_server_keeps_and_every_pair_is_in_one() {
        let scans = 2 * GROUP + 7;
        let pairs: Vec<[usize; 2]> =
            (0..scans).flat_map(|one| (one + 1..scans).map(move |two| [one, two])).collect();
        let streams = streams(&pairs);
        let mut places: Vec<usize> = streams.concat();
        places.sort_unstable();
        assert!(places.into_iter().eq(0..pairs.len()));
        for places in streams {
            let scans: BTreeSet<usize> = places.iter().flat_map(|&place| pairs[place]).collect();
            assert!(scans.len() <= 2 * GROUP);
        }
    }
}
