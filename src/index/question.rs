//! A questioned signature at every centre that is tried, laid out for the kernel.

use super::emphasis::Emphasis;
use super::entry::{Family, Steps};
use super::layout::Layout;
use super::pairs::QUESTION_LEVELS;
use super::polar::{Harmonics, Point, Polar};
use super::sieve::Sieve;
use super::sums::pair;
use crate::surface::{Kind, Texture};
use crate::units::Length;
use casemark_fft::num_complex::Complex32;

/// Centres that the kernel tries at once: with real and imaginary parts 24 sums, which leaves eight of 32
/// vector registers for what they are made of.
pub(super) const TILE: usize = 12;

/// A questioned signature, ready to be scored against blocks.
#[derive(Clone, Debug)]
pub struct Question {
    pub(super) family: Family,
    pub(super) tiles: Vec<Tile>,
    pub(super) sieve: Coarse,
    /// What one step of the values stands for.
    pub(super) steps: Steps,
    /// The centres that are tried, from the centre of the frame.
    pub(super) centres: Vec<Point>,
}

/// What the coarse pass asks with.
#[derive(Clone, Debug)]
pub(super) struct Coarse {
    /// Its own centres; of the heights the first harmonics alone.
    pub(super) tiles: Vec<Tile>,
    pub(super) offsets: usize,
    /// The middle centre, for overlap and squares.
    pub(super) middle: Tile,
}

/// Some centres: values in the order of the layout, for each its real and imaginary part at each centre, as a
/// pair of whole numbers of steps.
#[derive(Clone, Debug)]
pub(super) struct Tile {
    /// Number of centres, even; of an odd number the last is nothing.
    pub(super) width: usize,
    pub(super) heights: Vec<u32>,
    pub(super) squares: Vec<u32>,
    pub(super) mask: Vec<u32>,
    /// Measured share of the rings' area at each centre.
    pub(super) measured: Vec<f32>,
}

impl Question {
    pub(super) fn new(
        family: Family,
        texture: &Texture,
        centres: Vec<Point>,
        emphasis: &Emphasis,
        (coarse_centres, sieve): (Vec<Point>, &Sieve),
        polar: &Polar,
        layout: &Layout,
    ) -> Self {
        let at_centre = |centre: &Point| {
            let rings = polar.read(texture, *centre, layout);
            let mut harmonics = polar.harmonics(&rings, layout);
            emphasis.apply(&mut harmonics.heights);
            weighted(harmonics, layout)
        };
        let harmonics: Vec<Harmonics> = centres.iter().map(at_centre).collect();
        let coarse: Vec<Harmonics> = coarse_centres
            .iter()
            .map(|centre| {
                let mut harmonics = at_centre(centre);
                harmonics.heights.truncate(layout.start(sieve.harmonics + 1));
                harmonics
            })
            .collect();
        let steps = Steps::of(harmonics.iter().chain(&coarse), QUESTION_LEVELS);
        let middle = Tile::new(&coarse[..1], steps, layout);
        let sieve = Coarse { tiles: tiles(&coarse, steps, layout), offsets: coarse.len(), middle };
        let tiles = tiles(&harmonics, steps, layout);
        Self { family, tiles, sieve, steps, centres }
    }

    /// Of which kind of surface it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.family.kind
    }

    /// How much there is of the mark: the measured share of the disc that the rings cover, about its centre.
    #[must_use]
    pub fn measured_share(&self) -> f64 {
        self.sieve.middle.measured.first().copied().map_or(0.0, f64::from)
    }

    /// Number of centres that are tried.
    #[must_use]
    pub fn offsets(&self) -> usize {
        self.centres.len()
    }

    /// Number of centres that the coarse pass tries.
    #[must_use]
    pub const fn sieve_offsets(&self) -> usize {
        self.sieve.offsets
    }
}

/// As few tiles as there can be, about as wide as each other: a narrow one costs nearly as much.
fn tiles(harmonics: &[Harmonics], steps: Steps, layout: &Layout) -> Vec<Tile> {
    let pairs = harmonics.len().div_ceil(2);
    let count = pairs.div_ceil(TILE / 2);
    let end = |tile: usize| (2 * (pairs * tile / count)).min(harmonics.len());
    (0..count).map(|tile| Tile::new(&harmonics[end(tile)..end(tile + 1)], steps, layout)).collect()
}

impl Tile {
    fn new(harmonics: &[Harmonics], steps: Steps, layout: &Layout) -> Self {
        let width = harmonics.len().next_multiple_of(2);
        let interleave = |part: &dyn Fn(&Harmonics) -> &[Complex32], step: f32| {
            let share = if step > 0.0 { 1.0 / step } else { 0.0 };
            // To the nearest, within 16 bits. `f32::round` is a call where the processor is not known.
            let round = |value: f32| (value * share + 0.5_f32.copysign(value)) as i16;
            let count = harmonics.first().map_or(0, |first| part(first).len());
            let mut values = Vec::with_capacity(count * width);
            for value in 0..count {
                values.extend(harmonics.iter().map(|harmonics| {
                    let value = part(harmonics)[value];
                    pair(round(value.re), round(value.im))
                }));
                values.resize(width * (value + 1), 0);
            }
            values
        };
        let measured = |harmonics: &Harmonics| {
            harmonics.mask[..layout.mask_rings()].iter().map(|mean| mean.re).sum()
        };
        let mut measured: Vec<f32> = harmonics.iter().map(measured).collect();
        measured.resize(width, 0.0);
        Self {
            width,
            heights: interleave(&|harmonics| &harmonics.heights, steps.heights),
            squares: interleave(&|harmonics| &harmonics.squares, steps.squares),
            mask: interleave(&|harmonics| &harmonics.mask, steps.mask),
            measured,
        }
    }
}

/// Each value times the area that its ring stands for, once for both sides.
fn weighted(mut harmonics: Harmonics, layout: &Layout) -> Harmonics {
    let areas = layout.areas();
    for harmonic in 0..=layout.harmonics() {
        let values = &mut harmonics.heights[layout.start(harmonic)..layout.start(harmonic + 1)];
        for (value, area) in values.iter_mut().zip(&areas[layout.first_ring(harmonic)..]) {
            *value *= *area;
        }
    }
    for part in [&mut harmonics.squares, &mut harmonics.mask] {
        for (value, area) in part.iter_mut().zip(layout.mask_areas().iter().cycle()) {
            *value *= *area;
        }
    }
    harmonics
}

/// The centres that are tried: a hexagonal lattice about `centre`, from the middle outwards.
pub(super) fn lattice(centre: Point, reach: Length, spacing: Length) -> Vec<Point> {
    let steps = reach.ratio(spacing) + 1e-9;
    let rows = (steps * 2.0 / 3.0_f64.sqrt()).ceil() as i32;
    let columns = steps.ceil() as i32 + 1;
    let mut places = Vec::new();
    for row in -rows..=rows {
        for column in -columns..=columns {
            let x = f64::from(column) + 0.5 * f64::from(row.rem_euclid(2));
            let y = f64::from(row) * 3.0_f64.sqrt() / 2.0;
            let squared = x * x + y * y;
            if squared <= steps * steps {
                places.push((squared, x, y));
            }
        }
    }
    // Rows and columns are in order already, which settles ties.
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let place = |&(_, x, y): &(f64, f64, f64)| Point {
        x: centre.x + spacing * x,
        y: centre.y + spacing * y,
    };
    places.iter().map(place).collect()
}
