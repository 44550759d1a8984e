//! Where did the ejector hit the head?
//!
//! It leaves a flat impression in the head's face that is wider than any stroke of the stamped letters. The
//! face has a form that most of it agrees on, like the primer's; what lies a little below it, is wide enough
//! and has an edge is the mark. Letters that it hit are deeper, or as deep and narrow: neither is the mark.

use super::inside::{largest, within};
use super::patches::{Patch, close, grow, open, patches, shrink};
use super::plateau::solve;
use super::relief::{Relief, median_of};
use ndarray::Array2;

/// Marks are looked for at this distance from where the face begins, and may reach as near as the second, in
/// micrometres: its edge is rounded.
const EDGE: (f64, f64) = (80.0, 20.0);
/// What is this far below the face is not its texture, in micrometres; deeper than the second, it is no mark.
const DEPTHS: (f64, f64) = (4.0, 80.0);
/// The first in robust standard deviations of the texture, where that is more.
const DEVIATIONS: f64 = 2.0;
/// Strokes of letters are narrower than twice this, in micrometres.
const STROKE: f64 = 130.0;
/// Gaps that are narrower than twice this belong to the mark, in micrometres.
const GAP: f64 = 30.0;
/// Least and greatest area of a mark, in square micrometres.
const AREA: (f64, f64) = (90_000.0, 1_500_000.0);
/// Least share of the mark's cells that are near its floor, and how near, in micrometres.
const EVEN: (f64, f64) = (0.85, 8.0);
/// The floor is the depth that most cells are this near to, in micrometres.
const FLOOR: f64 = 5.0;
/// The mark ends where it is this share as deep as its floor, where its edge is halfway down.
const RIM: f64 = 0.5;
/// What is this much deeper than the floor is a letter that it did not reach the bottom of, in micrometres.
const DEEPER: f64 = 10.0;
/// The mark's rim is this near to ground that is as wide as the mark, in micrometres.
const NEAR: f64 = 120.0;
/// Strands narrower than twice this are letters beside the mark, in micrometres.
const STRAND: f64 = 60.0;
/// Least area of a part of a mark that a letter divides, in square micrometres.
const PART: f64 = 20_000.0;
/// Greatest share of the mark's outline over which ground as deep goes on: strokes of letters that meet do.
const OPEN: f64 = 0.05;
/// The edge: how much higher the face is this far outside, in micrometres.
const STEP: f64 = 5.0;
const ASIDE: f64 = 60.0;
/// Terms of a paraboloid: what could be a saddle would bend to a mark in one corner of the frame.
const TERMS: usize = 4;

/// The ejector's mark on `face`, the cells of the head's face; none where there is none.
///
/// 1. How deep each cell lies below the face's form;
/// 2. patches of lower ground, wider than strokes;
/// 3. each with its own floor and rim;
/// 4. the largest that is even and has an edge: there is one ejector.
pub(super) fn find_ejector(departures: &Relief, face: &Array2<bool>) -> Array2<bool> {
    let none = Array2::from_elem(departures.dim(), false);
    let cells = |length: f64| length / departures.spacing;
    // 1.
    let inner = within(&shrink(face, cells(EDGE.0)), &departures.mask);
    let Some(level) = form(departures, &inner) else { return none };
    let depths = Array2::from_shape_fn(departures.dim(), |(row, column)| {
        let terms = terms(departures.place(row, column));
        terms.iter().zip(&level).map(|(term, factor)| term * factor).sum::<f64>()
            - f64::from(departures.heights[[row, column]])
    });
    let mut off: Vec<f64> = inner
        .iter()
        .zip(&depths)
        .filter(|(inside, _)| **inside)
        .map(|(_, depth)| depth.abs())
        .collect();
    let Some(deviation) = median_of(&mut off).map(|median| median / 0.6745) else { return none };
    let least = (DEVIATIONS * deviation).max(DEPTHS.0);
    // 2.
    let (rows, columns) = departures.dim();
    // A stroke that the frame cuts along its length is no wider for that.
    let framed = |(row, column): (usize, usize)| {
        (1..rows - 1).contains(&row) && (1..columns - 1).contains(&column)
    };
    let below = Array2::from_shape_fn(departures.dim(), |cell| {
        framed(cell) && inner[cell] && (least..DEPTHS.1).contains(&depths[cell])
    });
    let wide = within(&open(&close(&below, cells(GAP)), cells(STROKE)), &inner);
    // 3. and 4.
    let whole = within(&shrink(face, cells(EDGE.1)), &departures.mask);
    let ground = Ground { depths, whole, least, spacing: departures.spacing };
    let marks = patches(&wide).iter().filter_map(|patch| ground.mark(patch)).collect();
    largest(marks).map_or(none, |mark| mark.mask(departures.dim()))
}

/// The head's face as depths below its form, in micrometres.
struct Ground {
    depths: Array2<f64>,
    /// True where a mark may be.
    whole: Array2<bool>,
    /// What is deeper is not texture.
    least: f64,
    /// Micrometres between cells.
    spacing: f64,
}

impl Ground {
    /// The mark that this patch of low ground is of; `None` where it is of letters or of a slope.
    fn mark(&self, low: &Patch) -> Option<Patch> {
        let cells = |length: f64| length / self.spacing;
        let dim = self.depths.dim();
        let floor = self.floor(low)?;
        let alike = Array2::from_shape_fn(dim, |cell| {
            self.whole[cell] && (RIM * floor..floor + DEEPER).contains(&self.depths[cell])
        });
        let alike = within(&close(&alike, cells(GAP)), &self.whole);
        let near = grow(&low.mask(dim), cells(NEAR));
        let area = |count: usize| count as f64 * self.spacing * self.spacing;
        // A letter that is deeper may divide the mark.
        let parts = patches(&open(&within(&alike, &near), cells(STRAND))).into_iter();
        let parts = parts.filter(|part| area(part.cells.len()) >= PART);
        let mark = Patch { cells: parts.flat_map(|part| part.cells).collect() };
        let even = mark.cells.iter().filter(|cell| (self.depths[**cell] - floor).abs() < EVEN.1);
        if !(AREA.0..AREA.1).contains(&area(mark.cells.len()))
            || (even.count() as f64) < EVEN.0 * mark.cells.len() as f64
        {
            return None;
        }
        let mask = mark.mask(dim);
        let outline = |mask: &Array2<bool>| {
            let grown = grow(mask, 1.0);
            Array2::from_shape_fn(dim, |cell| grown[cell] && !mask[cell])
        };
        let count = |mask: &Array2<bool>| mask.iter().filter(|inside| **inside).count() as f64;
        let going_on = count(&within(&within(&alike, &outline(&near)), &grow(&mask, 2.0)));
        if going_on > OPEN * count(&outline(&mask)) {
            return None;
        }
        // The face beside it, without letters.
        let outside = within(&outline(&grow(&mask, cells(ASIDE))), &self.whole);
        let mut aside: Vec<f64> = outside
            .indexed_iter()
            .filter(|&(cell, &outside)| outside && self.depths[cell] < floor + DEEPER)
            .map(|(cell, _)| self.depths[cell])
            .collect();
        let aside = median_of(&mut aside)?;
        (floor - aside > STEP && aside < self.least).then_some(mark)
    }

    /// The depth that most cells of a patch are near to.
    fn floor(&self, patch: &Patch) -> Option<f64> {
        let mut depths: Vec<f64> = patch.cells.iter().map(|&cell| self.depths[cell]).collect();
        depths.sort_by(f64::total_cmp);
        let mut best = (0, None);
        let mut last = 0;
        for (first, depth) in depths.iter().enumerate() {
            while last < depths.len() && depths[last] <= depth + 2.0 * FLOOR {
                last += 1;
            }
            if last - first > best.0 {
                best = (last - first, Some(depths[first.midpoint(last - 1)]));
            }
        }
        best.1
    }
}

/// Letters and marks are below the face, so what counts as near reaches less far down, by this factor.
const BELOW: f64 = 0.5;

/// 1, x, y and the squared distance, with lengths in millimetres.
fn terms((x, y): (f64, f64)) -> [f64; TERMS] {
    let (x, y) = (x / 1e3, y / 1e3);
    [1.0, x, y, x * x + y * y]
}

/// The form of the face: least squares on what is near the last, from the median on.
fn form(departures: &Relief, face: &Array2<bool>) -> Option<[f64; TERMS]> {
    let cells: Vec<([f64; TERMS], f64)> = face
        .indexed_iter()
        .filter(|(_, inside)| **inside)
        .map(|((row, column), _)| {
            let height = f64::from(departures.heights[[row, column]]);
            (terms(departures.place(row, column)), height)
        })
        .collect();
    if cells.len() < 200 {
        return None;
    }
    let mut heights: Vec<f64> = cells.iter().map(|cell| cell.1).collect();
    let mut level = [0.0; TERMS];
    level[0] = median_of(&mut heights)?;
    let mut reach = 120.0_f64;
    for _ in 0..14 {
        let mut rows = [[0.0; TERMS + 1]; TERMS];
        for (terms, height) in &cells {
            let off: f64 = height - terms.iter().zip(&level).map(|(t, l)| t * l).sum::<f64>();
            if off > reach || off < -BELOW * reach {
                continue;
            }
            for (row, left) in rows.iter_mut().zip(terms) {
                for (sum, right) in row.iter_mut().zip(terms.iter().chain([height])) {
                    *sum += left * right;
                }
            }
        }
        level = solve(rows)?;
        reach = (reach * 0.75).max(8.0);
    }
    Some(level)
}
