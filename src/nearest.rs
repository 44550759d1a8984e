//! What in a store is most like a mark: was it entered before?
//!
//! Not a search for a firearm: of the few references that the index finds most alike, the one whose comparison ranks first. The
//! one way by which the command line and the service hold a new mark against what is there. A striated mark is not held against
//! others: two cases of one firearm may share almost all of their profiles ([`Comparison::areal_ncc`]).
//!
//! [`Comparison::areal_ncc`]: crate::comparison::Comparison::areal_ncc

use crate::gallery::Snapshot;
use crate::index::{Entry, IndexError, IndexWorkspace, Indexer};
use crate::matcher::{Engine, Matcher, Prepared};
use crate::parameters::Cascade;
use crate::quality::Nearest;
use crate::search::{Advance, Depth, Query, Questioned, Search, SearchError, Stored};
use crate::signature::Signature;
use crate::store::{Filter, ReferenceStore, ScanId, StoreError};
use rayon::ThreadPool;
use rayon::prelude::*;

/// Stages that are enough to tell whether one mark is there twice.
const FEW: Cascade = Cascade { target_recall: 0.99, least_registered: 8, least_compared: 2 };

/// The references of one kind of mark, and how they are asked.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The engine of this kind of mark.
    pub engine: &'a Engine,
    /// Its index; `None` of marks that have none.
    pub indexer: Option<&'a Indexer>,
    /// What is in the store of them.
    pub references: &'a Snapshot,
    /// The store.
    pub store: &'a dyn ReferenceStore,
    /// Threads that compute; `None` for those of the caller.
    pub pool: Option<&'a ThreadPool>,
}

impl std::fmt::Debug for Known<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("engine", self.engine).finish_non_exhaustive()
    }
}

/// The reference that is most like this mark; `None` where there is nothing that could be compared. About 80 ms of one
/// core, and what the index takes for all; where the very file is known, or of a striated mark, next to nothing.
///
/// # Errors
/// A signature of other parameters than the engine's; a store that cannot be read.
pub fn nearest(
    known: Known<'_>,
    filter: &Filter,
    signature: &Signature,
) -> Result<Option<Nearest>, SearchError> {
    let Known { engine, indexer, references, store, pool } = known;
    if let Some(scan) = same_file(store, filter, signature)? {
        return Ok(Some(Nearest { reference: named(store, scan)?, ncc: None, same_file: true }));
    }
    if engine.parameters().striation.is_some() {
        return Ok(None);
    }
    let signatures = &Stored { store, extraction: signature.extraction_digest() };
    let search = Search { engine, indexer, cascade: &FEW, references, signatures, pool };
    let questioned = Questioned::new(engine, indexer, signature)?;
    let query = Query { filter, top: 1, depth: Depth::Cascade };
    let found = search.run(&query, &questioned, &mut |_: Advance| ())?.candidates.pop();
    let Some(found) = found else { return Ok(None) };
    let reference = named(store, found.scan)?;
    Ok(Some(Nearest { reference, ncc: found.comparison.areal_ncc(), same_file: false }))
}

/// A scan of the file that the signature was extracted from, of those that the filter allows.
fn same_file(
    store: &dyn ReferenceStore,
    filter: &Filter,
    signature: &Signature,
) -> Result<Option<ScanId>, StoreError> {
    for scan in store.scans_of_file(signature.source())? {
        let live = store.live_scan(scan, signature.extraction_digest())?;
        if live.is_some_and(|live| filter.refuses(&live.facets).is_none()) {
            return Ok(Some(scan));
        }
    }
    Ok(None)
}

/// As people find it.
fn named(store: &dyn ReferenceStore, scan: ScanId) -> Result<String, StoreError> {
    let exhibit = store.mark(store.scan(scan)?.mark)?.exhibit;
    Ok(format!("scan {scan} of exhibit {exhibit}"))
}

/// A mark that is about to be entered.
#[derive(Clone, Copy, Debug)]
pub struct Entering<'a> {
    /// Its signature.
    pub signature: &'a Signature,
    /// What the index will keep of it.
    pub entry: &'a Entry,
}

/// A mark that is entered together with another, and before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Earlier {
    /// Which of those together.
    pub place: usize,
    /// Normalised cross-correlation of the two.
    pub ncc: f64,
}

/// For marks of one kind that are entered together, and so are not in the store yet: the earlier ones most like each, the most
/// alike first. Those of one file are not among them: the store knows a file. About 80 ms of one core a mark.
///
/// # Errors
/// A signature of other parameters than the engine's, an entry of others than the indexer's; topographies together with
/// reflectance images.
pub fn nearest_earlier(
    engine: &Engine,
    indexer: &Indexer,
    together: &[Entering<'_>],
) -> Result<Vec<Vec<Earlier>>, SearchError> {
    let prepare = |mark: &Entering<'_>| engine.prepare(mark.signature);
    let prepared: Vec<Prepared> = together.par_iter().map(prepare).collect::<Result<_, _>>()?;
    let compare = |(place, alike): (usize, &Vec<usize>)| {
        let matcher = Matcher::new(engine, prepared[place].clone());
        let mut workspace = engine.workspace();
        let mut earlier = Vec::new();
        for place in alike.iter().copied() {
            let ncc = matcher.compare(&prepared[place], &mut workspace)?.areal_ncc();
            earlier.extend(ncc.map(|ncc| Earlier { place, ncc }));
        }
        earlier.sort_by(|one, other| other.ncc.total_cmp(&one.ncc));
        Ok(earlier)
    };
    most_alike(indexer, together)?.par_iter().enumerate().map(compare).collect()
}

/// For each mark the few earlier ones of other files that the index finds most alike.
fn most_alike(indexer: &Indexer, together: &[Entering<'_>]) -> Result<Vec<Vec<usize>>, IndexError> {
    let Some(Entering { signature, .. }) = together.first() else { return Ok(Vec::new()) };
    let mut block = indexer.block(signature.kind(), signature.extraction_digest());
    together.iter().try_for_each(|mark| block.push(mark.entry))?;
    let choose = |workspace: &mut IndexWorkspace, place: usize| {
        let signature = together[place].signature;
        let other_file = |other: &usize| together[*other].signature.source() != signature.source();
        let others: Vec<usize> = (0..place).filter(other_file).collect();
        let question = indexer.question(signature);
        let scores = indexer.score_chosen(&question, &block, &others, workspace)?;
        let scored = others.into_iter().zip(scores);
        let mut alike: Vec<(f32, usize)> =
            scored.filter_map(|(other, likeness)| Some((likeness?.score, other))).collect();
        alike.sort_by(|one, other| other.0.total_cmp(&one.0));
        alike.truncate(FEW.least_compared);
        Ok(alike.into_iter().map(|(_, other)| other).collect())
    };
    let places = (0..together.len()).into_par_iter();
    places.map_init(|| indexer.workspace(), choose).collect()
}
