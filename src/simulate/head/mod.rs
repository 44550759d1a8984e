//! What does the whole head of a fired case look like under the microscope, and which part of it is which?
//!
//! [`Head`] is the surface with stamped letters, groove, rounded primer, flowback and the marks of breech
//! face, firing pin, aperture and ejector, each with a source texture of the firearm's own, and its
//! [`HeadTruth`]: the parts as an examiner would draw them. The breech face is the primer's flat until the
//! shoulder has fallen by [`FACE_ENDS`], without what flowed back, was sheared or was hit by the pin.
//!
//! Measures are those of whole heads as a confocal microscope gave them (groove 250 to 300 um below the flat,
//! flowback up to 70 above it, pin 150 to 200 below it), widened, since there were few. Not for the shape of
//! any real make of ammunition.

mod aperture;
mod dropout;
mod ejector;
mod ground;
mod headstamp;
mod layout;
mod pin;
mod shear;
#[cfg(test)]
mod tests;

use super::face::Firearm;
use super::impression::Press;
use super::stream::{Part, Stream};
use crate::surface::{Kind, Pose, Region, Regions, Spacing, Surface};
use crate::units::{Angle, Length};
use layout::Layout;
use ndarray::Array2;

/// The breech face ends where the shoulder has fallen by this, in micrometres: so far reach masks that were
/// made by hand on whole heads.
const FACE_ENDS: f64 = 6.0;
/// Flowback that has fallen to this is breech face again, in micrometres: beneath its texture.
const LEAST_FLOWBACK: f64 = 1.5;

/// The whole head of a fired case.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its topography, as measured.
    pub surface: Surface,
    /// What is true of it.
    pub truth: HeadTruth,
}

/// What is known of a simulated head and never of a real one.
#[derive(Clone, Debug)]
pub struct HeadTruth {
    /// Index of the firearm.
    pub firearm: usize,
    /// Index of the shot.
    pub shot: usize,
    /// Index of the group of consecutive slides.
    pub group: usize,
    /// The part of every sample, measured or not.
    pub regions: Regions,
    /// Middle of the primer, to the right of the frame's centre.
    pub primer_x: Length,
    /// Middle of the primer, down from the frame's centre.
    pub primer_y: Length,
    /// Radius of the primer where its shoulder has fallen by 60 um.
    pub primer_radius: Length,
    /// Takes a place from the primer's middle onto the breech face, whose origin is the aperture's
    /// nominal centre.
    pub pose: Pose,
    /// Middle of the firing pin's impression, to the right of the frame's centre.
    pub pin_x: Length,
    /// Middle of the firing pin's impression, down from the frame's centre.
    pub pin_y: Length,
    /// Direction of the striations that the aperture sheared, as seen, where it did.
    pub shear: Option<Angle>,
    /// Share of the primer's circumference that is in the frame, 0 to 1.
    pub in_view: f64,
}

/// Fires, drops the case and measures its head.
///
/// 1. Draw the firearm's parts, which are the same for every shot, and where they met this case;
/// 2. build the case row by row: ground, breech face, flowback, shear, pin, each cutting what is above it;
/// 3. tilt it and measure.
pub(super) fn fire(firearm: &Firearm, shot: usize) -> Head {
    let simulation = &firearm.simulation;
    // 1.
    let mut own = Stream::new(simulation.seed, Part::Parts, [firearm.index, 0]);
    let mut stream = Stream::new(simulation.seed, Part::Head, [firearm.index, shot]);
    let truth = super::shot::place(firearm, shot, &mut stream);
    let press = Press::draw(firearm, &truth, &mut stream);
    let layout = Layout::draw(firearm, &truth, &mut own, &mut stream);
    // 2.
    let spacing = simulation.spacing.micrometres();
    let count = |length: Length| (length.micrometres() / spacing).round().max(2.0) as usize;
    let dim = (count(simulation.head_height), count(simulation.head_width));
    let middle = ((dim.0 - 1) as f64 / 2.0, (dim.1 - 1) as f64 / 2.0);
    let mut heights = Array2::zeros(dim);
    let mut labels = Array2::from_elem(dim, None);
    for row in 0..dim.0 {
        let y = (row as f64 - middle.0) * spacing;
        let ground = layout.ground.line(y);
        let pressed = press.line(y - layout.primer.1);
        for column in 0..dim.1 {
            let x = (column as f64 - middle.1) * spacing;
            let (right, down) = (x - layout.primer.0, y - layout.primer.1);
            let (mut height, mut region, contact) = layout.ground.at(&ground, x, right, down);
            if contact > 0.0 {
                let (face, _) = press.height(firearm, &pressed, right, down);
                (height, region) = layout.inside(right, down, height, region, contact, face);
            } else if region == Region::Headstamp {
                (height, region) = layout.outside(right, down, height);
            }
            heights[(row, column)] = height + layout.dust(x, y) + layout.form(x, y);
            labels[(row, column)] = Some(region);
        }
    }
    // 3.
    let mask = dropout::measure(simulation, &mut heights, &layout, &mut stream);
    let heights =
        Array2::from_shape_fn(dim, |place| if mask[place] { heights[place] / 1e6 } else { 0.0 });
    let surface =
        Surface::new(heights, mask, Spacing::square(simulation.spacing), Kind::Topography)
            .expect("a frame of finite heights is a surface");
    Head { surface, truth: layout.truth(&truth, Regions::new(labels)) }
}

/// Where a part lies in the case's frame: its origin and how it is turned. Lengths in micrometres.
#[derive(Clone, Copy, Debug)]
struct Seat {
    x: f64,
    y: f64,
    sin: f64,
    cos: f64,
}

impl Seat {
    /// A place of the case in the part's own frame, turned as [`Pose::apply`] does.
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let (right, down) = (x - self.x, y - self.y);
        (right * self.cos + down * self.sin, down * self.cos - right * self.sin)
    }
}

/// The lower of two heights, their crease rounded over `width`.
fn lower(one: f64, other: f64, width: f64) -> f64 {
    let apart = one - other;
    0.5 * (one + other - (apart * apart + width * width).sqrt())
}

/// From 0 at `from` to 1 at `to`, smoothly.
fn step(value: f64, from: f64, to: f64) -> f64 {
    let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// A hill of height 1 and this half width about 0.
fn hill(distance: f64, width: f64) -> f64 {
    let ratio = distance / width;
    if ratio.abs() < 4.0 { libm::exp(-ratio * ratio) } else { 0.0 }
}
