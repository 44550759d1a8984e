//! Does the configuration follow from its declarations, and does it refuse what it should?

use super::*;
use crate::quality::Name;
use std::path::PathBuf;

fn load(text: &str) -> Result<Config, ConfigError> {
    Config::load(Some(ConfigFile { name: "service.toml", text }), [])
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The message with its causes, as the program prints it.
fn told(error: &ConfigError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[test]
fn the_printed_file_is_complete_commented_and_the_default() {
    let text = Config::print();
    assert_eq!(load(&text).unwrap(), Config::defaults().unwrap());
    for section in sections::SECTIONS {
        for key in section.keys {
            assert!(!key.doc.is_empty());
            let line = text.lines().filter(|line| {
                line.trim_start_matches('#').starts_with(&format!("{} = ", key.name))
            });
            assert!(line.count() >= 1, "{}.{} is not printed", section.name, key.name);
        }
    }
    assert!(text.lines().all(|line| line.len() <= 110), "a line is too long:\n{text}");
}

#[test]
fn the_default_rules_of_quality_are_those_of_the_engine() {
    assert_eq!(Config::defaults().unwrap().quality.rules().unwrap(), Rules::default());
    let text = "[quality]\nrefuse = [\"tilt\", \"near_duplicate\"]\ngreatest_tilt_deg = 5\n";
    let rules = load(text).unwrap().quality.rules().unwrap();
    assert_eq!(rules.refuse, [Name::Tilt, Name::NearDuplicate].into());
    assert!((rules.limits.greatest_tilt.degrees() - 5.0).abs() < 1e-9);
    assert!(load("[quality]\nrefuse = [\"crooked\"]\n").is_err());
}

#[test]
fn a_calibration_is_one_path_or_a_list() {
    let paths = |text: &str| load(text).unwrap().evidence.calibration.unwrap().0;
    let named = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
    assert_eq!(paths("[evidence]\ncalibration = \"a.json\"\n"), named(&["a.json"]));
    let both = "[evidence]\ncalibration = [\"a.json\", \"b.json\"]\n";
    assert_eq!(paths(both), named(&["a.json", "b.json"]));
}

#[test]
fn the_printed_file_with_everything_switched_on_is_understood() {
    let text: String = Config::print()
        .lines()
        .map(|line| {
            // Comments have a space after their sign, keys that are off none.
            let on =
                line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' '));
            format!("{}\n", on.unwrap_or(line))
        })
        .collect();
    let text = text.replace("insecure_anonymous_laboratory =", "#");
    let config = load(&text).unwrap();
    assert_eq!(config.laboratory.len(), 1);
    assert!(config.tls.key.is_some() && config.server.metrics_address.is_some());
    let policy = config.policy().unwrap();
    let laboratory = policy.laboratory("National Laboratory").unwrap();
    let countries = ["JM", "TT"].map(|country| country.parse().unwrap()).into();
    assert_eq!(laboratory.sharing.audience, Audience::Countries(countries));
    assert_eq!(laboratory.sharing.existence, Existence::Told);
}

#[test]
fn a_key_that_no_one_knows_is_named_with_its_file() {
    for (text, key) in [
        ("[server]\nadress = \"127.0.0.1:1\"", "server.adress"),
        ("[sever]\naddress = \"127.0.0.1:1\"", "sever"),
        ("[[laboratory]]\nname = \"A\"\ncountry = \"BB\"\nrole = []", "laboratory.role"),
        ("[Server]\naddress = \"127.0.0.1:1\"", "Server"),
    ] {
        let told = told(&load(text).unwrap_err());
        assert!(told.starts_with(&format!("service.toml: there is no key {key};")), "{told}");
    }
}

#[test]
fn a_wrong_value_is_named_with_its_key_and_file() {
    for (text, key) in [
        ("[server]\naddress = \"nowhere\"", "server.address"),
        ("[limits]\nqueue_length = 0", "limits.queue_length"),
        ("[limits]\nqueue_length = -1", "limits.queue_length"),
        ("[limits]\nqueue_length = \"many\"", "limits.queue_length"),
        ("[log]\nformat = \"xml\"", "log.format"),
        ("[sharing]\ncountries = [\"XX\"]", "sharing.countries"),
        ("server = 1", "server"),
        ("[laboratory]\nname = \"A\"", "laboratory"),
        ("[[laboratory]]\nname = \"A\"\ncountry = \"BB\"\nroles = [\"king\"]", "laboratory"),
        ("[[laboratory]]\nname = \"A\"\ncountry = \"BB\"", "roles"),
        ("[server\n", "1"),
    ] {
        let told = told(&load(text).unwrap_err());
        assert!(told.contains(key) && told.contains("service.toml"), "{text}: {told}");
    }
}

#[test]
fn the_environment_goes_before_the_file_and_is_named_where_it_is_wrong() {
    let file = ConfigFile { name: "service.toml", text: "[limits]\nqueue_length = 7\npage = 9" };
    let load = |pairs: &[(&str, &str)]| Config::load(Some(file), variables(pairs));
    let config = load(&[
        ("CASEMARK__LIMITS__QUEUE_LENGTH", "8"),
        ("CASEMARK__SERVER__INSECURE_PLAIN_TEXT", "true"),
        ("CASEMARK__SERVER__ADDRESS", "0.0.0.0:50051"),
        ("CASEMARK__TLS__CLIENT_AUTHORITY", ""),
        ("CASEMARK_LABORATORY", "no key of ours"),
    ]);
    // An empty path is a path: it contradicts the plain text.
    assert!(matches!(config, Err(ConfigError::Contradiction { key: "tls.client_authority", .. })));
    let config = load(&[
        ("CASEMARK__LIMITS__QUEUE_LENGTH", "8"),
        ("CASEMARK__SERVER__INSECURE_PLAIN_TEXT", "true"),
        ("CASEMARK__SERVER__ADDRESS", "0.0.0.0:50051"),
    ])
    .unwrap();
    assert_eq!((config.limits.queue_length, config.limits.page), (8, 9));
    for (variable, value) in [
        ("CASEMARK__LIMITS__QUEUE_LENGTH", "0"),
        ("CASEMARK__LIMITS__QUEUE_LENGTH", "many"),
        ("CASEMARK__SERVER__ADDRESS", "nowhere"),
        ("CASEMARK__SERVER__NOTHING", "1"),
        ("CASEMARK__server__address", "127.0.0.1:1"),
        ("CASEMARK__LABORATORY", "A"),
    ] {
        let told = told(&load(&[(variable, value)]).unwrap_err());
        assert!(told.contains(variable), "{told}");
    }
}

#[test]
fn what_is_not_secure_has_to_be_said_by_name() {
    let tls = "[tls]\ncertificate = \"a\"\nkey = \"b\"\n";
    let laboratory = "[[laboratory]]\nname = \"A\"\ncountry = \"BB\"\nroles = []\n";
    let anonymous = "[server]\ninsecure_anonymous_laboratory = \"A\"\n";
    for (text, key) in [
        ("[server]\naddress = \"0.0.0.0:1\"".to_owned(), Some("server.address")),
        ("[server]\naddress = \"0.0.0.0:1\"\ninsecure_plain_text = true".to_owned(), None),
        ("[server]\naddress = \"[::1]:1\"".to_owned(), None),
        ("[tls]\ncertificate = \"a\"".to_owned(), Some("tls.certificate")),
        (tls.to_owned(), Some("tls.client_authority")),
        (format!("{tls}client_authority = \"c\""), None),
        (format!("{tls}insecure_without_client_certificates = true"), None),
        ("[tls]\nclient_authority = \"c\"".to_owned(), Some("tls.client_authority")),
        (anonymous.to_owned(), Some("server.insecure_anonymous_laboratory")),
        (format!("{anonymous}{laboratory}"), None),
        (
            format!("{anonymous}{tls}client_authority = \"c\"\n{laboratory}"),
            Some("server.insecure_anonymous_laboratory"),
        ),
        ("[sharing]\nshare_with = \"countries\"".to_owned(), Some("sharing.countries")),
        ("[sharing]\ncountries = [\"BB\"]".to_owned(), Some("sharing.countries")),
    ] {
        match (load(&text), key) {
            (Ok(_), None) => {}
            (Err(ConfigError::Contradiction { key: found, .. }), Some(key)) if found == key => {}
            (other, key) => panic!("{text}: wanted {key:?}, {other:?}"),
        }
    }
    let twice = load(&format!("{laboratory}{laboratory}")).unwrap_err();
    assert!(told(&twice).contains("laboratory A is named twice"), "{}", told(&twice));
    let named = load("[[laboratory]]\nname = \"\"\ncountry = \"BB\"\nroles = []").unwrap_err();
    assert!(matches!(named, ConfigError::Name { .. }), "{named}");
}
