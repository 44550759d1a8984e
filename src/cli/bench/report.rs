//! What was measured, as JSON and as tables.

use super::super::args::Harm;
use super::super::output::table;
use super::loss::Loss;
use super::measure::PLACES;
use crate::decoy::impostors::ImpostorTest;
use crate::digest::Digest;
use clap::ValueEnum as _;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One stage of a search.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StageTime {
    pub(super) stage: &'static str,
    pub(super) records: u64,
    pub(super) seconds: f64,
    pub(super) references_per_second_and_core: f64,
}

/// A search of so many records.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Timing {
    pub(super) records: u64,
    /// To make the questioned signature ready.
    pub(super) ready_seconds: f64,
    /// All of it, from the signature on.
    pub(super) search_seconds: f64,
    pub(super) stages: Vec<StageTime>,
}

/// Where the mates of questioned scans are.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Recall {
    pub(super) harm: String,
    pub(super) questions: usize,
    pub(super) mates: usize,
    /// Share of mates with no reference of another source before them.
    pub(super) recall_at_1: f64,
    /// With fewer than ten.
    pub(super) recall_at_10: f64,
    /// With fewer than fifty.
    pub(super) recall_at_50: f64,
    /// The share with fewer than fifty, without those mates that full depth cannot have there either.
    pub(super) recall_at_50_of_full_depth: f64,
    /// Mates that were not among the candidates.
    pub(super) lost: usize,
    /// Measured share of the disc that the index looks at: least, median and greatest of the questioned marks.
    pub(super) measured_shares: [f64; 3],
    /// Each mate with fifty or more before it.
    pub(super) losses: Vec<Loss>,
    #[serde(skip)]
    places: Vec<Option<usize>>,
    #[serde(skip)]
    shares: Vec<f64>,
}

impl Recall {
    pub(super) fn new(harm: Harm, questions: usize) -> Self {
        let harm = harm.to_possible_value().map(|value| value.get_name().to_owned());
        Self {
            harm: harm.unwrap_or_default(),
            questions,
            mates: 0,
            recall_at_1: 0.0,
            recall_at_10: 0.0,
            recall_at_50: 0.0,
            recall_at_50_of_full_depth: 0.0,
            lost: 0,
            measured_shares: [0.0; 3],
            losses: Vec::new(),
            places: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// A questioned mark of which so much is measured.
    pub(super) fn question(&mut self, measured_share: f64) {
        self.shares.push(measured_share);
    }

    pub(super) fn add(&mut self, place: Option<usize>) {
        self.places.push(place);
    }

    pub(super) fn finish(&mut self) {
        let within = |places: &[Option<usize>], most| {
            let found = places.iter().filter(|place| place.is_some_and(|place| place < most));
            found.count() as f64 / places.len().max(1) as f64
        };
        self.mates = self.places.len();
        self.shares.sort_by(f64::total_cmp);
        let last = self.shares.len().saturating_sub(1);
        let at = |place: usize| self.shares.get(place).copied().unwrap_or_default();
        self.measured_shares = [at(0), at(last / 2), at(last)];
        self.lost = self.places.iter().filter(|place| place.is_none()).count();
        self.recall_at_1 = within(&self.places, 1);
        self.recall_at_10 = within(&self.places, 10);
        self.recall_at_50 = within(&self.places, PLACES);
        let beyond = self.losses.iter().filter(|loss| loss.beyond_full_depth()).count();
        let possible = self.mates - beyond;
        self.recall_at_50_of_full_depth = if possible > 0 {
            (self.mates - self.losses.len()) as f64 / possible as f64
        } else {
            1.0
        };
    }

    /// Of several together.
    pub(super) fn joined(recalls: &[Self]) -> Self {
        let mut joined = Self::new(Harm::None, recalls.iter().map(|recall| recall.questions).sum());
        joined.losses = recalls.iter().flat_map(|recall| recall.losses.clone()).collect();
        joined.shares = recalls.iter().flat_map(|recall| recall.shares.clone()).collect();
        joined.places = recalls.iter().flat_map(|recall| recall.places.clone()).collect();
        joined.finish();
        joined
    }
}

/// The cascade against full depth, on the same references.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Audit {
    pub(super) records: u64,
    pub(super) questions: usize,
    /// Candidates of the cascade.
    pub(super) compared: usize,
    /// Of these, those that full depth gives in the same bytes.
    pub(super) same: usize,
    pub(super) mates: usize,
    /// Mates that full depth puts before every reference of another source.
    pub(super) mates_first: usize,
    /// And the cascade.
    pub(super) mates_first_by_cascade: usize,
    /// References a second, each compared in full.
    pub(super) references_per_second: f64,
}

/// Many questions at once.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Batch {
    pub(super) questions: usize,
    /// Of each, extraction aside.
    pub(super) seconds_a_question: f64,
    /// Of one alone, the same work.
    pub(super) alone_seconds: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    pub(super) engine_version: &'static str,
    pub(super) parameters_digest: Digest,
    pub(super) cascade_digest: Digest,
    pub(super) seed: u64,
    pub(super) threads: usize,
    pub(super) records: u64,
    pub(super) planted: usize,
    pub(super) decoys: u64,
    pub(super) stored: bool,
    pub(super) build_seconds: f64,
    pub(super) build_per_second: f64,
    /// Signature, record, original and index; of the index alone where decoys are not stored.
    pub(super) disk_bytes_per_reference: f64,
    pub(super) memory_bytes_per_reference: f64,
    pub(super) peak_memory_bytes: Option<u64>,
    pub(super) search_seconds: f64,
    pub(super) stages: Vec<StageTime>,
    pub(super) scaling: Vec<Timing>,
    /// Seconds of a search: these, and so many more a reference.
    pub(super) fixed_seconds: f64,
    pub(super) microseconds_per_reference: f64,
    pub(super) batch: Batch,
    /// Of searches for scans as they are and turned, together.
    pub(super) recall_at_1: f64,
    pub(super) recall_at_10: f64,
    pub(super) recall_at_50: f64,
    pub(super) recall: Vec<Recall>,
    pub(super) exhaustive: Option<Audit>,
    /// By plain masked correlation at every rotation and centre.
    pub(super) impostor_test: BTreeMap<String, ImpostorTest>,
    /// By the score that the index ranks by, in which short waves count more.
    pub(super) impostor_test_emphasised: BTreeMap<String, ImpostorTest>,
}

impl Report {
    /// For people.
    pub(super) fn describe(&self) -> String {
        let mut text = String::new();
        let facts = [
            ("records", format!("{} ({} planted)", self.records, self.planted)),
            (
                "built",
                format!("{:.0} s, {:.0} a second", self.build_seconds, self.build_per_second),
            ),
            ("disk, bytes a reference", format!("{:.0}", self.disk_bytes_per_reference)),
            ("memory, bytes a reference", format!("{:.0}", self.memory_bytes_per_reference)),
            (
                "memory at its peak, MiB",
                self.peak_memory_bytes
                    .map_or_else(|| "-".to_owned(), |bytes| (bytes >> 20).to_string()),
            ),
            ("a search", format!("{:.3} s", self.search_seconds)),
            (
                "in the number of references",
                format!(
                    "{:.3} s and {:.2} us a reference",
                    self.fixed_seconds, self.microseconds_per_reference
                ),
            ),
            (
                "one of many at once",
                format!(
                    "{:.3} s of {} questions, {:.3} s alone",
                    self.batch.seconds_a_question, self.batch.questions, self.batch.alone_seconds
                ),
            ),
        ];
        let facts = facts.into_iter().map(|(what, value)| vec![what.to_owned(), value]);
        text += &table(&["what", "measured"], facts.collect());
        let scaling = self.scaling.iter().flat_map(|timing| {
            timing.stages.iter().map(|stage| {
                vec![
                    timing.records.to_string(),
                    stage.stage.to_owned(),
                    stage.records.to_string(),
                    format!("{:.3}", stage.seconds),
                    format!("{:.0}", stage.references_per_second_and_core),
                ]
            })
        });
        let header = ["records", "stage", "references", "seconds", "a second and core"];
        text += &table(&header, scaling.collect());
        let recall = self.recall.iter().map(|recall| {
            vec![
                recall.harm.clone(),
                recall.questions.to_string(),
                recall.mates.to_string(),
                format!("{:.4}", recall.recall_at_1),
                format!("{:.4}", recall.recall_at_10),
                format!("{:.4}", recall.recall_at_50),
                format!("{:.4}", recall.recall_at_50_of_full_depth),
                recall.lost.to_string(),
            ]
        });
        let header =
            ["harm", "questions", "mates", "at 1", "at 10", "at 50", "of full depth", "lost"];
        text += &table(&header, recall.collect());
        let emphasised = self
            .impostor_test_emphasised
            .iter()
            .map(|(group, test)| (format!("{group}, emphasised"), test));
        let plain = self.impostor_test.iter().map(|(group, test)| (group.clone(), test));
        let tests = plain.chain(emphasised).map(|(group, test)| {
            let quantiles = |of: &crate::decoy::impostors::Quantiles| {
                format!("{:.3} {:.3} {:.3} {:.3}", of.median, of.q90, of.q99, of.greatest)
            };
            vec![
                group,
                quantiles(&test.real),
                quantiles(&test.decoys),
                format!("{:.3}", test.statistic),
                format!("{:.3}", test.p_value),
            ]
        });
        let header = ["impostors of", "real: 50 90 99 % max", "decoys", "difference", "p"];
        text += &table(&header, tests.collect());
        if let Some(audit) = &self.exhaustive {
            let _ = writeln!(
                text,
                "At full depth, {} questions among {} references: {} of {} candidates the same to the byte; of {} mates {} first, by the cascade {}; {:.0} references a second.",
                audit.questions,
                audit.records,
                audit.same,
                audit.compared,
                audit.mates,
                audit.mates_first,
                audit.mates_first_by_cascade,
                audit.references_per_second
            );
        }
        text
    }
}
