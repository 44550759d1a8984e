//! Can a laboratory reach the service from a program that we did not write in Rust? Runs the example client in
//! `examples/python` against the real program, from a fresh store to a withdrawal, over mutual TLS.
//!
//! It needs Python with `venv` and the Python package index the first time:
//! `cargo test --test cli -- --ignored --nocapture python_client`.

use crate::program::Program;
use crate::python::{python, succeed};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

const LABORATORY: &str = "Forensic Sciences Centre";
const FIREARMS: u64 = 10;
/// Largest file that the service takes, bytes: several scans.
const UPLOAD_BYTES: u64 = 8 << 20;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python")
}

/// `casemark serve`, ended when it is dropped.
struct Service {
    child: Child,
    address: String,
    log: PathBuf,
}

impl Service {
    fn start(program: &Program, words: &[&str]) -> Self {
        let log = program.path("serve.log");
        let mut command = program.command(words);
        command.stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().map(Result::unwrap).unwrap_or_default();
        let told = || fs::read_to_string(&log).unwrap();
        let address = line.strip_prefix("listening on ");
        let address =
            address.unwrap_or_else(|| panic!("\"{line}\" on standard output\n{}", told()));
        Self { child, address: address.to_owned(), log }
    }

    /// Asks it to stop, and waits.
    fn stop(mut self) -> ExitStatus {
        succeed(Command::new("kill").args(["-TERM", &self.child.id().to_string()]));
        self.child.wait().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn certificates(program: &Program, folder: &str, laboratory: &str, country: &str) {
    let words = ["certs", "--out", folder, "--laboratory", laboratory, "--country", country];
    program.run(&words).exits(0);
}

fn configuration() -> String {
    format!(
        r#"
[server]
address = "127.0.0.1:0"
store = "store"

[tls]
certificate = "certs/server.pem"
key = "certs/server.key.pem"
client_authority = "certs/authority.pem"

[limits]
upload_bytes = {UPLOAD_BYTES}
concurrent_searches_per_laboratory = 2
retry_seconds = 1

[sharing]
share_with = "own_laboratory"
existence = "told"

[[laboratory]]
name = "{LABORATORY}"
country = "BB"
roles = ["examiner", "contributor"]

[[laboratory]]
name = "Neighbour"
country = "TT"
roles = ["examiner"]
"#
    )
}

#[test]
#[ignore = "needs Python and its package index"]
fn a_python_client_does_what_a_laboratory_needs() {
    let python = python("python-client", &examples().join("requirements.txt"));
    succeed(Command::new(&python).arg(examples().join("generate.py")));
    println!("python: the contract is compiled");

    let program = Program::new();
    let firearms = FIREARMS.to_string();
    let simulate = ["simulate", "--out", "scans", "--shots", "3", "--seed", "7", "--firearms"];
    program.run(&[&simulate[..], &[&firearms]].concat()).exits(0);
    let simulate = ["simulate", "--heads", "--out", "heads", "--shots", "2", "--seed", "7"];
    program.run(&[&simulate[..], &["--firearms", "2"]].concat()).exits(0);
    certificates(&program, "certs", LABORATORY, "BB");
    certificates(&program, "certs", "Neighbour", "TT");
    certificates(&program, "certs", "Unknown", "JM");
    certificates(&program, "stranger", LABORATORY, "BB");
    program.write("service.toml", configuration().as_bytes());
    let service = Service::start(&program, &["serve", "--config", "service.toml"]);
    println!("casemark: {FIREARMS} firearms of three shots, and a service on {}", service.address);

    let run = |script: &str, options: &[(&str, &str)]| {
        let mut command = Command::new(&python);
        command.arg(examples().join(script)).args(["--address", &service.address]);
        let own = [
            ("--authority", "certs/authority.pem"),
            ("--certificate", "certs/client-forensic-sciences-centre.pem"),
            ("--key", "certs/client-forensic-sciences-centre.key.pem"),
        ];
        for (option, file) in own.iter().chain(options) {
            command.arg(option).arg(program.path(file));
        }
        command
    };
    let others = [
        ("--neighbour-certificate", "certs/client-neighbour.pem"),
        ("--neighbour-key", "certs/client-neighbour.key.pem"),
        ("--unknown-certificate", "certs/client-unknown.pem"),
        ("--unknown-key", "certs/client-unknown.key.pem"),
        ("--stranger-authority", "stranger/authority.pem"),
        ("--stranger-certificate", "stranger/client-forensic-sciences-centre.pem"),
        ("--stranger-key", "stranger/client-forensic-sciences-centre.key.pem"),
        ("--scans", "scans"),
        ("--heads", "heads"),
    ];
    let mut command = run("end_to_end.py", &others);
    command.args(["--laboratory", LABORATORY]);
    command.args(["--beyond-limit", &(UPLOAD_BYTES + 1).to_string()]);
    let output = command.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    println!("{stdout}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let log = fs::read_to_string(&service.log).unwrap();
    assert!(output.status.success(), "{}\n{stderr}\n--- log of the service\n{log}", output.status);

    let lines: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |check: &str| lines.iter().find(|line| line["check"] == check).unwrap();
    assert_eq!(of("search_third_shots")["mate_ranked_first"], FIREARMS, "{stdout}");
    let compared = of("compare_uploads_and_stored");
    let cmc = |name: &str| compared[name].as_u64().unwrap();
    assert!(cmc("known_match_cmc") > cmc("known_non_match_cmc"), "{compared}");
    assert_eq!(of("search_by_several_marks")["searches"], 2, "{stdout}");
    let last = lines.last().unwrap();
    assert!(last["checks"].as_u64().unwrap() >= 18 && last["passed"] == last["checks"], "{last}");

    let questioned = program.path("scans/F0002-S03.x3p");
    let mate = program.path("scans/F0002-S01.x3p");
    fs::create_dir(program.path("more")).unwrap();
    fs::copy(&mate, program.path("more/again.x3p")).unwrap();
    let more = program.path("more");
    let searched = succeed(run("example.py", &[]).arg("search").arg(&questioned));
    assert!(searched.lines().nth(1).unwrap().contains("F0002-S0"), "{searched}");
    let head = program.path("heads/F0001-S01.x3p");
    let mut command = run("example.py", &[]);
    command.arg("search").arg(&head).args(["--marks", "breech_face,firing_pin"]);
    // Both heads are withdrawn; what else there is bears a breech face alone.
    let by_marks = succeed(&mut command);
    assert!(by_marks.contains("breech face 0."), "{by_marks}");
    let compared = succeed(run("example.py", &[]).arg("compare").arg(&questioned).arg(&mate));
    assert!(compared.contains("congruent cells"), "{compared}");
    let entered =
        succeed(run("example.py", &[]).arg("enrol").arg(&more).args(["--laboratory", LABORATORY]));
    assert!(entered.contains("was there already"), "{entered}");
    let listed = succeed(run("example.py", &[]).arg("list"));
    assert_eq!(
        listed.lines().count() as u64,
        2 * FIREARMS,
        "one is withdrawn, and a head: {listed}"
    );
    println!("{searched}\n{compared}\n{entered}");

    let status = service.stop();
    assert!(status.success(), "the service ended with {status}");
    // What the client was told is safe is there when the service is gone, and sound.
    let stats = program.run(&["store", "stats", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(stats["scans"], 2 * FIREARMS + 4, "two heads of two marks more: {stats}");
    program.run(&["store", "verify", "--store", "store"]).exits(0);
    program.run(&["audit", "verify", "--store", "store"]).exits(0);
}
