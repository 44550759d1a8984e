//! The real program, run in a fresh folder.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(unreachable_pub, reason = "shared by several test crates, each of which ends here")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A fresh folder and the program that runs in it.
pub struct Program {
    folder: tempfile::TempDir,
}

/// What a run gave.
pub struct Run {
    words: String,
    output: Output,
}

impl Program {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file into the folder.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The program with these words, not yet started.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_casemark"));
        command.current_dir(self.folder.path()).args(words);
        for name in
            ["CASEMARK_CONFIG", "CASEMARK_LABORATORY", "CASEMARK_PROFILE", "CASEMARK_SERVER"]
        {
            command.env_remove(name);
        }
        command
    }

    /// Runs it to its end.
    pub fn run(&self, words: &[&str]) -> Run {
        let output = self.command(words).output().unwrap();
        Run { words: words.join(" "), output }
    }

    /// Every file under a folder with its bytes, to see that nothing changed.
    pub fn tree(&self, name: &str) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    found.push((path, bytes));
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.path(name), &mut found);
        found.sort();
        found
    }
}

impl Run {
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Both outputs whole, for a failing test.
    pub fn told(&self) -> String {
        format!(
            "casemark {}\n{}\n--- stdout\n{}--- stderr\n{}",
            self.words,
            self.output.status,
            self.stdout(),
            self.stderr()
        )
    }

    /// The exit code.
    pub fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// Fails unless the exit code is this one.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(code), "wanted {code}: {}", self.told());
        self
    }

    /// Fails unless standard error has this text.
    pub fn complains(self, text: &str) -> Self {
        assert!(self.stderr().contains(text), "wanted \"{text}\": {}", self.told());
        self
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout()).unwrap_or_else(|error| {
            panic!("no JSON ({error}): {}", self.told());
        })
    }

    /// Standard output as one JSON value a line.
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A file of the project's own test data.
pub fn testdata(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// The same as text.
pub fn testdata_text(name: &str) -> String {
    testdata(name).display().to_string()
}
