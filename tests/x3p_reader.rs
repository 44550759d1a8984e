//! Does a reader of X3P that is not ours read what we write? Gives files of the real program, with a head's
//! parts as a mask too, to x3pio in Python (`tests/x3p_reader`), and holds its answer against ours.
//!
//! It needs Python with `venv` and the Python package index the first time:
//! `cargo test --test x3p_reader -- --ignored --nocapture`.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

#[path = "support/head.rs"]
mod head;
#[path = "support/program.rs"]
mod program;

use casemark::Digest;
use casemark::format::{self, ReadOptions, Scan};
use casemark::surface::Region;
use head::head;
use program::Program;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/x3p_reader")
}

/// Runs a command to its end, which has to be a good one.
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stdout}\n{stderr}", output.status);
    stdout
}

/// The Python of an environment that has the reader: made once, and again when what it needs has changed.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-x3p-reader");
    let python = folder.join("bin/python");
    let marker = folder.join("requirements.sha256");
    let requirements = scripts().join("requirements.txt");
    let wanted = Digest::of(&fs::read(&requirements).unwrap()).to_string();
    if fs::read_to_string(&marker).is_ok_and(|found| found == wanted) {
        return python;
    }
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    succeed(Command::new(&python).args(install).arg(&requirements));
    fs::write(&marker, wanted).unwrap();
    python
}

fn scan(program: &Program, name: &str) -> Scan {
    format::read(&fs::read(program.path(name)).unwrap(), &ReadOptions::default()).unwrap()
}

/// SHA-256 of all heights, missing ones NaN, as the script makes it. Readers may lose the sign of zero.
fn heights(scan: &Scan) -> String {
    let samples = scan.surface.heights().iter().zip(scan.surface.mask());
    let bytes: Vec<u8> = samples
        .flat_map(|(&height, &valid)| (if valid { height + 0.0 } else { f64::NAN }).to_le_bytes())
        .collect();
    Digest::of(&bytes).to_string()
}

#[test]
#[ignore = "needs Python and its package index"]
fn a_reader_that_is_not_ours_reads_the_same() {
    let python = python();
    let program = Program::new();
    program.write("head.x3p", &head(1600.0));
    program
        .run(&["segment", "head.x3p", "--regions", "labelled.x3p", "--out", "face.x3p"])
        .exits(0);
    program.run(&["transform", "face.x3p", "--rotate", "10", "--out", "turned.x3p"]).exits(0);
    let names = ["labelled.x3p", "face.x3p", "turned.x3p"];

    let mut command = Command::new(&python);
    command.arg(scripts().join("read.py")).args(names.map(|name| program.path(name)));
    let told = succeed(&mut command);
    println!("{told}");
    let answers: Vec<Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), names.len());
    for (name, answer) in names.into_iter().zip(&answers) {
        let scan = scan(&program, name);
        let surface = &scan.surface;
        assert_eq!(answer["rows"], surface.rows(), "{name}");
        assert_eq!(answer["columns"], surface.columns(), "{name}");
        assert_eq!(answer["x_m"], surface.spacing().x.metres(), "{name}");
        assert_eq!(answer["y_m"], surface.spacing().y.metres(), "{name}");
        assert_eq!(answer["valid"], surface.valid_count(), "{name}");
        assert_eq!(answer["sha256"], heights(&scan), "{name}: heights");
        let mut sound = vec!["bindata/data.bin", "main.xml"];
        let mut parts = serde_json::Map::new();
        if let Some(regions) = &scan.regions {
            sound.insert(1, "bindata/mask.png");
            for region in Region::ALL.into_iter().filter(|&region| regions.count(region) > 0) {
                let there: Vec<u8> = regions.mask(region).iter().map(|&is| u8::from(is)).collect();
                let told = serde_json::json!([regions.count(region), Digest::of(&there)]);
                parts.insert(region.name().to_owned(), told);
            }
            assert!(parts.len() >= 3, "{name}: {parts:?}");
        }
        assert_eq!(scan.regions.is_some(), name == "labelled.x3p");
        assert_eq!(answer["checksums"], Value::from(sound), "{name}");
        assert_eq!(answer["regions"], Value::from(parts), "{name}");
    }
}
