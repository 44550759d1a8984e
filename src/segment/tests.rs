//! A head of known measures, made by formula.

use super::*;
use crate::surface::Spacing;

const SPACING_UM: f64 = 10.0;
/// Radii in micrometres: flowback, end of the flat, of the shoulder, of the groove.
const APERTURE: f64 = 900.0;
const FLAT: f64 = 1600.0;
/// Where the shoulder has fallen by the 6 um that end the breech face.
const FACE: f64 = 1669.3;
const SHOULDER: f64 = 1950.0;
const GROOVE: f64 = 2350.0;
const PIN: f64 = 500.0;

/// Noise that is the same for ever.
fn noise(row: usize, column: usize) -> f64 {
    let mixed = (row as u64 * 1_000_003 + column as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64
        / (1_u64 << 24) as f64
        - 0.5
}

/// A head whose primer is at (x, y) micrometres from the frame's centre.
fn head(dim: (usize, usize), middle: (f64, f64)) -> Surface {
    head_of(dim, middle, 30.0)
}

/// The same with flowback of this height left of the primer's middle, in micrometres.
fn head_of((rows, columns): (usize, usize), (x0, y0): (f64, f64), left: f64) -> Surface {
    let heights = Array2::from_shape_fn((rows, columns), |(row, column)| {
        let x = (column as f64 - (columns - 1) as f64 / 2.0) * SPACING_UM - x0;
        let y = (row as f64 - (rows - 1) as f64 / 2.0) * SPACING_UM - y0;
        let r = (x * x + y * y).sqrt();
        let form = 0.012 * x - 0.02 * y - (x * x + y * y) / (2.0 * 150_000.0);
        let part = if r < PIN {
            -150.0
        } else if r < APERTURE {
            if x < 0.0 { left } else { 30.0 }
        } else if r < FLAT {
            0.0
        } else if r < SHOULDER {
            -(r - FLAT) * (r - FLAT) / 800.0
        } else if r < GROOVE {
            -153.0
        } else {
            60.0
        };
        // A wall of the groove that the instrument did not see.
        if (GROOVE - 30.0..GROOVE).contains(&r) && y > 0.0 {
            f64::NAN
        } else {
            (form + part + 6.0 * noise(row / 3, column / 3)) / 1e6
        }
    });
    let spacing = Spacing::square(Length::from_micrometres(SPACING_UM));
    Surface::from_finite(heights, spacing, Kind::Topography).unwrap()
}

/// Samples that both call breech face, of those that either does.
fn overlap(found: &Segmented, surface: &Surface, (x0, y0): (f64, f64)) -> f64 {
    let (rows, columns) = (surface.rows(), surface.columns());
    let (mut both, mut either) = (0_usize, 0_usize);
    for ((row, column), label) in found.regions.labels().indexed_iter() {
        let x = (column as f64 - (columns - 1) as f64 / 2.0) * SPACING_UM - x0;
        let y = (row as f64 - (rows - 1) as f64 / 2.0) * SPACING_UM - y0;
        let truth = (APERTURE..FACE).contains(&(x * x + y * y).sqrt());
        let said = *label == Some(Region::BreechFace);
        both += usize::from(truth && said);
        either += usize::from(truth || said);
    }
    both as f64 / either as f64
}

#[test]
fn the_parts_of_a_head_are_found_wherever_it_lies() {
    let parameters = Segmentation::default();
    for (dim, place) in [((560, 600), (120.0, -90.0)), ((560, 460), (500.0, 0.0))] {
        let surface = head(dim, place);
        let found = segment(&surface, &parameters).unwrap();
        let (x, y) = (found.primer.x.micrometres(), found.primer.y.micrometres());
        let off = ((x - place.0).powi(2) + (y - place.1).powi(2)).sqrt();
        assert!(off < 15.0, "the centre is {off} um off, at {x} {y}");
        let overlap = overlap(&found, &surface, place);
        assert!(overlap > 0.9, "intersection over union is {overlap} at {place:?}");
        assert!(found.is_sure(&parameters), "{}", found.confidence);
        let pin = found.regions.count(Region::FiringPin) as f64 * SPACING_UM * SPACING_UM;
        let truth = std::f64::consts::PI * PIN * PIN;
        // A wall is known to a cell of the relief, and a rim of one is 8 % of this pin.
        assert!((pin / truth - 1.0).abs() < 0.15, "the pin covers {} of what it did", pin / truth);
        assert!(found.regions.count(Region::PrimerGroove) > 1000);
    }
}

#[test]
fn a_surface_without_a_primer_is_refused_and_not_guessed_at() {
    let parameters = Segmentation::default();
    let spacing = Spacing::square(Length::from_micrometres(SPACING_UM));
    let flat = Array2::from_shape_fn((400, 400), |(row, column)| 2e-6 * noise(row, column));
    let flat = Surface::from_finite(flat, spacing, Kind::Topography).unwrap();
    assert!(matches!(segment(&flat, &parameters), Err(SegmentError::NoPrimer { .. })));
    let (heights, mask, spacing, _) = flat.into_parts();
    let grey = Surface::new(heights, mask, spacing, Kind::Reflectance).unwrap();
    assert!(matches!(segment(&grey, &parameters), Err(SegmentError::NoPrimerInPicture { .. })));
}

#[test]
fn the_breech_face_alone_lies_in_a_frame_about_the_primer() {
    let parameters = Segmentation::default();
    let place = (500.0, 0.0);
    let surface = head((560, 460), place);
    let found = segment(&surface, &parameters).unwrap();
    let mark = isolate(&surface, &found, Region::BreechFace).unwrap();
    let measured = |surface: &Surface| surface.valid_count();
    let labelled = found
        .regions
        .labels()
        .iter()
        .zip(surface.mask())
        .filter(|(label, valid)| **valid && **label == Some(Region::BreechFace))
        .count();
    assert_eq!(measured(&mark), labelled);
    // The face's radius on either side, though the scan ends before it does.
    let side = 2.0 * FACE / SPACING_UM;
    assert!((mark.columns() as f64 - side).abs() < 12.0, "{} of {side}", mark.columns());
    let (row, column) = (mark.rows() / 2, mark.columns() / 2);
    assert!(!mark.mask()[[row, column]], "the pin is in the middle");
    assert!(matches!(
        isolate(&surface, &found, Region::Ejector),
        Err(SegmentError::NotInView { region: "ejector" })
    ));
}

#[test]
fn of_a_primer_that_is_mostly_out_of_view_nothing_is_sure() {
    let parameters = Segmentation::default();
    let surface = head((560, 300), (1900.0, 0.0));
    match segment(&surface, &parameters) {
        Ok(found) => assert!(!found.is_sure(&parameters), "{} {}", found.confidence, found.in_view),
        Err(error) => assert!(matches!(error, SegmentError::NoPrimer { .. }), "{error}"),
    }
}

#[test]
fn flowback_that_hardly_rose_is_found_by_the_step_along_its_rim() {
    let surface = head_of((460, 470), (40.0, -30.0), 6.5);
    let found = segment(&surface, &Segmentation::default()).unwrap();
    assert!(overlap(&found, &surface, (40.0, -30.0)) > 0.9);
    assert!(found.is_sure(&Segmentation::default()), "{}", found.confidence);
}

#[test]
fn where_the_edge_of_the_aperture_is_not_seen_nothing_is_sure() {
    let surface = head_of((460, 470), (40.0, -30.0), 0.0);
    let found = segment(&surface, &Segmentation::default()).unwrap();
    assert!(!found.is_sure(&Segmentation::default()), "{}", found.confidence);
}
