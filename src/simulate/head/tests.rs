//! Does a simulated head keep its promises: the same bits, a truth that is true, measures like real heads?

use super::super::Simulation;
use super::*;

/// The frame's middle is at index (count - 1) / 2.
fn place(index: usize, count: usize, spacing: f64) -> f64 {
    (index as f64 - (count - 1) as f64 / 2.0) * spacing
}

fn head(seed: u64, firearm: usize) -> Head {
    let simulation = Simulation { seed, cropped: 0.0, ..Simulation::default() };
    simulation.firearm(firearm).unwrap().head(0)
}

/// The median height of a region's measured samples within these distances of the primer's middle, in
/// micrometres.
fn height(head: &Head, region: Region, (from, to): (f64, f64)) -> f64 {
    let (surface, truth) = (&head.surface, &head.truth);
    let mut heights: Vec<f64> = Vec::new();
    for ((row, column), label) in truth.regions.labels().indexed_iter() {
        let x = place(column, surface.columns(), 6.25) - truth.primer_x.micrometres();
        let y = place(row, surface.rows(), 6.25) - truth.primer_y.micrometres();
        let within = (from..to).contains(&x.hypot(y));
        if *label == Some(region) && within && surface.mask()[(row, column)] {
            heights.push(surface.heights()[(row, column)] * 1e6);
        }
    }
    assert!(heights.len() > 100, "{} samples", heights.len());
    heights.sort_by(f64::total_cmp);
    heights[heights.len() / 2]
}

#[test]
fn a_head_does_not_depend_on_what_was_made_before() {
    let simulation =
        Simulation { seed: 3, spacing: Length::from_micrometres(12.5), ..Simulation::default() };
    let firearm = simulation.firearm(1).unwrap();
    let (first, second) = (firearm.head(0), firearm.head(1));
    assert_ne!(first.surface, second.surface);
    let again = simulation.firearm(1).unwrap().head(1);
    assert_eq!(second.surface, again.surface);
    assert_eq!(second.truth.regions, again.truth.regions);
    assert_ne!(second.surface, simulation.firearm(2).unwrap().head(1).surface);
}

#[test]
fn heads_have_the_measures_of_real_ones() {
    for firearm in [0, 1, 2] {
        let head = head(5, firearm);
        let (surface, truth) = (&head.surface, &head.truth);
        assert_eq!((surface.rows(), surface.columns()), (883, 907));
        assert!(surface.fill_fraction() > 0.7, "{}", surface.fill_fraction());
        let radius = truth.primer_radius.micrometres();
        assert!((1500.0..2100.0).contains(&radius), "a rim of {radius} um");
        let area = |region| truth.regions.count(region) as f64 * 6.25 * 6.25 / 1e6;
        let (face, pin) = (area(Region::BreechFace), area(Region::FiringPin));
        assert!((2.5..8.0).contains(&face), "breech face of {face} mm2");
        assert!((0.15..1.8).contains(&pin), "pin of {pin} mm2");
        let flat = height(&head, Region::BreechFace, (0.0, 2e3));
        let shoulder = height(&head, Region::PrimerGroove, (radius - 30.0, radius + 30.0));
        assert!((30.0..100.0).contains(&(flat - shoulder)), "fallen by {}", flat - shoulder);
        let raised = height(&head, Region::Flowback, (0.0, 2e3)) - flat;
        assert!((0.0..120.0).contains(&raised), "flowback of {raised} um");
    }
}

#[test]
fn sheared_firearms_shear_and_others_do_not() {
    let sheared = |share: f64| {
        let simulation = Simulation { seed: 4, sheared: share, ..Simulation::default() };
        let truth = simulation.firearm(0).unwrap().head(0).truth;
        (truth.regions.count(Region::ApertureShear) > 1000, truth.shear.is_some())
    };
    assert_eq!(sheared(1.0), (true, true));
    assert_eq!(sheared(0.0), (false, false));
}
