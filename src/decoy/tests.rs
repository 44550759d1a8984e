//! Decoys from synthetic textures: determinism, masks, errors; and the test of impostors on scores of known kind.

use super::impostors::{ImpostorError, ImpostorScore, compare};
use super::{Base, DecoyError, DecoyMaker};
use crate::digest::Digest;
use crate::signature::Signature;
use crate::simulate::{Part, Simulation, Stream};
use crate::surface::Texture;
use crate::units::Length;
use ndarray::Array2;
use rayon::prelude::*;

/// Small marks, one a firearm, each firearm with a slide of its own.
fn bases(count: usize) -> Vec<Base> {
    let simulation = Simulation {
        subclass_group: 1,
        primer_diameter: Length::from_micrometres(1600.0),
        aperture_diameter: Length::from_micrometres(900.0),
        ..Simulation::default()
    };
    let base = |number: usize| {
        let surface = simulation.firearm(number).unwrap().shot(0).surface;
        let digest = Digest::of(&number.to_le_bytes());
        let signature = Signature::extract(&surface, digest, &Default::default()).unwrap();
        Base { signature, source: format!("firearm {number}"), group: "simulated".into() }
    };
    (0..count).into_par_iter().map(base).collect()
}

#[test]
fn a_decoy_depends_on_bases_seed_and_number_alone() {
    let bases = bases(4);
    let maker = DecoyMaker::new(&bases, 3).unwrap();
    let numbers = [0, 1, 2, u64::from(u32::MAX) + 1, u64::MAX];
    let backwards: Vec<Signature> =
        numbers.iter().rev().map(|&number| maker.signature(number)).collect();
    let again = DecoyMaker::new(&bases, 3).unwrap();
    let threads = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let abreast: Vec<Signature> =
        threads.install(|| numbers.par_iter().map(|&number| again.signature(number)).collect());
    assert!(backwards.iter().rev().eq(&abreast));
    let bytes: std::collections::BTreeSet<_> = abreast.iter().map(Signature::to_bytes).collect();
    assert_eq!(bytes.len(), numbers.len());
    // Another seed, other bases: another decoy by another name.
    for other in [DecoyMaker::new(&bases, 4).unwrap(), DecoyMaker::new(&bases[1..], 3).unwrap()] {
        assert_ne!(other.source(1), maker.source(1));
        assert_ne!(other.signature(1).texture(), maker.signature(1).texture());
    }
    assert_eq!(maker.signature(1).source(), maker.source(1));
    assert_eq!(maker.signature(1).extraction_digest(), bases[0].signature.extraction_digest());
}

#[test]
fn decoys_are_filled_and_as_rough_as_their_bases() {
    let bases = bases(6);
    let maker = DecoyMaker::new(&bases, 1).unwrap();
    // Mean square, that of differences along the rows, and measured share.
    let figures = |signature: &Signature| {
        let Texture { heights, weights, .. } = signature.texture();
        let (mut squares, mut steps, mut count, mut pairs) = (0.0, 0.0, 0.0, 0.0);
        for (line, mask) in heights.rows().into_iter().zip(weights.rows()) {
            for column in 0..line.len() {
                if mask[column] > 0.0 {
                    squares += line[column] * line[column];
                    count += 1.0;
                    if column > 0 && mask[column - 1] > 0.0 {
                        steps += (line[column] - line[column - 1]).powi(2);
                        pairs += 1.0;
                    }
                }
            }
        }
        [squares / count, steps / pairs, count / weights.len() as f32]
    };
    let mean = |all: &[Signature]| {
        let sums = all
            .iter()
            .map(figures)
            .fold([0.0; 3], |sums, one| [sums[0] + one[0], sums[1] + one[1], sums[2] + one[2]]);
        sums.map(|sum| sum / all.len() as f32)
    };
    let real: Vec<Signature> = bases.iter().map(|base| base.signature.clone()).collect();
    let decoys: Vec<Signature> = (0..60).map(|number| maker.signature(number)).collect();
    let (real, decoys) = (mean(&real), mean(&decoys));
    println!("mean square, that of steps, fill: {real:?}, decoys {decoys:?}");
    assert!((decoys[0] / real[0] - 1.0).abs() < 0.2, "mean squares {real:?} {decoys:?}");
    assert!((decoys[1] / real[1] - 1.0).abs() < 0.25, "steps {real:?} {decoys:?}");
    assert!((decoys[2] / real[2] - 1.0).abs() < 0.15, "fill {real:?} {decoys:?}");
}

#[test]
fn bases_that_no_decoy_can_be_made_of_are_refused_and_others_are_not() {
    assert_eq!(DecoyMaker::new(&[], 0).unwrap_err(), DecoyError::NoBases);
    let bases = bases(2);
    let with = |weights: Array2<f32>| {
        let texture = Texture {
            heights: Array2::ones(weights.dim()),
            weights,
            spacing: Length::from_micrometres(12.5),
        };
        let signature = bases[0].signature.with_texture(&texture, Digest::of(b"odd"));
        Base { signature, source: "odd".into(), group: "simulated".into() }
    };
    let empty = [bases[0].clone(), with(Array2::zeros((9, 7)))];
    assert!(matches!(DecoyMaker::new(&empty, 0), Err(DecoyError::Empty { base: 1, .. })));
    // A single source; one sample; a line; a mark without a hole; marks of very different sizes.
    let mut speck = Array2::zeros((5, 5));
    speck[[2, 3]] = 1.0;
    for odd in [speck, Array2::ones((1, 90)), Array2::ones((80, 80))] {
        for set in [vec![with(odd.clone())], vec![bases[0].clone(), with(odd), bases[1].clone()]] {
            let maker = DecoyMaker::new(&set, 0).unwrap();
            for number in 0..20 {
                let decoy = maker.signature(number);
                assert_eq!(Signature::from_bytes(&decoy.to_bytes()), Ok(decoy));
            }
        }
    }
}

/// Scores of so many sources of ten each: a source's own level, and noise.
fn scores(sources: usize, level: f64, world: usize) -> Vec<ImpostorScore> {
    let mut stream = Stream::new(11, Part::Shot, [world, sources]);
    let mut scores = Vec::new();
    for source in 0..sources {
        let own = level + stream.normal();
        for _ in 0..10 {
            scores.push(ImpostorScore {
                source: source.to_string(),
                score: own + 0.5 * stream.normal(),
            });
        }
    }
    scores
}

#[test]
fn equal_worlds_are_seldom_told_apart_and_easier_ones_are() {
    let p_values = |level: f64| -> Vec<f64> {
        let p_value = |world: usize| {
            let (real, decoys) = (scores(12, 0.0, 2 * world), scores(100, level, 2 * world + 1));
            compare(&real, &decoys, 199, 5).unwrap().p_value
        };
        (0..100).map(p_value).collect()
    };
    let below = |values: &[f64], level: f64| values.iter().filter(|value| **value <= level).count();
    let (equal, easier) = (p_values(0.0), p_values(-1.5));
    println!(
        "p <= 0.05 in {} of 100 equal worlds, {} of 100 easier ones",
        below(&equal, 0.05),
        below(&easier, 0.05)
    );
    // Five are expected; a test that takes every pair for news rejects most.
    assert!(below(&equal, 0.05) <= 15, "{} of 100 equal worlds rejected", below(&equal, 0.05));
    assert!(below(&easier, 0.05) >= 90, "{} of 100 easier worlds rejected", below(&easier, 0.05));
}

#[test]
fn the_statistic_and_the_quantiles_are_those_of_scores_counted_by_hand() {
    let sample = |scores: &[f64]| -> Vec<ImpostorScore> {
        let score =
            |(number, &score): (usize, &f64)| ImpostorScore { source: number.to_string(), score };
        scores.iter().enumerate().map(score).collect()
    };
    // After 2 all of the decoys and half of the real ones are below; ties count together.
    let test = compare(&sample(&[1.0, 2.0, 3.0, 4.0]), &sample(&[0.0, 1.0, 2.0]), 99, 0).unwrap();
    assert!((test.statistic - 0.5).abs() < 1e-12, "{test:?}");
    assert_eq!((test.real.scores, test.real.sources, test.decoys.scores), (4, 4, 3));
    assert!((test.real.greatest - 4.0).abs() < 1e-12 && (test.decoys.median - 1.0).abs() < 1e-12);
    let same = compare(&sample(&[1.0, 2.0]), &sample(&[1.0, 2.0]), 99, 0).unwrap();
    assert!(same.statistic < 1e-12 && same.p_value > 0.99, "{same:?}");
    let one = compare(&sample(&[1.0]), &sample(&[1.0, 2.0]), 9, 0);
    assert_eq!(one, Err(ImpostorError::TooFewSources { sample: "real", found: 1 }));
    let bad = compare(&sample(&[1.0, 2.0]), &sample(&[1.0, f64::NAN]), 9, 0);
    assert!(matches!(bad, Err(ImpostorError::NotFinite { sample: "decoy", .. })));
}
