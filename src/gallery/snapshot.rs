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

/// One reference in so many must be chosen for a whole piece to be scored rather than what was chosen of it.
const DENSE: usize = 2;

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
}

/// A reference that the coarse pass of the index may find alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sifted {
    score: f32,
    scan: ScanId,
    piece: usize,
    place: usize,
}

impl Sifted {
    /// Which reference.
    #[must_use]
    pub const fn scan(&self) -> ScanId {
        self.scan
    }

    /// Keeps the most alike, best first; of equals, by identifier.
    pub fn keep(sifted: &mut Vec<Self>, count: usize) {
        let rank = |one: &Self, other: &Self| {
            other.score.total_cmp(&one.score).then_with(|| one.scan.cmp(&other.scan))
        };
        if sifted.len() > count && count > 0 {
            sifted.select_nth_unstable_by(count - 1, rank);
        }
        sifted.truncate(count);
        sifted.sort_unstable_by(rank);
    }
}

impl Snapshot {
    /// Chooses by a filter among the references whose class is admitted; the others are as if they were not there. Costs
    /// a look at a few bytes of every reference, none at its entry, and of a thousand that were entered together and of
    /// which none is wanted one look at their summary.
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
            places.iter().filter_map(|place| segment.rows()[*place]).map(|row| row.scan)
        });
        let mut scans: Vec<ScanId> = scans.collect();
        scans.sort_unstable();
        scans
    }

    /// Number of pieces that [`Self::sift`] can be asked for.
    #[must_use]
    pub fn pieces(&self) -> usize {
        self.segments.len()
    }

    /// Every chosen reference of another kind of surface, in the order of identifiers: they cannot be compared.
    #[must_use]
    pub fn of_other_kind(&self, choice: &Choice, kind: Kind) -> Vec<ScanId> {
        let other = Self {
            segments: self
                .segments
                .iter()
                .filter(|segment| segment.kind != kind)
                .cloned()
                .collect(),
            ..Self::default()
        };
        let places = self.segments.iter().zip(&choice.places);
        let places = places.filter(|(segment, _)| segment.kind != kind);
        let places = places.map(|(_, places)| places.clone()).collect();
        other.scans(&Choice { places, ..Choice::default() })
    }

    /// How alike the chosen references of some pieces about are, for every question, by the index's coarse pass: the
    /// most alike, best first.
    ///
    /// Entries are read once for all questions. `next` is asked before every piece, on any thread: go on, or stop?
    /// `None` if it stopped. The same on any number of threads. References of another kind of surface than a question's
    /// are not among its most alike.
    ///
    /// # Errors
    /// A question made with other parameters than the indexer's.
    pub fn sift(
        &self,
        indexer: &Indexer,
        questions: &[&Question],
        choice: &Choice,
        pieces: Range<usize>,
        count: usize,
        next: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Option<Vec<Vec<Sifted>>>, IndexError> {
        let sifted: Vec<Option<Vec<Vec<Sifted>>>> = pieces
            .into_par_iter()
            .map_init(
                || indexer.workspace(),
                |workspace, piece| {
                    if next().is_break() {
                        return Ok(None);
                    }
                    let (segment, places) = (&self.segments[piece], &choice.places[piece]);
                    let scores = segment.sift(indexer, questions, places, workspace)?;
                    let sifted = scores.into_iter().map(|scores| {
                        let sifted = places.iter().zip(scores).filter_map(|(place, score)| {
                            let scan = segment.rows()[*place]?.scan;
                            Some(Sifted { score, scan, piece, place: *place })
                        });
                        let mut sifted: Vec<Sifted> = sifted.collect();
                        Sifted::keep(&mut sifted, count);
                        sifted
                    });
                    Ok(Some(sifted.collect()))
                },
            )
            .collect::<Result<_, IndexError>>()?;
        let Some(sifted) = sifted.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        let mut best = vec![Vec::new(); questions.len()];
        for of_piece in sifted {
            for (best, sifted) in best.iter_mut().zip(of_piece) {
                best.extend(sifted);
            }
        }
        best.iter_mut().for_each(|best| Sifted::keep(best, count));
        Ok(Some(best))
    }

    /// The full score of what was sifted, most alike first.
    ///
    /// `next` is asked before every piece, on any thread. `None` if it stopped. The same on any number of threads.
    ///
    /// # Errors
    /// A question made with other parameters than the indexer's.
    pub fn score(
        &self,
        indexer: &Indexer,
        question: &Question,
        sifted: &[Sifted],
        count: usize,
        next: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Result<Option<Vec<Alike>>, IndexError> {
        let mut pieces: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for Sifted { piece, place, .. } in sifted {
            pieces.entry(*piece).or_default().push(*place);
        }
        let pieces: Vec<(usize, Vec<usize>)> = pieces.into_iter().collect();
        let scored: Vec<Option<Vec<Alike>>> = pieces
            .into_par_iter()
            .map_init(
                || indexer.workspace(),
                |workspace, (piece, places)| {
                    if next().is_break() {
                        return Ok(None);
                    }
                    let segment = &self.segments[piece];
                    let found =
                        indexer.score_chosen(question, &segment.block, &places, workspace)?;
                    let alike = places.iter().zip(found).filter_map(|(place, likeness)| {
                        Some(Alike { scan: segment.rows()[*place]?.scan, likeness })
                    });
                    Ok(Some(alike.collect()))
                },
            )
            .collect::<Result<_, IndexError>>()?;
        let Some(scored) = scored.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        let mut alike = scored.concat();
        alike.sort_unstable_by(Alike::rank);
        alike.truncate(count);
        Ok(Some(alike))
    }
}

impl Segment {
    /// Coarse scores of some references, one list a question; an empty one where its kind is another.
    fn sift(
        &self,
        indexer: &Indexer,
        questions: &[&Question],
        places: &[usize],
        workspace: &mut IndexWorkspace,
    ) -> Result<Vec<Vec<f32>>, IndexError> {
        let of_kind: Vec<&Question> =
            questions.iter().copied().filter(|question| question.kind() == self.kind).collect();
        let mut scored = if places.is_empty() || of_kind.is_empty() {
            vec![Vec::new(); of_kind.len()]
        } else if places.len() * DENSE < self.block.len() {
            indexer.sieve_chosen(&of_kind, &self.block, places, workspace)?
        } else {
            let all = indexer.sieve_block(&of_kind, &self.block, workspace)?;
            let chosen = |all: Vec<f32>| places.iter().map(|place| all[*place]).collect();
            all.into_iter().map(chosen).collect()
        }
        .into_iter();
        let of = |question: &&Question| {
            if question.kind() == self.kind { scored.next() } else { None }.unwrap_or_default()
        };
        Ok(questions.iter().map(of).collect())
    }
}
