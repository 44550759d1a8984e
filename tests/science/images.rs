//! Are pictures of primers taken apart and compared, as they left the microscope?
//!
//! Needs the real data: see `README.md` of that folder for where it is looked for.

use crate::real::real_data;
use casemark::correlate::fft::Arithmetic;
use casemark::format::{self, ReadOptions, Scan};
use casemark::mark;
use casemark::matcher::{CompareError, Engine, Matcher, Prepared};
use casemark::parameters::{Parameters, Segmentation};
use casemark::segment::segment;
use casemark::surface::{Kind, Region, Surface};
use casemark::units::Angle;
use ndarray::Array2;
use std::time::Instant;

/// The pictures, breech faces of NBIDE, at the 2.53 um that they state.
const NAMES: [&str; 2] = ["NBIDE R BF 118.png", "NBIDE R BF 129.png"];

fn scan(folder: &std::path::Path, name: &str) -> Scan {
    let bytes = std::fs::read(folder.join("images").join(name)).unwrap();
    format::read(&bytes, &ReadOptions::default()).unwrap()
}

fn engine() -> Engine {
    Engine::new(Parameters::default(), Arithmetic::Vectorised)
}

/// The breech face of a whole primer, and how sure it is.
fn prepared(engine: &Engine, surface: &Surface, scan: &Scan) -> Prepared {
    let extracted =
        mark::extract(surface, Region::BreechFace, None, scan.sha256, engine.parameters()).unwrap();
    assert!(extracted.head.is_some(), "a whole primer is seen");
    engine.prepare(&extracted.signature).unwrap()
}

#[test]
fn primers_are_found_on_pictures() {
    let Some(folder) = real_data() else { return };
    let parameters = Segmentation::default();
    for name in NAMES {
        let scan = scan(&folder, name);
        let begun = Instant::now();
        let found = segment(&scan.surface, &parameters).unwrap();
        let taken = begun.elapsed();
        let spacing = scan.surface.spacing();
        let sample = spacing.x.micrometres() * spacing.y.micrometres() / 1e6;
        let areas = Region::ALL.map(|region| found.regions.count(region) as f64 * sample);
        println!(
            "{name}: primer {:.0} {:.0} radius {:.0}, areas {areas:.2?} mm2, confidence {:.2}, in view {:.2}, {taken:?}",
            found.primer.x, found.primer.y, found.primer.radius, found.confidence, found.in_view
        );
        assert!(found.is_sure(&parameters), "{name}: {}", found.confidence);
        // By eye, on the picture: 1.84 mm about the middle of the frame.
        assert!((found.primer.radius.micrometres() - 1840.0).abs() < 40.0);
        assert!(
            found.primer.x.micrometres().abs() < 80.0 && found.primer.y.micrometres().abs() < 80.0
        );
        let [_, _, _, face, flowback, _, pin] = areas;
        // Discs of 1.75 and 1.21 mm; 1.2 mm and 0.73 mm; 0.73 mm.
        assert!((4.4..5.6).contains(&face), "{name}: {face}");
        assert!((2.2..3.4).contains(&flowback), "{name}: {flowback}");
        assert!((1.4..2.1).contains(&pin), "{name}: {pin}");
    }
}

/// The picture taken again: turned counter-clockwise, with other gain and offset, and fresh noise.
fn again(surface: &Surface, degrees: f64) -> Surface {
    let turned = casemark::transform::rotate(surface, Angle::from_degrees(degrees)).unwrap();
    let (levels, mask, spacing, kind) = turned.into_parts();
    let mut state = 7_u64;
    let levels = levels.mapv(|level| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5;
        (0.08 + 0.6 * level + 0.05 * noise).clamp(0.0, 1.0)
    });
    Surface::new(levels, mask, spacing, kind).unwrap()
}

#[test]
fn a_primer_pictured_again_agrees_with_itself_and_the_turn_is_found() {
    let Some(folder) = real_data() else { return };
    let engine = engine();
    let mut workspace = engine.workspace();
    for (name, degrees) in [(NAMES[0], 33.0), (NAMES[1], -78.0)] {
        let scan = scan(&folder, name);
        let one = prepared(&engine, &again(&scan.surface, degrees), &scan);
        let other = prepared(&engine, &scan.surface, &scan);
        let comparison = Matcher::new(&engine, one).compare(&other, &mut workspace).unwrap();
        let pose = comparison.registration.as_ref().unwrap().pose;
        println!(
            "{name} turned by {degrees}: {} of {} cells, turned by {:.2} deg, moved by {:.0} {:.0}",
            comparison.cmc_count(),
            comparison.cells(),
            pose.theta.degrees(),
            pose.dx,
            pose.dy
        );
        assert!(comparison.cmc_fraction() > 0.9, "{name}: {}", comparison.cmc_fraction());
        // The pose takes the questioned picture back.
        assert!((pose.theta.degrees() + degrees).abs() < 0.3, "{name}: {}", pose.theta.degrees());
    }
}

#[test]
fn two_pictures_are_compared_and_a_picture_with_a_topography_is_refused() {
    let Some(folder) = real_data() else { return };
    let engine = engine();
    let mut workspace = engine.workspace();
    let [one, two] = NAMES.map(|name| {
        let scan = scan(&folder, name);
        prepared(&engine, &scan.surface, &scan)
    });
    let matcher = Matcher::new(&engine, one);
    let comparison = matcher.compare(&two, &mut workspace).unwrap();
    // Shots of one pistol, a Ruger (manual of xhtai/cartridges, processedExample2); the mirror image is of none.
    let second = scan(&folder, NAMES[1]);
    let (levels, mask, spacing, kind) = second.surface.clone().into_parts();
    let mirror = |axis| {
        let mut levels = levels.clone();
        let mut mask = mask.clone();
        levels.invert_axis(axis);
        mask.invert_axis(axis);
        Surface::new(levels, mask, spacing, kind).unwrap()
    };
    let mirrored = prepared(&engine, &mirror(ndarray::Axis(1)), &second);
    let other = matcher.compare(&mirrored, &mut workspace).unwrap();
    for (name, comparison) in [("one pistol", &comparison), ("mirror image", &other)] {
        let pose = comparison.registration.as_ref().unwrap().pose;
        println!(
            "{name}: {} of {} cells, ncc {:.3}, turned by {:.2} deg, moved by {:.0} {:.0}",
            comparison.cmc_count(),
            comparison.cells(),
            comparison.ncc().unwrap(),
            pose.theta.degrees(),
            pose.dx,
            pose.dy
        );
    }
    assert!(comparison.cmc_fraction() > other.cmc_fraction() + 0.1);
    let bytes = std::fs::read(folder.join("fadul/Fadul 1-1.x3p")).unwrap();
    let topography = format::read(&bytes, &ReadOptions::default()).unwrap();
    assert_eq!(topography.surface.kind(), Kind::Topography);
    let parameters = engine.parameters();
    let extracted =
        mark::extract(&topography.surface, Region::BreechFace, None, topography.sha256, parameters)
            .unwrap();
    let reference = engine.prepare(&extracted.signature).unwrap();
    let error = matcher.compare(&reference, &mut workspace).unwrap_err();
    assert!(matches!(error, CompareError::Kind), "{error}");
}

#[test]
fn a_picture_of_noise_is_no_primer() {
    let Some(folder) = real_data() else { return };
    // The grey levels of a real picture, each somewhere else.
    let (levels, mask, spacing, kind) = scan(&folder, NAMES[0]).surface.into_parts();
    let (rows, columns) = levels.dim();
    let scattered = Array2::from_shape_fn((rows, columns), |(row, column)| {
        levels[[(row * 977 + column * 31) % rows, (column * 1409 + row * 7) % columns]]
    });
    let surface = Surface::new(scattered, mask, spacing, kind).unwrap();
    assert!(segment(&surface, &Segmentation::default()).is_err());
}
