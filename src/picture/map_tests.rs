//! Is a map or profile true, whole, and the same every time?

use super::*;
use crate::surface::{Kind, Region, Spacing, Surface};
use crate::units::{Angle, Length};
use ndarray::Array2;

/// Tilted ripples with a hole, on a frame of 1.0 by 0.6 mm.
fn surface() -> Surface {
    let heights = Array2::from_shape_fn((121, 201), |(row, column)| {
        let (x, y) = (column as f64, row as f64);
        if (x - 60.0).hypot(y - 50.0) < 14.0 {
            f64::NAN
        } else {
            1e-6 * (0.2 * x - 0.1 * y + libm::sin(x / 6.0) * libm::cos(y / 9.0))
        }
    });
    Surface::from_finite(heights, spacing(), Kind::Topography).unwrap()
}

const fn spacing() -> Spacing {
    Spacing::square(Length::from_micrometres(5.0))
}

fn regions() -> Regions {
    Regions::new(Array2::from_shape_fn((121, 201), |(row, column)| match (row, column) {
        (0..60, 100..) => Some(Region::BreechFace),
        (80.., 0..50) => Some(Region::FiringPin),
        _ => None,
    }))
}

fn subject(surface: &Surface) -> Subject<'_> {
    Subject { surface, label: "scan.x3p", source: Digest::of(b"file"), regions: None }
}

fn style(look: Look) -> MapStyle {
    MapStyle { look, longer_side: 400, ..MapStyle::default() }
}

fn count(picture: &RgbImage, colour: [u8; 3]) -> usize {
    picture.pixels().filter(|pixel| pixel.0 == colour).count()
}

#[test]
fn the_same_surface_gives_the_same_bytes_and_another_look_gives_others() {
    let surface = surface();
    let looks = [Look::Hillshade(Light::default()), Look::Heights(None)];
    let pictures = looks.map(|look| {
        let draw = || to_png(&map(&subject(&surface), &style(look)).unwrap()).unwrap();
        let bytes = draw();
        assert_eq!(bytes, draw());
        bytes
    });
    assert_ne!(pictures[0], pictures[1]);
    let line = Line::row(&surface, 50).unwrap();
    let draw = || profile(&subject(&surface), &line, &ProfileStyle::default()).unwrap();
    assert_eq!(draw(), draw());
}

#[test]
fn missing_samples_are_pale_and_no_height_is_as_dark_as_ink() {
    let surface = surface();
    let picture = map(&subject(&surface), &style(Look::Hillshade(Light::default()))).unwrap();
    // A circle of radius 70 um at 2.5 um a pixel, of which eight in nine are not hatched.
    let pale = count(&picture, canvas::MISSING.0);
    let wanted = std::f64::consts::PI * 28.0 * 28.0 * 8.0 / 9.0;
    // Its rim is a pixel wide, and the legend has a swatch.
    assert!((pale as f64 - wanted).abs() < 500.0, "{pale} pale pixels, wanted about {wanted}");
    // The surface lies within its frame.
    let whole = Surface::from_finite(
        Array2::from_shape_fn((121, 201), |(row, _)| 1e-5 * row as f64),
        spacing(),
        Kind::Topography,
    );
    let whole = whole.unwrap();
    let picture = map(&subject(&whole), &style(Look::Hillshade(Light::default()))).unwrap();
    assert_eq!(count(&picture, canvas::MISSING.0), 0);
}

#[test]
fn slopes_that_face_the_lamp_are_lighter() {
    // A roof whose ridge runs down the middle; lit from the left, then from the right.
    let heights =
        Array2::from_shape_fn((101, 201), |(_, column)| -1e-6 * (column as f64 - 100.0).abs());
    let surface = Surface::from_finite(heights, spacing(), Kind::Topography).unwrap();
    for (azimuth, left_is_lighter) in [(180.0, true), (0.0, false)] {
        let light = Light { azimuth: Angle::from_degrees(azimuth), ..Light::default() };
        let picture = map(&subject(&surface), &style(Look::Hillshade(light))).unwrap();
        // Far from heading, edges and ridge.
        let middle = picture.height() / 2;
        let (width, left_edge) = (400, 24 + 58);
        let level = |share: u32| picture.get_pixel(left_edge + width * share / 4, middle).0[0];
        assert_eq!(level(1) > level(3), left_is_lighter, "{} and {}", level(1), level(3));
    }
}

#[test]
fn regions_are_outlined_in_their_colours_and_named() {
    let (surface, regions) = (surface(), regions());
    let plain = map(&subject(&surface), &style(Look::Heights(None))).unwrap();
    let with = Subject { regions: Some(&regions), ..subject(&surface) };
    for look in [Look::Heights(None), Look::Hillshade(Light::default())] {
        let picture = map(&with, &style(look)).unwrap();
        for region in [Region::BreechFace, Region::FiringPin] {
            // Its swatch in the legend, less its frame.
            assert!(count(&picture, region.colour()) >= 24 * 13, "{region:?}");
        }
        assert_eq!(count(&picture, Region::Ejector.colour()), 0);
        assert_ne!(picture, plain);
    }
    let other = Regions::new(Array2::from_elem((121, 200), None));
    let with = Subject { regions: Some(&other), ..subject(&surface) };
    let error = map(&with, &MapStyle::default()).unwrap_err().to_string();
    assert!(error.contains("121 rows of 200") && error.contains("121 rows of 201"), "{error}");
}

#[test]
fn grey_levels_are_not_drawn_as_heights() {
    let (heights, mask, spacing, _) = surface().into_parts();
    let grey = Surface::new(heights, mask, spacing, Kind::Reflectance).unwrap();
    assert!(map(&subject(&grey), &MapStyle::default()).is_err());
    let style = MapStyle { look: Look::Grey, ..MapStyle::default() };
    assert!(map(&subject(&grey), &style).is_ok());
    assert!(map(&subject(&surface()), &style).is_err());
    let line = Line::row(&grey, 0).unwrap();
    assert!(profile(&subject(&grey), &line, &ProfileStyle::default()).is_err());
}

#[test]
fn frames_of_any_shape_and_names_of_any_length_are_drawn() {
    let long = "questioned, fired on a Sunday afternoon, second of three ".repeat(20);
    for shape in [(1, 1), (1, 300), (300, 1), (2, 5), (3, 900)] {
        let heights = Array2::from_shape_fn(shape, |(row, column)| 1e-6 * (row + column) as f64);
        let surface = Surface::from_finite(heights, spacing(), Kind::Topography).unwrap();
        let subject = Subject { label: &long, ..subject(&surface) };
        for look in [Look::Heights(None), Look::Hillshade(Light::default())] {
            for levelling in [Levelling::None, Levelling::Plane] {
                let style = MapStyle { look, levelling, longer_side: 200 };
                let picture = map(&subject, &style).unwrap();
                let last = picture.width() - 8;
                for (x, y, pixel) in picture.enumerate_pixels() {
                    let margin = !(8..last).contains(&x);
                    assert!(!margin || *pixel == canvas::PAPER, "ink at {x}, {y} of {shape:?}");
                }
            }
        }
    }
}
