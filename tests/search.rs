//! Does a search find what is there, whatever happened to the store, and does it say what it did?

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use casemark::gallery::{Alike, EntryFinding, Gallery, GalleryOpening, Snapshot};
use casemark::index::Indexer;
use casemark::parameters::{Cascade, Index, Parameters};
use casemark::search::{
    Advance, Depth, Failure, Observer, Query, Questioned, Search, SearchError, SearchResult, Stage,
    Stored,
};
use casemark::simulate::Simulation;
use casemark::store::{
    Audience, DiskStore, Enrolment, ExhibitMetadata, ExhibitRef, Existence, Filter, MarkKind,
    MemoryStore, ReferenceStore, ScanId, Sharing, SignatureBlob, Subject, Unknown,
};
use casemark::units::Length;
use casemark::{Arithmetic, Digest, Engine, Signature};
use rayon::ThreadPoolBuilder;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;

/// Two shots of each of seven firearms: shots of one firearm lie side by side.
static SIGNATURES: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    let spacing = Length::from_micrometres(12.5);
    let simulation = Simulation { seed: 7, spacing, ..Simulation::default() };
    let shots = (0..14).map(|number| {
        let surface = simulation.firearm(number / 2).unwrap().shot(number % 2).surface;
        let source = Digest::of(format!("shot {number}").as_bytes());
        Signature::extract(&surface, source, &Parameters::default()).unwrap()
    });
    shots.collect()
});

fn engine() -> Engine {
    Engine::new(Parameters::default(), Arithmetic::Vectorised)
}

fn indexer() -> Indexer {
    Indexer::new(Index::default(), Arithmetic::Vectorised).unwrap()
}

fn extraction() -> Digest {
    Parameters::default().extraction_digest()
}

fn at(number: usize) -> jiff::Timestamp {
    format!("2026-03-01T10:{number:02}:00Z").parse().unwrap()
}

/// What is known of the exhibit of a shot.
fn metadata(number: usize) -> ExhibitMetadata {
    ExhibitMetadata {
        laboratory: if number.is_multiple_of(2) { "North" } else { "South" }.into(),
        case_number: Some(format!("case {}", number / 4)),
        calibre: (number > 1).then(|| if number < 8 { "9 mm Luger" } else { ".40 S&W" }.into()),
        ..Default::default()
    }
}

fn enrol(store: &dyn ReferenceStore, number: usize, signature: &[u8]) -> ScanId {
    let (original, exhibit) = (format!("original {number}"), metadata(number));
    let enrolment = Enrolment {
        original: original.as_bytes(),
        original_name: "scan.x3p",
        mark: MarkKind::BreechFace,
        signature: SignatureBlob {
            bytes: signature,
            engine_version: "0.1.0",
            extraction: extraction(),
            location: None,
        },
        correction: None,
        exhibit: ExhibitRef::New(&exhibit),
        entered: at(number),
    };
    store.enrol(&enrolment).unwrap().scan
}

/// Enters all shots.
fn fill(store: &dyn ReferenceStore) -> Vec<ScanId> {
    let numbered = SIGNATURES.iter().enumerate();
    numbered.map(|(number, signature)| enrol(store, number, &signature.to_bytes())).collect()
}

/// The sizes that make a cascade of fourteen references.
fn small() -> Cascade {
    Cascade { least_registered: 1, least_compared: 2, ..Cascade::default() }
}

struct Watcher {
    stages: Vec<(Stage, u64, u64)>,
    last: u64,
}

impl Observer for Watcher {
    fn progress(&mut self, advance: Advance, _best: &[casemark::search::Candidate]) {
        assert!(advance.done <= advance.total, "{advance:?}");
        self.last = advance.done;
        self.stages.push((advance.stage, advance.done, advance.total));
    }
}

fn search(
    references: &Snapshot,
    store: &dyn ReferenceStore,
    query: &Query<'_>,
    questioned: &[usize],
    observer: &mut dyn Observer,
) -> Result<Vec<SearchResult>, SearchError> {
    let (engine, indexer, cascade) = (engine(), indexer(), small());
    let questioned: Vec<Questioned> = questioned
        .iter()
        .map(|number| Questioned::new(&engine, &indexer, &SIGNATURES[*number]).unwrap())
        .collect();
    let search = Search {
        engine: &engine,
        indexer: Some(&indexer),
        cascade: &cascade,
        references,
        signatures: &Stored { store, extraction: extraction() },
        pool: None,
    };
    search.run_many(query, &questioned.iter().collect::<Vec<_>>(), observer)
}

fn query(filter: &Filter, top: usize, depth: Depth) -> Query<'_> {
    Query { filter, top, depth }
}

fn scans(result: &SearchResult) -> Vec<ScanId> {
    result.candidates.iter().map(|candidate| candidate.scan).collect()
}

#[test]
fn both_depths_find_the_mate_and_agree_to_the_byte_where_both_look() {
    let store = MemoryStore::new();
    let entered = fill(&store);
    let references = Gallery::of(&engine()).snapshot(&store).unwrap();
    let filter = Filter::default();
    let all: Vec<usize> = (0..14).collect();
    let ask = |depth, top| {
        let mut watcher = Watcher { stages: Vec::new(), last: 0 };
        let results =
            search(&references, &store, &query(&filter, top, depth), &all, &mut watcher).unwrap();
        (results, watcher.stages)
    };
    let (cascade, stages) = ask(Depth::Cascade, 2);
    let (exhaustive, _) = ask(Depth::Exhaustive, 14);
    for (number, (some, every)) in cascade.iter().zip(&exhaustive).enumerate() {
        assert_eq!(scans(every)[..2], scans(some)[..], "shot {number}");
        assert!([number, number ^ 1].iter().all(|of| scans(some).contains(&entered[*of])));
        for (one, other) in some.candidates.iter().zip(&every.candidates) {
            assert_eq!(one.comparison, other.comparison, "shot {number}");
        }
        let (some, every) = (&some.summary, &every.summary);
        let counts = (some.records_searched, some.records_registered, some.records_compared);
        assert_eq!(counts, (14, 8, 2));
        assert!(some.complete && !some.exhaustive && some.target_recall < 1.0, "{some:?}");
        let counts = (every.records_searched, every.records_registered, every.records_compared);
        assert_eq!(counts, (14, 14, 14));
        assert!(every.complete && every.exhaustive && every.target_recall > 0.9999, "{every:?}");
        assert_eq!(some.parameters_digest, every.parameters_digest);
    }
    let seen = |wanted| stages.iter().filter(move |(stage, ..)| *stage == wanted);
    assert_eq!(seen(Stage::Index).next_back().unwrap(), &(Stage::Index, 14, 14));
    let registered = (Stage::Registration, 8 * 14, 8 * 14);
    assert_eq!(seen(Stage::Registration).next_back().unwrap(), &registered);
    assert_eq!(seen(Stage::Comparison).next_back().unwrap(), &(Stage::Comparison, 28, 28));
}

#[test]
fn threads_and_company_change_nothing() {
    let store = MemoryStore::new();
    fill(&store);
    let references = Gallery::of(&engine()).snapshot(&store).unwrap();
    let filter = Filter { laboratory: Some("North".into()), ..Filter::default() };
    let ask = |questioned: &[usize]| {
        let query = query(&filter, 3, Depth::Cascade);
        search(&references, &store, &query, questioned, &mut |_: Advance| ()).unwrap()
    };
    let alone: Vec<SearchResult> = [3, 8].iter().flat_map(|number| ask(&[*number])).collect();
    for threads in [1, 3] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let together = pool.install(|| ask(&[3, 8]));
        for (one, other) in alone.iter().zip(&together) {
            assert_eq!(one.candidates, other.candidates, "{threads} threads");
            assert_eq!(one.summary, other.summary);
            assert_eq!(one.skipped.laboratory, 7);
        }
    }
}

#[test]
fn filters_count_what_they_leave_out_and_unknown_passes() {
    let store = MemoryStore::new();
    let entered = fill(&store);
    let gallery = Gallery::of(&engine());
    let references = gallery.snapshot(&store).unwrap();
    let chosen = |filter: &Filter| references.choose(filter, &|_| Ok(true)).unwrap();
    let calibre = Some("9MM luger".to_owned());
    for (unknown, records, left) in [(Unknown::Included, 8, 6), (Unknown::Excluded, 6, 8)] {
        let choice = chosen(&Filter { calibre: calibre.clone(), unknown, ..Filter::default() });
        assert_eq!((choice.records(), choice.skipped().calibre), (records, left));
    }
    let case_number = Some("case 2".to_owned());
    let choice = chosen(&Filter { case_number, entered_from: Some(at(10)), ..Filter::default() });
    let skipped = choice.skipped();
    assert_eq!((skipped.case_number, skipped.entered), (10, 2));
    assert_eq!(references.scans(&choice), entered[10..12]);
    // The store's own counts are the same.
    for filter in [
        Filter { laboratory: Some("South".into()), calibre, ..Filter::default() },
        Filter { entered_before: Some(at(3)), ..Filter::default() },
    ] {
        let choice = chosen(&filter);
        assert_eq!(choice.skipped(), store.skipped(&filter).unwrap());
        let listed: Vec<ScanId> = store.scans(&filter).map(Result::unwrap).collect();
        assert_eq!(references.scans(&choice), listed);
    }
    // Classes that are not admitted are as if they were not there.
    let only_north = references
        .choose(&Filter::default(), &|class| Ok(class.facets.laboratory == "North"))
        .unwrap();
    assert_eq!((only_north.records(), only_north.skipped()), (7, Default::default()));
}

#[test]
fn the_gallery_follows_the_store() {
    let store = MemoryStore::new();
    let gallery = Gallery::of(&engine());
    assert_eq!(records(&gallery.snapshot(&store).unwrap()), 0);
    let entered = fill(&store);
    let before = gallery.snapshot(&store).unwrap();
    assert_eq!(records(&before), 14);
    store.withdraw(Subject::Scan(entered[5]), "a mistake", at(20)).unwrap();
    let exhibit = store.view(entered[6]).unwrap().exhibit.id;
    store.withdraw(Subject::Exhibit(exhibit), "another", at(21)).unwrap();
    let exhibit = store.view(entered[7]).unwrap().exhibit.id;
    let moved = ExhibitMetadata {
        laboratory: "South".into(),
        country: Some("JM".parse().unwrap()),
        ..metadata(7)
    };
    store.revise_exhibit(exhibit, &moved, at(22)).unwrap();
    let sharing = Sharing { audience: Audience::Region, existence: Existence::Told };
    store.share(exhibit, Some(&sharing), at(23)).unwrap();
    let after = gallery.snapshot(&store).unwrap();
    assert_eq!((records(&before), records(&after)), (14, 12));
    let in_jamaica = Filter {
        country: Some("JM".parse().unwrap()),
        unknown: Unknown::Excluded,
        ..Filter::default()
    };
    let shared = after.choose(&in_jamaica, &|class| Ok(class.sharing == Some(sharing.clone())));
    assert_eq!(after.scans(&shared.unwrap()), [entered[7]]);
    // A signature made anew takes the place of the one before.
    let other = SIGNATURES[12].to_bytes();
    let blob = SignatureBlob {
        bytes: &other,
        engine_version: "0.2.0",
        extraction: extraction(),
        location: None,
    };
    store.add_signatures(&[(entered[0], blob)], at(24)).unwrap();
    let after = gallery.snapshot(&store).unwrap();
    assert_eq!(records(&after), 12);
    assert_eq!(scans_alike(&after, 12)[..2], [entered[0], entered[12]]);
}

fn records(references: &Snapshot) -> u64 {
    references.choose(&Filter::default(), &|_| Ok(true)).unwrap().records()
}

/// All references in the order of the index, for a shot.
fn alike(references: &Snapshot, number: usize) -> Vec<Alike> {
    let indexer = indexer();
    let question = indexer.question(&SIGNATURES[number]);
    let choice = references.choose(&Filter::default(), &|_| Ok(true)).unwrap();
    let next = || ControlFlow::Continue(());
    let pieces = 0..references.pieces();
    let sifted = references.sift(&indexer, &[&question], &choice, pieces, 100, &next);
    let sifted = sifted.unwrap().unwrap().remove(0);
    references.score(&indexer, &question, &sifted, 100, &next).unwrap().unwrap()
}

fn scans_alike(references: &Snapshot, number: usize) -> Vec<ScanId> {
    alike(references, number).iter().map(|alike| alike.scan).collect()
}

/// Opens the gallery in a store's folder: what that took, and what the index then says.
fn reopened(store: &DiskStore) -> (GalleryOpening, Vec<Alike>) {
    let gallery = Gallery::kept_in(store.path(), indexer(), &engine());
    let opening = gallery.open(store, &mut |_| ()).unwrap();
    (opening, alike(&gallery.snapshot(store).unwrap(), 3))
}

fn entries(store: &Path) -> std::path::PathBuf {
    store.join("gallery").join("entries")
}

#[test]
fn whatever_becomes_of_the_file_of_entries_costs_time_and_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let store = DiskStore::create_or_open(folder.path()).unwrap();
    let entered = fill(&store);
    let opening = |read, made, dropped| GalleryOpening { read, made, dropped, unindexed: 0 };
    let (first, expected) = reopened(&store);
    assert_eq!((first, expected.len()), (opening(0, 14, 0), 14));
    assert_eq!(reopened(&store), (opening(14, 0, 0), expected.clone()));
    let whole = fs::read(entries(folder.path())).unwrap();
    let row = (whole.len() - 80) / 14;
    assert_eq!(80 + 14 * row, whole.len());
    // Torn at the end, one byte of a row turned, another file, none.
    let mut turned = whole.clone();
    turned[80 + 2 * row + 100] ^= 1;
    let mut foreign = whole.clone();
    foreign[20] ^= 1;
    for (bytes, wanted) in [
        (&whole[..whole.len() - 7], opening(13, 1, 0)),
        (&turned, opening(13, 1, 1)),
        (&foreign, opening(0, 14, 0)),
        (&whole[..40], opening(0, 14, 0)),
        (&[], opening(0, 14, 0)),
    ] {
        fs::write(entries(folder.path()), bytes).unwrap();
        assert_eq!(reopened(&store), (wanted, expected.clone()));
        assert_eq!(reopened(&store).0.made, 0, "what was made was not kept");
    }
    fs::remove_dir_all(folder.path().join("gallery")).unwrap();
    assert_eq!(reopened(&store), (opening(0, 14, 0), expected.clone()));
    // A row twice, and one of a scan that has left.
    fs::write(entries(folder.path()), [&whole[..], &whole[80..80 + row]].concat()).unwrap();
    assert_eq!(reopened(&store), (opening(14, 0, 1), expected));
    store.withdraw(Subject::Scan(entered[4]), "a mistake", at(20)).unwrap();
    let (opening, found) = reopened(&store);
    assert_eq!((opening.read, opening.dropped, found.len()), (13, 2, 13));
    assert!(found.iter().all(|alike| alike.scan != entered[4]));
}

#[test]
fn rows_of_no_use_go_once_they_are_the_most_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = DiskStore::create_or_open(folder.path()).unwrap();
    fill(&store);
    let (_, expected) = reopened(&store);
    let whole = fs::read(entries(folder.path())).unwrap();
    let row = (whole.len() - 80) / 14;
    // Every row twice more, damaged the first time, and as many as a long life leaves.
    let mut damaged = whole[80..].to_vec();
    damaged.chunks_mut(row).for_each(|row| row[60] ^= 1);
    let useless = [&damaged[..], &whole[80..]].concat().repeat(40);
    fs::write(entries(folder.path()), [&whole[..80], &useless, &whole[80..]].concat()).unwrap();
    let (opening, found) = reopened(&store);
    assert_eq!((opening.read, opening.made, opening.dropped), (14, 0, 80 * 14));
    assert_eq!(found, expected);
    // In the order in which they lay.
    assert_eq!(fs::read(entries(folder.path())).unwrap(), whole);
    assert_eq!(fs::read_dir(folder.path().join("gallery")).unwrap().count(), 1);
    // What comes later is written to the new file.
    enrol(&store, 15, &SIGNATURES[5].to_bytes());
    assert_eq!(reopened(&store).0.made, 1);
    assert_eq!(fs::read(entries(folder.path())).unwrap().len(), whole.len() + row);
}

#[test]
fn who_comes_takes_the_place_of_who_has_left() {
    let store = MemoryStore::new();
    let gallery = Gallery::of(&engine());
    let mut entered = fill(&store);
    let before = gallery.snapshot(&store).unwrap();
    let mut bytes = Vec::new();
    for (number, signature) in SIGNATURES.iter().enumerate() {
        store.withdraw(Subject::Scan(entered[number]), "a mistake", at(20)).unwrap();
        gallery.snapshot(&store).unwrap();
        entered[number] = enrol(&store, 20 + number, &signature.to_bytes());
        let after = gallery.snapshot(&store).unwrap();
        assert_eq!((records(&after), scans_alike(&after, number)[0]), (14, entered[number]));
        bytes.push(gallery.bytes());
    }
    let after = gallery.snapshot(&store).unwrap();
    // Twice as many would have another group of sixteen.
    assert!(bytes.iter().all(|now| *now == bytes[0]), "{bytes:?}");
    // The same likeness, whoever it is now; and who holds on to how it was sees that.
    let likeness =
        |references| alike(references, 3).iter().map(|alike| alike.likeness).collect::<Vec<_>>();
    assert_eq!(likeness(&after), likeness(&before));
    assert!(scans_alike(&before, 3).iter().all(|scan| !entered.contains(scan)));
    // They are counted as what they are now.
    let filter = Filter { laboratory: Some("North".into()), ..Filter::default() };
    let choice = after.choose(&filter, &|_| Ok(true)).unwrap();
    assert_eq!((choice.records(), choice.skipped().laboratory), (7, 7));
    let filter = Filter { entered_from: Some(at(34)), ..filter };
    let choice = after.choose(&filter, &|_| Ok(true)).unwrap();
    assert_eq!((choice.records(), choice.skipped()), (0, store.skipped(&filter).unwrap()));
}

#[test]
fn verifying_finds_entries_that_differ_or_are_damaged_and_counts_those_that_lack() {
    let folder = tempfile::tempdir().unwrap();
    let store = DiskStore::create_or_open(folder.path()).unwrap();
    let entered = fill(&store);
    let gallery = Gallery::kept_in(folder.path(), indexer(), &engine());
    let verification = gallery.verify(&store, &mut |_| ()).unwrap();
    assert_eq!((verification.lacking, verification.findings.len()), (14, 0));
    gallery.open(&store, &mut |_| ()).unwrap();
    let verification = gallery.verify(&store, &mut |_| ()).unwrap();
    assert_eq!((verification.entries, verification.findings.len()), (14, 0));
    // The entry of another scan under a name that is right, as only a fault of ours could write it.
    fs::remove_file(entries(folder.path())).unwrap();
    let entry = |number: usize| indexer().entry(&SIGNATURES[number]);
    let digest = |number: usize| Digest::of(&SIGNATURES[number].to_bytes());
    let gallery = Gallery::kept_in(folder.path(), indexer(), &engine());
    let rows = (0..14).map(|number| {
        (entered[number], digest(number), entry(if number == 3 { 4 } else { number }))
    });
    gallery.write_down(&rows.collect::<Vec<_>>()).unwrap();
    let mut bytes = fs::read(entries(folder.path())).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(entries(folder.path()), bytes).unwrap();
    let verification = gallery.verify(&store, &mut |_| ()).unwrap();
    let wanted = [EntryFinding::Differs { scan: entered[3] }, EntryFinding::Damaged { rows: 1 }];
    assert_eq!((&verification.findings[..], verification.lacking), (&wanted[..], 1));
    let rebuilt = gallery.rebuild(&store, &mut |_| ()).unwrap();
    assert_eq!((rebuilt.made, rebuilt.read), (14, 0));
    assert!(gallery.verify(&store, &mut |_| ()).unwrap().findings.is_empty());
}

#[test]
fn what_cannot_be_compared_is_a_failure_at_every_depth() {
    let store = MemoryStore::new();
    let entered = fill(&store);
    let broken = enrol(&store, 20, b"no signature");
    let exhibit = ExhibitMetadata { laboratory: "East".into(), ..Default::default() };
    let bytes = SIGNATURES[0].to_bytes();
    let other = SignatureBlob {
        bytes: &bytes,
        engine_version: "0.1.0",
        extraction: Digest::of(b"other parameters"),
        location: None,
    };
    let enrolment = Enrolment {
        original: b"older",
        original_name: "older.x3p",
        mark: MarkKind::BreechFace,
        signature: other,
        correction: None,
        exhibit: ExhibitRef::New(&exhibit),
        entered: at(30),
    };
    let older = store.enrol(&enrolment).unwrap().scan;
    let references = Gallery::of(&engine()).snapshot(&store).unwrap();
    let filter = Filter::default();
    for depth in [Depth::Cascade, Depth::Exhaustive] {
        let query = query(&filter, 2, depth);
        let found = search(&references, &store, &query, &[3], &mut |_: Advance| ()).unwrap();
        let SearchResult { candidates, summary, failures, .. } = &found[0];
        assert_eq!((candidates[0].scan, candidates[1].scan), (entered[3], entered[2]));
        assert!(!summary.complete, "{depth:?}");
        assert_eq!((summary.records_searched, summary.records_failed), (14, 2), "{depth:?}");
        let [(one, Failure::Signature(_)), (two, Failure::NoSignature)] = &failures[..] else {
            panic!("{failures:?}");
        };
        assert_eq!((*one, *two), (broken, older));
    }
}

/// Stops at the n-th question whether to go on.
struct Impatient(std::sync::atomic::AtomicUsize);

impl Observer for Impatient {
    fn next(&self) -> ControlFlow<()> {
        let left = self.0.fetch_update(
            std::sync::atomic::Ordering::SeqCst,
            std::sync::atomic::Ordering::SeqCst,
            |left| left.checked_sub(1),
        );
        if left.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn progress(&mut self, _advance: Advance, _best: &[casemark::search::Candidate]) {}
}

#[test]
fn a_search_that_is_stopped_in_any_stage_has_no_result() {
    let store = MemoryStore::new();
    fill(&store);
    let references = Gallery::of(&engine()).snapshot(&store).unwrap();
    let filter = Filter::default();
    // Both passes of the one piece of the index, eight registrations, two comparisons.
    for questions in 0..12 {
        let mut observer = Impatient(questions.into());
        let query = query(&filter, 2, Depth::Cascade);
        let found = search(&references, &store, &query, &[3], &mut observer);
        assert!(matches!(found, Err(SearchError::Stopped { .. })), "after {questions}");
    }
    let query = query(&filter, 2, Depth::Cascade);
    assert!(search(&references, &store, &query, &[3], &mut Impatient(12.into())).is_ok());
}
