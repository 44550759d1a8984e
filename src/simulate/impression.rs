//! How does a primer take the breech face's marks?
//!
//! Where the pressure is enough its metal follows the breech face, proud places first; elsewhere and
//! on top it keeps a texture of its own. It follows only so finely (plastic smoothing), is a little
//! distorted in its plane, flows back into the aperture's edge and is rounded at its own.

use super::face::Firearm;
use super::lattice::{Lattice, Line};
use super::shot::Truth;
use super::stream::Stream;
use ndarray::Array2;

/// Margin computed beyond the mask, so that smoothing sees no edge; in samples.
const MARGIN: f64 = 6.0;

/// Farther than this from both edges they leave nothing to see; in micrometres.
const EDGE: f64 = 400.0;

/// An impression in the case's frame. Lengths in micrometres.
#[derive(Debug)]
pub(super) struct Impression {
    pub(super) heights: Array2<f64>,
    pub(super) mask: Array2<bool>,
    pub(super) spacing: f64,
    pub(super) truth: Truth,
}

/// Everything that makes one shot unlike another.
pub(super) struct Press {
    pressure: Lattice,
    distortion: [Lattice; 2],
    edge: Lattice,
    own: [Lattice; 3],
    /// Mean pressure, 0 where half of the metal follows.
    mean_pressure: f64,
    /// Share of variance that is the primer's own.
    variation: f64,
    /// Height and width of the flowback, of the rounding at the primer's edge.
    flowback: (f64, f64),
    rounding: (f64, f64),
    /// Tilt along x and y and curvature, of rms 1 over the primer together.
    form: [f64; 3],
    /// Amplitudes of the new slide and of wear.
    age: [f64; 2],
    /// Rms of the distortion.
    stretch: f64,
    turn: Turn,
}

/// A pose in the numbers it is applied with, as [`crate::surface::Pose::apply`] does.
#[derive(Clone, Copy)]
struct Turn {
    sin: f64,
    cos: f64,
    dx: f64,
    dy: f64,
}

impl Press {
    pub(super) fn draw(firearm: &Firearm, truth: &Truth, stream: &mut Stream) -> Self {
        let simulation = &firearm.simulation;
        let half = truth.primer_radius.micrometres() + 10.0 * simulation.spacing.micrometres();
        let (sin, cos) = truth.pose.theta.sin_cos();
        let worn = 1.0 - libm::exp(-simulation.wear * truth.shot as f64);
        let mut field = |step: f64| Lattice::new(stream, half, [step, step]);
        let pressure = field(380.0);
        let distortion = [field(500.0), field(500.0)];
        let edge = field(110.0);
        let own = [field(9.0), field(40.0), field(95.0)];
        // Both are skewed, with mean 1: most shots are good, a few are poor.
        let mut badness = || {
            let share = stream.share();
            0.1 + 2.7 * share * share
        };
        let variation = (simulation.shot_variation * badness()).min(0.98);
        // The inverse of x / (1 + |x|) at twice the wanted mean, less one.
        let contact = (1.0 - 2.0 * simulation.contact_loss * badness()).clamp(-0.9, 0.95);
        let form = [stream.normal(), stream.normal(), stream.normal()];
        Self {
            pressure,
            distortion,
            edge,
            own,
            mean_pressure: contact / (1.0 - contact.abs()),
            variation,
            flowback: (stream.between(0.0, 5.0), stream.between(20.0, 55.0)),
            rounding: (stream.between(0.3, 3.0), stream.between(15.0, 45.0)),
            form: form.map(|part| part / 1.5),
            age: [(1.0 - worn).sqrt(), worn.sqrt()],
            stretch: simulation.distortion.micrometres(),
            turn: Turn {
                sin,
                cos,
                dx: truth.pose.dx.micrometres(),
                dy: truth.pose.dy.micrometres(),
            },
        }
    }
}

impl Impression {
    /// Presses the primer onto the breech face.
    ///
    /// 1. Place every sample on the breech face.
    /// 2. Decide how far the metal follows, and add its own texture.
    /// 3. Smooth both, as plastic metal does.
    /// 4. Add the edges and what levelling left of the form.
    pub(super) fn press(firearm: &Firearm, mut truth: Truth, stream: &mut Stream) -> Self {
        let simulation = &firearm.simulation;
        let spacing = simulation.spacing.micrometres();
        let press = Press::draw(firearm, &truth, stream);
        let primer = truth.primer_radius.micrometres();
        let aperture = truth.aperture_radius.micrometres();
        let hole = (truth.aperture_x.micrometres(), truth.aperture_y.micrometres());
        let side = 2 * (primer / spacing).ceil() as usize + 1;
        let centre = (side / 2) as f64;
        let mut heights = Array2::zeros((side, side));
        let mut mask = Array2::from_elem((side, side), false);
        let mut edges = Array2::zeros((side, side));
        let (mut followed, mut count) = (0.0, 0_usize);
        let form = simulation.residual_form.micrometres();
        for row in 0..side {
            let y = (row as f64 - centre) * spacing;
            let line = press.line(y);
            for column in 0..side {
                let x = (column as f64 - centre) * spacing;
                let outside = primer - (x * x + y * y).sqrt();
                let (right, down) = (x - hole.0, y - hole.1);
                let inside = (right * right + down * down).sqrt() - aperture;
                if outside.min(inside) < -MARGIN * spacing {
                    continue;
                }
                let (height, contact) = press.height(firearm, &line, x, y);
                heights[(row, column)] = height;
                let edge = if outside.min(inside) < EDGE { line.edge.at(x) } else { 0.0 };
                let (outside, inside) = (outside - 6.0 * (1.0 + edge.abs()), inside - 8.0 * edge);
                if outside > 0.0 && inside > 0.0 {
                    mask[(row, column)] = true;
                    edges[(row, column)] = press.edges(outside, inside, edge)
                        + form * press.form(x / primer, y / primer);
                    followed += contact;
                    count += 1;
                }
            }
        }
        truth.contact = followed / (count.max(1) as f64);
        smooth(&mut heights, simulation.smoothing.micrometres() / spacing);
        heights += &edges;
        Self { heights, mask, spacing, truth }
    }
}

/// The fields of a [`Press`] along one row.
pub(super) struct PressLine {
    pressure: Line,
    distortion: [Line; 2],
    edge: Line,
    own: [Line; 3],
}

impl Press {
    pub(super) fn line(&self, y: f64) -> PressLine {
        PressLine {
            pressure: self.pressure.line(y),
            distortion: self.distortion.each_ref().map(|field| field.line(y)),
            edge: self.edge.line(y),
            own: self.own.each_ref().map(|field| field.line(y)),
        }
    }

    /// Height without edges, and the share that follows the breech face.
    pub(super) fn height(&self, firearm: &Firearm, line: &PressLine, x: f64, y: f64) -> (f64, f64) {
        let [u, v] = [(0, x), (1, y)]
            .map(|(axis, place)| place + self.stretch * line.distortion[axis].at(x));
        let Turn { sin, cos, dx, dy } = self.turn;
        let [new, worn] = firearm.texture.at(u * cos + v * sin + dx, v * cos - u * sin + dy);
        let face = self.age[0] * new + self.age[1] * worn;

        // Valleys of the impression are where the breech face is proud: they are reached first.
        let pressure = self.mean_pressure + 0.7 * line.pressure.at(x) - 0.25 * face;
        let contact = 0.5 + 0.5 * pressure / (1.0 + pressure.abs());
        let own = 0.65 * line.own[0].at(x) + 0.60 * line.own[1].at(x) + 0.47 * line.own[2].at(x);
        let texture = (1.0 - self.variation).sqrt() * contact * face
            + (self.variation.sqrt() + 0.25 * (1.0 - contact)) * own;
        (firearm.height_rms * texture, contact)
    }

    /// Flowback at the aperture, rounding at the primer's edge; distances from each, in micrometres.
    fn edges(&self, outside: f64, inside: f64, edge: f64) -> f64 {
        let fall = |distance: f64, width: f64| {
            let ratio = distance / width;
            let near = 1.0 / (1.0 + ratio * ratio);
            near * near
        };
        self.flowback.0 * (0.5 + edge) * fall(inside, self.flowback.1)
            - self.rounding.0 * (0.7 + 0.7 * edge) * fall(outside, self.rounding.1)
    }

    /// Residual form at a place in primer radii.
    fn form(&self, x: f64, y: f64) -> f64 {
        self.form[0] * x + self.form[1] * y + self.form[2] * (2.0 * (x * x + y * y) - 1.0)
    }
}

/// Convolves with a Gaussian of this standard deviation in samples; beyond the frame is 0.
pub(super) fn smooth(heights: &mut Array2<f64>, deviation: f64) {
    if deviation < 0.1 {
        return;
    }
    let reach = (3.0 * deviation).ceil() as usize;
    let mut kernel: Vec<f64> = (0..=2 * reach)
        .map(|index| {
            let distance = (index as f64 - reach as f64) / deviation;
            libm::exp(-0.5 * distance * distance)
        })
        .collect();
    let sum: f64 = kernel.iter().sum();
    kernel.iter_mut().for_each(|weight| *weight /= sum);

    let (rows, columns) = heights.dim();
    let mut across = Array2::<f64>::zeros((rows, columns));
    for (mut target, source) in across.outer_iter_mut().zip(heights.outer_iter()) {
        let (Some(target), Some(source)) = (target.as_slice_mut(), source.as_slice()) else {
            continue;
        };
        for (index, weight) in kernel.iter().enumerate() {
            // The sample at c takes weight * source[c + index - reach].
            let from = index.saturating_sub(reach).min(columns);
            let to = reach.saturating_sub(index).min(columns);
            let length = columns - from.max(to);
            for (sum, value) in target[to..to + length].iter_mut().zip(&source[from..from + length])
            {
                *sum += weight * value;
            }
        }
    }
    heights.fill(0.0);
    for row in 0..rows {
        for (index, weight) in kernel.iter().enumerate() {
            let Some(from) = (row + index).checked_sub(reach).filter(|&from| from < rows) else {
                continue;
            };
            let mut target = heights.row_mut(row);
            target.scaled_add(*weight, &across.row(from));
        }
    }
}
