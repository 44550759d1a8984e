//! What in a store is most like a mark: was it entered before?

use super::Context;
use crate::gallery::Snapshot;
use crate::index::Indexer;
use crate::parameters::Cascade;
use crate::quality::Nearest;
use crate::search::{Advance, Questioned, Search, Stored};
use crate::signature::Signature;
use crate::store::{DiskStore, Filter, ReferenceStore as _};
use crate::surface::MarkKind;

/// The references of one kind of mark, and how they are asked.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) store: &'a DiskStore,
    /// `None` of marks that have no index.
    pub(super) indexer: Option<&'a Indexer>,
    pub(super) references: &'a Snapshot,
}

/// What of them is most like this; `None` where there is nothing that could be compared.
pub(super) fn nearest(
    context: &Context,
    known: Known<'_>,
    mark: MarkKind,
    signature: &Signature,
) -> anyhow::Result<Option<Nearest>> {
    let Known { store, indexer, references } = known;
    let engine = &context.engine.of_mark(mark);
    let search = Search {
        engine,
        indexer,
        cascade: &Cascade::default(),
        references,
        signatures: &Stored { store, extraction: signature.extraction_digest() },
        pool: None,
    };
    let questioned = Questioned::new(engine, indexer, signature)?;
    let filter = Filter { mark: Some(mark), ..Filter::default() };
    let found = search.nearest(&filter, &questioned, &mut |_: Advance| ())?;
    let named = |candidate: crate::search::Candidate| {
        let view = store.view(candidate.scan)?;
        anyhow::Ok(Nearest {
            reference: format!("scan {} of exhibit {}", view.scan.id, view.exhibit.id),
            ncc: candidate.comparison.areal_ncc(),
            same_file: view.scan.original == signature.source(),
        })
    };
    found.map(named).transpose()
}
