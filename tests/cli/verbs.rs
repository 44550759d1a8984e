//! Does the program do what its help and the README say? Runs the real binary in fresh folders.

use crate::program::{Program, testdata_text};
use serde_json::Value;

const FIGURES: [&str; 9] = [
    "cmc_count",
    "cells",
    "cmc_fraction",
    "ncc",
    "theta_deg",
    "dx_um",
    "dy_um",
    "engine_version",
    "parameters_digest",
];

fn questioned() -> String {
    testdata_text("demo/questioned/known-firearm.x3p")
}

fn references() -> String {
    testdata_text("demo/references")
}

/// A program with a store of the demonstration's ten references.
fn with_store() -> (Program, Vec<Value>) {
    let program = Program::new();
    let metadata = testdata_text("demo/metadata.csv");
    let words = ["enrol", "--store", "store", "--json", "--metadata", &metadata, &references()];
    let lines = program.run(&words).exits(0).json_lines();
    assert_eq!(lines.len(), 10);
    (program, lines)
}

#[test]
fn the_demonstration_ranks_the_mates_of_the_known_firearm_first() {
    let program = Program::new();
    let run = program.run(&["demo", "--testdata", &testdata_text("demo")]).exits(0);
    let text = run.stdout();
    let table = text.split("known-firearm.x3p").nth(1).unwrap();
    let ranked: Vec<&str> = table.lines().filter(|line| line.contains(".x3p")).take(2).collect();
    assert_eq!(ranked.len(), 2, "{}", run.told());
    assert!(ranked.iter().all(|line| line.contains("F0003-S0")), "{}", run.told());
}

#[test]
fn a_comparison_as_json_has_figures_provenance_and_every_cell() {
    let program = Program::new();
    let reference = testdata_text("demo/references/F0003-S01.x3p");
    let json = program.run(&["compare", &questioned(), &reference, "--json"]).exits(0).json();
    for figure in FIGURES {
        assert!(!json[figure].is_null(), "no {figure} in {json:#}");
    }
    let fraction = json["cmc_fraction"].as_f64().unwrap();
    let (count, cells) = (json["cmc_count"].as_f64().unwrap(), json["cells"].as_f64().unwrap());
    assert!((fraction - count / cells).abs() < 1e-12, "{fraction} is not {count} of {cells}");
    assert!(fraction > 0.6, "{json:#}");
    let compared: usize = json["directions"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|direction| direction["cell_results"].as_array().unwrap())
        .filter(|cell| cell["verdict"] != "not_compared")
        .count();
    assert_eq!(compared, json["cells"].as_u64().unwrap() as usize);
}

#[test]
fn a_batch_compares_every_unordered_pair_once_in_the_order_of_names() {
    let program = Program::new();
    program.run(&["batch", "--out", "scores.csv", &references()]).exits(0);
    let text = std::fs::read_to_string(program.path("scores.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some(
            "questioned,reference,cmc_count,cells,cmc_fraction,ncc,theta_deg,dx_um,dy_um,\
             engine_version,parameters_digest,questioned_sha256,reference_sha256"
        )
    );
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 45);
    let pairs: Vec<(&str, &str)> = rows.iter().map(|row| (row[0], row[1])).collect();
    assert!(pairs.is_sorted(), "{pairs:?}");
    let firearm = |path: &str| path.rsplit('/').next().unwrap()[..5].to_owned();
    let score = |row: &Vec<&str>| row[4].parse::<f64>().unwrap();
    let (same, other): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| firearm(row[0]) == firearm(row[1]));
    assert_eq!(same.len(), 5);
    let worst = same.iter().map(|row| score(row)).fold(f64::INFINITY, f64::min);
    let best = other.iter().map(|row| score(row)).fold(0.0, f64::max);
    assert!(worst > best + 0.3, "same firearm from {worst}, other firearms to {best}");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let (program, _) = with_store();
    let outputs: Vec<_> = ["1", "3"]
        .iter()
        .map(|threads| {
            let run = |words: &[&str]| {
                let output =
                    program.command(words).env("RAYON_NUM_THREADS", threads).output().unwrap();
                assert!(output.status.success(), "{output:?}");
                output.stdout
            };
            run(&["batch", "--out", "scores.csv", &references()]);
            let scores = std::fs::read(program.path("scores.csv")).unwrap();
            let search = run(&["search", "--store", "store", &questioned(), "--json"]);
            let reference = testdata_text("demo/references/F0001-S01.x3p");
            (scores, search, run(&["compare", &questioned(), &reference, "--json"]))
        })
        .collect();
    assert!(outputs[0].0.len() > 1000 && outputs[0].1.len() > 1000);
    assert!(outputs.iter().all(|output| *output == outputs[0]), "the outputs differ");
}

#[test]
fn listed_pairs_are_compared_in_their_order() {
    let program = Program::new();
    program.write(
        "pairs.csv",
        b"questioned,reference\nF0002-S01.x3p,F0001-S02.x3p\nF0001-S01.x3p,F0001-S02.x3p\n",
    );
    let words = ["batch", "--pairs", "pairs.csv", "--out", "scores.csv", &references()];
    program.run(&words).exits(0);
    let text = std::fs::read_to_string(program.path("scores.csv")).unwrap();
    let names: Vec<String> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').take(2).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(names, ["F0002-S01.x3p,F0001-S02.x3p", "F0001-S01.x3p,F0001-S02.x3p"]);

    program.write("unknown.csv", b"questioned,reference\nF0002-S01.x3p,nothing.x3p\n");
    let words = ["batch", "--pairs", "unknown.csv", "--out", "none.csv", &references()];
    program.run(&words).exits(2).complains("unknown.csv, row 2: no scan is called nothing.x3p");
    assert!(!program.path("none.csv").exists());
}

#[test]
fn a_batch_with_a_bad_scan_writes_nothing_unless_told_to_go_on() {
    let program = Program::new();
    program.write("bad.x3p", b"not a scan");
    let reference = testdata_text("demo/references/F0001-S01.x3p");
    let words = ["batch", "--out", "scores.csv", "bad.x3p", &reference, &questioned()];
    program.run(&words).exits(2).complains("bad.x3p");
    assert!(!program.path("scores.csv").exists());
    let words =
        ["batch", "--keep-going", "--out", "scores.csv", "bad.x3p", &reference, &questioned()];
    program.run(&words).exits(2).complains("bad.x3p");
    let text = std::fs::read_to_string(program.path("scores.csv")).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn a_search_ranks_the_mates_first_and_says_what_was_searched() {
    let (program, lines) = with_store();
    let json =
        program.run(&["search", "--store", "store", &questioned(), "--json"]).exits(0).json();
    let candidates = json["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 10);
    let names: Vec<&str> =
        candidates.iter().map(|c| c["original_file_name"].as_str().unwrap()).collect();
    assert!(names[..2].iter().all(|name| name.starts_with("F0003")), "{names:?}");
    for (index, candidate) in candidates.iter().enumerate() {
        assert_eq!(candidate["rank"].as_u64(), Some(index as u64 + 1));
        for figure in FIGURES {
            assert!(!candidate[figure].is_null(), "no {figure}");
        }
    }
    let enrolled =
        lines.iter().find(|line| line["file"].as_str().unwrap().ends_with(names[0])).unwrap();
    assert_eq!(candidates[0]["exhibit_id"], enrolled["exhibit_id"]);
    assert_eq!(json["summary"]["records_searched"], 10);
    assert_eq!(json["summary"]["complete"], true);

    let words = ["search", "--store", "store", &questioned(), "--top", "3", "--json"];
    assert_eq!(program.run(&words).exits(0).json()["candidates"].as_array().unwrap().len(), 3);
}

#[test]
fn a_search_for_several_scans_is_a_list_and_full_depth_gives_the_same_candidates() {
    let (program, _) = with_store();
    let folder = testdata_text("demo/questioned");
    let list = program.run(&["search", "--store", "store", &folder, "--json"]).exits(0).json();
    let list = list.as_array().unwrap();
    assert!(list.len() > 1, "{} searches", list.len());
    for found in list {
        let scan = found["questioned"].as_str().unwrap();
        let words = ["search", "--store", "store", "--exhaustive", scan, "--json"];
        let alone = program.run(&words).exits(0).json();
        assert_eq!(alone["candidates"], found["candidates"], "{scan}");
        assert_eq!(alone["summary"]["exhaustive"], true);
    }
    // One that cannot be read is named, and the others are searched for.
    std::fs::write(program.path("bad.x3p"), "no scan").unwrap();
    let words = ["search", "--store", "store", &folder, "bad.x3p", "--json"];
    let run = program.run(&words).exits(2).complains("bad.x3p");
    assert_eq!(run.json().as_array().unwrap().len(), list.len());
    let words = ["search", "--store", "store", "--recall", "1.5", &questioned()];
    program.run(&words).exits(2).complains("--recall").complains("1.5");
}

#[test]
fn the_index_is_verified_and_made_anew() {
    let (program, _) = with_store();
    program.run(&["store", "verify", "--store", "store"]).exits(0);
    let entries = program.path("store/gallery/entries");
    let mut bytes = std::fs::read(&entries).unwrap();
    assert!(bytes.len() > 10 * 2000, "enrolling did not write the entries down");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&entries, bytes).unwrap();
    program.run(&["store", "verify", "--store", "store"]).exits(2).complains("not sound");
    let rebuilt = program.run(&["store", "rebuild", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(rebuilt["entries"], 10);
    program.run(&["store", "verify", "--store", "store"]).exits(0);
}

#[test]
fn a_benchmark_of_searching_finds_every_mate_and_says_what_it_measured() {
    let program = Program::new();
    // As few as go through all the stages.
    let words = ["bench", "search", "--decoys", "190", "--questions", "1", "--exhaustive", "1"];
    let more = ["--batch", "2", "--harm", "none", "--store", "kept", "--json"];
    let report = program.run(&[&words[..], &more].concat());
    let report = report.exits(0).json();
    assert_eq!(report["records"], 214, "{report:#}");
    for share in ["recall_at_1", "recall_at_10", "recall_at_50"] {
        assert_eq!(report[share], 1.0, "{share}");
    }
    for number in [
        "build_per_second",
        "disk_bytes_per_reference",
        "memory_bytes_per_reference",
        "search_seconds",
    ] {
        assert!(report[number].as_f64().unwrap() > 0.0, "{number}");
    }
    let stages = report["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 3);
    assert!(stages.iter().all(|stage| stage["seconds"].as_f64().unwrap() > 0.0), "{stages:#?}");
    let full = &report["exhaustive"];
    assert_eq!(full["same"], full["compared"]);
    assert!(full["compared"].as_u64().unwrap() > 0);
    assert!(report["impostor_test"]["simulated"]["p_value"].as_f64().unwrap() > 0.0);
    assert!(program.path("kept/gallery/entries").is_file());
}

#[test]
fn filters_narrow_a_search_and_an_unknown_value_passes() {
    let (program, _) = with_store();
    let searched = |more: &[&str], code| {
        let question = questioned();
        let words: Vec<&str> = ["search", "--store", "store", &question, "--json"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        program.run(&words).exits(code).json()["summary"]["records_searched"].as_u64().unwrap()
    };
    // Six of 9 mm, two of .40, two unknown.
    assert_eq!(searched(&["--calibre", "9mm luger"], 0), 8);
    assert_eq!(searched(&["--calibre", "9mm luger", "--exclude-unknown"], 0), 6);
    assert_eq!(searched(&["--country", "TT"], 0), 1);
    assert_eq!(searched(&["--mark", "firing_pin"], 1), 0);
    program
        .run(&["search", "--store", "store", &questioned(), "--country", "XX"])
        .exits(2)
        .complains("XX");
}

#[test]
fn a_scan_that_is_already_there_is_recognised() {
    let (program, lines) = with_store();
    let scan = testdata_text("demo/references/F0001-S01.x3p");
    let enrol = ["enrol", "--store", "store", "--json", &scan, "--laboratory"];
    let again = |laboratory| {
        program.run(&[&enrol[..], &[laboratory]].concat()).exits(0).json_lines().remove(0)
    };
    let own = again("Forensic Sciences Centre");
    assert_eq!(own["outcome"], "duplicate");
    assert_eq!(own["scan_id"], lines[0]["scan_id"]);
    // Another laboratory's is its own.
    assert_eq!(again("Other")["outcome"], "new");
}

#[test]
fn a_record_is_shown_by_the_beginning_of_its_identifier() {
    let (program, lines) = with_store();
    let scan = lines[0]["scan_id"].as_str().unwrap();
    let exhibit = lines[0]["exhibit_id"].as_str().unwrap();
    let json = program.run(&["show", "--store", "store", exhibit, "--json"]).exits(0).json();
    assert_eq!(json["exhibit"]["country"], "BB", "{json:#}");
    assert_eq!(json["scans"][0]["scan"]["original_name"], "F0001-S01.x3p");
    let words = ["show", "--store", "store", scan, "--original", "copy.x3p"];
    let text = program.run(&words).exits(0).stdout();
    assert!(text.contains("F0001-S01.x3p"), "{text}");
    let original = std::fs::read(testdata_text("demo/references/F0001-S01.x3p")).unwrap();
    assert!(std::fs::read(program.path("copy.x3p")).unwrap() == original, "the original changed");
    program.run(&["show", "--store", "store", "ffffffff"]).exits(2).complains("ffffffff");
}

#[test]
fn what_is_withdrawn_is_in_no_search_and_a_purge_gives_its_space_back() {
    let (program, lines) = with_store();
    let exhibit = lines[4]["exhibit_id"].as_str().unwrap();
    let words = ["withdraw", "--store", "store", exhibit, "--reason", "entered in error"];
    program.run(&words).exits(0);
    let json =
        program.run(&["search", "--store", "store", &questioned(), "--json"]).exits(0).json();
    assert_eq!(json["summary"]["records_searched"], 9);
    let purged = program.run(&["store", "purge", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(purged["originals"], 1);
    assert!(purged["bytes"].as_u64().unwrap() > 100_000);
    program.run(&["store", "verify", "--store", "store"]).exits(0);
}

#[test]
fn a_store_is_rebuilt_merged_verified_and_counted() {
    let (program, _) = with_store();
    let before = program.run(&["store", "stats", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(before["scans"], 10);
    std::fs::remove_dir_all(program.path("store/index")).unwrap();
    program.run(&["store", "rebuild", "--store", "store"]).exits(0);
    let after = program.run(&["store", "stats", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(before, after);
    program.run(&["enrol", "--store", "other", &questioned()]).exits(0);
    program.run(&["store", "merge", "--store", "store", "--from", "other"]).exits(0);
    let merged = program.run(&["store", "stats", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(merged["scans"], 11);
    let sound = program.run(&["store", "verify", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(sound["sound"], true);
}

#[test]
fn a_damaged_signature_fails_the_search_and_the_verification() {
    let (program, _) = with_store();
    let victim = program.tree("store/objects/signatures").remove(3).0;
    let mut bytes = std::fs::read(&victim).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&victim, bytes).unwrap();
    let name = victim.file_name().unwrap().to_str().unwrap().to_owned();
    program.run(&["search", "--store", "store", &questioned()]).exits(2).complains(&name);
    let run = program.run(&["store", "verify", "--store", "store"]).exits(2);
    assert!(run.stdout().contains(&name), "{}", run.told());
}

#[test]
fn a_second_process_gets_a_clear_error() {
    let (program, _) = with_store();
    let held = casemark::store::DiskStore::open(&program.path("store")).unwrap();
    program.run(&["store", "stats", "--store", "store"]).exits(2).complains("store");
    drop(held);
    program.run(&["store", "stats", "--store", "store"]).exits(0);
}

#[test]
fn what_is_not_there_is_named() {
    let program = Program::new();
    let question = questioned();
    program.run(&["search", "--store", "none", &question]).exits(2).complains("none");
    assert!(!program.path("none").exists(), "a search made a store");
    program.run(&["compare", "none.x3p", &question]).exits(2).complains("none.x3p");
    program.run(&["batch", "--out", "s.csv", "none"]).exits(2).complains("none");
    std::fs::create_dir(program.path("empty")).unwrap();
    program.run(&["batch", "--out", "s.csv", "empty"]).exits(2).complains("empty: no scans");
    program.run(&["demo"]).exits(2).complains("testdata/demo");
}

#[test]
fn metadata_at_fault_is_refused_before_anything_is_written() {
    let program = Program::new();
    let references = references();
    let cases = [
        ("file,country\nF0001-S01.x3p,Barbados\n", "Barbados"),
        ("file,colour\nF0001-S01.x3p,red\n", "colour"),
        ("file\nF9999.x3p\n", "F9999.x3p"),
        ("file\nF0001-S01.x3p\nF0001-S01.x3p\n", "named twice"),
        ("file,incident\nF0001-S01.x3p,yesterday\n", "incident"),
    ];
    for (text, expected) in cases {
        program.write("metadata.csv", text.as_bytes());
        program
            .run(&["enrol", "--store", "store", "--metadata", "metadata.csv", &references])
            .exits(2)
            .complains("metadata.csv, row")
            .complains(expected);
        assert!(!program.path("store").exists(), "{expected}");
    }
}

#[test]
fn of_scans_entered_together_only_the_refused_one_is_left_out() {
    let program = Program::new();
    let rows = "file,laboratory,case_number,label,country\n\
        F0001-S01.x3p,A,1,X,BB\nF0001-S02.x3p,A,1,X,JM\nF0002-S01.x3p,A,1,Y,JM\n";
    program.write("metadata.csv", rows.as_bytes());
    let words = ["enrol", "--store", "store", "--metadata", "metadata.csv", &references()];
    program.run(&words).exits(2).complains("F0001-S02.x3p").complains("another country");
    let stats = program.run(&["store", "stats", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(stats["scans"], 9);
}

#[test]
fn an_inspection_says_what_is_in_a_scan() {
    let program = Program::new();
    let json = program.run(&["inspect", &questioned(), "--json"]).exits(0).json();
    assert_eq!(json["file_format"], "x3p");
    assert_eq!(json["metrological"], true);
    assert_eq!(json["spacing_x_um"], 12.5);
    assert!(json["signature_bytes"].as_u64().unwrap() < 150_000);
    let text = program.run(&["inspect", &questioned()]).exits(0).stdout();
    assert!(text.contains("casemark simulate"), "{text}");
}

#[test]
fn simulated_scans_are_the_same_for_the_same_seed() {
    let program = Program::new();
    let simulate = |out: &str, seed: &str| {
        let words = ["simulate", "--out", out, "--firearms", "2", "--shots", "1", "--seed", seed];
        program.run(&words).exits(0);
        std::fs::read(program.path(out).join("F0002-S01.x3p")).unwrap()
    };
    let first = simulate("one", "3");
    assert!(first == simulate("two", "3"), "the same seed gave other bytes");
    assert!(first != simulate("three", "4"), "another seed gave the same bytes");
    let labels = std::fs::read_to_string(program.path("one/labels.csv")).unwrap();
    assert_eq!(labels, "file,source\nF0001-S01.x3p,F0001\nF0002-S01.x3p,F0002\n");
}

#[test]
fn simulated_heads_come_with_their_true_parts() {
    let program = Program::new();
    let words = ["simulate", "--heads", "--out", "heads", "--spacing-um", "12.5", "--seed", "3"];
    program.run(&[&words[..], &["--firearms", "1", "--shots", "1"]].concat()).exits(0);
    let truth = std::fs::read_to_string(program.path("heads/truth.csv")).unwrap();
    let line = truth.lines().nth(1).unwrap();
    assert!(line.starts_with("F0001-S01.x3p,") && line.ends_with("F0001-S01.parts.png"), "{truth}");
    // Which a person may give in place of what the engine finds.
    let words = ["enrol", "--store", "store", "heads/F0001-S01.x3p", "--json"];
    let mask = ["--mask", "heads/F0001-S01.parts.png"];
    let enrolled = program.run(&[&words[..], &mask].concat()).exits(0).stdout();
    let line: serde_json::Value = serde_json::from_str(enrolled.lines().next().unwrap()).unwrap();
    assert!(line["confidence"].is_number(), "the engine found them too: {line}");
    assert!(line["correction"].as_str().unwrap().contains("F0001-S01.parts.png"), "{line}");
}

#[test]
fn parameters_are_listed_with_the_digest_that_results_carry() {
    let program = Program::new();
    let list = program.run(&["parameters", "--json"]).exits(0).json();
    let reference = testdata_text("demo/references/F0001-S01.x3p");
    let json = program.run(&["compare", &questioned(), &reference, "--json"]).exits(0).json();
    assert_eq!(list["parameters_digest"], json["parameters_digest"]);
    for entry in list["parameters"].as_array().unwrap() {
        assert!(!entry["source"].as_str().unwrap().is_empty(), "{entry:#}");
    }
}

#[test]
fn portable_arithmetic_gives_the_same_verdicts_here() {
    let program = Program::new();
    let reference = testdata_text("demo/references/F0003-S01.x3p");
    let question = questioned();
    let words = ["compare", &question, &reference, "--json"];
    let usual = program.run(&words).exits(0).json();
    let words = ["compare", &question, &reference, "--json", "--portable"];
    let portable = program.run(&words).exits(0).json();
    assert_eq!(usual["cmc_count"], portable["cmc_count"]);
    assert_eq!(usual["cells"], portable["cells"]);
}

#[test]
fn a_scan_whose_frame_was_cropped_off_centre_is_still_found() {
    let program = Program::new();
    let json = program.run(&["inspect", &questioned(), "--json"]).exits(0).json();
    let side = |key: &str| json[key].as_u64().unwrap();
    let half = side("columns") / 2;
    let window = format!("0,0,{half},{}", side("rows"));
    let words = ["transform", "--out", "half.x3p", "--crop", &window, &questioned()];
    program.run(&words).exits(0);
    let reference = testdata_text("demo/references/F0003-S02.x3p");
    let json = program.run(&["compare", "half.x3p", &reference, "--json"]).exits(0).json();
    assert!(json["cmc_fraction"].as_f64().unwrap() > 0.6, "{json:#}");
}

#[test]
fn a_turned_scan_is_found_at_the_opposite_angle_and_drawn() {
    let program = Program::new();
    let words = ["transform", "--out", "turned", "--rotate", "37", &questioned()];
    program.run(&words).exits(0);
    let words =
        ["compare", "turned/known-firearm.x3p", &questioned(), "--json", "--picture", "report.png"];
    let json = program.run(&words).exits(0).json();
    // The pose takes the questioned scan back onto the one it was turned from.
    let theta = json["theta_deg"].as_f64().unwrap();
    assert!((theta + 37.0).abs() < 0.3, "{theta}");
    assert!(json["cmc_fraction"].as_f64().unwrap() > 0.95, "{json:#}");
    let picture = image::open(program.path("report.png")).unwrap();
    assert!(picture.width() > 1000 && picture.height() > 1000);
    let inspected = program.run(&["inspect", "turned/known-firearm.x3p"]).exits(0).stdout();
    assert!(inspected.contains("rotated by 37"), "{inspected}");
}

#[test]
fn completions_come_for_every_shell() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = program.run(&["completions", shell]).exits(0).stdout();
        assert!(text.contains("casemark") && text.contains("enrol"), "{shell}");
    }
}
