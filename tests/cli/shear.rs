//! Is aperture shear a profile all the way, from a head to a search by it? Runs the real binary in fresh folders, on simulated
//! heads; how well shears tell firearms apart is asked in `marks.rs`.

use crate::program::Program;
use casemark::digest::Digest;
use casemark::format::{Metadata, x3p};
use casemark::segment::isolate_region;
use casemark::simulate::{Head, Simulation};
use casemark::store::{
    DiskStore, Enrolment, ExhibitMetadata, ExhibitRef, MarkKind, ReferenceStore as _, SignatureBlob,
};
use casemark::surface::{Region, Surface};
use casemark::transform::rotate;
use casemark::units::Angle;
use rayon::prelude::*;
use serde_json::Value;

const FIREARMS: usize = 4;

fn heads() -> Vec<Head> {
    let simulation =
        Simulation { seed: 20_261_128, cropped: 0.0, sheared: 1.0, ..Simulation::default() };
    let shots = (0..2 * FIREARMS).into_par_iter();
    shots.map(|number| simulation.firearm(number / 2).unwrap().head(number % 2)).collect()
}

fn written(surface: &Surface) -> Vec<u8> {
    x3p::write(surface, &Metadata::default()).unwrap()
}

/// The shear of a head as somebody else cut it out.
fn cut_out(head: &Head) -> Surface {
    isolate_region(&head.surface, &head.truth.regions, Region::ApertureShear).unwrap()
}

/// The program, with `questioned/N.x3p` and `references/N.x3p`, shots of firearm N.
fn program() -> (Program, Vec<Head>) {
    let program = Program::new();
    let heads = heads();
    for (number, head) in heads.iter().enumerate() {
        let folder = ["questioned", "references"][number % 2];
        program.write(&format!("{folder}/{}.x3p", number / 2), &written(&head.surface));
    }
    (program, heads)
}

const MARK: [&str; 2] = ["--mark", "aperture_shear"];

fn words<'a>(first: &[&'a str]) -> Vec<&'a str> {
    [first, &MARK].concat()
}

/// The name of the best candidate's file.
fn best(report: &Value) -> &str {
    report["candidates"][0]["original_file_name"].as_str().unwrap()
}

#[test]
fn the_shear_of_a_head_is_found_by_its_profile() {
    let (program, heads) = program();
    let enrol = ["enrol", "--store", "store", "references", "--json"];
    let lines = program.run(&words(&enrol)).exits(0).json_lines();
    assert_eq!(lines.len(), FIREARMS);
    for firearm in 0..FIREARMS {
        let questioned = format!("questioned/{firearm}.x3p");
        let search = words(&["search", "--store", "store", &questioned, "--json"]);
        let report = program.run(&search).exits(0).json();
        assert_eq!(best(&report), format!("{firearm}.x3p"), "{report}");
        // Every one was compared, and by their profiles the candidates are in order.
        let summary = &report["summary"];
        assert_eq!((&summary["exhaustive"], &summary["complete"]), (&true.into(), &true.into()));
        assert_eq!(summary["records_compared"], FIREARMS);
        let scores: Vec<f64> = report["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|candidate| candidate["profile_score"].as_f64().unwrap())
            .collect();
        assert_eq!(scores.len(), FIREARMS);
        assert!(scores.is_sorted_by(|one, two| one >= two), "{scores:?}");
        assert!(scores[0] > 2.0 * scores[1], "{scores:?}");
    }
    // The same bytes on one thread and on several.
    let search = words(&["search", "--store", "store", "questioned", "--json"]);
    let on = |threads: &str| {
        let output =
            program.command(&search).env("RAYON_NUM_THREADS", threads).output().unwrap().stdout;
        String::from_utf8(output).unwrap()
    };
    let (one, three) = (on("1"), on("3"));
    assert!(one.contains("profile_score"), "{one}");
    assert_eq!(one, three);
    let told = program.run(&words(&["search", "--store", "store", "questioned/1.x3p"])).exits(0);
    assert!(told.stdout().contains("score"), "{}", told.told());
    // Several marks together.
    let both = ["search", "--store", "store", "questioned/1.x3p", "--json"];
    let both = [&both[..], &["--mark", "aperture_shear,firing_pin"]].concat();
    let report = program.run(&both).exits(0).json();
    let exhibit = &report["exhibits"][0]["marks"][0];
    assert_eq!(exhibit["original_file_name"], "1.x3p", "{report}");
    // A mark that was cut out of its head is taken as it is, the other way round too.
    let shear = cut_out(&heads[2]);
    let turned = rotate(&shear, Angle::from_degrees(180.0)).unwrap();
    for surface in [shear, turned] {
        program.write("cut.x3p", &written(&surface));
        let search = words(&["search", "--store", "store", "cut.x3p", "--json"]);
        let report = program.run(&search).exits(0).json();
        assert_eq!(best(&report), "1.x3p", "{report}");
    }
    // The very file is known; another case is not taken for it, although the shears of one firearm are nearly one.
    let said = |file: &str| {
        let inspect = words(&["inspect", "--store", "store", "--json", file]);
        program.run(&inspect).exits(0).json()["findings"].to_string()
    };
    assert!(said("references/1.x3p").contains("\"duplicate\""));
    assert!(!said("questioned/1.x3p").contains("duplicate"));
    // Nothing of it is kept beside the store, and what is there is sound.
    assert!(!program.path("store/gallery/aperture_shear").exists());
    program.run(&["store", "verify", "--store", "store"]).exits(0);
    let rebuilt = program.run(&["store", "rebuild", "--store", "store", "--json"]).exits(0).json();
    assert_eq!((&rebuilt["entries"], &rebuilt["unindexed"]), (&0.into(), &0.into()));
}

#[test]
fn a_comparison_of_shears_shows_their_segments() {
    let (program, _) = program();
    let compare = ["compare", "questioned/0.x3p", "references/0.x3p"];
    let report = program.run(&words(&[&compare[..], &["--json"]].concat())).exits(0).json();
    assert!(report["profile_score"].as_f64().unwrap() > 5.0, "{report}");
    let scale = report["profile_scale"].as_f64().unwrap();
    assert!((0.97..=1.031).contains(&scale), "{scale}");
    assert!(report["dy_um"].as_f64().unwrap().abs() < 1e-9);
    let theta = report["theta_deg"].as_f64().unwrap();
    assert!([0.0, 180.0].iter().any(|way| (theta - way).abs() < 1e-9), "{theta}");
    let directions = report["directions"].as_array().unwrap();
    assert_eq!(directions.len(), 2);
    for direction in directions {
        let cells = direction["cell_results"].as_array().unwrap();
        assert!(cells.len() >= 3, "{direction}");
        let places: Vec<f64> = cells.iter().map(|cell| cell["x_um"].as_f64().unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
        for (column, cell) in cells.iter().enumerate() {
            assert_eq!((&cell["row"], &cell["column"]), (&0.into(), &column.into()));
        }
        let congruent = cells.iter().filter(|cell| cell["verdict"] == "congruent").count();
        assert_eq!(direction["cmc_count"], congruent);
        assert!(2 * congruent > cells.len(), "{direction}");
    }
    // The other way about the same is found.
    let other = ["compare", "references/0.x3p", "questioned/0.x3p", "--json"];
    let other = program.run(&words(&other)).exits(0).json();
    let score = |report: &Value| report["profile_score"].as_f64().unwrap();
    assert!((score(&report) / score(&other) - 1.0).abs() < 1e-6, "{report} {other}");
    assert_eq!((&report["cmc_count"], &report["cells"]), (&other["cmc_count"], &other["cells"]));

    let told = program.run(&words(&[&compare[..], &["--picture", "picture.png"]].concat()));
    let told = told.exits(0);
    assert!(told.stdout().contains("agreement of the profiles"), "{}", told.told());
    assert!(told.stdout().contains("congruent matching segments"), "{}", told.told());
    assert!(program.path("picture.png").metadata().unwrap().len() > 10_000);

    let batch = ["batch", "questioned", "references", "--out", "scores.csv"];
    program.run(&words(&batch)).exits(0);
    let scores = std::fs::read_to_string(program.path("scores.csv")).unwrap();
    assert!(scores.lines().next().unwrap().ends_with("profile_score,profile_scale"), "{scores}");

    let inspect = ["inspect", "questioned/0.x3p", "--json"];
    let report = program.run(&words(&inspect)).exits(0).json();
    let signature = &report["signature"];
    assert_eq!((&signature["rows"], &signature["spacing_um"]), (&1.into(), &2.0.into()));
    assert!(signature["deviation_um"].as_f64().unwrap() > 0.05, "{report}");
    program.run(&words(&["inspect", "questioned/0.x3p"])).exits(0);
}

#[test]
fn an_upgrade_makes_profiles_of_shears_that_were_kept_as_textures() {
    let (program, heads) = program();
    let scan = {
        let store = DiskStore::create_or_open(&program.path("store")).unwrap();
        let exhibit = ExhibitMetadata { laboratory: "Example".into(), ..Default::default() };
        let enrolment = Enrolment {
            original: &written(&heads[1].surface),
            original_name: "0.x3p",
            mark: MarkKind::ApertureShear,
            signature: SignatureBlob {
                bytes: b"a texture with the parameters of breech faces",
                engine_version: "0.1.0",
                extraction: Digest::of(b"of aperture shear, before"),
                location: None,
            },
            correction: None,
            exhibit: ExhibitRef::New(&exhibit),
            entered: "2026-03-01T10:00:00Z".parse().unwrap(),
        };
        store.enrol(&enrolment).unwrap().scan.to_string()
    };
    let search = words(&["search", "--store", "store", "questioned/0.x3p", "--json"]);
    program.run(&search).exits(2).complains("it has no signature of these parameters");
    let rebuilt = program.run(&["store", "rebuild", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(rebuilt["unindexed"], 1);
    let upgraded = program.run(&["store", "upgrade", "--store", "store", "--json"]).exits(0).json();
    assert_eq!(upgraded["upgraded"], 1);
    let found = program.run(&search).exits(0).json();
    assert_eq!(found["candidates"][0]["scan_id"], scan);
    assert!(found["candidates"][0]["profile_score"].as_f64().unwrap() > 5.0, "{found}");
}
