//! Is every malformed file refused, for the right reason, quickly and without harm? In a program of its own, whose memory is
//! measured.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/memory.rs"]
mod memory;
mod support;

use casemark::format::{self, HeightUnit, Limits, ReadOptions, Scan};
use casemark::surface::Spacing;
use casemark::units::Length;
use image::ImageFormat;
use memory::peak_memory;
use std::time::{Duration, Instant};
use support::malformed::{corpus, float_picture, picture};
use support::package::{Package, surface};

#[test]
fn every_malformed_file_is_refused_for_its_own_reason() {
    let cases = corpus();
    assert!(cases.len() >= 60, "the corpus has {} cases, wanted 60", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let start = Instant::now();
        let result = format::read(&case.bytes, &ReadOptions::default());
        let took = start.elapsed();
        match result {
            Ok(_) => wrong.push(format!("{}: read, wanted \"{}\"", case.name, case.expected)),
            Err(error) if !error.to_string().contains(case.expected) => {
                wrong.push(format!("{}: \"{error}\", wanted \"{}\"", case.name, case.expected));
            }
            Err(_) if took > Duration::from_secs(5) => {
                wrong.push(format!("{}: took {took:?}", case.name));
            }
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    if let Some(peak) = peak_memory() {
        // The corpus itself holds some 60 MB; a size believed would take gigabytes.
        assert!(peak < 512 << 20, "the process took {peak} bytes at its peak");
    }
}

#[test]
fn the_sound_file_that_all_cases_come_from_is_read() {
    let scan = format::read(&Package::sound().packed(), &ReadOptions::default()).unwrap();
    assert_eq!(scan.surface, surface());
    assert!(scan.metadata.warnings.is_empty(), "{:?}", scan.metadata.warnings);
}

#[test]
fn every_limit_of_the_caller_is_kept() {
    let bytes = Package::sound().packed();
    let standard = Limits::default;
    for (limits, expected) in [
        (Limits { file_bytes: 1000, ..standard() }, "the limit is 1000"),
        (Limits { entries: 2, ..standard() }, "at least 3 entries, the limit is 2"),
        (Limits { entry_bytes: 5000, ..standard() }, "unpacks to more than 5000 bytes"),
        (Limits { total_bytes: 5000, ..standard() }, "together unpack to more than 5000"),
        (Limits { unpacking_ratio: 1, unjudged_bytes: 0, ..standard() }, "more than 1 times"),
        (Limits { manifest_bytes: 500, ..standard() }, "main.xml unpacks to more than 500"),
        (Limits { manifest_depth: 2, ..standard() }, "deeper than 2 elements"),
        (Limits { manifest_nodes: 10, ..standard() }, "more than 10 nodes"),
        (Limits { side: 43, ..standard() }, "40 rows of 44, the limits are 43 a side"),
        (Limits { samples: 1759, ..standard() }, "1759 in all"),
        (Limits { minimum_valid: 1761, ..standard() }, "wanted at least 1761"),
    ] {
        let options = ReadOptions { limits, ..ReadOptions::default() };
        let error = format::read(&bytes, &options).unwrap_err().to_string();
        assert!(error.contains(expected), "\"{error}\", wanted \"{expected}\"");
    }
}

/// The steps of a linear congruential generator (Knuth, MMIX); the seed is a constant.
struct Steps(u64);

impl Steps {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % bound
    }

    /// A copy with one to four bytes changed, or cut, or with some bytes doubled.
    fn mutated(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        match self.below(8) {
            0 => bytes.truncate(self.below(bytes.len())),
            1 => {
                let at = self.below(bytes.len());
                let length = self.below(40).min(bytes.len() - at);
                let copy = bytes[at..at + length].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                for _ in 0..=self.below(4) {
                    let at = self.below(bytes.len());
                    bytes[at] = match self.below(3) {
                        0 => bytes[at] ^ (1 << self.below(8)),
                        1 => 0xff,
                        _ => self.below(256) as u8,
                    };
                }
            }
        }
        bytes
    }
}

fn options() -> ReadOptions {
    let spacing = Some(Spacing::square(Length::from_micrometres(2.5)));
    let height_unit = Some(HeightUnit::Micrometres);
    ReadOptions { spacing, height_unit, ..ReadOptions::default() }
}

fn sound(scan: &Scan) {
    assert!(scan.surface.valid_count() >= ReadOptions::default().limits.minimum_valid);
}

#[test]
fn a_damaged_x3p_is_refused_or_harmless() {
    let mut steps = Steps(1);
    let bytes = Package::sound().packed();
    for _ in 0..3000 {
        // Damage that no checksum covers (dates, comments) leaves the surface as it was.
        if let Ok(scan) = format::read(&steps.mutated(&bytes), &options()) {
            assert_eq!(scan.surface, surface());
        }
    }
}

#[test]
fn an_invented_manifest_is_refused_or_read_without_panic() {
    let mut steps = Steps(2);
    let package = Package::sound();
    let (mut read, mut refused) = (0, 0);
    for _ in 0..3000 {
        let manifest = steps.mutated(package.manifest.as_bytes());
        let manifest = String::from_utf8_lossy(&manifest).into_owned();
        match format::read(&Package { manifest, ..package.clone() }.packed(), &options()) {
            Ok(scan) => {
                sound(&scan);
                read += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}

#[test]
fn damaged_images_are_refused_or_read_without_panic() {
    let mut steps = Steps(3);
    let formats = [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Bmp, ImageFormat::Jpeg];
    for bytes in formats.map(picture).into_iter().chain([float_picture()]) {
        for _ in 0..1000 {
            if let Ok(scan) = format::read(&steps.mutated(&bytes), &options()) {
                sound(&scan);
            }
        }
    }
}
