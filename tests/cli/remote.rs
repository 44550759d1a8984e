//! Do the verbs at a server do and print what they do with a store? Runs the real binary against the real `serve`.

use crate::made_up::{Answer, made_up};
use crate::program::{Program, testdata_text};
use crate::served::Served;
use serde_json::Value;

fn questioned() -> String {
    testdata_text("demo/questioned/known-firearm.x3p")
}

fn reference(name: &str) -> String {
    testdata_text(&format!("demo/references/{name}"))
}

/// A program with a store of some of the demonstration's references.
fn with_store() -> (Program, Vec<Value>) {
    let program = Program::new();
    let rows = "file,laboratory,case_number,label,country,calibre,firearm_label,firearm_make,incident,notes\n\
        F0001-S01.x3p,A,1,X,BB,9 mm Luger,gun,Make,2026-01-17,two words\n\
        F0003-S01.x3p,A,1,Y,JM,,,,,\nF0003-S02.x3p,B,,,,.40 S&W,,,,\n";
    program.write("metadata.csv", rows.as_bytes());
    let scans = ["F0001-S01.x3p", "F0003-S01.x3p", "F0003-S02.x3p"].map(reference);
    let mut words = vec!["enrol", "--store", "store", "--json", "--metadata", "metadata.csv"];
    words.extend(scans.iter().map(String::as_str));
    let lines = program.run(&words).exits(0).json_lines();
    assert_eq!(lines.len(), 3);
    (program, lines)
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap()
}

/// Without the time that it took.
fn timeless(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut kept = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let seconds = index > 0 && words[index - 1] == "in" && word.parse::<f64>().is_ok();
        kept.push(if seconds { "N" } else { word });
    }
    kept.join(" ")
}

/// The same, of a record: without what the contract does not tell.
fn told(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove("signatures");
            if fields.contains_key("laboratory") {
                fields.remove("entered");
            }
            if fields.contains_key("reason") {
                fields.remove("subject");
            }
            fields.values_mut().for_each(|field| *field = told(field.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = told(item.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

#[test]
fn a_server_gives_what_a_store_gives_byte_for_byte() {
    let (program, lines) = with_store();
    let stored = format!("scan:{}", text(&lines[1], "scan_id"));
    let (question, file) = (questioned(), reference("F0003-S02.x3p"));
    let verbs: Vec<Vec<&str>> = vec![
        vec!["search", &question, "--json"],
        vec!["search", &question],
        vec!["search", &question, "--top", "1", "--calibre", "9mm luger", "--json"],
        vec!["search", &question, "--country", "JM", "--exclude-unknown", "--json"],
        vec!["search", &question, "--mark", "firing_pin"],
        vec!["compare", &question, &file, "--json"],
        vec!["compare", &question, &file],
        vec!["compare", &question, &stored, "--json"],
        vec!["compare", &stored, &file],
        vec!["store", "stats", "--json"],
        vec!["store", "stats"],
        vec!["store", "verify", "--json"],
        vec!["store", "verify"],
    ];
    let local: Vec<_> = verbs
        .iter()
        .map(|words| program.run(&[&words[..], &["--store", "store"]].concat()))
        .collect();
    let mut names = vec![text(&lines[2], "exhibit_id"), text(&lines[2], "mark_id")];
    names.extend(lines.iter().map(|line| text(line, "scan_id")));
    let ends = names.clone();
    names.extend(ends.iter().map(|name| &name[..25]));
    let show = |from: [&str; 2], name: &str, more: &[&str]| {
        program.run(&[&["show", name], &from[..], more].concat())
    };
    let from = ["--store", "store"];
    let shown: Vec<_> =
        names.iter().map(|name| show(from, name, &["--json"]).exits(0).json()).collect();
    let case = text(&shown[2]["scans"][0]["case"], "id").to_owned();
    let firearm = text(&shown[2]["scans"][0]["firearm"], "id").to_owned();
    let sha256 = text(&shown[2]["scan"], "original").to_owned();
    names.extend([case.as_str(), firearm.as_str(), sha256.as_str()]);
    let shown: Vec<_> =
        names.iter().map(|name| show(from, name, &["--json"]).exits(0).json()).collect();
    let original = show(from, &sha256, &["--original", "one.x3p"]).exits(0);

    let served = Served::open(&program, "store");
    for (words, local) in verbs.iter().zip(local) {
        let remote = program.run(&[&words[..], &["--server", &served.url]].concat());
        assert_eq!(timeless(&remote.stdout()), timeless(&local.stdout()), "{}", remote.told());
        assert_eq!(remote.code(), local.code(), "{}", remote.told());
    }
    let from = ["--server", served.url.as_str()];
    for (name, local) in names.iter().zip(shown) {
        let remote = show(from, name, &["--json"]).exits(0);
        assert_eq!(told(remote.json()), remote.json(), "nothing is there that is not told");
        let local = serde_json::to_string_pretty(&told(local)).unwrap();
        let remote = serde_json::to_string_pretty(&remote.json()).unwrap();
        assert_eq!(remote, local, "{name}");
    }
    let remote = show(from, &sha256, &["--original", "two.x3p"]).exits(0);
    // A text of the same lines in the same order, but for those that are not told.
    let (whole, part) = (original.stdout(), remote.stdout());
    let mut known = whole.lines();
    let strange = part.lines().find(|line| !known.any(|other| other == *line));
    assert_eq!(strange, None, "{}", remote.told());
    let bytes = |name: &str| std::fs::read(program.path(name)).unwrap();
    assert!(bytes("one.x3p") == bytes("two.x3p") && !bytes("one.x3p").is_empty());
    show(from, text(&lines[0], "exhibit_id"), &["--original", "no.x3p"])
        .exits(2)
        .complains("is no scan");
    show(from, "ffffffff", &[]).exits(2).complains("nothing in the store is called ffffffff");
    show(from, "0", &[]).exits(2).complains("nothing in the store is called 0");
    show(from, &names[0][..4], &[]).exits(2).complains("write more of it");
}

#[test]
fn a_batch_at_a_server_writes_the_same_file() {
    let program = Program::new();
    program.write("bad.x3p", b"not a scan");
    let scans = ["F0001-S01.x3p", "F0003-S01.x3p", "F0003-S02.x3p"].map(reference);
    let mut words: Vec<&str> = scans.iter().map(String::as_str).collect();
    let question = questioned();
    words.push(&question);
    let served = Served::open(&program, "store");
    let from = ["--server", served.url.as_str()];
    let batch = |out: &str, more: &[&str]| {
        program.run(&[&["batch", "--out", out], &words[..], more].concat())
    };
    let local = batch("local.csv", &[]).exits(0).stdout();
    let remote = batch("remote.csv", &from).exits(0).stdout();
    assert_eq!(timeless(&remote).replace("remote", "local"), timeless(&local));
    let bytes = |name: &str| std::fs::read_to_string(program.path(name)).unwrap();
    assert_eq!(bytes("remote.csv"), bytes("local.csv"));
    assert_eq!(bytes("remote.csv").lines().count(), 7);
    // Pairs in the order of their file, which is not the one in which they are sent.
    program.write(
        "pairs.csv",
        b"questioned,reference\nF0003-S02.x3p,F0001-S01.x3p\nF0001-S01.x3p,F0003-S01.x3p\nF0003-S02.x3p,F0003-S01.x3p\n",
    );
    batch("local.csv", &["--pairs", "pairs.csv"]).exits(0);
    batch("remote.csv", &["--pairs", "pairs.csv", from[0], from[1]]).exits(0);
    assert_eq!(bytes("remote.csv"), bytes("local.csv"));
    // A scan at fault is named, and left out if so wished.
    batch("none.csv", &["bad.x3p", from[0], from[1]]).exits(2).complains("bad.x3p");
    assert!(!program.path("none.csv").exists());
    batch("local.csv", &["bad.x3p", "--keep-going"]).exits(2).complains("left out: bad.x3p");
    batch("remote.csv", &["bad.x3p", "--keep-going", from[0], from[1]])
        .exits(2)
        .complains("left out: bad.x3p");
    assert_eq!(bytes("remote.csv"), bytes("local.csv"));
}

#[test]
fn scans_are_entered_and_withdrawn_at_a_server() {
    let program = Program::new();
    let served = Served::open(&program, "store");
    let from = ["--server", served.url.as_str()];
    let references = testdata_text("demo/references");
    program.run(&["enrol", from[0], from[1], &references]).exits(2).complains("--laboratory");
    program.write("bad/bad.x3p", b"not a scan");
    program.write("rows.csv", b"file,laboratory,case_number,label,country\nF0001-S01.x3p,A,1,X,BB\nF0001-S02.x3p,A,1,X,JM\nF0002-S01.x3p,A,1,Y,JM\n");
    let enrol = ["enrol", from[0], from[1], "--laboratory", "Lab", "--metadata", "rows.csv"];
    let run = program.run(&[&enrol[..], &["--json", "bad", &references]].concat());
    let run = run.exits(2).complains("bad.x3p").complains("F0001-S02.x3p");
    let run = run.complains("another country").complains("request ");
    let lines = run.json_lines();
    let files: Vec<&str> = lines.iter().map(|line| text(line, "file")).collect();
    assert!(files.len() == 9 && files.is_sorted(), "{files:?}");
    assert!(lines.iter().all(|line| line["outcome"] == "new"), "{lines:?}");
    // The same again is the same to the server.
    let again = program.run(&[&enrol[..], &["--json", &references]].concat()).exits(2).json_lines();
    assert_eq!(again, lines);
    let scan = text(&lines[8], "scan_id");
    // With other metadata it is another request, of a file that is known.
    program.write("notes.csv", b"file,notes\nF0005-S02.x3p,again\n");
    let enrol = ["enrol", from[0], from[1], "--laboratory", "Lab", "--metadata", "notes.csv"];
    let other =
        program.run(&[&enrol[..], &[&reference("F0005-S02.x3p")]].concat()).exits(0).stdout();
    assert!(other.contains(scan) && other.contains("already known"), "{other}");
    assert!(other.ends_with("0 entered, 1 already known, 0 refused\n"), "{other}");

    let exhibit = text(&lines[4], "exhibit_id");
    let withdraw = |id: &str| program.run(&["withdraw", from[0], from[1], id, "--reason", "error"]);
    let said = withdraw(exhibit).exits(0).stdout();
    assert!(said.starts_with(&format!("exhibit {exhibit} is withdrawn")), "{said}");
    withdraw(exhibit).exits(2).complains("was withdrawn: error");
    assert!(withdraw(&scan[..25]).exits(0).stdout().starts_with(&format!("scan {scan}")));
    withdraw(scan).exits(2).complains("was withdrawn: error");
    withdraw(text(&lines[0], "mark_id")).exits(2);
    withdraw("ffffffff").exits(2).complains("ffffffff");
    let shown = program.run(&["show", from[0], from[1], scan, "--json"]).exits(0).json();
    assert_eq!(shown["scans"][0]["withdrawal"]["reason"], "error", "{shown:#}");
    let search = ["search", from[0], from[1], &questioned(), "--json"];
    assert_eq!(program.run(&search).exits(0).json()["summary"]["records_searched"], 7);
    drop(served);
    program.run(&["store", "verify", "--store", "store"]).exits(0);
}

#[test]
fn stored_scans_are_compared_and_drawn() {
    let (program, lines) = with_store();
    let stored = format!("scan:{}", text(&lines[1], "scan_id"));
    let question = questioned();
    program.run(&["compare", &question, &stored]).exits(2).complains("give --store DIR");
    let compare = ["compare", &question, &stored, "--picture", "report.png"];
    program.run(&[&compare[..], &["--store", "store"]].concat()).exits(0);
    assert!(program.path("report.png").exists());
    let all = program.run(&["audit", "list", "--store", "store", "--action", "compare", "--json"]);
    assert_eq!(all.exits(0).json_lines().len(), 1);
    let served = Served::open(&program, "store");
    let at = [&compare[..], &["--server", &served.url]].concat();
    program.run(&at).exits(2).complains("--picture needs both surfaces here");
    // The environment names a server for what is not on this machine, and for nothing else.
    let words = ["compare", &question, &stored, "--json"];
    let output = program.command(&words).env("CASEMARK_SERVER", &served.url).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let words = ["compare", &question, &reference("F0001-S01.x3p"), "--json"];
    let output = program.command(&words).env("CASEMARK_SERVER", "http://127.0.0.1:1").output();
    assert!(output.unwrap().status.success());
    program.write("bad.x3p", b"not a scan");
    let words = ["compare", &question, "bad.x3p", "--server", &served.url];
    program.run(&words).exits(2).complains("bad.x3p: http://").complains("request ");
    let words = ["compare", "none.x3p", "bad.x3p", "--server", "http://127.0.0.1:1"];
    program.run(&words).exits(2).complains("none.x3p");
}

#[test]
fn which_server_is_said_by_flags_then_profiles_then_the_environment() {
    let (program, _) = with_store();
    let served = Served::open(&program, "store");
    let stats = ["store", "stats", "--json"];
    program.run(&stats).exits(2).complains("give --store DIR, or --server URL");
    let run = |more: &[&str], environment: &[(&str, &str)]| {
        let mut command = program.command(&[&stats[..], more].concat());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), told)
    };
    program.write("profiles/good.toml", format!("server = \"{}\"", served.url).as_bytes());
    program.write("profiles/bad.toml", b"server = \"http://127.0.0.1:1\"\ntimeout_s = 5\n");
    let (good, bad) = ("profiles/good.toml", "profiles/bad.toml");
    let nowhere = ("CASEMARK_SERVER", "http://127.0.0.1:1");
    assert_eq!(run(&["--profile", good], &[nowhere]), (0, String::new()));
    assert_eq!(run(&["--profile", bad, "--server", &served.url], &[]), (0, String::new()));
    assert_eq!(run(&[], &[("CASEMARK_SERVER", &served.url)]).0, 0);
    assert_eq!(run(&[], &[("CASEMARK_PROFILE", good)]).0, 0);
    assert_eq!(run(&[], &[("CASEMARK_SERVER", &served.url), ("CASEMARK_PROFILE", bad)]).0, 0);
    assert_eq!(run(&["--server", &served.url], &[nowhere]).0, 0);
    let refused = |more: &[&str], environment: &[(&str, &str)], words: &[&str]| {
        let (code, told) = run(more, environment);
        assert!(code == 2 && words.iter().all(|word| told.contains(word)), "{more:?}: {told}");
    };
    refused(&["--profile", bad], &[], &["http://127.0.0.1:1: no connection", "refused"]);
    refused(&["--profile", "none.toml"], &[], &["none.toml"]);
    refused(&["--server", "127.0.0.1:1"], &[], &["this is no server: wanted https://HOST:PORT"]);
    refused(&["--server", "ftp://a:1"], &[], &["this is no server"]);
    refused(&["--server", "https://127.0.0.1:1"], &[], &["whom to trust is not known"]);
    refused(&["--server", "http://127.0.0.1:1", "--ca", bad], &[], &["http is plain text"]);
    refused(&["--server", "https://a:1", "--ca", "none.pem"], &[], &["none.pem"]);
    refused(&["--server", "https://127.0.0.1:1", "--ca", bad], &[], &["https://127.0.0.1:1: "]);
    refused(&["--ca", bad], &[], &["which server?"]);
    refused(&["--store", "store", "--server", &served.url], &[], &["cannot be used with"]);
    refused(&["--cert", bad], &[], &["--key"]);
    program.write("wrong.toml", b"sever = \"http://127.0.0.1:1\"\n");
    refused(&["--profile", "wrong.toml"], &[], &["wrong.toml", "sever"]);
    // A store that is named needs no environment.
    drop(served);
    assert_eq!(run(&["--store", "store"], &[nowhere, ("CASEMARK_PROFILE", "none.toml")]).0, 0);
}

#[test]
fn by_mutual_tls_a_laboratory_is_known_by_its_certificate() {
    let program = Program::new();
    let certs = |laboratory: &str, country: &str| {
        let words = ["certs", "--out", "certs", "--laboratory", laboratory, "--country", country];
        program.run(&words).exits(0);
    };
    certs("National Laboratory", "BB");
    certs("Other", "TT");
    certs("Stranger", "JM");
    let path = program.path("certs/service.toml");
    let config = std::fs::read_to_string(&path).unwrap()
        + "share_with = \"region\"\n\n[[laboratory]]\nname = \"Other\"\ncountry = \"TT\"\nroles = [\"examiner\", \"auditor\"]\n";
    std::fs::write(&path, config).unwrap();
    let serve = ["--config", "certs/service.toml", "--store", "store"];
    let served = Served::start(&program, "https", &serve);
    let national = ["--server", &served.url, "--profile", "certs/client-national-laboratory.toml"];
    let other = ["--server", &served.url, "--profile", "certs/client-other.toml"];
    let enrol = ["enrol", "--json", &reference("F0003-S01.x3p"), &reference("F0001-S01.x3p")];
    let lines = program.run(&[&enrol[..], &national].concat()).exits(0).json_lines();
    assert_eq!(lines.len(), 2);
    let words = [&enrol[..], &national, &["--laboratory", "Other"]].concat();
    let field = "(field metadata.exhibit.laboratory)";
    program.run(&words).exits(2).complains("not allowed").complains(field);
    program.run(&[&enrol[..], &other].concat()).exits(2).complains("not allowed");

    let scan = text(&lines[0], "scan_id");
    let show = ["show", scan, "--json"];
    let shown = program.run(&[&show[..], &national].concat()).exits(0).json();
    assert_eq!(shown["scans"][0]["exhibit"]["laboratory"], "National Laboratory", "{shown:#}");
    let search = ["search", &questioned(), "--json"];
    let found = program.run(&[&search[..], &other].concat()).exits(0).json();
    assert_eq!(found["candidates"].as_array().unwrap().len(), 2, "{found:#}");
    let verify = ["store", "verify"];
    program.run(&[&verify[..], &national].concat()).exits(2).complains("not allowed");
    let sound = program.run(&[&verify[..], &other].concat()).exits(0).stdout();
    assert!(sound.ends_with("the store is sound\n"), "{sound}");

    // With whom it is shared, and who asked: chosen and read over the same connection.
    let exhibit = text(&lines[0], "exhibit_id");
    let share = ["share", exhibit, "--with", "own-laboratory"];
    program.run(&[&share[..], &other].concat()).exits(2);
    program.run(&[&share[..], &national].concat()).exits(0);
    let found = program.run(&[&search[..], &other].concat()).exits(0).json();
    assert_eq!(found["candidates"].as_array().unwrap().len(), 1, "{found:#}");
    program.run(&[&["audit", "list"], &national[..]].concat()).exits(2).complains("not allowed");
    let list = ["audit", "list", "--json", "--limit", "7"];
    let entries = program.run(&[&list[..], &other].concat()).exits(0).json_lines();
    assert_eq!(entries.len(), 7);
    assert_eq!((text(&entries[0], "action"), text(&entries[0], "outcome")), ("enrol", "begun"));
    let some = ["audit", "list", "--json", "--action", "share", "--outcome", "done"];
    let shared = program.run(&[&some[..], &other].concat()).exits(0).json_lines();
    let [entry] = &shared[..] else { panic!("{shared:?}") };
    assert_eq!(text(entry, "subject"), format!("exhibit {exhibit}"));
    assert!(text(entry, "actor").starts_with("casemark://laboratory/BB/National"), "{entry}");
    let words = [&["audit", "checkpoint"], &other[..]].concat();
    let checkpoint = program.run(&words).exits(0).stdout();

    // Who is not let in, and whom one does not trust.
    let stats = ["store", "stats"];
    let refused = |more: &[&str], words: &[&str]| {
        let run = program.run(&[&stats[..], more].concat()).exits(2);
        let told = run.stderr();
        assert!(words.iter().all(|word| told.contains(word)), "{}", run.told());
    };
    let stranger = ["--server", &served.url, "--profile", "certs/client-stranger.toml"];
    refused(&stranger, &["Stranger", "request "]);
    refused(
        &["--server", &served.url, "--ca", "certs/authority.pem"],
        &["may want a client certificate"],
    );
    let (ca, key) = ("certs/other.pem", "certs/client-other.key.pem");
    std::fs::copy(program.path("certs/client-other.pem"), program.path(ca)).unwrap();
    refused(&[&national[..], &["--ca", ca]].concat(), &["no connection", "certificate"]);
    refused(
        &[&national[..], &["--server-name", "example.org"]].concat(),
        &["no connection", "certificate"],
    );
    program.run(&[&stats[..], &other, &["--server-name", "localhost"]].concat()).exits(0);
    refused(
        &[&national[..], &["--cert", "certs/client-other.pem", "--key", "none.pem"]].concat(),
        &["none.pem"],
    );
    let words = [&national[..], &["--cert", "certs/client-national-laboratory.pem", "--key", key]];
    refused(&words.concat(), &["https://"]);
    drop(served);
    // The log is the one that the server wrote, and has what the checkpoint says.
    let verify = ["audit", "verify", "--store", "store", "--checkpoint", checkpoint.trim()];
    program.run(&verify).exits(0);

    // What a laboratory keeps to itself: the others learn that there is something, if it says so.
    let exhibit = text(&lines[0], "exhibit_id");
    let share =
        ["share", "--store", "store", exhibit, "--with", "own-laboratory", "--tell-existence"];
    program.run(&share).exits(0);
    let served = Served::start(&program, "https", &serve);
    let other = ["--server", &served.url, "--profile", "certs/client-other.toml"];
    let found = program.run(&[&search[..], &other].concat()).exits(0).json();
    assert_eq!(found["restricted"][0]["laboratory"], "National Laboratory", "{found:#}");
    assert_eq!(found["candidates"].as_array().unwrap().len(), 1, "{found:#}");
    let table = program.run(&[&search[..2], &other].concat()).exits(0).stdout();
    assert!(table.contains("not shared with you: 1 of National Laboratory"), "{table}");
    program.run(&[&show[..], &other].concat()).exits(2).complains("not allowed");
}

#[test]
fn a_server_that_keeps_no_word_makes_the_search_fail() {
    let program = Program::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let made_up = |answers: &[Answer]| runtime.block_on(made_up(answers));
    let search = |url: &str, more: &[&str]| {
        program.run(&[&["search", &questioned(), "--server", url], more].concat())
    };
    let (url, _) = made_up(&[Answer::NoSummary]);
    search(&url, &[]).exits(2).complains("the search ended without its summary");
    let (url, _) = made_up(&[Answer::NoRoom, Answer::Nothing]);
    let told = "too much: no room; try again in 0.05 s; request the-request";
    search(&url, &[]).exits(1).complains("waiting: http://").complains(told);
    let (url, asked) = made_up(&[Answer::NoRoom, Answer::Nothing]);
    search(&url, &["--no-retry"]).exits(2).complains(told);
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1);
    let (url, _) = made_up(&[Answer::Silence]);
    search(&url, &["--timeout-s", "1"]).exits(2).complains("no answer within 1 s");
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_the_call() {
    use std::process::{Command, Stdio};
    use std::sync::atomic::Ordering;
    let program = Program::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (url, asked) = runtime.block_on(made_up(&[Answer::Silence]));
    let mut command = program.command(&["search", &questioned(), "--server", &url]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while asked.load(Ordering::SeqCst) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success()
    );
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && told.contains("interrupted"), "{told}");
}
