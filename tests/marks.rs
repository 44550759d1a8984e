//! Marks other than the breech face on simulated heads with known sources: does each tell firearms apart, and do they do so
//! better together? The parts of each head are the true ones; what segmentation finds is another matter.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use casemark::correlate::fft::Arithmetic;
use casemark::digest::Digest;
use casemark::matcher::{Engine, Matcher, Prepared};
use casemark::parameters::Parameters;
use casemark::segment::isolate_region;
use casemark::signature::Signature;
use casemark::simulate::{Head, Simulation};
use casemark::surface::MarkKind;
use rayon::prelude::*;

/// Heads of so many firearms, so many of each.
fn heads(firearms: usize, shots: usize) -> Vec<Head> {
    let simulation = Simulation { seed: 20_261_128, cropped: 0.0, ..Simulation::default() };
    let firearms: Vec<_> = (0..firearms).map(|index| simulation.firearm(index).unwrap()).collect();
    let shots: Vec<_> =
        firearms.iter().flat_map(|one| (0..shots).map(move |shot| (one, shot))).collect();
    shots.into_par_iter().map(|(firearm, shot)| firearm.head(shot)).collect()
}

/// A mark ready for comparing; `None` where the head does not bear it.
fn prepared(engine: &Engine, head: &Head) -> Option<Prepared> {
    let mark = engine.parameters().mark;
    let surface = isolate_region(&head.surface, &head.truth.regions, mark.region()).ok()?;
    let source = Digest::of(&[head.truth.firearm as u8, head.truth.shot as u8]);
    let signature = Signature::extract(&surface, source, engine.parameters()).ok()?;
    Some(engine.prepare(&signature).unwrap())
}

/// A pair's score and whether it is of one source.
struct Scored {
    same: bool,
    score: f64,
    ncc: f64,
}

fn scores(mark: MarkKind, heads: &[Head]) -> Vec<Scored> {
    let engine = Engine::new(Parameters::of_mark(mark), Arithmetic::Vectorised);
    let prepared: Vec<Option<Prepared>> =
        heads.par_iter().map(|head| prepared(&engine, head)).collect();
    println!("{mark}: {} of {} heads", prepared.iter().flatten().count(), heads.len());
    let scored = (0..heads.len()).into_par_iter().map(|one| {
        let Some(questioned) = &prepared[one] else { return Vec::new() };
        let matcher = Matcher::new(&engine, questioned.clone());
        let mut workspace = engine.workspace();
        let compare = |two: usize| {
            let comparison = matcher.compare(prepared[two].as_ref()?, &mut workspace).unwrap();
            let same = heads[one].truth.firearm == heads[two].truth.firearm;
            let figures = casemark::report::Figures::from(&comparison);
            Some(Scored { same, score: figures.cmc_fraction, ncc: figures.ncc.unwrap_or(0.0) })
        };
        (one + 1..heads.len()).filter_map(compare).collect()
    });
    scored.collect::<Vec<Vec<Scored>>>().into_iter().flatten().collect()
}

/// Area under the ROC curve: how often a pair of one source scores above one of two.
fn area(scored: &[Scored], score: impl Fn(&Scored) -> f64) -> f64 {
    let of = |same| scored.iter().filter(move |one| one.same == same).map(&score);
    let (same, other): (Vec<f64>, Vec<f64>) = (of(true).collect(), of(false).collect());
    let wins: f64 = same
        .iter()
        .flat_map(|one| other.iter().map(move |two| one.total_cmp(two)))
        .map(|order| match order {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
        .sum();
    wins / (same.len() * other.len()) as f64
}

fn report(mark: MarkKind, heads: &[Head]) -> f64 {
    let scored = scores(mark, heads);
    let found = area(&scored, |one| one.score);
    let mut same: Vec<f64> = scored.iter().filter(|one| one.same).map(|one| one.score).collect();
    same.sort_by(f64::total_cmp);
    let best = scored.iter().filter(|one| !one.same).map(|one| one.score).fold(0.0, f64::max);
    println!(
        "{mark}: area {found:.4} by congruent cells, {:.4} by correlation; {} same-source pairs, lowest {:.2?}, best other {best:.2}",
        area(&scored, |one| one.ncc),
        same.len(),
        &same[..same.len().min(6)]
    );
    found
}

#[test]
fn firing_pins_and_ejectors_tell_firearms_apart() {
    let heads = heads(10, 2);
    for mark in [MarkKind::FiringPin, MarkKind::Ejector] {
        let found = report(mark, &heads);
        assert!(found >= 0.97, "{mark}: {found}");
    }
}

#[test]
#[ignore = "minutes: 40 firearms"]
fn firing_pins_and_ejectors_tell_many_firearms_apart() {
    let heads = heads(40, 3);
    for mark in [MarkKind::BreechFace, MarkKind::FiringPin, MarkKind::Ejector] {
        let found = report(mark, &heads);
        assert!(found >= 0.99, "{mark}: {found}");
    }
}
