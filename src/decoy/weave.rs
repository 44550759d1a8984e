//! Sectors of mirrored parts, joined into one mark that nobody has fired.
//!
//! Each sector is of another source, with its wide side where the others have theirs, but for a small turn. Inside a
//! sector the texture is drawn out and pressed together along the circles about the middle, smoothly and at random: what
//! changes towards the rims stays, and two decoys of the same parts are not alike. The whole is turned by any angle.

use super::Base;
use super::part::Part;
use crate::simulate::{Lattice, Stream};
use crate::surface::Texture;
use crate::units::{Angle, Length};
use ndarray::{Array2, s};

/// Sectors of a decoy; each is less than half a turn.
const SECTORS: usize = 3;
/// Bounds of a sector's width before all are scaled to a full turn together.
const WIDTHS: (f64, f64) = (90.0, 150.0);
/// Deviation of a sector's own turn, degrees.
const OWN_TURN: f64 = 5.0;
/// Rms of the movement along the circles.
const DRAWN: Length = Length::from_micrometres(40.0);
/// Step of the lattice that the movement is smooth over.
const SMOOTH_OVER: Length = Length::from_micrometres(310.0);

/// A point or a direction, (x, y), y down.
type Vector = (f64, f64);

/// One sector: its part, the direction at which it begins, and the part's own turn.
#[derive(Debug)]
struct Sector {
    part: usize,
    begin: Vector,
    own: Vector,
}

/// What a decoy is made of.
#[derive(Debug)]
pub(super) struct Recipe {
    sectors: [Sector; SECTORS],
    turn: Vector,
    /// Share of the greatest gain of the rim.
    rim: f32,
}

impl Recipe {
    /// Draws what a decoy that `lead` leads is made of: bases of its group, each of another source if there are
    /// enough. `others` are those of other sources than the lead's.
    pub(super) fn draw(lead: usize, others: &[usize], bases: &[Base], stream: &mut Stream) -> Self {
        let mut parts = [lead; SECTORS];
        for place in 1..SECTORS {
            let used = |other: usize| {
                parts[..place].iter().any(|&part| bases[part].source == bases[other].source)
            };
            let fresh: Vec<usize> = others.iter().copied().filter(|&other| !used(other)).collect();
            let among = if fresh.is_empty() { others } else { &fresh };
            if !among.is_empty() {
                parts[place] = among[stream.below(among.len())];
            }
        }
        let widths = parts.map(|_| stream.between(WIDTHS.0, WIDTHS.1));
        let scale = 360.0 / widths.iter().sum::<f64>();
        let mut begin = stream.between(0.0, 360.0);
        let mut number = 0;
        let sectors = parts.map(|part| {
            let sector = Sector {
                part,
                begin: direction(begin),
                own: direction(OWN_TURN * stream.normal()),
            };
            begin += widths[number] * scale;
            number += 1;
            sector
        });
        let turn = direction(stream.between(0.0, 360.0));
        Self { sectors, turn, rim: stream.share() as f32 }
    }

    /// Every sector of the lead's own part: for parts so different that nothing is left of them together.
    fn of_the_lead(mut self) -> Self {
        let lead = self.sectors[0].part;
        for sector in &mut self.sectors {
            (sector.part, sector.own) = (lead, (1.0, 0.0));
        }
        self
    }

    /// The sector in which a point lies.
    fn sector(&self, (u, v): Vector) -> &Sector {
        // Counted from x towards y: left of where it begins, right of where the next one does.
        let beyond = |direction: Vector| direction.0 * v - direction.1 * u >= 0.0;
        let mut inside = 0;
        for (number, sector) in self.sectors.iter().enumerate() {
            let next = &self.sectors[(number + 1) % SECTORS];
            if beyond(sector.begin) && !beyond(next.begin) {
                inside = number;
            }
        }
        &self.sectors[inside]
    }
}

/// The unit vector at this angle.
fn direction(degrees: f64) -> Vector {
    let (sin, cos) = Angle::from_degrees(degrees).sin_cos();
    (cos, sin)
}

/// The vector turned by the angle at which the direction lies.
fn turned((x, y): Vector, (cos, sin): Vector) -> Vector {
    (x * cos - y * sin, x * sin + y * cos)
}

/// Makes the texture, cropped to what of it is measured.
pub(super) fn texture(recipe: Recipe, parts: &[Part], stream: &mut Stream) -> Texture {
    let lead = &parts[recipe.sectors[0].part];
    let spacing = lead.spacing();
    let reach = recipe.sectors.iter().map(|sector| parts[sector.part].reach()).fold(0.0, f64::max);
    let step = SMOOTH_OVER.ratio(spacing);
    let lattice = Lattice::new(stream, reach + 1.0, [step, step]);
    let (woven, count) = weave(&recipe, parts, &lattice, reach);
    let woven = if 2 * count < lead.count() {
        weave(&recipe.of_the_lead(), parts, &lattice, reach).0
    } else {
        woven
    };
    cropped(woven, spacing)
}

/// Heights and weights on a frame that holds every point within `reach` of the middle, and how many are measured.
fn weave(
    recipe: &Recipe,
    parts: &[Part],
    lattice: &Lattice,
    reach: f64,
) -> ((Array2<f32>, Array2<f32>), usize) {
    let half = reach.ceil() as usize + 1;
    let side = 2 * half + 1;
    let (mut heights, mut weights) = (Array2::zeros((side, side)), Array2::zeros((side, side)));
    let back = (recipe.turn.0, -recipe.turn.1);
    let drawn = DRAWN.ratio(parts[recipe.sectors[0].part].spacing());
    let farthest = (reach + 1.0) * (reach + 1.0);
    let mut count = 0;
    for row in 0..side {
        let y = row as f64 - half as f64;
        let line = lattice.line(y);
        for column in 0..side {
            let x = column as f64 - half as f64;
            let squared = x * x + y * y;
            if squared > farthest {
                continue;
            }
            let point = turned((x, y), back);
            let sector = recipe.sector(point);
            // Along the circle by so many samples, as a share of the radius.
            let along = drawn * line.at(x) / squared.sqrt().max(1.0);
            let (u, v) = turned((point.0 - along * point.1, point.1 + along * point.0), sector.own);
            if let Some(height) = parts[sector.part].at(u, v, recipe.rim) {
                heights[[row, column]] = height;
                weights[[row, column]] = 1.0;
                count += 1;
            }
        }
    }
    ((heights, weights), count)
}

/// Without rows and columns at the frame's edge that hold nothing.
fn cropped((heights, weights): (Array2<f32>, Array2<f32>), spacing: Length) -> Texture {
    let (mut rows, mut columns) = ((usize::MAX, 0), (usize::MAX, 0));
    for ((row, column), weight) in weights.indexed_iter() {
        if *weight > 0.0 {
            rows = (rows.0.min(row), rows.1.max(row));
            columns = (columns.0.min(column), columns.1.max(column));
        }
    }
    if rows.0 > rows.1 {
        return Texture { heights, weights, spacing };
    }
    let window = s![rows.0..=rows.1, columns.0..=columns.1];
    Texture {
        heights: heights.slice(window).to_owned(),
        weights: weights.slice(window).to_owned(),
        spacing,
    }
}
