//! Do the steps do what they say, in the frame that they say?

use super::*;
use crate::preprocess::level;
use crate::units::{Angle, Length};
use ndarray::Array2;

const SPACING: Length = Length::from_micrometres(6.25);

fn degrees(degrees: f64) -> Angle {
    Angle::from_degrees(degrees)
}

/// Waves of 12 samples and more, with a hole and a tilt.
fn wavy(rows: usize, columns: usize) -> Surface {
    let heights = Array2::from_shape_fn((rows, columns), |(row, column)| {
        let (x, y) = (column as f64, row as f64);
        if (x - 40.0).hypot(y - 60.0) < 9.0 {
            f64::NAN
        } else {
            1e-6 * (libm::sin(x / 2.0) * libm::cos(y / 3.0) + 0.3 * x - 0.1 * y)
        }
    });
    Surface::from_finite(heights, Spacing::square(SPACING), Kind::Topography).unwrap()
}

#[test]
fn four_quarter_turns_are_the_identity_bit_for_bit() {
    let heights = Array2::from_shape_fn((5, 8), |(row, column)| (10 * row + column) as f64);
    let spacing = Spacing { x: SPACING, y: Length::from_micrometres(5.0) };
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    let quarter = rotate(&surface, degrees(90.0)).unwrap();
    // Counter-clockwise: what was at the right is now at the top, top right is top left.
    assert_eq!(quarter.heights()[[0, 0]].to_bits(), surface.heights()[[0, 7]].to_bits());
    assert_eq!(quarter.spacing(), Spacing { x: spacing.y, y: spacing.x });
    assert_eq!(rotate(&surface, degrees(-270.0)).unwrap(), quarter);
    let half = rotate(&quarter, degrees(90.0)).unwrap();
    assert_eq!(rotate(&surface, degrees(180.0)).unwrap(), half);
    let three = rotate(&half, degrees(90.0)).unwrap();
    assert_eq!(rotate(&surface, degrees(-90.0)).unwrap(), three);
    assert_eq!(rotate(&three, degrees(90.0)).unwrap(), surface);
}

#[test]
fn turning_there_and_back_keeps_heights_and_their_places() {
    let surface = wavy(101, 120);
    for angle in [3.0, 30.0, -77.5, 146.0] {
        let there = rotate(&surface, degrees(angle)).unwrap();
        assert!(there.rows() >= surface.rows().min(surface.columns()));
        let back = rotate(&there, degrees(-angle)).unwrap();
        let (top, left) = ((back.rows() - 101) / 2, (back.columns() - 120) / 2);
        let back = crop(&back, left, top, 120, 101).unwrap();
        let (mut worst, mut compared) = (0.0_f64, 0);
        for (((row, column), height), valid) in back.heights().indexed_iter().zip(back.mask()) {
            let interior = (8..93).contains(&row) && (8..112).contains(&column);
            let hole = (column as f64 - 40.0).hypot(row as f64 - 60.0) < 14.0;
            if interior && !hole {
                assert!(valid, "a sample of the interior is missing at {row}, {column}");
                worst = worst.max((height - surface.heights()[[row, column]]).abs());
                compared += 1;
            }
        }
        assert!(compared > 7000, "only {compared} samples");
        // Two interpolations of waves of 12.6 samples: below 1.5 % of their height.
        assert!(worst < 1.5e-8, "{angle} degrees: {worst} m");
        let share = back.valid_count() as f64 / surface.valid_count() as f64;
        assert!((share - 1.0).abs() < 0.02, "valid samples changed to {share}");
    }
}

#[test]
fn a_turn_keeps_lengths_where_the_two_spacings_differ() {
    // A single ridge along x, at y = 0; turned by 45 degrees it passes through equal x and -y.
    let spacing = Spacing { x: Length::from_micrometres(5.0), y: Length::from_micrometres(10.0) };
    let heights = Array2::from_shape_fn((81, 161), |(row, _)| {
        let y = (row as f64 - 40.0) / 4.0;
        1e-6 * libm::exp(-y * y)
    });
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    let turned = rotate(&surface, degrees(45.0)).unwrap();
    let (y0, x0) = ((turned.rows() - 1) / 2, (turned.columns() - 1) / 2);
    // 200 um right and 200 um up lies on the ridge.
    let height = turned.heights()[[y0 - 20, x0 + 40]];
    assert!((height - 1e-6).abs() < 1e-8, "{height}");
}

#[test]
fn a_shift_by_whole_samples_moves_bits_and_one_by_parts_interpolates() {
    let surface = wavy(101, 120);
    let moved = translate(&surface, SPACING * 7.0, SPACING * -4.0).unwrap();
    assert_eq!(moved.heights()[[20, 37]].to_bits(), surface.heights()[[24, 30]].to_bits());
    assert!(!moved.mask()[[20, 6]] && moved.mask()[[20, 7]]);
    assert!(!moved.mask()[[97, 20]] && moved.mask()[[96, 20]]);
    let part = translate(&surface, SPACING * 0.25, Length::ZERO).unwrap();
    let expected = 1e-6 * (libm::sin(29.75 / 2.0) * libm::cos(24.0 / 3.0) + 0.3 * 29.75 - 2.4);
    let found = part.heights()[[24, 30]];
    assert!((found - expected).abs() < 5e-9, "{found} m, wanted {expected} m");
    let error = translate(&surface, SPACING * 500.0, Length::ZERO).unwrap_err();
    assert_eq!(error, TransformError::NothingLeft);
}

#[test]
fn a_tilt_rises_towards_its_direction_and_levelling_takes_it_away() {
    let flat = Array2::from_elem((40, 60), 2e-6);
    let flat = Surface::from_finite(flat, Spacing::square(SPACING), Kind::Topography).unwrap();
    let tilted = tilt(&flat, degrees(1.0), degrees(90.0)).unwrap();
    let rise = tilted.heights()[[0, 10]] - tilted.heights()[[39, 10]];
    let expected = libm::tan(degrees(1.0).radians()) * 39.0 * SPACING.metres();
    assert!((rise - expected).abs() < 1e-15, "{rise} m upwards, wanted {expected} m");
    let tilted = tilt(&flat, degrees(2.0), degrees(-33.0)).unwrap();
    let worst = level(&tilted).iter().fold(0.0_f64, |worst, height| worst.max(height.abs()));
    assert!(worst < 1e-15, "{worst} m are left");
    assert!(tilt(&flat, degrees(90.0), Angle::ZERO).is_err());
}

#[test]
fn resampling_keeps_the_extent_and_a_plane() {
    let heights = Array2::from_shape_fn((65, 97), |(row, column)| {
        if row < 20 && column > 50 { f64::NAN } else { 1e-6 * (3.0 * row as f64 - column as f64) }
    });
    let spacing = Spacing::square(SPACING);
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    for new in [3.125, 5.0, 12.5, 20.0, 6.25] {
        let new = Length::from_micrometres(new);
        let other = resample(&surface, new).unwrap();
        let (width, height) =
            (surface.extent().0 - other.extent().0, surface.extent().1 - other.extent().1);
        for lost in [width, height] {
            assert!(lost.metres() > -1e-9 && lost < new, "{lost} of the extent at {new}");
        }
        let step = new.ratio(SPACING);
        let (y0, x0) = ((other.rows() - 1) as f64 / 2.0, (other.columns() - 1) as f64 / 2.0);
        for (((row, column), found), valid) in other.heights().indexed_iter().zip(other.mask()) {
            let (y, x) = ((row as f64 - y0) * step + 32.0, (column as f64 - x0) * step + 48.0);
            let expected = 1e-6 * (3.0 * y - x);
            assert!(!valid || (found - expected).abs() < 1e-15, "{found} m at {new}: {expected} m");
        }
        let fill = other.fill_fraction() - surface.fill_fraction();
        assert!(fill.abs() < 0.03, "the measured share changed by {fill} at {new}");
    }
    assert_eq!(resample(&surface, SPACING).unwrap(), surface);
    assert!(resample(&surface, Length::ZERO).is_err());
    assert!(matches!(
        resample(&surface, Length::from_metres(1e-12)),
        Err(TransformError::TooManySamples { .. })
    ));
}

#[test]
fn coarser_samples_are_means() {
    let heights =
        Array2::from_shape_fn(
            (61, 61),
            |(row, column)| {
                if (row + column) % 2 == 0 { 1e-6 } else { -1e-6 }
            },
        );
    let surface =
        Surface::from_finite(heights, Spacing::square(SPACING), Kind::Topography).unwrap();
    let coarse = resample(&surface, SPACING * 2.0).unwrap();
    let worst = coarse.heights().iter().fold(0.0_f64, |worst, height| worst.max(height.abs()));
    assert!(worst < 1.2e-7, "{worst} m of an alternation that the spacing cannot hold");
}

#[test]
fn a_window_must_lie_within_the_frame() {
    let surface = wavy(101, 120);
    let part = crop(&surface, 100, 90, 20, 11).unwrap();
    assert_eq!((part.rows(), part.columns()), (11, 20));
    assert_eq!(part.heights()[[0, 0]].to_bits(), surface.heights()[[90, 100]].to_bits());
    for (x, y, width, height) in [(100, 90, 21, 11), (0, 0, 0, 1), (usize::MAX, 0, 1, 1)] {
        assert!(crop(&surface, x, y, width, height).is_err(), "{x} {y} {width} {height}");
    }
    assert_eq!(crop(&surface, 38, 58, 3, 3), Err(TransformError::NothingLeft));
}

#[test]
fn a_share_is_kept_on_one_side_of_a_line() {
    let surface = wavy(101, 120);
    let all = surface.valid_count() as f64;
    for (share, direction) in [(0.5, 90.0), (0.25, 0.0), (0.7, 200.0), (1.0, 10.0)] {
        let part = keep_share(&surface, share, degrees(direction)).unwrap();
        let kept = part.valid_count() as f64 / all;
        assert!((kept - share).abs() < 0.01, "{kept} kept, wanted {share}");
        assert_eq!((part.rows(), part.columns()), (101, 120));
    }
    let upper = keep_share(&surface, 0.5, degrees(90.0)).unwrap();
    assert!(upper.mask()[[0, 60]] && !upper.mask()[[100, 60]]);
    for share in [0.0, -0.1, 1.1, f64::NAN] {
        assert!(keep_share(&surface, share, Angle::ZERO).is_err(), "{share}");
    }
}

#[cfg(feature = "simulate")]
mod with_chance {
    use super::*;
    use crate::correlate::fft::Arithmetic;
    use crate::digest::Digest;
    use crate::matcher::{Engine, Matcher};
    use crate::parameters::Parameters;
    use crate::signature::Signature;
    use crate::simulate::Simulation;
    use crate::surface::Pose;

    #[test]
    fn noise_has_the_deviation_asked_for_and_comes_of_its_seed() {
        let surface = wavy(101, 120);
        let noisy = add_noise(&surface, 0.5, 7).unwrap();
        assert_eq!(noisy, add_noise(&surface, 0.5, 7).unwrap());
        assert_ne!(noisy, add_noise(&surface, 0.5, 8).unwrap());
        assert_eq!(noisy.mask(), surface.mask());
        let count = surface.valid_count() as f64;
        let rms = |squares: f64| (squares / count).sqrt();
        let deviation = rms(level(&surface).iter().map(|height| height * height).sum());
        let noise = (noisy.heights() - surface.heights()).mapv(|noise| noise * noise).sum();
        let ratio = rms(noise) / deviation;
        // Four standard errors of a deviation from 12 000 samples.
        assert!((ratio - 0.5).abs() < 0.5 * 4.0 / (2.0 * count).sqrt(), "{ratio}");
    }

    #[test]
    fn the_share_asked_for_is_dropped_evenly() {
        let surface = wavy(101, 120);
        let worn = drop_samples(&surface, 0.3, 7).unwrap();
        assert_eq!(worn, drop_samples(&surface, 0.3, 7).unwrap());
        assert_ne!(worn, drop_samples(&surface, 0.3, 8).unwrap());
        let lost = surface.valid_count() - worn.valid_count();
        assert_eq!(lost, (0.3 * surface.valid_count() as f64).round() as usize);
        let upper = |surface: &Surface| crop(surface, 0, 0, 120, 50).unwrap().valid_count() as f64;
        let kept = upper(&worn) / upper(&surface);
        assert!((kept - 0.7).abs() < 0.03, "{kept} of the upper half");
        assert_eq!(drop_samples(&surface, 0.0, 7).unwrap(), surface);
        assert_eq!(drop_samples(&surface, 1.0, 7), Err(TransformError::NothingLeft));
    }

    #[test]
    fn the_matcher_finds_the_inverse_of_what_was_done() {
        let engine = Engine::new(Parameters::default(), Arithmetic::Portable);
        let simulation = Simulation { seed: 5, ..Simulation::default() };
        let original = simulation.firearm(0).unwrap().shot(0).surface;
        let prepared = |surface: &Surface| {
            let source = Digest::of(b"simulated");
            let signature = Signature::extract(surface, source, engine.parameters()).unwrap();
            engine.prepare(&signature).unwrap()
        };
        let reference = prepared(&original);
        let micrometres = Length::from_micrometres;
        for (theta, dx, dy) in [(30.0, 0.0, 0.0), (-112.0, 60.0, -35.0)] {
            let done = Pose { theta: degrees(theta), dx: micrometres(dx), dy: micrometres(dy) };
            let turned = rotate(&original, done.theta).unwrap();
            let moved = translate(&turned, done.dx, done.dy).unwrap();
            let matcher = Matcher::new(&engine, prepared(&moved));
            let comparison = matcher.compare(&reference, &mut engine.workspace()).unwrap();
            let found = comparison.registration.unwrap().pose;
            let wanted = done.inverse();
            let turn = (found.theta - wanted.theta).wrapped().degrees();
            assert!(turn.abs() < 0.3, "{} instead of {}", found.theta, wanted.theta);
            for (found, wanted) in [(found.dx, wanted.dx), (found.dy, wanted.dy)] {
                let off = (found - wanted).micrometres();
                assert!(off.abs() < 10.0, "{found} instead of {wanted}");
            }
            assert!(comparison.cmc_fraction() > 0.9, "{}", comparison.cmc_fraction());
        }
    }
}

#[test]
fn a_mask_takes_samples_away_and_never_gives_any() {
    let surface = wavy(101, 120);
    let keep = Array2::from_shape_fn((101, 120), |(row, _)| row >= 30);
    let masked = mask(&surface, &keep).unwrap();
    for ((place, valid), kept) in masked.mask().indexed_iter().zip(&keep) {
        assert_eq!(*valid, *kept && surface.mask()[place]);
        let wanted = if *valid { surface.heights()[place] } else { 0.0 };
        assert_eq!(masked.heights()[place].to_bits(), wanted.to_bits());
    }
    let other = Array2::from_elem((120, 101), true);
    let error = mask(&surface, &other).unwrap_err().to_string();
    assert!(error.contains("120 rows of 101") && error.contains("101 rows of 120"), "{error}");
    let nothing = Array2::from_elem((101, 120), false);
    assert_eq!(mask(&surface, &nothing).unwrap_err(), TransformError::NothingLeft);
}

#[test]
fn circles_lie_where_the_frame_says_and_are_as_large_as_they_say() {
    let heights = Array2::from_elem((401, 301), 1e-6);
    let spacing = Spacing { x: Length::from_micrometres(10.0), y: Length::from_micrometres(5.0) };
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    let circle = |x, y, radius| Circle {
        x: Length::from_micrometres(x),
        y: Length::from_micrometres(y),
        radius: Length::from_micrometres(radius),
    };
    let area = |surface: &Surface| surface.valid_count() as f64 * 50.0;
    let round = |radius: f64| std::f64::consts::PI * radius * radius;
    // Right and up: columns above 150, rows below 200.
    let (large, small) = (circle(700.0, -400.0, 500.0), circle(700.0, -400.0, 200.0));
    let ring = mask_circles(&surface, &[large], &[small]).unwrap();
    // A sample of 50 square micrometres at each place of a rim of 4.4 mm: a tenth of them at random.
    let wanted = round(500.0) - round(200.0);
    assert!((area(&ring) / wanted - 1.0).abs() < 0.01, "{} of {wanted}", area(&ring));
    assert!(!ring.mask()[[120, 220]], "the middle was kept");
    assert!(ring.mask()[[120, 220 + 35]] && ring.mask()[[120 - 70, 220]]);
    assert!(!ring.mask()[[120, 220 + 51]] && !ring.mask()[[120 + 101, 220]]);
    let two = mask_circles(&surface, &[small, circle(-700.0, 400.0, 200.0)], &[]).unwrap();
    assert!((area(&two) / (2.0 * round(200.0)) - 1.0).abs() < 0.01, "{}", area(&two));
    for wrong in [circle(0.0, 0.0, 0.0), circle(f64::NAN, 0.0, 1.0), circle(0.0, 0.0, f64::NAN)] {
        assert!(mask_circles(&surface, &[], &[wrong]).is_err(), "{wrong:?}");
    }
    let beside = circle(9000.0, 0.0, 100.0);
    assert_eq!(mask_circles(&surface, &[beside], &[]).unwrap_err(), TransformError::NothingLeft);
}

#[test]
fn a_unit_put_right_changes_what_numbers_mean_and_nothing_else() {
    let surface = wavy(20, 30);
    let spacing = Spacing::square(Length::from_micrometres(2.5));
    let nearer = restate_spacing(&surface, spacing).unwrap();
    assert_eq!(nearer.spacing(), spacing);
    assert_eq!((nearer.heights(), nearer.mask()), (surface.heights(), surface.mask()));
    let lower = restate_heights(&surface, Length::from_micrometres(1.0)).unwrap();
    for (low, high) in lower.heights().iter().zip(surface.heights()) {
        assert!((low - high * 1e-6).abs() <= 1e-15 * high.abs());
    }
    assert_eq!((lower.spacing(), lower.mask()), (surface.spacing(), surface.mask()));
    assert!(restate_heights(&surface, Length::ZERO).is_err());
    assert!(restate_spacing(&surface, Spacing::square(Length::ZERO)).is_err());
}
