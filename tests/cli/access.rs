//! Do the verbs about access, audit and configuration do what their help says? Runs the real binary.

use crate::program::{Program, testdata_text};
use casemark::access::{Action, Decision, Identity};
use casemark::config::{Config, ConfigFile};
use serde_json::Value;

fn der(program: &Program, name: &str) -> Vec<u8> {
    let text = std::fs::read(program.path(name)).unwrap();
    x509_parser::pem::parse_x509_pem(&text).unwrap().1.contents
}

#[test]
fn certificates_name_the_laboratory_and_are_never_overwritten() {
    let program = Program::new();
    let certs = |more: &[&str]| {
        let words = ["certs", "--out", "certs", "--country", "BB", "--laboratory"];
        program.run(&[&words[..], more].concat())
    };
    let text = certs(&["Forensic Sciences Centre"]).exits(0).stdout();
    let now = jiff::Timestamp::now();
    let client = "certs/client-forensic-sciences-centre.pem";
    let identity = Identity::from_certificate(&der(&program, client), now).unwrap();
    assert_eq!(identity.to_string(), "casemark://laboratory/BB/Forensic%20Sciences%20Centre");
    for other in ["certs/server.pem", "certs/authority.pem"] {
        assert!(Identity::from_certificate(&der(&program, other), now).is_err(), "{other}");
    }
    // The configuration that lies beside them lets the client in.
    assert!(text.contains("casemark serve --config certs/service.toml"), "{text}");
    let file = std::fs::read_to_string(program.path("certs/service.toml")).unwrap();
    let config = Config::load(Some(ConfigFile { name: "made", text: &file }), []).unwrap();
    config.check_callers().unwrap();
    assert_eq!(config.policy().unwrap().decide(&identity, Action::Search), Decision::Allow);

    let before = program.tree("certs");
    assert_eq!(before.len(), 8);
    certs(&["Forensic Sciences Centre"]).exits(2).complains("nothing is overwritten");
    certs(&["Other", "--server-name", "example.org"]).exits(2).complains("nothing is overwritten");
    certs(&[" padded"]).exits(2).complains("name of the laboratory");
    certs(&["Other", "--days", "0"]).exits(2);
    assert_eq!(program.tree("certs"), before);
    // A second laboratory, from the same authority.
    let text = certs(&["Other", "--person", "Zoë"]).exits(0).stdout();
    assert!(
        text.contains("service.toml is there already") && text.contains("name = \"Other\""),
        "{text}"
    );
    let after = program.tree("certs");
    assert_eq!(after.len(), 11);
    assert!(before.iter().all(|file| after.contains(file)), "something was overwritten");
    let issuer = |name: &str| {
        let der = der(&program, name);
        let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
        (parsed.issuer().to_string(), parsed.subject().to_string())
    };
    let authority = issuer("certs/authority.pem").1;
    for (path, _) in &after {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".pem") && !name.ends_with(".key.pem") {
            assert_eq!(issuer(&format!("certs/{name}")).0, authority, "{name}");
        }
    }
    #[cfg(unix)]
    for (path, _) in &after {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let private = path.to_string_lossy().ends_with(".key.pem");
        assert!(mode == 0o600 || !private, "{}: {mode:o}", path.display());
    }
    // An authority whose key is another's makes no certificates that no one would accept.
    let key = program.path("certs/authority.key.pem");
    std::fs::copy(program.path("certs/server.key.pem"), key).unwrap();
    certs(&["Third"]).exits(2).complains("is not the key of");
    std::fs::remove_file(program.path("certs/authority.key.pem")).unwrap();
    certs(&["Third"]).exits(2).complains("there without its key");
}

#[test]
fn a_configuration_is_printed_and_checked() {
    let program = Program::new();
    let printed = program.run(&["config", "print"]).exits(0).stdout();
    program.write("service.toml", printed.as_bytes());
    let check = ["config", "check", "--config", "service.toml"];
    program.run(&check).exits(0);
    program.run(&["config", "check"]).exits(0);
    let environment = |name: &str, value: &str| {
        let output = program.command(&check).env(name, value).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(environment("CASEMARK__LIMITS__PAGE", "10").0, 0);
    let (code, told) = environment("CASEMARK__LIMITS__PAGE", "0");
    assert!(code == 2 && told.contains("limits.page is 0, wanted 1 to 10000"), "{told}");
    let (code, told) = environment("CASEMARK__LIMITS__PAGES", "1");
    assert!(code == 2 && told.contains("CASEMARK__LIMITS__PAGES"), "{told}");
    program.write("service.toml", b"[server]\nadress = \"127.0.0.1:1\"\n");
    program.run(&check).exits(2).complains("service.toml: there is no key server.adress");
    program.write("service.toml", b"[server\n");
    program.run(&check).exits(2).complains("service.toml");
    program.run(&["config", "check", "--config", "absent.toml"]).exits(2).complains("absent.toml");
}

/// The entries of a store's log.
fn entries(program: &Program, more: &[&str]) -> Vec<Value> {
    let words = [&["audit", "list", "--store", "store", "--json"], more].concat();
    program.run(&words).exits(0).json_lines()
}

#[test]
fn the_log_says_who_did_what_and_finds_a_change() {
    let program = Program::new();
    let references = testdata_text("demo/references");
    let enrol = ["enrol", "--store", "store", "--json", "--actor", "clerk", "--laboratory", "Lab"];
    let scans = program.run(&[&enrol[..], &[&references]].concat()).exits(0).json_lines();
    assert_eq!(scans.len(), 10);
    let questioned = testdata_text("demo/questioned/known-firearm.x3p");
    let search = ["search", "--store", "store", "--actor", "examiner", "--json", &questioned];
    let found = program.run(&search).exits(0).stdout();
    let exhibit = scans[0]["exhibit_id"].as_str().unwrap();
    let withdraw =
        ["withdraw", "--store", "store", exhibit, "--reason", "court order", "--actor", "clerk"];
    program.run(&withdraw).exits(0);
    program.run(&withdraw).exits(2).complains("was withdrawn: court order");
    program.run(&["store", "purge", "--store", "store"]).exits(0);

    let all = entries(&program, &[]);
    fn column<'a>(entries: &'a [Value], name: &str) -> Vec<&'a str> {
        entries.iter().map(|entry| entry[name].as_str().unwrap()).collect()
    }
    let (actions, outcomes) = (column(&all, "action"), column(&all, "outcome"));
    assert_eq!(actions[..20], ["enrol"; 20]);
    assert_eq!((&outcomes[..10], &outcomes[10..20]), (&["begun"; 10][..], &["done"; 10][..]));
    let changes = ["withdraw", "withdraw", "withdraw", "withdraw", "purge", "purge"];
    assert_eq!((actions[20], &actions[21..]), ("search", &changes[..]));
    let ends = ["done", "begun", "done", "begun", "failed", "begun", "done"];
    assert_eq!(outcomes[20..], ends);
    let all = entries(&program, &["--outcome", "done"]);
    assert_eq!(all.len(), 13);
    for (scan, entry) in scans.iter().zip(&all) {
        let subject = format!("scan {}", scan["scan_id"].as_str().unwrap());
        assert_eq!(entry["subject"], subject.as_str());
        assert_eq!((&entry["actor"], &entry["laboratory"]), (&"local:clerk".into(), &"Lab".into()));
    }
    let digest = casemark::Digest::of(found.as_bytes()).to_string();
    assert_eq!(all[10]["result"], digest.as_str(), "the digest is that of what was printed");
    assert_eq!(
        all[10]["parameters"],
        serde_json::from_str::<Value>(&found).unwrap()["summary"]["parameters_digest"]
    );
    assert_eq!(entries(&program, &["--action", "withdraw"]).len(), 4);
    assert_eq!(entries(&program, &["--actor", "local:examiner"]).len(), 1);
    assert_eq!(entries(&program, &["--from", "3", "--limit", "4"]).len(), 4);
    let none = ["audit", "list", "--store", "store", "--actor", "no one"];
    assert_eq!(program.run(&none).exits(1).stdout(), "");
    let table = program.run(&["audit", "list", "--store", "store"]).exits(0).stdout();
    assert!(table.contains("court order"), "{table}");

    let point = program.run(&["audit", "checkpoint", "--store", "store"]).exits(0).stdout();
    assert!(point.starts_with("27:"), "{point}");
    program.write("point", point.as_bytes());
    let json =
        program.run(&["audit", "checkpoint", "--store", "store", "--json"]).exits(0).stdout();
    program.write("point.json", json.as_bytes());
    let verify = ["audit", "verify", "--store", "store", "--json"];
    for more in [
        &[][..],
        &["--checkpoint", point.trim()],
        &["--checkpoint", "point"],
        &["--checkpoint", "point.json"],
    ] {
        let report = program.run(&[&verify[..], more].concat()).exits(0).json();
        assert_eq!((&report["sound"], &report["entries"]), (&true.into(), &27.into()), "{report}");
    }
    program
        .run(&[&verify[..], &["--checkpoint", "nonsense"]].concat())
        .exits(2)
        .complains("nonsense");

    let segment = program.path("store/audit/00000000000000000000.log");
    let text = std::fs::read_to_string(&segment).unwrap();
    std::fs::write(&segment, text.replacen("court order", "court-order", 1)).unwrap();
    let run = program.run(&["audit", "verify", "--store", "store"]).exits(2);
    assert!(run.stdout().contains("entry 21: it does not follow"), "{}", run.told());
    // A log that was changed takes no entry, and so the store no change.
    program.run(&search).exits(2).complains("the audit log is not as it was written");
    // One that was written anew as a whole is found with the checkpoint only.
    std::fs::remove_dir_all(program.path("store/audit")).unwrap();
    program.run(&["audit", "verify", "--store", "store"]).exits(2).complains("holds no audit log");
    program.run(&search).exits(0);
    program.run(&["audit", "verify", "--store", "store"]).exits(0);
    let with = ["audit", "verify", "--store", "store", "--checkpoint", point.trim()];
    let run = program.run(&with).exits(2);
    assert!(run.stdout().contains("ends after 1 entries, 27 were recorded"), "{}", run.told());
}

#[test]
fn an_exhibit_is_shared_and_the_store_stays_sound() {
    let program = Program::new();
    let scan = testdata_text("demo/references/F0003-S01.x3p");
    let line = program.run(&["enrol", "--store", "store", "--json", &scan]).exits(0).json();
    let exhibit = line["exhibit_id"].as_str().unwrap();
    let share =
        |more: &[&str]| program.run(&[&["share", "--store", "store", exhibit], more].concat());
    share(&["--with", "countries", "--countries", "TT,JM", "--tell-existence"]).exits(0);
    share(&["--with", "countries"]).exits(2).complains("--countries goes with");
    share(&["--with", "region", "--countries", "TT"]).exits(2).complains("--countries goes with");
    share(&["--with", "countries", "--countries", "XX"]).exits(2).complains("XX is no country");
    share(&["--with", "default"]).exits(0);
    let all = entries(&program, &["--action", "share", "--outcome", "done"]);
    assert_eq!(all.len(), 2);
    assert!(all[0]["detail"].as_str().unwrap().contains("TT"), "{}", all[0]);
    program.run(&["store", "rebuild", "--store", "store"]).exits(0);
    program.run(&["store", "verify", "--store", "store"]).exits(0);
}
