//! What is one fired case, and what is true of it?
//!
//! [`Shot`] is the surface that a laboratory would get and the [`Truth`] it would not. The draws that
//! place a shot are here; the heights are made in [`super::impression`] and measured in
//! [`super::sensor`].

use super::face::Firearm;
use super::impression::Impression;
use super::options::Simulation;
use super::sensor;
use super::stream::{Part, Stream};
use crate::surface::{Kind, Pose, Spacing, Surface};
use crate::units::{Angle, Length};
use serde::{Deserialize, Serialize};

/// One fired case.
#[derive(Clone, Debug)]
pub struct Shot {
    /// The topography of its primer, as stored.
    pub surface: Surface,
    /// What is true of it.
    pub truth: Truth,
}

/// What is known of a simulated case and never of a real one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Index of the firearm.
    pub firearm: usize,
    /// Index of the shot.
    pub shot: usize,
    /// Index of the group of consecutive slides.
    pub group: usize,
    /// Takes the case's frame onto the breech face's, whose origin is the aperture's nominal centre.
    pub pose: Pose,
    /// Radius of the impressed part of the primer, whose centre is the frame's.
    pub primer_radius: Length,
    /// Radius of the aperture's hole.
    pub aperture_radius: Length,
    /// Centre of the aperture's hole, to the right of the frame's centre.
    pub aperture_x: Length,
    /// Centre of the aperture's hole, down from the frame's centre.
    pub aperture_y: Length,
    /// Mean share of the impression that follows the breech face, 0 to 1.
    pub contact: f64,
}

impl Truth {
    /// Where this case, as the questioned one, lies on the reference: what a registration should find
    /// if both are of one firearm (or, for subclass marks, of one group).
    #[must_use]
    pub fn pose_onto(&self, reference: &Self) -> Pose {
        let back = reference.pose.inverse();
        let (dx, dy) = back.apply(self.pose.dx, self.pose.dy);
        Pose { dx, dy, theta: (self.pose.theta + back.theta).wrapped() }
    }
}

/// Name of a shot's file without its ending, from 1 as people count: `F0003-S02` is the second shot of
/// the third firearm (indices 2 and 1).
#[must_use]
pub fn shot_name(firearm: usize, shot: usize) -> String {
    format!("F{:04}-S{:02}", firearm + 1, shot + 1)
}

/// The farthest from the breech face's origin that any shot looks, in micrometres.
pub(super) fn greatest_reach(simulation: &Simulation) -> f64 {
    let primer = simulation.primer_diameter.micrometres() / 2.0;
    primer * (1.0 + simulation.diameter_spread)
        + simulation.aperture_offset.micrometres()
        + simulation.shift.micrometres()
        + 4.0 * simulation.distortion.micrometres()
        + 4.0 * (simulation.smoothing + simulation.spacing).micrometres()
}

/// Fires and measures.
pub(super) fn fire(firearm: &Firearm, index: usize) -> Shot {
    let simulation = &firearm.simulation;
    let mut stream = Stream::new(simulation.seed, Part::Shot, [firearm.index, index]);
    let truth = place(firearm, index, &mut stream);
    let mut impression = Impression::press(firearm, truth, &mut stream);
    sensor::measure(simulation, &mut impression, &mut stream);

    let Impression { heights, mask, truth, .. } = impression;
    let spacing = Spacing::square(simulation.spacing);
    let surface =
        Surface::new(heights.mapv(|height| height / 1e6), mask, spacing, Kind::Topography)
            .expect("a frame of finite heights is a surface");
    Shot { surface, truth }
}

/// Draws where the case lies.
pub(super) fn place(firearm: &Firearm, index: usize, stream: &mut Stream) -> Truth {
    let simulation = &firearm.simulation;
    let micrometres = Length::from_micrometres;
    let half_turn = simulation.rotation_range.radians() / 2.0;
    let theta = Angle::from_radians(stream.between(-half_turn, half_turn)).wrapped();
    // Three deviations are the greatest shift; the bound holds as the draw is from a disc.
    let shift = simulation.shift.micrometres();
    let (near, far) = (stream.in_disc(shift * 0.5), stream.in_disc(shift * 0.5));
    let pose = Pose {
        dx: micrometres(firearm.primer_centre.0 + near.0 + far.0),
        dy: micrometres(firearm.primer_centre.1 + near.1 + far.1),
        theta,
    };
    let spread = simulation.diameter_spread;
    let primer_radius =
        simulation.primer_diameter * (0.5 * (1.0 + stream.between(-spread, spread)));
    let aperture_radius =
        micrometres(firearm.aperture_radius * (1.0 + stream.between(-spread, spread) * 0.4));
    // The case may slide a little while the pin is withdrawn.
    let slide = stream.in_disc(15.0);
    let (aperture_x, aperture_y) = pose.inverse().apply(micrometres(slide.0), micrometres(slide.1));
    Truth {
        firearm: firearm.index,
        shot: index,
        group: firearm.group(),
        pose,
        primer_radius,
        aperture_radius,
        aperture_x,
        aperture_y,
        contact: 0.0,
    }
}
