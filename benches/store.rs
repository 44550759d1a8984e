//! How long does it take to enter scans, to open a store and to read its signatures?
//!
//! Prints; asserts nothing. The disk decides: run it on the disk that will hold the store, with
//! `TMPDIR` set to a folder there.

use casemark::digest::Digest;
use casemark::store::{
    DiskStore, Enrolment, ExhibitMetadata, ExhibitRef, Filter, MarkKind, ReferenceStore,
    SignatureBlob,
};
use jiff::Timestamp;
use std::ops::ControlFlow;
use std::time::Instant;

/// Bytes that do not compress, different for each number.
fn content(number: u64, length: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn enter(store: &DiskStore, first: u64, count: u64, together: u64, original: usize) -> f64 {
    let entered: Timestamp = Timestamp::UNIX_EPOCH;
    let metadata = ExhibitMetadata {
        laboratory: "Laboratory A".into(),
        calibre: Some("9 mm Luger".into()),
        ..ExhibitMetadata::default()
    };
    let extraction = Digest::of(b"extraction");
    let start = Instant::now();
    for begin in (first..first + count).step_by(together as usize) {
        let contents: Vec<_> = (begin..begin + together)
            .map(|n| (content(2 * n, original), content(2 * n + 1, original / 4 + 1)))
            .collect();
        let enrolments: Vec<_> = contents
            .iter()
            .map(|(original, signature)| Enrolment {
                original,
                original_name: "scan.x3p",
                mark: MarkKind::BreechFace,
                signature: SignatureBlob {
                    bytes: signature,
                    engine_version: "0.1.0",
                    extraction,
                    location: None,
                },
                correction: None,
                exhibit: ExhibitRef::New(&metadata),
                entered,
            })
            .collect();
        if let Err(error) = store.enrol_many(&enrolments) {
            panic!("{error}");
        }
    }
    count as f64 / start.elapsed().as_secs_f64()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo test --all-targets` runs benchmarks too, without this argument.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let store = DiskStore::create_or_open(&folder.path().join("scans"))?;
    let rate = enter(&store, 0, 200, 1, 320_000);
    println!("enter one by one, 320 KB + 80 KB: {rate:.0} scans/s");
    let rate = enter(&store, 1000, 1000, 50, 320_000);
    println!("enter 50 together, 320 KB + 80 KB: {rate:.0} scans/s");
    let start = Instant::now();
    let mut bytes = 0;
    for stored in store.signatures(Digest::of(b"extraction"), &Filter::default()) {
        bytes += stored?.bytes.map_or(0, |bytes| bytes.len());
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("read 1200 signatures, hashed: {:.0} MB/s", bytes as f64 / 1e6 / seconds);
    let start = Instant::now();
    let report = store.verify(&mut |_| ControlFlow::Continue(()))?;
    let seconds = start.elapsed().as_secs_f64();
    println!("verify {} objects, {} MB: {seconds:.2} s", report.objects, report.bytes / 1_000_000);
    drop(store);

    for (name, count, together) in [("one by one", 10_000, 1), ("100 together", 10_000, 100)] {
        let path = folder.path().join(name);
        let store = DiskStore::create_or_open(&path)?;
        let rate = enter(&store, 0, count, together, 400);
        drop(store);
        let start = Instant::now();
        let store = DiskStore::open(&path)?;
        let open = start.elapsed().as_secs_f64();
        let scans = store.scans(&Filter::default()).count();
        let listed = start.elapsed().as_secs_f64() - open;
        drop(store);
        let start = Instant::now();
        drop(DiskStore::rebuild(&path)?);
        let rebuild = start.elapsed().as_secs_f64();
        println!(
            "{scans} small scans entered {name} ({rate:.0}/s): open {open:.3} s, list {listed:.3} s, rebuild {rebuild:.2} s"
        );
    }
    // VmHWM is the peak of the resident memory.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    }
    Ok(())
}
