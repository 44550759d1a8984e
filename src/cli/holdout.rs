//! Which sources are held out from a model, and which pairs it is tried on.

use super::args::EvaluateArguments;
use super::benchmark::{Benchmark, FoldRow, folds};
use crate::calibration::{LabelledComparison, scored};
use crate::statistics::Folds;
use crate::validation::{FoldProtocol, Weighing};
use std::collections::BTreeSet;

/// Most sources of which those of every pair are held out by themselves.
const HELD_OUT: usize = 12;
/// Folds to which more sources are dealt.
const FOLDS: usize = 5;

/// The sources that one model has not seen.
pub(super) type HeldOut = BTreeSet<String>;

/// Who is held out, model by model.
pub(super) enum Holdout {
    /// The sources of a fold, and their pairs with each other are tried.
    Folds { tested: Vec<HeldOut>, origin: String },
    /// The one or two sources of a pair, and just such pairs are tried.
    EachPair(Vec<HeldOut>),
}

impl Holdout {
    /// What the arguments ask for: folds of the benchmark, of a file, dealt; else every pair by itself, where its sources are few.
    pub(super) fn new(
        arguments: &EvaluateArguments,
        comparisons: &[LabelledComparison],
        benchmark: Option<&Benchmark>,
    ) -> anyhow::Result<Self> {
        if let Some(benchmark) = benchmark {
            return Ok(Self::named(&benchmark.folds, "the benchmark's".to_owned()));
        }
        if let Some(path) = &arguments.folds {
            return Ok(Self::named(&folds(path)?, path.display().to_string()));
        }
        let sources: BTreeSet<&String> = comparisons.iter().flat_map(|one| &one.sources).collect();
        if arguments.deal.is_none() && sources.len() <= HELD_OUT {
            let pairs = comparisons.iter().map(|one| one.sources.iter().cloned().collect());
            return Ok(Self::EachPair(pairs.collect::<BTreeSet<HeldOut>>().into_iter().collect()));
        }
        let tested = dealt(comparisons, arguments.deal.map_or(FOLDS, usize::from), arguments.seed)?;
        Ok(Self::Folds { tested, origin: format!("dealt by seed {}", arguments.seed) })
    }

    fn named(folds: &[FoldRow], origin: String) -> Self {
        let tested = folds.iter().map(|fold| fold.test_sources.iter().cloned().collect());
        Self::Folds { tested: tested.collect(), origin }
    }

    /// The sources that each model has not seen.
    pub(super) fn models(&self) -> &[HeldOut] {
        match self {
            Self::Folds { tested, .. } => tested,
            Self::EachPair(pairs) => pairs,
        }
    }

    /// Whether the model without these sources is tried on a pair.
    pub(super) fn tries(&self, held_out: &HeldOut, one: &LabelledComparison) -> bool {
        within(held_out, one) == 2
            && match self {
                Self::Folds { .. } => true,
                Self::EachPair(_) => {
                    one.sources.iter().collect::<BTreeSet<_>>().len() == held_out.len()
                }
            }
    }

    /// The fold of a model's pairs.
    pub(super) const fn fold(&self, model: usize) -> Option<usize> {
        match self {
            Self::Folds { .. } => Some(model),
            Self::EachPair(_) => None,
        }
    }

    /// How the pairs were weighed.
    pub(super) fn protocol(&self, comparisons: &[LabelledComparison]) -> Weighing {
        match self {
            Self::Folds { tested, origin } => {
                let across = |held_out: &HeldOut| {
                    comparisons.iter().filter(|one| within(held_out, one) == 1).count()
                };
                Weighing::Folds(FoldProtocol {
                    folds: tested.len(),
                    origin: origin.clone(),
                    across: tested.iter().map(across).sum(),
                })
            }
            Self::EachPair(pairs) => Weighing::HeldOut { models: pairs.len() },
        }
    }
}

/// How many of a pair's two sources are held out.
pub(super) fn within(held_out: &HeldOut, one: &LabelledComparison) -> usize {
    one.sources.iter().filter(|source| held_out.contains(*source)).count()
}

fn dealt(
    comparisons: &[LabelledComparison],
    folds: usize,
    seed: u64,
) -> anyhow::Result<Vec<HeldOut>> {
    let (scored, _) = scored(comparisons);
    let folds = Folds::dealt(&scored, folds, seed)?;
    let mut tests = vec![BTreeSet::new(); folds.folds()];
    for (one, scored) in comparisons.iter().zip(&scored) {
        for (name, number) in one.sources.iter().zip(scored.sources) {
            if let Some(fold) = folds.fold_of(number) {
                tests[fold].insert(name.clone());
            }
        }
    }
    Ok(tests)
}
