//! Where a mate that a search did not give was lost, and whether full depth would have given it.

use super::measure::{Bench, PLACES};
use crate::gallery::Sifted;
use crate::search::sizes::sizes;
use crate::search::{Candidate, Questioned, SearchResult, Signatures as _};
use crate::signature::Signature;
use crate::store::{Filter, ScanId};
use anyhow::Context as _;
use serde::Serialize;
use std::ops::ControlFlow;

/// A mate that is not among the first [`PLACES`].
#[derive(Clone, Debug, Serialize)]
pub(super) struct Loss {
    pub(super) questioned: String,
    pub(super) reference: String,
    /// The stage that left it out; `None` where it was compared.
    pub(super) lost_by: Option<&'static str>,
    /// References that the coarse pass of the index puts before it.
    pub(super) before_in_coarse_pass: usize,
    /// References that the index puts before it; `None` where the coarse pass left it out.
    pub(super) before_in_index: Option<usize>,
    /// Measured share of the disc that the index looks at, of the questioned mark.
    pub(super) measured_share: f64,
    /// Congruent matching cells, compared in full.
    pub(super) cmc_count: usize,
    /// Cells compared.
    pub(super) cells: usize,
    /// Candidates of other sources that come before it when it is compared in full: full depth puts at least so many
    /// before it.
    pub(super) before_at_full_depth_at_least: usize,
}

impl Loss {
    /// Whether full depth has it among the first either: a candidate of the cascade is one of full depth, so that those
    /// before it here are before it there.
    pub(super) const fn beyond_full_depth(&self) -> bool {
        self.before_at_full_depth_at_least >= PLACES
    }
}

impl Bench<'_> {
    /// Where one mate was lost by a search.
    pub(super) fn loss(
        &self,
        number: usize,
        mate: ScanId,
        questioned: &Questioned,
        found: &SearchResult,
        top: usize,
    ) -> anyhow::Result<Loss> {
        let (indexer, engine) = (self.indexer, &self.context.engine);
        let choice = self.snapshot.choose(&Filter::default(), &|_| Ok(true))?;
        let records = choice.records() as usize;
        let question = questioned.question().context("it was made for the index")?;
        let next = || ControlFlow::Continue(());
        let pieces = 0..self.snapshot.pieces();
        let all = self.snapshot.sift(indexer, &[question], &choice, pieces, records, &next)?;
        let mut sifted = all.context("nothing stops it")?.remove(0);
        let coarse = sifted.iter().position(|sifted| sifted.scan() == mate);
        let sizes = sizes(records, top, &self.searching.cascade);
        Sifted::keep(&mut sifted, indexer.kept(records).max(sizes.registered));
        let alike = self.snapshot.score(indexer, question, &sifted, records, &next)?;
        let alike = alike.context("nothing stops it")?;
        let fine = alike.iter().position(|alike| alike.scan == mate);
        let stored = self.references.signature(mate)?.and_then(|stored| stored.bytes);
        let signature = Signature::from_bytes(&stored.context("a planted scan has a signature")?)?;
        let mut workspace = engine.workspace();
        let reference = engine.prepare(&signature)?;
        let comparison = questioned.matcher().compare(&reference, &mut workspace)?;
        let candidate = Candidate { scan: mate, comparison };
        let same_source = self.mates(number);
        let before = found.candidates.iter().filter(|other| {
            !same_source.contains(&other.scan)
                && other.scan != self.references.planted[number]
                && other.rank(&candidate).is_lt()
        });
        let lost_by = match fine {
            None => Some("coarse pass"),
            Some(fine) if fine >= sizes.registered => Some("index"),
            Some(_) if found.candidates.iter().any(|found| found.scan == mate) => None,
            Some(_) if before.clone().count() < top => Some("registration"),
            Some(_) => None,
        };
        let named = |scan: ScanId| {
            let place = self.references.planted.iter().position(|planted| *planted == scan);
            place.map_or_else(String::new, |place| self.planted[place].name.clone())
        };
        Ok(Loss {
            questioned: self.planted[number].name.clone(),
            reference: named(mate),
            lost_by,
            before_in_coarse_pass: coarse.unwrap_or(records),
            before_in_index: fine,
            measured_share: question.measured_share(),
            cmc_count: candidate.comparison.cmc_count(),
            cells: candidate.comparison.cells(),
            before_at_full_depth_at_least: before.count(),
        })
    }
}
