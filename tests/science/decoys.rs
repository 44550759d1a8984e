//! Do decoys score against scans as scans of other sources do? With synthetic bases always; with those of two studies if they
//! are there (CASEMARK_REAL_DATA, by default ../shared/data from the project's root), and what is not there is said.
//!
//! The tables of `benches/README.md` take minutes:
//! `cargo test --release --no-default-features --features simulate --test science -- --ignored --nocapture decoys`.

#![cfg(feature = "simulate")]

use crate::real::real_data;
use crate::surrogates::Surrogates;
use casemark::decoy::impostors::{ImpostorScore, ImpostorTest, compare};
use casemark::decoy::{Base, DecoyMaker};
use casemark::index::Indexer;
use casemark::parameters::Index;
use casemark::simulate::Simulation;
use casemark::surface::Kind;
use casemark::{Arithmetic, Engine, Matcher, Parameters, Signature};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const STUDIES: [(&str, usize); 2] = [("fadul", 40), ("weller", 36)];
const RESAMPLES: usize = 999;

fn real_bases(data: &Path) -> Vec<Base> {
    let labels = std::fs::read_to_string(data.join("labels.csv")).unwrap();
    let mut files = Vec::new();
    for (study, count) in STUDIES {
        let before = files.len();
        let prefix = format!("{study}/");
        for line in labels.lines().filter(|line| line.starts_with(&prefix)) {
            let (file, source) = line.rsplit_once(',').unwrap();
            files.push((data.join(file), source.to_owned(), study.to_owned()));
        }
        assert_eq!(files.len() - before, count, "scans of {study} in labels.csv");
    }
    let read = |(path, source, group): (PathBuf, String, String)| {
        let scan =
            casemark::format::read(&std::fs::read(&path).unwrap(), &Default::default()).unwrap();
        let signature =
            Signature::extract(&scan.surface, scan.sha256, &Parameters::default()).unwrap();
        Base { signature, source, group }
    };
    files.into_par_iter().map(read).collect()
}

/// Two shots of each of some firearms, each slide with marks of its own.
fn simulated_bases(firearms: usize) -> Vec<Base> {
    let simulation = Simulation { seed: 9, subclass_group: 1, ..Simulation::default() };
    let shots = |number: usize| {
        let firearm = simulation.firearm(number).unwrap();
        [0, 1].map(|shot| {
            let source = format!("firearm {number}");
            let digest = casemark::Digest::of(format!("{source} shot {shot}").as_bytes());
            let surface = firearm.shot(shot).surface;
            let signature = Signature::extract(&surface, digest, &Parameters::default()).unwrap();
            Base { signature, source, group: "simulated".to_owned() }
        })
    };
    (0..firearms).into_par_iter().flat_map(shots).collect()
}

/// Plain masked correlations at every rotation, by the index without its emphasis of short waves (by which decoys of
/// consecutive slides are a little easier than real scans: benches/README.md): of every base with every reference.
fn index_scores(bases: &[Base], references: &[Signature]) -> Vec<Vec<f64>> {
    let mut plain = Index::default();
    plain.search.emphasis = 0.0;
    let indexer = Indexer::new(plain, Arithmetic::Vectorised).unwrap();
    let entries: Vec<_> = references.par_iter().map(|signature| indexer.entry(signature)).collect();
    let mut block = indexer.block(Kind::Topography, Parameters::default().extraction_digest());
    for entry in &entries {
        block.push(entry).unwrap();
    }
    let ask = |workspace: &mut _, base: &Base| {
        let question = indexer.question(&base.signature);
        let found = indexer.score_block(&[&question], &block, workspace).unwrap();
        found[0].iter().map(|found| found.map_or(0.0, |found| f64::from(found.score))).collect()
    };
    bases.par_iter().map_init(|| indexer.workspace(), ask).collect()
}

/// Scores with decoys against those with references of other sources, questions of one group, references of another.
fn held_against(
    bases: &[Base],
    groups: [&str; 2],
    real: impl Fn(usize, usize) -> Option<f64>,
    decoys: impl Fn(usize, usize) -> Option<f64>,
    leads: &[usize],
) -> ImpostorTest {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let asked = bases.iter().enumerate().filter(|(_, base)| base.group == groups[0]);
    for (question, questioned) in asked {
        for (number, base) in bases.iter().enumerate().filter(|(_, base)| base.group == groups[1]) {
            if base.source != questioned.source {
                let score = |score| ImpostorScore { source: base.source.clone(), score };
                one.extend(real(question, number).map(score));
            }
        }
        for (number, lead) in leads.iter().enumerate() {
            if bases[*lead].group == groups[1] {
                let score = |score| ImpostorScore { source: number.to_string(), score };
                other.extend(decoys(question, number).map(score));
            }
        }
    }
    compare(&one, &other, RESAMPLES, 1).unwrap()
}

fn print(what: &str, groups: [&str; 2], test: &ImpostorTest) {
    for (name, of) in [("real", test.real), ("decoys", test.decoys)] {
        println!(
            "{what:12} {:9} on {:9} {name:6} {:7} scores of {:5} sources: median {:.3}, 90 % {:.3}, 99 % {:.3}, greatest {:.3}",
            groups[0], groups[1], of.scores, of.sources, of.median, of.q90, of.q99, of.greatest
        );
    }
    println!("{what:12} D = {:.3}, p = {:.3}", test.statistic, test.p_value);
}

/// The same made of every base: its spectrum with random phases.
fn surrogates(bases: &[Base], each: usize) -> (Vec<Signature>, Vec<usize>) {
    let mut surrogates = Surrogates::new();
    let mut leads = Vec::new();
    let mut made = Vec::new();
    for number in 0..each * bases.len() {
        leads.push(number % bases.len());
        made.push(surrogates.of(&bases[number % bases.len()].signature, number as u64));
    }
    (made, leads)
}

fn index_test(
    bases: &[Base],
    groups: [&str; 2],
    made: &(Vec<Signature>, Vec<usize>),
) -> ImpostorTest {
    let own: Vec<Signature> = bases.iter().map(|base| base.signature.clone()).collect();
    let (real, decoys) = (index_scores(bases, &own), index_scores(bases, &made.0));
    let real = |question: usize, number: usize| Some(real[question][number]);
    let decoys = |question: usize, number: usize| Some(decoys[question][number]);
    held_against(bases, groups, real, decoys, &made.1)
}

fn decoys(maker: &DecoyMaker, count: u64) -> (Vec<Signature>, Vec<usize>) {
    let made = (0..count).into_par_iter().map(|number| maker.signature(number)).collect();
    (made, (0..count).map(|number| maker.base(number)).collect())
}

#[test]
fn decoys_of_simulated_firearms_score_as_other_firearms_do() {
    let bases = simulated_bases(10);
    let maker = DecoyMaker::new(&bases, 1).unwrap();
    let groups = ["simulated"; 2];
    let test = index_test(&bases, groups, &decoys(&maker, 200));
    print("index", groups, &test);
    assert!(test.p_value > 0.01, "{test:?}");
    // Not mates: a shot of the same firearm scores far above.
    let own: Vec<Signature> = bases.iter().map(|base| base.signature.clone()).collect();
    let scores = index_scores(&bases, &own);
    let mates = (0..bases.len()).map(|number| scores[number][number ^ 1]);
    let worst = mates.fold(f64::INFINITY, f64::min);
    assert!(test.decoys.greatest < worst, "decoys {:?}, worst mate {worst}", test.decoys);
    // What has lost even its spectrum is too easy, and is found out.
    let easy = Surrogates::new();
    let noise: Vec<Signature> =
        (0..60).map(|number| easy.noise(&bases[number % 20].signature, number as u64)).collect();
    let test = index_test(&bases, groups, &(noise, (0..60).map(|number| number % 20).collect()));
    print("white noise", groups, &test);
    assert!(test.p_value <= 0.01, "{test:?}");
}

#[test]
fn decoys_of_real_scans_score_as_other_sources_do_and_random_phases_do_not() {
    let Some(data) = real_data() else { return };
    let bases = real_bases(&data);
    let maker = DecoyMaker::new(&bases, 1).unwrap();
    let made = decoys(&maker, 600);
    for one in STUDIES {
        for other in STUDIES {
            let groups = [one.0, other.0];
            let test = index_test(&bases, groups, &made);
            print("index", groups, &test);
            assert!(test.p_value > 0.01, "{groups:?}: {test:?}");
        }
    }
    let groups = ["fadul", "fadul"];
    let test = index_test(&bases, groups, &surrogates(&bases, 4));
    print("phases", groups, &test);
    assert!(test.p_value <= 0.01, "random phases pass: {test:?}");
    assert!(test.decoys.q99 < 0.8 * test.real.q99, "{test:?}");
}

#[test]
#[ignore = "takes minutes"]
fn the_table_of_the_index() {
    let Some(data) = real_data() else { return };
    let bases = real_bases(&data);
    let own: Vec<Signature> = bases.iter().map(|base| base.signature.clone()).collect();
    let maker = DecoyMaker::new(&bases, 1).unwrap();
    let made = decoys(&maker, 10_000);
    let phases = surrogates(&bases, 10);
    let real = index_scores(&bases, &own);
    let (index, phase_index) = (index_scores(&bases, &made.0), index_scores(&bases, &phases.0));
    for (what, scores, leads) in [("index", &index, &made.1), ("phases", &phase_index, &phases.1)] {
        for one in STUDIES {
            for other in STUDIES {
                let groups = [one.0, other.0];
                let real = |question: usize, number: usize| Some(real[question][number]);
                let decoys = |question: usize, number: usize| Some(scores[question][number]);
                print(what, groups, &held_against(&bases, groups, real, decoys, leads));
            }
        }
    }
    let print = |what: &str, mut scores: Vec<f64>| {
        scores.sort_by(f64::total_cmp);
        let at = |share: f64| scores[((scores.len() - 1) as f64 * share) as usize];
        println!(
            "index, {what}: least {:.3}, 1 % {:.3}, median {:.3}, 99 % {:.3}, greatest {:.3}",
            at(0.0),
            at(0.01),
            at(0.5),
            at(0.99),
            at(1.0)
        );
    };
    let of_the_lead = made.1.iter().enumerate().flat_map(|(number, &lead)| {
        let source = &bases[lead].source;
        let asked = bases.iter().zip(&index).filter(move |(base, _)| base.source == *source);
        asked.map(move |(_, scores)| scores[number])
    });
    print("decoys with the scans of their leading source", of_the_lead.collect());
    let pairs = (0..bases.len()).flat_map(|one| (0..bases.len()).map(move |other| (one, other)));
    let mates =
        pairs.filter(|&(one, other)| one != other && bases[one].source == bases[other].source);
    print("mates", mates.map(|(one, other)| real[one][other]).collect());
}

#[test]
#[ignore = "measures time"]
fn the_cost_of_a_decoy() {
    let Some(data) = real_data() else { return };
    let bases = real_bases(&data);
    let start = std::time::Instant::now();
    let maker = DecoyMaker::new(&bases, 1).unwrap();
    println!("{} bases made ready in {:.2} s", bases.len(), start.elapsed().as_secs_f64());
    let passes = (0..10).map(|_| {
        let start = std::time::Instant::now();
        (0..100).for_each(|number| {
            std::hint::black_box(maker.signature(number));
        });
        start.elapsed().as_secs_f64() * 10.0
    });
    println!(
        "a decoy: {:.2} ms of one thread, best of ten passes",
        passes.fold(f64::INFINITY, f64::min)
    );
}

#[test]
#[ignore = "takes minutes"]
fn the_table_of_full_comparisons() {
    let Some(data) = real_data() else { return };
    let bases = real_bases(&data);
    let maker = DecoyMaker::new(&bases, 1).unwrap();
    let made = decoys(&maker, 3040);
    let pairs = (0..bases.len()).flat_map(|one| (0..bases.len()).map(move |other| (one, other)));
    let others: Vec<_> =
        pairs.filter(|&(one, other)| bases[one].source != bases[other].source).collect();
    let own: Vec<Signature> = bases.iter().map(|base| base.signature.clone()).collect();
    let real = full_scores(&bases, &own, &others);
    // Forty decoys a question, each decoy once.
    let some: Vec<_> = (0..made.0.len()).map(|number| (number % bases.len(), number)).collect();
    let decoys = full_scores(&bases, &made.0, &some);
    for (what, which) in [("NCC", 0), ("CMC share", 1)] {
        for one in STUDIES {
            for other in STUDIES {
                let groups = [one.0, other.0];
                let of = |scores: &FullScores, question, number| {
                    scores.get(&(question, number)).map(|found| found[which])
                };
                let test = held_against(
                    &bases,
                    groups,
                    |question, number| of(&real, question, number),
                    |question, number| of(&decoys, question, number),
                    &made.1,
                );
                print(what, groups, &test);
            }
        }
    }
}

#[test]
#[ignore = "takes minutes"]
fn the_hardest_decoys_in_full() {
    let Some(data) = real_data() else { return };
    let bases = real_bases(&data);
    let maker = DecoyMaker::new(&bases, 1).unwrap();
    let made = decoys(&maker, 10_000).0;
    let index = index_scores(&bases, &made);
    // The five of every questioned scan that the index likes most.
    let best = |question: usize| {
        let mut order: Vec<usize> = (0..made.len()).collect();
        order.sort_by(|one, other| index[question][*other].total_cmp(&index[question][*one]));
        order.into_iter().take(5).map(move |number| (question, number))
    };
    let hardest: Vec<_> = (0..bases.len()).flat_map(best).collect();
    let found = full_scores(&bases, &made, &hardest);
    let greatest = |which: usize| found.values().map(|scores| scores[which]).fold(0.0, f64::max);
    println!(
        "the five best of 10,000 decoys a question: NCC at most {:.3}, CMC share at most {:.3}",
        greatest(0),
        greatest(1)
    );
    // Mates have 0.47 and 0.77 at least.
    assert!(greatest(1) < 0.5, "a decoy is a mate: CMC share {}", greatest(1));
}

/// NCC and share of congruent cells of pairs (question, reference).
type FullScores = BTreeMap<(usize, usize), [f64; 2]>;

fn full_scores(bases: &[Base], references: &[Signature], pairs: &[(usize, usize)]) -> FullScores {
    let engine = Engine::new(Parameters::default(), Arithmetic::Vectorised);
    let prepare = |signature: &Signature| engine.prepare(signature).unwrap();
    let matchers: Vec<Matcher> =
        bases.iter().map(|base| Matcher::new(&engine, prepare(&base.signature))).collect();
    let one = |workspace: &mut _, &(question, number): &(usize, usize)| {
        let reference = prepare(&references[number]);
        let comparison = matchers[question].compare(&reference, workspace).unwrap();
        ((question, number), [comparison.ncc().unwrap_or(0.0), comparison.cmc_fraction()])
    };
    let found: Vec<_> = pairs.par_iter().map_init(|| engine.workspace(), one).collect();
    found.into_iter().collect()
}
