//! Are the marks of real heads found, as they left the microscope?
//!
//! Needs the real data: see `README.md` of that folder for where it is looked for.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use casemark::correlate::fft::Arithmetic;
use casemark::format::{self, ReadOptions, SpacingUnit};
use casemark::matcher::{Engine, Matcher, Prepared};
use casemark::parameters::{Parameters, Segmentation};
use casemark::segment::{isolate, segment};
use casemark::signature::Signature;
use casemark::surface::Region;
use std::path::PathBuf;

/// The folder of real data; `None`, said aloud, where it is not there.
fn real_data() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
    let folder = std::env::var_os("CASEMARK_REAL_DATA").map_or(default.into(), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: no real data at {} (set CASEMARK_REAL_DATA)", folder.display());
    None
}

#[test]
fn whole_heads_are_taken_apart_without_a_hand() {
    let Some(folder) = real_data() else { return };
    let parameters = Segmentation::default();
    let options = ReadOptions { assume: SpacingUnit::Micrometres, ..ReadOptions::default() };
    for name in ["K013sA1", "K013sA2-2"] {
        let bytes = std::fs::read(folder.join(format!("raw/{name}.x3p"))).unwrap();
        let surface = format::read(&bytes, &options).unwrap().surface;
        let found = segment(&surface, &parameters).unwrap();
        let area = surface.spacing().x.micrometres() * surface.spacing().y.micrometres() / 1e6;
        let [face, flowback, pin] = [Region::BreechFace, Region::Flowback, Region::FiringPin]
            .map(|region| found.regions.count(region) as f64 * area);
        println!(
            "{name}: primer {:.0} {:.0} radius {:.0}, breech face {face:.2} mm2, flowback {flowback:.2}, \
             pin {pin:.2}, confidence {:.2}",
            found.primer.x, found.primer.y, found.primer.radius, found.confidence
        );
        assert!(found.is_sure(&parameters), "{name}: confidence {}", found.confidence);
        // The masks made by hand hold 2.7 mm2; a ring of 1.1 to 1.55 mm would be 3.7 mm2.
        assert!((2.2..4.0).contains(&face), "{name}: {face} mm2");
        assert!((1.5..4.0).contains(&flowback), "{name}: {flowback} mm2");
        assert!((0.2..1.5).contains(&pin), "{name}: {pin} mm2");
    }
}

/// A signature of the breech face of a head that nobody has touched.
fn found(name: &str, folder: &std::path::Path, engine: &Engine) -> Prepared {
    let options = ReadOptions { assume: SpacingUnit::Micrometres, ..ReadOptions::default() };
    let bytes = std::fs::read(folder.join(format!("raw/{name}.x3p"))).unwrap();
    let scan = format::read(&bytes, &options).unwrap();
    let segmented = segment(&scan.surface, &Segmentation::default()).unwrap();
    let mark = isolate(&scan.surface, &segmented, Region::BreechFace).unwrap();
    let signature = Signature::extract(&mark, scan.sha256, engine.parameters()).unwrap();
    engine.prepare(&signature).unwrap()
}

/// A signature of a scan that is as it is to be compared.
fn cropped(path: &std::path::Path, assume: SpacingUnit, engine: &Engine) -> Prepared {
    let options = ReadOptions { assume, ..ReadOptions::default() };
    let scan = format::read(&std::fs::read(path).unwrap(), &options).unwrap();
    let signature = Signature::extract(&scan.surface, scan.sha256, engine.parameters()).unwrap();
    engine.prepare(&signature).unwrap()
}

#[test]
fn two_raw_heads_of_one_firearm_agree_more_than_by_hand_and_more_than_with_any_other() {
    let Some(folder) = real_data() else { return };
    let engine = Engine::new(Parameters::default(), Arithmetic::Vectorised);
    let mut workspace = engine.workspace();
    let mut share = |questioned: &Matcher, reference: &Prepared| {
        let comparison = questioned.compare(reference, &mut workspace).unwrap();
        (comparison.cmc_fraction(), comparison.cmc_count(), comparison.cells())
    };
    let first = Matcher::new(&engine, found("K013sA1", &folder, &engine));
    let second = Matcher::new(&engine, found("K013sA2-2", &folder, &engine));
    let pair = share(&first, &found("K013sA2-2", &folder, &engine));
    let by_hand = ["K013sA1", "K013sA2"].map(|name| {
        let path = folder.join(format!("raw/{name}_processed.x3p"));
        cropped(&path, SpacingUnit::AsWritten, &engine)
    });
    let [one, other] = by_hand;
    let hand = share(&Matcher::new(&engine, one), &other);
    println!("by itself {pair:?}, by hand {hand:?}");
    assert!(pair.0 >= hand.0, "{pair:?} against {hand:?} by hand");
    let mut others = 0;
    let mut best = (0.0, 0, 0);
    for study in ["fadul", "weller"] {
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join(study))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "x3p"))
            .collect();
        files.sort();
        for path in files {
            let reference = cropped(&path, SpacingUnit::AsWritten, &engine);
            for questioned in [&first, &second] {
                let other = share(questioned, &reference);
                others += 1;
                if other.0 > best.0 {
                    best = other;
                }
            }
        }
    }
    println!("best of {others} others {best:?}");
    assert_eq!(others, 2 * 76, "files are missing");
    assert!(pair.0 > best.0, "{pair:?} against {best:?} of another firearm");
}
