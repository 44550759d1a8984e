//! Where do the parts of one head lie, and what is at a place?
//!
//! Everything that is drawn for one head, in the case's frame about the primer's middle, and how the parts cut
//! one another: the shear cuts flowback, the pin cuts both, the ejector cuts the head's face.

use super::super::face::Firearm;
use super::super::shot::Truth;
use super::super::stream::Stream;
use super::aperture::{Aperture, Flowback};
use super::ejector::{Ejector, Hit};
use super::ground::Ground;
use super::headstamp::Headstamp;
use super::pin::{Pin, Strike};
use super::shear::{Cut, Shear};
use super::{HeadTruth, LEAST_FLOWBACK, Seat, hill, lower};
use crate::surface::{Pose, Region, Regions};
use crate::units::{Angle, Length};

/// Share of scans whose drive ends above the deepest places.
const SHORT_TRAVEL: f64 = 0.2;
/// Share of the head's own texture that is left where the ejector pressed it.
const OWN_UNDER_EJECTOR: f64 = 0.2;
/// The rim of a primer is where its shoulder has fallen by this, in micrometres.
const RIM_DEPTH: f64 = 60.0;

/// One head. Lengths in micrometres, places from the primer's middle but for form and dust.
#[derive(Debug)]
pub(super) struct Layout {
    /// The primer's middle from the frame's centre.
    pub(super) primer: (f64, f64),
    pub(super) ground: Ground,
    headstamp: Headstamp,
    ejector: Option<(Ejector, Hit, Seat)>,
    aperture: Aperture,
    flowback: Flowback,
    hole: Seat,
    shear: Option<(Shear, Cut)>,
    pin: Pin,
    strike: Strike,
    tip: Seat,
    /// Slopes along x and y, curvature of the bowl.
    tilt: (f64, f64),
    bowl: f64,
    dust: Vec<[f64; 4]>,
    /// Greatest slope that is measured.
    pub(super) steepest: f64,
    /// Least height that is measured.
    pub(super) travel: Option<f64>,
    half: (f64, f64),
}

impl Layout {
    /// `own` is the firearm's, `stream` the shot's.
    pub(super) fn draw(
        firearm: &Firearm,
        truth: &Truth,
        own: &mut Stream,
        stream: &mut Stream,
    ) -> Self {
        let simulation = &firearm.simulation;
        let micrometres = Length::micrometres;
        let half =
            (micrometres(simulation.head_width) / 2.0, micrometres(simulation.head_height) / 2.0);
        // The firearm's parts.
        let aperture = Aperture::draw(firearm.aperture_radius, own);
        let pin = Pin::draw(aperture.radius(), own);
        let shear = Shear::draw(2.0 * aperture.radius(), own);
        let sheared = own.share() < simulation.sheared;
        // A small pistol's primer pocket and rim: the ejector lies between them.
        let ejector = Ejector::draw(2_750.0, own);
        // The case.
        let flat = micrometres(truth.primer_radius) * stream.between(0.88, 0.97);
        let reach = half.0.max(half.1) + 100.0;
        let ground = Ground::draw(flat, micrometres(simulation.groove_depth), reach, stream);
        let stamp = micrometres(simulation.headstamp_depth);
        let headstamp = Headstamp::draw(ground.face_start(), stamp, stream);
        let primer = place_primer(firearm, half, ground.radius_at(RIM_DEPTH), stream);
        // The shot.
        let flowback = Flowback::draw(&aperture, micrometres(simulation.flowback_height), stream);
        let cut = shear.fire(aperture.radius(), flowback.height, stream);
        let top = flowback.height * if sheared { 0.85 } else { 1.0 };
        let strike = pin.strike(micrometres(simulation.pin_depth), top, stream);
        let (sin, cos) = truth.pose.theta.sin_cos();
        let hole =
            Seat { x: micrometres(truth.aperture_x), y: micrometres(truth.aperture_y), sin, cos };
        let jitter = stream.in_disc(40.0);
        let (u, v) = (pin.offset.0 + jitter.0, pin.offset.1 + jitter.1);
        let tip = Seat { x: hole.x + u * cos - v * sin, y: hole.y + u * sin + v * cos, sin, cos };
        let hit = Ejector::hit(stream);
        let ejector = ejector.map(|ejector| {
            let seat = ejector_seat(&ejector, truth.pose);
            (ejector, hit, seat)
        });
        let tilt = stream.in_disc(simulation.head_tilt);
        let bowl = stream.between(-1.0, 1.0) * micrometres(simulation.head_bowl)
            / (half.0 * half.0 + half.1 * half.1);
        let dust = (0..stream.below(6))
            .map(|_| {
                [
                    stream.between(-half.0, half.0),
                    stream.between(-half.1, half.1),
                    stream.between(20.0, 60.0),
                    stream.between(5.0, 30.0),
                ]
            })
            .collect();
        let steepest = simulation.steepest * stream.between(0.6, 1.5);
        let travel = (stream.share() < SHORT_TRAVEL).then(|| -stream.between(120.0, 300.0));
        Self {
            primer,
            ground,
            headstamp,
            ejector,
            aperture,
            flowback,
            hole,
            shear: sheared.then_some((shear, cut)),
            pin,
            strike,
            tip,
            tilt,
            bowl,
            dust,
            steepest,
            travel,
            half,
        }
    }

    /// Height and part within the primer: `height` of the ground with no texture, `face` that of the breech
    /// face's, taken by `contact`.
    pub(super) fn inside(
        &self,
        right: f64,
        down: f64,
        height: f64,
        region: Region,
        contact: f64,
        face: f64,
    ) -> (f64, Region) {
        let (u, v) = self.hole.at(right, down);
        let bulge = self.flowback.at(&self.aperture, u, v);
        let mut height = height + bulge.height + face * contact * bulge.face;
        let mut smooth = bulge.smooth;
        let mut region = region;
        if bulge.outside < 0.0 || bulge.disturbed > LEAST_FLOWBACK {
            region = Region::Flowback;
        }
        let (a, b) = self.tip.at(right, down);
        if bulge.outside < 0.0 {
            height += self.pin.ridge(&self.strike, a, b);
            if let Some((planed, plane)) =
                self.shear.as_ref().and_then(|(shear, cut)| shear.at(cut, u, v))
            {
                if smooth > plane + 1.0 {
                    region = Region::ApertureShear;
                }
                height = lower(height, planed, 2.0);
                smooth = smooth.min(plane);
            }
        }
        if let Some((floor, plain)) = self.pin.at(&self.strike, a, b) {
            if plain < smooth - 3.0 {
                region = Region::FiringPin;
            }
            height = lower(height, floor, 4.0);
        }
        (height, region)
    }

    /// Height and part on the head's face.
    pub(super) fn outside(&self, right: f64, down: f64, height: f64) -> (f64, Region) {
        let stamped = height + self.headstamp.at(right, down);
        let pressed = self.ejector.as_ref().and_then(|(ejector, hit, seat)| {
            let (u, v) = seat.at(right, down);
            ejector.at(hit, u, v)
        });
        match pressed {
            Some(depth) => {
                // Metal that is pressed takes the tool's texture for its own.
                let plain = self.ground.face_at((right * right + down * down).sqrt());
                let floor = plain + OWN_UNDER_EJECTOR * (height - plain) - depth;
                // It does not reach the bottom of deep letters.
                let region =
                    if floor < stamped - 1.0 { Region::Ejector } else { Region::Headstamp };
                (lower(stamped, floor, 1.0), region)
            }
            None => (stamped, Region::Headstamp),
        }
    }

    /// Height of dust at a place from the frame's centre.
    pub(super) fn dust(&self, x: f64, y: f64) -> f64 {
        let mut height = 0.0;
        for [at_x, at_y, width, tall] in &self.dust {
            let (right, down) = ((x - at_x).abs(), (y - at_y).abs());
            if right < 3.0 * width && down < 3.0 * width {
                height += tall * hill((right * right + down * down).sqrt(), *width);
            }
        }
        height
    }

    /// Tilt and bowl at a place from the frame's centre.
    pub(super) fn form(&self, x: f64, y: f64) -> f64 {
        self.tilt.0 * x + self.tilt.1 * y + self.bowl * (x * x + y * y)
    }

    /// What is true of it.
    pub(super) fn truth(&self, truth: &Truth, regions: Regions) -> HeadTruth {
        let length = Length::from_micrometres;
        let radius = self.ground.radius_at(RIM_DEPTH);
        let in_frame = (0..360)
            .filter(|degree| {
                let (sin, cos) = libm::sincos(f64::from(*degree).to_radians());
                let (x, y) = (self.primer.0 + radius * cos, self.primer.1 + radius * sin);
                x.abs() < self.half.0 && y.abs() < self.half.1
            })
            .count();
        HeadTruth {
            firearm: truth.firearm,
            shot: truth.shot,
            group: truth.group,
            regions,
            primer_x: length(self.primer.0),
            primer_y: length(self.primer.1),
            primer_radius: length(radius),
            pose: truth.pose,
            pin_x: length(self.primer.0 + self.tip.x),
            pin_y: length(self.primer.1 + self.tip.y),
            shear: self.shear.as_ref().map(|(shear, _)| {
                // y is down, so as seen the angle is the other way round.
                let in_part = -libm::atan2(shear.sin, shear.cos);
                (Angle::from_radians(in_part) - truth.pose.theta).wrapped()
            }),
            in_view: in_frame as f64 / 360.0,
        }
    }
}

/// Near the middle of the frame, or, in some, so that part of it is beyond.
fn place_primer(
    firearm: &Firearm,
    half: (f64, f64),
    radius: f64,
    stream: &mut Stream,
) -> (f64, f64) {
    let shift = firearm.simulation.head_shift.micrometres();
    let near = (stream.between(-shift, shift), stream.between(-shift, shift));
    let side = stream.below(4);
    // What of the radius towards that side is in the frame.
    let seen = stream.between(0.1, 0.95) * radius;
    if stream.share() >= firearm.simulation.cropped {
        return near;
    }
    match side {
        0 => (half.0 - seen, near.1),
        1 => (seen - half.0, near.1),
        2 => (near.0, half.1 - seen),
        _ => (near.0, seen - half.1),
    }
}

/// Where the ejector met the case: its frame's first axis points outwards.
fn ejector_seat(ejector: &Ejector, pose: Pose) -> Seat {
    let length = Length::from_micrometres;
    let (x, y) = pose.inverse().apply(length(ejector.place.0), length(ejector.place.1));
    let (sin, cos) = pose.theta.sin_cos();
    // The direction of the breech face's frame in the case's: turned back.
    let (right, down) = ejector.direction;
    let outward = (right * cos - down * sin, down * cos + right * sin);
    Seat { x: x.micrometres(), y: y.micrometres(), sin: outward.1, cos: outward.0 }
}
