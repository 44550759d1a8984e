//! Does everything that `casemark enrol` acknowledged survive SIGKILL? Long: run it with
//! `cargo test --release --test cli -- --ignored --nocapture crash`.

use crate::program::Program;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

const FIREARMS: &str = "100";
const SHOTS: &str = "10";
const KILLS: usize = 20;

#[test]
#[ignore = "takes minutes"]
fn a_thousand_scans_enrolled_and_killed_twenty_times() {
    let program = Program::new();
    let simulate =
        ["simulate", "--out", "scans", "--firearms", FIREARMS, "--shots", SHOTS, "--seed", "1"];
    program.run(&simulate).exits(0);
    let mut acknowledged: BTreeMap<String, Value> = BTreeMap::new();
    let mut state = 2026_u64;
    for round in 0..KILLS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // From before the first scan is safe to long after.
        let wait = Duration::from_millis(50 + (state >> 40) % 5000);
        let mut child = program
            .command(&["enrol", "--store", "store", "--json", "scans"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
        std::thread::sleep(wait);
        // SIGKILL, if it has not ended by itself.
        let _ = child.kill();
        child.wait().unwrap();
        for line in reader.join().unwrap() {
            // A line cut short by the kill was not acknowledged.
            let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
            let file = line["file"].as_str().unwrap().to_owned();
            if let Some(before) = acknowledged.insert(file, line.clone()) {
                assert_eq!(before["scan_id"], line["scan_id"], "entered twice: {line:#}");
            }
        }
        println!("round {round}: killed after {wait:?}, {} acknowledged", acknowledged.len());
        if program.path("store").exists() {
            program.run(&["store", "verify", "--store", "store"]).exits(0);
            let stats = program.run(&["store", "stats", "--store", "store", "--json"]);
            let scans = stats.exits(0).json()["scans"].as_u64().unwrap() as usize;
            assert!(scans >= acknowledged.len(), "{scans} of {}", acknowledged.len());
        }
    }
    assert!(acknowledged.len() > 300, "only {} were acknowledged", acknowledged.len());
    for (file, line) in &acknowledged {
        let scan = line["scan_id"].as_str().unwrap();
        let words = ["show", "--store", "store", scan, "--json", "--original", "copy.x3p"];
        let shown = program.run(&words).exits(0).json();
        assert_eq!(shown["scans"][0]["exhibit"]["id"], line["exhibit_id"]);
        let (copy, original) = (program.path("copy.x3p"), program.path(file));
        assert!(std::fs::read(copy).unwrap() == std::fs::read(original).unwrap(), "{file}");
    }
    program.run(&["enrol", "--store", "store", "scans"]).exits(0);
    let stats = program.run(&["store", "stats", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(stats["scans"], 1000);
    program.run(&["store", "verify", "--store", "store"]).exits(0);
}
