//! What does a whole head cost, from the file as it leaves the microscope to the breech face's signature?
//!
//! On a simulated head of 770 x 750 samples, and on real ones where the real data is. One thread.

#![allow(missing_docs, reason = "the macros of criterion make a public function")]
#![allow(clippy::unwrap_used, reason = "what is shared with tests may panic")]

#[path = "../tests/support/real.rs"]
mod real;

use casemark::digest::Digest;
use casemark::format::{self, Metadata, ReadOptions, SpacingUnit};
use casemark::mark;
use casemark::parameters::Parameters;
use casemark::segment::segment;
use casemark::signature::Signature;
use casemark::simulate::Simulation;
use casemark::surface::{Region, Surface};
use casemark::units::Length;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

/// Of real heads: their files give the spacing in micrometres and call it metres.
const REAL: [&str; 2] = ["K013sA1", "K013sA2-2"];

/// The bytes of heads in the file's format, each with its name and the unit of its spacing.
fn files() -> Vec<(String, Vec<u8>, SpacingUnit)> {
    let simulation = Simulation {
        seed: 2027,
        spacing: Length::from_micrometres(7.37),
        cropped: 0.0,
        ..Simulation::default()
    };
    let head = simulation.firearm(3).expect("the defaults are within bounds").head(0).surface;
    let written =
        format::x3p::write(&head, &Metadata::default()).expect("a surface can be written");
    let mut files = vec![("simulated".to_owned(), written, SpacingUnit::AsWritten)];
    let Some(folder) = real::real_data() else { return files };
    for name in REAL {
        if let Ok(bytes) = std::fs::read(folder.join(format!("raw/{name}.x3p"))) {
            files.push((name.to_owned(), bytes, SpacingUnit::Micrometres));
        }
    }
    files
}

fn heads(criterion: &mut Criterion) {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool before this");
    for (name, bytes, assume) in files() {
        head(criterion, &name, &bytes, assume);
    }
}

fn head(criterion: &mut Criterion, name: &str, bytes: &[u8], assume: SpacingUnit) {
    let parameters = Parameters::default();
    let options = ReadOptions { assume, ..ReadOptions::default() };
    let read = || format::read(black_box(bytes), &options).expect("the head can be read").surface;
    let surface = read();
    let find = |surface: &Surface| {
        let face = Region::BreechFace;
        let mark = mark::find(surface, face, None, &parameters.segmentation);
        mark.expect("the head shows its breech face").surface.into_owned()
    };
    let extract = |mark: &Surface| {
        Signature::extract(mark, Digest::of(bytes), &parameters).expect("it has texture")
    };
    let mark = find(&surface);
    let (rows, columns) = (surface.rows(), surface.columns());
    let mut group = criterion.benchmark_group(format!("{name}, {columns} x {rows}"));
    group.bench_function("read the file", |bencher| bencher.iter(read));
    group.bench_function("find the marks", |bencher| {
        bencher.iter(|| segment(black_box(&surface), &parameters.segmentation));
    });
    group.bench_function("extract the breech face, its file's hash included", |bencher| {
        bencher.iter(|| extract(black_box(&mark)));
    });
    group.bench_function("file to signature", |bencher| {
        bencher.iter(|| extract(&find(&read())));
    });
    group.finish();
}

criterion_group!(benches, heads);
criterion_main!(benches);
