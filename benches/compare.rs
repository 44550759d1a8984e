//! What does one comparison cost, stage by stage, and what is paid once?
//!
//! On simulated shots of full size. One thread.

#![allow(missing_docs, reason = "the macros of criterion make a public function")]

#[path = "support.rs"]
mod support;

use casemark::cmc::CellCorrelator;
use casemark::correlate::exhaustive::{RotationBank, correlator, transform_size};
use casemark::correlate::fft::Arithmetic;
use casemark::correlate::{Pyramid, register};
use casemark::matcher::{Matcher, Prepared};
use casemark::parameters::Parameters;
use casemark::signature::Signature;
use casemark::surface::Surface;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

/// What is paid once a case.
fn once(criterion: &mut Criterion) {
    let case = support::Cases::simulate().questioned;
    let (engine, signature) = (support::engine(), support::signature(&case));
    let bytes = signature.to_bytes();
    let mut group = criterion.benchmark_group("once a case");
    group.bench_function("extract the signature", |bencher| {
        bencher.iter(|| support::signature(black_box(&case)));
    });
    group.bench_function("read the signature's bytes", |bencher| {
        bencher.iter(|| Signature::from_bytes(black_box(&bytes)));
    });
    group.bench_function("prepare", |bencher| {
        bencher.iter(|| engine.prepare(black_box(&signature)));
    });
    group.finish();
}

fn prepared(surface: &Surface) -> Prepared {
    let signature = support::signature(surface);
    support::engine().prepare(&signature).expect("one set of parameters")
}

/// What is paid once a reference.
fn comparison(criterion: &mut Criterion) {
    let cases = support::Cases::simulate();
    let engine = support::engine();
    let mut workspace = engine.workspace();
    let questioned = prepared(&cases.questioned);
    let mut group = criterion.benchmark_group("comparison");
    for (name, reference) in
        [("same source", &cases.same_source), ("different source", &cases.different_source)]
    {
        let reference = prepared(reference);
        let matcher = Matcher::new(&engine, questioned.clone());
        // The bank is made by the first comparison.
        let first = matcher.compare(&reference, &mut workspace).expect("one kind");
        println!("{name}: {} of {} cells congruent", first.cmc_count(), first.cells());
        group.bench_function(name, |bencher| {
            bencher.iter(|| matcher.compare(black_box(&reference), &mut workspace));
        });
        group.bench_function(format!("{name}, the matcher made anew"), |bencher| {
            bencher.iter(|| {
                let matcher = Matcher::new(&engine, questioned.clone());
                matcher.compare(black_box(&reference), &mut workspace)
            });
        });
    }
    group.finish();
}

/// The stages of one comparison.
fn stages(criterion: &mut Criterion) {
    let cases = support::Cases::simulate();
    let parameters = Parameters::default();
    let (registration, cells) = (&parameters.registration, &parameters.congruent_cells);
    let pyramid =
        |surface: &Surface| Pyramid::new(support::signature(surface).texture(), registration);
    let questioned = pyramid(&cases.questioned);
    for (name, surface) in
        [("same source", &cases.same_source), ("different source", &cases.different_source)]
    {
        let reference = pyramid(surface);
        let size = transform_size(&questioned.coarse, &reference.coarse, registration);
        let mut correlator = correlator(size, registration, Arithmetic::Vectorised);
        let bank = RotationBank::new(&questioned.coarse, &mut correlator, registration);
        let mut group = criterion.benchmark_group(format!("stages, {name}"));
        group.bench_function("exhaustive search", |bencher| {
            bencher.iter(|| bank.search(&reference.coarse, &mut correlator, registration));
        });
        group.bench_function("registration, search and climbs", |bencher| {
            bencher
                .iter(|| register(&bank, &questioned, &reference, &mut correlator, registration));
        });
        let found = register(&bank, &questioned, &reference, &mut correlator, registration);
        let pose = found.expect("both are whole cases").pose;
        let spacing = reference.fine.texture().spacing;
        let mut correlator = CellCorrelator::new(spacing, cells, Arithmetic::Vectorised);
        let count = correlator.register(&reference.fine, &questioned.fine, pose, cells).len();
        group.bench_function(format!("{count} cells, one direction"), |bencher| {
            bencher.iter(|| correlator.register(&reference.fine, &questioned.fine, pose, cells));
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(3)).warm_up_time(std::time::Duration::from_millis(500));
    targets = once, comparison, stages
}
criterion_main!(benches);
