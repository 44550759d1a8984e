//! What does a barrel that tips do to the flowback?
//!
//! The aperture's edge planes it on one side as the case drops, and leaves the edge's own profile as parallel
//! striations: the mark known as aperture shear.

use super::super::lattice::Lattice;
use super::super::stream::Stream;

/// Rms height of the striations, in micrometres.
const STRIATION: f64 = 2.2;

/// The edge of one firearm's aperture. Lengths in micrometres.
#[derive(Debug)]
pub(super) struct Shear {
    /// The direction towards the sheared side, in the aperture's frame.
    pub(super) cos: f64,
    pub(super) sin: f64,
    /// The profile across that direction: coarse, fine.
    profile: [Lattice; 2],
    /// Share of the flowback that is sheared.
    share: f64,
    /// Depth of the cut at its end, as a share of the flowback's height.
    cut: f64,
}

/// How one shot was sheared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Where the plane meets the flowback's top, and how much it falls over a micrometre.
    start: f64,
    slope: f64,
    height: f64,
    /// How far the profile lies aside.
    aside: f64,
}

impl Shear {
    pub(super) fn draw(reach: f64, stream: &mut Stream) -> Self {
        let (sin, cos) = libm::sincos(stream.between(0.0, std::f64::consts::TAU));
        // Striations run on for longer than the mark.
        let mut field = |step: f64| Lattice::new(stream, 1.5 * reach, [6_000.0, step]);
        let profile = [field(26.0), field(9.0)];
        Self { cos, sin, profile, share: stream.between(0.35, 0.95), cut: stream.between(0.3, 0.6) }
    }

    pub(super) fn fire(&self, radius: f64, height: f64, stream: &mut Stream) -> Cut {
        let share = (self.share + stream.between(-0.1, 0.1)).clamp(0.25, 1.0);
        Cut {
            start: radius * (1.0 - 2.0 * share),
            slope: self.cut * height / (2.0 * radius * share),
            height: height * stream.between(0.9, 1.0),
            aside: stream.between(-15.0, 15.0),
        }
    }

    /// Height of the sheared plane at a place of the aperture's frame, with striations and without; `None`
    /// where the edge did not pass.
    pub(super) fn at(&self, cut: &Cut, u: f64, v: f64) -> Option<(f64, f64)> {
        let (along, across) = (u * self.cos + v * self.sin, v * self.cos - u * self.sin);
        let beyond = along - cut.start;
        if beyond < 0.0 {
            return None;
        }
        let plane = cut.height - beyond * cut.slope;
        let place = across + cut.aside;
        let profile =
            0.8 * self.profile[0].at(along, place) + 0.6 * self.profile[1].at(along, place);
        Some((plane + STRIATION * profile, plane))
    }
}
