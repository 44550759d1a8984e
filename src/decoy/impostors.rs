//! Do decoys score as sources do that are not the questioned one's?
//!
//! [`compare`] holds the scores of questioned scans with real references of other sources against those with decoys: the
//! two-sample Kolmogorov-Smirnov statistic, its p-value and quantiles.
//!
//! Pairs that share a scan are not independent: scans of one source score alike. So the p-value does not come from
//! Kolmogorov's distribution, which would take each pair for news, but from a cluster bootstrap: the *sources* of references
//! are drawn again with replacement, each with all its scores, in either sample; a decoy is a source of its own. What is
//! counted is how often the difference of the two distribution functions moves away from what was observed by as much as
//! that is away from none (Efron and Tibshirani 1993, chapter 16). One source fewer is drawn than there are, which makes up
//! for a bootstrap's too small variance (McCarthy and Snowden 1985). It holds for the questioned scans that there are,
//! which both samples share, and takes the references' sources as independent. With few sources (four, say) it is rough,
//! and it sees no difference that is small against how sources differ: look at the quantiles, too.

use crate::simulate::{Part, Stream};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;

/// One questioned scan against one reference.
#[derive(Clone, Debug, PartialEq)]
pub struct ImpostorScore {
    /// Label of the reference's source; of a decoy, whatever is its own.
    pub source: String,
    /// The score; higher is more alike.
    pub score: f64,
}

/// What a sample of scores looks like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantiles {
    /// Number of scores.
    pub scores: usize,
    /// Number of sources of references among them.
    pub sources: usize,
    /// As many are below as above.
    pub median: f64,
    /// One in ten is above.
    pub q90: f64,
    /// One in a hundred is above.
    pub q99: f64,
    /// The greatest.
    pub greatest: f64,
}

/// Two samples of scores against each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ImpostorTest {
    /// Greatest difference of the two distribution functions, 0 to 1.
    pub statistic: f64,
    /// Share of resamples that differ at least as much when nothing but chance makes them.
    pub p_value: f64,
    /// Number of resamples.
    pub resamples: usize,
    /// Real references of other sources.
    pub real: Quantiles,
    /// Decoys.
    pub decoys: Quantiles,
}

/// Scores that cannot be tested.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImpostorError {
    /// A sample has fewer than two sources of references.
    #[error("the {sample} scores are of {found} sources, wanted at least 2")]
    TooFewSources {
        /// "real" or "decoy".
        sample: &'static str,
        /// What was found.
        found: usize,
    },
    /// A score is not a number.
    #[error("a {sample} score with {source_label} is not finite")]
    NotFinite {
        /// "real" or "decoy".
        sample: &'static str,
        /// Label of the reference's source.
        source_label: String,
    },
}

/// Tests whether both samples are of one distribution. Cost: resamples times scores, shared among rayon's threads; the
/// same on any number of them.
///
/// # Errors
/// Fewer than two sources in a sample, or a score that is not finite.
pub fn compare(
    real: &[ImpostorScore],
    decoys: &[ImpostorScore],
    resamples: usize,
    seed: u64,
) -> Result<ImpostorTest, ImpostorError> {
    let (real, decoys) = (Sample::new(real, "real")?, Sample::new(decoys, "decoy")?);
    let samples = [&real, &decoys];
    // Every score with its sample and source, ascending.
    let mut scores: Vec<(f64, usize, usize)> = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        scores.extend(sample.scores.iter().map(|&(score, source)| (score, number, source)));
    }
    scores.sort_by(|one, other| one.0.total_cmp(&other.0));
    let once = samples.map(|sample| vec![1; sample.sizes.len()]);
    let observed = differences(&scores, samples, &once);
    let greatest = |differences: &mut dyn Iterator<Item = f64>| {
        differences.fold(0.0, |greatest: f64, difference| greatest.max(difference.abs()))
    };
    let statistic = greatest(&mut observed.iter().copied());
    let as_far = |resample: &usize| {
        let mut number = 0;
        let drawn = samples.map(|sample| {
            let mut stream = Stream::new(seed, Part::Resample, [*resample, number]);
            number += 1;
            let sources = sample.sizes.len();
            let mut times = vec![0; sources];
            for _ in 1..sources {
                times[stream.below(sources)] += 1;
            }
            times
        });
        let moved = differences(&scores, samples, &drawn);
        greatest(&mut moved.iter().zip(&observed).map(|(moved, observed)| moved - observed))
            >= statistic
    };
    let farther = (0..resamples).into_par_iter().filter(as_far).count();
    Ok(ImpostorTest {
        statistic,
        p_value: (farther + 1) as f64 / (resamples + 1) as f64,
        resamples,
        real: real.quantiles(),
        decoys: decoys.quantiles(),
    })
}

/// Scores with the numbers of their sources.
struct Sample {
    scores: Vec<(f64, usize)>,
    /// Scores of each source.
    sizes: Vec<usize>,
}

impl Sample {
    fn new(given: &[ImpostorScore], sample: &'static str) -> Result<Self, ImpostorError> {
        let mut numbers = BTreeMap::new();
        let (mut scores, mut sizes) = (Vec::with_capacity(given.len()), Vec::new());
        for ImpostorScore { source, score } in given {
            if !score.is_finite() {
                return Err(ImpostorError::NotFinite { sample, source_label: source.clone() });
            }
            let number = *numbers.entry(source).or_insert(sizes.len());
            if number == sizes.len() {
                sizes.push(0);
            }
            sizes[number] += 1;
            scores.push((*score, number));
        }
        if sizes.len() < 2 {
            return Err(ImpostorError::TooFewSources { sample, found: sizes.len() });
        }
        scores.sort_by(|one, other| one.0.total_cmp(&other.0));
        Ok(Self { scores, sizes })
    }

    fn quantiles(&self) -> Quantiles {
        let last = self.scores.len() - 1;
        // The score at the nearest place.
        let at = |share: f64| self.scores[(share * last as f64).round() as usize].0;
        Quantiles {
            scores: self.scores.len(),
            sources: self.sizes.len(),
            median: at(0.5),
            q90: at(0.9),
            q99: at(0.99),
            greatest: at(1.0),
        }
    }
}

/// Distribution function of the first sample less that of the second after each score, with each source taken so many
/// times; where the next score is equal, as before it.
fn differences(
    scores: &[(f64, usize, usize)],
    samples: [&Sample; 2],
    times: &[Vec<usize>; 2],
) -> Vec<f64> {
    let totals = [0, 1].map(|number| {
        let sizes = samples[number].sizes.iter().zip(&times[number]);
        sizes.map(|(size, times)| size * times).sum::<usize>() as f64
    });
    let mut below = [0, 0];
    let mut before = 0.0;
    let mut found = Vec::with_capacity(scores.len());
    for (place, &(score, sample, source)) in scores.iter().enumerate() {
        below[sample] += times[sample][source];
        let tied = scores.get(place + 1).is_some_and(|next| next.0.total_cmp(&score).is_eq());
        if !tied {
            before = below[0] as f64 / totals[0] - below[1] as f64 / totals[1];
        }
        found.push(before);
    }
    found
}
