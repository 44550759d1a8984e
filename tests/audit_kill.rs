//! Does every acknowledged entry of the audit log survive `kill -9`, and is nothing else in it?
//!
//! This binary starts itself as a child, whose threads append entries and print each place once it is
//! acknowledged; the parent kills it in mid-write, again and again on one log. A kill keeps the page cache:
//! that a loss of power is survived too rests on the order of syncs, not on this test.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/killed.rs"]
mod killed;

use casemark::audit::{self, AuditError, AuditLog, Event, Outcome, Query};
use std::collections::BTreeMap;
use std::time::Duration;

const ROUNDS: u64 = 20;
const THREADS: u64 = 8;

fn event(subject: String) -> Event {
    Event {
        at: "2026-03-01T10:00:00Z".parse().unwrap(),
        actor: "casemark://laboratory/BB/Lab".into(),
        laboratory: "Lab".into(),
        country: None,
        action: "search".into(),
        // Of 1 to 4 KB, so that writes are long enough to be torn.
        detail: Some("x".repeat(1000 + 3 * (subject.len() * 331 % 1000))),
        subject: Some(subject),
        outcome: Outcome::Done,
        request: None,
        engine_version: casemark::VERSION.into(),
        parameters: None,
        result: None,
    }
}

#[test]
fn the_child_appends_until_it_is_killed() {
    let Some((folder, round)) = killed::child() else { return };
    let log = AuditLog::open(&folder).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let log = &log;
            scope.spawn(move || {
                for number in 0_u64.. {
                    let subject = format!("{round}-{thread}-{number}");
                    let place = log.append(&event(subject.clone())).unwrap().first;
                    killed::acknowledge([format!("{place} {subject}")]);
                }
            });
        }
    });
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    drop(AuditLog::open(folder.path()).unwrap());
    let mut acknowledged: BTreeMap<u64, String> = BTreeMap::new();
    let mut checkpoint = None;
    let (mut cut, mut unacknowledged) = (0, 0);
    for round in 0..ROUNDS {
        let before = acknowledged.len();
        let child = "the_child_appends_until_it_is_killed";
        let (mut child, lines) = killed::start(child, folder.path(), round);
        let mut lines = lines.filter_map(|line| {
            let (place, subject) = line.split_once(' ')?;
            Some((place.parse().ok()?, subject.to_owned()))
        });
        acknowledged.extend(lines.next());
        if round == 0 {
            let second = AuditLog::open(folder.path()).unwrap_err();
            assert!(matches!(second, AuditError::Locked { .. }), "{second}");
            let second = audit::verify(folder.path(), None, &mut |_| {}).unwrap_err();
            assert!(matches!(second, AuditError::Locked { .. }), "{second}");
        }
        // From 5 to 60 ms, not in step with anything.
        std::thread::sleep(Duration::from_millis(5 + round * 37 % 56));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut rest: Vec<(u64, String)> = lines.collect();
        // The last line may be cut off.
        rest.pop();
        acknowledged.extend(rest);
        assert!(acknowledged.len() > before, "round {round}: nothing was acknowledged");

        // As the kill left it, as opening mends it, and against what was known before.
        let report = audit::verify(folder.path(), checkpoint.as_ref(), &mut |_| {}).unwrap();
        assert!(report.is_sound(), "round {round}: {:?}", report.findings);
        let log = AuditLog::open(folder.path()).unwrap();
        let opening = log.opening();
        assert_eq!((opening.entries, opening.cut), (report.entries, report.torn));
        assert!(!opening.head_mended, "a kill tears no line of the head");
        cut += opening.cut;
        unacknowledged += opening.unacknowledged;
        let (mut found, mut from) = (0, 0);
        loop {
            let page = log.query(&Query::default(), from, 500).unwrap();
            for entry in &page.entries {
                if let Some(subject) = acknowledged.get(&entry.index) {
                    assert_eq!(entry.event, event(subject.clone()), "round {round}");
                    found += 1;
                }
            }
            let Some(next) = page.next else { break };
            from = next;
        }
        assert_eq!(found, acknowledged.len(), "round {round}");
        checkpoint = Some(log.checkpoint());
        drop(log);
        let report = audit::verify(folder.path(), checkpoint.as_ref(), &mut |_| {}).unwrap();
        assert!(report.is_sound() && report.torn == 0, "round {round}: {:?}", report.findings);
    }
    println!(
        "{} entries acknowledged, {unacknowledged} whole ones kept that were not, {cut} bytes cut",
        acknowledged.len()
    );
}
