//! Which part of the head is which, drawn over it?

use super::PictureError;
use super::canvas::{Area, Canvas, GREY, INK, MISSING};
use super::field::Field;
use super::lettering::Face;
use crate::surface::{Region, Regions, Surface};
use image::Rgb;
use ndarray::Array2;

/// How strongly a tint covers what is below.
const TINT: f64 = 0.3;
const SWATCH: usize = 26;
const GAP: usize = 24;
const LINE: usize = 22;

/// How regions are drawn: over a relief as tints, over colours that mean heights as outlines only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// Tints, outlined.
    Tints,
    /// Outlines.
    Outlines,
}

/// The region of every pixel of a field, and what is known of each.
#[derive(Debug)]
pub(super) struct RegionLayer {
    labels: Array2<Option<Region>>,
    /// Those that there are, with their areas in square millimetres.
    areas: Vec<(Region, f64)>,
}

impl RegionLayer {
    /// The regions of a surface at a field's pixels.
    pub(super) fn of(
        surface: &Surface,
        regions: &Regions,
        field: &Field,
    ) -> Result<Self, PictureError> {
        let (found, wanted) = (regions.labels().dim(), surface.heights().dim());
        if found != wanted {
            return Err(PictureError::RegionsShape { found, wanted });
        }
        let spacing = surface.spacing();
        let (rows, columns) = field.dim();
        // Both share their centre.
        let nearest = |index: usize, pixels: usize, sample: f64, samples: usize| {
            let from_centre = (index as f64 - (pixels - 1) as f64 / 2.0) * sample;
            let place = (from_centre + (samples - 1) as f64 / 2.0).round();
            (place.max(0.0) as usize).min(samples - 1)
        };
        let (down, right) = (field.pixel.ratio(spacing.y), field.pixel.ratio(spacing.x));
        let labels = Array2::from_shape_fn((rows, columns), |(row, column)| {
            let row = nearest(row, rows, down, wanted.0);
            regions.labels()[[row, nearest(column, columns, right, wanted.1)]]
        });
        let sample = spacing.x.micrometres() * spacing.y.micrometres() / 1e6;
        let areas = Region::ALL.map(|region| (region, regions.count(region) as f64 * sample));
        Ok(Self { labels, areas: areas.into_iter().filter(|(_, area)| *area > 0.0).collect() })
    }

    /// Draws them over an area of the field's size.
    pub(super) fn draw(&self, canvas: &mut Canvas, area: Area, cover: Cover) {
        for ((row, column), label) in self.labels.indexed_iter() {
            let Some(region) = label else { continue };
            let opacity = match cover {
                _ if self.at_edge(row, column) => 0.95,
                Cover::Tints => TINT,
                Cover::Outlines => continue,
            };
            let (x, y) = ((area.left + column) as isize, (area.top + row) as isize);
            canvas.blend(x, y, Rgb(region.colour()), opacity);
        }
    }

    /// Whether a pixel lies within two of one of another region.
    fn at_edge(&self, row: usize, column: usize) -> bool {
        let own = self.labels[[row, column]];
        let rows = row.saturating_sub(1)..(row + 2).min(self.labels.nrows());
        rows.flat_map(|row| {
            let columns = column.saturating_sub(1)..(column + 2).min(self.labels.ncols());
            columns.map(move |column| (row, column))
        })
        .any(|place| self.labels[place] != own)
    }

    fn entries(&self) -> impl Iterator<Item = (Rgb<u8>, String)> {
        self.areas.iter().map(|(region, area)| {
            let words = format!("{} {area:.2} mm\u{b2}", region.name().replace('_', " "));
            (Rgb(region.colour()), words)
        })
    }
}

/// One entry of a legend.
#[derive(Debug)]
struct Entry {
    /// None: missing samples.
    colour: Option<Rgb<u8>>,
    words: String,
    /// From the legend's left and top.
    place: (usize, usize),
}

/// What tones and tints mean: missing samples, then the regions.
#[derive(Debug)]
pub(super) struct Legend {
    entries: Vec<Entry>,
    lines: usize,
}

impl Legend {
    /// In lines of at most this width.
    pub(super) fn new(field: &Field, layer: Option<&RegionLayer>, width: usize) -> Self {
        let missing = field.has_gaps().then(|| (None, "not measured".to_owned()));
        let regions = layer.into_iter().flat_map(RegionLayer::entries);
        let (mut left, mut line) = (0, 0);
        let mut entries = Vec::new();
        for (colour, words) in missing.into_iter().chain(regions.map(|(c, w)| (Some(c), w))) {
            let taken = SWATCH + 8 + Face::Plain.width(&words);
            if left > 0 && left + taken > width {
                (left, line) = (0, line + 1);
            }
            entries.push(Entry { colour, words, place: (left, LINE * line) });
            left += taken + GAP;
        }
        let lines = if entries.is_empty() { 0 } else { line + 1 };
        Self { entries, lines }
    }

    /// Height of all lines.
    pub(super) const fn height(&self) -> usize {
        LINE * self.lines
    }

    /// Draws it.
    pub(super) fn draw(&self, canvas: &mut Canvas, (left, top): (usize, usize)) {
        for Entry { colour, words, place: (x, y) } in &self.entries {
            let swatch = Area { left: left + x, top: top + y, width: SWATCH, height: 15 };
            match colour {
                Some(colour) => {
                    canvas.fill(swatch, *colour, 1.0);
                }
                None => {
                    canvas.fill(swatch, MISSING, 1.0);
                    for row in 0..swatch.height {
                        for column in 0..swatch.width {
                            canvas.missing(swatch.left + column, swatch.top + row);
                        }
                    }
                }
            }
            canvas.frame(swatch);
            let colour = if colour.is_some() { INK } else { GREY };
            canvas.text((left + x + SWATCH + 8, top + y), words, Face::Plain, colour);
        }
    }
}
