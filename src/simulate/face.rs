//! What marks does machining leave on a slide's breech face?
//!
//! Three kinds of texture, each a [`Lattice`] in a frame of its own: the dominant family of tool marks
//! (parallel or slightly arched, as a broach, a file or a face mill leaves them), a weaker family that
//! crosses it, and grain (casting, blasting, EDM). How they are mixed belongs to the group of slides
//! made with one tool; part of the marks does too (subclass), the rest is the slide's own.

use super::head::{self, Head};
use super::lattice::Lattice;
use super::options::Simulation;
use super::shot::{self, Shot};
use super::stream::{Part, Stream};
use std::f64::consts::PI;

/// Waves of the breech face that are longer than this (in micrometres) are form and not marks: they
/// are levelled away before a surface is stored.
const LONGEST_WAVE: f64 = 500.0;

/// One firearm: its breech face and where its primers lie. Lengths in micrometres.
#[derive(Debug)]
pub struct Firearm {
    pub(super) simulation: Simulation,
    pub(super) index: usize,
    /// Radius of the firing-pin aperture, whose centre is the origin of the breech face's frame.
    pub(super) aperture_radius: f64,
    /// Where the centres of its primers lie on average.
    pub(super) primer_centre: (f64, f64),
    /// Rms height of its impressions.
    pub(super) height_rms: f64,
    pub(super) texture: Texture,
}

impl Firearm {
    /// Makes the slide.
    pub(super) fn machine(simulation: &Simulation, index: usize) -> Self {
        let group = index / simulation.subclass_group;
        let mut common = Stream::new(simulation.seed, Part::Group, [group, 0]);
        let machining = Machining::draw(&mut common);
        let offset = simulation.aperture_offset.micrometres();
        let offset_of_group = common.in_disc(offset * 0.75);

        let mut own = Stream::new(simulation.seed, Part::Slide, [index, 0]);
        let offset_of_slide = own.in_disc(offset * 0.25);
        let spread = simulation.diameter_spread;
        let aperture = simulation.aperture_diameter.micrometres() / 2.0;
        let height_rms = simulation.height_rms.micrometres() * libm::exp(0.12 * own.normal());
        let aperture_radius = aperture * (1.0 + own.between(-spread, spread));
        let primer_centre =
            (offset_of_group.0 + offset_of_slide.0, offset_of_group.1 + offset_of_slide.1);
        let texture = Texture::make(simulation, &machining, group, &mut own);
        let simulation = simulation.clone();
        Self { simulation, index, aperture_radius, primer_centre, height_rms, texture }
    }

    /// Its place in the simulation, from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The group of consecutive slides that it was machined with, from 0.
    #[must_use]
    pub const fn group(&self) -> usize {
        self.index / self.simulation.subclass_group
    }

    /// The case of this shot, from 0: about 30 milliseconds at the default size.
    #[must_use]
    pub fn shot(&self, index: usize) -> Shot {
        shot::fire(self, index)
    }

    /// The whole head of this shot's case, from 0: about 200 milliseconds at the default size. Its breech
    /// face has the marks of [`Firearm::shot`], but it is another case than that.
    #[must_use]
    pub fn head(&self, index: usize) -> Head {
        head::fire(self, index)
    }
}

/// How a group of slides is machined. Lengths in micrometres, angles in radians.
#[derive(Debug)]
struct Machining {
    /// Direction of the dominant marks.
    direction: f64,
    /// Curvature of the dominant marks: of a straight broach to that of a face mill.
    curvature: f64,
    /// Length of the dominant marks.
    length: f64,
    /// Step across the dominant marks; their wavelengths peak near four of it.
    pitch: f64,
    /// Direction of the crossing marks.
    crossing: f64,
    /// Step of the fine grain.
    grain: f64,
    /// Shares of variance: dominant marks, crossing marks, fine grain, coarse grain.
    shares: [f64; 4],
    /// How much sharper ridges are than valleys, either sign.
    sharpness: f64,
}

impl Machining {
    fn draw(stream: &mut Stream) -> Self {
        let direction = stream.between(0.0, PI);
        // From slides that are almost all grain to such that are mostly marks.
        let marks = stream.between(0.05, 0.5);
        let crossed = marks * stream.between(0.1, 0.5);
        let coarse = (1.0 - marks) * stream.between(0.1, 0.5);
        Self {
            direction,
            curvature: stream.between(-1.0, 1.0) / 8_000.0,
            length: stream.between(250.0, 900.0),
            pitch: stream.between(10.0, 28.0),
            crossing: direction + stream.between(0.25, 0.75) * PI,
            grain: stream.between(15.0, 34.0),
            shares: [marks - crossed, crossed, 1.0 - marks - coarse, coarse],
            sharpness: 0.12 * stream.normal(),
        }
    }
}

/// A family of tool marks in a frame of its own.
struct Marks {
    lattice: Lattice,
    sin: f64,
    cos: f64,
    curvature: f64,
}

impl Marks {
    fn cut(
        stream: &mut Stream,
        half: f64,
        steps: [f64; 2],
        direction: f64,
        curvature: f64,
    ) -> Self {
        let (sin, cos) = libm::sincos(direction);
        // The corners are farther than the sides, and arched marks reach beyond both.
        let reach = half * 1.42 + curvature.abs() * half * half;
        let lattice = Lattice::new(stream, reach, steps).levelled_across(LONGEST_WAVE / 2.0);
        Self { lattice, sin, cos, curvature }
    }

    fn at(&self, x: f64, y: f64) -> f64 {
        let (along, across) = (x * self.cos + y * self.sin, y * self.cos - x * self.sin);
        self.lattice.at(along, across + self.curvature * along * along / 2.0)
    }
}

/// All texture of one origin: of the tool, or of the slide.
struct Origin {
    marks: [Marks; 2],
    grain: [Lattice; 2],
}

impl Origin {
    fn draw(stream: &mut Stream, machining: &Machining, half: f64, length: f64) -> Self {
        let Machining { direction, curvature, pitch, crossing, grain, .. } = *machining;
        let coarse = grain * 2.2;
        Self {
            marks: [
                Marks::cut(stream, half, [length, pitch], direction, curvature),
                Marks::cut(stream, half, [length * 0.6, pitch * 1.3], crossing, 0.0),
            ],
            grain: [
                Lattice::new(stream, half, [grain, grain]),
                Lattice::new(stream, half, [coarse, coarse]),
            ],
        }
    }

    /// Adds the heights of one row, `scale` squared of variance where the shares sum to 1.
    fn add_row(&self, heights: &mut [f64], places: &[f64], y: f64, scale: f64, shares: &[f64; 4]) {
        let [dominant, crossing, fine, coarse] = shares.map(|share| scale * share.sqrt());
        let (fine_line, coarse_line) = (self.grain[0].line(y), self.grain[1].line(y));
        for (height, &x) in heights.iter_mut().zip(places) {
            *height += dominant * self.marks[0].at(x, y)
                + crossing * self.marks[1].at(x, y)
                + fine * fine_line.at(x)
                + coarse * coarse_line.at(x);
        }
    }
}

/// Heights of a breech face on a square grid about its origin, rms 1: first those of the new slide,
/// second those that wear brings.
#[derive(Debug)]
pub(super) struct Texture {
    nodes: Vec<[f32; 2]>,
    side: usize,
    /// Samples per micrometre.
    density: f64,
    /// Place of the origin in samples along both axes.
    origin: f64,
}

impl Texture {
    fn make(
        simulation: &Simulation,
        machining: &Machining,
        group: usize,
        own: &mut Stream,
    ) -> Self {
        let spacing = simulation.spacing.micrometres();
        let half = shot::greatest_reach(simulation);
        let mut tool = Stream::new(simulation.seed, Part::Subclass, [group, 0]);
        // A tool's marks run on for longer than those of one slide.
        let subclass = Origin::draw(&mut tool, machining, half, machining.length * 2.0);
        let individual = Origin::draw(own, machining, half, machining.length);
        let worn = Lattice::new(own, half, [machining.grain, machining.grain]);

        let shared = simulation.subclass_share.sqrt();
        let alone = (1.0 - simulation.subclass_share).sqrt();
        let sharpness = machining.sharpness;
        let scale = 1.0 / (1.0 + 2.0 * sharpness * sharpness).sqrt();
        let side = 2 * (half / spacing).ceil() as usize + 1;
        let origin = (side / 2) as f64;
        let places: Vec<f64> = (0..side).map(|node| (node as f64 - origin) * spacing).collect();
        let mut nodes = Vec::with_capacity(side * side);
        let mut heights = vec![0.0; side];
        for &y in &places {
            heights.fill(0.0);
            subclass.add_row(&mut heights, &places, y, shared, &machining.shares);
            individual.add_row(&mut heights, &places, y, alone, &machining.shares);
            let worn = worn.line(y);
            nodes.extend(heights.iter().zip(&places).map(|(plain, &x)| {
                let height = scale * (plain + sharpness * (plain * plain - 1.0));
                [height as f32, worn.at(x) as f32]
            }));
        }
        Self { nodes, side, density: 1.0 / spacing, origin }
    }

    /// New and worn height at a point of the breech face's frame, bilinear between samples.
    pub(super) fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let limit = (self.side - 2) as f64;
        let column = (x * self.density + self.origin).clamp(0.0, limit);
        let row = (y * self.density + self.origin).clamp(0.0, limit);
        let start = row as usize * self.side + column as usize;
        let (right, down) = (column - (column as usize) as f64, row - (row as usize) as f64);
        let [top, bottom] = [start, start + self.side].map(|near| {
            let [left, right_of] = [self.nodes[near], self.nodes[near + 1]];
            [0, 1].map(|which| {
                let (from, to) = (f64::from(left[which]), f64::from(right_of[which]));
                from + (to - from) * right
            })
        });
        [top[0] + (bottom[0] - top[0]) * down, top[1] + (bottom[1] - top[1]) * down]
    }
}
