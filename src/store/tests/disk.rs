//! What does the store on the disk say of damage, of strangers and of interrupted writes?

use super::*;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn filled(folder: &TempDir) -> (DiskStore, Enrolled) {
    let store = seeded(folder, 1);
    let metadata = metadata();
    let enrolled = store.enrol(&enrolment(b"original", ExhibitRef::New(&metadata), at(0))).unwrap();
    (store, enrolled)
}

fn object(folder: &Path, kind: &str, digest: Digest) -> PathBuf {
    let name = digest.to_string();
    folder.join("objects").join(kind).join(&name[..2]).join(name)
}

/// The paths of all objects of a kind.
fn objects(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let shards = fs::read_dir(folder.join("objects").join(kind)).unwrap();
    let files = shards.flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

/// The folders of the index, without those that a thread of sled is still deleting.
fn generations(index: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(index).into_iter().flatten().map(|entry| entry.unwrap().path());
    let number = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().parse::<u64>();
    paths.filter(|path| number(path).is_ok()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn a_flipped_bit_is_named_when_read_and_when_verified() {
    let folder = TempDir::new().unwrap();
    let (store, enrolled) = filled(&folder);
    for kind in ["originals", "signatures"] {
        let path = object(folder.path(), kind, Digest::of(b"original"));
        fs::write(&path, b"originbl").unwrap();
        let error = match kind {
            "originals" => store.original(enrolled.scan).unwrap_err(),
            _ => store.signature(enrolled.scan, extraction()).unwrap_err(),
        };
        assert!(matches!(error, StoreError::ObjectDamaged { .. }), "{error}");
        assert!(error.to_string().contains(&Digest::of(b"original").to_string()), "{error}");
        let report = store.verify(&mut |_| ControlFlow::Continue(())).unwrap();
        assert!(matches!(report.findings[..], [Finding::Damaged { .. }]), "{:?}", report.findings);
        let listed = store.signatures(extraction(), &Filter::default()).next().unwrap();
        assert_eq!(listed.is_err(), kind == "signatures");
        fs::remove_file(&path).unwrap();
        let report = store.verify(&mut |_| ControlFlow::Continue(())).unwrap();
        assert!(matches!(report.findings[..], [Finding::Missing { .. }]), "{:?}", report.findings);
        fs::write(&path, b"original").unwrap();
    }
    assert_sound(&store);
}

#[test]
fn entering_a_damaged_original_again_mends_it() {
    let folder = TempDir::new().unwrap();
    let (store, enrolled) = filled(&folder);
    fs::write(object(folder.path(), "originals", Digest::of(b"original")), b"broken").unwrap();
    let metadata = metadata();
    let new = enrolment(b"original", ExhibitRef::New(&metadata), at(1));
    store.enrol(&Enrolment { mark: MarkKind::FiringPin, ..new }).unwrap();
    assert_eq!(store.original(enrolled.scan).unwrap(), b"original");
    assert_sound(&store);
}

#[test]
fn a_damaged_record_is_found_and_stops_a_rebuild() {
    let folder = TempDir::new().unwrap();
    let (store, enrolled) = filled(&folder);
    let path = objects(folder.path(), "records").pop().unwrap();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let report = store.verify(&mut |_| ControlFlow::Continue(())).unwrap();
    let damaged = |f: &Finding| matches!(f, Finding::Damaged { kind: ObjectKind::Record, .. });
    assert!(report.findings.iter().any(damaged), "{:?}", report.findings);
    // The index still knows what it said.
    assert_eq!(store.original(enrolled.scan).unwrap(), b"original");
    drop(store);
    let error = DiskStore::rebuild(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::ObjectDamaged { kind: ObjectKind::Record, .. }), "{error}");
    // Interrupted, it is not taken for a whole index.
    assert!(DiskStore::open(folder.path()).is_err());
    fs::write(&path, whole).unwrap();
    let store = DiskStore::open(folder.path()).unwrap();
    assert_eq!(store.opening().rebuilt, Some(RebuildReason::Unfinished));
    assert_eq!(all(&store), [enrolled.scan]);
}

#[test]
fn a_lost_record_is_reported_at_opening_and_by_verification() {
    let folder = TempDir::new().unwrap();
    let (store, _) = filled(&folder);
    drop(store);
    fs::remove_file(objects(folder.path(), "records").pop().unwrap()).unwrap();
    let store = DiskStore::open(folder.path()).unwrap();
    assert_eq!(store.opening().missing, 1);
    let report = store.verify(&mut |_| ControlFlow::Continue(())).unwrap();
    let lost = |f: &Finding| matches!(f, Finding::Missing { kind: ObjectKind::Record, .. });
    assert!(report.findings.iter().any(lost), "{:?}", report.findings);
    let index = |f: &Finding| matches!(f, Finding::Index { superfluous: 1.., .. });
    assert!(report.findings.iter().any(index), "{:?}", report.findings);
}

#[test]
fn merging_a_copy_gives_back_what_was_lost() {
    let (folder, copied) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (store, enrolled) = filled(&folder);
    copy(&folder.path().join("objects"), &copied.path().join("objects"));
    for file in ["casemark-store.json", "lock"] {
        fs::copy(folder.path().join(file), copied.path().join(file)).unwrap();
    }
    let copied = DiskStore::open(copied.path()).unwrap();
    for kind in ["originals", "signatures", "records"] {
        fs::remove_file(objects(folder.path(), kind).pop().unwrap()).unwrap();
    }
    assert!(!store.verify(&mut |_| ControlFlow::Continue(())).unwrap().is_sound());
    let merged = store.merge_from(&copied).unwrap();
    assert_eq!((merged.records, merged.originals, merged.signatures), (1, 1, 1));
    assert_eq!(store.original(enrolled.scan).unwrap(), b"original");
    assert_sound(&store);
}

#[test]
fn a_record_of_the_future_is_refused_by_its_version() {
    let folder = TempDir::new().unwrap();
    let (store, _) = filled(&folder);
    drop(store);
    let mut bytes = fs::read(objects(folder.path(), "records").pop().unwrap()).unwrap();
    bytes[8] = 7;
    let path = object(folder.path(), "records", Digest::of(&bytes));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, &bytes).unwrap();
    let error = DiskStore::open(folder.path()).unwrap_err();
    let StoreError::Record { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.to_string(), "it has record version 7; this engine reads 1 to 3");
}

#[test]
fn a_store_of_the_future_is_refused_by_its_format() {
    let folder = TempDir::new().unwrap();
    drop(filled(&folder));
    let manifest = folder.path().join("casemark-store.json");
    fs::write(&manifest, r#"{"format": 2, "shape": "other"}"#).unwrap();
    let error = DiskStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::FormatUnsupported { found: 2, .. }), "{error}");
    fs::write(&manifest, "{").unwrap();
    let error = DiskStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Manifest { .. }), "{error}");
}

#[test]
fn a_second_opener_is_told_and_nothing_happens() {
    let folder = TempDir::new().unwrap();
    let (store, enrolled) = filled(&folder);
    for second in [
        DiskStore::open(folder.path()),
        DiskStore::create_or_open(folder.path()),
        DiskStore::rebuild(folder.path()),
    ] {
        let error = second.unwrap_err();
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        assert!(error.to_string().starts_with("another process has the store"), "{error}");
    }
    assert_eq!(store.original(enrolled.scan).unwrap(), b"original");
    drop(store);
    DiskStore::open(folder.path()).unwrap();
}

#[test]
fn a_folder_that_is_no_store_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("thesis.txt"), "words").unwrap();
    let error = DiskStore::create_or_open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::ForeignFolder { .. }), "{error}");
    let error = DiskStore::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let absent = folder.path().join("absent");
    assert!(matches!(DiskStore::open(&absent), Err(StoreError::NotAStore { .. })));
    assert!(!absent.exists());
    // A creation that was interrupted is taken up again.
    let begun = folder.path().join("begun");
    fs::create_dir(&begun).unwrap();
    fs::write(begun.join("lock"), "").unwrap();
    fs::write(begun.join("casemark-store.json.new"), "{").unwrap();
    DiskStore::create_or_open(&begun).unwrap();
}

#[test]
fn records_that_the_index_missed_are_applied_at_the_next_opening() {
    let folder = TempDir::new().unwrap();
    let (store, _) = filled(&folder);
    drop(store);
    let (index, before) = (folder.path().join("index"), folder.path().join("before"));
    copy(&index, &before);
    let store = DiskStore::open(folder.path()).unwrap();
    let metadata = metadata();
    store.enrol(&enrolment(b"2", ExhibitRef::New(&metadata), at(1))).unwrap();
    let expected = dump(&store);
    drop(store);
    // As if the process had ended between the record and the index, with a file half-written aside.
    fs::remove_dir_all(&index).unwrap();
    fs::rename(&before, &index).unwrap();
    let aside = folder.path().join("objects/tmp/5");
    fs::write(&aside, "half").unwrap();
    let store = DiskStore::open(folder.path()).unwrap();
    let opening = store.opening();
    assert_eq!((opening.records, opening.applied, opening.rebuilt), (2, 1, None));
    assert_eq!(dump(&store), expected);
    assert!(!aside.exists());
}

#[test]
fn an_index_that_is_lost_or_damaged_is_made_anew() {
    let folder = TempDir::new().unwrap();
    let (store, _) = filled(&folder);
    let expected = dump(&store);
    drop(store);
    let index = folder.path().join("index");
    let mut reasons = Vec::new();
    for damage in ["absent", "configuration", "log", "snapshot"] {
        if damage == "absent" {
            fs::remove_dir_all(&index).unwrap();
        }
        let files = generations(&index).pop().map(|path| fs::read_dir(path).unwrap());
        for entry in files.into_iter().flatten().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let damaged = match damage {
                "configuration" => name == "conf",
                "log" => name == "db",
                _ => name.starts_with("snap"),
            };
            if damaged {
                fs::write(entry.path(), vec![0xa5; 4096]).unwrap();
            }
        }
        let store = DiskStore::open(folder.path()).unwrap();
        reasons.extend(store.opening().rebuilt);
        assert_eq!(generations(&index).len(), 1, "generations after {damage}");
        assert_eq!(dump(&store), expected, "{damage}: {:?}", store.opening());
        assert_sound(&store);
    }
    assert!(reasons.contains(&RebuildReason::Damaged), "{reasons:?}");
}

#[test]
fn what_an_interrupted_write_left_is_no_finding_and_goes_with_a_purge() {
    let folder = TempDir::new().unwrap();
    let (store, enrolled) = filled(&folder);
    let path = object(folder.path(), "originals", Digest::of(b"left"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, b"left").unwrap();
    let report = store.verify(&mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_sound() && report.unused == 1, "{report:?}");
    assert_eq!(store.purge().unwrap(), Purged { originals: 1, bytes: 4, ..Purged::default() });
    assert_eq!(store.original(enrolled.scan).unwrap(), b"original");
    fs::write(path.with_file_name("notes.txt"), "words").unwrap();
    let report = store.verify(&mut |_| ControlFlow::Continue(())).unwrap();
    assert!(matches!(report.findings[..], [Finding::Foreign { .. }]), "{:?}", report.findings);
}
