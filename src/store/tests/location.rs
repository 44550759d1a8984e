//! Is what was said of where a mark is kept, all of it, and does the latest hold?

use super::suite::on_both;
use super::*;
use std::fs;

/// What the engine found, drawn so.
pub(super) fn found(regions: &[u8], confidence: f64) -> LocationBlob<'_> {
    let segmentation = Digest::of(b"segmentation");
    LocationBlob { regions, segmentation, confidence, in_view: 0.75 }
}

/// What a person said, drawn so.
pub(super) fn said(regions: &[u8]) -> CorrectionBlob<'_> {
    CorrectionBlob { regions, by: "local:examiner", how: "keep-circle 0,0,1500" }
}

/// A scan of a head with these bytes as original, and this signature.
fn head<'a>(signature: &'a [u8], exhibit: &'a ExhibitMetadata, n: i64) -> Enrolment<'a> {
    let signature = SignatureBlob { location: Some(found(b"parts", 0.4)), ..blob(signature) };
    Enrolment { signature, ..enrolment(b"head", ExhibitRef::New(exhibit), at(n)) }
}

fn by(view: &ScanView) -> Vec<Digest> {
    view.said.corrections.iter().map(|correction| correction.regions).collect()
}

#[test]
fn a_correction_holds_and_what_the_engine_found_is_kept_beside_it() {
    on_both(|store| {
        let metadata = metadata();
        let enrolled = store.enrol(&head(b"by itself", &metadata, 5)).unwrap();
        assert_eq!(enrolled.outcome, Outcome::New);
        let view = store.view(enrolled.scan).unwrap();
        let location = view.said.location().unwrap();
        assert_eq!((location.confidence, location.in_view), (0.4, 0.75));
        assert_eq!((location.engine_version.as_str(), location.at), ("0.1.0", at(5)));
        assert_eq!(view.said.regions(), Some(Digest::of(b"parts")));
        assert_eq!(view.said.correction(), None);

        // A clock that went back makes no word the earlier one.
        let corrected = Enrolment { correction: Some(said(b"one")), ..head(b"1", &metadata, 1) };
        let known = store.enrol(&corrected).unwrap();
        assert_eq!(known, Enrolled { outcome: Outcome::Corrected, ..enrolled });
        let view = store.view(enrolled.scan).unwrap();
        let correction = view.said.correction().unwrap();
        assert_eq!(correction.by, "local:examiner");
        assert_eq!(correction.how, "keep-circle 0,0,1500");
        assert_eq!(view.said.regions(), Some(Digest::of(b"one")));
        assert_eq!(view.said.locations.len(), 1, "the same was found again");
        assert_eq!(store.signature(enrolled.scan, extraction()).unwrap(), b"1");
        assert_eq!(store.enrol(&corrected).unwrap().outcome, Outcome::Duplicate);
        let silent = store.enrol(&head(b"by itself", &metadata, 9)).unwrap();
        assert_eq!(silent.outcome, Outcome::Duplicate);

        // Two words in one batch: the second holds.
        let word = |regions, signature| Enrolment {
            correction: Some(said(regions)),
            ..head(signature, &metadata, 2)
        };
        let batch = [word(b"three", b"3"), word(b"two", b"2")];
        let outcomes = store.enrol_many(&batch).unwrap();
        assert!(outcomes.iter().all(|enrolled| enrolled.outcome == Outcome::Corrected));
        let view = store.view(enrolled.scan).unwrap();
        assert_eq!(by(&view), [&b"one"[..], b"three", b"two"].map(Digest::of));
        assert_eq!(store.signature(enrolled.scan, extraction()).unwrap(), b"2");
        for mask in [&b"parts"[..], b"one", b"two", b"three"] {
            assert_eq!(store.mask(Digest::of(mask)).unwrap(), mask);
        }
        let statistics = store.statistics().unwrap();
        assert_eq!((statistics.locations, statistics.corrections), (1, 3));
        assert_eq!((statistics.scans, statistics.mask_bytes), (1, 16));
        assert_eq!(store.purge().unwrap(), Purged::default());
    });
}

#[test]
fn a_new_scan_comes_with_both_and_another_engine_adds_what_it_finds() {
    on_both(|store| {
        let metadata = metadata();
        let new = Enrolment { correction: Some(said(b"mine")), ..head(b"1", &metadata, 0) };
        let scan = store.enrol(&new).unwrap().scan;
        let view = store.view(scan).unwrap();
        assert_eq!(view.said.location().unwrap().regions, Digest::of(b"parts"));
        assert_eq!(view.said.regions(), Some(Digest::of(b"mine")));
        let location = Some(found(b"better parts", 0.9));
        let next = SignatureBlob { engine_version: "0.2.0", location, ..blob(b"next") };
        store.add_signatures(&[(scan, next)], at(1)).unwrap();
        store.add_signatures(&[(scan, next)], at(2)).unwrap();
        let view = store.view(scan).unwrap();
        assert_eq!(view.said.locations.len(), 2);
        assert!((view.said.location().unwrap().confidence - 0.9).abs() < 1e-12);
        assert_eq!(view.said.regions(), Some(Digest::of(b"mine")), "a person's word holds");

        store.withdraw(Subject::Scan(scan), "example", at(3)).unwrap();
        let purged = store.purge().unwrap();
        assert_eq!((purged.originals, purged.signatures, purged.masks), (1, 2, 3));
        let error = store.mask(Digest::of(b"mine")).unwrap_err();
        assert!(matches!(error, StoreError::ObjectMissing { kind: ObjectKind::Mask, .. }));
        assert_eq!(store.statistics().unwrap().mask_bytes, 0);
    });
}

#[test]
fn what_no_record_may_say_is_refused() {
    on_both(|store| {
        let metadata = metadata();
        let good = head(b"1", &metadata, 0);
        let finds = |location| Enrolment {
            signature: SignatureBlob { location: Some(location), ..good.signature },
            ..good.clone()
        };
        for confidence in [-0.1, 1.1, f64::NAN] {
            let error = store.enrol(&finds(found(b"parts", confidence))).unwrap_err();
            let field = "confidence";
            assert!(matches!(error, StoreError::NoShare { field: f, .. } if f == field), "{error}");
        }
        let error = store.enrol(&finds(found(b"", 0.5))).unwrap_err();
        assert!(matches!(error, StoreError::Empty { kind: ObjectKind::Mask }), "{error}");
        for correction in [
            CorrectionBlob { by: "", ..said(b"mine") },
            CorrectionBlob { how: "two\nlines", ..said(b"mine") },
            said(b""),
        ] {
            assert!(
                store.enrol(&Enrolment { correction: Some(correction), ..good.clone() }).is_err()
            );
        }
        assert_eq!(store.statistics().unwrap(), Statistics::default());
    });
}

#[test]
fn words_meet_when_stores_do_and_the_latest_holds_in_both() {
    let make = |word: &[u8], n: i64| {
        let folder = TempDir::new().unwrap();
        let store = seeded(&folder, 7);
        let metadata = metadata();
        let first = store.enrol(&head(b"by itself", &metadata, 0)).unwrap();
        let word = Enrolment { correction: Some(said(word)), ..head(word, &metadata, n) };
        assert_eq!(store.enrol(&word).unwrap().outcome, Outcome::Corrected);
        (folder, store, first.scan)
    };
    // Two copies of one store, in which two persons spoke.
    let ((_f1, a, scan), (_f2, b, same)) = (make(b"early", 1), make(b"late", 2));
    let ((_f3, a2, _), (_f4, b2, _)) = (make(b"early", 1), make(b"late", 2));
    assert_eq!(scan, same);
    let merged = a.merge_from(&b).unwrap();
    assert_eq!((merged.records, merged.masks, merged.signatures), (1, 1, 1));
    b2.merge_from(&a2).unwrap();
    assert_eq!(dump(&a), dump(&b2));
    for store in [&a, &b2] {
        assert_sound(store);
        let view = store.view(scan).unwrap();
        assert_eq!(by(&view), [&b"early"[..], b"late"].map(Digest::of));
        assert_eq!(store.signature(scan, extraction()).unwrap(), b"late");
        assert_eq!(store.mask(Digest::of(b"early")).unwrap(), b"early");
    }
}

#[test]
fn a_mask_that_is_lost_is_found_missing() {
    let folder = TempDir::new().unwrap();
    let store = seeded(&folder, 1);
    store.enrol(&head(b"1", &metadata(), 0)).unwrap();
    assert_sound(&store);
    let digest = Digest::of(b"parts");
    let name = digest.to_string();
    let path = folder.path().join("objects/masks").join(&name[..2]).join(&name);
    fs::write(&path, b"other").unwrap();
    let findings = || store.verify(&mut |_| ControlFlow::Continue(())).unwrap().findings;
    let damaged = findings();
    assert!(
        matches!(damaged[..], [Finding::Damaged { kind: ObjectKind::Mask, digest: d, .. }] if d == digest),
        "{damaged:?}"
    );
    fs::remove_file(&path).unwrap();
    let missing = findings();
    assert!(
        matches!(missing[..], [Finding::Missing { kind: ObjectKind::Mask, digest: d }] if d == digest),
        "{missing:?}"
    );
}
