//! Pictures of known circles, made by formula.

use super::*;
use crate::surface::{Kind, Spacing};

const SPACING_UM: f64 = 8.0;
/// Rows and columns of a frame of 6.6 by 4.9 mm.
const DIM: (usize, usize) = (610, 820);
const RIM: f64 = 1850.0;
const HEAD: f64 = 2600.0;

/// Where a primer lies and how it is lit.
#[derive(Clone, Copy)]
struct Scene {
    at: (f64, f64),
    /// The aperture's middle, from the primer's.
    off: (f64, f64),
    aperture: f64,
    /// How much brighter the right is than the left, as a factor.
    uneven: f64,
    /// Whether the light comes from the upper right only.
    one_sided: bool,
    /// Spread of the grain, as a share of the grey level.
    grain: f64,
    gain: f64,
    offset: f64,
}

const PLAIN: Scene = Scene {
    at: (40.0, -60.0),
    off: (-180.0, 300.0),
    aperture: 1150.0,
    uneven: 1.0,
    one_sided: false,
    grain: 0.5,
    gain: 1.0,
    offset: 0.0,
};

/// Noise that is the same for ever, -0.5 to 0.5.
fn noise(row: usize, column: usize, seed: u64) -> f64 {
    let mixed = (row as u64 * 1_000_003 + column as u64 + seed.wrapping_mul(0xd6e8_feb8_6659_fd93))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64
        / (1_u64 << 24) as f64
        - 0.5
}

/// Grey levels by what lies at each place.
fn picture(level: impl Fn(usize, usize, f64, f64) -> f64) -> Surface {
    let (rows, columns) = DIM;
    let levels = Array2::from_shape_fn(DIM, |(row, column)| {
        let x = (column as f64 - (columns - 1) as f64 / 2.0) * SPACING_UM;
        let y = (row as f64 - (rows - 1) as f64 / 2.0) * SPACING_UM;
        level(row, column, x, y).clamp(0.0, 1.0)
    });
    let spacing = Spacing::square(Length::from_micrometres(SPACING_UM));
    Surface::from_finite(levels, spacing, Kind::Reflectance).unwrap()
}

fn primer(scene: Scene) -> Surface {
    picture(|row, column, x, y| {
        let (right, down) = (x - scene.at.0, y - scene.at.1);
        let r = (right * right + down * down).sqrt();
        let (of_right, of_down) = (right - scene.off.0, down - scene.off.1);
        let s = (of_right * of_right + of_down * of_down).sqrt();
        // A wall that turns to the middle or away from it, seen under a light from the upper right.
        let lit = |outwards: f64, dark: f64| {
            if scene.one_sided {
                dark + 0.5 * (outwards * (right - down) / (r * 1.5)).max(0.0)
            } else {
                dark
            }
        };
        let level = match () {
            () if s < 550.0 => 0.15 + 0.7 * libm::exp(-s * s / 8000.0),
            () if s < 720.0 => lit(-1.0, 0.03),
            () if s < scene.aperture - 70.0 => 0.6,
            () if s < scene.aperture => lit(-1.0, 0.03),
            () if r < RIM => 0.4,
            () if r < HEAD => lit(1.0, 0.04),
            () => 0.35,
        };
        let grain =
            1.0 + 2.0 * scene.grain * noise(row / 3, column / 3, 1) + 0.3 * noise(row, column, 2);
        let light = 1.0 + (scene.uneven - 1.0) / (scene.uneven + 1.0) * x / 3300.0;
        scene.offset + scene.gain * level * grain.max(0.0) * light
    })
}

/// How far the rim is from the truth, as a share of its radius.
fn off(found: &Segmented, scene: Scene) -> (f64, f64) {
    let (x, y) = (found.primer.x.micrometres(), found.primer.y.micrometres());
    let centre = ((x - scene.at.0).powi(2) + (y - scene.at.1).powi(2)).sqrt();
    (centre / RIM, (found.primer.radius.micrometres() / RIM - 1.0).abs())
}

#[test]
fn the_primer_is_found_wherever_it_lies_and_however_it_is_lit() {
    let parameters = Segmentation::default();
    let scenes = [
        ("plain", PLAIN),
        ("off-centre", Scene { at: (700.0, 250.0), ..PLAIN }),
        ("partly outside", Scene { at: (-1900.0, 300.0), off: (250.0, 50.0), ..PLAIN }),
        ("partly outside, below", Scene { at: (300.0, 1300.0), off: (0.0, -250.0), ..PLAIN }),
        ("uneven", Scene { uneven: 4.0, ..PLAIN }),
        ("one-sided", Scene { one_sided: true, ..PLAIN }),
        ("grainy", Scene { grain: 1.0, ..PLAIN }),
        ("dim", Scene { gain: 0.2, ..PLAIN }),
        ("pale", Scene { gain: 0.4, offset: 0.4, ..PLAIN }),
        ("small aperture", Scene { aperture: 900.0, off: (100.0, -50.0), ..PLAIN }),
    ];
    for (name, scene) in scenes {
        let found =
            segment(&primer(scene), &parameters).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (centre, radius) = off(&found, scene);
        println!("{name}: {centre:.4} {radius:.4} confidence {:.2}", found.confidence);
        assert!(centre < 0.01 && radius < 0.01, "{name}: {centre} and {radius} of the radius off");
        assert!(found.is_sure(&parameters), "{name}: confidence {}", found.confidence);
    }
}

#[test]
fn the_parts_lie_where_they_were_drawn() {
    let found = segment(&primer(PLAIN), &Segmentation::default()).unwrap();
    let sample = SPACING_UM * SPACING_UM;
    let disc = |radius: f64| std::f64::consts::PI * radius * radius;
    let margin = Segmentation::default().margin.micrometres();
    let face = disc(RIM - GLITTER) - disc(PLAIN.aperture + margin);
    for (region, truth, tolerance) in [
        (Region::BreechFace, face, 0.05),
        (Region::FiringPin, disc(720.0), 0.1),
        (Region::PrimerGroove, disc(HEAD) - disc(RIM - GLITTER), 0.3),
    ] {
        let area = found.regions.count(region) as f64 * sample;
        assert!((area / truth - 1.0).abs() < tolerance, "{}: {area} of {truth}", region.name());
    }
    // The aperture is where it is, not where the rim's middle is.
    let mut middle = (0.0, 0.0, 0.0);
    for ((row, column), label) in found.regions.labels().indexed_iter() {
        if *label == Some(Region::FiringPin) {
            middle.0 += (column as f64 - (DIM.1 - 1) as f64 / 2.0) * SPACING_UM;
            middle.1 += (row as f64 - (DIM.0 - 1) as f64 / 2.0) * SPACING_UM;
            middle.2 += 1.0;
        }
    }
    let (x, y) = (middle.0 / middle.2, middle.1 / middle.2);
    let (wanted_x, wanted_y) = (PLAIN.at.0 + PLAIN.off.0, PLAIN.at.1 + PLAIN.off.1);
    assert!((x - wanted_x).abs() < 20.0 && (y - wanted_y).abs() < 20.0, "{x} {y}");
}

/// Boxes of random grey levels over one another, like a picture of a desk.
fn scattered(seed: u64) -> Surface {
    let any = |index: usize, what: usize| noise(index, what, seed) + 0.5;
    let boxes: Vec<[f64; 5]> = (0..60)
        .map(|index| {
            let [x, y] = [0, 1].map(|what| (any(index, what) - 0.5) * 7000.0);
            let [w, h] = [2, 3].map(|what| 150.0 + 800.0 * any(index, what));
            [x, y, w, h, any(index, 4)]
        })
        .collect();
    picture(|row, column, x, y| {
        let top =
            boxes.iter().rev().find(|[bx, by, w, h, _]| (x - bx).abs() < *w && (y - by).abs() < *h);
        top.map_or(0.5, |found| found[4]) + 0.05 * noise(row, column, seed)
    })
}

/// Discs of random places, sizes and grey levels: round things that are no primer.
fn pebbles(seed: u64) -> Surface {
    let any = |index: usize, what: usize| noise(index, what, seed) + 0.5;
    let discs: Vec<[f64; 4]> = (0..40)
        .map(|index| {
            let [x, y] = [0, 1].map(|what| (any(index, what) - 0.5) * 7000.0);
            [x, y, 200.0 + 700.0 * any(index, 2), any(index, 3)]
        })
        .collect();
    picture(|row, column, x, y| {
        let inside =
            |disc: &&[f64; 4]| (x - disc[0]).powi(2) + (y - disc[1]).powi(2) < disc[2] * disc[2];
        discs.iter().rev().find(inside).map_or(0.5, |disc| disc[3])
            + 0.05 * noise(row, column, seed)
    })
}

#[test]
fn pictures_of_something_else_are_refused() {
    let parameters = Segmentation::default();
    let mut others = vec![
        ("grey", picture(|_, _, _, _| 0.5)),
        ("slope", picture(|_, _, x, y| 0.5 + x / 8000.0 + y / 20_000.0)),
        (
            "vignette",
            picture(|row, column, x, y| 0.9 - (x * x + y * y) / 4e7 + 0.1 * noise(row, column, 5)),
        ),
        (
            "a coin: one disc",
            picture(|row, column, x, y| {
                let level = if (x * x + y * y).sqrt() < RIM { 0.6 } else { 0.1 };
                level * (1.0 + noise(row / 3, column / 3, 6))
            }),
        ),
        ("stripes", picture(|_, _, x, _| 0.5 + 0.4 * libm::sin(x / 150.0))),
    ];
    for seed in 10..14 {
        others.push(("noise", picture(|row, column, _, _| 0.5 + noise(row, column, seed))));
        others.push((
            "coarse noise",
            picture(|row, column, _, _| 0.5 + noise(row / 40, column / 40, seed)),
        ));
        others.push(("boxes", scattered(seed)));
        others.push(("pebbles", pebbles(seed)));
    }
    for (name, other) in others {
        let found = segment(&other, &parameters);
        println!("{name}: {:?}", found.as_ref().map(|found| (found.primer, found.confidence)));
        assert!(
            matches!(found, Err(SegmentError::NoPrimerInPicture { .. })),
            "{name} is taken for a primer"
        );
    }
}

#[test]
fn what_a_person_masked_is_taken_as_it_is() {
    let (levels, mut mask, spacing, kind) = primer(PLAIN).into_parts();
    // The head is masked, and the aperture.
    for ((row, column), valid) in mask.indexed_iter_mut() {
        let x = (column as f64 - (DIM.1 - 1) as f64 / 2.0) * SPACING_UM - PLAIN.at.0;
        let y = (row as f64 - (DIM.0 - 1) as f64 / 2.0) * SPACING_UM - PLAIN.at.1;
        let of = ((x - PLAIN.off.0).powi(2) + (y - PLAIN.off.1).powi(2)).sqrt();
        *valid = (x * x + y * y).sqrt() < RIM - 60.0 && of > 1200.0;
    }
    let masked = Surface::new(levels, mask, spacing, kind).unwrap();
    assert!(matches!(
        segment(&masked, &Segmentation::default()),
        Err(SegmentError::NoPrimerInPicture { .. })
    ));
}
