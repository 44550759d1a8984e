//! Holds the structure: which module may use which, that every file says what it is for, and that
//! ARCHITECTURE.md names only what is there.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module may use those named after it, and no other.
const ARROWS: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("digest", &[]),
    ("parameters", &["digest", "surface", "units"]),
    ("statistics", &[]),
    ("calibration", &["digest", "report", "statistics", "surface"]),
    ("validation", &["calibration", "digest", "statistics"]),
    ("surface", &["units"]),
    ("filter", &["surface", "units"]),
    ("format", &["digest", "surface", "units"]),
    ("transform", &["digest", "filter", "preprocess", "surface", "units"]),
    ("preprocess", &["filter", "parameters", "striation", "surface", "units"]),
    ("segment", &["filter", "parameters", "surface", "units"]),
    ("correlate", &["filter", "parameters", "surface", "units"]),
    ("cmc", &["correlate", "parameters", "surface", "units"]),
    ("striation", &["correlate", "filter", "parameters", "surface", "units"]),
    ("comparison", &["cmc", "correlate", "digest", "surface"]),
    ("report", &["cmc", "comparison", "digest"]),
    ("signature", &["digest", "parameters", "preprocess", "surface", "units"]),
    ("index", &["correlate", "digest", "filter", "parameters", "signature", "surface", "units"]),
    (
        "quality",
        &[
            "format",
            "mark",
            "parameters",
            "preprocess",
            "signature",
            "striation",
            "surface",
            "units",
        ],
    ),
    ("mark", &["digest", "parameters", "preprocess", "segment", "signature", "surface", "units"]),
    (
        "matcher",
        &[
            "cmc",
            "comparison",
            "correlate",
            "digest",
            "parameters",
            "signature",
            "striation",
            "surface",
            "units",
        ],
    ),
    ("simulate", &["digest", "surface", "units"]),
    ("decoy", &["digest", "signature", "simulate", "surface", "units"]),
    (
        "picture",
        &[
            "cmc",
            "comparison",
            "correlate",
            "digest",
            "preprocess",
            "report",
            "signature",
            "surface",
            "transform",
            "units",
        ],
    ),
    ("store", &["digest", "surface"]),
    ("audit", &["digest", "store"]),
    ("access", &["store"]),
    ("config", &["access", "parameters", "quality", "store", "units"]),
    (
        "exhibits",
        &["calibration", "comparison", "report", "search", "signature", "store", "surface"],
    ),
    (
        "nearest",
        &["gallery", "index", "matcher", "parameters", "quality", "search", "signature", "store"],
    ),
    ("gallery", &["digest", "index", "matcher", "parameters", "signature", "store", "surface"]),
    (
        "search",
        &[
            "comparison",
            "correlate",
            "digest",
            "gallery",
            "index",
            "matcher",
            "parameters",
            "signature",
            "store",
        ],
    ),
    (
        "service",
        &[
            "access",
            "audit",
            "calibration",
            "cmc",
            "comparison",
            "digest",
            "exhibits",
            "format",
            "gallery",
            "mark",
            "matcher",
            "nearest",
            "parameters",
            "preprocess",
            "quality",
            "report",
            "search",
            "signature",
            "statistics",
            "store",
            "surface",
            "units",
        ],
    ),
    (
        "client",
        &[
            "audit",
            "calibration",
            "cmc",
            "comparison",
            "digest",
            "format",
            "quality",
            "report",
            "search",
            "service",
            "statistics",
            "store",
            "surface",
        ],
    ),
    (
        "cli",
        &[
            "access",
            "audit",
            "calibration",
            "client",
            "comparison",
            "config",
            "correlate",
            "decoy",
            "digest",
            "exhibits",
            "format",
            "gallery",
            "index",
            "mark",
            "matcher",
            "nearest",
            "parameters",
            "picture",
            "preprocess",
            "quality",
            "report",
            "search",
            "segment",
            "service",
            "signature",
            "simulate",
            "statistics",
            "store",
            "striation",
            "surface",
            "transform",
            "units",
            "validation",
        ],
    ),
];

/// What only some modules may touch: (words in the code, modules that may).
const FENCES: &[(&[&str], &[&str])] = &[
    // The engine reads no file, no environment and no clock: same inputs, same score, anywhere.
    (&["std::fs", "File::open"], &["audit", "gallery", "store", "cli"]),
    (&["std::env", "env::var"], &["cli"]),
    (&["SystemTime", "Instant::now", "Timestamp::now"], &["service", "cli"]),
    // The wire stays in the service and its client, and a status is made in one file of the service.
    (&["tonic::", "prost::"], &["client", "service"]),
    (&["axum::"], &["service"]),
    (&["anyhow"], &["cli"]),
    (&["println!", "eprintln!"], &["cli"]),
    // Their last digit is the system's; `libm`'s is the same everywhere.
    (
        &[
            ".sin()",
            ".cos()",
            ".tan()",
            ".atan(",
            ".atan2(",
            ".acos(",
            ".asin(",
            ".hypot(",
            ".exp()",
            ".exp2()",
            ".exp_m1()",
            ".ln()",
            ".ln_1p()",
            ".log2()",
            ".log10()",
            ".powf(",
            ".cbrt()",
            ".tanh()",
        ],
        &[],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with the module it belongs to and its text.
fn sources() -> Vec<(String, PathBuf, String)> {
    let source = root().join("src");
    let mut files = Vec::new();
    walk(&source, &mut files);
    assert!(files.len() > 60, "scanned only {} files", files.len());
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&source).unwrap();
            let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
            let module = first.strip_suffix(".rs").unwrap_or(&first).to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (module, path, text)
        })
        .collect()
}

/// The code of a file without its comments and without its own tests.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut uses = 0;
    for (module, path, text) in sources() {
        if module == "lib" || module == "main" || path.ends_with("tests.rs") {
            continue;
        }
        let Some(allowed) = arrows.get(module.as_str()) else {
            wrong.push(format!("{module} is not in the table of arrows"));
            continue;
        };
        for used in code(&text).split("crate::").skip(1) {
            let name: String =
                used.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            uses += 1;
            if !name.is_empty() && name != module && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{} uses crate::{name}", path.display()));
            }
        }
    }
    assert!(uses > 100, "saw only {uses} uses of crate::");
    assert!(wrong.is_empty(), "arrows that are not in the table:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_of_arrows_has_no_cycle() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while done.len() < arrows.len() {
        let next = arrows.iter().find(|(module, uses)| {
            !done.contains(*module) && uses.iter().all(|used| done.contains(used))
        });
        let Some((module, _)) = next else {
            panic!("a cycle among {:?}", arrows.keys().filter(|m| !done.contains(*m)));
        };
        done.insert(module);
    }
}

#[test]
fn files_the_clock_and_the_environment_stay_outside_the_engine() {
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        if path.to_string_lossy().ends_with("tests.rs") {
            continue;
        }
        let code = code(&text);
        for (words, allowed) in FENCES {
            for word in words.iter().filter(|word| code.contains(**word)) {
                if !allowed.contains(&module.as_str()) {
                    wrong.push(format!("{} uses {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_status_is_made_in_one_file() {
    let made = ["Status::new(", "Status::with_", "Status::invalid_", "Status::internal("];
    let files: BTreeSet<PathBuf> = sources()
        .into_iter()
        .filter(|(_, _, text)| made.iter().any(|word| code(text).contains(word)))
        .map(|(_, path, _)| path)
        .collect();
    assert_eq!(files, [root().join("src/service/status.rs")].into());
}

#[test]
fn every_file_opens_with_what_it_is_for_and_is_of_a_readable_size() {
    let mut wrong = Vec::new();
    for (_, path, text) in sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{} does not open with //!", path.display()));
        }
        let lines = text.lines().count();
        if lines > 600 {
            wrong.push(format!("{} has {lines} lines", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_architecture_document_names_what_is_there() {
    let document = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    // Paths are written `src/...`, `tests/...` and so on, in backquotes.
    let tops = ["src", "tests", "benches", "testdata", "proto", ".ci", "examples", "docs"];
    let mut seen = 0;
    let mut missing = Vec::new();
    for quoted in document.split('`').skip(1).step_by(2) {
        if tops.iter().any(|top| quoted.starts_with(&format!("{top}/"))) {
            seen += 1;
            if !root().join(quoted).exists() {
                missing.push(quoted);
            }
        }
    }
    assert!(seen > 20, "ARCHITECTURE.md names only {seen} paths");
    assert!(missing.is_empty(), "ARCHITECTURE.md names what is not there: {missing:?}");
    let modules: BTreeSet<String> = sources().into_iter().map(|(module, ..)| module).collect();
    let unnamed: Vec<&String> = modules
        .iter()
        .filter(|module| !["lib", "main"].contains(&module.as_str()))
        .filter(|module| {
            !document.contains(&format!("`src/{module}/"))
                && !document.contains(&format!("`src/{module}.rs`"))
        })
        .collect();
    assert!(unnamed.is_empty(), "ARCHITECTURE.md does not name {unnamed:?}");
}
