//! Does `casemark segment` find and cut out what it says? Runs the real binary in fresh folders.

use crate::head::{SPACING_UM, head};
use crate::program::{Program, testdata_text};
use casemark::format::{ReadOptions, read};
use casemark::surface::Region;

#[test]
fn a_breech_face_is_found_cut_out_and_drawn() {
    let program = Program::new();
    program.write("head.x3p", &head(1600.0));
    let words = ["segment", "head.x3p", "--out", "face.x3p", "--picture", "parts.png", "--json"];
    let report = program.run(&words).exits(0).json();
    assert_eq!(report["sure"], true);
    let radius = report["primer"]["radius_um"].as_f64().unwrap();
    // The shoulder has fallen by 60 um.
    assert!((radius - 1819.0).abs() < 20.0, "{radius}");
    let part = |name: &str| {
        let parts = report["regions"].as_array().unwrap().clone();
        let part = parts.into_iter().find(|part| part["region"] == name).unwrap();
        part["area_mm2"].as_f64().unwrap()
    };
    let ring =
        |inner: f64, outer: f64| std::f64::consts::PI * (outer * outer - inner * inner) / 1e6;
    assert!((part("breech_face") / ring(900.0, 1669.0) - 1.0).abs() < 0.05);
    assert!((part("firing_pin") / ring(0.0, 450.0) - 1.0).abs() < 0.1);

    let bytes = std::fs::read(program.path("face.x3p")).unwrap();
    let scan = read(&bytes, &ReadOptions::default()).unwrap();
    let samples = scan.surface.valid_count() as f64 * SPACING_UM * SPACING_UM / 1e6;
    assert!((samples - part("breech_face")).abs() < 1e-9, "{samples}");
    let comment = scan.metadata.comment.unwrap();
    assert!(comment.contains("breech_face found by segmentation"), "{comment}");
    assert!(comment.contains("head.x3p"), "{comment}");
    let picture = image::open(program.path("parts.png")).unwrap().into_rgb8();
    assert!(picture.width() > 1000);
    // The same parts on the whole head, for programs that show or correct them.
    program.run(&["segment", "head.x3p", "--regions", "labelled.x3p"]).exits(0);
    let bytes = std::fs::read(program.path("labelled.x3p")).unwrap();
    let scan = read(&bytes, &ReadOptions::default()).unwrap();
    let regions = scan.regions.unwrap();
    let face = regions.count(Region::BreechFace) as f64 * SPACING_UM * SPACING_UM / 1e6;
    assert!((face - part("breech_face")).abs() < 1e-9, "{face}");
    assert_eq!(scan.surface, read(&head(1600.0), &ReadOptions::default()).unwrap().surface);
    // What is compared of the head is what was cut out of it.
    let same = program.run(&["compare", "head.x3p", "face.x3p", "--json"]).exits(0).json();
    assert_eq!(same["cmc_fraction"], 1.0, "{same}");
    let inspected = program.run(&["inspect", "head.x3p", "--json"]).exits(0).json();
    assert_eq!(inspected["head_confidence"], report["confidence"]);
    // The same words give the same bytes, and people get a table.
    let words = ["segment", "head.x3p", "--out", "again.x3p", "--picture", "again.png"];
    let told = program.run(&words).exits(0);
    assert!(told.stdout().contains("breech_face written to again.x3p"), "{}", told.told());
    for (one, other) in [("face.x3p", "again.x3p"), ("parts.png", "again.png")] {
        let read = |name: &str| std::fs::read(program.path(name)).unwrap();
        assert_eq!(read(one), read(other), "{one}");
    }
}

#[test]
fn what_is_no_head_is_refused_by_name_and_nothing_is_written() {
    let program = Program::new();
    let cropped = testdata_text("demo/references/F0001-S01.x3p");
    program
        .run(&["segment", &cropped, "--out", "face.x3p"])
        .exits(2)
        .complains("F0001-S01.x3p")
        .complains("no primer is in view");
    assert!(!program.path("face.x3p").exists());
    program.write("head.x3p", &head(1600.0));
    program
        .run(&["segment", "head.x3p", "--region", "breech"])
        .exits(2)
        .complains("breech is no region: wanted headstamp");
    program.run(&["segment", "head.x3p", "--out", "head.x3p"]).exits(2);
    // No ejector is in view.
    program
        .run(&["segment", "head.x3p", "--region", "ejector", "--out", "none.x3p"])
        .exits(2)
        .complains("no ejector is in view");
    assert!(!program.path("none.x3p").exists());
}
