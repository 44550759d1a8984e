//! Is every decision the one that the tables say? And does a certificate name whom it should?

use super::*;
use crate::store::{Audience, Country, Existence, Sharing};
use jiff::Timestamp;

fn country(code: &str) -> Country {
    code.parse().unwrap()
}

fn identity(laboratory: &str, code: &str) -> Identity {
    Identity::new(laboratory, country(code), None).unwrap()
}

#[test]
fn the_matrix_has_a_row_for_each_action_in_order_and_names_once() {
    assert_eq!(MATRIX.len(), Action::ALL.len());
    for (index, ((action, _), listed)) in MATRIX.iter().zip(Action::ALL).enumerate() {
        assert_eq!((action, *action as usize), (listed, index));
        let json = serde_json::to_string(action).unwrap();
        assert_eq!(json, format!("\"{}\"", action.name()));
    }
    for (index, role) in Role::ALL.into_iter().enumerate() {
        assert_eq!((role as usize, role.name().parse()), (index, Ok(role)));
    }
    assert!("king".parse::<Role>().is_err());
}

#[test]
fn the_matrix_is_this_one() {
    // Written out a second time, by role, so that a change of the table is a change of two places.
    let of = |role: Role| -> Vec<&str> {
        let roles: Roles = [role].into_iter().collect();
        Action::ALL
            .iter()
            .filter(|action| roles.may(**action))
            .map(|action| action.name())
            .collect()
    };
    assert_eq!(of(Role::Reader), ["get", "list"]);
    let examiner = ["extract", "compare", "batch_compare", "search", "get", "list", "download"];
    assert_eq!(of(Role::Examiner), examiner);
    let contributor =
        ["extract", "get", "list", "download", "enrol", "revise", "share", "withdraw"];
    assert_eq!(of(Role::Contributor), contributor);
    assert_eq!(of(Role::Auditor), ["statistics", "verify", "query_audit"]);
    assert_eq!(of(Role::Administrator), ["statistics", "verify", "purge", "merge", "upgrade"]);
    assert!(Action::ALL.iter().all(|action| !Roles::NONE.may(*action)), "no role may nothing");
    let both: Roles = [Role::Reader, Role::Auditor].into_iter().collect();
    assert!(both.may(Action::Get) && both.may(Action::QueryAudit) && !both.may(Action::Purge));
}

/// Every role x action x owner x audience x existence, against the rules in words.
#[test]
fn every_decision_is_what_the_rules_say() {
    let asks = identity("Ours", "BB");
    let audiences = [
        (Audience::OwnLaboratory, false),
        (Audience::Countries([country("TT")].into()), false),
        (Audience::Countries([country("TT"), country("BB")].into()), true),
        (Audience::Region, true),
    ];
    let mut decisions = 0;
    for role in Role::ALL {
        let roles: Roles = [role].into_iter().collect();
        for &action in Action::ALL {
            let denied = Decision::Deny(DenyReason::Role { laboratory: "Ours".into(), action });
            let alone = if roles.may(action) { Decision::Allow } else { denied.clone() };
            assert_eq!(decide(&asks, roles, action, None), alone);
            for laboratory in ["Ours", "Theirs"] {
                for (audience, seen) in &audiences {
                    for existence in [Existence::Hidden, Existence::Told] {
                        let sharing = Sharing { audience: audience.clone(), existence };
                        let record = RecordFacts { laboratory, sharing: &sharing };
                        let told = existence == Existence::Told;
                        let changes = ["enrol", "revise", "share", "withdraw"];
                        let wanted = if !roles.may(action) {
                            denied.clone()
                        } else if laboratory == "Ours" {
                            Decision::Allow
                        } else if changes.contains(&action.name()) {
                            Decision::Deny(if *seen || told {
                                DenyReason::NotOwner { action }
                            } else {
                                DenyReason::Hidden
                            })
                        } else if *seen {
                            Decision::Allow
                        } else if told {
                            Decision::Restricted
                        } else {
                            Decision::Deny(DenyReason::Hidden)
                        };
                        assert_eq!(decide(&asks, roles, action, Some(&record)), wanted);
                        decisions += 1;
                    }
                }
            }
        }
    }
    assert_eq!(decisions, 5 * 17 * 2 * 4 * 2);
}

#[test]
fn the_sharing_that_holds_is_the_records_own_then_its_laboratorys_then_that_of_all() {
    let region = Sharing { audience: Audience::Region, existence: Existence::Hidden };
    let told = Sharing { audience: Audience::OwnLaboratory, existence: Existence::Told };
    let laboratory = |name: &str, sharing: &Sharing| Laboratory {
        name: name.into(),
        country: country("BB"),
        roles: [Role::Examiner].into_iter().collect(),
        sharing: sharing.clone(),
    };
    let others = Sharing::default();
    let policy =
        Policy::new([laboratory("A", &region), laboratory("B", &others)], told.clone()).unwrap();
    let b = identity("B", "BB");
    let on = |laboratory, own| policy.decide_on(&b, Action::Get, laboratory, own);
    assert_eq!(on("A", None), Decision::Allow);
    assert_eq!(on("A", Some(&told)), Decision::Restricted);
    assert_eq!(on("A", Some(&others)), Decision::Deny(DenyReason::Hidden));
    assert_eq!(on("elsewhere", None), Decision::Restricted);
    assert_eq!(on("B", None), Decision::Allow);
    assert_eq!(policy.decide(&b, Action::Search), Decision::Allow);

    let unknown = policy.decide(&identity("C", "BB"), Action::Search);
    assert_eq!(unknown, Decision::Deny(DenyReason::UnknownLaboratory { laboratory: "C".into() }));
    let other = policy.decide_on(&identity("B", "TT"), Action::Get, "A", None);
    assert!(matches!(other, Decision::Deny(DenyReason::OtherCountry { .. })), "{other:?}");
    let twice = Policy::new([laboratory("A", &region), laboratory("A", &told)], others);
    assert_eq!(twice.unwrap_err(), PolicyError { name: "A".into() });
}

#[test]
fn an_identity_has_one_spelling() {
    for (laboratory, person, uri) in [
        ("Lab", None, "casemark://laboratory/BB/Lab"),
        ("Forensic Lab", Some("a.b-c_d~e"), "casemark://laboratory/BB/Forensic%20Lab/a.b-c_d~e"),
        ("Château/À", None, "casemark://laboratory/BB/Ch%C3%A2teau%2F%C3%80"),
        ("100%", None, "casemark://laboratory/BB/100%25"),
    ] {
        let identity = Identity::new(laboratory, country("BB"), person).unwrap();
        assert_eq!(identity.to_string(), uri);
        assert_eq!(uri.parse::<Identity>().unwrap(), identity);
    }
    for uri in [
        "",
        "casemark://laboratory/BB",
        "casemark://laboratory/BB/",
        "casemark://laboratory/BB/Lab/",
        "casemark://laboratory/BB/Lab/x/y",
        "casemark://laboratory/bb/Lab",
        "casemark://laboratory/XX/Lab",
        "Casemark://laboratory/BB/Lab",
        "casemark://Laboratory/BB/Lab",
        "casemark://laboratory/BB/L%61b",
        "casemark://laboratory/BB/Lab%2f",
        "casemark://laboratory/BB/Lab%2",
        "casemark://laboratory/BB/Lab%zz",
        "casemark://laboratory/BB/Lab%FF",
        "casemark://laboratory/BB/Lab%0A",
        "casemark://laboratory/BB/Lab Lab",
        "casemark://laboratory/BB/%20Lab",
        "casemark://laboratory/BB/..",
        "casemark://laboratory/BB/Lab?x=1",
        "casemark://laboratory/BB/Lab#x",
        "https://laboratory/BB/Lab",
    ] {
        assert!(uri.parse::<Identity>().is_err(), "{uri} was taken for an identity");
    }
}

/// A certificate with these names, for client or server, valid in 2026.
fn certificate(uris: &[&str], change: impl Fn(&mut rcgen::CertificateParams)) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["client".to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2027, 1, 1);
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    for uri in uris {
        parameters.subject_alt_names.push(rcgen::SanType::URI((*uri).try_into().unwrap()));
    }
    change(&mut parameters);
    parameters.self_signed(&key).unwrap().der().to_vec()
}

#[test]
fn a_certificate_names_one_client_in_its_time_or_no_one() {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let now = at("2026-06-01T00:00:00Z");
    let uri = "casemark://laboratory/BB/Forensic%20Lab/clerk-2";
    let good = certificate(&[uri, "https://example.org/"], |_| {});
    let found = Identity::from_certificate(&good, now).unwrap();
    assert_eq!(found.to_string(), uri);
    assert_eq!(
        (found.laboratory(), found.country(), found.person()),
        ("Forensic Lab", country("BB"), Some("clerk-2"))
    );
    for early_or_late in ["2025-12-31T23:59:59Z", "2027-01-01T00:00:01Z"] {
        let error = Identity::from_certificate(&good, at(early_or_late)).unwrap_err();
        assert!(matches!(error, IdentityError::OutOfTime { .. }), "{error}");
    }
    let refused = |der: &[u8]| Identity::from_certificate(der, now).unwrap_err();
    let none = refused(&certificate(&["https://example.org/"], |_| {}));
    assert!(matches!(none, IdentityError::Count { found: 0 }), "{none}");
    let two = refused(&certificate(&[uri, "casemark://laboratory/TT/Other"], |_| {}));
    assert!(matches!(two, IdentityError::Count { found: 2 }), "{two}");
    let spelled = refused(&certificate(&["CASEMARK://laboratory/BB/Lab"], |_| {}));
    assert!(matches!(spelled, IdentityError::Uri { .. }), "{spelled}");
    let server = refused(&certificate(&[uri], |parameters| {
        parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    }));
    assert!(matches!(server, IdentityError::NotAClient), "{server}");
    let authority = refused(&certificate(&[uri], |parameters| {
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }));
    assert!(matches!(authority, IdentityError::NotAClient), "{authority}");

    // Garbage, and a good one cut or lengthened anywhere, panics nowhere and names no one.
    for length in 0..good.len() {
        assert!(Identity::from_certificate(&good[..length], now).is_err(), "{length} bytes");
    }
    assert!(Identity::from_certificate(&[&good[..], &[0]].concat(), now).is_err());
    for index in 0..good.len() {
        let mut changed = good.clone();
        changed[index] ^= 0x55;
        // The signature is for the TLS library to check; here nothing may break.
        let _ = Identity::from_certificate(&changed, now);
    }
}
