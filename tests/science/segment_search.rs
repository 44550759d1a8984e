//! Is a firearm found as well by heads that nobody masked as by heads whose parts are known?
//!
//! Simulated heads, each questioned one against the reference of every firearm, once with the masks that
//! segmentation finds and once with the true ones.
//! `cargo test --release --no-default-features --features simulate --test science -- --ignored --nocapture segment_search`.

#![cfg(feature = "simulate")]

use casemark::correlate::fft::Arithmetic;
use casemark::digest::Digest;
use casemark::mark;
use casemark::matcher::{Engine, Matcher, Prepared};
use casemark::parameters::Parameters;
use casemark::segment::{Circle, Segmented, isolate};
use casemark::signature::Signature;
use casemark::simulate::{Head, Simulation};
use casemark::surface::Region;
use rayon::prelude::*;

/// The region of a head as the truth has it; `None` where it is not in view or has too little texture.
fn known(head: &Head, region: Region, engine: &Engine) -> Option<Prepared> {
    let truth = &head.truth;
    let segmented = Segmented {
        regions: truth.regions.clone(),
        primer: Circle { x: truth.primer_x, y: truth.primer_y, radius: truth.primer_radius },
        confidence: 1.0,
        in_view: truth.in_view,
        tilt: None,
    };
    let surface = isolate(&head.surface, &segmented, region).ok()?;
    let signature = Signature::extract(&surface, Digest::of(b"head"), engine.parameters()).ok()?;
    engine.prepare(&signature).ok()
}

/// The same as the engine finds it; `None` where it wants a person.
fn found(head: &Head, region: Region, engine: &Engine) -> Option<Prepared> {
    let digest = Digest::of(b"head");
    let extracted = mark::extract(&head.surface, region, None, digest, engine.parameters()).ok()?;
    assert!(extracted.head.is_some(), "a head was taken for a scan that is cropped");
    engine.prepare(&extracted.signature).ok()
}

/// Scores of every questioned mark (rows) with every reference; `None` where either is missing.
fn scores(
    questioned: Vec<Option<Prepared>>,
    references: &[Option<Prepared>],
    engine: &Engine,
) -> Vec<Vec<Option<f64>>> {
    questioned
        .into_par_iter()
        .map(|questioned| {
            let matcher = questioned.map(|questioned| Matcher::new(engine, questioned));
            let mut workspace = engine.workspace();
            let mut score = |reference: &Option<Prepared>| {
                let compared = matcher.as_ref()?.compare(reference.as_ref()?, &mut workspace);
                let compared = compared.ok()?;
                // Cells first; the correlation ranks those of equal share.
                Some(compared.cmc_fraction() + 1e-3 * compared.ncc().unwrap_or(0.0))
            };
            references.iter().map(&mut score).collect()
        })
        .collect()
}

/// Questioned marks that were compared, and of those that rank their own firearm first.
fn rank_one(scores: &[Vec<Option<f64>>]) -> (usize, usize) {
    let (mut compared, mut first) = (0, 0);
    for (own, row) in scores.iter().enumerate() {
        let Some(mate) = row[own] else { continue };
        compared += 1;
        let better = |(other, score): (usize, &Option<f64>)| {
            other != own && score.is_some_and(|score| score >= mate)
        };
        first += usize::from(!row.iter().enumerate().any(better));
    }
    (compared, first)
}

/// Area under the ROC curve: how often a pair of one firearm scores above one of two.
fn area(scores: &[Vec<Option<f64>>]) -> (usize, f64) {
    let (mut same, mut different) = (Vec::new(), Vec::new());
    for (own, row) in scores.iter().enumerate() {
        for (other, score) in row.iter().enumerate() {
            if let Some(score) = score {
                if own == other { same.push(*score) } else { different.push(*score) }
            }
        }
    }
    let mut above = 0.0;
    for mate in &same {
        for other in &different {
            above += if mate > other {
                1.0
            } else if mate < other {
                0.0
            } else {
                0.5
            };
        }
    }
    (same.len(), above / (same.len() * different.len()).max(1) as f64)
}

/// The first two heads of some firearms, whose primers are in view.
fn pairs(seed: u64, firearms: usize) -> Vec<[Head; 2]> {
    let simulation = Simulation { seed, subclass_group: 1, cropped: 0.0, ..Simulation::default() };
    (0..firearms)
        .into_par_iter()
        .map(|index| {
            let firearm = simulation.firearm(index).unwrap();
            [firearm.head(0), firearm.head(1)]
        })
        .collect()
}

#[test]
#[ignore = "minutes"]
fn heads_that_nobody_masked_find_their_firearm_as_well_as_known_masks_do() {
    let engine = Engine::new(Parameters::default(), Arithmetic::Vectorised);
    let heads = pairs(2028, 60);
    let mut rates = Vec::new();
    for (name, extract) in [
        ("true", &known as &(dyn Fn(&Head, Region, &Engine) -> Option<Prepared> + Sync)),
        ("found", &found),
    ] {
        let marks = |which: usize| -> Vec<Option<Prepared>> {
            heads
                .par_iter()
                .map(|pair| extract(&pair[which], Region::BreechFace, &engine))
                .collect()
        };
        let (references, questioned) = (marks(0), marks(1));
        let all = scores(questioned, &references, &engine);
        let (compared, first) = rank_one(&all);
        let (_, area) = area(&all);
        println!(
            "{name} masks: {first} of {} rank first ({compared} compared), area under the ROC {area:.4}",
            heads.len()
        );
        rates.push(first as f64 / heads.len() as f64);
    }
    assert!((rates[0] - rates[1]).abs() <= 0.0101, "{rates:?}");
}
