//! This test program once more, as a child that says what was acknowledged until it is killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const FOLDER: &str = "CASEMARK_TEST_KILLED_FOLDER";
const ROUND: &str = "CASEMARK_TEST_KILLED_ROUND";
const ACKNOWLEDGED: &str = "acknowledged ";

/// Starts the child as its test of this name, and gives what it says was acknowledged, a line each; the last may be cut off.
pub(crate) fn start(
    test: &str,
    folder: &Path,
    round: u64,
) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    // The test harness begins a line of its own before the first.
    let lines = output.lines().map_while(Result::ok).filter_map(|line| {
        let (_, acknowledged) = line.split_once(ACKNOWLEDGED)?;
        Some(acknowledged.to_owned())
    });
    (child, lines)
}

/// In the child: the folder and the round that it was started for; `None` in a test that was not.
pub(crate) fn child() -> Option<(PathBuf, u64)> {
    let folder = std::env::var_os(FOLDER)?;
    Some((folder.into(), std::env::var(ROUND).ok()?.parse().unwrap()))
}

/// In the child: says what was acknowledged, lines of which none is broken by another thread's.
pub(crate) fn acknowledge(lines: impl IntoIterator<Item = String>) {
    let mut output = std::io::stdout().lock();
    for line in lines {
        writeln!(output, "{ACKNOWLEDGED}{line}").unwrap();
    }
    output.flush().unwrap();
}
