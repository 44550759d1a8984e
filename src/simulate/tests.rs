//! Does the simulator keep its promises: the same bits, a truth that is true, sizes like real cases?

use super::*;
use crate::digest::Digest;
use crate::surface::{Pose, Surface};
use crate::units::{Angle, Length};

/// A quick world: frames of about 110 x 110 samples.
fn small(seed: u64) -> Simulation {
    Simulation {
        seed,
        spacing: Length::from_micrometres(12.5),
        primer_diameter: Length::from_micrometres(1400.0),
        aperture_diameter: Length::from_micrometres(900.0),
        aperture_offset: Length::from_micrometres(100.0),
        shift: Length::from_micrometres(60.0),
        ..Simulation::default()
    }
}

fn digest(surface: &Surface) -> Digest {
    let mut bytes = Vec::new();
    for (height, &valid) in surface.heights().iter().zip(surface.mask()) {
        bytes.extend(height.to_le_bytes());
        bytes.push(u8::from(valid));
    }
    Digest::of(&bytes)
}

/// Root mean square about the mean over the valid samples, in micrometres.
fn rms(surface: &Surface) -> f64 {
    let valid = || surface.heights().iter().zip(surface.mask()).filter(|(_, valid)| **valid);
    let count = surface.valid_count() as f64;
    let mean = valid().map(|(height, _)| height).sum::<f64>() / count;
    let squares = valid().map(|(height, _)| (height - mean) * (height - mean)).sum::<f64>();
    (squares / count).sqrt() * 1e6
}

/// Correlation of the questioned surface with the nearest samples of the reference under a pose.
fn correlation(questioned: &Surface, reference: &Surface, pose: Pose) -> f64 {
    let spacing = questioned.spacing().x;
    let centre = |surface: &Surface| {
        ((surface.columns() - 1) as f64 / 2.0, (surface.rows() - 1) as f64 / 2.0)
    };
    let (from, to) = (centre(questioned), centre(reference));
    let mut pairs = Vec::new();
    for ((row, column), &height) in questioned.heights().indexed_iter() {
        let (x, y) =
            pose.apply(spacing * (column as f64 - from.0), spacing * (row as f64 - from.1));
        let (x, y) = (x.ratio(spacing) + to.0, y.ratio(spacing) + to.1);
        let place = (y.round() as usize, x.round() as usize);
        let met = reference.mask().get(place).copied().unwrap_or(false) && x >= 0.0 && y >= 0.0;
        if met && questioned.mask()[(row, column)] {
            pairs.push((height, reference.heights()[place]));
        }
    }
    assert!(pairs.len() > 2000, "only {} samples met", pairs.len());
    let count = pairs.len() as f64;
    let mean = |which: fn(&(f64, f64)) -> f64| pairs.iter().map(which).sum::<f64>() / count;
    let (left, right) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum = |product: fn(f64, f64) -> f64| -> f64 {
        pairs.iter().map(|pair| product(pair.0 - left, pair.1 - right)).sum()
    };
    sum(|l, r| l * r) / (sum(|l, _| l * l) * sum(|_, r| r * r)).sqrt()
}

fn shots(simulation: &Simulation, firearm: usize, count: usize) -> Vec<Shot> {
    let firearm = simulation.firearm(firearm).unwrap();
    (0..count).map(|shot| firearm.shot(shot)).collect()
}

fn correlation_at_truth(questioned: &Shot, reference: &Shot) -> f64 {
    let pose = questioned.truth.pose_onto(&reference.truth);
    correlation(&questioned.surface, &reference.surface, pose)
}

#[test]
fn a_seed_means_the_same_surface_for_ever() {
    let shot = small(7).firearm(3).unwrap().shot(2);
    let expected = "84a2274a9f42352203db16650247d7c3e6063d15306e5170fb8b15dcd9f00b23";
    assert_eq!(digest(&shot.surface).to_string(), expected, "every simulated data set changes");
}

#[test]
fn seeds_firearms_and_shots_differ() {
    let firearm = small(7).firearm(3).unwrap();
    let shot = digest(&firearm.shot(2).surface);
    assert_ne!(shot, digest(&firearm.shot(1).surface));
    assert_ne!(shot, digest(&small(7).firearm(4).unwrap().shot(2).surface));
    assert_ne!(shot, digest(&small(8).firearm(3).unwrap().shot(2).surface));
}

#[test]
fn a_shot_does_not_depend_on_what_was_made_before() {
    let later = shots(&small(9), 6, 3).pop().unwrap();
    let alone = small(9).firearm(6).unwrap().shot(2);
    assert_eq!(later.surface, alone.surface);
    assert_eq!(later.truth, alone.truth);
}

#[test]
fn marks_agree_where_the_truth_says_and_only_for_one_firearm() {
    let simulation = Simulation { seed: 11, subclass_group: 2, ..Simulation::default() };
    let cases: Vec<Vec<Shot>> = (0..4).map(|firearm| shots(&simulation, firearm, 2)).collect();
    for firearm in &cases {
        let same = correlation_at_truth(&firearm[0], &firearm[1]);
        assert!((0.35..0.95).contains(&same), "one firearm: {same}");
    }
    let of_group = [0, 2].map(|first| correlation_at_truth(&cases[first][0], &cases[first + 1][0]));
    let strange = [0, 1].map(|first| correlation_at_truth(&cases[first][0], &cases[first + 2][0]));
    assert!(of_group.iter().all(|&other| other < 0.45), "one group: {of_group:?}");
    assert!(strange.iter().all(|&other| other.abs() < 0.2), "two groups: {strange:?}");
    assert!(of_group.iter().sum::<f64>() > strange.iter().sum::<f64>() + 0.1);
}

#[test]
fn a_wrong_pose_finds_no_agreement() {
    let case = shots(&Simulation { seed: 12, ..Simulation::default() }, 0, 2);
    let mut pose = case[1].truth.pose_onto(&case[0].truth);
    pose.theta = pose.theta + Angle::from_degrees(10.0);
    let turned = correlation(&case[1].surface, &case[0].surface, pose);
    assert!(turned < 0.3, "turned by 10 deg: {turned}");
}

#[test]
fn wear_slowly_makes_a_new_face() {
    let firearm = Simulation { seed: 13, ..Simulation::default() }.firearm(0).unwrap();
    let [first, second, late] = [0, 1, 20_000].map(|shot| firearm.shot(shot));
    let (soon, worn) = (correlation_at_truth(&second, &first), correlation_at_truth(&late, &first));
    assert!(worn < 0.25 && soon > 0.4, "after one shot {soon}, after 20000 {worn}");
}

#[test]
fn sizes_are_those_of_real_cases() {
    let simulation = Simulation { seed: 14, ..Simulation::default() };
    for index in [0, 5, 10] {
        let Shot { surface, truth } = simulation.firearm(index).unwrap().shot(0);
        // The range of 76 scans of the Fadul and Weller studies: 0.23 to 0.44 and 1.1 to 2.6 um.
        let fill = surface.fill_fraction();
        assert!((0.23..0.45).contains(&fill), "firearm {index}: fill fraction {fill}");
        let rms = rms(&surface);
        assert!((1.0..2.6).contains(&rms), "firearm {index}: rms {rms} um");
        assert!((500..600).contains(&surface.rows()), "{} rows", surface.rows());
        assert!((0.6..1.0).contains(&truth.contact), "contact {}", truth.contact);
    }
}

#[test]
fn the_aperture_is_where_the_truth_says() {
    let Shot { surface, truth } = Simulation::default().firearm(2).unwrap().shot(5);
    let spacing = surface.spacing().x;
    let centre = (surface.columns() - 1) as f64 / 2.0;
    let radius = truth.aperture_radius.ratio(spacing);
    let (x, y) =
        (truth.aperture_x.ratio(spacing) + centre, truth.aperture_y.ratio(spacing) + centre);
    let (mut inside, mut ring) = (0, 0);
    for ((row, column), &valid) in surface.mask().indexed_iter() {
        let distance = (row as f64 - y).hypot(column as f64 - x);
        inside += usize::from(valid && distance < radius - 5.0);
        ring += usize::from(valid && distance > radius + 5.0 && distance < radius + 15.0);
    }
    assert_eq!(inside, 0, "samples within the aperture");
    assert!(ring > 5000, "only {ring} samples about the aperture");
}

#[test]
fn options_outside_their_bounds_are_refused_by_name() {
    let error = Simulation { dropout: 0.7, ..Simulation::default() }.firearm(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "simulation option dropout is 0.7 1, wanted 0 to 0.5 1",
        "{error:?}"
    );
    let nan = Simulation { height_rms: Length::from_metres(f64::NAN), ..Simulation::default() };
    assert!(matches!(nan.check(), Err(SimulationError::OutOfBounds { key: "height_rms", .. })));
    let zero = Simulation { subclass_group: 0, ..Simulation::default() };
    assert!(matches!(zero.check(), Err(SimulationError::OutOfBounds { value: 0.0, .. })));
    let aperture_diameter = Length::from_micrometres(3400.0);
    let wide = Simulation { aperture_diameter, ..Simulation::default() };
    assert!(matches!(wide.check(), Err(SimulationError::ApertureTooLarge { .. })));
}

#[test]
fn extreme_options_still_give_surfaces() {
    let micrometres = Length::from_micrometres;
    let calm = Simulation {
        height_rms: micrometres(0.1),
        subclass_share: 1.0,
        wear: 0.0,
        shot_variation: 0.0,
        contact_loss: 0.0,
        smoothing: Length::ZERO,
        distortion: Length::ZERO,
        rotation_range: Angle::ZERO,
        shift: Length::ZERO,
        noise: Length::ZERO,
        dropout: 0.0,
        outliers: 0.0,
        residual_form: Length::ZERO,
        diameter_spread: 0.0,
        aperture_diameter: Length::ZERO,
        aperture_offset: Length::ZERO,
        ..small(1)
    };
    let rough = Simulation {
        spacing: micrometres(50.0),
        primer_diameter: micrometres(500.0),
        aperture_diameter: micrometres(450.0),
        diameter_spread: 0.2,
        aperture_offset: micrometres(1000.0),
        height_rms: micrometres(20.0),
        subclass_group: 1_000_000_000,
        subclass_share: 0.0,
        wear: 0.1,
        shot_variation: 0.95,
        contact_loss: 0.9,
        smoothing: micrometres(50.0),
        distortion: micrometres(50.0),
        shift: micrometres(500.0),
        noise: micrometres(5.0),
        dropout: 0.5,
        outliers: 0.1,
        residual_form: micrometres(100.0),
        ..small(2)
    };
    for (simulation, least) in [(calm, 0.5), (rough, 0.0)] {
        for shot in [0, 1_000_000] {
            let surface = simulation.firearm(usize::MAX).unwrap().shot(shot).surface;
            assert!(surface.fill_fraction() >= least, "{}", surface.fill_fraction());
        }
    }
}

#[test]
fn poses_of_two_cases_undo_one_another() {
    let case = shots(&small(15), 0, 2);
    let (there, back) =
        (case[0].truth.pose_onto(&case[1].truth), case[1].truth.pose_onto(&case[0].truth));
    let (x, y) = back.apply(there.dx, there.dy);
    assert!(x.micrometres().abs() < 1e-6 && y.micrometres().abs() < 1e-6, "{x} {y}");
    assert!((there.theta + back.theta).wrapped().radians().abs() < 1e-9);
}

#[test]
fn names_count_from_one_and_sort() {
    assert_eq!(shot_name(2, 1), "F0003-S02");
    assert_eq!(shot_name(123_455, 99), "F123456-S100");
}
