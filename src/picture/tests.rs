//! Is the picture whole, the same every time, and honest when there is nothing to show?

use super::*;
use crate::cmc::{CellRegistration, CellVerdict, Peak};
use crate::comparison::{CellResult, Direction, DirectionResult};
use crate::correlate::Registration;
use crate::parameters::Parameters;
use crate::surface::{Kind, MarkKind, Pose, Spacing, Surface};
use crate::units::{Angle, Length};
use ndarray::Array2;

const LABELS: Labels<'static> = Labels { questioned: "A 1.x3p", reference: "B 2.x3p" };

/// Rings about a corner, on a frame of 1.5 mm.
fn signature(name: &[u8]) -> Signature {
    let heights = Array2::from_shape_fn((121, 121), |(row, column)| {
        let (x, y) = (column as f64, row as f64);
        1e-6 * (libm::sin(x.hypot(y) / 1.7) + libm::cos(x / 2.3))
    });
    let spacing = Spacing::square(Length::from_micrometres(12.5));
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    Signature::extract(&surface, Digest::of(name), &Parameters::default()).unwrap()
}

/// A result with one cell of every verdict.
fn direction(direction: Direction) -> DirectionResult {
    let micrometres = Length::from_micrometres;
    let cells = cells::VERDICTS.iter().enumerate();
    let cell_results = cells.map(|(column, &verdict)| CellResult {
        registration: CellRegistration {
            row: 1,
            column,
            x: micrometres(300.0 * column as f64 - 600.0),
            y: micrometres(-100.0),
            side: micrometres(300.0),
            fill_fraction: 1.0,
            joint_fraction: 1.0,
            peaks: vec![Peak {
                theta: Angle::from_degrees(3.0),
                dx: micrometres(20.0),
                dy: micrometres(40.0),
                ncc: 0.8,
                joint_fraction: 1.0,
            }],
        },
        verdict,
        convergence_verdict: verdict,
    });
    let cell_results = cell_results.collect();
    let (cmc_count, cells, convergence_cmc_count, consensus) = (1, 4, 1, None);
    DirectionResult { direction, cmc_count, cells, convergence_cmc_count, consensus, cell_results }
}

fn compared(directions: Vec<DirectionResult>) -> Comparison {
    let pose = Pose {
        dx: Length::from_micrometres(50.0),
        dy: Length::ZERO,
        theta: Angle::from_degrees(30.0),
    };
    let registered = !directions.is_empty();
    Comparison {
        engine_version: "9.9.9".to_owned(),
        parameters_digest: Digest::of(b"parameters"),
        mark: MarkKind::BreechFace,
        questioned: Digest::of(b"questioned"),
        reference: Digest::of(b"reference"),
        registration: registered.then_some(Registration { pose, ncc: 0.5, overlap: 0.9 }),
        directions,
        profile: None,
    }
}

fn draw(result: &Comparison, labels: Labels<'_>, drawn: Drawn) -> RgbImage {
    let (questioned, reference) = (signature(b"questioned"), signature(b"reference"));
    comparison(&questioned, &reference, result, labels, drawn).unwrap()
}

fn holds(picture: &RgbImage, colour: canvas::Colour) -> bool {
    picture.pixels().any(|pixel| *pixel == colour)
}

#[test]
fn the_page_is_1600_wide_and_the_same_every_time() {
    let result = compared(vec![
        direction(Direction::ReferenceToQuestioned),
        direction(Direction::QuestionedToReference),
    ]);
    let one = draw(&result, LABELS, Drawn::ReferenceToQuestioned);
    assert_eq!(one.width(), 1600);
    assert!((900..1200).contains(&one.height()), "{} high", one.height());
    let png = to_png(&one).unwrap();
    assert_eq!(png, to_png(&draw(&result, LABELS, Drawn::ReferenceToQuestioned)).unwrap());
    assert_eq!(image::load_from_memory(&png).unwrap().to_rgb8(), one);
    assert!(holds(&one, canvas::BLUE) && holds(&one, canvas::VERMILION));
    let two = draw(&result, LABELS, Drawn::BothDirections);
    assert!(two.height() > 2 * one.height() - 300, "{} high", two.height());
}

#[test]
fn without_a_registration_both_surfaces_are_drawn_and_no_cells() {
    let picture = draw(&compared(Vec::new()), LABELS, Drawn::BothDirections);
    assert_eq!(picture.width(), 1600);
    assert!(!holds(&picture, canvas::BLUE) && !holds(&picture, canvas::VERMILION));
    // The headline differs from that of a comparison with a score.
    let scored = draw(
        &compared(vec![direction(Direction::ReferenceToQuestioned)]),
        LABELS,
        Drawn::ReferenceToQuestioned,
    );
    let headline = |picture: &RgbImage| {
        image::imageops::crop_imm(picture, 0, 0, 1600, 60).to_image().into_raw()
    };
    assert_ne!(headline(&picture), headline(&scored));
    assert!(headline(&picture).iter().any(|level| *level < 60), "the headline is blank");
}

#[test]
fn names_of_any_length_stay_within_the_margins() {
    let long = "questioned, fired on a Sunday afternoon, second of three ".repeat(20);
    let labels = Labels { questioned: &long, reference: "\u{436}\u{4e2d}\n\t" };
    let result = compared(vec![direction(Direction::ReferenceToQuestioned)]);
    let picture = draw(&result, labels, Drawn::ReferenceToQuestioned);
    assert_eq!(picture.dimensions(), draw(&result, LABELS, Drawn::default()).dimensions());
    for (x, _, pixel) in picture.enumerate_pixels() {
        let margin = !(23..1577).contains(&x);
        assert!(!margin || *pixel == canvas::PAPER, "ink at column {x}");
    }
}

#[test]
fn a_signature_of_another_file_is_refused() {
    let result = compared(vec![direction(Direction::ReferenceToQuestioned)]);
    let (questioned, stranger) = (signature(b"questioned"), signature(b"stranger"));
    let error = comparison(&questioned, &stranger, &result, LABELS, Drawn::default()).unwrap_err();
    assert!(error.to_string().contains("reference signature"), "{error}");
}

#[test]
fn a_found_cell_is_drawn_where_its_content_lies() {
    // One cell at the centre, found 40 um right of it on the other surface turned by 90 degrees: the
    // other's content there lies 40 um below the centre before the turn.
    let mut result = direction(Direction::ReferenceToQuestioned);
    result.cell_results.truncate(1);
    let registration = &mut result.cell_results[0].registration;
    (registration.x, registration.y) = (Length::ZERO, Length::ZERO);
    registration.side = Length::from_micrometres(400.0);
    registration.peaks[0].theta = Angle::from_degrees(90.0);
    registration.peaks[0].dx = Length::from_micrometres(40.0);
    registration.peaks[0].dy = Length::ZERO;
    assert_eq!(result.cell_results[0].verdict, CellVerdict::Congruent);
    let picture = draw(&compared(vec![result]), LABELS, Drawn::default());
    // Above the legend, which is blue too.
    let lines = 170..picture.height() - 144;
    let middle = |columns: std::ops::Range<u32>| {
        let blue = picture.enumerate_pixels().filter(|(x, y, pixel)| {
            columns.contains(x) && lines.contains(y) && **pixel == canvas::BLUE
        });
        let (left, right, top, bottom) = blue.fold((1600, 0, 9999, 0), |extent, (x, y, _)| {
            (extent.0.min(x), extent.1.max(x), extent.2.min(y), extent.3.max(y))
        });
        assert!(right > left, "no outline in {columns:?}");
        let x = f64::from(left + right) / 2.0 - f64::from(columns.start);
        (x, f64::from(top + bottom) / 2.0, f64::from(right - left))
    };
    let (found, cut) = (middle(24..792), middle(808..1576));
    let (right, down) = (found.0 - cut.0, found.1 - cut.1);
    assert!(right.abs() <= 1.0, "{right} pixels to the right");
    // An outline is 0.92 of the side of its cell, and its line is a few pixels wide.
    let expected = 40.0 * cut.2 / (0.92 * 400.0);
    assert!((down - expected).abs() <= 1.5, "{down} pixels down, wanted {expected}");
}
