//! Does the score separate same-source from different-source pairs of real scans, whatever happens to
//! them? On the scans of two studies, if they are there (CASEMARK_REAL_DATA, by default ../shared/data
//! from the project's root); without them nothing is tested, and that is said.
//!
//! The first test is quick. The whole of it takes minutes:
//! `cargo test --release --test cli -- --ignored --nocapture accuracy`.

use crate::program::Program;
use crate::real::real_data;
use std::collections::BTreeMap;

/// One study: its folder, how many scans and same-source pairs it has, and the gap it must show.
struct Study {
    folder: &'static str,
    scans: usize,
    same_source_pairs: usize,
    gap: f64,
}

const STUDIES: [Study; 2] = [
    Study { folder: "fadul", scans: 40, same_source_pairs: 63, gap: 0.35 },
    Study { folder: "weller", scans: 36, same_source_pairs: 144, gap: 0.50 },
];

/// What is done to scans: a name, the words for `casemark transform`, and the least area under the ROC
/// curve.
const HARMS: [(&str, &[&str], f64); 6] = [
    ("turned by a random angle", &["--rotate", "random"], 1.0),
    ("noise of half a deviation", &["--noise", "0.5"], 0.999),
    ("one sample in five dropped", &["--drop", "0.2"], 0.999),
    ("half of the region cut away", &["--keep", "0.5"], 0.99),
    ("stored at 12.5 um", &["--resample-um", "12.5"], 0.999),
    (
        "tilted by 2 deg and shifted",
        &["--tilt", "2", "--tilt-direction", "30", "--shift-x-um", "90", "--shift-y-um", "-60"],
        0.999,
    ),
];

/// Source of every scan of a study, by file name.
fn sources(data: &std::path::Path, study: &Study) -> BTreeMap<String, String> {
    let labels = std::fs::read_to_string(data.join("labels.csv")).unwrap();
    let prefix = format!("{}/", study.folder);
    let sources: BTreeMap<String, String> = labels
        .lines()
        .filter_map(|line| line.strip_prefix(&prefix)?.split_once(','))
        .map(|(file, source)| (file.to_owned(), source.to_owned()))
        .collect();
    assert_eq!(sources.len(), study.scans, "scans of {} in labels.csv", study.folder);
    sources
}

/// Scores of same-source and of different-source pairs, ascending.
struct Scores {
    same: Vec<f64>,
    different: Vec<f64>,
}

impl Scores {
    fn read(csv: &str, sources: &BTreeMap<String, String>) -> Self {
        let (mut same, mut different) = (Vec::new(), Vec::new());
        for line in csv.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let source = |path: &str| &sources[path.rsplit('/').next().unwrap()];
            let score: f64 = fields[4].parse().unwrap();
            let mates = source(fields[0]) == source(fields[1]);
            if mates { &mut same } else { &mut different }.push(score);
        }
        same.sort_by(f64::total_cmp);
        different.sort_by(f64::total_cmp);
        Self { same, different }
    }

    fn gap(&self) -> f64 {
        self.same[0] - self.different[self.different.len() - 1]
    }

    /// Area under the ROC curve; a tie counts half.
    fn area(&self) -> f64 {
        let wins: usize = self
            .same
            .iter()
            .map(|score| {
                let below = self.different.partition_point(|other| other < score);
                let not_above = self.different.partition_point(|other| other <= score);
                below + not_above
            })
            .sum();
        wins as f64 / (2 * self.same.len() * self.different.len()) as f64
    }

    fn print(&self, study: &str, what: &str) {
        println!(
            "{study:7} {what:32} same-source {:.3} to {:.3} ({})  different-source at most {:.3} ({})  gap {:+.3}  area {:.6}",
            self.same[0],
            self.same[self.same.len() - 1],
            self.same.len(),
            self.different[self.different.len() - 1],
            self.different.len(),
            self.gap(),
            self.area()
        );
    }
}

#[test]
fn a_few_real_scans_are_told_apart() {
    let Some(data) = real_data() else { return };
    for (study, names) in STUDIES.iter().zip([
        ["Fadul 7-1.x3p", "Fadul R.x3p", "Fadul 6-1.x3p", "Fadul 6-2.x3p", "Fadul 8-1.x3p"],
        ["TW01-03.x3p", "TW01-04.x3p", "TW02-01.x3p", "TW02-02.x3p", "TW03-05.x3p"],
    ]) {
        let program = Program::new();
        let paths = names.map(|name| data.join(study.folder).join(name).display().to_string());
        let mut words = vec!["batch", "--out", "scores.csv"];
        words.extend(paths.iter().map(String::as_str));
        program.run(&words).exits(0);
        let csv = std::fs::read_to_string(program.path("scores.csv")).unwrap();
        let scores = Scores::read(&csv, &sources(&data, study));
        assert_eq!((scores.same.len(), scores.different.len()), (2, 8));
        assert!(scores.gap() >= study.gap, "{}: gap {}", study.folder, scores.gap());
    }
}

/// Makes a calibration of a study as it is.
fn calibrate(program: &Program, data: &std::path::Path, study: &Study) {
    let labels = data.join("labels.csv").display().to_string();
    let folder = data.join(study.folder).display().to_string();
    program.run(&["batch", "--out", "all.csv", &folder]).exits(0);
    let words = "calibrate --scores all.csv --out calibration.json --labels";
    let words: Vec<&str> = words.split(' ').chain([labels.as_str()]).collect();
    program.run(&words).exits(0);
    // No strong misleading evidence at all.
    let criteria = "cllr_at_most = 0.3\nmisleading_tenfold_known_matches_at_most = 0.0\n\
        misleading_tenfold_known_non_matches_at_most = 0.0\n";
    program.write("criteria.toml", criteria.as_bytes());
}

/// Cllr of the scores by the frozen calibration, and whether the criteria are met.
fn evaluate(program: &Program) -> (f64, bool) {
    let words = "evaluate --scores scores.csv --labels labels.csv --criteria criteria.toml --rounds 20 --out out --json \
        --calibration calibration.json";
    let words: Vec<&str> = words.split_whitespace().collect();
    let run = program.run(&words);
    assert!(matches!(run.code(), Some(0 | 1)), "{}", run.told());
    let metrics = run.json();
    (metrics["cllr"].as_f64().unwrap(), metrics["passed"] == true)
}

#[test]
#[ignore = "takes minutes"]
fn every_same_source_pair_is_above_every_other_whatever_happens_to_the_scans() {
    let Some(data) = real_data() else { return };
    let mut short = Vec::new();
    for (study, other) in STUDIES.iter().zip(STUDIES.iter().rev()) {
        // A folder of its own, so that nothing of the other study is in it.
        let program = Program::new();
        calibrate(&program, &data, other);
        let folder = data.join(study.folder).display().to_string();
        let sources = sources(&data, study);
        let names: Vec<&String> = sources.keys().collect();
        let mut labels = "file,source\n".to_owned();
        for (name, source) in &sources {
            let reference = study.folder;
            labels += &format!("harmed/{name},{source}\n{reference}/{name},{source}\n");
        }
        program.write("labels.csv", labels.as_bytes());
        let batch = |words: &[&str]| {
            program.run(words).exits(0);
            let csv = std::fs::read_to_string(program.path("scores.csv")).unwrap();
            Scores::read(&csv, &sources)
        };
        let scores = batch(&["batch", "--out", "scores.csv", &folder]);
        scores.print(study.folder, "as they are");
        assert_eq!(scores.same.len(), study.same_source_pairs);
        if scores.gap() < study.gap {
            short.push(format!("{}: gap {}, wanted {}", study.folder, scores.gap(), study.gap));
        }
        // Each questioned scan is harmed, its references are as they are; then both are harmed.
        let mut pairs = "questioned,reference\n".to_owned();
        for (index, one) in names.iter().enumerate() {
            for other in &names[index + 1..] {
                pairs += &format!("harmed/{one},{}/{other}\n", study.folder);
            }
        }
        program.write("pairs.csv", pairs.as_bytes());
        for (what, words, least) in HARMS {
            let mut transform = vec!["transform", "--out", "harmed", &folder];
            transform.extend(words);
            program.run(&transform).exits(0);
            let one = "batch --pairs pairs.csv --out scores.csv harmed";
            let one: Vec<&str> = one.split(' ').chain([folder.as_str()]).collect();
            let both = ["batch", "--out", "scores.csv", "harmed"];
            for (who, words) in [("one", &one[..]), ("both", &both[..])] {
                let what = format!("{what} ({who})");
                let scores = batch(words);
                scores.print(study.folder, &what);
                // By the frozen calibration of the other study, which saw nothing harmed.
                let (cllr, met) = evaluate(&program);
                println!("{:40} likelihood ratios of {}: Cllr {cllr:.4}", "", other.folder);
                // Two halves may share next to nothing, and the README says what their ratios are worth.
                if who == "both" {
                    continue;
                }
                if !met {
                    short.push(format!("{} {what}: likelihood ratios, Cllr {cllr}", study.folder));
                }
                if scores.area() < least {
                    short.push(format!("{} {what}: area {}", study.folder, scores.area()));
                }
            }
        }
    }
    assert!(short.is_empty(), "falls short:\n{}", short.join("\n"));
}
