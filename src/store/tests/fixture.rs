//! Can this engine read what format 1 wrote, with records of each version?
//!
//! The folders of `testdata/store` are never written again; `write_the_fixture` says how they were made, and that the
//! same input still gives the same bytes.

use super::location::{found, said};
use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Format 1, records of version 1.
const FIRST: &str = "v1";
/// Format 1, records of version 3: how marks were found.
const LOCATED: &str = "v1-records-3";

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/store").join(name)
}

/// A copy of a committed store, opened; checks how many files it has.
fn opened(name: &str, count: usize) -> (TempDir, DiskStore) {
    let committed = files(&committed(name));
    assert_eq!(committed.len(), count, "files of the fixture");
    let folder = TempDir::new().unwrap();
    for (name, bytes) in &committed {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let store = DiskStore::open(folder.path()).unwrap();
    assert_eq!(store.opening().rebuilt, Some(RebuildReason::Absent));
    assert_sound(&store);
    (folder, store)
}

/// Files of objects and what the store is, by path below the folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap().to_path_buf();
            if name == Path::new("index") || name == Path::new("lock") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Two cases, three exhibits, a firearm, four scans, a second extraction, a revision, a withdrawal.
fn write(folder: &TempDir) -> DiskStore {
    let store = seeded(folder, 2026);
    let one = ExhibitMetadata {
        label: Some("HS-1".into()),
        firearm: Some(FirearmMetadata {
            label: Some("pistol 1".into()),
            make: Some("Ruger".into()),
            model: Some("P95".into()),
        }),
        ..metadata()
    };
    let two = ExhibitMetadata { label: Some("HS-2".into()), ..one.clone() };
    let bare = ExhibitMetadata { laboratory: "Laboratory B".into(), ..Default::default() };
    let other = ExhibitMetadata { case_number: Some("2026-18".into()), ..bare.clone() };
    let pin = Enrolment {
        mark: MarkKind::FiringPin,
        ..enrolment(b"second scan", ExhibitRef::Labelled(&one), at(1))
    };
    let batch = [
        enrolment(b"first scan", ExhibitRef::Labelled(&one), at(0)),
        pin,
        enrolment(b"third scan", ExhibitRef::Labelled(&two), at(2)),
    ];
    let enrolled = store.enrol_many(&batch).unwrap();
    let last = store.enrol(&enrolment(b"fourth scan", ExhibitRef::New(&bare), at(3))).unwrap();
    let upgrade = SignatureBlob {
        bytes: b"first signature of 0.2",
        engine_version: "0.2.0",
        extraction: Digest::of(b"another extraction"),
        location: None,
    };
    store.add_signatures(&[(enrolled[0].scan, upgrade)], at(4)).unwrap();
    store.revise_exhibit(last.exhibit, &other, at(5)).unwrap();
    store.withdraw(Subject::Scan(enrolled[1].scan), "entered twice", at(6)).unwrap();
    store
}

/// A head that the engine took apart, one that a person did, twice, and a scan that is none.
fn write_located(folder: &TempDir) -> DiskStore {
    let store = seeded(folder, 2027);
    let metadata = metadata();
    let head = |bytes, regions, confidence, n| {
        let location = Some(found(regions, confidence));
        let signature = SignatureBlob { location, ..blob(bytes) };
        Enrolment { signature, ..enrolment(bytes, ExhibitRef::New(&metadata), at(n)) }
    };
    let unsure = head(b"unsure head", b"parts of an unsure head", 0.25, 2);
    let corrected = Enrolment { correction: Some(said(b"parts by a person")), ..unsure.clone() };
    let later = SignatureBlob { bytes: b"a later signature", ..unsure.signature };
    let later = Enrolment {
        signature: later,
        correction: Some(said(b"parts by a person, later")),
        ..unsure
    };
    let none = enrolment(b"no head", ExhibitRef::New(&metadata), at(0));
    store.enrol_many(&[none, head(b"sure head", b"parts of a head", 0.75, 1), corrected]).unwrap();
    store.enrol(&Enrolment { entered: at(3), ..later }).unwrap();
    store
}

#[test]
fn records_of_version_3_can_be_read() {
    let (_folder, store) = opened(LOCATED, 14);
    let views: Vec<ScanView> = all(&store).iter().map(|&scan| store.view(scan).unwrap()).collect();
    let said: Vec<&Said> = views.iter().map(|view| &view.said).collect();
    assert_eq!(*said[0], Said::default());
    assert!((said[1].location().unwrap().confidence - 0.75).abs() < 1e-12);
    assert_eq!(store.mask(said[1].regions().unwrap()).unwrap(), b"parts of a head");
    assert!((said[2].location().unwrap().confidence - 0.25).abs() < 1e-12);
    assert_eq!(said[2].corrections.len(), 2);
    assert_eq!(said[2].correction().unwrap().by, "local:examiner");
    assert_eq!(store.mask(said[2].regions().unwrap()).unwrap(), b"parts by a person, later");
    let signature = store.signature(views[2].scan.id, extraction()).unwrap();
    assert_eq!(signature, b"a later signature");
}

#[test]
fn the_store_of_format_1_can_be_read() {
    let (_folder, store) = opened(FIRST, 15);
    let scans = all(&store);
    assert_eq!(scans.len(), 3);
    let views: Vec<ScanView> = scans.iter().map(|&scan| store.view(scan).unwrap()).collect();
    assert_eq!(views[0].scan.id.to_string(), "019ca8d7-2d00-7000-8004-90aa824445e5");
    assert_eq!(views[0].exhibit.label.as_deref(), Some("HS-1"));
    assert_eq!(views[0].exhibit.incident, Some("2026-02-27".parse().unwrap()));
    assert_eq!(views[0].firearm, views[1].firearm);
    assert_eq!(views[0].signatures.len(), 2);
    assert_eq!(views[2].case.as_ref().unwrap().number, "2026-18");
    assert_eq!(store.original(scans[0]).unwrap(), b"first scan");
    let extraction = Digest::of(b"another extraction");
    assert_eq!(store.signature(scans[0], extraction).unwrap(), b"first signature of 0.2");
    let withdrawn = store.scans_of(views[0].exhibit.id).unwrap();
    let withdrawal = withdrawn.iter().find_map(|&scan| store.view(scan).unwrap().withdrawal);
    assert_eq!(withdrawal.unwrap().reason, "entered twice");
}

#[test]
fn the_same_input_still_gives_the_bytes_of_the_fixture() {
    // Of records the lowest version that can say it is written.
    if STORE_FORMAT != 1 {
        return;
    }
    let manifest = Path::new("casemark-store.json");
    for (committed_as, write) in FIXTURES {
        let folder = TempDir::new().unwrap();
        let store = write(&folder);
        let written = files(folder.path());
        drop(store);
        for (name, bytes) in files(&committed(committed_as)) {
            // The version of the engine that made it goes on.
            if name != manifest {
                assert_eq!(written.get(&name), Some(&bytes), "{}", name.display());
            }
        }
    }
}

/// The stores, and what writes them.
/// Fills a folder with a store.
type Write = fn(&TempDir) -> DiskStore;

const FIXTURES: [(&str, Write); 2] = [(FIRST, write), (LOCATED, write_located)];

/// Writes the fixtures that are not there yet: `cargo test --features store -- --ignored write_the_fixture`.
#[test]
#[ignore = "writes testdata; a committed fixture is never written again"]
fn write_the_fixture() {
    for (name, write) in FIXTURES {
        let to = committed(name);
        if to.exists() {
            // A new format gets a folder of its own.
            continue;
        }
        let folder = TempDir::new().unwrap();
        drop(write(&folder));
        for (name, bytes) in files(folder.path()) {
            let path = to.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}
