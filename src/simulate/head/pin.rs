//! What does the firing pin leave in the primer?
//!
//! A pit whose floor is the pin's tip in reverse (hemispherical, flat or elliptical) with the marks of its
//! making, a ridge of metal around it and, where the case moves before the pin is back, a trough aside: drag.

use super::super::lattice::Lattice;
use super::super::stream::Stream;
use super::hill;

/// The tip of one firearm's pin. Lengths in micrometres.
#[derive(Debug)]
pub(super) struct Pin {
    /// Half its width and height at the flowback's top.
    half: [f64; 2],
    /// How flat it is: the power by which its sides rise.
    power: f64,
    /// Rms height of its marks.
    height: f64,
    /// Of a lathe, about its axis; of a file, across it; grain.
    rings: Lattice,
    strokes: Lattice,
    grain: Lattice,
    /// Where its axis meets the aperture, from the aperture's centre.
    pub(super) offset: (f64, f64),
    /// Length of its drag, 0 for none, and its direction.
    drag: f64,
    direction: (f64, f64),
}

/// How one shot was hit.
#[derive(Debug)]
pub(super) struct Strike {
    depth: f64,
    top: f64,
    ridge: f64,
    drag: f64,
    own: Lattice,
}

impl Pin {
    /// In an aperture of this radius.
    pub(super) fn draw(aperture: f64, stream: &mut Stream) -> Self {
        let radius = (aperture * stream.between(0.45, 0.7)).clamp(300.0, 650.0);
        let shape = stream.share();
        let (half, power) = if shape < 0.5 {
            ([radius, radius], stream.between(2.0, 2.6))
        } else if shape < 0.75 {
            ([radius, radius], stream.between(4.0, 7.0))
        } else {
            ([radius * 0.75, radius * 1.15], stream.between(2.2, 3.5))
        };
        let (sin, cos) = libm::sincos(stream.between(0.0, std::f64::consts::TAU));
        let reach = 1.5 * radius;
        Self {
            half,
            power,
            height: stream.between(1.2, 2.4),
            rings: Lattice::new(stream, reach, [16.0, 6_000.0]),
            strokes: Lattice::new(stream, reach, [220.0, 15.0]),
            grain: Lattice::new(stream, reach, [17.0, 17.0]),
            offset: stream.in_disc(0.15 * aperture),
            drag: if stream.share() < 0.4 { stream.between(100.0, 450.0) } else { 0.0 },
            direction: (cos, sin),
        }
    }

    pub(super) fn strike(&self, depth: f64, top: f64, stream: &mut Stream) -> Strike {
        Strike {
            depth: depth * stream.between(0.65, 1.45),
            top,
            ridge: stream.between(0.0, 15.0),
            drag: self.drag * stream.between(0.7, 1.2),
            own: Lattice::new(stream, 1.5 * self.half[0].max(self.half[1]), [14.0, 14.0]),
        }
    }

    /// Height of the metal about the pit that is raised into a ridge, at a place of the pin's frame.
    pub(super) fn ridge(&self, strike: &Strike, a: f64, b: f64) -> f64 {
        strike.ridge * hill((self.reach(a, b) - 1.08) * self.half[0], 40.0)
    }

    /// Height of the floor and sides, with marks and without; `None` far outside.
    pub(super) fn at(&self, strike: &Strike, a: f64, b: f64) -> Option<(f64, f64)> {
        let reach = self.reach(a, b);
        let pit = (reach < 1.5).then(|| {
            let rise = strike.depth * libm::pow(reach, self.power);
            let smooth = strike.top - strike.depth + rise;
            let faded = (1.0 - reach * reach * reach * reach).max(0.0);
            if faded <= 0.0 {
                return (smooth, smooth);
            }
            let turned = 0.6 * self.rings.at(reach * self.half[0], 0.0)
                + 0.5 * self.strokes.at(a, b)
                + 0.6 * self.grain.at(a, b)
                + 0.3 * strike.own.at(a, b);
            (smooth + self.height * faded * turned, smooth)
        });
        match (pit, self.trough(strike, a, b)) {
            (Some(pit), Some(trough)) if trough < pit.1 => Some((trough, trough)),
            (Some(pit), _) => Some(pit),
            (None, trough) => trough.map(|trough| (trough, trough)),
        }
    }

    /// From the middle, 1 at the pit's rim.
    fn reach(&self, a: f64, b: f64) -> f64 {
        let (a, b) = (a / self.half[0], b / self.half[1]);
        (a * a + b * b).sqrt()
    }

    /// The drag: narrower than the pit, and shallower the farther from it.
    fn trough(&self, strike: &Strike, a: f64, b: f64) -> Option<f64> {
        if strike.drag <= 0.0 {
            return None;
        }
        let along = a * self.direction.0 + b * self.direction.1;
        let across = b * self.direction.0 - a * self.direction.1;
        let end = self.half[0] + strike.drag;
        if along < 0.0 || along > end {
            return None;
        }
        let width = 0.55 * self.half[0] * (1.1 - along / end).max(0.1).sqrt();
        let aside = across / width;
        let deep = 0.45 * strike.depth * (1.0 - along / end);
        (aside.abs() < 1.5).then_some(strike.top - deep + (deep + 20.0) * aside * aside)
    }
}
