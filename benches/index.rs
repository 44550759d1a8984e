//! What does the index cost, a reference and core, and how far is that from the least possible?
//!
//! On simulated shots of full size, default parameters, one thread: what is paid once a case, the coarse pass that
//! every reference goes through, the full score of a whole block and of chosen references. The floor is the
//! multiply-adds of the sums over rings at the rate that a large matrix product of reals reaches
//! (`matrixmultiply`), measured in the same run.

#![allow(missing_docs, reason = "the macros of criterion make a public function")]

#[path = "support.rs"]
mod support;

use casemark::correlate::fft::Arithmetic;
use casemark::index::{Block, Indexer, Question};
use casemark::parameters::Index;
use casemark::simulate::Simulation;
use casemark::surface::Kind;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;
use std::hint::black_box;

/// References of a block: 0.8 MB, which the second cache holds.
const REFERENCES: usize = 256;

fn indexer() -> Indexer {
    Indexer::new(Index::default(), Arithmetic::Vectorised).expect("the defaults are within bounds")
}

/// Eight cases over and over, and as many questions.
fn block(indexer: &Indexer) -> (Block, Vec<Question>) {
    let simulation = Simulation { seed: 2026, ..Simulation::default() };
    let firearm = |index| simulation.firearm(index).expect("the defaults are within bounds");
    let signatures: Vec<_> =
        (0..8).map(|index| support::signature(&firearm(index).shot(0).surface)).collect();
    let entries: Vec<_> = signatures.iter().map(|signature| indexer.entry(signature)).collect();
    let mut block = indexer.block(Kind::Topography, signatures[0].extraction_digest());
    for entry in entries.iter().cycle().take(REFERENCES) {
        block.push(entry).expect("one set of parameters");
    }
    let questions = signatures.iter().map(|signature| indexer.question(signature)).collect();
    (block, questions)
}

fn once(criterion: &mut Criterion) {
    let indexer = indexer();
    let signature = support::signature(&support::Cases::simulate().questioned);
    let mut group = criterion.benchmark_group("once a case");
    group.bench_function("entry", |bencher| bencher.iter(|| indexer.entry(black_box(&signature))));
    group.bench_function("question", |bencher| {
        bencher.iter(|| indexer.question(black_box(&signature)));
    });
    let bytes = indexer.entry(&signature).to_bytes();
    group.bench_function("bytes of 16 entries into a block", |bencher| {
        bencher.iter(|| {
            let mut block = indexer.block(Kind::Topography, signature.extraction_digest());
            for _ in 0..16 {
                block.push_bytes(black_box(&bytes)).expect("its own bytes");
            }
            block
        });
    });
    group.finish();
}

fn sieve(criterion: &mut Criterion) {
    let indexer = indexer();
    let (block, questions) = block(&indexer);
    let mut workspace = indexer.workspace();
    println!("{} centres in the coarse pass", questions[0].sieve_offsets());
    let mut group = criterion.benchmark_group("sieve a block of 256");
    for count in [1, 16] {
        let asked: Vec<&Question> = questions.iter().cycle().take(count).collect();
        group.throughput(Throughput::Elements((REFERENCES * count) as u64));
        group.bench_function(format!("{count} questions at once"), |bencher| {
            bencher.iter(|| indexer.sieve_block(black_box(&asked), &block, &mut workspace));
        });
    }
    group.finish();
}

fn score(criterion: &mut Criterion) {
    let indexer = indexer();
    let (block, questions) = block(&indexer);
    let mut workspace = indexer.workspace();
    println!("{} centres, {} bytes an entry", questions[0].offsets(), indexer.entry_length());
    let mut group = criterion.benchmark_group("score a block of 256");
    for count in [1, 16] {
        let asked: Vec<&Question> = questions.iter().cycle().take(count).collect();
        group.throughput(Throughput::Elements((REFERENCES * count) as u64));
        group.bench_function(format!("{count} questions at once"), |bencher| {
            bencher.iter(|| indexer.score_block(black_box(&asked), &block, &mut workspace));
        });
    }
    // One of every four, so none shares a group's memory for long.
    let chosen: Vec<usize> = (0..REFERENCES).step_by(4).collect();
    group.throughput(Throughput::Elements(chosen.len() as u64));
    group.bench_function("64 chosen", |bencher| {
        let question = &questions[0];
        bencher.iter(|| indexer.score_chosen(black_box(question), &block, &chosen, &mut workspace));
    });
    group.finish();
}

/// The rate of a large matrix product: 512 x 512 x 512 multiply-adds.
fn product(criterion: &mut Criterion) {
    let side = 512;
    let matrix = |seed: usize| {
        Array2::from_shape_fn((side, side), |(row, column)| ((row * seed + column) % 17) as f32)
    };
    let (one, other) = (matrix(3), matrix(5));
    let mut group = criterion.benchmark_group("floor");
    group.throughput(Throughput::Elements((side * side * side) as u64));
    group.bench_function("matrix product, multiply-adds", |bencher| {
        bencher.iter(|| black_box(&one).dot(black_box(&other)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2)).warm_up_time(std::time::Duration::from_millis(300));
    targets = once, sieve, score, product
}
criterion_main!(benches);
