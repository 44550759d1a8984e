//! Every mark of simulated heads with known sources: does each tell firearms apart, and do they do so better together? The parts
//! of each head are the true ones; what segmentation finds is asked in `segment_search.rs`.

#![cfg(all(feature = "calibration", feature = "simulate"))]

use casemark::calibration::{MarkWeight, fuse};
use casemark::correlate::fft::Arithmetic;
use casemark::digest::Digest;
use casemark::matcher::{Engine, Matcher, Prepared};
use casemark::parameters::Parameters;
use casemark::report::Figures;
use casemark::segment::isolate_region;
use casemark::signature::Signature;
use casemark::simulate::{Head, Simulation};
use casemark::statistics::{Features, Labelled, Method, Model, Scored, Truth};
use casemark::surface::MarkKind;
use casemark::units::Length;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Heads of so many firearms, so many of each; all of them sheared, and with the ejector's mark in view.
fn heads(firearms: usize, shots: usize) -> Vec<Head> {
    // A field of view that holds the head's rim.
    let side = Length::from_micrometres(8_500.0);
    let simulation = Simulation {
        seed: 20_261_128,
        cropped: 0.0,
        sheared: 1.0,
        head_width: side,
        head_height: side,
        ..Simulation::default()
    };
    let firearms: Vec<_> = (0..firearms).map(|index| simulation.firearm(index).unwrap()).collect();
    let shots: Vec<_> =
        firearms.iter().flat_map(|one| (0..shots).map(move |shot| (one, shot))).collect();
    shots.into_par_iter().map(|(firearm, shot)| firearm.head(shot)).collect()
}

/// What a comparison of two heads by one mark gave.
#[derive(Clone, Copy)]
struct Compared {
    score: f64,
    features: Features,
}

/// Comparisons of all pairs of heads that both bear the mark, by the places of the two.
type Pairs = BTreeMap<[usize; 2], Compared>;

fn pairs_of<T: Sync>(marks: &[Option<T>], compare: impl Fn(&T, &T) -> Compared + Sync) -> Pairs {
    let pairs: Vec<[usize; 2]> = (0..marks.len())
        .flat_map(|one| (one + 1..marks.len()).map(move |two| [one, two]))
        .collect();
    let compared = pairs.into_par_iter().filter_map(|pair| {
        let [one, two] = pair.map(|place| marks[place].as_ref());
        Some((pair, compare(one?, two?)))
    });
    compared.collect()
}

/// Pairs by a mark: what candidates are ranked by.
fn by_mark(mark: MarkKind, heads: &[Head]) -> Pairs {
    let engine = Engine::new(Parameters::of_mark(mark), Arithmetic::Vectorised);
    let prepared = |head: &Head| -> Option<Prepared> {
        let surface = isolate_region(&head.surface, &head.truth.regions, mark.region()).ok()?;
        let source = Digest::of(&[head.truth.firearm as u8, head.truth.shot as u8]);
        let signature = Signature::extract(&surface, source, engine.parameters()).ok()?;
        Some(engine.prepare(&signature).unwrap())
    };
    let marks: Vec<Option<Prepared>> = heads.par_iter().map(prepared).collect();
    pairs_of(&marks, |one, two| {
        let matcher = Matcher::new(&engine, one.clone());
        let comparison = matcher.compare(two, &mut engine.workspace()).unwrap();
        let figures = Figures::from(&comparison);
        let (congruent, compared) = (figures.cmc_count as u32, figures.cells as u32);
        let features = Features { congruent, compared, ncc: figures.ncc.unwrap_or(0.0) };
        Compared { score: comparison.score(), features }
    })
}

fn truth(heads: &[Head], pair: &[usize; 2]) -> Truth {
    let [one, two] = pair.map(|place| heads[place].truth.firearm);
    if one == two { Truth::KnownMatch } else { Truth::KnownNonMatch }
}

/// Area under the ROC curve.
fn area(heads: &[Head], scores: impl Iterator<Item = ([usize; 2], f64)>) -> f64 {
    let pairs = scores.map(|(pair, score)| (truth(heads, &pair), score));
    Labelled::from_pairs(pairs).unwrap().auc()
}

fn all_marks(heads: &[Head]) -> Vec<(MarkKind, Pairs)> {
    MarkKind::ALL.into_iter().map(|mark| (mark, by_mark(mark, heads))).collect()
}

/// Holds every mark to an area under the ROC curve.
fn check(heads: &[Head], marks: &[(MarkKind, Pairs)], wanted: f64) {
    for (mark, pairs) in marks {
        let found = area(heads, pairs.iter().map(|(pair, one)| (*pair, one.score)));
        let of = |wanted| pairs.iter().filter(move |(pair, _)| truth(heads, pair) == wanted);
        let lowest = of(Truth::KnownMatch).map(|(_, one)| one.score).fold(f64::INFINITY, f64::min);
        let best = of(Truth::KnownNonMatch).map(|(_, one)| one.score).fold(0.0, f64::max);
        println!(
            "{mark}: area {found:.4}; {} pairs of one source, the lowest {lowest:.2}; {} of two, the best {best:.2}",
            of(Truth::KnownMatch).count(),
            of(Truth::KnownNonMatch).count()
        );
        assert!(found >= wanted, "{mark}: {found}");
    }
}

#[test]
fn marks_tell_firearms_apart() {
    let heads = heads(7, 2);
    check(&heads, &all_marks(&heads), 0.9);
}

/// Weighs the pairs among some firearms by models of the others: each mark alone, and all together. The areas under the ROC
/// curve of each mark on the pairs that bear it, of each mark on all pairs (0 where it is missing), and of all together.
fn weigh_subset(
    heads: &[Head],
    marks: &[(MarkKind, Pairs)],
    tested: &dyn Fn(usize) -> bool,
) -> (Vec<(MarkKind, f64)>, f64) {
    let both = |pair: &[usize; 2], wanted: bool| {
        pair.iter().all(|place| tested(heads[*place].truth.firearm) == wanted)
    };
    let mut weights: BTreeMap<[usize; 2], Vec<MarkWeight>> = BTreeMap::new();
    for (mark, pairs) in marks {
        let scored =
            pairs.iter().filter(|(pair, one)| both(pair, false) && one.features.compared > 0);
        let scored: Vec<Scored> = scored
            .map(|(pair, one)| {
                let sources = pair.map(|place| heads[place].truth.firearm);
                Scored { features: one.features, truth: truth(heads, pair), sources }
            })
            .collect();
        let model: Model = Method::Logistic.fit(&scored).unwrap();
        for (pair, one) in pairs.iter().filter(|(pair, _)| both(pair, true)) {
            let known = one.features.compared > 0;
            let log10_lr = if known { model.log10_lr(&one.features).clamp(-3.0, 3.0) } else { 0.0 };
            let interval = [log10_lr, log10_lr];
            weights.entry(*pair).or_default().push(MarkWeight { mark: *mark, log10_lr, interval });
        }
    }
    let alone = marks.iter().map(|(mark, _)| {
        let ratio = |weights: &Vec<MarkWeight>| {
            weights.iter().find(|one| one.mark == *mark).map_or(0.0, |one| one.log10_lr)
        };
        (*mark, area(heads, weights.iter().map(|(pair, weights)| (*pair, ratio(weights)))))
    });
    let together = area(
        heads,
        weights
            .iter()
            .map(|(pair, weights)| (*pair, fuse(weights).map_or(0.0, |one| one.log10_lr))),
    );
    (alone.collect(), together)
}

#[test]
#[ignore = "minutes: 40 firearms"]
fn marks_tell_many_firearms_apart_and_all_together_no_worse_than_the_best() {
    let heads = heads(40, 3);
    let marks = all_marks(&heads);
    for subset in 0..10_usize {
        // Twelve firearms of forty, others every time.
        let tested = |firearm: usize| (firearm * 7 + subset * 11) % 40 < 12;
        let (alone, together) = weigh_subset(&heads, &marks, &tested);
        let best = alone.iter().map(|(_, area)| *area).fold(0.0, f64::max);
        println!("subset {subset}: together {together:.4}, alone {alone:.4?}");
        assert!(together >= best - 1e-12, "subset {subset}: {together}, best alone {best}");
    }
    check(&heads, &marks, 0.99);
}
