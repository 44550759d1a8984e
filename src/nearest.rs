//! What in a store is most like a mark: was it entered before?
//!
//! Not a search for a firearm: of the few references that the index finds most alike, the one whose comparison ranks first. The
//! one way by which the command line and the service hold a new mark against what is there.

use crate::gallery::Snapshot;
use crate::index::Indexer;
use crate::matcher::Engine;
use crate::parameters::Cascade;
use crate::quality::Nearest;
use crate::search::{Advance, Depth, Query, Questioned, Search, SearchError, Stored};
use crate::signature::Signature;
use crate::store::{Filter, ReferenceStore};
use rayon::ThreadPool;

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
/// core, and what the index takes for all.
///
/// # Errors
/// A signature of other parameters than the engine's; a store that cannot be read.
pub fn nearest(
    known: Known<'_>,
    filter: &Filter,
    signature: &Signature,
) -> Result<Option<Nearest>, SearchError> {
    let Known { engine, indexer, references, store, pool } = known;
    let signatures = &Stored { store, extraction: signature.extraction_digest() };
    let search = Search { engine, indexer, cascade: &FEW, references, signatures, pool };
    let questioned = Questioned::new(engine, indexer, signature)?;
    let query = Query { filter, top: 1, depth: Depth::Cascade };
    let found = search.run(&query, &questioned, &mut |_: Advance| ())?.candidates.pop();
    let Some(found) = found else { return Ok(None) };
    let view = store.view(found.scan)?;
    Ok(Some(Nearest {
        reference: format!("scan {} of exhibit {}", view.scan.id, view.exhibit.id),
        ncc: found.comparison.areal_ncc(),
        same_file: view.scan.original == signature.source(),
    }))
}
