//! How bright is a slope under a lamp?
//!
//! Lambert's law: light falls as the cosine of the angle between the surface's normal and the lamp, and
//! is none where the surface turns away. For shaded relief; no shadows are thrown, so a mark in a pit
//! is as well lit as one on a ridge, which is what an examiner wants and a microscope cannot do.

use super::PictureError;
use crate::units::Angle;

/// Elevations at which a lamp lights a relief, degrees; a billionth forgives the way to radians and back.
const ELEVATIONS: std::ops::RangeInclusive<f64> = 1.0 - 1e-9..=90.0 + 1e-9;
/// Exaggerations that are drawn.
pub(super) const EXAGGERATIONS: (f64, f64) = (0.01, 10_000.0);

/// One lamp, infinitely far away, and how much the heights are exaggerated under it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Light {
    /// Where it stands, counter-clockwise from the right as seen: 135 degrees is the upper left.
    pub azimuth: Angle,
    /// How high it stands over the picture: 90 degrees is overhead.
    pub elevation: Angle,
    /// Factor of heights before they are lit; none: a round one chosen for the surface, so that its
    /// usual slopes are seen. Either is stated in the picture.
    pub exaggeration: Option<f64>,
}

impl Default for Light {
    /// From the upper left at 45 degrees: relief lit from elsewhere is often seen inside out.
    fn default() -> Self {
        Self {
            azimuth: Angle::from_degrees(135.0),
            elevation: Angle::from_degrees(45.0),
            exaggeration: None,
        }
    }
}

impl Light {
    /// Direction towards the lamp (right, down, towards the eye), of length 1.
    pub(super) fn direction(self) -> [f64; 3] {
        let (sin_azimuth, cos_azimuth) = self.azimuth.sin_cos();
        let (sin_elevation, cos_elevation) = self.elevation.sin_cos();
        [cos_elevation * cos_azimuth, -cos_elevation * sin_azimuth, sin_elevation]
    }

    /// Where it stands, in words.
    pub(super) fn side_words(self) -> String {
        const SIDES: [&str; 8] = [
            "the right",
            "the upper right",
            "above",
            "the upper left",
            "the left",
            "the lower left",
            "below",
            "the lower right",
        ];
        let degrees = self.azimuth.degrees().rem_euclid(360.0);
        let side = SIDES[(degrees / 45.0).round() as usize % SIDES.len()];
        format!("{side} ({degrees:.0}\u{b0})")
    }

    /// Whether such a lamp can stand there.
    pub(super) fn check(self) -> Result<(), PictureError> {
        let azimuth = self.azimuth.degrees();
        if !azimuth.is_finite() {
            return Err(PictureError::Light { name: "azimuth", degrees: azimuth });
        }
        let elevation = self.elevation.degrees();
        if !ELEVATIONS.contains(&elevation) {
            return Err(PictureError::Light { name: "elevation", degrees: elevation });
        }
        let (least, greatest) = EXAGGERATIONS;
        match self.exaggeration {
            Some(found) if !(least..=greatest).contains(&found) => {
                Err(PictureError::Exaggeration { found, least, greatest })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Light, 0 to 1, on a surface that rises by these slopes to the right and down, from a lamp in this
/// direction (right, down, towards the eye; of length 1).
pub(super) fn lambert(right: f64, down: f64, [x, y, z]: [f64; 3]) -> f64 {
    let length = (right * right + down * down + 1.0).sqrt();
    ((-right * x - down * y + z) / length).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(azimuth: f64, elevation: f64) -> Light {
        let (azimuth, elevation) = (Angle::from_degrees(azimuth), Angle::from_degrees(elevation));
        Light { azimuth, elevation, exaggeration: None }
    }

    /// Slopes (right, down) of a plane whose normal leans by `tilt` towards `azimuth`, both degrees:
    /// it falls towards where it leans.
    fn leaning(azimuth: f64, tilt: f64) -> (f64, f64) {
        let (sin, cos) = Angle::from_degrees(azimuth).sin_cos();
        let slope = libm::tan(Angle::from_degrees(tilt).radians());
        (-slope * cos, slope * sin)
    }

    #[test]
    fn a_plane_is_lit_by_the_cosine_of_its_angle_to_the_lamp() {
        for azimuth in [0.0, 37.0, 135.0, 250.0] {
            for elevation in [20.0, 45.0, 70.0] {
                let lamp = light(azimuth, elevation).direction();
                // A flat surface: the sine of the elevation.
                let sine = Angle::from_degrees(elevation).sin_cos().0;
                assert!((lambert(0.0, 0.0, lamp) - sine).abs() < 1e-12);
                for tilt in [-60.0, -10.0, 0.0, 15.0, 40.0, 65.0] {
                    let (right, down) = leaning(azimuth, tilt);
                    // The normal is 90 - tilt above the horizon, so this far from the lamp.
                    let away = Angle::from_degrees(90.0 - tilt - elevation);
                    let wanted = away.sin_cos().1.max(0.0);
                    let found = lambert(right, down, lamp);
                    assert!(
                        (found - wanted).abs() < 1e-12,
                        "{azimuth}, {elevation}, {tilt}: {found}, wanted {wanted}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_plane_that_faces_the_lamp_is_brightest_and_the_one_that_turns_away_is_dark() {
        let lamp = light(135.0, 40.0).direction();
        let (right, down) = leaning(135.0, 50.0);
        assert!((lambert(right, down, lamp) - 1.0).abs() < 1e-12);
        for (azimuth, tilt) in [(135.0, 49.0), (135.0, 51.0), (130.0, 50.0), (315.0, 50.0)] {
            let (right, down) = leaning(azimuth, tilt);
            assert!(lambert(right, down, lamp) < 1.0 - 1e-6, "{azimuth}, {tilt}");
        }
        let (right, down) = leaning(-45.0, 60.0);
        assert!(lambert(right, down, lamp) <= 0.0);
    }

    #[test]
    fn the_lamp_stands_upper_left_unless_told_otherwise() {
        let [right, down, up] = Light::default().direction();
        assert!(right < 0.0 && down < 0.0 && up > 0.0, "{right}, {down}, {up}");
        assert!(Light::default().check().is_ok());
        assert!(light(0.0, 90.0).check().is_ok() && light(0.0, 1.0).check().is_ok());
        for wrong in
            [light(f64::NAN, 45.0), light(0.0, 0.5), light(0.0, 91.0), light(0.0, f64::NAN)]
        {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
        let wrong = Light { exaggeration: Some(0.0), ..Light::default() };
        assert!(wrong.check().is_err());
    }
}
