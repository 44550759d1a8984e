//! Where are the marks on the head of a cartridge case, as the microscope measured it?
//!
//! One recipe, [`segment`], of steps that each have a file: the primer is found by the ground that falls
//! away around it, its form by what most of it agrees on, the end of its flat ray by ray, and within it
//! what the firing pin and flowback have disturbed. For whole heads and for scans that show a part of
//! one; a scan that is already cropped to its mark shows no shoulder, which is said and not guessed at.
//! Reflectance images have a recipe of their own (`reflectance`). Not for the texture itself.

mod centre;
mod ejector;
mod hull;
mod inside;
mod isolate;
mod moat;
mod outline;
mod patches;
mod plateau;
mod reflectance;
mod relief;
mod rim;
mod shoulder;
mod striae;
#[cfg(test)]
mod tests;
mod window;

pub use isolate::{isolate, isolate_region};

use crate::parameters::Segmentation;
use crate::surface::{Kind, Region, Regions, Surface};
use crate::units::{Angle, Length};
use centre::{Ring, find_primer};
use ejector::find_ejector;
use inside::{Disturbance, Inside, largest, look_inside, within};
use ndarray::Array2;
use outline::Outline;
use patches::{not, patches};
use plateau::{Form, fit_form};
use relief::{Reading, Relief};
use serde::Serialize;
use shoulder::{Depths, RAYS, RIM_DEPTH, Shoulder, find_shoulder};
use striae::find_shear;
use window::Window;

/// How often primer, form and shoulder are found from one another.
const PASSES: usize = 2;
/// Cells of the flat are looked for within this share of the primer's radius.
const FLAT_REACH: f64 = 1.1;
/// Ground this many tolerances from the form is not only textured or bulged, but disturbed.
const DISTURBED: f64 = 2.0;
/// The same of ground that is raised and sheared beside disturbed ground.
const RAISED: f64 = 1.0;
/// Nothing within the flat reaches farther out of it, in micrometres: the greatest margin that may be asked for, and discs that
/// smooth.
const AROUND: f64 = 240.0;

/// Why a scan has no segmentation.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SegmentError {
    /// Nothing in the scan looks like a primer.
    #[error(
        "no primer is in view: found {found}, wanted a flat of which a shoulder falls all around"
    )]
    NoPrimer {
        /// What there is instead.
        found: &'static str,
    },
    /// Nothing in the picture looks like a primer.
    #[error(
        "no primer is in the picture: found {found}, wanted its rim and within it the edge of a firing-pin aperture"
    )]
    NoPrimerInPicture {
        /// What there is instead.
        found: &'static str,
    },
    /// The part that is wanted was not found.
    #[error("no {region} is in view")]
    NotInView {
        /// Its name.
        region: &'static str,
    },
}

/// A circle on a surface.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Circle {
    /// Of the middle, to the right of the frame's centre.
    pub x: Length,
    /// Of the middle, down from the frame's centre.
    pub y: Length,
    /// From the middle to the rim.
    pub radius: Length,
}

/// The parts of a head, and how sure that is.
#[derive(Clone, Debug)]
pub struct Segmented {
    /// The part of every sample of the surface.
    pub regions: Regions,
    /// The primer, at its rim.
    pub primer: Circle,
    /// From 0 to 1: see [`Segmented::is_sure`].
    pub confidence: f64,
    /// Share of the primer's circumference that is in view, 0 to 1.
    pub in_view: f64,
    /// Between the primer's flat and the horizontal; `None` of a picture.
    pub tilt: Option<Angle>,
}

impl Segmented {
    /// Whether it may be used without a person having looked at it.
    #[must_use]
    pub fn is_sure(&self, parameters: &Segmentation) -> bool {
        self.confidence >= parameters.least_confidence
    }
}

/// Surface to labelled parts.
///
/// 1. The surface is low-passed onto a coarse grid;
/// 2. the primer is where most steep ground points uphill to;
/// 3. its form is what most of a ring inside its edge agrees on;
/// 4. its flat ends where the shoulder begins to fall, ray by ray;
/// 5. what is disturbed within is flowback, sheared where it is striated, or the firing pin's impression;
/// 6. what lies beyond the flat is groove, until the head's face begins, into which the ejector may have
///    pressed a mark.
///
/// Cost: see benches/README.md.
///
/// # Errors
/// A surface that shows no primer's shoulder; a reflectance image, which has a recipe of its own, that shows
/// no rim or no aperture.
pub fn segment(surface: &Surface, parameters: &Segmentation) -> Result<Segmented, SegmentError> {
    if surface.kind() != Kind::Topography {
        return reflectance::segment(surface, parameters);
    }
    // 1.
    let relief = Relief::new(surface, parameters);
    if relief.range().is_nan() || relief.range() < RIM_DEPTH {
        return Err(SegmentError::NoPrimer { found: "ground too even for a shoulder" });
    }
    // 2.
    let mut ring = find_primer(&relief, parameters)
        .ok_or(SegmentError::NoPrimer { found: "no steep ground" })?;
    let end = parameters.shoulder_depth.micrometres();
    let depths = |form: &Form| Depths { tolerance: form.tolerance, end };
    // 3. and 4.
    let mut found = None;
    for _ in 0..PASSES {
        let form = fit_form(&relief, ring)
            .ok_or(SegmentError::NoPrimer { found: "no ground that agrees on a form" })?;
        let departures = form.departures(&relief);
        let flat = flat_of(&departures, ring, form.tolerance)
            .ok_or(SegmentError::NoPrimer { found: "no flat" })?;
        let shoulder = find_shoulder(&departures, &flat, ring, depths(&form))
            .ok_or(SegmentError::NoPrimer { found: "a flat without a shoulder" })?;
        ring = shoulder.primer;
        found = Some(Found { form, departures, shoulder });
    }
    let found = found.ok_or(SegmentError::NoPrimer { found: "no flat" })?;
    // The rays of the last pass start from the ring of the pass before.
    let flat = flat_of(&found.departures, ring, found.form.tolerance)
        .ok_or(SegmentError::NoPrimer { found: "no flat" })?;
    let shoulder = find_shoulder(&found.departures, &flat, ring, depths(&found.form))
        .ok_or(SegmentError::NoPrimer { found: "a flat without a shoulder" })?;
    let found = Found { shoulder, ..found };
    // 5.
    let margin = parameters.margin.micrometres();
    let flat = Outline::new(ring, &found.shoulder.ends);
    let enclosed = flat.cells(&found.departures);
    let tolerance = found.form.tolerance;
    let disturbance = Disturbance { plain: DISTURBED * tolerance, raised: RAISED * tolerance };
    let window = Window::about(&enclosed, (AROUND / found.departures.spacing).ceil() as usize);
    let middle = found.departures.part(&window);
    let enclosed = window.cut(&enclosed);
    let sheared = |flowback: &Array2<bool>| find_shear(surface, &middle, flowback);
    let inside = look_inside(&middle, &enclosed, ring, disturbance, margin, &sheared);
    let shear = sheared(&within(&inside.flowback, &not(&inside.pin)));
    // 6.
    let outer = groove_ends(&found.departures, ring, parameters);
    let groove = Outline::new(ring, &outer);
    let face = not(&groove.cells(&found.departures));
    let ejector = find_ejector(&found.departures, &face);
    let whole = |mask: &Array2<bool>| window.paste(mask, face.dim());
    let marks = Marks {
        aperture: whole(&inside.aperture),
        pin: whole(&within(&inside.pin, &inside.aperture)),
        shear: whole(&shear),
        ejector,
    };
    let confidence = confidence(&found) * surround(&inside);
    let regions = label(surface, &found.departures, &marks, &flat, &groove);
    let length = Length::from_micrometres;
    let Ring { x, y, radius } = found.shoulder.primer;
    Ok(Segmented {
        regions,
        primer: Circle { x: length(x), y: length(y), radius: length(radius) },
        confidence,
        in_view: found.shoulder.in_view,
        tilt: Some(found.form.tilt()),
    })
}

/// What the steps before the last found.
struct Found {
    form: Form,
    departures: Relief,
    shoulder: Shoulder,
}

/// The largest patch near the form, about the primer.
fn flat_of(departures: &Relief, ring: Ring, tolerance: f64) -> Option<Array2<bool>> {
    let mut near = Array2::from_elem(departures.dim(), false);
    for (cell, near) in near.indexed_iter_mut() {
        let (x, y) = departures.place(cell.0, cell.1);
        let (x, y) = (x - ring.x, y - ring.y);
        *near = departures.mask[cell]
            && f64::from(departures.heights[cell].abs()) < tolerance
            && (x * x + y * y).sqrt() < FLAT_REACH * ring.radius;
    }
    Some(largest(patches(&near))?.mask(departures.dim()))
}

/// Where the head's face begins, ray by ray: the ground beyond the groove's deepest place is flat again.
fn groove_ends(departures: &Relief, ring: Ring, parameters: &Segmentation) -> Vec<f64> {
    const STEP: f64 = 20.0;
    /// A slope that is no longer the groove's wall.
    const FLAT: f64 = 0.15;
    let widest = parameters.greatest_groove.micrometres();
    let mut ends: Vec<f64> = (0..RAYS)
        .map(|ray| {
            let (cos, sin) = shoulder::direction(ray);
            let heights: Vec<(f64, f64)> = (0..(widest / STEP) as usize)
                .map(|step| ring.radius + step as f64 * STEP)
                .filter_map(|at| match departures.read(ring.x + cos * at, ring.y + sin * at) {
                    Reading::Height(height) => Some((at, height)),
                    Reading::Missing | Reading::Outside => None,
                })
                .collect();
            let deepest = heights
                .iter()
                .enumerate()
                .min_by(|one, other| one.1.1.total_cmp(&other.1.1))
                .map_or(0, |(index, _)| index);
            let rising = &heights[deepest.min(heights.len())..];
            // The wall begins where it is steep and ends where it is not.
            let steep =
                |pair: &[(f64, f64)]| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0) > FLAT;
            let wall = rising.windows(2).position(steep).unwrap_or(0);
            rising
                .windows(2)
                .skip(wall)
                .find(|pair| !steep(pair))
                .map_or(ring.radius + widest, |pair| pair[0].0)
        })
        .collect();
    let before = ends.clone();
    for (ray, end) in ends.iter_mut().enumerate() {
        let mut near: Vec<f64> =
            (0..=10).map(|offset| before[(ray + RAYS + offset - 5) % RAYS]).collect();
        *end = relief::median_of(&mut near).unwrap_or(*end);
    }
    ends
}

/// What lies on the flat and on the head's face, cell by cell.
struct Marks {
    aperture: Array2<bool>,
    pin: Array2<bool>,
    shear: Array2<bool>,
    ejector: Array2<bool>,
}

/// Every sample's part.
fn label(
    surface: &Surface,
    relief: &Relief,
    marks: &Marks,
    flat: &Outline<'_>,
    groove: &Outline<'_>,
) -> Regions {
    let on_flat = Array2::from_shape_fn(relief.dim(), |cell| {
        if marks.pin[cell] {
            Region::FiringPin
        } else if marks.shear[cell] {
            Region::ApertureShear
        } else if marks.aperture[cell] {
            Region::Flowback
        } else {
            Region::BreechFace
        }
    });
    let on_face = marks.ejector.mapv(|hit| if hit { Region::Ejector } else { Region::Headstamp });
    let spacing = surface.spacing();
    let columns = relief.columns(surface.columns(), spacing.x);
    let mut labels = Array2::from_elem((surface.rows(), surface.columns()), None);
    for (mut labels, (y, row)) in
        labels.outer_iter_mut().zip(relief.rows(surface.rows(), spacing.y))
    {
        for (label, &(x, column)) in labels.iter_mut().zip(&columns) {
            let of = |part: &Array2<Region>| Some(part[[row?, column?]]);
            *label = if flat.holds(x, y) {
                of(&on_flat)
            } else if groove.holds(x, y) {
                Some(Region::PrimerGroove)
            } else {
                of(&on_face)
            };
        }
    }
    Regions::new(labels)
}

/// How sure the steps are, 0 to 1: the product of how much of the shoulder was found, how much of the
/// primer is in view, how round it is and how much of it agrees on a form; and [`surround`]. Each counts fully where it is
/// as good as it needs to be.
fn confidence(found: &Found) -> f64 {
    let Shoulder { in_view, found: rays, roughness, .. } = found.shoulder;
    ramp(rays, 0.4, 0.8)
        * ramp(in_view, 0.3, 0.6)
        * ramp(roughness, 60.0, 30.0)
        * ramp(found.form.share, 0.2, 0.4)
}

/// How sure it is that the aperture's edge was seen, 0 to 1: the ground steps along it; and a pin hits within the aperture,
/// so what is disturbed is larger than its impression. Where it is not, the metal around may be flowback as low as the flat.
fn surround(inside: &Inside) -> f64 {
    let count = |mask: &Array2<bool>| mask.iter().filter(|inside| **inside).count() as f64;
    let (disturbed, pin) = (count(&inside.flowback), count(&inside.pin));
    let area = if pin > 0.0 { ramp(disturbed / pin, 1.2, 1.6) } else { 1.0 };
    area * ramp(inside.steadiness, 0.75, 0.95)
}

/// From 0 at `none` to 1 at `full`.
fn ramp(value: f64, none: f64, full: f64) -> f64 {
    ((value - none) / (full - none)).clamp(0.0, 1.0)
}
