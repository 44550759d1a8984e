//! What does a scan show that is to be entered, how good is it, and is it in the store already?

use super::{Ready, Said, none_shown};
use crate::cli::Context;
use crate::cli::correction::Corrected;
use crate::cli::found::Found;
use crate::cli::metadata::Entry;
use crate::cli::scans::bytes;
use crate::digest::Digest;
use crate::format::{self, ReadOptions, Scan};
use crate::gallery::{Galleries, Snapshot};
use crate::mark::{Look, MarkError};
use crate::nearest::{Known, nearest};
use crate::quality::{Rules, examine_mark};
use crate::signature::Signature;
use crate::store::{
    DiskStore, Enrolled, Filter, Outcome as Entered, ReferenceStore as _, StoreError,
};
use crate::surface::MarkKind;
use anyhow::{Context as _, anyhow};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What a look at a scan gave for a mark.
pub(super) enum Looked {
    Known(MarkKind, Enrolled),
    NotShown(MarkKind),
    Ready(Box<Ready>),
}

/// How scans are looked at before they are entered.
#[derive(Clone, Copy)]
pub(super) struct Looking<'a> {
    pub(super) context: &'a Context,
    pub(super) store: Option<&'a DiskStore>,
    pub(super) options: &'a ReadOptions,
    pub(super) rules: &'a Rules,
    pub(super) galleries: &'a Galleries,
    /// What is in the store of the marks that are entered, where what is entered is held against it.
    pub(super) references: &'a BTreeMap<MarkKind, Snapshot>,
}

impl Looking<'_> {
    /// Reads a scan once and looks at every mark that is wanted of it, unless the store has them already and nothing is said of
    /// them anew: an enrolment that was interrupted is soon where it was.
    pub(super) fn at(
        &self,
        path: &Path,
        entry: &Entry,
    ) -> anyhow::Result<Vec<anyhow::Result<Looked>>> {
        let named = || path.display().to_string();
        let original = bytes(path, self.options).with_context(named)?;
        let known = self.known(&original, entry).with_context(named)?;
        if entry.marks.iter().all(|mark| known.contains_key(mark)) {
            return Ok(known.into_iter().map(|(mark, one)| Ok(Looked::Known(mark, one))).collect());
        }
        let scan = format::read(&original, self.options).with_context(named)?;
        let (original, mut look) = (Arc::new(original), Look::at(&scan.surface));
        if let [first, _, ..] = entry.marks[..] {
            // What is wrong with all of it is said once.
            let engine = self.context.engine.of_mark(first);
            look.check_head(&engine.parameters().segmentation)
                .map_err(|error| told(error, path))?;
        }
        let mut looked = Vec::new();
        for mark in entry.marks.iter().copied() {
            looked.push(match known.get(&mark) {
                Some(known) => Ok(Looked::Known(mark, *known)),
                None => {
                    let of = OfScan { path, entry, scan: &scan, original: &original };
                    self.mark(of, mark, &mut look)
                }
            });
        }
        if looked.iter().all(|one| matches!(one, Ok(Looked::NotShown(_)))) {
            return Err(none_shown(path));
        }
        Ok(looked)
    }

    /// The marks of a file that the laboratory has in the store.
    fn known(
        &self,
        original: &[u8],
        entry: &Entry,
    ) -> Result<BTreeMap<MarkKind, Enrolled>, StoreError> {
        let mut known = BTreeMap::new();
        let Some(store) = self.store.filter(|_| entry.correction.is_empty()) else {
            return Ok(known);
        };
        for scan in store.scans_of_file(Digest::of(original))? {
            let view = store.view(scan)?;
            let same_laboratory = view.exhibit.laboratory == entry.exhibit.laboratory;
            let wanted = entry.marks.contains(&view.mark.kind);
            if wanted && same_laboratory && view.withdrawal.is_none() {
                let (exhibit, mark, outcome) = (view.exhibit.id, view.mark.id, Entered::Duplicate);
                let enrolled = Enrolled { exhibit, mark, scan, outcome };
                known.entry(view.mark.kind).or_insert(enrolled);
            }
        }
        Ok(known)
    }

    /// Extracts the signature of a mark, and holds the mark against the rules and the store.
    fn mark(&self, of: OfScan<'_>, mark: MarkKind, look: &mut Look<'_>) -> anyhow::Result<Looked> {
        let Self { context, store, options, rules, galleries, references } = *self;
        let OfScan { path, entry, scan, original } = of;
        let named = || path.display().to_string();
        let engine = &context.engine.of_mark(mark);
        let segmentation = &engine.parameters().segmentation;
        let corrected = entry.correction.on(&scan.surface, mark, options).with_context(named)?;
        let found = if entry.marks.len() > 1 {
            look.mark_of_head(mark.region(), segmentation)
        } else {
            let said = corrected.as_ref().map(|corrected| &corrected.regions);
            look.mark(mark.region(), said, segmentation).map(Some)
        };
        let found = found.map_err(|error| told(error, path));
        let Some(found) = found? else { return Ok(Looked::NotShown(mark)) };
        let signature = Signature::extract(&found.surface, scan.sha256, engine.parameters());
        let mut quality = examine_mark(&found, mark, &signature, &scan.metadata, rules);
        let signature = signature.with_context(named)?;
        let indexer = galleries.of_mark(mark).indexer();
        if let (Some(store), Some(references)) = (store, references.get(&mark)) {
            let known = Known { engine, indexer, references, store, pool: None };
            let filter = Filter { mark: Some(mark), ..Filter::default() };
            if let Some(nearest) = nearest(known, &filter, &signature).with_context(named)? {
                quality.hold_against(&nearest, rules);
            }
        }
        let head = found.head.as_ref();
        let found = head.map(|head| Found::of(head, segmentation.digest())).transpose()?;
        let corrected = corrected.map(|Corrected { regions, how }| {
            anyhow::Ok(Said { regions: format::write_regions(&regions)?, how })
        });
        let corrected = corrected.transpose()?;
        let ready = Ready {
            path: path.to_owned(),
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            original: Arc::clone(original),
            signature_bytes: signature.to_bytes(),
            entry: indexer.map(|indexer| indexer.entry(&signature)),
            signature,
            mark,
            found,
            corrected,
            quality,
        };
        Ok(Looked::Ready(Box::new(ready.admitted()?)))
    }
}

/// A scan whose marks are looked at.
#[derive(Clone, Copy)]
struct OfScan<'a> {
    path: &'a Path,
    entry: &'a Entry,
    scan: &'a Scan,
    original: &'a Arc<Vec<u8>>,
}

/// Why a mark is not entered, and what can be done about it.
fn told(error: MarkError, path: &Path) -> anyhow::Error {
    let path = path.display();
    if matches!(error, MarkError::NotSure { .. }) {
        return anyhow!(
            "{path}: {error}: look at it with casemark segment --picture, and say where the mark is with --mask, \
             --keep-circle, --drop-circle or a column `mask` in the metadata"
        );
    }
    anyhow::Error::from(error).context(path.to_string())
}
