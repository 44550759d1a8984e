//! For which marks does a likelihood ratio hold?

use crate::digest::Digest;
use crate::statistics::{Features, Scored, Truth};
use crate::surface::Kind;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The reference population: what a calibration was made of, and what it holds for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// Heights or reflectance.
    pub kind: Kind,
    /// Kind of mark, as `breech_face`.
    pub mark: String,
    /// Instruments that measured it, in order; empty where that is not known.
    pub instruments: Vec<String>,
    /// Calibres, in order; empty where that is not known.
    pub calibres: Vec<String>,
    /// Number of sources.
    pub sources: usize,
    /// Number of scans.
    pub scans: usize,
    /// Pairs of one source.
    pub same_source_pairs: usize,
    /// Pairs of two sources.
    pub different_source_pairs: usize,
    /// SHA-256 of the file of scores.
    pub scores_sha256: Digest,
    /// SHA-256 of the file of labels.
    pub labels_sha256: Digest,
}

/// A comparison of two scans whose sources are known.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledComparison {
    /// Name of the questioned scan.
    pub questioned: String,
    /// Name of the reference.
    pub reference: String,
    /// What was found.
    pub features: Features,
    /// Their sources.
    pub sources: [String; 2],
}

impl LabelledComparison {
    /// What is so.
    #[must_use]
    pub fn truth(&self) -> Truth {
        if self.sources[0] == self.sources[1] { Truth::KnownMatch } else { Truth::KnownNonMatch }
    }
}

/// Comparisons as statistics see them, in their order, and the names of the sources by their numbers.
#[must_use]
pub fn scored(comparisons: &[LabelledComparison]) -> (Vec<Scored>, Vec<String>) {
    let names: BTreeSet<&String> = comparisons.iter().flat_map(|one| &one.sources).collect();
    let numbers: BTreeMap<&String, usize> =
        names.iter().enumerate().map(|(number, name)| (*name, number)).collect();
    let one = |one: &LabelledComparison| {
        let sources = [numbers[&one.sources[0]], numbers[&one.sources[1]]];
        Scored { features: one.features, truth: one.truth(), sources }
    };
    (comparisons.iter().map(one).collect(), names.into_iter().cloned().collect())
}

/// Labelled comparisons with where they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// Version of the engine that scored them.
    pub engine_version: String,
    /// Digest of its parameters.
    pub parameters_digest: Digest,
    /// What they are of; the counts are those of `scored`.
    pub population: Population,
    /// As statistics see them, in the order of the comparisons.
    pub scored: Vec<Scored>,
    /// Names of the sources, by their numbers.
    pub sources: Vec<String>,
}

impl Labelled {
    /// Numbers the sources and counts. The counts of `population` are overwritten.
    #[must_use]
    pub fn new(
        comparisons: &[LabelledComparison],
        engine_version: &str,
        parameters_digest: Digest,
        population: Population,
    ) -> Self {
        let (scored, sources) = scored(comparisons);
        let scans: BTreeSet<&String> =
            comparisons.iter().flat_map(|one| [&one.questioned, &one.reference]).collect();
        let same = scored.iter().filter(|one| one.truth == Truth::KnownMatch).count();
        let population = Population {
            sources: sources.len(),
            scans: scans.len(),
            same_source_pairs: same,
            different_source_pairs: scored.len() - same,
            ..population
        };
        Self {
            engine_version: engine_version.to_owned(),
            parameters_digest,
            population,
            sources,
            scored,
        }
    }
}
