//! The references as they were at one moment.

use super::choice::{Choice, choose};
use super::classes::{Class, Classes};
use super::segment::{Row, Segment};
use crate::index::{IndexError, IndexWorkspace, Indexer, Likeness, Question};
use crate::store::{Filter, ScanId, StoreError};
use crate::surface::Kind;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

/// The references of a [`Gallery`](super::Gallery) at one moment. Cheap to have; what is enrolled or withdrawn later
/// does not change it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(super) segments: Vec<Arc<Segment>>,
    /// References without an entry.
    pub(super) unindexed: Arc<BTreeMap<ScanId, Row>>,
    pub(super) classes: Arc<Classes>,
}

/// A reference that the index finds alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alike {
    /// Which.
    pub scan: ScanId,
    /// How much, and where; `None` where nothing is alike or nowhere enough overlaps.
    pub likeness: Option<Likeness>,
}

impl Alike {
    fn score(&self) -> f32 {
        self.likeness.map_or(0.0, |likeness| likeness.score)
    }

    /// Most alike first, then by identifier.
    fn rank(&self, other: &Self) -> Ordering {
        other.score().total_cmp(&self.score()).then_with(|| self.scan.cmp(&other.scan))
    }

    /// Keeps the most alike, best first.
    pub fn keep(alike: &mut Vec<Self>, count: usize) {
        if alike.len() > count && count > 0 {
            alike.select_nth_unstable_by(count - 1, Self::rank);
        }
        alike.truncate(count);
        alike.sort_unstable_by(Self::rank);
    }
}

impl Snapshot {
    /// Chooses by a filter among the references whose class is admitted; the others are as if they were not there. Costs
    /// a look at a few bytes of every reference, and none at its entry.
    ///
    /// # Errors
    /// Those of `admits`.
    pub fn choose(
        &self,
        filter: &Filter,
        admits: &dyn Fn(&Class) -> Result<bool, StoreError>,
    ) -> Result<Choice, StoreError> {
        choose(self, filter, admits)
    }

    /// Every chosen reference, in the order of identifiers.
    #[must_use]
    pub fn scans(&self, choice: &Choice) -> Vec<ScanId> {
        let chosen = self.segments.iter().zip(&choice.places);
        let scans = chosen.flat_map(|(segment, places)| {
            places.iter().filter_map(|place| segment.rows[*place]).map(|row| row.scan)
        });
        let mut scans: Vec<ScanId> = scans.collect();
        scans.sort_unstable();
        scans
    }

    /// Number of pieces that [`Self::most_alike`] can be asked for.
    #[must_use]
    pub fn pieces(&self) -> usize {
        self.segments.len()
    }

    /// Every chosen reference of another kind of surface, in the order of identifiers: they cannot be compared.
    #[must_use]
    pub fn of_other_kind(&self, choice: &Choice, kind: Kind) -> Vec<ScanId> {
        let other = Self {
            segments: self.segments.iter().filter(|segment| segment.kind != kind).cloned().collect(),
            ..Self::default()
        };
        let places = self.segments.iter().zip(&choice.places);
        let places = places.filter(|(segment, _)| segment.kind != kind);
        let places = places.map(|(_, places)| places.clone()).collect();
        other.scans(&Choice { places, ..Choice::default() })
    }

    /// Scores the chosen references of some pieces for every question, and gives each question's most alike, best first.
    ///
    /// Entries are read once for all questions. `next` is asked before every piece, on any thread: go on, or stop?
    /// `None` if it stopped. The same on any number of threads. References of another kind of surface than a question's
    /// are not among its most alike.
    ///
    /// # Errors
    /// A question made with other parameters than the indexer's.
    pub fn most_alike(
        &self,
        indexer: &Indexer,
        questions: &[&Question],
        choice: &Choice,
        pieces: Range<usize>,
        count: usize,
        next: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Option<Vec<Vec<Alike>>>, IndexError> {
        let segments: Vec<_> = self.segments[pieces.clone()].iter().zip(&choice.places[pieces]).collect();
        let scored: Vec<Option<Vec<Vec<Alike>>>> = segments
            .into_par_iter()
            .map_init(
                || indexer.workspace(),
                |workspace, (segment, places)| {
                    if next().is_break() {
                        return Ok(None);
                    }
                    if places.is_empty() {
                        return Ok(Some(vec![Vec::new(); questions.len()]));
                    }
                    segment.most_alike(indexer, questions, places, count, workspace).map(Some)
                },
            )
            .collect::<Result<_, IndexError>>()?;
        let Some(scored) = scored.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        let mut best = vec![Vec::new(); questions.len()];
        for segment in scored {
            for (best, alike) in best.iter_mut().zip(segment) {
                best.extend(alike);
            }
        }
        best.iter_mut().for_each(|best| Alike::keep(best, count));
        Ok(Some(best))
    }
}

impl Segment {
    fn most_alike(
        &self,
        indexer: &Indexer,
        questions: &[&Question],
        places: &[usize],
        count: usize,
        workspace: &mut IndexWorkspace,
    ) -> Result<Vec<Vec<Alike>>, IndexError> {
        let of_kind: Vec<&Question> =
            questions.iter().copied().filter(|question| question.kind() == self.kind).collect();
        let mut scored =
            indexer.score_block(&of_kind, &self.block, workspace)?.into_iter();
        let mut best = Vec::with_capacity(questions.len());
        for question in questions {
            let likenesses = if question.kind() == self.kind { scored.next() } else { None };
            let mut alike: Vec<Alike> = likenesses.map_or_else(Vec::new, |likenesses| {
                let alike = |place: &usize| {
                    let scan = self.rows[*place]?.scan;
                    Some(Alike { scan, likeness: likenesses[*place] })
                };
                places.iter().filter_map(alike).collect()
            });
            Alike::keep(&mut alike, count);
            best.push(alike);
        }
        Ok(best)
    }
}
