//! A store on this machine with its references ready to be searched.

use super::Context;
use crate::gallery::{Gallery, Snapshot};
use crate::index::Indexer;
use crate::matcher::Engine;
use crate::parameters::Cascade;
use crate::search::{Search, Stored};
use crate::store::{DiskStore, Progress, ReferenceStore};
use crate::surface::MarkKind;
use anyhow::Context as _;
use std::path::Path;

/// What makes index entries and decides how many references go on from stage to stage.
pub(super) struct Searching {
    pub(super) engine: Engine,
    /// `None` where marks of this kind have no index.
    pub(super) indexer: Option<Indexer>,
    pub(super) cascade: Cascade,
}

impl Searching {
    /// With the default parameters of a kind of mark.
    pub(super) fn new(context: &Context, mark: MarkKind) -> anyhow::Result<Self> {
        let engine = context.engine.of_mark(mark);
        let indexer = Indexer::of_mark(mark, engine.arithmetic());
        Ok(Self { engine, indexer, cascade: Cascade::default() })
    }

    /// Sizes the stages for this recall, where one is asked for.
    pub(super) fn set_recall(&mut self, recall: Option<f64>) -> anyhow::Result<()> {
        if let Some(recall) = recall {
            self.cascade.target_recall = recall;
            self.cascade.check().context("--recall")?;
        }
        Ok(())
    }

    /// The references of the store in this folder; nothing is read yet.
    pub(super) fn gallery(&self, store: &Path) -> Gallery {
        Gallery::kept_in(store, self.indexer.clone(), &self.engine)
    }

    /// Searches references of a store.
    pub(super) fn search<'a>(
        &'a self,
        references: &'a Snapshot,
        signatures: &'a Stored<'a>,
    ) -> Search<'a> {
        let (indexer, cascade) = (self.indexer.as_ref(), &self.cascade);
        Search { engine: &self.engine, indexer, cascade, references, signatures, pool: None }
    }

    /// The signatures of a store that a search compares.
    pub(super) fn signatures<'a>(&self, store: &'a dyn ReferenceStore) -> Stored<'a> {
        Stored { store, extraction: self.engine.parameters().extraction_digest() }
    }
}

/// The references of a store, with progress.
pub(super) fn references(
    context: &Context,
    gallery: &Gallery,
    store: &DiskStore,
) -> anyhow::Result<Snapshot> {
    let named = || store.path().display().to_string();
    let bar = context.progress.bar(0, "reading the index");
    let follow = |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    gallery.open(store, &mut { follow }).with_context(named)?;
    bar.finish_and_clear();
    gallery.snapshot(store).with_context(named)
}
