//! Do several marks of a head lead to the exhibit of its firearm, here and at a server? Runs the real binary in fresh
//! folders, on simulated heads.

use crate::program::Program;
use crate::served::Served;
use casemark::format::{Metadata, x3p};
use casemark::simulate::Simulation;
use casemark::units::Length;
use serde_json::Value;

const MARKS: &str = "breech_face,firing_pin";

fn head(firearm: usize, shot: usize) -> Vec<u8> {
    let spacing = Length::from_micrometres(8.0);
    let simulation = Simulation { spacing, cropped: 0.0, ..Simulation::default() };
    let head = simulation.firearm(firearm).unwrap().head(shot);
    x3p::write(&head.surface, &Metadata::default()).unwrap()
}

/// A store with breech face and firing pin of some firearms' heads, and a questioned head of one of them.
fn with_store() -> Program {
    let program = Program::new();
    program.write("questioned.x3p", &head(3, 1));
    for firearm in [1, 3, 5] {
        program.write(&format!("heads/F{firearm}.x3p"), &head(firearm, 0));
    }
    for mark in MARKS.split(',') {
        let mut metadata = "file,laboratory,label,mark\n".to_owned();
        for firearm in [1, 3, 5] {
            metadata += &format!("F{firearm}.x3p,A,F{firearm},{mark}\n");
        }
        program.write("metadata.csv", metadata.as_bytes());
        let words = ["enrol", "--store", "store", "--metadata", "metadata.csv", "heads"];
        program.run(&words).exits(0);
    }
    program
}

/// Without what is another at every run.
fn places(report: &Value) -> Vec<(String, usize)> {
    let exhibits = report["exhibits"].as_array().unwrap().iter();
    let place = |exhibit: &Value| {
        let marks = exhibit["marks"].as_array().unwrap();
        (marks[0]["label"].as_str().unwrap().to_owned(), marks.len())
    };
    exhibits.map(place).collect()
}

#[test]
fn several_marks_of_a_head_lead_to_its_firearms_exhibit_and_a_server_says_the_same() {
    let program = with_store();
    let search = ["search", "--store", "store", "--mark", MARKS, "--json", "questioned.x3p"];
    let here = program.run(&search).exits(0).json();
    let found = places(&here);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], ("F3".to_owned(), 2), "{here}");
    assert!(here["exhibits"][0]["together"].as_str().unwrap().contains("no calibration"));
    let searched: Vec<&str> = here["searches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["mark"].as_str().unwrap())
        .collect();
    assert_eq!(searched, ["breech_face", "firing_pin"]);

    let served = Served::open(&program, "store");
    let server = ["search", "--server", &served.url, "--mark", MARKS, "--json", "questioned.x3p"];
    let there = program.run(&server).exits(0).json();
    assert_eq!(here, there);
    let table = program.run(&[&server[..5], &["questioned.x3p"]].concat()).exits(0).stdout();
    assert!(table.contains("The first: by the"), "{table}");

    // One mark of an upload, compared there as here.
    let file = program.path("heads/F3.x3p");
    let file = file.to_str().unwrap();
    let compare = ["compare", "--mark", "firing_pin", "--json", "questioned.x3p", file];
    let one = program.run(&compare).exits(0).json();
    let other = program.run(&[&compare[..], &["--server", &served.url]].concat()).exits(0).json();
    assert_eq!(one["cmc_count"], other["cmc_count"]);
    assert_eq!(one["parameters_digest"], other["parameters_digest"]);
    let face = ["compare", "--json", "--server", &served.url, "questioned.x3p", file];
    let face = program.run(&face).exits(0).json();
    assert_ne!(one["parameters_digest"], face["parameters_digest"]);
}

/// File, mark, outcome and exhibit of every line, exhibits by the order in which they come.
fn lines(lines: &[Value]) -> Vec<(String, String, String, Option<usize>)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let mut exhibits: Vec<String> = Vec::new();
    let line = |line: &Value| {
        let exhibit = line["exhibit_id"].as_str().map(|id| {
            exhibits.iter().position(|known| known == id).unwrap_or_else(|| {
                exhibits.push(id.to_owned());
                exhibits.len() - 1
            })
        });
        (text(line, "file"), text(line, "mark"), text(line, "outcome"), exhibit)
    };
    lines.iter().map(line).collect()
}

#[test]
fn a_head_is_entered_with_every_mark_that_it_shows_as_one_exhibit() {
    let program = Program::new();
    program.write("F1.x3p", &head(1, 0));
    program.write("F3.x3p", &head(3, 0));
    let every = "--mark=ejector,breech_face,firing_pin";
    let enrol = |place: [&str; 2], words: &[&str]| {
        let enrol = ["enrol", "--json", "--laboratory", "local", place[0], place[1]];
        program.run(&[&enrol[..], words].concat())
    };
    // The first had one of its marks before.
    let here = ["--store", "store"];
    enrol(here, &["F1.x3p"]).exits(0);
    let wanted = |first: &str, others: &str| {
        let line = |file: &str, mark: &str, outcome: &str, exhibit| {
            (file.to_owned(), mark.to_owned(), outcome.to_owned(), exhibit)
        };
        let mut wanted = vec![
            line("F1.x3p", "breech_face", first, Some(0)),
            line("F1.x3p", "firing_pin", others, Some(0)),
            line("F1.x3p", "ejector", others, Some(0)),
            line("F3.x3p", "breech_face", others, Some(1)),
            line("F3.x3p", "firing_pin", others, Some(1)),
            line("F3.x3p", "ejector", "not_in_view", None),
        ];
        wanted.sort();
        wanted
    };
    let told = |place: [&str; 2]| {
        let mut told = lines(&enrol(place, &[every, "F1.x3p", "F3.x3p"]).exits(0).json_lines());
        told.sort();
        told
    };
    assert_eq!(told(here), wanted("duplicate", "new"));
    assert_eq!(told(here), wanted("duplicate", "duplicate"));
    let search = ["search", "--store", "store", "--mark", MARKS, "--json", "F3.x3p"];
    let found = program.run(&search).exits(0).json();
    let of_each: Vec<usize> = found["exhibits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|exhibit| exhibit["marks"].as_array().unwrap().len())
        .collect();
    assert_eq!(of_each, [2, 2], "{found}");

    // What goes with one mark only is refused, and marks are named in the metadata too.
    let cropped = crate::program::testdata_text("demo/questioned/known-firearm.x3p");
    let refused = enrol(here, &[every, &cropped]).exits(2);
    assert_eq!(refused.stderr().matches("cropped to one mark").count(), 1);
    enrol(here, &[every, "--keep-circle", "0,0,1000", "F1.x3p"]).exits(2).complains("3 marks");
    program.write("M.csv", b"file,mark,label\nF3.x3p,firing_pin; breech_face,L\n");
    let named = enrol(["--store", "other"], &["--metadata", "M.csv", "F3.x3p"]).exits(0);
    assert_eq!(lines(&named.json_lines()).len(), 2);

    // At a server as here.
    let empty = Program::new();
    empty.run(&["enrol", "--store", "store", "--laboratory", "other", &cropped]).exits(0);
    let served = Served::open(&empty, "store");
    let there = ["--server", &served.url];
    assert_eq!(told(there), wanted("new", "new"));
}

#[test]
fn a_head_that_shows_none_of_the_marks_is_not_searched_for_in_vain() {
    let program = with_store();
    let simulation = Simulation { cropped: 0.0, sheared: 0.0, ..Simulation::default() };
    let head = simulation.firearm(3).unwrap().head(1).surface;
    program.write("questioned.x3p", &x3p::write(&head, &Metadata::default()).unwrap());
    let search = ["search", "--store", "store", "--mark", "ejector,aperture_shear"];
    let run = program.run(&[&search[..], &["questioned.x3p"]].concat());
    run.exits(2).complains("questioned.x3p: the questioned scan shows none of the marks");
}

#[test]
fn a_scan_that_is_cropped_to_one_mark_is_not_searched_by_several() {
    let program = with_store();
    let cropped = crate::program::testdata_text("demo/questioned/known-firearm.x3p");
    let search = ["search", "--store", "store", "--mark", MARKS, &cropped];
    program.run(&search).exits(2).complains("cropped to one mark, wanted a whole head");
    let served = Served::open(&program, "store");
    let search = ["search", "--server", &served.url, "--mark", MARKS, &cropped];
    program.run(&search).exits(2).complains("cropped to one mark, wanted a whole head");
}
