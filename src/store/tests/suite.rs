//! Does a store do what its trait says, on the disk as in memory?

use super::*;
use crate::store::engine::{Engine, apply_to};
use crate::store::identifiers::Identifiers;
use crate::store::index::{Changes, Entries, Index};
use crate::store::memory::{MemoryIndex, MemoryObjects};
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) fn on_both(test: impl Fn(&dyn ReferenceStore)) {
    test(&MemoryStore::with_entropy(Box::new(SeededEntropy::new(1))));
    let folder = TempDir::new().unwrap();
    let store = seeded(&folder, 1);
    test(&store);
    assert_sound(&store);
    let before = dump(&store);
    drop(store);
    assert_eq!(dump(&DiskStore::open(folder.path()).unwrap()), before, "reopened");
    let rebuilt = DiskStore::rebuild(folder.path()).unwrap();
    assert_eq!(rebuilt.opening().rebuilt, Some(RebuildReason::Asked));
    assert_eq!(dump(&rebuilt), before, "rebuilt");
}

#[test]
fn an_enrolment_comes_back_whole() {
    on_both(|store| {
        let firearm = FirearmMetadata {
            label: Some("pistol 1".into()),
            make: Some("Ruger".into()),
            model: Some("P95".into()),
        };
        let metadata = ExhibitMetadata { firearm: Some(firearm), ..metadata() };
        let enrolled = store.enrol(&enrolment(b"one", ExhibitRef::New(&metadata), at(0))).unwrap();
        assert_eq!(enrolled.outcome, Outcome::New);
        let view = store.view(enrolled.scan).unwrap();
        assert_eq!(view.scan.original_name, "scan.x3p");
        assert_eq!(view.scan.original, Digest::of(b"one"));
        assert_eq!((view.scan.original_bytes, view.scan.entered), (3, at(0)));
        assert_eq!((view.mark.id, view.mark.kind), (enrolled.mark, MarkKind::BreechFace));
        assert_eq!(view.exhibit.id, enrolled.exhibit);
        assert_eq!(view.exhibit.calibre, metadata.calibre);
        assert_eq!(view.exhibit.incident, metadata.incident);
        assert_eq!(view.case.unwrap().number, "2026-17");
        assert_eq!(view.firearm.unwrap().model.as_deref(), Some("P95"));
        assert_eq!(view.signatures.len(), 1);
        assert_eq!(view.withdrawal, None);
        assert_eq!(store.original(enrolled.scan).unwrap(), b"one");
        assert_eq!(store.signature(enrolled.scan, extraction()).unwrap(), b"one");
        let statistics = store.statistics().unwrap();
        assert_eq!((statistics.cases, statistics.exhibits, statistics.scans), (1, 1, 1));
        assert_eq!((statistics.original_bytes, statistics.signature_bytes), (3, 3));
    });
}

#[test]
fn exhibits_meet_in_cases_marks_and_firearms() {
    on_both(|store| {
        let firearm = |make: &str| FirearmMetadata {
            label: Some("pistol 1".into()),
            make: Some(make.into()),
            model: None,
        };
        let one = ExhibitMetadata {
            label: Some("HS-1".into()),
            firearm: Some(firearm("Ruger")),
            ..metadata()
        };
        let two = ExhibitMetadata { label: Some("HS-2".into()), ..one.clone() };
        let pin = |bytes, metadata| Enrolment {
            mark: MarkKind::FiringPin,
            ..enrolment(bytes, ExhibitRef::Labelled(metadata), at(1))
        };
        let batch = [
            enrolment(b"1", ExhibitRef::Labelled(&one), at(0)),
            pin(b"2", &one),
            enrolment(b"3", ExhibitRef::Labelled(&two), at(2)),
            enrolment(b"3", ExhibitRef::Labelled(&two), at(3)),
        ];
        let enrolled = store.enrol_many(&batch).unwrap();
        assert_eq!(enrolled[0].exhibit, enrolled[1].exhibit);
        assert_ne!(enrolled[0].mark, enrolled[1].mark);
        assert_ne!(enrolled[0].exhibit, enrolled[2].exhibit);
        assert_eq!(enrolled[3], Enrolled { outcome: Outcome::Duplicate, ..enrolled[2] });
        let later = store.enrol(&enrolment(b"4", ExhibitRef::Existing(enrolled[0].exhibit), at(4)));
        assert_eq!(later.unwrap().mark, enrolled[0].mark);
        let views: Vec<_> = enrolled.iter().map(|e| store.view(e.scan).unwrap()).collect();
        assert_eq!(views[0].case, views[2].case);
        assert_eq!(views[0].firearm, views[2].firearm);
        let case = views[0].case.clone().unwrap().id;
        assert_eq!(store.exhibits_of(case).unwrap(), [enrolled[0].exhibit, enrolled[2].exhibit]);
        let firearm_id = views[0].firearm.clone().unwrap().id;
        assert_eq!(store.exhibits_from(firearm_id).unwrap().len(), 2);
        assert_eq!(store.scans_of(enrolled[0].exhibit).unwrap().len(), 3);

        let other = ExhibitMetadata { calibre: Some("7.65 mm".into()), ..one.clone() };
        let error = store.enrol(&enrolment(b"5", ExhibitRef::Labelled(&other), at(5))).unwrap_err();
        assert!(matches!(error, StoreError::ExhibitDiffers { field: "calibre", .. }), "{error}");
        let other = ExhibitMetadata { label: None, firearm: Some(firearm("Glock")), ..one };
        let error = store.enrol(&enrolment(b"5", ExhibitRef::New(&other), at(5))).unwrap_err();
        assert!(matches!(error, StoreError::FirearmDiffers { field: "make", .. }), "{error}");
        assert_eq!(store.statistics().unwrap().scans, 4);
    });
}

#[test]
fn bad_input_writes_nothing_of_a_whole_batch() {
    on_both(|store| {
        let good = metadata();
        let bad = ExhibitMetadata { laboratory: String::new(), ..metadata() };
        let batch = [
            enrolment(b"1", ExhibitRef::New(&good), at(0)),
            enrolment(b"2", ExhibitRef::New(&bad), at(0)),
        ];
        let error = store.enrol_many(&batch).unwrap_err();
        assert!(matches!(error, StoreError::Metadata { .. }), "{error}");
        let empty = enrolment(b"", ExhibitRef::New(&good), at(0));
        assert!(matches!(store.enrol(&empty), Err(StoreError::Empty { .. })));
        let stranger = ExhibitId::from_uuid(uuid::Uuid::from_u128(1));
        let absent = enrolment(b"1", ExhibitRef::Existing(stranger), at(0));
        assert!(matches!(store.enrol(&absent), Err(StoreError::NotFound { .. })));
        assert!(store.enrol_many(&[]).unwrap().is_empty());
        assert_eq!(store.statistics().unwrap(), Statistics::default());
    });
}

#[test]
fn a_filter_gives_what_a_look_at_every_scan_gives() {
    on_both(|store| {
        let pick = |n: u64, of: usize| Digest::of(&n.to_le_bytes()).as_bytes()[of];
        let mut known = Vec::new();
        for n in 0..60 {
            let calibre = ["9 mm Luger", "9MM LUGER", ".45 ACP"].get(pick(n, 0) as usize % 4);
            let country = ["CH", "NL"].get(pick(n, 1) as usize % 3);
            let metadata = ExhibitMetadata {
                laboratory: ["A", "B"][pick(n, 2) as usize % 2].into(),
                case_number: ["1", "2"].get(pick(n, 3) as usize % 3).map(|&n| n.into()),
                calibre: calibre.map(|&calibre| calibre.into()),
                country: country.map(|country| country.parse().unwrap()),
                ..ExhibitMetadata::default()
            };
            let mark = MarkKind::ALL[pick(n, 4) as usize % 4];
            let bytes = n.to_le_bytes();
            let new = enrolment(&bytes, ExhibitRef::New(&metadata), at(n as i64));
            let scan = store.enrol(&Enrolment { mark, ..new }).unwrap().scan;
            known.push((scan, mark, metadata, at(n as i64)));
        }
        known.sort_by_key(|(scan, ..)| *scan);
        let mut narrowing = 0;
        for choice in 0..128 {
            let asked = |bit: u32| (choice >> bit & 1) == 1;
            let filter = Filter {
                mark: asked(0).then_some(MarkKind::FiringPin),
                calibre: asked(1).then(|| "9mm luger".into()),
                country: asked(2).then(|| "CH".parse().unwrap()),
                laboratory: asked(3).then(|| "A".into()),
                case_number: asked(4).then(|| "1".into()),
                entered_from: asked(5).then(|| at(10)),
                entered_before: asked(5).then(|| at(50)),
                unknown: if asked(6) { Unknown::Excluded } else { Unknown::Included },
                after: None,
            };
            let expected: Vec<ScanId> = known
                .iter()
                .filter(|(_, mark, metadata, entered)| {
                    let calibre = metadata.calibre.as_deref();
                    (!asked(0) || *mark == MarkKind::FiringPin)
                        && (!asked(1) || calibre.map_or(!asked(6), |c| c != ".45 ACP"))
                        && (!asked(2) || metadata.country.map_or(!asked(6), |c| c.code() == "CH"))
                        && (!asked(3) || metadata.laboratory == "A")
                        && (!asked(4) || metadata.case_number.as_deref() == Some("1"))
                        && (!asked(5) || (at(10)..at(50)).contains(entered))
                })
                .map(|(scan, ..)| *scan)
                .collect();
            let found: Vec<ScanId> = store.scans(&filter).collect::<Result<_, _>>().unwrap();
            assert_eq!(found, expected, "{filter:?}");
            let Skipped { mark, calibre, country, laboratory, case_number, entered } =
                store.skipped(&filter).unwrap();
            let skipped = mark + calibre + country + laboratory + case_number + entered;
            assert_eq!(skipped as usize, known.len() - found.len(), "{filter:?}");
            if let Some(&after) = found.get(found.len() / 2) {
                let rest = Filter { after: Some(after), ..filter.clone() };
                let rest: Vec<ScanId> = store.scans(&rest).collect::<Result<_, _>>().unwrap();
                assert_eq!(rest, found[found.len() / 2 + 1..], "{filter:?}");
            }
            narrowing += usize::from(!found.is_empty() && found.len() < known.len());
        }
        assert!(narrowing > 60, "only {narrowing} filters chose some scans and not others");
    });
}

#[test]
fn a_scan_without_the_signature_asked_for_is_never_skipped() {
    on_both(|store| {
        let metadata = metadata();
        let old = store.enrol(&enrolment(b"1", ExhibitRef::New(&metadata), at(0))).unwrap().scan;
        let both = store.enrol(&enrolment(b"2", ExhibitRef::New(&metadata), at(1))).unwrap().scan;
        let next = Digest::of(b"next extraction");
        let upgrade = SignatureBlob {
            bytes: b"new",
            engine_version: "0.2.0",
            extraction: next,
            location: None,
        };
        store.add_signatures(&[(both, upgrade)], at(2)).unwrap();
        let filter = Filter::default();
        let stored: Vec<_> = store.signatures(next, &filter).map(Result::unwrap).collect();
        assert_eq!(
            stored,
            [
                StoredSignature { scan: old, bytes: None },
                StoredSignature { scan: both, bytes: Some(b"new".to_vec()) },
            ]
        );
        let missing: Vec<_> = store.missing_signatures(next, &filter).map(Result::unwrap).collect();
        assert_eq!(missing, [old]);
        let error = store.signature(old, next).unwrap_err();
        assert!(matches!(error, StoreError::SignatureMissing { .. }), "{error}");
        assert_eq!(store.signature(both, extraction()).unwrap(), b"2");
        // Made again by the same engine, the new one holds, even if the clock went back.
        let repeated = SignatureBlob { bytes: b"repeated", ..upgrade };
        store.add_signatures(&[(both, repeated)], at(-9)).unwrap();
        assert_eq!(store.signature(both, next).unwrap(), b"repeated");
        // Of two engine versions with the same parameters, the later made holds.
        let again = SignatureBlob {
            bytes: b"newer",
            engine_version: "0.2.1",
            extraction: next,
            location: None,
        };
        store.add_signatures(&[(both, again)], at(3)).unwrap();
        assert_eq!(store.signature(both, next).unwrap(), b"newer");
        assert_eq!(store.view(both).unwrap().signatures.len(), 3);
    });
}

#[test]
fn what_is_withdrawn_leaves_every_search_and_a_purge_gives_its_space_back() {
    on_both(|store| {
        let metadata = metadata();
        let new = |bytes| enrolment(bytes, ExhibitRef::New(&metadata), at(0));
        let kept = store.enrol(&new(b"kept")).unwrap();
        let gone = store.enrol(&new(b"gone!")).unwrap();
        let exhibit = store.enrol(&new(b"exhibit")).unwrap();
        store.withdraw(Subject::Scan(gone.scan), "wrong file", at(1)).unwrap();
        store.withdraw(Subject::Exhibit(exhibit.exhibit), "court order", at(1)).unwrap();
        assert_eq!(all(store), [kept.scan]);
        assert_eq!(store.view(exhibit.scan).unwrap().withdrawal.unwrap().reason, "court order");
        assert_eq!(store.original(gone.scan).unwrap(), b"gone!");
        let again = store.withdraw(Subject::Scan(gone.scan), "again", at(2)).unwrap_err();
        assert!(matches!(again, StoreError::Withdrawn { .. }), "{again}");
        let late = enrolment(b"late", ExhibitRef::Existing(exhibit.exhibit), at(2));
        assert!(matches!(store.enrol(&late), Err(StoreError::Withdrawn { .. })));
        assert!(store.withdraw(Subject::Scan(kept.scan), "", at(2)).is_err());

        let purged = store.purge().unwrap();
        assert_eq!(purged, Purged { originals: 2, signatures: 2, masks: 0, bytes: 24 });
        assert_eq!(store.purge().unwrap(), Purged::default());
        let error = store.original(gone.scan).unwrap_err();
        assert!(matches!(error, StoreError::ObjectMissing { .. }), "{error}");
        assert_eq!(store.original(kept.scan).unwrap(), b"kept");
        assert_eq!(store.statistics().unwrap().scans_withdrawn, 2);
        // The same file may come back, as a scan of its own.
        let back = store.enrol(&new(b"gone!")).unwrap();
        assert_eq!(back.outcome, Outcome::New);
        assert_ne!(back.scan, gone.scan);
        assert_eq!(store.original(back.scan).unwrap(), b"gone!");
        assert_sound(store);
    });
}

#[test]
fn an_exhibit_has_a_sharing_of_its_own_from_choice_to_choice() {
    on_both(|store| {
        let metadata = metadata();
        let enrolled = store.enrol(&enrolment(b"one", ExhibitRef::New(&metadata), at(0))).unwrap();
        let exhibit = enrolled.exhibit;
        assert_eq!(store.sharing(exhibit).unwrap(), None);
        let region = Sharing { audience: Audience::Region, existence: Existence::Hidden };
        store.share(exhibit, Some(&region), at(5)).unwrap();
        assert_eq!(store.sharing(exhibit).unwrap(), Some(region));
        // A clock that went back makes no choice the earlier one.
        let countries = Audience::Countries(["BB", "TT"].map(|code| code.parse().unwrap()).into());
        let some = Sharing { audience: countries, existence: Existence::Told };
        store.share(exhibit, Some(&some), at(1)).unwrap();
        assert_eq!(store.sharing(exhibit).unwrap(), Some(some.clone()));
        store.share(exhibit, None, at(6)).unwrap();
        assert_eq!(store.sharing(exhibit).unwrap(), None);
        store.share(exhibit, Some(&some), at(7)).unwrap();
        let unknown = ExhibitId::from_uuid(enrolled.scan.uuid());
        let error = store.share(unknown, Some(&some), at(8)).unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
        store.withdraw(Subject::Exhibit(exhibit), "example", at(9)).unwrap();
        let error = store.share(exhibit, None, at(10)).unwrap_err();
        assert!(matches!(error, StoreError::Withdrawn { .. }), "{error}");
    });
}

#[test]
fn a_revision_moves_an_exhibit_and_keeps_its_identity() {
    on_both(|store| {
        let before = ExhibitMetadata { label: Some("HS-1".into()), ..metadata() };
        let enrolled = store.enrol(&enrolment(b"1", ExhibitRef::New(&before), at(0))).unwrap();
        let after = ExhibitMetadata {
            case_number: Some("2026-18".into()),
            calibre: None,
            country: Some("NL".parse().unwrap()),
            ..before.clone()
        };
        // A clock that went back does not undo it.
        store.revise_exhibit(enrolled.exhibit, &after, at(-5)).unwrap();
        let view = store.view(enrolled.scan).unwrap();
        assert_eq!(view.case.unwrap().number, "2026-18");
        assert_eq!((view.exhibit.calibre, view.exhibit.entered), (None, at(0)));
        let of_case = |number: &str| {
            let filter = Filter { case_number: Some(number.into()), ..Filter::default() };
            store.scans(&filter).count()
        };
        assert_eq!((of_case("2026-17"), of_case("2026-18")), (0, 1));
        let joins = store.enrol(&enrolment(b"2", ExhibitRef::Labelled(&after), at(1))).unwrap();
        assert_eq!(joins.exhibit, enrolled.exhibit);
        let new = store.enrol(&enrolment(b"3", ExhibitRef::Labelled(&before), at(2))).unwrap();
        assert_ne!(new.exhibit, enrolled.exhibit);
    });
}

#[test]
fn a_file_without_a_label_is_of_one_exhibit_whatever_mark_is_entered_of_it() {
    on_both(|store| {
        let unlabelled = ExhibitMetadata { label: None, ..metadata() };
        let known_otherwise = ExhibitMetadata { calibre: None, ..unlabelled.clone() };
        let of_another = ExhibitMetadata { laboratory: "Other".to_owned(), ..unlabelled.clone() };
        let enrol = |metadata: &ExhibitMetadata, mark| {
            let one = enrolment(b"1", ExhibitRef::New(metadata), at(0));
            store.enrol(&Enrolment { mark, ..one }).unwrap()
        };
        let face = enrol(&unlabelled, MarkKind::BreechFace);
        let pin = enrol(&unlabelled, MarkKind::FiringPin);
        assert_eq!((pin.exhibit, pin.outcome), (face.exhibit, Outcome::New));
        assert_ne!(pin.mark, face.mark);
        assert_ne!(enrol(&known_otherwise, MarkKind::Ejector).exhibit, face.exhibit);
        assert_ne!(enrol(&of_another, MarkKind::Ejector).exhibit, face.exhibit);
        // Not to one that is withdrawn.
        store.withdraw(Subject::Exhibit(face.exhibit), "wrong", at(1)).unwrap();
        let again = enrol(&unlabelled, MarkKind::FiringPin);
        assert_ne!(again.exhibit, face.exhibit);
        assert_eq!(enrol(&unlabelled, MarkKind::BreechFace).exhibit, again.exhibit);
    });
}

#[test]
fn a_record_is_found_by_the_beginning_of_its_name() {
    on_both(|store| {
        let metadata = metadata();
        let one = store.enrol(&enrolment(b"1", ExhibitRef::New(&metadata), at(0))).unwrap();
        let scan = store.scan(one.scan).unwrap();
        let name = one.scan.to_string();
        assert_eq!(store.find(&name).unwrap(), Found::Scan(scan.clone()));
        assert_eq!(store.find(&name[..35].to_uppercase()).unwrap(), Found::Scan(scan.clone()));
        assert_eq!(store.find(&scan.original.to_string()).unwrap(), Found::Scan(scan));
        let exhibit = store.exhibit(one.exhibit).unwrap();
        assert_eq!(store.find(&one.exhibit.to_string()).unwrap(), Found::Exhibit(exhibit));
        assert!(matches!(store.find(&name[..8]), Err(StoreError::Ambiguous { .. })));
        for name in ["", "01", "nonsense", "ffffffff", "é1234"] {
            assert!(matches!(store.find(name), Err(StoreError::NotFound { .. })), "{name}");
        }
    });
}

#[test]
fn the_order_in_which_records_come_does_not_matter() {
    let store = MemoryStore::with_entropy(Box::new(SeededEntropy::new(1)));
    let one = ExhibitMetadata {
        label: Some("HS-1".into()),
        firearm: Some(FirearmMetadata { label: Some("pistol".into()), ..Default::default() }),
        ..metadata()
    };
    let two = ExhibitMetadata { case_number: Some("2026-18".into()), ..one.clone() };
    let first = store.enrol(&enrolment(b"1", ExhibitRef::New(&one), at(0))).unwrap();
    let second = store.enrol(&enrolment(b"2", ExhibitRef::New(&two), at(1))).unwrap();
    store.enrol(&enrolment(b"3", ExhibitRef::Existing(first.exhibit), at(2))).unwrap();
    store.revise_exhibit(first.exhibit, &two, at(3)).unwrap();
    store.revise_exhibit(second.exhibit, &one, at(4)).unwrap();
    store.add_signatures(&[(first.scan, blob(b"again"))], at(5)).unwrap();
    let region = Sharing { audience: Audience::Region, existence: Existence::Told };
    store.share(second.exhibit, Some(&region), at(5)).unwrap();
    store.share(first.exhibit, Some(&region), at(5)).unwrap();
    store.share(first.exhibit, None, at(6)).unwrap();
    store.withdraw(Subject::Exhibit(second.exhibit), "example", at(6)).unwrap();
    store.withdraw(Subject::Scan(first.scan), "example", at(7)).unwrap();
    let records = store.engine().objects.list(ObjectKind::Record);
    let mut records: Vec<Digest> = records
        .map(|listed| match listed.unwrap() {
            objects::Listed::Object { digest, .. } => digest,
            objects::Listed::Foreign { path } => panic!("{} is foreign", path.display()),
        })
        .collect();
    assert_eq!(records.len(), 11);
    let expected = dump(&store);
    for round in 0..200_u64 {
        records.sort_by_key(|record| Digest::of(format!("{round} {record}").as_bytes()));
        let index = MemoryIndex::default();
        // One of them twice.
        for &record in records.iter().chain(&records[..1]) {
            apply_to(&index, record, &store.engine().transaction(record).unwrap()).unwrap();
        }
        let entries: Vec<_> = index.under(&[]).map(Result::unwrap).collect();
        assert_eq!(entries, expected, "round {round}: {records:?}");
    }
}

#[test]
fn merging_is_commutative_and_idempotent() {
    let make = |seed: u64| {
        let folder = TempDir::new().unwrap();
        let store = seeded(&folder, seed);
        let metadata = ExhibitMetadata { laboratory: format!("Laboratory {seed}"), ..metadata() };
        let own = seed.to_le_bytes();
        let new = |bytes| enrolment(bytes, ExhibitRef::New(&metadata), at(0));
        let kept = store.enrol(&new(&own)).unwrap();
        store.enrol(&new(b"the same in both")).unwrap();
        let gone = store.enrol(&new(&[9, seed as u8])).unwrap();
        store.withdraw(Subject::Scan(gone.scan), "example", at(1)).unwrap();
        store.purge().unwrap();
        (folder, store, kept)
    };
    let ((_f1, a, kept), (_f2, b, _)) = (make(1), make(2));
    let ((_f3, a2, _), (_f4, b2, _)) = (make(1), make(2));
    let merged = a.merge_from(&b).unwrap();
    assert_eq!((merged.records, merged.originals, merged.signatures), (4, 1, 1));
    b2.merge_from(&a2).unwrap();
    assert_eq!(dump(&a), dump(&b2));
    assert_eq!(a.merge_from(&b).unwrap(), Merged::default());
    assert_eq!(all(&a).len(), 4);
    let duplicates: Vec<_> = a.duplicates().map(Result::unwrap).collect();
    assert_eq!(duplicates.iter().map(Vec::len).collect::<Vec<_>>(), [2]);
    for &scan in &duplicates[0] {
        assert_eq!(a.original(scan).unwrap(), b"the same in both");
    }
    assert_eq!(b.duplicates().count(), 0);
    assert_sound(&a);
    assert_sound(&b2);
    // What one laboratory withdraws afterwards is withdrawn in the other after the next merge.
    b2.withdraw(Subject::Exhibit(kept.exhibit), "example", at(2)).unwrap();
    assert_eq!(a.merge_from(&b2).unwrap().records, 1);
    assert_eq!(all(&a).len(), 3);
    // And does not come back from a copy that does not know it yet.
    a.purge().unwrap();
    a.merge_from(&a2).unwrap();
    assert_eq!(all(&a).len(), 3);
    assert!(matches!(a.original(kept.scan), Err(StoreError::ObjectMissing { .. })));
    assert_sound(&a);
}

#[derive(Debug)]
struct FailingIndex {
    index: MemoryIndex,
    fails: std::sync::Arc<AtomicBool>,
}

impl Index for FailingIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.index.get(key)
    }

    fn under(&self, prefix: &[u8]) -> Entries<'_> {
        self.index.under(prefix)
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        if self.fails.load(Ordering::Relaxed) {
            let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Err(StoreError::index("write")(source.into()));
        }
        self.index.apply(changes)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.index.flush()
    }
}

#[test]
fn after_a_failed_write_nothing_more_is_written() {
    let fails = std::sync::Arc::new(AtomicBool::new(false));
    let index = FailingIndex { index: MemoryIndex::default(), fails: fails.clone() };
    let identifiers = Identifiers::new(Box::new(SeededEntropy::new(1)));
    let objects = Box::new(MemoryObjects::default());
    let engine = Engine::new(objects, Box::new(index), identifiers);
    let metadata = metadata();
    let new = |bytes| enrolment(bytes, ExhibitRef::New(&metadata), at(0));
    engine.enrol_many(&[new(b"1")]).unwrap();
    fails.store(true, Ordering::Relaxed);
    let error = engine.enrol_many(&[new(b"2")]).unwrap_err();
    assert!(matches!(error, StoreError::Index { .. }), "{error}");
    fails.store(false, Ordering::Relaxed);
    // The record is durable and not in the index: a second attempt would not see the duplicate.
    let error = engine.enrol_many(&[new(b"2")]).unwrap_err();
    assert!(matches!(error, StoreError::WriteFailedBefore), "{error}");
    assert_eq!(filter::scans(&*engine.index, &Filter::default()).count(), 1);
}
