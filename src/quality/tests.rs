//! Surfaces with one fault each, by formula.

use super::*;
use crate::preprocess::PreprocessError;
use crate::surface::Spacing;
use crate::units::Angle;
use ndarray::Array2;

const SIDE: usize = 240;
const SPACING_UM: f64 = 6.25;

/// Noise of unit variance that is the same for ever.
fn noise(row: usize, column: usize) -> f64 {
    let draw = |salt: u64| {
        let mixed =
            ((row * SIDE + column) as u64 + salt * 7_919).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64
            / (1_u64 << 24) as f64
    };
    // The sum of twelve uniform numbers is nearly normal, its variance 1.
    (0..12).map(draw).sum::<f64>() - 6.0
}

/// A ring with gentle texture of 1 um; `height` may change it, `None` is missing.
fn ring(height: impl Fn(usize, usize, f64) -> Option<f64>) -> Surface {
    let heights = Array2::from_shape_fn((SIDE, SIDE), |(row, column)| {
        let (y, x) = (row as f64 - SIDE as f64 / 2.0, column as f64 - SIDE as f64 / 2.0);
        let r = (x * x + y * y).sqrt();
        let texture = 1.4 * libm::sin(x / 4.0) * libm::cos(y / 5.0);
        let inside = (50.0..118.0).contains(&r);
        inside.then(|| height(row, column, texture)).flatten().map_or(f64::NAN, |um| um / 1e6)
    });
    let spacing = Spacing::square(Length::from_micrometres(SPACING_UM));
    Surface::from_finite(heights, spacing, Kind::Topography).unwrap()
}

fn good() -> Circumstances {
    Circumstances {
        texture: Ok(Some(Length::from_micrometres(0.7))),
        in_view: None,
        tilt: None,
        calibration: Calibration::DaysBefore(30),
    }
}

fn names(surface: &Surface, circumstances: &Circumstances) -> Vec<(Name, Level)> {
    let quality = examine(surface, circumstances, &Rules::default());
    assert!(quality.findings.iter().all(|finding| !finding.words.is_empty()));
    quality.findings.iter().map(|finding| (finding.name, finding.level)).collect()
}

#[test]
fn of_a_good_mark_nothing_is_said() {
    let surface = ring(|row, column, texture| Some(texture + 0.1 * noise(row, column)));
    assert_eq!(names(&surface, &good()), []);
    let noise = Measures::of(&surface).noise.unwrap().micrometres();
    // The texture's own curvature adds a little.
    assert!((0.09..0.13).contains(&noise), "{noise} um of 0.1");
}

#[test]
fn every_fault_is_found_and_no_other() {
    let faults: [(Name, Surface); 4] = [
        (Name::Noise, ring(|row, column, texture| Some(texture + 2.0 * noise(row, column)))),
        (Name::Missing, ring(|row, column, t| (noise(row, column) < 0.5).then_some(t))),
        (
            Name::Outliers,
            ring(|row, column, t| Some(if noise(row, column) > 1.9 { 60.0 + t } else { t })),
        ),
        (Name::Saturation, ring(|_, _, texture| Some(texture.min(1.0)))),
    ];
    for (name, surface) in faults {
        assert_eq!(names(&surface, &good()), [(name, Level::Warn)], "{name:?}");
    }
}

#[test]
fn spikes_are_outliers_and_steep_walls_are_none() {
    // 45 degrees towards the middle, with a wall of 40 um around it that rises within eight samples.
    let steep = |row: usize, column: usize| {
        let (y, x) = (row as f64 - SIDE as f64 / 2.0, column as f64 - SIDE as f64 / 2.0);
        let r = (x * x + y * y).sqrt();
        SPACING_UM * r + 5.0 * (r - 76.0).clamp(0.0, 8.0)
    };
    let uneven = |row, column, texture| texture + 0.3 * noise(row, column) + steep(row, column);
    let walls = ring(|row, column, texture| Some(uneven(row, column, texture)));
    assert!(Measures::of(&walls).outliers < 0.01);
    let spiked = ring(|row, column, texture| {
        let spike = if (row * 13 + column * 7) % 50 == 0 { 8.0 } else { 0.0 };
        Some(uneven(row, column, texture) + spike)
    });
    let found = Measures::of(&spiked).outliers;
    assert!((0.018..0.03).contains(&found), "{found}");
}

#[test]
fn a_mark_that_runs_along_the_frame_is_cut() {
    let heights = Array2::from_shape_fn((100, 100), |(row, column)| {
        1e-6 * libm::sin(row as f64 / 4.0) * libm::cos(column as f64 / 5.0)
    });
    let spacing = Spacing::square(Length::from_micrometres(SPACING_UM));
    let whole = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    assert_eq!(names(&whole, &good()), [(Name::Clipped, Level::Warn)]);
    // Of a head it is known how much of the primer is in view.
    let of_head = |in_view| Circumstances { in_view: Some(in_view), ..good() };
    assert_eq!(names(&whole, &of_head(1.0)), []);
    assert_eq!(names(&whole, &of_head(0.7)), [(Name::Clipped, Level::Warn)]);
}

#[test]
fn circumstances_speak_too_and_the_worst_comes_first() {
    let surface = ring(|_, _, texture| Some(texture));
    let refused = Circumstances {
        texture: Err(PreprocessError::Flat),
        in_view: None,
        tilt: Some(Angle::from_degrees(5.0)),
        calibration: Calibration::NotStated,
    };
    assert_eq!(
        names(&surface, &refused),
        [
            (Name::Texture, Level::Refuse),
            (Name::Tilt, Level::Warn),
            (Name::Calibration, Level::Note)
        ]
    );
    let quality = examine(&surface, &refused, &Rules::default());
    assert!(quality.refusal().is_some());
    for (calibration, level) in [
        (Calibration::DaysBefore(366), Some(Level::Warn)),
        (Calibration::DaysBefore(-1), Some(Level::Warn)),
        (Calibration::DaysBefore(365), None),
        (Calibration::Undated, Some(Level::Note)),
    ] {
        let even = ring(|_, _, texture| Some(texture));
        let told = names(&even, &Circumstances { calibration, ..good() });
        assert_eq!(told.first().map(|(_, level)| *level), level, "{calibration:?}");
    }
    let weak = Circumstances { texture: Ok(Some(Length::from_micrometres(0.02))), ..good() };
    let even = ring(|_, _, texture| Some(texture));
    assert!(names(&even, &weak).contains(&(Name::Texture, Level::Warn)));
}

#[test]
fn of_a_picture_nothing_is_said_that_only_heights_have() {
    // A ramp of grey levels, with noise, and a fifth of it white.
    let heights = Array2::from_shape_fn((SIDE, SIDE), |(row, column)| {
        let grey = column as f64 / SIDE as f64 + 0.1 * noise(row, column);
        let inside = (60..180).contains(&row) && (60..180).contains(&column);
        if inside { grey.min(0.6) } else { f64::NAN }
    });
    let spacing = Spacing::square(Length::from_micrometres(SPACING_UM));
    let picture = Surface::from_finite(heights, spacing, Kind::Reflectance).unwrap();
    let of_pictures =
        Circumstances { texture: Ok(None), calibration: Calibration::DaysBefore(30), ..good() };
    let quality = examine(&picture, &of_pictures, &Rules::default());
    assert_eq!(quality.measures.noise, None);
    let told: Vec<Name> = quality.findings.iter().map(|finding| finding.name).collect();
    assert_eq!(told, [Name::Saturation, Name::NotMetrological]);
    assert!(quality.findings[0].words.contains("range of grey levels"));
}

#[cfg(feature = "store")]
#[test]
fn a_cropped_breech_face_slants_as_its_plane_does_and_other_marks_by_themselves() {
    use crate::mark::Mark;
    use crate::surface::MarkKind;
    use std::borrow::Cow;
    let surface = ring(|_, column, t| Some(t + 0.1 * SPACING_UM * column as f64));
    let slant = |kind| {
        let mark = Mark { surface: Cow::Borrowed(&surface), head: None };
        let flat = Err(PreprocessError::Flat);
        let quality = examine_mark(&mark, kind, &flat, &Default::default(), &Rules::default());
        let tilt = quality.findings.iter().find(|finding| finding.name == Name::Tilt);
        tilt.map(|finding| (finding.level, finding.found.unwrap()))
    };
    let (level, found) = slant(MarkKind::BreechFace).unwrap();
    assert_eq!(level, Level::Warn);
    assert!((found - Angle::from_radians(0.1_f64.atan()).degrees()).abs() < 0.01, "{found}");
    assert_eq!(slant(MarkKind::FiringPin), None);
}
