//! What does the ejector leave on the head?
//!
//! A small flat impression near the head's rim with the ejector's own marks, opposite no part in particular:
//! where it lies belongs to the firearm, how deep it is to the shot.

use super::super::lattice::Lattice;
use super::super::stream::Stream;

/// The ejector of one firearm. Lengths in micrometres.
#[derive(Debug)]
pub(super) struct Ejector {
    /// Where its middle lies, from the breech face's origin.
    pub(super) place: (f64, f64),
    /// Its direction, outwards.
    pub(super) direction: (f64, f64),
    /// Half its size, outwards and along the rim.
    half: [f64; 2],
    corner: f64,
    height: f64,
    strokes: Lattice,
    grain: Lattice,
}

/// How hard one case hit it.
#[derive(Debug)]
pub(super) struct Hit {
    depth: f64,
    lean: [f64; 2],
    own: Lattice,
}

impl Ejector {
    /// `None` for a firearm whose ejector leaves nothing to see. `inner` is where the head's face begins.
    pub(super) fn draw(inner: f64, stream: &mut Stream) -> Option<Self> {
        let (sin, cos) = libm::sincos(stream.between(0.0, std::f64::consts::TAU));
        let half = [stream.between(180.0, 330.0), stream.between(250.0, 480.0)];
        let distance = inner + half[0] + stream.between(60.0, 350.0);
        let ejector = Self {
            place: (cos * distance, sin * distance),
            direction: (cos, sin),
            half,
            corner: stream.between(0.15, 0.9) * half[0],
            height: stream.between(1.0, 2.2),
            strokes: Lattice::new(stream, 700.0, [260.0, 16.0]),
            grain: Lattice::new(stream, 700.0, [19.0, 19.0]),
        };
        (stream.share() < 0.8).then_some(ejector)
    }

    pub(super) fn hit(stream: &mut Stream) -> Hit {
        let lean = stream.in_disc(0.012);
        Hit {
            depth: stream.between(10.0, 35.0),
            lean: [lean.0, lean.1],
            own: Lattice::new(stream, 700.0, [15.0, 15.0]),
        }
    }

    /// How far below the head's face it pressed at a place of its frame, with marks; `None` where it did not.
    pub(super) fn at(&self, hit: &Hit, u: f64, v: f64) -> Option<f64> {
        let (out, along) = (u.abs() - self.half[0], v.abs() - self.half[1]);
        if out >= 0.0 || along >= 0.0 {
            return None;
        }
        let (from_u, from_v) = (out + self.corner, along + self.corner);
        if from_u > 0.0
            && from_v > 0.0
            && from_u * from_u + from_v * from_v > self.corner * self.corner
        {
            return None;
        }
        let marks =
            0.7 * self.strokes.at(u, v) + 0.6 * self.grain.at(u, v) + 0.35 * hit.own.at(u, v);
        let depth = hit.depth + hit.lean[0] * u + hit.lean[1] * v;
        // The edge is rounded.
        let edge = (-out.max(along) / 25.0).min(1.0);
        Some((depth - self.height * marks) * edge)
    }
}
