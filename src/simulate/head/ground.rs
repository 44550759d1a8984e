//! How do primer, groove and the head's face lie to one another before anything hits them?
//!
//! The cup of a primer has a rounded shoulder, beyond which its wall falls into the groove; the groove's other
//! wall rises to the head's face. The breech face presses the cup's top flat: height 0 is that flat.

use super::super::lattice::{Lattice, Line};
use super::super::stream::Stream;
use super::{FACE_ENDS, step};
use crate::surface::Region;

/// The ground of one case. Lengths in micrometres, slopes as ratios.
#[derive(Debug)]
pub(super) struct Ground {
    /// Where the shoulder begins.
    start: f64,
    /// Radius of curvature of the shoulder.
    curvature: f64,
    /// Greatest slope of the primer's wall.
    steepest: f64,
    /// Height of the cup's top above the flat that was pressed into it, and how that is tilted to it.
    proud: f64,
    lean: [f64; 2],
    /// Bottom of the groove.
    bottom: f64,
    /// Where the head's face begins, how high it is and how its edge is shaped.
    face_start: f64,
    face: f64,
    outer_curvature: f64,
    outer_steepest: f64,
    /// Texture of the primer's metal and of the head, and its heights.
    peel: [Lattice; 2],
    brass: [Lattice; 2],
    rough: [f64; 4],
}

/// The textures along one row.
pub(super) struct GroundLine {
    peel: [Line; 2],
    brass: [Line; 2],
}

impl Ground {
    /// Of a case whose flat has about this radius.
    pub(super) fn draw(flat: f64, groove: f64, reach: f64, stream: &mut Stream) -> Self {
        let curvature = stream.between(220.0, 600.0);
        let proud = stream.between(3.0, 12.0);
        let start = flat - (2.0 * curvature * (proud + FACE_ENDS)).sqrt();
        let lean = stream.in_disc(0.45 * proud / flat);
        let steepest = stream.between(0.5, 1.3);
        let bottom = -groove * stream.between(0.75, 1.3);
        // Wide enough that both walls reach the bottom or nearly so.
        let face_start = flat + stream.between(900.0, 1250.0);
        let mut field = |step: f64| Lattice::new(stream, reach, [step, step]);
        let (peel, brass) = ([field(75.0), field(24.0)], [field(130.0), field(20.0)]);
        Self {
            start,
            curvature,
            steepest,
            proud,
            lean: [lean.0, lean.1],
            bottom,
            face_start,
            face: stream.between(-10.0, 60.0),
            outer_curvature: stream.between(60.0, 300.0),
            outer_steepest: stream.between(0.5, 1.5),
            peel,
            brass,
            rough: [
                stream.between(0.8, 3.5),
                stream.between(0.4, 1.2),
                stream.between(0.8, 3.0),
                stream.between(0.6, 1.8),
            ],
        }
    }

    pub(super) fn line(&self, y: f64) -> GroundLine {
        GroundLine {
            peel: self.peel.each_ref().map(|field| field.line(y)),
            brass: self.brass.each_ref().map(|field| field.line(y)),
        }
    }

    /// Where the head's face begins.
    pub(super) const fn face_start(&self) -> f64 {
        self.face_start
    }

    /// Height of the head's face at a distance from the primer's middle, without texture.
    pub(super) fn face_at(&self, radius: f64) -> f64 {
        self.face - fall(self.face_start - radius, self.outer_curvature, self.outer_steepest)
    }

    /// Radius at which the shoulder has fallen by this.
    pub(super) fn radius_at(&self, depth: f64) -> f64 {
        let fall = depth + self.proud;
        let knee = self.steepest * self.curvature;
        let round = knee * knee / (2.0 * self.curvature);
        self.start
            + if fall < round {
                (2.0 * self.curvature * fall).sqrt()
            } else {
                knee + (fall - round) / self.steepest
            }
    }

    /// Height, part and how far the flat is pressed there (0 to 1), at a place from the frame's centre and
    /// from the primer's middle.
    pub(super) fn at(
        &self,
        line: &GroundLine,
        x: f64,
        right: f64,
        down: f64,
    ) -> (f64, Region, f64) {
        let radius = (right * right + down * down).sqrt();
        let cup = self.proud + self.lean[0] * right + self.lean[1] * down
            - fall(radius - self.start, self.curvature, self.steepest);
        let wall = self.face_at(radius);
        let contact = step(cup, -FACE_ENDS, 1.5);
        // The primer's own metal shows where nothing pressed it.
        let bare = (1.0 - contact) * step(self.face_start - radius, -20.0, 200.0);
        let peel = if bare > 0.0 {
            bare * (self.rough[0] * line.peel[0].at(x) + self.rough[1] * line.peel[1].at(x))
        } else {
            0.0
        };
        let brass = step(radius - self.face_start, -250.0, 0.0);
        let brass = if brass > 0.0 {
            brass * (self.rough[2] * line.brass[0].at(x) + self.rough[3] * line.brass[1].at(x))
        } else {
            0.0
        };
        let pressed = super::lower(cup, 0.0, 1.0);
        let ground = higher(higher(pressed, wall, 25.0), self.bottom, 25.0);
        let region = if cup > -FACE_ENDS {
            Region::BreechFace
        } else if radius < self.face_start {
            Region::PrimerGroove
        } else {
            Region::Headstamp
        };
        (ground + peel + brass, region, contact)
    }
}

/// How far a rounded edge has fallen at this distance from its beginning.
fn fall(distance: f64, curvature: f64, steepest: f64) -> f64 {
    let knee = steepest * curvature;
    if distance <= 0.0 {
        0.0
    } else if distance < knee {
        distance * distance / (2.0 * curvature)
    } else {
        knee * knee / (2.0 * curvature) + steepest * (distance - knee)
    }
}

/// The higher of two heights, their crease filled over `width`; nothing is added where they are far apart.
fn higher(one: f64, other: f64, width: f64) -> f64 {
    let apart = (one - other).abs();
    let fill = (1.0 - apart / (2.0 * width)).max(0.0);
    one.max(other) + 0.5 * width * fill * fill
}
