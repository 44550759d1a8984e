//! Is an examiner told what is wrong with a scan, by the rules of the configuration, here and at a server? Runs the real
//! binary in fresh folders.

use crate::program::{Program, testdata_text};
use crate::served::Served;
use serde_json::Value;

fn reference(name: &str) -> String {
    testdata_text(&format!("demo/references/{name}"))
}

/// Names and levels of what is said of the only scan of a run.
fn findings(lines: &[Value]) -> Vec<(String, String)> {
    assert_eq!(lines.len(), 1);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = lines[0]["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().map(|finding| (text(&finding["name"]), text(&finding["level"]))).collect()
}

fn pair(name: &str, level: &str) -> (String, String) {
    (name.to_owned(), level.to_owned())
}

/// A program with one scan in a store, and the same mark exported anew: turned, and at another spacing.
fn with_another_export() -> Program {
    let program = Program::new();
    let scan = reference("F0001-S01.x3p");
    program.run(&["enrol", "--store", "store", &scan]).exits(0);
    let turned = ["transform", &scan, "--rotate", "40", "--resample-um", "7", "--out", "again.x3p"];
    program.run(&turned).exits(0);
    program
}

#[test]
fn a_mark_that_is_in_the_store_already_is_told_of_and_another_of_its_firearm_is_not() {
    let program = with_another_export();
    let inspect = |file: &str| {
        let run = program.run(&["inspect", "--store", "store", "--json", file]).exits(0);
        findings(&[run.json()])
    };
    assert!(inspect("again.x3p").contains(&pair("near_duplicate", "warn")));
    let same = inspect(&reference("F0001-S01.x3p"));
    assert!(same.contains(&pair("duplicate", "note")), "{same:?}");
    assert!(!same.contains(&pair("near_duplicate", "warn")), "{same:?}");
    let other = inspect(&reference("F0001-S02.x3p"));
    assert!(other.iter().all(|(name, _)| !name.contains("duplicate")), "{other:?}");

    let enrol = ["enrol", "--store", "store", "--json"];
    let with = |more: &[&str]| program.run(&[&enrol[..], more].concat());
    let other = with(&[&reference("F0001-S02.x3p")]).exits(0).json_lines();
    assert!(findings(&other).iter().all(|(name, _)| !name.contains("duplicate")));
    let words = ["enrol", "--store", "store", "again.x3p"];
    program
        .run(&words)
        .exits(0)
        .complains("warning: again.x3p, breech_face: the mark is in the store already");
}

#[test]
fn a_mark_that_is_entered_together_with_itself_is_told_of() {
    let program = with_another_export();
    let [first, second] = ["F0001-S01.x3p", "F0001-S02.x3p"].map(reference);
    let words = |more: &[&str]| {
        let enrol = ["enrol", "--json", "--store"];
        program.run(&[&enrol[..], more, &[&first, "again.x3p", &second]].concat())
    };
    let told = |line: &Value| line["findings"].to_string().contains("near_duplicate");
    // In the order of their paths.
    let both = words(&["both"]).exits(0).json_lines();
    assert_eq!(both.iter().map(told).collect::<Vec<_>>(), [false, false, true], "{both:?}");
    assert!(both[2].to_string().contains("F0001-S01.x3p that is entered with it"), "{both:?}");

    program.write("strict.toml", b"[quality]\nrefuse = [\"near_duplicate\"]\n");
    let refused = words(&["strict", "--config", "strict.toml"]).exits(2);
    assert_eq!(refused.json_lines().len(), 2);
    refused.complains("again.x3p: not good enough: the mark is in the store");
    program.write("blind.toml", b"[quality]\nnear_duplicates = false\n");
    let blind = words(&["blind", "--config", "blind.toml"]).exits(0).json_lines();
    assert!(!blind.iter().any(told), "{blind:?}");
}

#[test]
fn a_head_slants_and_not_its_marks() {
    let program = Program::new();
    let simulate = ["simulate", "--heads", "--out", "sim", "--firearms", "1", "--shots", "1"];
    program.run(&[&simulate[..], &["--seed", "5", "--spacing-um", "8"]].concat()).exits(0);
    let head = "sim/F0001-S01.x3p";
    program.run(&["transform", head, "--tilt", "6", "--out", "tilted.x3p"]).exits(0);
    let slant = |file: &str, mark: &str| {
        let inspect = ["inspect", "--json", "--mark", mark, file];
        let report = program.run(&inspect).exits(0).json();
        let findings = report["findings"].as_array().unwrap();
        let tilt = findings.iter().find(|finding| finding["name"] == "tilt");
        tilt.map(|finding| finding["found"].as_f64().unwrap())
    };
    // By itself it slants by 3 degrees at most, and its marks by as much as it does.
    let marks = ["breech_face", "firing_pin"];
    assert_eq!(marks.map(|mark| slant(head, mark)), [None; 2]);
    let [face, pin] = marks.map(|mark| slant("tilted.x3p", mark).unwrap());
    assert!((3.0..9.0).contains(&face), "{face} deg");
    assert_eq!(face.to_bits(), pin.to_bits());
    // The picture of its parts, which lies beside it, is no scan.
    program.run(&["enrol", "--store", "store", "sim"]).exits(0);
}

#[test]
fn the_configuration_says_what_is_refused_and_what_is_worth_a_note() {
    let program = with_another_export();
    program.write("strict.toml", b"[quality]\nrefuse = [\"near_duplicate\"]\n");
    program.write("coarse.toml", b"[quality]\ngreatest_spacing_um = 2.0\nnote = [\"spacing\"]\n");
    program.write("blind.toml", b"[quality]\nnear_duplicates = false\n");
    program.write("wrong.toml", b"[quality]\nleast_measured_share = 90.0\n");
    let enrol = |config: &str| {
        program.run(&["enrol", "--store", "store", "--json", "--config", config, "again.x3p"])
    };
    let before = program.run(&["store", "stats", "--store", "store", "--json"]).exits(0).json();
    enrol("strict.toml").exits(2).complains("again.x3p: not good enough: the mark is in the store");
    enrol("wrong.toml").exits(2).complains("quality.least_measured is 90 1, wanted 0 to 1");
    let after = program.run(&["store", "stats", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(before["scans"], after["scans"]);

    let inspect = |config: &str| {
        let words = ["inspect", "--json", "--config", config, "again.x3p"];
        findings(&[program.run(&words).exits(0).json()])
    };
    assert!(inspect("coarse.toml").contains(&pair("spacing", "note")));
    assert!(!inspect("blind.toml").iter().any(|(name, _)| name == "spacing"));
    let blind = enrol("blind.toml").exits(0).json_lines();
    assert!(findings(&blind).iter().all(|(name, _)| name != "near_duplicate"));
}

#[test]
fn a_server_says_what_the_command_line_says() {
    let program = with_another_export();
    let copy = Program::new();
    for (path, bytes) in program.tree("store") {
        let name = path.strip_prefix(program.path("")).unwrap();
        copy.write(name.to_str().unwrap(), &bytes);
    }
    let here = program.run(&["enrol", "--store", "store", "--json", "again.x3p"]).exits(0);
    let served = Served::open(&copy, "store");
    let again = program.path("again.x3p");
    let words = ["enrol", "--server", &served.url, "--laboratory", "local", "--json"];
    let there = copy.run(&[&words[..], &[again.to_str().unwrap()]].concat()).exits(0);
    let (here, there) = (here.json_lines(), there.json_lines());
    assert_eq!(here[0]["findings"].as_array().map(Vec::len), Some(2), "{here:?}");
    let timeless = |line: &Value| line["findings"].clone();
    assert_eq!(timeless(&here[0]), timeless(&there[0]));
}
