//! What does segmentation make of heads whose parts are known, because they were simulated?
//!
//! A few in every run; five hundred, with the figures that `benches/README.md` quotes, by
//! `cargo test --release --no-default-features --features simulate --test science -- --ignored --nocapture segment_simulated`.

#![cfg(feature = "simulate")]

use casemark::parameters::Segmentation;
use casemark::segment::{Segmented, segment};
use casemark::simulate::{Head, Simulation};
use casemark::surface::{Region, Regions};
use casemark::units::Length;
use rayon::prelude::*;

/// What was found of one head.
#[derive(Debug)]
struct Judged {
    firearm: usize,
    shot: usize,
    in_view: f64,
    /// Samples that both say are the region, of those that either does; `None` where neither says so.
    overlaps: Vec<(Region, Option<f64>)>,
    /// Distance of the primer's middle from the truth, in micrometres.
    centre: f64,
    confidence: f64,
    refused: Option<String>,
}

impl Judged {
    fn overlap(&self, region: Region) -> Option<f64> {
        self.overlaps.iter().find(|(of, _)| *of == region).and_then(|(_, overlap)| *overlap)
    }

    fn face(&self) -> f64 {
        self.overlap(Region::BreechFace).unwrap_or(0.0)
    }
}

/// The heads of a world in which every tenth firearm's cases were scanned to their rims.
fn head(seed: u64, firearm: usize, shot: usize) -> Head {
    let mut simulation = Simulation { seed, subclass_group: 1, ..Simulation::default() };
    if firearm % 10 == 9 {
        simulation.head_width = Length::from_micrometres(7600.0);
        simulation.head_height = Length::from_micrometres(7400.0);
    }
    simulation.firearm(firearm).unwrap().head(shot)
}

/// Of the samples that either calls this region, those that both do.
fn overlap(truth: &Regions, found: &Regions, region: Region) -> Option<f64> {
    /// Fewer samples are a sliver at the frame's edge: 0.1 mm2.
    const LEAST: usize = 2_560;
    let (mut both, mut either) = (0_usize, 0_usize);
    for (one, other) in truth.labels().iter().zip(found.labels()) {
        let (one, other) = (*one == Some(region), *other == Some(region));
        both += usize::from(one && other);
        either += usize::from(one || other);
    }
    (either > LEAST).then(|| both as f64 / either as f64)
}

fn judge(head: &Head, parameters: &Segmentation) -> Judged {
    let Head { surface, truth } = head;
    let (firearm, shot, in_view) = (truth.firearm, truth.shot, truth.in_view);
    let of = |found: &Segmented| {
        Region::ALL
            .into_iter()
            .map(|region| (region, overlap(&truth.regions, &found.regions, region)))
            .collect()
    };
    match segment(surface, parameters) {
        Ok(found) => {
            let right = (found.primer.x - truth.primer_x).micrometres();
            let down = (found.primer.y - truth.primer_y).micrometres();
            Judged {
                firearm,
                shot,
                in_view,
                overlaps: of(&found),
                centre: right.hypot(down),
                confidence: found.confidence,
                refused: None,
            }
        }
        Err(error) => Judged {
            firearm,
            shot,
            in_view,
            overlaps: Vec::new(),
            centre: f64::INFINITY,
            confidence: 0.0,
            refused: Some(error.to_string()),
        },
    }
}

fn judge_all(seed: u64, firearms: usize, shots: usize) -> Vec<Judged> {
    let parameters = Segmentation::default();
    (0..firearms * shots)
        .into_par_iter()
        .map(|index| judge(&head(seed, index / shots, index % shots), &parameters))
        .collect()
}

/// The value below which this share of the others lie.
fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[((values.len() as f64 * share) as usize).min(values.len() - 1)]
}

/// Prints what was found; gives the share of heads whose breech face overlaps by 0.9, and the number of heads
/// where it does not though they are said to be sure.
fn report(judged: &[Judged]) -> (f64, usize) {
    let least = Segmentation::default().least_confidence;
    let share = |of: &dyn Fn(&Judged) -> bool| {
        judged.iter().filter(|head| of(head)).count() as f64 / judged.len() as f64
    };
    let good = share(&|head| head.face() >= 0.9);
    println!(
        "{} heads: breech face overlaps by 0.90 or more in {:.1} %, median {:.3}, 5th percentile {:.3}",
        judged.len(),
        100.0 * good,
        quantile(judged.iter().map(Judged::face), 0.5),
        quantile(judged.iter().map(Judged::face), 0.05),
    );
    let centre = |share| quantile(judged.iter().map(|head| head.centre), share);
    println!(
        "centre off by {:.1} um (median), {:.1} (95 %), {:.1} (99 %); within 25 um in {:.1} %",
        centre(0.5),
        centre(0.95),
        centre(0.99),
        100.0 * share(&|head| head.centre <= 25.0)
    );
    println!(
        "refused {:.1} %, not sure {:.1} %, sure {:.1} %",
        100.0 * share(&|head| head.refused.is_some()),
        100.0 * share(&|head| head.refused.is_none() && head.confidence < least),
        100.0 * share(&|head| head.confidence >= least)
    );
    for region in Region::ALL {
        let found: Vec<f64> = judged.iter().filter_map(|head| head.overlap(region)).collect();
        if !found.is_empty() {
            println!(
                "{:14} in {:3} heads: median overlap {:.3}, {:.1} % at least 0.5, {:.1} % at least 0.8",
                region.name(),
                found.len(),
                quantile(found.iter().copied(), 0.5),
                100.0 * found.iter().filter(|of| **of >= 0.5).count() as f64 / found.len() as f64,
                100.0 * found.iter().filter(|of| **of >= 0.8).count() as f64 / found.len() as f64,
            );
        }
    }
    let mut sure = 0;
    for head in judged.iter().filter(|head| head.face() < 0.9) {
        println!(
            "  firearm {} shot {}: overlap {:.3}, centre {:.0} um off, confidence {:.2}, {:.0} % in view{}{}",
            head.firearm,
            head.shot,
            head.face(),
            head.centre,
            head.confidence,
            100.0 * head.in_view,
            if head.confidence >= least { "  SURE" } else { "" },
            head.refused.as_ref().map_or(String::new(), |why| format!(", refused: {why}"))
        );
        sure += usize::from(head.confidence >= least);
    }
    for head in judged.iter().filter(|head| head.face() >= 0.9 && head.centre > 25.0) {
        println!(
            "  firearm {} shot {}: centre {:.0} um off, confidence {:.2}, {:.0} % in view",
            head.firearm,
            head.shot,
            head.centre,
            head.confidence,
            100.0 * head.in_view
        );
    }
    (good, sure)
}

#[test]
fn the_parts_of_twenty_simulated_heads_are_found() {
    let judged = judge_all(2026, 20, 1);
    let (good, sure) = report(&judged);
    assert!(good >= 0.9, "{good}");
    assert_eq!(sure, 0, "heads are called sure that are wrong");
}

#[test]
#[ignore = "minutes"]
fn the_parts_of_five_hundred_simulated_heads_are_found() {
    let judged = judge_all(2027, 250, 2);
    let (good, sure) = report(&judged);
    assert!(good >= 0.98, "{good}");
    assert_eq!(sure, 0, "heads are called sure that are wrong");
}
