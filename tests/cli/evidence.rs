//! Are scores weighed only where somebody said what they are worth, and is it told why where they are not?

use crate::program::{Program, testdata_text};
use crate::served::Served;
use casemark::format::{Instrument, Metadata, ReadOptions, read, x3p};
use serde_json::Value;
use std::fmt::Write as _;

fn questioned() -> String {
    testdata_text("demo/questioned/known-firearm.x3p")
}

fn reference(name: &str) -> String {
    testdata_text(&format!("demo/references/{name}.x3p"))
}

/// A program with scores of the demonstration's ten references, their labels, and a calibration of them.
fn calibrated() -> (Program, Value) {
    let program = Program::new();
    program.run(&["batch", "--out", "scores.csv", &testdata_text("demo/references")]).exits(0);
    let mut labels = "file,source\n".to_owned();
    for firearm in 1..=5 {
        for shot in 1..=2 {
            let _ = writeln!(labels, "F000{firearm}-S0{shot}.x3p,firearm {firearm}");
        }
    }
    program.write("labels.csv", labels.as_bytes());
    let words = "calibrate --scores scores.csv --labels labels.csv --out calibration.json --rounds 40 --population demo --json";
    let mut words: Vec<&str> = words.split(' ').collect();
    words.extend(["--calibre", "9 mm Luger"]);
    let made = program.run(&words).exits(0).json();
    (program, made)
}

#[test]
fn a_score_ranks_until_a_calibration_weighs_it() {
    let (program, made) = calibrated();
    let population = &made["population"];
    assert_eq!((&population["sources"], &population["scans"]), (&5.into(), &10.into()));
    let pairs = (&population["same_source_pairs"], &population["different_source_pairs"]);
    assert_eq!(pairs, (&5.into(), &40.into()));
    assert_eq!(made["trials"].as_array().unwrap().len(), 5);
    let (one, mate, other) = (questioned(), reference("F0003-S01"), reference("F0005-S02"));
    let plain = program.run(&["compare", &one, &mate, "--json"]).exits(0).json();
    assert_eq!(plain["score_class"], "rank_only");
    assert!(plain["log10_lr"].is_null());
    assert_eq!(plain["rank_only_reason"], "no calibration is installed");
    let weigh = |reference: &str| {
        let words = ["compare", &one, reference, "--calibration", "calibration.json", "--json"];
        program.run(&words).exits(0).json()
    };
    let (same, different) = (weigh(&mate), weigh(&other));
    let number = |json: &Value, key: &str| json[key].as_f64().unwrap();
    for (json, bound) in [(&same, "upper"), (&different, "lower")] {
        assert_eq!(json["score_class"], "interpretable");
        assert_eq!(json["population"], "demo");
        assert_eq!(json["calibration_sha256"], made["calibration_sha256"]);
        let limit = made["bounds"][bound].as_f64().unwrap();
        assert!(number(json, "log10_lr").abs() <= limit.abs() + 1e-12);
        assert!(number(json, "log10_lr_low") <= number(json, "log10_lr"));
        assert!(number(json, "log10_lr") <= number(json, "log10_lr_high"));
        let verbal = json["verbal"].as_str().unwrap().to_lowercase();
        assert!(verbal.contains("support for the proposition"), "{verbal}");
        assert!(!["match", "identif"].iter().any(|word| verbal.contains(word)), "{verbal}");
    }
    assert!(number(&same, "log10_lr") > 0.5 && number(&different, "log10_lr") < 0.0);
    let text = program.run(&["compare", &one, &mate, "--calibration", "calibration.json"]).exits(0);
    assert!(text.stdout().contains("log10 likelihood ratio"), "{}", text.told());
}

#[test]
fn a_list_says_where_chance_begins_and_what_the_population_lacks() {
    let (program, _) = calibrated();
    let metadata = testdata_text("demo/metadata.csv");
    let references = testdata_text("demo/references");
    program.run(&["enrol", "--store", "store", "--metadata", &metadata, &references]).exits(0);
    let words = [
        "search",
        "--store",
        "store",
        &questioned(),
        "--json",
        "--calibration",
        "calibration.json",
    ];
    let found = program.run(&words).exits(0).json();
    let candidates = found["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 10);
    let lacks = "the population has no calibre";
    let (weighed, ranked): (Vec<&Value>, Vec<&Value>) =
        candidates.iter().partition(|one| !one["log10_lr"].is_null());
    assert!(ranked.iter().all(|one| one["rank_only_reason"].as_str().unwrap().starts_with(lacks)));
    let chance: Vec<f64> =
        weighed.iter().map(|one| one["expected_by_chance"].as_f64().unwrap()).collect();
    assert!(chance.iter().all(|expected| (0.0..=10.0).contains(expected)), "{chance:?}");
    assert!(ranked.len() + weighed.len() == 10 && !ranked.is_empty(), "{found:#}");
    // The same order and the same comparisons as without.
    let plain =
        program.run(&["search", "--store", "store", &questioned(), "--json"]).exits(0).json();
    for (one, other) in candidates.iter().zip(plain["candidates"].as_array().unwrap()) {
        assert_eq!(one["scan_id"], other["scan_id"]);
        assert_eq!(one["cmc_fraction"], other["cmc_fraction"]);
    }
}

#[test]
fn a_server_weighs_by_its_own_calibration_as_this_machine_does() {
    let (program, _) = calibrated();
    let metadata = testdata_text("demo/metadata.csv");
    let references = testdata_text("demo/references");
    let enrol = [
        "enrol",
        "--store",
        "store",
        "--json",
        "--metadata",
        metadata.as_str(),
        references.as_str(),
    ];
    let lines = program.run(&enrol).exits(0).json_lines();
    let (one, mate) = (questioned(), reference("F0003-S01"));
    let stored = format!("scan:{}", lines[0]["scan_id"].as_str().unwrap());
    let verbs = [
        vec!["search", one.as_str(), "--json"],
        vec!["compare", &one, &mate, "--json"],
        vec!["compare", &one, &stored, "--json"],
        vec!["compare", &stored, &one, "--json"],
    ];
    let local: Vec<Value> = verbs
        .iter()
        .map(|words| {
            let more = ["--store", "store", "--calibration", "calibration.json"];
            program.run(&[&words[..], &more].concat()).exits(0).json()
        })
        .collect();
    program.write("serve.toml", b"[evidence]\ncalibration = \"calibration.json\"\n");
    let words = ["--config", "serve.toml", "--insecure-open", "--store", "store"];
    let served = Served::start(&program, "http", &words);
    for (words, local) in verbs.iter().zip(&local) {
        let remote = program.run(&[&words[..], &["--server", &served.url]].concat()).exits(0);
        assert_eq!(&remote.json(), local);
    }
    assert_eq!(local[1]["score_class"], "interpretable");
    assert!(local[0]["candidates"][0]["expected_by_chance"].is_number(), "{}", local[0]);
    // One that is installed here goes before the server's.
    program.run(&"calibrate --scores scores.csv --labels labels.csv --out own.json --rounds 20 --population own".split(' ').collect::<Vec<_>>()).exits(0);
    let words = ["compare", &one, &mate, "--json", "--calibration", "own.json", "--server"];
    let own = program.run(&[&words[..], &[&served.url]].concat()).exits(0).json();
    assert_eq!(own["population"], "own");
    drop(served);
    program.write("none.toml", b"[evidence]\ncalibration = \"none.json\"\n");
    let words = ["serve", "--config", "none.toml", "--insecure-open", "--listen", "127.0.0.1:0"];
    let run = program.run(&words).exits(2);
    assert!(
        run.stderr().contains("none.json") && run.stderr().contains("[evidence]"),
        "{}",
        run.told()
    );
}

#[test]
fn a_calibration_is_validated_by_metrics_that_passed_on_other_scores() {
    let (program, _) = calibrated();
    program.write("met.toml", b"cllr_at_most = 0.9\n");
    program.write("missed.toml", b"cllr_at_most = 0.0000001\n");
    // The same pairs in another order are other scores.
    let scores = std::fs::read_to_string(program.path("scores.csv")).unwrap();
    let (header, rows) = scores.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    program.write("others.csv", format!("{header}\n{}\n", rows.join("\n")).as_bytes());
    let evaluate = |scores: &str, more: &str, out: &str, code: i32| {
        let words = format!(
            "evaluate --scores {scores} --labels labels.csv --rounds 20 --out {out} {more}"
        );
        program.run(&words.split(' ').collect::<Vec<_>>()).exits(code);
    };
    evaluate("others.csv", "--calibration calibration.json --criteria met.toml", "passed", 0);
    evaluate("others.csv", "--calibration calibration.json --criteria missed.toml", "missed", 1);
    evaluate("scores.csv", "--calibration calibration.json --criteria met.toml", "own", 0);
    evaluate("others.csv", "--deal 2", "folds", 0);
    let (one, mate) = (questioned(), reference("F0003-S01"));
    let compare = |folder: &str| {
        let metrics = format!("{folder}/metrics.json");
        let words = ["compare", &one, &mate, "--json", "--calibration", "calibration.json"];
        program.run(&[&words[..], &["--validation", &metrics]].concat())
    };
    let json = compare("passed").exits(0).json();
    assert_eq!(json["score_class"], "statistically_validated");
    for (folder, told) in [
        ("missed", "did not meet the criteria"),
        ("own", "the very scores that it was made of"),
        ("folds", "no frozen calibration"),
    ] {
        let run = compare(folder).exits(2);
        assert!(run.stderr().contains(told) && run.stderr().contains(folder), "{}", run.told());
    }
    let words = ["compare", &one, &mate, "--validation", "passed/metrics.json"];
    let run = program.run(&words).exits(2);
    assert!(run.stderr().contains("no calibration"), "{}", run.told());
}

#[test]
fn an_instrument_that_the_population_lacks_gets_no_likelihood_ratio() {
    let (program, _) = calibrated();
    // The demonstration's scans do not say what measured them.
    let (silent, mate) = (questioned(), reference("F0003-S01"));
    let scan = read(&std::fs::read(&silent).unwrap(), &ReadOptions::default()).unwrap();
    let instrument = Instrument {
        manufacturer: Some("Example".to_owned()),
        model: Some("Confocal 3".to_owned()),
        ..Instrument::default()
    };
    let metadata = Metadata { instrument, ..Metadata::default() };
    program.write("one.x3p", &x3p::write(&scan.surface, &metadata).unwrap());
    for (one, instrument, weighed) in [
        ("one.x3p", "example confocal 3", true),
        ("one.x3p", "another microscope", false),
        (silent.as_str(), "another microscope", true),
    ] {
        let words = "calibrate --scores scores.csv --labels labels.csv --out of.json --rounds 20";
        let mut words: Vec<&str> = words.split(' ').collect();
        words.extend(["--instrument", instrument]);
        program.run(&words).exits(0);
        let words = ["compare", one, &mate, "--json", "--calibration", "of.json"];
        let json = program.run(&words).exits(0).json();
        assert_eq!(json["log10_lr"].is_number(), weighed, "{json:#}");
        if !weighed {
            let reason = json["rank_only_reason"].as_str().unwrap();
            assert!(reason.starts_with("the population has no instrument"), "{reason}");
        }
    }
}

#[test]
fn what_is_no_calibration_or_has_no_labels_is_refused() {
    let (program, _) = calibrated();
    let text = std::fs::read_to_string(program.path("calibration.json")).unwrap();
    program.write("changed.json", text.replacen("\"demo\"", "\"Fadul\"", 1).as_bytes());
    program.write("other.json", b"{}");
    for (file, told) in [
        ("changed.json", "was changed"),
        ("other.json", "not a calibration"),
        ("none.json", "none.json"),
    ] {
        let words = ["compare", &questioned(), &reference("F0003-S01"), "--calibration", file];
        let run = program.run(&words).exits(2);
        assert!(run.stderr().contains(told), "{}", run.told());
    }
    program.write("few.csv", b"file,source\nF0001-S01.x3p,one\n");
    let words = ["calibrate", "--scores", "scores.csv", "--labels", "few.csv", "--out", "new.json"];
    let run = program.run(&words).exits(2);
    assert!(run.stderr().contains("few.csv: no label for"), "{}", run.told());
    assert!(!program.path("new.json").exists());
    // Of other parameters: the score is there, and ranks.
    let digest = "0".repeat(64);
    let scores = std::fs::read_to_string(program.path("scores.csv")).unwrap();
    let own = scores.lines().nth(1).unwrap().split(',').nth(10).unwrap().to_owned();
    program.write("others.csv", scores.replace(&own, &digest).as_bytes());
    let words = "calibrate --scores others.csv --labels labels.csv --out others.json --rounds 20";
    program.run(&words.split(' ').collect::<Vec<_>>()).exits(0);
    let words = [
        "compare",
        &questioned(),
        &reference("F0003-S01"),
        "--calibration",
        "others.json",
        "--json",
    ];
    let json = program.run(&words).exits(0).json();
    assert!(json["log10_lr"].is_null(), "{json:#}");
    assert!(json["rank_only_reason"].as_str().unwrap().contains("of parameters"), "{json:#}");
}

#[test]
fn an_evaluation_measures_on_sources_held_out_and_holds_criteria() {
    let (program, _) = calibrated();
    program.write("met.toml", b"cllr_at_most = 0.9\nauc_at_least = 0.9\n");
    program.write("missed.toml", b"cllr_at_most = 0.001\n");
    program.write("unknown.toml", b"clllr_at_most = 0.1\n");
    let evaluate = |more: &[&str]| {
        let words =
            ["evaluate", "--scores", "scores.csv", "--labels", "labels.csv", "--rounds", "50"];
        program.run(&[&words[..], &["--out", "out"], more].concat())
    };
    let metrics = evaluate(&["--criteria", "met.toml", "--json"]).exits(0).json();
    assert_eq!((&metrics["known_matches"], &metrics["known_non_matches"]), (&5.into(), &40.into()));
    assert_eq!(metrics["passed"], true);
    let cllr = metrics["cllr"].as_f64().unwrap();
    assert!(cllr > 0.0 && cllr < 0.5, "{cllr}");
    let ratios = std::fs::read_to_string(program.path("out/lrs.csv")).unwrap();
    assert_eq!(
        (ratios.lines().next(), ratios.lines().count()),
        (Some("questioned,reference,log10_lr"), 46)
    );
    let written = std::fs::read_to_string(program.path("out/metrics.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), metrics);
    let page = std::fs::read_to_string(program.path("out/report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("cllr_at_most") && !page.contains("src=\"http"));
    evaluate(&["--criteria", "missed.toml"]).exits(1);
    let run = evaluate(&["--criteria", "unknown.toml"]).exits(2);
    assert!(run.stderr().contains("unknown.toml"), "{}", run.told());
    // Frozen: the calibration says what it said before.
    let frozen = evaluate(&["--calibration", "calibration.json", "--json"]).exits(0).json();
    assert!(frozen["cllr"].as_f64().unwrap() < cllr, "what it was made of costs less");
    // Folds of a file: pairs with one source in a fold are in neither part.
    let folds = br#"[{"index": 0, "test_sources": ["firearm 1", "firearm 2"]}]"#;
    program.write("folds.json", folds);
    let folded = evaluate(&["--folds", "folds.json", "--json"]).exits(0).json();
    assert_eq!((&folded["known_matches"], &folded["known_non_matches"]), (&2.into(), &4.into()));
}
