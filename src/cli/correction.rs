//! Where does a person say that the mark of a scan is?
//!
//! Circles, or a file of the size of the scan: a PNG (white is the mark, or each part in its colour, as
//! `casemark show --regions` writes it) or an X3P (its parts, or without any what it has measured). Whatever was
//! said becomes a part for every sample, which is what the store keeps, and words on where that comes from.

use super::args::CorrectionArguments;
use super::scans::bytes;
use crate::digest::Digest;
use crate::format::{self, FileFormat, Plausibility, ReadOptions};
use crate::store::LINE_LIMIT;
use crate::surface::{MarkKind, Regions, Surface};
use crate::transform::{Circle, TransformError, mask_circles};
use anyhow::{Context as _, ensure};
use ndarray::Array2;
use std::path::{Path, PathBuf};

/// Longest name of a file that the words keep, in characters.
const NAME_LIMIT: usize = 60;

/// What a person says of a scan, as typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    mask: Option<PathBuf>,
    keep: Vec<Circle>,
    drop: Vec<Circle>,
}

/// What it means for one scan.
#[derive(Clone, Debug)]
pub(super) struct Corrected {
    /// The part of every sample.
    pub(super) regions: Regions,
    /// From what.
    pub(super) how: String,
}

impl Words {
    pub(super) fn of(arguments: &CorrectionArguments) -> Self {
        let CorrectionArguments { mask, keep_circle, drop_circle } = arguments;
        let circles = |words: &[super::transform::CircleWords]| -> Vec<Circle> {
            words.iter().map(|words| words.circle()).collect()
        };
        Self { mask: mask.clone(), keep: circles(keep_circle), drop: circles(drop_circle) }
    }

    pub(super) fn of_mask(mask: PathBuf) -> Self {
        Self { mask: Some(mask), ..Self::default() }
    }

    /// The file, if one is named.
    pub(super) fn mask(&self) -> Option<&Path> {
        self.mask.as_deref()
    }

    /// Whether nothing was said.
    pub(super) const fn is_empty(&self) -> bool {
        self.mask.is_none() && self.keep.is_empty() && self.drop.is_empty()
    }

    /// What they mean for a scan and one of its marks; `None` where nothing was said.
    pub(super) fn on(
        &self,
        surface: &Surface,
        mark: MarkKind,
        options: &ReadOptions,
    ) -> anyhow::Result<Option<Corrected>> {
        if self.is_empty() {
            return Ok(None);
        }
        let mut how = Vec::new();
        let mut labels = match &self.mask {
            Some(path) => {
                let named = || path.display().to_string();
                let bytes = bytes(path, options).with_context(named)?;
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let name: String = name.chars().take(NAME_LIMIT).collect();
                how.push(format!("{name}, SHA-256 {}", Digest::of(&bytes)));
                let regions = read(&bytes, mark, options).with_context(named)?;
                let (found, wanted) = (regions.labels().dim(), surface.mask().dim());
                // Before the circles, which need the scan's own frame.
                ensure!(
                    found == wanted,
                    "{}: {}",
                    named(),
                    TransformError::MaskShape { found, wanted }
                );
                regions.labels().clone()
            }
            None => Array2::from_elem(surface.mask().dim(), Some(mark.region())),
        };
        if !(self.keep.is_empty() && self.drop.is_empty()) {
            let kept = mask_circles(surface, &self.keep, &self.drop)?;
            for (label, kept) in labels.iter_mut().zip(kept.mask()) {
                *label = label.filter(|_| *kept);
            }
            let words = [("keep-circle", &self.keep), ("drop-circle", &self.drop)];
            how.extend(words.into_iter().flat_map(|(what, circles)| {
                circles.iter().map(move |circle| {
                    let [x, y, radius] =
                        [circle.x, circle.y, circle.radius].map(|length| length.micrometres());
                    format!("{what} {x},{y},{radius}")
                })
            }));
        }
        let mut how = how.join("; ");
        if how.chars().count() > LINE_LIMIT {
            // The picture is what holds.
            how = how.chars().take(LINE_LIMIT - 3).collect::<String>() + "...";
        }
        Ok(Some(Corrected { regions: Regions::new(labels), how }))
    }
}

/// The parts that a file says; a plain mask is of the mark.
fn read(bytes: &[u8], mark: MarkKind, options: &ReadOptions) -> anyhow::Result<Regions> {
    if FileFormat::of(bytes) == Some(FileFormat::X3p) {
        // It is asked for its parts, not for its heights.
        let options = ReadOptions { plausibility: Plausibility::Any, ..options.clone() };
        let scan = format::read(bytes, &options)?;
        let measured = || scan.surface.mask().mapv(|measured| measured.then_some(mark.region()));
        return Ok(scan.regions.unwrap_or_else(|| Regions::new(measured())));
    }
    Ok(format::read_mask_of(bytes, mark.region(), &options.limits)?)
}
