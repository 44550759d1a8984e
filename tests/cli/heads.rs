//! Does the record say how the mark of a whole head was found, and does a person's word hold? Runs the real binary in
//! fresh folders, on simulated heads whose true parts are known.

use crate::program::Program;
use crate::served::Served;
use casemark::format::{self, Limits, Metadata, ReadOptions, read_regions, x3p};
use casemark::simulate::Simulation;
use casemark::store::{
    CorrectionBlob, DiskStore, Enrolment, ExhibitMetadata, ExhibitRef, MarkKind,
    ReferenceStore as _, SignatureBlob,
};
use casemark::surface::{Region, Regions, Surface};
use casemark::transform::crop;
use casemark::units::Length;
use casemark::{Digest, VERSION};
use ndarray::s;
use serde_json::Value;
use std::fs;

/// A head and its true parts, of which this share of the width is in view.
fn head(firearm: usize, in_view: f64) -> (Surface, Regions) {
    let spacing = Length::from_micrometres(12.5);
    let simulation = Simulation { spacing, cropped: 0.0, ..Simulation::default() };
    let head = simulation.firearm(firearm).unwrap().head(0);
    let (rows, columns) = (head.surface.rows(), head.surface.columns());
    let width = (columns as f64 * in_view) as usize;
    let labels = head.truth.regions.labels().slice(s![.., ..width]).to_owned();
    (crop(&head.surface, 0, 0, width, rows).unwrap(), Regions::new(labels))
}

fn written(surface: &Surface) -> Vec<u8> {
    x3p::write(surface, &Metadata::default()).unwrap()
}

fn show(program: &Program, line: &Value) -> Value {
    let scan = line["scan_id"].as_str().unwrap();
    let shown = program.run(&["show", "--store", "store", scan, "--json"]).exits(0).json();
    shown["scans"][0]["mark_found"].clone()
}

fn enrol(program: &Program, words: &[&str]) -> Vec<Value> {
    let words = [&["enrol", "--store", "store", "--json", "--actor", "examiner"][..], words];
    program.run(&words.concat()).exits(0).json_lines()
}

/// The picture of the parts of a scan.
fn regions(program: &Program, line: &Value, more: &[&str]) -> Regions {
    let scan = line["scan_id"].as_str().unwrap();
    let words = ["show", "--store", "store", scan, "--regions", "parts.png"];
    program.run(&[&words[..], more].concat()).exits(0);
    read_regions(&fs::read(program.path("parts.png")).unwrap(), &Limits::default()).unwrap()
}

#[test]
fn the_record_of_a_head_says_what_the_engine_found() {
    let program = Program::new();
    let (surface, _) = head(0, 1.0);
    program.write("head.x3p", &written(&surface));
    let segmented = program
        .run(&["segment", "head.x3p", "--regions", "labelled.x3p", "--json"])
        .exits(0)
        .json();
    let line = &enrol(&program, &["head.x3p"])[0];
    assert_eq!((&line["outcome"], &line["confidence"]), (&"new".into(), &segmented["confidence"]));
    let found = show(&program, line);
    assert_eq!(found["holds"], "what the engine found");
    let location = &found["locations"][0];
    assert_eq!(location["confidence"], segmented["confidence"]);
    assert_eq!(location["in_view"], segmented["in_view"]);
    assert_eq!(location["segmentation"], segmented["segmentation_digest"]);
    assert_eq!(location["engine_version"], VERSION);
    let labelled = fs::read(program.path("labelled.x3p")).unwrap();
    let labelled = format::read(&labelled, &ReadOptions::default()).unwrap();
    assert_eq!(Some(regions(&program, line, &[])), labelled.regions);
    // The same as an X3P, for the programs that read such.
    let scan = line["scan_id"].as_str().unwrap();
    program.run(&["show", "--store", "store", scan, "--regions", "shown.x3p"]).exits(0);
    let shown = fs::read(program.path("shown.x3p")).unwrap();
    let shown = format::read(&shown, &ReadOptions::default()).unwrap();
    assert_eq!((shown.regions, shown.surface), (labelled.regions, labelled.surface));

    let told = program.run(&["enrol", "--store", "other", "head.x3p"]).exits(0).stdout();
    let confidence = segmented["confidence"].as_f64().unwrap();
    assert!(told.contains(&format!("confidence {confidence:.2}\n")), "{told}");
    program.run(&["store", "verify", "--store", "store"]).exits(0);
    let stats = program.run(&["store", "stats", "--store", "store", "--json"]).exits(0).json();
    assert_eq!((&stats["locations"], &stats["corrections"]), (&1.into(), &0.into()));
    assert!(stats["mask_bytes"].as_u64().unwrap() < 50_000, "{stats}");
}

#[test]
fn an_unsure_head_asks_for_a_person_whose_word_is_kept_beside_what_was_found() {
    let program = Program::new();
    let (surface, truth) = head(0, 0.42);
    program.write("part.x3p", &written(&surface));
    program.write("truth.png", &format::write_regions(&truth).unwrap());
    program
        .run(&["enrol", "--store", "store", "part.x3p"])
        .exits(2)
        .complains("parts are not sure: found a confidence of")
        .complains("--mask, --keep-circle, --drop-circle");
    assert!(!program.path("store").exists());

    let line = &enrol(&program, &["part.x3p", "--mask", "truth.png"])[0];
    assert_eq!(line["outcome"], "new");
    assert!(line["confidence"].as_f64().unwrap() < 0.5, "{line}");
    let how = line["correction"].as_str().unwrap();
    let sha256 = Digest::of(&fs::read(program.path("truth.png")).unwrap());
    assert_eq!(how, format!("truth.png, SHA-256 {sha256}"));
    let found = show(&program, line);
    assert_eq!(found["holds"], "a person's correction");
    assert_eq!(found["locations"][0]["confidence"], line["confidence"]);
    let correction = &found["corrections"][0];
    assert_eq!((&correction["by"], &correction["how"]), (&"local:examiner".into(), &how.into()));
    assert_eq!(regions(&program, line, &[]), truth);
    assert_ne!(regions(&program, line, &["--automatic"]), truth);
    // What is compared is what the person marked, as when the scan had been masked by hand.
    let mark = truth.mask(Region::BreechFace);
    let masked = casemark::transform::mask(&surface, &mark).unwrap();
    program.write("masked.x3p", &written(&masked));
    let scan = format!("scan:{}", line["scan_id"].as_str().unwrap());
    let words = ["compare", &scan, "masked.x3p", "--store", "store", "--json"];
    let same = program.run(&words).exits(0).json();
    assert_eq!(same["cmc_fraction"], 1.0, "{same}");

    let words = ["compare", "part.x3p", "masked.x3p", "--json", "--mask", "truth.png"];
    assert_eq!(program.run(&words).exits(0).json()["cmc_fraction"], 1.0);
    let words = ["compare", &scan, "masked.x3p", "--store", "store", "--mask", "truth.png"];
    program.run(&words).exits(2).complains("keeps where its mark is");

    // A later word holds; the one before and what the engine found stay. The masked copy is a mask, too.
    let again = &enrol(&program, &["part.x3p", "--mask", "truth.png"])[0];
    assert_eq!((&again["outcome"], &again["scan_id"]), (&"duplicate".into(), &line["scan_id"]));
    let words = ["part.x3p", "--mask", "masked.x3p", "--drop-circle", "0,-900,300"];
    let later = &enrol(&program, &words)[0];
    assert_eq!((&later["outcome"], &later["scan_id"]), (&"corrected".into(), &line["scan_id"]));
    let found = show(&program, line);
    assert_eq!(found["corrections"].as_array().unwrap().len(), 2);
    let how = found["corrections"][1]["how"].as_str().unwrap();
    assert!(how.starts_with("masked.x3p, SHA-256 "), "{how}");
    assert!(how.ends_with("; drop-circle 0,-900,300"), "{how}");
    assert_eq!(found["locations"].as_array().unwrap().len(), 1);
    let held = regions(&program, line, &[]);
    assert!(held.count(Region::BreechFace) < truth.count(Region::BreechFace));
    assert_eq!(held.count(Region::FiringPin), 0);
    program.run(&["store", "verify", "--store", "store"]).exits(0);

    // A server tells all of it.
    let scan = line["scan_id"].as_str().unwrap();
    let here = ["parts.png", "found.png", "whole.x3p"].map(|name| program.path(name));
    let shows = [vec!["parts.png"], vec!["found.png", "--automatic"], vec!["whole.x3p"]];
    for words in &shows {
        let fixed = ["show", "--store", "store", scan, "--regions"];
        program.run(&[&fixed[..], words].concat()).exits(0);
    }
    let here = here.map(|path| fs::read(path).unwrap());
    let served = Served::open(&program, "store");
    let told = program.run(&["show", "--server", &served.url, scan, "--json"]).exits(0).json();
    assert_eq!(told["scans"][0]["mark_found"], found);
    for (words, here) in shows.iter().zip(&here) {
        let fixed = ["show", "--server", &served.url, scan, "--regions"];
        program.run(&[&fixed[..], words].concat()).exits(0);
        assert!(fs::read(program.path(words[0])).unwrap() == *here, "{words:?}");
    }
    drop(served);

    let other = format::write_regions(&head(0, 0.4).1).unwrap();
    program.write("other.png", &other);
    let words = ["enrol", "--store", "store", "part.x3p", "--mask", "other.png"];
    program.run(&words).exits(2).complains("other.png: the mask has");
    let words = ["enrol", "--store", "store", "part.x3p", "--keep-circle", "9000,9000,10"];
    program.run(&words).exits(2).complains("part.x3p: no measured sample would be left");
}

#[test]
fn a_table_names_the_masks_of_many() {
    let program = Program::new();
    let mut rows = "file,label,mask\n".to_owned();
    for firearm in 0..2 {
        let (surface, truth) = head(firearm, 0.42);
        let keep = truth.mask(Region::BreechFace);
        let grey = image::GrayImage::from_fn(keep.ncols() as u32, keep.nrows() as u32, |x, y| {
            image::Luma([if keep[[y as usize, x as usize]] { 255 } else { 0 }])
        });
        program.write(&format!("scans/{firearm}.x3p"), &written(&surface));
        // Beside the scans: it is none.
        grey.save(program.path(&format!("scans/{firearm}-mask.png"))).unwrap();
        rows += &format!("{firearm}.x3p,HS-{firearm},{firearm}-mask.png\n");
    }
    program.write("scans/metadata.csv", rows.as_bytes());
    let lines = enrol(&program, &["scans", "--metadata", "scans/metadata.csv"]);
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (firearm, line) in lines.iter().enumerate() {
        let how = line["correction"].as_str().unwrap();
        assert!(how.starts_with(&format!("{firearm}-mask.png, SHA-256 ")), "{how}");
        assert_eq!(show(&program, line)["holds"], "a person's correction");
    }
    program
        .run(&["enrol", "--store", "store", "scans", "--keep-circle", "0,0,1500"])
        .exits(2)
        .complains("where the mark of one scan is, found 4");
}

#[test]
fn an_upgrade_goes_by_what_the_person_said() {
    let program = Program::new();
    let (surface, truth) = head(0, 0.42);
    let original = written(&surface);
    let scan = {
        let store = DiskStore::create_or_open(&program.path("store")).unwrap();
        let picture = format::write_regions(&truth).unwrap();
        let exhibit = ExhibitMetadata { laboratory: "Example".into(), ..Default::default() };
        let how = "truth.png";
        let correction = Some(CorrectionBlob { regions: &picture, by: "local:examiner", how });
        let signature = SignatureBlob {
            bytes: b"of an engine that is long gone",
            engine_version: "0.0.1",
            extraction: Digest::of(b"its parameters"),
            location: None,
        };
        let enrolment = Enrolment {
            original: &original,
            original_name: "part.x3p",
            mark: MarkKind::BreechFace,
            signature,
            correction,
            exhibit: ExhibitRef::New(&exhibit),
            entered: "2026-03-01T10:00:00Z".parse().unwrap(),
        };
        store.enrol(&enrolment).unwrap().scan.to_string()
    };
    program.run(&["store", "upgrade", "--store", "store"]).exits(0);
    let line = serde_json::json!({ "scan_id": scan });
    let found = show(&program, &line);
    assert_eq!(found["holds"], "a person's correction");
    // What this engine finds is added.
    assert!(found["locations"][0]["confidence"].as_f64().unwrap() < 0.5, "{found}");
    let masked = casemark::transform::mask(&surface, &truth.mask(Region::BreechFace)).unwrap();
    program.write("masked.x3p", &written(&masked));
    let (scan, store) = (format!("scan:{scan}"), "store");
    let words = ["compare", &scan, "masked.x3p", "--store", store, "--json"];
    assert_eq!(program.run(&words).exits(0).json()["cmc_fraction"], 1.0);
}
