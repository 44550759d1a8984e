//! Holds docs/operations.md to what it describes: every metric is in it, every setting that it names exists.

use casemark::config::Config;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn read(path: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_metric_is_explained() {
    let source = read("src/service/metrics.rs");
    let document = read("docs/operations.md");
    let mut names: BTreeSet<String> = BTreeSet::new();
    for call in source.split("registered!(").skip(1) {
        let name = call.split('"').nth(1).unwrap();
        names.insert(format!("casemark_{name}"));
    }
    assert!(names.len() > 15, "found only {names:?}");
    let unexplained: Vec<&String> =
        names.iter().filter(|name| !document.contains(name.as_str())).collect();
    assert!(unexplained.is_empty(), "docs/operations.md does not explain {unexplained:?}");
}

#[test]
fn every_setting_that_is_named_is_there() {
    let printed = Config::print();
    let document = read("docs/operations.md");
    let mut known = BTreeSet::new();
    let mut section = String::new();
    for line in printed.lines() {
        let line = line.trim_start_matches('#');
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']).to_owned();
        } else if let Some((key, _)) = line.split_once(" = ")
            && !key.contains(' ')
        {
            known.insert(format!("{section}.{key}"));
        }
    }
    let sections: BTreeSet<&str> = known.iter().map(|key| key.split_once('.').unwrap().0).collect();
    let mut named = 0;
    for quoted in document.split('`').skip(1).step_by(2) {
        let Some((section, key)) = quoted.split_once('.') else { continue };
        let plain = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if sections.contains(section) && plain {
            named += 1;
            assert!(
                known.contains(quoted),
                "docs/operations.md names {quoted}, which is no setting"
            );
        }
    }
    assert!(named > 6, "found only {named} settings in the document");
}
