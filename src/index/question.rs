//! A questioned signature at every centre that is tried, laid out for the kernel.

use super::entry::Family;
use super::layout::Layout;
use super::polar::{Harmonics, Point, Polar};
use crate::surface::Texture;
use crate::units::Length;
use rustfft::num_complex::Complex32;

/// Centres that the kernel tries at once: with real and imaginary parts 24 sums, which leaves eight of 32
/// vector registers for what they are made of.
pub(super) const TILE: usize = 12;

/// A questioned signature, ready to be scored against blocks.
#[derive(Clone, Debug)]
pub struct Question {
    pub(super) family: Family,
    pub(super) tiles: Vec<Tile>,
    pub(super) sieve: Coarse,
    /// The centres that are tried, from the centre of the frame.
    pub(super) centres: Vec<Point>,
}

/// What the coarse pass asks with.
#[derive(Clone, Debug)]
pub(super) struct Coarse {
    /// Its own centres; of the heights the first harmonics alone.
    pub(super) tiles: Vec<Tile>,
    /// The middle centre, for overlap and squares.
    pub(super) middle: Tile,
}

/// Some centres: values in the order of the layout, for each its real and imaginary part at each centre.
#[derive(Clone, Debug)]
pub(super) struct Tile {
    /// Number of centres, even; of an odd number the last is nothing.
    pub(super) width: usize,
    pub(super) heights: Vec<[f32; 2]>,
    pub(super) squares: Vec<[f32; 2]>,
    pub(super) mask: Vec<[f32; 2]>,
    /// Measured share of the rings' area at each centre.
    pub(super) measured: Vec<f32>,
}

impl Question {
    pub(super) fn new(
        family: Family,
        texture: &Texture,
        centres: Vec<Point>,
        sieve: (Vec<Point>, usize),
        polar: &Polar,
        layout: &Layout,
    ) -> Self {
        let at_centre = |centre: &Point| {
            let rings = polar.read(texture, *centre, layout);
            weighted(polar.harmonics(&rings, layout), layout)
        };
        let harmonics: Vec<Harmonics> = centres.iter().map(at_centre).collect();
        let tiles = harmonics.chunks(TILE).map(|harmonics| Tile::new(harmonics, layout)).collect();
        let (coarse_centres, highest) = sieve;
        let coarse: Vec<Harmonics> = coarse_centres
            .iter()
            .map(|centre| {
                let mut harmonics = at_centre(centre);
                harmonics.heights.truncate(layout.start(highest + 1));
                harmonics
            })
            .collect();
        let sieve = Coarse {
            tiles: coarse.chunks(TILE).map(|harmonics| Tile::new(harmonics, layout)).collect(),
            middle: Tile::new(&coarse[..1], layout),
        };
        Self { family, tiles, sieve, centres }
    }

    /// Number of centres that are tried.
    #[must_use]
    pub fn offsets(&self) -> usize {
        self.centres.len()
    }
}

impl Tile {
    fn new(harmonics: &[Harmonics], layout: &Layout) -> Self {
        let width = harmonics.len().next_multiple_of(2);
        let interleave = |part: &dyn Fn(&Harmonics) -> &[Complex32]| {
            let count = harmonics.first().map_or(0, |first| part(first).len());
            let mut values = Vec::with_capacity(count * width);
            for value in 0..count {
                values.extend(harmonics.iter().map(|harmonics| {
                    let value = part(harmonics)[value];
                    [value.re, value.im]
                }));
                values.resize(width * (value + 1), [0.0; 2]);
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
            heights: interleave(&|harmonics| &harmonics.heights),
            squares: interleave(&|harmonics| &harmonics.squares),
            mask: interleave(&|harmonics| &harmonics.mask),
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
