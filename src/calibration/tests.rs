//! Is what is weighed, bounded, kept and refused what it should be?

use super::*;
use crate::surface::Kind;

/// Ten sources of four marks each: pairs of one have about 26 of 30 cells, of two about one.
fn labelled() -> Labelled {
    let mut comparisons = Vec::new();
    let marks: Vec<(usize, usize)> = (0..10).flat_map(|s| (0..4).map(move |m| (s, m))).collect();
    for (place, one) in marks.iter().enumerate() {
        for other in &marks[place + 1..] {
            let jitter = ((one.0 * 7 + one.1 * 3 + other.0 * 5 + other.1) % 5) as u32;
            let congruent = if one.0 == other.0 { 24 + jitter } else { jitter / 2 };
            let ncc = if one.0 == other.0 { 0.7 } else { 0.15 } + f64::from(jitter) / 100.0;
            comparisons.push(LabelledComparison {
                questioned: format!("{}-{}", one.0, one.1),
                reference: format!("{}-{}", other.0, other.1),
                features: Features { congruent, compared: 30, ncc },
                sources: [format!("source {}", one.0), format!("source {}", other.0)],
            });
        }
    }
    let population = Population {
        name: "ten slides".to_owned(),
        kind: Kind::Topography,
        mark: "breech_face".to_owned(),
        instruments: Vec::new(),
        calibres: vec!["9 mm Luger".to_owned()],
        sources: 0,
        scans: 0,
        same_source_pairs: 0,
        different_source_pairs: 0,
        scores_sha256: Digest::of(b"scores"),
        labels_sha256: Digest::of(b"labels"),
    };
    Labelled::new(&comparisons, "0.1.0", Digest::of(b"parameters"), population)
}

fn scope() -> Scope<'static> {
    Scope {
        engine_version: "0.1.0",
        parameters_digest: Digest::of(b"parameters"),
        kind: Some(Kind::Topography),
        mark: Some("breech_face"),
        instruments: [None, None],
        calibres: [Some("9mm luger"), None],
    }
}

fn settings() -> CalibrationSettings {
    CalibrationSettings { rounds: 40, ..CalibrationSettings::default() }
}

fn features(congruent: u32) -> Features {
    Features { congruent, compared: 30, ncc: 0.15 + f64::from(congruent) / 50.0 }
}

#[test]
fn a_file_gives_the_same_and_one_that_was_changed_is_refused() {
    let calibration = Calibration::fit(&labelled(), &settings()).unwrap();
    let text = calibration.to_json().unwrap();
    let (read, digest) = Calibration::from_json(&text).unwrap();
    assert_eq!(read, calibration);
    assert!(text.contains(&digest.to_string()));
    assert_eq!(Calibration::fit(&labelled(), &settings()).unwrap().to_json().unwrap(), text);
    let changed = text.replacen("ten slides", "two slides", 1);
    let refused = Calibration::from_json(&changed).unwrap_err();
    assert!(matches!(refused, CalibrationFileError::Changed { .. }), "{refused}");
    assert!(Calibration::from_json("{}").is_err() && Calibration::from_json("").is_err());
}

#[test]
fn every_method_is_tried_and_the_least_costly_taken() {
    let calibration = Calibration::fit(&labelled(), &settings()).unwrap();
    assert_eq!(calibration.trials.len(), 5);
    let least = calibration.trials.iter().filter_map(|trial| trial.cllr).fold(1.0, f64::min);
    let chosen = calibration.trials.iter().find(|trial| trial.method == calibration.method);
    assert!((chosen.unwrap().cllr.unwrap() - least).abs() < 1e-12 && least < 0.2, "{least}");
    let Population { sources, scans, same_source_pairs, different_source_pairs, .. } =
        calibration.population;
    let counts = (sources, scans, same_source_pairs, different_source_pairs);
    assert_eq!(counts, (10, 40, 60, 720));
}

#[test]
fn ratios_grow_with_the_score_within_bounds_and_intervals() {
    for method in [Method::BetaBinomial, Method::Logistic] {
        let settings = CalibrationSettings { method: Some(method), ..settings() };
        let calibration = Calibration::fit(&labelled(), &settings).unwrap();
        let Bounds { lower, upper } = calibration.bounds;
        let mut before = f64::NEG_INFINITY;
        for congruent in (0..=30).step_by(3) {
            let weight = calibration.weigh(&features(congruent), &scope()).unwrap();
            let Weight::LikelihoodRatio(ratio) = weight else { panic!("{weight:?}") };
            let LikelihoodRatio { log10_lr, interval: [low, high], .. } = ratio;
            assert!(
                log10_lr >= before && (lower..=upper).contains(&log10_lr),
                "{method:?} {congruent}: {log10_lr} after {before}, {lower} to {upper}"
            );
            assert!(lower <= low && low <= log10_lr && log10_lr <= high && high <= upper);
            before = log10_lr;
        }
        assert!(before > 1.0 && lower < -0.5, "{before} {lower}");
    }
}

#[test]
fn the_table_has_the_intervals_of_the_bootstrap() {
    let settings = CalibrationSettings { method: Some(Method::BetaBinomial), ..settings() };
    let labelled = labelled();
    let calibration = Calibration::fit(&labelled, &settings).unwrap();
    let bootstrap = Bootstrap { rounds: 40, seed: 0, confidence: CONFIDENCE };
    for (congruent, compared, tolerance) in [(11, 22, 1e-9), (7, 30, 0.05), (26, 30, 0.05)] {
        let features = Features { congruent, compared, ncc: 0.0 };
        let wanted =
            bootstrap.log10_lrs(settings.method.unwrap(), &labelled.scored, &[features]).unwrap();
        let found = calibration.intervals.as_ref().unwrap().ends(&features).unwrap();
        let near = |one: f64, other: f64| (one - other).abs() <= tolerance * other.abs().max(1.0);
        assert!(
            near(found[0], wanted[0].low) && near(found[1], wanted[0].high),
            "{found:?} {wanted:?}"
        );
    }
}

#[test]
fn what_the_population_lacks_is_ranked_only_and_told_why() {
    let settings = CalibrationSettings {
        method: Some(Method::Isotonic(crate::statistics::Score::Fraction)),
        ..settings()
    };
    let calibration = Calibration::fit(&labelled(), &settings).unwrap();
    let refused = |scope: Scope<'_>| match calibration.weigh(&features(20), &scope).unwrap() {
        Weight::RankOnly(reason) => reason.to_string(),
        Weight::LikelihoodRatio(ratio) => panic!("{ratio:?}"),
    };
    let calibre = refused(Scope { calibres: [None, Some(".40 S&W")], ..scope() });
    assert_eq!(calibre, "the population has no calibre \".40 S&W\", it has 9 mm Luger");
    assert!(refused(Scope { mark: Some("firing_pin"), ..scope() }).contains("no mark"));
    assert!(refused(Scope { kind: Some(Kind::Reflectance), ..scope() }).contains("topographies"));
    assert!(refused(Scope { engine_version: "0.2.0", ..scope() }).contains("engine 0.1.0"));
    let other = Scope { parameters_digest: Digest::of(b"others"), ..scope() };
    assert!(refused(other).contains("parameters"));
    // It does not say which instruments it has.
    let scope = Scope { instruments: [Some("a microscope"), None], ..scope() };
    assert!(matches!(calibration.weigh(&features(20), &scope), Ok(Weight::LikelihoodRatio(_))));
    let nothing = Features { congruent: 0, compared: 0, ncc: 0.0 };
    let none = calibration.weigh(&nothing, &scope).unwrap();
    assert_eq!(none, Weight::RankOnly(OutOfScope::NoCells));
}

#[test]
fn too_few_sources_make_no_calibration() {
    let mut few = labelled();
    few.scored.retain(|one| one.sources.iter().all(|source| *source < 3));
    few.sources.truncate(3);
    let refused = Calibration::fit(&few, &settings()).unwrap_err();
    assert!(matches!(refused, CalibrationError::TooFewSources { sources: 3, .. }), "{refused}");
    // To be tried, the plainest method does, within what its own comparisons support.
    let fitted = Fitted::new(&few.scored, &settings()).unwrap();
    assert_eq!((fitted.method, fitted.trials.len()), (Method::BetaBinomial, 0));
    assert!(fitted.bounds.upper > 0.5 && fitted.bounds.lower < -0.5, "{:?}", fitted.bounds);
}
