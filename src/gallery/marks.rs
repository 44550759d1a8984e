//! The references of each kind of mark: a signature is found among those of its own kind alone.

use super::{Gallery, GalleryError};
use crate::index::Indexer;
use crate::matcher::Engine;
use crate::store::ReferenceStore;
use crate::surface::MarkKind;
use std::path::Path;
use std::sync::Arc;

/// A gallery for each kind of mark. One is opened when a mark of its kind is first searched for.
#[derive(Clone, Debug)]
pub struct Galleries(Vec<(MarkKind, Arc<Gallery>)>);

impl Galleries {
    /// Of an engine's signatures and of those of the engines for other marks, in memory alone.
    #[must_use]
    pub fn of(engine: &Engine) -> Self {
        Self::each(engine, Gallery::new)
    }

    /// The same, whose entries are kept in the folder of a store. Nothing is read yet.
    #[must_use]
    pub fn kept_in(store: &Path, engine: &Engine) -> Self {
        Self::each(engine, |indexer, of_mark| Gallery::kept_in(store, indexer, of_mark))
    }

    fn each(engine: &Engine, make: impl Fn(Option<Indexer>, &Engine) -> Gallery) -> Self {
        let gallery = |mark| {
            let indexer = Indexer::of_mark(mark, engine.arithmetic());
            (mark, Arc::new(make(indexer, &engine.of_mark(mark))))
        };
        Self(MarkKind::ALL.into_iter().map(gallery).collect())
    }

    /// The references of a kind of mark.
    ///
    /// # Panics
    /// Never: there is one for every kind.
    #[must_use]
    pub fn of_mark(&self, mark: MarkKind) -> &Arc<Gallery> {
        let found = self.0.iter().find(|(kind, _)| *kind == mark);
        &found.expect("there is one for every kind").1
    }

    /// All of them, each with its kind of mark.
    pub fn iter(&self) -> impl Iterator<Item = (MarkKind, &Gallery)> {
        self.0.iter().map(|(mark, gallery)| (*mark, &**gallery))
    }

    /// Lets all that are open follow the store.
    ///
    /// # Errors
    /// As [`Gallery::refresh`].
    pub fn refresh(&self, store: &dyn ReferenceStore) -> Result<(), GalleryError> {
        for (_, gallery) in &self.0 {
            gallery.refresh(store)?;
        }
        Ok(())
    }
}
