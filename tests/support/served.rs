//! A store that is served by the real program, in a process of its own.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(unreachable_pub, reason = "shared by several test crates, each of which ends here")]

use super::program::Program;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

/// A server; it ends when dropped, and lets go of its store.
pub struct Served {
    pub address: String,
    pub url: String,
    child: Child,
}

impl Served {
    /// Serves a store to anyone on this machine, in plain text.
    pub fn open(program: &Program, store: &str) -> Self {
        Self::start(program, "http", &["--insecure-open", "--store", store])
    }

    /// Serves with these words.
    pub fn start(program: &Program, scheme: &str, words: &[&str]) -> Self {
        let words = [&["serve", "--listen", "127.0.0.1:0"], words].concat();
        let mut command = program.command(&words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("listening on ") else {
            let output = child.wait_with_output().unwrap();
            panic!("{line:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let (address, url) = (address.to_owned(), format!("{scheme}://{address}"));
        // Read on, so that the log never holds the server up.
        let log = child.stderr.take().unwrap();
        std::thread::spawn(move || BufReader::new(log).lines().count());
        Self { address, url, child }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
