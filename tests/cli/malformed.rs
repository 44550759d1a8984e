//! Does every malformed file give exit code 2 and a message that names the file and the fault, with the
//! store untouched?

use crate::program::{Program, testdata_text};
use crate::support::malformed::corpus;

/// What is in a store, but not sled's own bookkeeping, which an opening may touch.
fn objects(program: &Program) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    program.tree("store/objects")
}

#[test]
fn no_command_takes_a_malformed_file_or_is_quiet_about_it() {
    let program = Program::new();
    let sound = testdata_text("demo/questioned/known-firearm.x3p");
    program.run(&["enrol", "--store", "store", &sound]).exits(0);
    let before = objects(&program);
    let cases = corpus();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    for case in &cases {
        let letters = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name = format!("{}.x3p", case.name.chars().map(letters).collect::<String>());
        let path = program.write(&name, &case.bytes);
        for words in [
            &["inspect", name.as_str()][..],
            &["compare", &name, &sound],
            &["compare", &sound, &name],
            &["batch", "--out", "scores.csv", &name, &sound],
            &["enrol", "--store", "store", &name],
            &["enrol", "--store", "fresh", &name],
            &["search", "--store", "store", &name],
        ] {
            program.run(words).exits(2).complains(&name).complains(case.expected);
        }
        assert!(!program.path("scores.csv").exists(), "{name}: a batch wrote scores");
        assert!(!program.path("fresh").exists(), "{name}: an enrolment made a store");
        std::fs::remove_file(path).unwrap();
    }
    assert!(objects(&program) == before, "the store changed");
    program.run(&["store", "verify", "--store", "store"]).exits(0);
}
