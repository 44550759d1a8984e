//! Are the marks of real heads found, as they left the microscope?
//!
//! Needs the real data: see `README.md` of that folder for where it is looked for.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use casemark::format::{self, ReadOptions, SpacingUnit};
use casemark::parameters::Segmentation;
use casemark::segment::segment;
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
