//! Does the engine find what is known to be there?
//!
//! Properties of whole comparisons, on simulated cases whose truth is known. Not evidence about real
//! firearms: `oracle.rs` is nearer to that.

#![cfg(feature = "simulate")]
use casemark::cmc::CellVerdict;
use casemark::comparison::Comparison;
use casemark::correlate::fft::Arithmetic;
use casemark::correlate::{Field, Pyramid, direct, transform};
use casemark::digest::Digest;
use casemark::matcher::{CompareError, Engine, Matcher, Prepared};
use casemark::parameters::Parameters;
use casemark::signature::{Signature, SignatureError};
use casemark::simulate::{Shot, Simulation};
use casemark::surface::{Kind, Pose, Spacing, Surface, Texture};
use casemark::units::{Angle, Length};
use ndarray::Array2;
use rayon::prelude::*;
use std::sync::LazyLock;

/// Two shots of the first firearm, one of the second.
static SHOTS: LazyLock<[Shot; 3]> = LazyLock::new(|| {
    let simulation = Simulation { seed: 11, ..Simulation::default() };
    let (first, second) = (simulation.firearm(0).unwrap(), simulation.firearm(7).unwrap());
    [first.shot(0), first.shot(1), second.shot(0)]
});

fn engine(arithmetic: Arithmetic) -> Engine {
    Engine::new(Parameters::default(), arithmetic)
}

fn signature(surface: &Surface) -> Signature {
    Signature::extract(surface, Digest::of(b"simulated"), &Parameters::default()).unwrap()
}

fn prepared(surface: &Surface) -> Prepared {
    engine(Arithmetic::Vectorised).prepare(&signature(surface)).unwrap()
}

fn compare_with(engine: &Engine, questioned: &Surface, reference: &Surface) -> Comparison {
    let matcher = Matcher::new(engine, prepared(questioned));
    matcher.compare(&prepared(reference), &mut engine.workspace()).unwrap()
}

fn compare(questioned: &Surface, reference: &Surface) -> Comparison {
    compare_with(&engine(Arithmetic::Vectorised), questioned, reference)
}

/// The surface under a pose, sampled bilinearly on a frame that holds all of it.
fn moved(surface: &Surface, pose: Pose) -> Surface {
    let texture = Texture {
        // In micrometres, so that single precision has digits to spare.
        heights: surface.heights().mapv(|height| (height * 1e6) as f32),
        weights: surface.mask().mapv(|valid| f32::from(u8::from(valid))),
        spacing: surface.spacing().x,
    };
    let side = surface.rows().max(surface.columns()) + 120;
    let texture = transform(&texture, pose, (side, side));
    let mask = texture.weights.mapv(|weight| weight > 0.0);
    let heights = texture.heights.mapv(|height| f64::from(height) * 1e-6);
    Surface::new(heights, mask, surface.spacing(), Kind::Topography).unwrap()
}

/// Fails unless the poses agree within `length` along each axis and `angle`.
fn assert_near(found: Pose, expected: Pose, length: Length, angle: Angle, what: &str) {
    let away = |one: Length, other: Length| (one - other).metres().abs() > length.metres();
    let turned = (found.theta - expected.theta).wrapped().radians().abs() > angle.radians();
    assert!(
        !away(found.dx, expected.dx) && !away(found.dy, expected.dy) && !turned,
        "{what}: found {} right, {} down, {}; expected {} right, {} down, {}",
        found.dx,
        found.dy,
        found.theta,
        expected.dx,
        expected.dy,
        expected.theta
    );
}

fn pose(dx: f64, dy: f64, theta: f64) -> Pose {
    Pose {
        dx: Length::from_micrometres(dx),
        dy: Length::from_micrometres(dy),
        theta: Angle::from_degrees(theta),
    }
}

/// Half a sample of the signature: the grid cannot place a noiseless copy worse.
const HALF_SAMPLE: Length = Length::from_micrometres(6.25);
/// Half a step of the last search.
const HALF_STEP: Angle = Angle::from_degrees(0.125);

#[test]
fn a_surface_lies_on_itself_with_every_cell_congruent() {
    let surface = &SHOTS[0].surface;
    let comparison = compare(surface, surface);
    let registration = comparison.registration.unwrap();
    // Less than 1 only by the interpolation of a turn of thousandths of a degree.
    assert!(registration.ncc > 0.995, "{registration:?}");
    assert!(registration.overlap > 0.99, "{registration:?}");
    let tenth = |of: f64| of / 10.0;
    let (length, angle) = (
        Length::from_micrometres(tenth(HALF_SAMPLE.micrometres())),
        Angle::from_degrees(tenth(HALF_STEP.degrees())),
    );
    assert_near(registration.pose, Pose::IDENTITY, length, angle, "itself");
    for cell in comparison.directions.iter().flat_map(|direction| &direction.cell_results) {
        assert_eq!(cell.verdict, CellVerdict::Congruent, "{:?}", cell.registration);
        assert_eq!(cell.convergence_verdict, CellVerdict::Congruent, "{:?}", cell.registration);
    }
    assert!(comparison.cells() > 30, "{} cells", comparison.cells());
}

#[test]
fn a_known_movement_is_found_at_every_angle() {
    let surface = &SHOTS[0].surface;
    for (dx, dy, theta) in [
        (0.0, 0.0, 0.7),
        (130.0, -55.0, 44.0),
        (-210.0, 180.0, 90.0),
        (12.0, 300.0, 137.3),
        (-40.0, 60.0, 179.4),
        (75.0, -20.0, 180.0),
        (-140.0, -10.0, -179.6),
        (30.0, 90.0, -91.5),
        (0.0, -330.0, -33.0),
    ] {
        let truth = pose(dx, dy, theta);
        let comparison = compare(surface, &moved(surface, truth));
        let registration = comparison.registration.unwrap();
        assert_near(registration.pose, truth, HALF_SAMPLE, HALF_STEP, "moved");
        // What two interpolations take from waves just longer than the S-filter's cutoff.
        assert!(registration.ncc > 0.95, "{theta} degrees: {registration:?}");
    }
}

#[test]
fn two_shots_of_one_firearm_lie_where_they_were_fired() {
    let [first, second, other] = &*SHOTS;
    let truth = second.truth.pose_onto(&first.truth);
    let comparison = compare(&second.surface, &first.surface);
    let found = comparison.registration.unwrap();
    // Each shot is distorted by 4 um rms at wavelengths up to its own size, which no rigid movement
    // follows: three times that, and the same at a rim of 1.7 mm.
    let (length, angle) = (Length::from_micrometres(12.0), Angle::from_degrees(0.4));
    assert_near(found.pose, truth, length, angle, "second onto first");
    assert!(comparison.cmc_fraction() > 0.6, "same source: {}", comparison.cmc_fraction());
    let comparison = compare(&other.surface, &first.surface);
    assert!(comparison.cmc_fraction() < 0.3, "different source: {}", comparison.cmc_fraction());
}

#[test]
fn swapping_the_surfaces_inverts_the_pose() {
    let [first, second, _] = &*SHOTS;
    let there = compare(&second.surface, &first.surface);
    let back = compare(&first.surface, &second.surface);
    let (there_pose, back_pose) =
        (there.registration.unwrap().pose, back.registration.unwrap().pose);
    // Each is the top of the same hill, sampled from the other side.
    assert_near(back_pose, there_pose.inverse(), HALF_SAMPLE, HALF_STEP, "swapped");
    let (there_ncc, back_ncc) = (there.ncc().unwrap(), back.ncc().unwrap());
    // Only the interpolated side differs.
    assert!((there_ncc - back_ncc).abs() < 0.03, "{there_ncc} {back_ncc}");
    let (there, back) = (there.cmc_fraction(), back.cmc_fraction());
    assert!((there - back).abs() < 0.1, "{there} {back}");
}

#[test]
fn scaling_heights_leaves_the_score() {
    let [first, second, _] = &*SHOTS;
    let plain = compare(&second.surface, &first.surface);
    let scaled = |factor: f64| {
        let (heights, mask, spacing, kind) = second.surface.clone().into_parts();
        let surface = Surface::new(heights * factor, mask, spacing, kind).unwrap();
        compare(&surface, &first.surface)
    };
    // Multiplying by a power of two rounds nothing, so nothing may change at all.
    assert_eq!(scaled(4.0), plain);
    // By another number only the rounding of a height to a hundredth of a deviation.
    let other = scaled(3.7);
    let (found, expected) = (other.ncc().unwrap(), plain.ncc().unwrap());
    assert!((found - expected).abs() < 1e-3, "{found} {expected}");
    let away = other.cmc_count().abs_diff(plain.cmc_count());
    assert!(away <= 1, "{} {}", other.cmc_count(), plain.cmc_count());
}

#[test]
fn masking_never_raises_the_joint_count() {
    let [first, second, _] = &*SHOTS;
    let field = |shot: &Shot| Field::new(signature(&shot.surface).texture());
    let (fixed, whole) = (field(first), field(second));
    let mut texture = whole.texture().clone();
    let (rows, columns) = texture.dim();
    let mut compared = 0;
    for half in 1..5 {
        // More is taken away each time.
        let window = ndarray::s![..rows * half / 5, columns / 4..columns * (half + 1) / 6];
        texture.heights.slice_mut(window).fill(0.0);
        texture.weights.slice_mut(window).fill(0.0);
        let masked = Field::new(texture.clone());
        for (dy, dx) in [(0, 0), (-9, 4), (31, 17), (2, -55)] {
            let (before, after) =
                (direct::moments(&whole, &fixed, dy, dx), direct::moments(&masked, &fixed, dy, dx));
            assert!(after.count <= before.count, "({dy}, {dx}): {after:?} {before:?}");
            compared += 1;
        }
    }
    assert_eq!(compared, 16);
}

#[test]
fn a_coarser_pyramid_keeps_the_frame() {
    let texture = signature(&SHOTS[0].surface).texture();
    let parameters = Parameters::default().registration;
    let (rows, spacing) = (texture.dim().0, texture.spacing);
    let pyramid = Pyramid::new(texture, &parameters);
    for (field, wanted) in
        [(&pyramid.middle, parameters.middle_spacing), (&pyramid.coarse, parameters.coarse_spacing)]
    {
        assert_eq!(field.texture().spacing, wanted);
        let (extent, whole) = (wanted * (field.dim().0 - 1) as f64, spacing * (rows - 1) as f64);
        assert!((whole - extent).metres() < wanted.metres(), "{extent} {whole}");
    }
}

#[test]
fn both_arithmetics_agree() {
    let [first, second, other] = &*SHOTS;
    for questioned in [second, other] {
        let with =
            |arithmetic| compare_with(&engine(arithmetic), &questioned.surface, &first.surface);
        let (portable, vectorised) = (with(Arithmetic::Portable), with(Arithmetic::Vectorised));
        let (a, b) = (portable.ncc().unwrap(), vectorised.ncc().unwrap());
        assert!((a - b).abs() < 1e-4, "{a} {b}");
        let verdicts = |comparison: &Comparison| -> Vec<CellVerdict> {
            let cells = comparison.directions.iter().flat_map(|direction| &direction.cell_results);
            cells.map(|cell| cell.verdict).collect()
        };
        assert_eq!(verdicts(&portable), verdicts(&vectorised));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let references: Vec<Prepared> =
        SHOTS.iter().cycle().take(8).map(|shot| prepared(&shot.surface)).collect();
    let engine = engine(Arithmetic::Vectorised);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        // Each pool has a matcher of its own, so that the bank is made anew as well.
        let matcher = Matcher::new(&engine, prepared(&SHOTS[1].surface));
        let compare = |workspace: &mut _, reference| matcher.compare(reference, workspace).unwrap();
        let found: Vec<Comparison> = pool
            .install(|| references.par_iter().map_init(|| engine.workspace(), compare).collect());
        // Debug prints every bit of a float that matters.
        format!("{found:?}")
    };
    let (one, four) = (with(1), with(4));
    assert!(one == four, "one thread and four differ");
    assert!(one.len() > 10_000, "{} bytes", one.len());
}

#[test]
fn a_signature_survives_its_bytes() {
    let whole = signature(&SHOTS[0].surface);
    assert_eq!(Signature::from_bytes(&whole.to_bytes()).unwrap(), whole);
}

#[test]
fn every_truncation_of_a_signature_is_an_error() {
    // A corner of the shot, so that every length can be tried.
    let surface = &SHOTS[0].surface;
    let window = ndarray::s![100..400, 20..180];
    let part = Surface::new(
        surface.heights().slice(window).to_owned(),
        surface.mask().slice(window).to_owned(),
        surface.spacing(),
        Kind::Topography,
    );
    let bytes = signature(&part.unwrap()).to_bytes();
    assert!(bytes.len() > 2000, "{} bytes", bytes.len());
    for length in 0..bytes.len() {
        let error = Signature::from_bytes(&bytes[..length]).unwrap_err();
        let expected = if length < 5 {
            matches!(error, SignatureError::NotASignature { .. })
        } else {
            matches!(error, SignatureError::Length { found, .. } if found == length)
        };
        assert!(expected, "{length} of {} bytes: {error}", bytes.len());
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    let error = Signature::from_bytes(&longer).unwrap_err();
    assert_eq!(error, SignatureError::Length { found: longer.len(), wanted: bytes.len() });
}

#[test]
fn a_signature_of_other_parameters_is_refused_with_both_digests() {
    let mut parameters = Parameters::default();
    parameters.extraction.l_filter_cutoff = Length::from_micrometres(300.0);
    let other = Engine::new(parameters.clone(), Arithmetic::Vectorised);
    let error = other.prepare(&signature(&SHOTS[0].surface)).unwrap_err();
    let (found, wanted) =
        (Parameters::default().extraction_digest(), parameters.extraction_digest());
    assert_eq!(error, CompareError::ExtractionDigest { found, wanted });
}

#[test]
fn a_topography_is_never_compared_with_an_image() {
    let surface = &SHOTS[0].surface;
    let (heights, mask, spacing, _) = surface.clone().into_parts();
    // As if the heights were grey levels.
    let image = Surface::new(heights * 1e4, mask, spacing, Kind::Reflectance).unwrap();
    let engine = engine(Arithmetic::Vectorised);
    let matcher = Matcher::new(&engine, prepared(&image));
    let error = matcher.compare(&prepared(surface), &mut engine.workspace()).unwrap_err();
    assert_eq!(error, CompareError::Kind);
}

#[test]
fn surfaces_that_share_nothing_have_no_registration() {
    // Stripes of a mark: turned across each other they share a fifteenth, a third is wanted.
    let stripes = |rows: std::ops::Range<usize>| {
        let heights = Array2::from_shape_fn((600, 600), |(row, column)| {
            1e-6 * ((row * 7919 + column * 104_729) % 1009) as f64 / 1009.0
        });
        let mask = Array2::from_shape_fn((600, 600), |(row, _)| rows.contains(&row));
        let spacing = Spacing::square(Length::from_micrometres(6.25));
        Surface::new(heights, mask, spacing, Kind::Topography).unwrap()
    };
    // Across the middle, and along the upper edge: 1.4 mm apart, and 0.5 mm are searched.
    let comparison = compare(&stripes(280..320), &stripes(0..40));
    assert_eq!(comparison.registration, None);
    assert_eq!((comparison.cells(), comparison.cmc_count()), (0, 0));
    assert!(comparison.cmc_fraction().abs() < f64::EPSILON);
}
