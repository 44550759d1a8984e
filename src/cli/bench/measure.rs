//! Searches with a clock, and what they lose.

use super::super::Context;
use super::super::args::Harm;
use super::super::library::Searching;
use super::planted::{Planted, harmed};
use super::references::{References, entered};
use super::report::{Audit, Recall, StageTime, Timing};
use crate::decoy::DecoyMaker;
use crate::decoy::impostors::{ImpostorScore, ImpostorTest, compare};
use crate::gallery::Snapshot;
use crate::index::{Indexer, Question};
use crate::search::{
    Advance, Candidate, Depth, Observer, Query, Questioned, Search, SearchResult, Stage,
};
use crate::store::{Filter, ScanId};
use crate::surface::Kind;
use anyhow::Context as _;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::time::Instant;

/// Questioned scans that read the index together where only what is found matters.
const TOGETHER: usize = 16;
/// Places that are looked at; mates come on top of them.
pub(super) const PLACES: usize = 50;
/// References that are searched at full depth too.
pub(super) const EXHAUSTIVE: u64 = 1000;
/// Decoys whose scores are tested.
const TESTED: u64 = 2000;
const RESAMPLES: usize = 1000;

/// Counts the time of each stage.
struct Clock {
    last: Instant,
    seconds: [f64; 3],
}

impl Observer for Clock {
    fn progress(&mut self, advance: Advance, _best: &[Candidate]) {
        let now = Instant::now();
        let stage = match advance.stage {
            Stage::Index => 0,
            Stage::Registration => 1,
            Stage::Comparison => 2,
        };
        self.seconds[stage] += now.duration_since(self.last).as_secs_f64();
        self.last = now;
    }
}

/// What all measurements need.
pub(super) struct Bench<'a> {
    pub(super) context: &'a Context,
    pub(super) searching: &'a Searching,
    pub(super) indexer: &'a Indexer,
    pub(super) planted: &'a [Planted],
    pub(super) references: &'a References<'a>,
    pub(super) snapshot: Snapshot,
    pub(super) seed: u64,
}

impl Bench<'_> {
    fn search(&self) -> Search<'_> {
        Search {
            engine: &self.context.engine,
            indexer: Some(self.indexer),
            cascade: &self.searching.cascade,
            references: &self.snapshot,
            signatures: self.references,
            pool: None,
        }
    }

    fn questioned(&self, number: usize, harm: Harm) -> anyhow::Result<Questioned> {
        let planted = &self.planted[number];
        let signature = harmed(self.context, planted, harm, self.seed)?;
        Questioned::new(&self.context.engine, self.indexer, &signature)
            .with_context(|| planted.name.clone())
    }

    /// Searches one by one, from the signature on: the mean of all.
    pub(super) fn time(&self, numbers: &[usize]) -> anyhow::Result<Timing> {
        let filter = Filter::default();
        let query = Query { filter: &filter, top: 20, depth: Depth::Cascade };
        let (mut ready, mut seconds, mut counts) = (0.0, [0.0; 3], [0; 3]);
        for number in numbers {
            let signature = harmed(self.context, &self.planted[*number], Harm::Turned, self.seed)?;
            let started = Instant::now();
            let questioned = Questioned::new(&self.context.engine, self.indexer, &signature)?;
            let mut clock = Clock { last: Instant::now(), seconds: [0.0; 3] };
            ready += clock.last.duration_since(started).as_secs_f64();
            let found = self.search().run(&query, &questioned, &mut clock)?;
            let summary = &found.summary;
            counts =
                [summary.records_searched, summary.records_registered, summary.records_compared];
            for (total, seconds) in seconds.iter_mut().zip(clock.seconds) {
                *total += seconds;
            }
        }
        let searches = numbers.len() as f64;
        let threads = rayon::current_num_threads() as f64;
        let names = ["index", "registration", "comparison"];
        let stages = names.into_iter().zip(counts).zip(seconds).map(|((stage, records), total)| {
            let seconds = total / searches;
            let rate = records as f64 / seconds / threads;
            StageTime { stage, records, seconds, references_per_second_and_core: rate }
        });
        Ok(Timing {
            records: self.references.records(),
            ready_seconds: ready / searches,
            search_seconds: (ready + seconds.iter().sum::<f64>()) / searches,
            stages: stages.collect(),
        })
    }

    /// Seconds a search of so many together.
    pub(super) fn time_batch(&self, count: usize) -> anyhow::Result<f64> {
        let filter = Filter::default();
        let query = Query { filter: &filter, top: 20, depth: Depth::Cascade };
        let started = Instant::now();
        let numbers: Vec<usize> = (0..count).map(|number| number % self.planted.len()).collect();
        for together in numbers.chunks(TOGETHER) {
            let ready: Vec<Questioned> = together
                .par_iter()
                .map(|number| self.questioned(*number, Harm::None))
                .collect::<Result<_, _>>()?;
            let ready: Vec<&Questioned> = ready.iter().collect();
            self.search().run_many(&query, &ready, &mut |_: Advance| ())?;
        }
        Ok(started.elapsed().as_secs_f64() / count as f64)
    }

    /// Searches for planted scans, harmed so, and looks where their mates are.
    pub(super) fn recall(
        &self,
        numbers: &[usize],
        harm: Harm,
        mut step: impl FnMut(u64),
    ) -> anyhow::Result<Recall> {
        let filter = Filter::default();
        let most_mates = numbers.iter().map(|number| self.mates(*number).len()).max();
        let top = PLACES + most_mates.unwrap_or_default() + 1;
        let query = Query { filter: &filter, top, depth: Depth::Cascade };
        let mut recall = Recall::new(harm, numbers.len());
        for together in numbers.chunks(TOGETHER) {
            let ready: Vec<Questioned> = together
                .par_iter()
                .map(|number| self.questioned(*number, harm))
                .collect::<Result<_, _>>()?;
            let ready: Vec<&Questioned> = ready.iter().collect();
            let found = self.search().run_many(&query, &ready, &mut |_: Advance| ())?;
            for ((number, ready), found) in together.iter().zip(ready).zip(&found) {
                let question = ready.question().context("it was made for the index")?;
                recall.question(question.measured_share());
                for (mate, place) in self.places(*number, found) {
                    recall.add(place);
                    if place.is_none_or(|place| place >= PLACES) {
                        recall.losses.push(self.loss(*number, mate, ready, found, top)?);
                    }
                }
            }
            step(together.len() as u64);
        }
        recall.finish();
        Ok(recall)
    }

    /// Scans of the same source as a planted one.
    pub(super) fn mates(&self, number: usize) -> Vec<ScanId> {
        let asked = &self.planted[number];
        let mates = self.planted.iter().enumerate().filter(|(other, planted)| {
            *other != number && planted.source == asked.source && planted.group == asked.group
        });
        mates.map(|(other, _)| self.references.planted[other]).collect()
    }

    /// How many references of other sources stand before each mate; `None` where it was not found.
    fn places(&self, number: usize, found: &SearchResult) -> Vec<(ScanId, Option<usize>)> {
        let (mates, itself) = (self.mates(number), self.references.planted[number]);
        let (mut others, mut places) = (0, BTreeMap::new());
        for candidate in &found.candidates {
            if mates.contains(&candidate.scan) {
                places.insert(candidate.scan, others);
            } else if candidate.scan != itself {
                others += 1;
            }
        }
        mates.into_iter().map(|mate| (mate, places.get(&mate).copied())).collect()
    }

    /// Searches the first references at both depths and holds one against the other.
    pub(super) fn audit(&self, numbers: &[usize]) -> anyhow::Result<Option<Audit>> {
        if numbers.is_empty() {
            return Ok(None);
        }
        let records = EXHAUSTIVE.min(self.references.records());
        let filter = Filter { entered_before: Some(entered(records)), ..Filter::default() };
        let mut audit = Audit { records, questions: numbers.len(), ..Audit::default() };
        let mut seconds = 0.0;
        for number in numbers {
            let questioned = self.questioned(*number, Harm::Turned)?;
            let started = Instant::now();
            let query = Query { filter: &filter, top: records as usize, depth: Depth::Exhaustive };
            let every = self.search().run(&query, &questioned, &mut |_: Advance| ())?;
            seconds += started.elapsed().as_secs_f64();
            let query = Query { top: 20, depth: Depth::Cascade, ..query };
            let some = self.search().run(&query, &questioned, &mut |_: Advance| ())?;
            let full: BTreeMap<ScanId, &Candidate> =
                every.candidates.iter().map(|candidate| (candidate.scan, candidate)).collect();
            for candidate in &some.candidates {
                audit.compared += 1;
                audit.same += usize::from(full.get(&candidate.scan) == Some(&candidate));
            }
            let found = |result: &SearchResult| {
                let places = self.places(*number, result).into_iter();
                places.filter(|(_, place)| *place == Some(0)).count()
            };
            audit.mates += self.mates(*number).len();
            audit.mates_first += found(&every);
            audit.mates_first_by_cascade += found(&some);
        }
        audit.references_per_second = (records * numbers.len() as u64) as f64 / seconds;
        Ok(Some(audit))
    }

    /// The scores of an index with real references of other sources against those with decoys, study by study.
    pub(super) fn impostors(
        &self,
        indexer: &Indexer,
        maker: &DecoyMaker,
        decoys: u64,
    ) -> anyhow::Result<BTreeMap<String, ImpostorTest>> {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, planted) in self.planted.iter().enumerate() {
            groups.entry(&planted.group).or_default().push(number);
        }
        let extraction = self.context.engine.parameters().extraction_digest();
        let mut tests = BTreeMap::new();
        for (group, members) in groups {
            let of_group = |number: &u64| self.planted[maker.base(*number)].group == group;
            let numbers: Vec<u64> = (0..decoys.min(TESTED)).filter(of_group).collect();
            let mut block = indexer.block(Kind::Topography, extraction);
            let mut sources = Vec::new();
            for member in &members {
                block.push(&indexer.entry(&self.planted[*member].signature))?;
                sources.push(self.planted[*member].source.clone());
            }
            let entries: Vec<_> =
                numbers.par_iter().map(|number| indexer.entry(&maker.signature(*number))).collect();
            for (number, entry) in numbers.iter().zip(&entries) {
                block.push(entry)?;
                sources.push(format!("decoy {number}"));
            }
            let scored = members
                .par_iter()
                .map_init(
                    || indexer.workspace(),
                    |workspace, member| {
                        let question: Question = indexer.question(&self.planted[*member].signature);
                        indexer.score_block(&[&question], &block, workspace)
                    },
                )
                .collect::<Result<Vec<_>, _>>()?;
            let (mut real, mut made) = (Vec::new(), Vec::new());
            for (member, scores) in members.iter().zip(scored) {
                let scores = scores.into_iter().flatten().zip(&sources).enumerate();
                for (place, (likeness, source)) in scores {
                    let score = likeness.map_or(0.0, |likeness| f64::from(likeness.score));
                    let score = ImpostorScore { source: source.clone(), score };
                    if place >= members.len() {
                        made.push(score);
                    } else if *source != self.planted[*member].source {
                        real.push(score);
                    }
                }
            }
            // A study of one source, or a handful of decoys, cannot be tested.
            if let Ok(test) = compare(&real, &made, RESAMPLES, self.seed) {
                tests.insert(group.to_owned(), test);
            }
        }
        Ok(tests)
    }
}
