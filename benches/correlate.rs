//! What does a correlation cost, and how far is it from its transforms alone?
//!
//! The floor is one complex row transform (`row`); a masked spectrum and a correlation are counted in
//! those. The naive sums are what all of it replaces. One thread.

#![allow(missing_docs, reason = "the macros of criterion make a public function")]

#[path = "support.rs"]
mod support;

use casemark::correlate::exhaustive::{RotationBank, correlator, transform_size};
use casemark::correlate::fft::{Arithmetic, Plan};
use casemark::correlate::masked::{Correlator, MaskedSpectrum};
use casemark::correlate::{Field, Pyramid, direct, transform};
use casemark::parameters::Parameters;
use casemark::surface::Pose;
use casemark::units::Angle;
use casemark_fft::Sample;
use casemark_fft::num_complex::Complex32;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

/// Sizes of the cells and of the exhaustive search.
const SIZES: [usize; 2] = [48, 96];

fn row(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("row");
    for size in SIZES {
        // As many as a transform has, since plans work on batches.
        let (_, plan) = f32::vectorised(size);
        let mut rows = vec![Complex32::new(0.7, -0.2); size * size];
        let mut scratch = vec![Complex32::ZERO; plan.get_inplace_scratch_len()];
        group.throughput(criterion::Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| {
                // Values must not grow from round to round.
                rows.fill(Complex32::new(0.7, -0.2));
                plan.process_with_scratch(black_box(&mut rows), &mut scratch);
            });
        });
    }
    group.finish();
}

fn plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    for size in SIZES {
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| Plan::new(black_box(size), Arithmetic::Vectorised));
        });
    }
    group.finish();
}

/// Coarse fields of two cases.
fn coarse() -> [Field; 2] {
    let cases = support::Cases::simulate();
    let parameters = Parameters::default().registration;
    [&cases.questioned, &cases.same_source]
        .map(|surface| Pyramid::new(support::signature(surface).texture(), &parameters).coarse)
}

fn spectrum(field: &Field, correlator: &mut Correlator) -> MaskedSpectrum {
    let mut spectrum = MaskedSpectrum::default();
    let (heights, weights) = (field.heights().view(), field.weights().view());
    correlator.transform(heights, weights, (0, 0), &mut spectrum);
    spectrum
}

/// All 43 by 43 shifts of the exhaustive search at one angle.
fn at_one_angle(criterion: &mut Criterion) {
    let parameters = Parameters::default().registration;
    let [questioned, reference] = coarse();
    let size = transform_size(&questioned, &reference, &parameters);
    let mut group = criterion.benchmark_group(format!("one angle, {size}"));
    let vectorised = correlator(size, &parameters, Arithmetic::Vectorised);
    let portable = correlator(size, &parameters, Arithmetic::Portable);
    for (name, mut correlator) in [("vectorised", vectorised), ("portable", portable)] {
        let mut into = MaskedSpectrum::default();
        group.bench_function(format!("transform, {name}"), |bencher| {
            let (heights, weights) = (questioned.heights().view(), questioned.weights().view());
            bencher.iter(|| correlator.transform(heights, weights, (0, 0), &mut into));
        });
        let (moved, fixed) =
            (spectrum(&questioned, &mut correlator), spectrum(&reference, &mut correlator));
        group.bench_function(format!("correlate, {name}"), |bencher| {
            bencher.iter(|| correlator.correlate(black_box(&moved), black_box(&fixed)));
        });
        group.bench_function(format!("best, {name}"), |bencher| {
            bencher.iter(|| correlator.best(|moments| moments.ncc()));
        });
    }
    group.bench_function("naive sums", |bencher| {
        bencher.iter(|| {
            let shifts = (-21..=21).flat_map(|dy| (-21..=21).map(move |dx| (dy, dx)));
            let score = |(dy, dx)| direct::moments(&questioned, &reference, dy, dx).ncc();
            shifts.filter_map(score).fold(f32::MIN, f32::max)
        });
    });
    group.finish();
}

/// One cell of 32 samples at 17 by 17 shifts in its window of 48.
fn one_cell(criterion: &mut Criterion) {
    let case = support::Cases::simulate().questioned;
    let texture = support::signature(&case).texture();
    // The rim is whole at its left end.
    let (top, left) = (texture.dim().0 / 2 - 24, 6);
    let cut = |margin: usize, side: usize| {
        let (top, left) = (top + margin, left + margin);
        let window = ndarray::s![top..top + side, left..left + side];
        Field::new(casemark::surface::Texture {
            heights: texture.heights.slice(window).to_owned(),
            weights: texture.weights.slice(window).to_owned(),
            spacing: texture.spacing,
        })
    };
    let (cell, window) = (cut(8, 32), cut(0, 48));
    let mut correlator = Correlator::new(32, 0..=16, Arithmetic::Vectorised);
    let mut group = criterion.benchmark_group(format!("one cell, {}", correlator.size()));
    let mut into = MaskedSpectrum::default();
    group.bench_function("transform", |bencher| {
        let (heights, weights) = (window.heights().view(), window.weights().view());
        bencher.iter(|| correlator.transform(heights, weights, (0, 0), &mut into));
    });
    let (moved, fixed) = (spectrum(&cell, &mut correlator), spectrum(&window, &mut correlator));
    group.bench_function("correlate", |bencher| {
        bencher.iter(|| correlator.correlate(black_box(&moved), black_box(&fixed)));
    });
    group.bench_function("best", |bencher| {
        bencher.iter(|| correlator.best(|moments| moments.ncc()));
    });
    group.bench_function("naive sums", |bencher| {
        bencher.iter(|| {
            let shifts = (0..=16).flat_map(|dy| (0..=16).map(move |dx| (dy, dx)));
            let score = |(dy, dx)| direct::moments(&cell, &window, dy, dx).ncc();
            shifts.filter_map(score).fold(f32::MIN, f32::max)
        });
    });
    group.finish();
}

/// Turning a texture and building a bank.
fn turning(criterion: &mut Criterion) {
    let parameters = Parameters::default().registration;
    let case = support::Cases::simulate().questioned;
    let pyramid = Pyramid::new(support::signature(&case).texture(), &parameters);
    let pose = Pose { theta: Angle::from_degrees(33.0), ..Pose::IDENTITY };
    let mut group = criterion.benchmark_group("turn");
    for (name, field) in
        [("fine", &pyramid.fine), ("middle", &pyramid.middle), ("coarse", &pyramid.coarse)]
    {
        let dim = field.dim();
        group.bench_function(format!("{name}, {} by {}", dim.0, dim.1), |bencher| {
            bencher.iter(|| transform(field.texture(), black_box(pose), dim));
        });
        group.bench_function(format!("{name}, sums at one shift"), |bencher| {
            bencher.iter(|| direct::moments(field, field, black_box(1), 0));
        });
    }
    let size = transform_size(&pyramid.coarse, &pyramid.coarse, &parameters);
    let mut correlator = correlator(size, &parameters, Arithmetic::Vectorised);
    group.bench_function("bank of every angle", |bencher| {
        bencher.iter(|| RotationBank::new(&pyramid.coarse, &mut correlator, &parameters));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(2)).warm_up_time(std::time::Duration::from_millis(500));
    targets = row, plan, at_one_angle, one_cell, turning
}
criterion_main!(benches);
