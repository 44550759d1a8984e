//! A Python with packages from its index, for tests of what is not ours.

use casemark::Digest;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a command to its end, which has to be a good one.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stdout}\n{stderr}", output.status);
    stdout
}

/// The Python of an environment of this name that has what the file names: made once, and again when that has changed.
pub(crate) fn python(name: &str, requirements: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let python = folder.join("bin/python");
    let marker = folder.join("requirements.sha256");
    let wanted = Digest::of(&fs::read(requirements).unwrap()).to_string();
    if fs::read_to_string(&marker).is_ok_and(|found| found == wanted) {
        println!("python: the environment is there");
        return python;
    }
    println!("python: making an environment with what {} names", requirements.display());
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    succeed(Command::new(&python).args(install).arg(requirements));
    fs::write(&marker, wanted).unwrap();
    python
}
