//! Is every change found and located, and does only a torn end heal?

use super::log::folder_in;
use super::*;
use crate::digest::Digest;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Segments of about three entries.
const SMALL: u64 = 1000;

fn event(number: u64) -> Event {
    let at = jiff::Timestamp::from_second(1_790_000_000 + i64::try_from(number).unwrap()).unwrap();
    Event {
        at,
        actor: format!("casemark://laboratory/BB/Lab/clerk-{}", number % 3),
        laboratory: if number.is_multiple_of(2) { "Even".into() } else { "Odd\n\"".into() },
        country: Some("BB".parse().unwrap()),
        action: ["search", "enrol", "get"][usize::try_from(number % 3).unwrap()].into(),
        subject: Some(format!("scan {number}")),
        outcome: if number.is_multiple_of(5) { Outcome::Refused } else { Outcome::Done },
        request: None,
        detail: None,
        engine_version: "0.1.0".into(),
        parameters: Some(Digest::of(b"parameters")),
        result: Some(Digest::of(&number.to_le_bytes())),
    }
}

/// A log of so many entries in small segments.
fn written(entries: u64) -> (tempfile::TempDir, Checkpoint) {
    let store = tempfile::tempdir().unwrap();
    let log = AuditLog::open_with(store.path(), SMALL).unwrap();
    for number in 0..entries {
        log.append(&event(number)).unwrap();
    }
    (store, log.checkpoint())
}

fn segments(store: &Path) -> Vec<PathBuf> {
    let listed = segment::list(&folder_in(store), &log::OWN).unwrap();
    listed.segments.into_iter().map(|segment| segment.path).collect()
}

fn check(store: &Path, checkpoint: Option<&Checkpoint>) -> Result<AuditReport, AuditError> {
    verify(store, checkpoint, &mut |_| {})
}

fn findings(store: &Path) -> Vec<Finding> {
    check(store, None).unwrap().findings
}

/// The lines of a segment without its header, changed.
fn edit(path: &Path, change: impl Fn(&mut Vec<String>)) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn what_was_appended_is_found_again_in_order_and_across_openings() {
    let store = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let log = AuditLog::open_with(store.path(), SMALL).unwrap();
        assert_eq!(log.opening(), Opening { entries: round * 5, ..Opening::default() });
        let events: Vec<Event> = (round * 5..round * 5 + 4).map(event).collect();
        assert_eq!(log.append_all(&events).unwrap().first, round * 5);
        let receipt = log.append(&event(round * 5 + 4)).unwrap();
        assert_eq!((receipt.first, receipt.checkpoint), (round * 5 + 4, log.checkpoint()));
    }
    assert!(segments(store.path()).len() > 2, "one segment only");
    let log = AuditLog::open_with(store.path(), SMALL).unwrap();
    let page = log.query(&Query::default(), 0, 100).unwrap();
    assert_eq!((page.entries.len(), page.next), (20, None));
    for (index, entry) in (0..).zip(&page.entries) {
        assert_eq!((entry.index, &entry.event), (index, &event(index)));
        assert_eq!(log.entry(index).unwrap().as_ref(), Some(entry));
    }
    assert_eq!(log.entry(20).unwrap(), None);
    assert_eq!(log.append_all(&[]).unwrap().checkpoint, log.checkpoint());
    let live = log.verify(Some(&log.checkpoint()), &mut |_| {}).unwrap();
    assert!(live.is_sound(), "{:?}", live.findings);
    let second = AuditLog::open(store.path()).unwrap_err();
    assert!(matches!(second, AuditError::Locked { .. }), "{second}");
    drop(log);
    let report = check(store.path(), None).unwrap();
    assert!(report.is_sound() && report.entries == 20 && report.torn == 0, "{report:?}");
}

#[test]
fn the_hash_is_the_one_that_the_description_says() {
    let (store, checkpoint) = written(2);
    let text = fs::read_to_string(&segments(store.path())[0]).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let zeros = "0".repeat(64);
    assert_eq!(lines[0], format!("casemark-audit 1 0 {zeros}"));
    let mut before = zeros;
    for line in &lines[1..] {
        let parts: Vec<&str> = line.splitn(3, ' ').collect();
        let hash = Digest::of(format!("{before} {} {}", parts[0], parts[2]).as_bytes());
        assert_eq!(parts[1], hash.to_string());
        before = parts[1].to_owned();
    }
    assert_eq!(before, checkpoint.hash.to_string());
}

/// The log that the first engine of format 1 wrote, two segments of it.
fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/audit/v1")
}

#[test]
#[ignore = "writes testdata; a committed fixture is never written again"]
fn write_the_fixture() {
    let log = AuditLog::open_with(&fixture(), SMALL).unwrap();
    (0..6).for_each(|number| assert_eq!(log.append(&event(number)).unwrap().first, number));
    println!("{:?}", log.checkpoint());
}

#[test]
fn a_log_of_format_1_is_read_and_gone_on_with() {
    let store = tempfile::tempdir().unwrap();
    let folder = folder_in(store.path());
    fs::create_dir(&folder).unwrap();
    let mut files = 0;
    for entry in fs::read_dir(folder_in(&fixture())).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        files += 1;
    }
    assert!(files > 2, "only {files} files");
    let hash = "6a425d537359a504b016a1d1d1973ddb24df77d76786619cfc49c28734633475".parse().unwrap();
    let checkpoint = Checkpoint { entries: 6, hash };
    assert_eq!(check(store.path(), Some(&checkpoint)).unwrap().findings, []);
    let log = AuditLog::open_with(store.path(), SMALL).unwrap();
    let page = log.query(&Query::default(), 0, 10).unwrap();
    let events: Vec<Event> = page.entries.into_iter().map(|entry| entry.event).collect();
    assert_eq!(events, (0..6).map(event).collect::<Vec<_>>());
    log.append(&event(6)).unwrap();
    drop(log);
    assert_eq!(check(store.path(), Some(&checkpoint)).unwrap().findings, []);
}

#[test]
fn queries_filter_and_page() {
    let (store, _) = written(40);
    let log = AuditLog::open(store.path()).unwrap();
    let numbers = |query: &Query| -> Vec<u64> {
        let (mut all, mut from) = (Vec::new(), 0);
        loop {
            let page = log.query(query, from, 3).unwrap();
            assert!(page.entries.len() <= 3);
            all.extend(page.entries.iter().map(|entry| entry.index));
            match page.next {
                Some(next) => from = next,
                None => return all,
            }
        }
    };
    let wanted = |chosen: &dyn Fn(u64) -> bool| (0..40).filter(|&n| chosen(n)).collect::<Vec<_>>();
    let all = Query::default();
    assert_eq!(numbers(&all), wanted(&|_| true));
    let query = Query { laboratory: Some("Odd\n\"".into()), ..all.clone() };
    assert_eq!(numbers(&query), wanted(&|n| n % 2 == 1));
    let query = Query { action: Some("enrol".into()), ..all.clone() };
    assert_eq!(numbers(&query), wanted(&|n| n % 3 == 1));
    let query = Query { actor: Some("casemark://laboratory/BB/Lab/clerk-2".into()), ..all.clone() };
    assert_eq!(numbers(&query), wanted(&|n| n % 3 == 2));
    let query = Query { subject: Some("scan 17".into()), ..all.clone() };
    assert_eq!(numbers(&query), [17]);
    let query = Query { outcome: Some(Outcome::Refused), ..all.clone() };
    assert_eq!(numbers(&query), wanted(&|n| n % 5 == 0));
    let query = Query { since: Some(event(10).at), until: Some(event(20).at), ..all.clone() };
    assert_eq!(numbers(&query), wanted(&|n| (10..20).contains(&n)));
    let query = Query { request: Some("none".into()), ..all };
    assert_eq!(numbers(&query), wanted(&|_| false));
}

#[test]
fn a_change_of_any_byte_is_found() {
    let (store, _) = written(4);
    let mut files = segments(store.path());
    files.push(folder_in(store.path()).join("head"));
    let mut flips = 0;
    for path in &files {
        let bytes = fs::read(path).unwrap();
        for index in 0..bytes.len() {
            // Capitals and small letters differ by 0x20, digits and their neighbours by 1.
            for flip in [0x01, 0x20] {
                let mut changed = bytes.clone();
                changed[index] ^= flip;
                fs::write(path, &changed).unwrap();
                // A newer format in the header is an error that names the file.
                let found = match check(store.path(), None) {
                    Ok(report) => report.findings.iter().map(ToString::to_string).collect(),
                    Err(error) => vec![error.to_string()],
                };
                assert!(!found.is_empty(), "{}: byte {index} ^ {flip}", path.display());
                let name = path.file_name().unwrap().to_string_lossy();
                let named = found.iter().any(|told| told.contains(&*name));
                assert!(named || name == "head", "{name}: byte {index}: {found:?}");
                flips += 1;
            }
        }
        fs::write(path, &bytes).unwrap();
    }
    assert!(flips > 3500, "only {flips} changes");
    assert_eq!(findings(store.path()), []);
}

#[test]
fn a_change_is_located_to_the_entry() {
    let (store, _) = written(20);
    let path = &segments(store.path())[2];
    let before = fs::read(path).unwrap();
    let first: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    edit(path, |lines| lines[2] = lines[2].replace("\"Lab", "\"lab").replace("BB/Lab", "BB/Bal"));
    let offset =
        before.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    let at = Place { path: path.clone(), offset: offset as u64, entry: first + 1 };
    assert_eq!(findings(store.path()), [Finding::Altered { at }]);
}

#[test]
fn an_entry_removed_added_doubled_or_moved_is_found() {
    type Change = fn(&mut Vec<String>);
    let changes: [(&str, Change); 7] = [
        ("removed", |lines| drop(lines.remove(2))),
        ("removed at the end of a segment", |lines| drop(lines.pop())),
        ("removed at the beginning of a segment", |lines| drop(lines.remove(1))),
        ("doubled", |lines| lines.insert(2, lines[2].clone())),
        ("moved", |lines| lines.swap(1, 2)),
        ("added", |lines| lines.insert(2, lines[1].replace("Lab", "Bal"))),
        ("emptied", |lines| lines[2].clear()),
    ];
    for (what, change) in changes {
        for segment in [0, 2] {
            let (store, _) = written(12);
            let path = &segments(store.path())[segment];
            edit(path, change);
            let found = findings(store.path());
            assert!(!found.is_empty(), "{what} in segment {segment}");
            assert!(found.len() <= 3, "{what} in segment {segment}: {found:?}");
        }
    }
}

#[test]
fn a_segment_removed_swapped_doubled_or_foreign_is_found() {
    for number in 0..4 {
        let (store, _) = written(12);
        let all = segments(store.path());
        assert!(all.len() >= 4);
        fs::remove_file(&all[number]).unwrap();
        assert!(!findings(store.path()).is_empty(), "segment {number} removed");
    }
    let (store, _) = written(12);
    let all = segments(store.path());
    let (one, two) = (fs::read(&all[1]).unwrap(), fs::read(&all[2]).unwrap());
    fs::write(&all[1], &two).unwrap();
    fs::write(&all[2], &one).unwrap();
    assert!(!findings(store.path()).is_empty(), "swapped");
    fs::write(&all[1], &one).unwrap();
    fs::write(&all[2], &two).unwrap();
    assert_eq!(findings(store.path()), []);
    fs::write(segment::path_in(&folder_in(store.path()), 1), &two).unwrap();
    assert!(!findings(store.path()).is_empty(), "doubled");
    fs::remove_file(segment::path_in(&folder_in(store.path()), 1)).unwrap();
    let foreign = folder_in(store.path()).join("notes.txt");
    fs::write(&foreign, b"").unwrap();
    assert_eq!(findings(store.path()), [Finding::Foreign { path: foreign }]);
}

#[test]
fn a_cut_of_what_was_acknowledged_is_found_at_each_length_and_opens_no_more() {
    let (store, _) = written(4);
    let path = segments(store.path()).pop().unwrap();
    let bytes = fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let found = findings(store.path());
        assert!(!found.is_empty(), "cut to {length} bytes");
        let error = AuditLog::open_with(store.path(), SMALL).unwrap_err();
        assert!(matches!(error, AuditError::Damaged { .. }), "cut to {length} bytes: {error}");
    }
    fs::write(&path, &bytes).unwrap();
    assert_eq!(findings(store.path()), []);
    fs::remove_file(folder_in(store.path()).join("head")).unwrap();
    assert!(matches!(findings(store.path())[..], [Finding::Head { .. }]));
    assert!(AuditLog::open(store.path()).is_err());
}

/// The log as a kill leaves it: lines that were written, a head that was not.
fn killed(whole: u64, length: impl Fn(usize) -> usize) -> (tempfile::TempDir, usize) {
    let (store, _) = written(2);
    let head = fs::read(folder_in(store.path()).join("head")).unwrap();
    let log = AuditLog::open(store.path()).unwrap();
    for number in 2..2 + whole + 1 {
        log.append(&event(number)).unwrap();
    }
    drop(log);
    let path = segments(store.path()).pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes[..bytes.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    let torn = length(bytes.len() - last);
    bytes.truncate(last + torn);
    fs::write(&path, bytes).unwrap();
    fs::write(folder_in(store.path()).join("head"), head).unwrap();
    (store, torn)
}

#[test]
fn the_torn_end_of_a_write_that_no_one_was_told_of_is_cut_and_reported() {
    for length in [1, 2, 50, 90, 200] {
        let (store, torn) = killed(1, |whole| length.min(whole - 1));
        let report = check(store.path(), None).unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert_eq!((report.entries, report.torn), (3, torn as u64));
        let log = AuditLog::open(store.path()).unwrap();
        let wanted =
            Opening { entries: 3, unacknowledged: 1, cut: torn as u64, head_mended: false };
        assert_eq!(log.opening(), wanted);
        log.append(&event(3)).unwrap();
        drop(log);
        let report = check(store.path(), None).unwrap();
        assert!(report.is_sound() && report.entries == 4 && report.torn == 0, "{report:?}");
    }
    // Zeros, as a loss of power may leave, and a segment that was only begun.
    let (store, _) = killed(0, |_| 0);
    let path = segments(store.path()).pop().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend([0; 100_000]);
    fs::write(&path, bytes).unwrap();
    fs::write(segment::path_in(&folder_in(store.path()), 2), b"casemark-au").unwrap();
    let log = AuditLog::open(store.path()).unwrap();
    assert_eq!((log.opening().entries, log.opening().cut), (2, 100_011));
    log.append(&event(2)).unwrap();
    drop(log);
    assert_eq!(findings(store.path()), []);
}

#[test]
fn a_head_with_one_torn_slot_is_mended() {
    let (store, checkpoint) = written(3);
    let path = folder_in(store.path()).join("head");
    let bytes = fs::read(&path).unwrap();
    let slot = bytes.len() / 2;
    for torn in [0, 1] {
        let mut changed = bytes.clone();
        changed[torn * slot + 30..(torn + 1) * slot].fill(0);
        fs::write(&path, &changed).unwrap();
        let head = path.clone();
        assert_eq!(findings(store.path()), [Finding::HeadSlot { path: head, slot: torn }]);
        let log = AuditLog::open(store.path()).unwrap();
        assert!(log.opening().head_mended);
        assert_eq!(log.checkpoint(), checkpoint);
        drop(log);
        assert_eq!(findings(store.path()), []);
        fs::write(&path, &bytes).unwrap();
    }
}

#[test]
fn only_a_checkpoint_finds_a_log_that_was_written_anew_or_cut_with_its_head() {
    let (store, checkpoint) = written(12);
    let report = check(store.path(), Some(&checkpoint)).unwrap();
    assert!(report.is_sound() && report.checkpoint == Some(checkpoint), "{report:?}");
    // Growth after the checkpoint is no finding.
    let log = AuditLog::open_with(store.path(), SMALL).unwrap();
    log.append(&event(12)).unwrap();
    drop(log);
    assert!(check(store.path(), Some(&checkpoint)).unwrap().is_sound());

    let (shorter, _) = written(9);
    assert_eq!(findings(shorter.path()), []);
    let found = check(shorter.path(), Some(&checkpoint)).unwrap().findings;
    assert_eq!(found, [Finding::Truncated { recorded: 12, found: 9 }]);

    let anew = tempfile::tempdir().unwrap();
    let log = AuditLog::open(anew.path()).unwrap();
    for number in 0..15 {
        log.append(&event(number + u64::from(number == 4))).unwrap();
    }
    drop(log);
    assert_eq!(findings(anew.path()), []);
    let found = check(anew.path(), Some(&checkpoint)).unwrap().findings;
    assert!(matches!(found[..], [Finding::Differs { entries: 12, .. }]), "{found:?}");

    let empty = tempfile::tempdir().unwrap();
    let error = check(empty.path(), Some(&checkpoint)).unwrap_err();
    assert!(matches!(error, AuditError::NoLog { .. }), "{error}");
    drop(AuditLog::open(empty.path()).unwrap());
    assert_eq!(findings(empty.path()), []);
    assert!(!check(empty.path(), Some(&checkpoint)).unwrap().is_sound());
}

#[test]
fn many_writers_share_their_syncs_and_lose_nothing() {
    let store = tempfile::tempdir().unwrap();
    let log = Arc::new(AuditLog::open_with(store.path(), 20_000).unwrap());
    let threads: Vec<_> = (0..16_u64)
        .map(|thread| {
            let log = Arc::clone(&log);
            std::thread::spawn(move || -> Vec<u64> {
                let append = |number| log.append(&event(thread * 1000 + number)).unwrap().first;
                (0..25_u64).map(append).collect()
            })
        })
        .collect();
    let mut places = BTreeSet::new();
    for (thread, handle) in (0..).zip(threads) {
        for (number, place) in (0..).zip(handle.join().unwrap()) {
            assert!(places.insert(place), "two entries at {place}");
            assert_eq!(log.entry(place).unwrap().unwrap().event, event(thread * 1000 + number));
        }
    }
    assert_eq!(places.len(), 400);
    drop(log);
    let report = check(store.path(), None).unwrap();
    assert!(report.is_sound() && report.entries == 400, "{report:?}");
}

#[test]
fn an_event_that_is_too_long_is_refused_and_the_next_is_not() {
    let store = tempfile::tempdir().unwrap();
    let log = AuditLog::open(store.path()).unwrap();
    let long = Event { detail: Some("x".repeat(EVENT_LIMIT)), ..event(0) };
    let error = log.append_all(&[event(0), long]).unwrap_err();
    assert!(matches!(error, AuditError::EventTooLong { .. }), "{error}");
    assert_eq!(log.checkpoint().entries, 0);
    let mut widest = event(0);
    widest.detail = Some("x".repeat(EVENT_LIMIT - event(0).encode().unwrap().len() - 12));
    assert_eq!(widest.encode().unwrap().len(), EVENT_LIMIT);
    log.append(&widest).unwrap();
    assert_eq!(log.entry(0).unwrap().unwrap().event, widest);
}

#[test]
fn a_log_of_a_hundred_thousand_entries_is_verified_in_seconds() {
    let store = tempfile::tempdir().unwrap();
    let log = AuditLog::open(store.path()).unwrap();
    for thousand in 0..100 {
        let events: Vec<Event> = (thousand * 1000..(thousand + 1) * 1000).map(event).collect();
        log.append_all(&events).unwrap();
    }
    let checkpoint = log.checkpoint();
    drop(log);
    let started = std::time::Instant::now();
    let report = check(store.path(), Some(&checkpoint)).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    assert!(report.is_sound() && report.entries == 100_000, "{report:?}");
    assert!(report.segments > 3);
    println!("{} entries, {} bytes verified in {seconds:.2} s", report.entries, report.bytes);
    let started = std::time::Instant::now();
    let log = AuditLog::open(store.path()).unwrap();
    println!("opened in {:.3} s", started.elapsed().as_secs_f64());
    assert_eq!(log.checkpoint(), checkpoint);
}
