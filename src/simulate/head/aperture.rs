//! What becomes of the primer's metal over the firing-pin aperture?
//!
//! It is not held there: it bulges into the hole, with a wall where the edge was, a lip where it was pushed
//! against it, and a skirt outside, where the edge is rounded. Round apertures, and rectangular ones.

use super::super::lattice::Lattice;
use super::super::stream::Stream;
use super::{hill, step};

/// The hole of one firearm. Lengths in micrometres.
#[derive(Debug)]
pub(super) struct Aperture {
    /// Half its width and height; equal where it is round.
    half: [f64; 2],
    /// Radius of its corners.
    corner: f64,
    /// Width of the rounded edge.
    edge: f64,
    /// How its flowback compares with that of others.
    looseness: f64,
}

impl Aperture {
    /// Of about this radius.
    pub(super) fn draw(radius: f64, stream: &mut Stream) -> Self {
        let radius = radius * stream.between(0.62, 0.86);
        let (half, corner) = if stream.share() < 0.7 {
            ([radius, radius], radius)
        } else {
            let long = radius * stream.between(1.0, 1.15);
            let narrow = radius * stream.between(0.7, 0.9);
            ([narrow, long], radius * stream.between(0.2, 0.5))
        };
        let (edge, looseness) = (stream.between(25.0, 80.0), stream.between(0.6, 1.4));
        Self { half, corner, edge, looseness }
    }

    /// Mean of half its width and height.
    pub(super) fn radius(&self) -> f64 {
        f64::midpoint(self.half[0], self.half[1])
    }

    /// Distance outside its edge; negative within.
    fn outside(&self, u: f64, v: f64) -> f64 {
        let across = u.abs() - self.half[0] + self.corner;
        let along = v.abs() - self.half[1] + self.corner;
        let beyond = (across.max(0.0), along.max(0.0));
        (beyond.0 * beyond.0 + beyond.1 * beyond.1).sqrt() + across.max(along).min(0.0)
            - self.corner
    }
}

/// The metal of one shot.
#[derive(Debug)]
pub(super) struct Flowback {
    /// Height in the middle, and how it slants over a micrometre.
    pub(super) height: f64,
    slant: [f64; 2],
    wall: f64,
    lip: f64,
    skirt: [f64; 2],
    moat: f64,
    rough: f64,
    texture: [Lattice; 2],
    waver: Lattice,
}

/// What there is at one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bulge {
    /// Height above the flat, with its texture.
    pub(super) height: f64,
    /// The same without.
    pub(super) smooth: f64,
    /// How far it is from where the flat would be, whichever way its parts go.
    pub(super) disturbed: f64,
    /// How much of the breech face's texture is left, 0 to 1.
    pub(super) face: f64,
    /// Distance outside the aperture's edge.
    pub(super) outside: f64,
}

impl Flowback {
    pub(super) fn draw(aperture: &Aperture, mean: f64, stream: &mut Stream) -> Self {
        let height = mean * aperture.looseness * stream.between(0.55, 1.45);
        let slant = stream.in_disc(0.5 * height / aperture.radius());
        let reach = 1.3 * aperture.half[0].max(aperture.half[1]);
        let mut field = |step: f64| Lattice::new(stream, reach, [step, step]);
        let (texture, waver) = ([field(90.0), field(22.0)], field(160.0));
        Self {
            height,
            slant: [slant.0, slant.1],
            wall: aperture.edge + 0.5 * height,
            lip: height * stream.between(0.0, 0.5),
            skirt: [stream.between(0.0, 5.0), stream.between(20.0, 50.0)],
            moat: stream.between(0.0, 6.0),
            rough: 1.5 + height * stream.between(0.02, 0.08),
            texture,
            waver,
        }
    }

    /// At a place of the aperture's frame.
    pub(super) fn at(&self, aperture: &Aperture, u: f64, v: f64) -> Bulge {
        let outside = aperture.outside(u, v);
        if outside > 300.0 {
            return Bulge { height: 0.0, smooth: 0.0, disturbed: 0.0, face: 1.0, outside };
        }
        let outside = outside + 9.0 * self.waver.at(u, v);
        let within = step(-outside, 0.0, self.wall);
        let top = self.height + self.slant[0] * u + self.slant[1] * v;
        let lip = self.lip * hill(outside + self.wall, 0.8 * self.wall);
        let beyond = outside.max(0.0) / self.skirt[1];
        let skirt = self.skirt[0] / ((1.0 + beyond * beyond) * (1.0 + beyond * beyond));
        let moat = self.moat * hill(outside - 30.0, 25.0);
        let smooth = within * top + lip + skirt - moat;
        let disturbed = within * top.abs() + skirt + moat;
        let rough = if within > 0.0 {
            within * self.rough * (self.texture[0].at(u, v) + 0.6 * self.texture[1].at(u, v))
        } else {
            0.0
        };
        Bulge {
            height: smooth + rough,
            smooth,
            disturbed,
            face: step(outside, -10.0, 40.0),
            outside,
        }
    }
}
