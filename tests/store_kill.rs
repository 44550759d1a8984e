//! Does whatever was acknowledged survive `kill -9`?
//!
//! This binary starts itself as a child, which enters scans one by one and in batches and prints each
//! identifier once the store has acknowledged it; the parent kills it in mid-write, again and again on
//! one store, and then looks for every scan that was printed. A kill keeps the page cache: that a loss of
//! power is survived too rests on the order of syncs, not on this test.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/killed.rs"]
mod killed;

use casemark::digest::Digest;
use casemark::store::{
    DiskStore, Enrolment, ExhibitMetadata, ExhibitRef, Filter, MarkKind, ReferenceStore, ScanId,
    SignatureBlob, StoreError,
};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

const ROUNDS: u64 = 10;

fn extraction() -> Digest {
    Digest::of(b"extraction")
}

/// Bytes that no other scan has, of 1 to 32 KiB.
fn content(round: u64, number: u64, what: &str) -> Vec<u8> {
    let digest = Digest::of(format!("{round} {number} {what}").as_bytes());
    let times = 32 * (1 + usize::from(digest.as_bytes()[0] % 32));
    digest.as_bytes().repeat(times)
}

#[test]
fn the_child_enters_scans_until_it_is_killed() {
    let Some((folder, round)) = killed::child() else { return };
    let store = DiskStore::open(&folder).unwrap();
    let entered: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
    let metadata = ExhibitMetadata {
        laboratory: "Laboratory A".into(),
        case_number: Some(round.to_string()),
        ..ExhibitMetadata::default()
    };
    let mut number = 0;
    loop {
        // One alone, then a batch of five.
        for together in [1, 5] {
            let numbers: Vec<u64> = (number..number + together).collect();
            let contents: Vec<_> = numbers
                .iter()
                .map(|&n| (content(round, n, "original"), content(round, n, "signature")))
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
                        extraction: extraction(),
                        location: None,
                    },
                    correction: None,
                    exhibit: ExhibitRef::New(&metadata),
                    entered,
                })
                .collect();
            let enrolled = store.enrol_many(&enrolments).unwrap();
            let enrolled = numbers.iter().zip(enrolled);
            killed::acknowledge(
                enrolled.map(|(number, enrolled)| format!("{} {round} {number}", enrolled.scan)),
            );
            number += together;
        }
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    drop(DiskStore::create_or_open(folder.path()).unwrap());
    let mut acknowledged: BTreeMap<ScanId, (u64, u64)> = BTreeMap::new();
    let mut applied = 0;
    for round in 0..ROUNDS {
        let before = acknowledged.len();
        let child = "the_child_enters_scans_until_it_is_killed";
        let (mut child, lines) = killed::start(child, folder.path(), round);
        let mut lines = lines.filter_map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let &[scan, round, number] = &words[..] else { return None };
            // The last line may be cut off.
            Some((scan.parse().ok()?, (round.parse().ok()?, number.parse().ok()?)))
        });
        acknowledged.extend(lines.next());
        if round == 0 {
            let second = DiskStore::open(folder.path()).unwrap_err();
            assert!(matches!(second, StoreError::Locked { .. }), "{second}");
        }
        let delay = Digest::of(&round.to_le_bytes()).as_bytes()[0];
        std::thread::sleep(Duration::from_millis(20 + u64::from(delay)));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(lines);
        assert!(acknowledged.len() > before, "round {round}: nothing was acknowledged");

        let store = DiskStore::open(folder.path()).unwrap();
        let opening = store.opening();
        assert_eq!((opening.missing, opening.rebuilt), (0, None), "round {round}");
        applied += opening.applied;
        for (&scan, &(round, number)) in &acknowledged {
            assert_eq!(store.original(scan).unwrap(), content(round, number, "original"));
            let signature = store.signature(scan, extraction()).unwrap();
            assert_eq!(signature, content(round, number, "signature"));
            assert_eq!(store.view(scan).unwrap().case.unwrap().number, round.to_string());
        }
        // What was not acknowledged is there whole or not at all.
        for stored in store.signatures(extraction(), &Filter::default()) {
            let stored = stored.unwrap();
            assert!(stored.bytes.is_some() && store.view(stored.scan).is_ok());
            store.original(stored.scan).unwrap();
        }
        let report = store.verify(&mut |_| ControlFlow::Continue(())).unwrap();
        assert!(report.is_sound(), "round {round}: {:?}", report.findings);
    }
    println!("{} scans acknowledged, {applied} records healed at opening", acknowledged.len());
}
