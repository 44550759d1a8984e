//! Does a reader of X3P that is not ours read what we write? Gives files of the real program, with a head's
//! parts as a mask too, to x3pio in Python (`tests/cli/x3p_reader`), and holds its answer against ours.
//!
//! It needs Python with `venv` and the Python package index the first time:
//! `cargo test --test cli -- --ignored --nocapture x3p_reader`.

use crate::head::head;
use crate::program::Program;
use crate::python::{python, succeed};
use casemark::Digest;
use casemark::format::{self, ReadOptions, Scan};
use casemark::surface::Region;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/x3p_reader")
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
    let python = python("python-x3p-reader", &scripts().join("requirements.txt"));
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
