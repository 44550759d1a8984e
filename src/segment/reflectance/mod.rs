//! Where are the marks on a picture of a primer?
//!
//! Grey levels have no form, and what is bright depends on the light, so neither the recipe nor the
//! thresholds of topographies serve. What every light shows is edges on circles: the rim, beyond which the
//! primer's shoulder turns away from the light, the edge of the firing-pin aperture within it, and the edge
//! of the head beyond the groove. Each circle counts by the share of its rays that cross an edge there,
//! never by how bright anything is. For pictures of whole primers that state their spacing, under a ring,
//! coaxial or one-sided light; not for measuring: a picture is not metrological.

mod edges;
mod tone;
mod votes;

#[cfg(test)]
mod tests;

use super::centre::Ring;
use super::{Circle, SegmentError, Segmented};
use crate::parameters::Segmentation;
use crate::surface::{Region, Regions, Surface};
use crate::units::Length;
use edges::{Edge, Polarity, Reach, trace};
use ndarray::Array2;
use tone::tone;
use votes::{Search, hypotheses};

/// Sample distance and low-pass cutoff of the picture that rims are voted for on, in micrometres: the
/// texture of a breech face is gone.
const COARSE: (f64, f64) = (40.0, 200.0);
/// The same of the picture that edges are traced on.
const FINE: (f64, f64) = (20.0, 60.0);
/// Share of a circle's rays that cross an edge there, from which a rim is one. Measured: 0.96 on real
/// primers, at most 0.45 on noise, textures and scattered shapes.
const LEAST_RIM: f64 = 0.55;
/// The same of an aperture's edge. Measured: 0.78 and more on real primers.
const LEAST_APERTURE: f64 = 0.6;
/// The same of the head's edge beyond the groove.
const LEAST_GROOVE: f64 = 0.6;
/// Share of a rim that has to be in view.
const LEAST_IN_VIEW: f64 = 0.3;
/// Circles whose support is this share of the best are as good; of them the innermost is the rim, since the
/// edge of the head lies around it.
const AS_GOOD: f64 = 0.8;
/// Radii of an aperture's edge, as shares of the rim's.
const APERTURE: (f64, f64) = (0.3, 0.8);
/// Greatest distance of an aperture's middle from the rim's, as a share of the rim's radius.
const OFF_CENTRE: f64 = 0.45;
/// Distance that the breech face keeps from the rim, in micrometres. Measured: the edge glitters so far inwards.
const GLITTER: f64 = 100.0;
/// Circles nearer than this to one another are one, in micrometres.
const SAME: f64 = 120.0;
/// Share of a primer that may be missing: more was masked by a person.
const MASKED: f64 = 0.05;

/// Picture to labelled parts.
///
/// 1. The grey levels are low-passed onto coarse grids and made a tone in which gain and offset are nothing;
/// 2. circles are voted for by the edges, and the rim is the innermost that its rays agree on;
/// 3. the aperture is the outermost circle within it that its rays agree on, the pin the best within that;
/// 4. the head begins at the best circle about the rim.
///
/// # Errors
/// A picture without a rim, without an aperture in it, or masked there.
pub(super) fn segment(
    surface: &Surface,
    parameters: &Segmentation,
) -> Result<Segmented, SegmentError> {
    let refuse = |found| SegmentError::NoPrimerInPicture { found };
    // 1.
    let coarse = tone(surface, COARSE).ok_or_else(|| refuse("one grey level"))?;
    let fine = tone(surface, FINE).ok_or_else(|| refuse("one grey level"))?;
    // 2.
    let radii = (
        parameters.least_primer_radius.micrometres(),
        parameters.greatest_primer_radius.micrometres(),
    );
    let search = Search { radii, step: 50.0, within: None };
    let found: Vec<Edge> = hypotheses(&coarse, search)
        .into_iter()
        .filter_map(|ring| trace(&fine, ring, Polarity::Either, Reach::RIM))
        .filter(|edge| edge.ring.radius > radii.0 - SAME && edge.in_view >= LEAST_IN_VIEW)
        .collect();
    let rim = innermost(&found).ok_or_else(|| refuse("no circle of edges"))?;
    if rim.support < LEAST_RIM {
        return Err(refuse("no circle of edges"));
    }
    if masked(&fine, rim.ring) > MASKED {
        return Err(refuse("a mask over the primer"));
    }
    // 3.
    let reach = OFF_CENTRE * rim.ring.radius;
    let search = Search {
        radii: (APERTURE.0 * rim.ring.radius, APERTURE.1 * rim.ring.radius),
        step: 40.0,
        within: Some((rim.ring, reach)),
    };
    let inside = |edge: &Edge| {
        let off = distance(edge.ring, rim.ring);
        off < reach
            && off + edge.ring.radius < 0.97 * rim.ring.radius
            && edge.ring.radius > APERTURE.0 * rim.ring.radius
    };
    let circles: Vec<Edge> = hypotheses(&fine, search)
        .into_iter()
        .filter_map(|ring| trace(&fine, ring, Polarity::Either, Reach::INNER))
        .filter(inside)
        .collect();
    let aperture = circles
        .iter()
        .filter(|edge| edge.support >= LEAST_APERTURE)
        .max_by(|one, other| one.ring.radius.total_cmp(&other.ring.radius))
        .ok_or_else(|| refuse("a rim without the edge of an aperture in it"))?;
    let outer = outer_side(&fine, *aperture);
    let pin = circles
        .iter()
        .filter(|edge| {
            edge.support >= LEAST_RIM
                && distance(edge.ring, outer) + edge.ring.radius + SAME < outer.radius
        })
        .max_by(|one, other| one.support.total_cmp(&other.support));
    // 4.
    let head = head(&fine, rim, parameters);
    let parts = Parts {
        rim: rim.ring,
        aperture: outer,
        pin: pin.map(|pin| pin.ring),
        head,
        margin: parameters.margin.micrometres(),
    };
    let length = Length::from_micrometres;
    let Ring { x, y, radius } = rim.ring;
    Ok(Segmented {
        regions: parts.label(surface),
        primer: Circle { x: length(x), y: length(y), radius: length(radius) },
        confidence: confidence(rim, *aperture),
        in_view: rim.in_view,
        tilt: None,
    })
}

/// How far apart two circles' middles are.
fn distance(one: Ring, other: Ring) -> f64 {
    ((one.x - other.x).powi(2) + (one.y - other.y).powi(2)).sqrt()
}

/// Of those that their rays agree on about as well as on the best, the innermost.
fn innermost(found: &[Edge]) -> Option<Edge> {
    let best = found.iter().map(|edge| edge.support).max_by(f64::total_cmp)?;
    let good = found.iter().filter(|edge| edge.support >= AS_GOOD * best);
    good.min_by(|one, other| one.ring.radius.total_cmp(&other.ring.radius)).copied()
}

/// Share of a circle's cells that are in the frame and missing.
fn masked(tone: &super::relief::Relief, ring: Ring) -> f64 {
    let (mut inside, mut missing) = (0_usize, 0_usize);
    for ((row, column), &valid) in tone.mask.indexed_iter() {
        let (x, y) = tone.place(row, column);
        if (x - ring.x).powi(2) + (y - ring.y).powi(2) < ring.radius * ring.radius {
            inside += 1;
            missing += usize::from(!valid);
        }
    }
    missing as f64 / inside.max(1) as f64
}

/// The outer of the two sides that a moat or a bright lip around the aperture has.
fn outer_side(tone: &super::relief::Relief, aperture: Edge) -> Ring {
    let sides = [Polarity::DarkInside, Polarity::BrightInside];
    sides
        .into_iter()
        .filter_map(|polarity| trace(tone, aperture.ring, polarity, Reach::SIDE))
        .filter(|edge| {
            edge.support >= LEAST_APERTURE
                && distance(edge.ring, aperture.ring) < SAME
                && edge.ring.radius < aperture.ring.radius + SAME
        })
        .map(|edge| edge.ring)
        .fold(aperture.ring, |outer, ring| if ring.radius > outer.radius { ring } else { outer })
}

/// The circle where the head begins, if the picture shows one.
fn head(tone: &super::relief::Relief, rim: Edge, parameters: &Segmentation) -> Option<Ring> {
    const STEP: f64 = 100.0;
    let widest = parameters.greatest_groove.micrometres();
    (2..=(widest / STEP) as usize)
        .filter_map(|step| {
            let start = Ring { radius: rim.ring.radius + step as f64 * STEP, ..rim.ring };
            trace(tone, start, Polarity::Either, Reach::SIDE)
        })
        .filter(|edge| {
            edge.support >= LEAST_GROOVE
                && edge.in_view >= LEAST_IN_VIEW
                && edge.ring.radius > rim.ring.radius + SAME
                && edge.ring.radius < rim.ring.radius + widest
                && distance(edge.ring, rim.ring) < 2.0 * SAME
        })
        .max_by(|one, other| one.support.total_cmp(&other.support))
        .map(|edge| edge.ring)
}

/// The circles of a picture, in micrometres.
struct Parts {
    rim: Ring,
    aperture: Ring,
    pin: Option<Ring>,
    head: Option<Ring>,
    margin: f64,
}

impl Parts {
    /// Every sample's part. The glittering edges of rim and aperture are no breech face; where no pin is
    /// seen in the aperture, the pin made all of it; where no head is seen, nothing is said of what lies
    /// beyond the rim.
    fn label(&self, surface: &Surface) -> Regions {
        let spacing = surface.spacing();
        let (rows, columns) = (surface.rows(), surface.columns());
        let at = |index: usize, count: usize, step: Length| {
            (index as f64 - (count - 1) as f64 / 2.0) * step.micrometres()
        };
        let within = |ring: Ring, grown: f64, x: f64, y: f64| {
            let (x, y, radius) = (x - ring.x, y - ring.y, ring.radius + grown);
            x * x + y * y < radius * radius
        };
        Regions::new(Array2::from_shape_fn((rows, columns), |(row, column)| {
            let (x, y) = (at(column, columns, spacing.x), at(row, rows, spacing.y));
            if within(self.rim, -GLITTER, x, y) {
                Some(match self.pin {
                    Some(pin) if within(pin, 0.0, x, y) => Region::FiringPin,
                    None if within(self.aperture, 0.0, x, y) => Region::FiringPin,
                    Some(_) | None if within(self.aperture, self.margin, x, y) => Region::Flowback,
                    Some(_) | None => Region::BreechFace,
                })
            } else {
                self.head.map(|head| {
                    if within(head, 0.0, x, y) { Region::PrimerGroove } else { Region::Headstamp }
                })
            }
        }))
    }
}

/// How sure the steps are, 0 to 1: the product of how well the rays agree on rim and aperture and how much
/// of the rim is in view. Each counts fully where it is as good as it needs to be.
fn confidence(rim: Edge, aperture: Edge) -> f64 {
    let ramp = |value: f64, none: f64, full: f64| ((value - none) / (full - none)).clamp(0.0, 1.0);
    ramp(rim.support, 0.45, 0.75) * ramp(rim.in_view, 0.3, 0.6) * ramp(aperture.support, 0.5, 0.7)
}
