//! What does a search cost, from the choice by a filter to the full comparisons?
//!
//! Twenty thousand references in memory, of eight simulated firearms over and over, in cases of twenty as a laboratory
//! enters them; all threads. Beside the whole search stands what choosing costs, over everything, by the case and by a
//! stretch of time, so that it can be seen that a narrow search costs what it touches.

#![allow(missing_docs, reason = "the macros of criterion make a public function")]

#[path = "support.rs"]
mod support;

use casemark::digest::Digest;
use casemark::gallery::{Gallery, Snapshot};
use casemark::parameters::Cascade;
use casemark::search::{Advance, Depth, Query, Questioned, Search, Signatures};
use casemark::signature::Signature;
use casemark::simulate::Simulation;
use casemark::store::{Facets, Filter, LiveScan, MarkKind, ScanId, StoreError, StoredSignature};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::{Timestamp, ToSpan as _};
use std::hint::black_box;
use uuid::Uuid;

const REFERENCES: u64 = 20_000;
const FIREARMS: usize = 8;
/// Exhibits of a case.
const CASE: u64 = 20;
/// Candidates that are asked for.
const TOP: usize = 20;

/// The second shots of the firearms, as the references' signatures.
struct Shots(Vec<Vec<u8>>);

impl Signatures for Shots {
    fn signature(&self, scan: ScanId) -> Result<Option<StoredSignature>, StoreError> {
        let firearm = (scan.uuid().as_u128() % FIREARMS as u128) as usize;
        Ok(Some(StoredSignature { scan, bytes: Some(self.0[firearm].clone()) }))
    }
}

fn case(number: u64) -> Option<String> {
    Some(format!("case {number}"))
}

fn entered(number: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH.checked_add((number as i64).minutes()).expect("some days after 1970")
}

/// Shot 0 of each firearm, to ask with, and the gallery of shots 1.
fn references(gallery: &Gallery) -> (Vec<Signature>, Shots) {
    let simulation = Simulation { seed: 2026, ..Simulation::default() };
    let firearm = |index| simulation.firearm(index).expect("the defaults are within bounds");
    let shots = |shot| {
        let signature = |index| support::signature(&firearm(index).shot(shot).surface);
        (0..FIREARMS).map(signature).collect::<Vec<_>>()
    };
    let references = shots(1);
    let indexer = gallery.indexer().expect("breech faces have an index");
    let entries: Vec<_> = references.iter().map(|signature| indexer.entry(signature)).collect();
    for number in 0..REFERENCES {
        let facets = Facets {
            mark: MarkKind::BreechFace,
            laboratory: format!("laboratory {}", number / CASE % 15),
            case_number: case(number / CASE),
            calibre: None,
            country: None,
        };
        let live = LiveScan {
            scan: ScanId::from_uuid(Uuid::from_u128(u128::from(number))),
            facets,
            entered: entered(number),
            sharing: None,
            signature: Some(Digest::of(b"simulated")),
        };
        let entry = &entries[(number % FIREARMS as u64) as usize];
        gallery.add(live, entry).expect("one set of parameters");
    }
    (shots(0), Shots(references.iter().map(Signature::to_bytes).collect()))
}

/// Filters, each with its name and how many records it chooses.
fn filters() -> [(&'static str, u64, Filter); 4] {
    let middle = REFERENCES / 2;
    let laboratory = Some("laboratory 3".to_owned());
    [
        ("everything", REFERENCES, Filter::default()),
        ("a laboratory", 1340, Filter { laboratory, ..Filter::default() }),
        ("a case", CASE, Filter { case_number: case(middle / CASE), ..Filter::default() }),
        (
            "twenty minutes",
            20,
            Filter {
                entered_from: Some(entered(middle)),
                entered_before: Some(entered(middle + 20)),
                ..Filter::default()
            },
        ),
    ]
}

fn choose(criterion: &mut Criterion, references: &Snapshot) {
    let mut group = criterion.benchmark_group("choose of 20,000");
    for (name, records, filter) in filters() {
        let choose =
            || references.choose(black_box(&filter), &|_| Ok(true)).expect("all are admitted");
        assert_eq!(choose().records(), records, "{name}");
        group.bench_function(name, |bencher| bencher.iter(choose));
    }
    group.finish();
}

fn search(criterion: &mut Criterion) {
    let engine = support::engine();
    let gallery = Gallery::of(&engine);
    let (questioned, signatures) = references(&gallery);
    let (references, indexer) = (gallery.added(), gallery.indexer());
    choose(criterion, &references);
    let questioned: Vec<Questioned> = questioned
        .iter()
        .map(|signature| Questioned::new(&engine, indexer, signature).expect("one extraction"))
        .collect();
    let search = Search {
        engine: &engine,
        indexer,
        cascade: &Cascade::default(),
        references: &references,
        signatures: &signatures,
        pool: None,
    };
    let mut group = criterion.benchmark_group("search 20,000");
    group.sample_size(10);
    for (name, _, filter) in filters() {
        let query = Query { filter: &filter, top: TOP, depth: Depth::Cascade };
        group.bench_function(name, |bencher| {
            bencher.iter(|| search.run(&query, &questioned[0], &mut |_: Advance| ()));
        });
    }
    let query = Query { filter: &Filter::default(), top: TOP, depth: Depth::Cascade };
    for count in [1, 8] {
        let together: Vec<&Questioned> = questioned.iter().take(count).collect();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("questions together", count), |bencher| {
            bencher.iter(|| search.run_many(&query, black_box(&together), &mut |_: Advance| ()));
        });
    }
    group.finish();
}

criterion_group!(benches, search);
criterion_main!(benches);
