//! Are AL3D, SUR and SDF of other programs read as those programs mean them, and damaged ones refused?
//!
//! The files in `testdata/formats` were written by surfalize, RosettaSciIO and sdfio (`write.py` there says
//! how). Real ones are looked for as in `tests/science/conformance.rs`. In a program of its own, whose memory is measured.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/memory.rs"]
mod memory;
#[path = "support/real.rs"]
mod real;

use casemark::format::{self, FileFormat, Limits, Plausibility, ReadOptions, Scan, Warning};
use casemark::surface::Surface;
use memory::peak_memory;
use real::real_data;
use std::fs;
use std::path::{Path, PathBuf};

/// All files of other writers, by name.
fn written() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/formats");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let files = paths.iter().map(|path| (name(path), fs::read(path).unwrap()));
    let files: Vec<_> = files.filter(|(name, _)| format::looks_like_scan(name)).collect();
    assert_eq!(files.len(), 12, "testdata/formats holds {} scans, wanted 12", files.len());
    files
}

fn read(name: &str, bytes: &[u8]) -> Scan {
    format::read(bytes, &ReadOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The height that `write.py` gives a sample, in micrometres; none where it was not measured.
fn expected(row: usize, column: usize) -> Option<f64> {
    let coarse = ((7 * row + 3 * column) % 11) as f64 - 4.0;
    let height = coarse / 4.0 + column as f64 / 10.0;
    (![(2, 3), (10, 17)].contains(&(row, column))).then_some(height)
}

#[test]
fn files_of_other_writers_hold_what_was_written() {
    for (name, bytes) in written() {
        let scan = read(&name, &bytes);
        let surface = &scan.surface;
        let wanted = [FileFormat::Al3d, FileFormat::Sdf, FileFormat::Sur]
            .into_iter()
            .find(|format| name.ends_with(&format!(".{}", format.to_string().to_lowercase())));
        assert_eq!(Some(scan.file_format), wanted, "{name}");
        assert_eq!((surface.rows(), surface.columns()), (16, 20), "{name}");
        assert!((surface.spacing().x.micrometres() - 5.0).abs() < 1e-6, "{name}");
        assert!((surface.spacing().y.micrometres() - 6.25).abs() < 1e-6, "{name}");
        // sdfio begins a file of before the standard at the other end, as MountainsMap does.
        let bcr = name.contains("bcr");
        assert_eq!(scan.metadata.warnings.contains(&Warning::RowOrderUnstated), bcr, "{name}");
        // surfalize counts the points of a SUR from zero, not from the least of them: all are shifted.
        let shift = if name.starts_with("surfalize") && name.ends_with(".sur") {
            surface.heights()[(0, 0)] * 1e6 - expected(0, 0).unwrap()
        } else {
            0.0
        };
        for ((row, column), &height) in surface.heights().indexed_iter() {
            let wanted = expected(if bcr { 15 - row } else { row }, column);
            assert_eq!(surface.mask()[(row, column)], wanted.is_some(), "{name}: {row}, {column}");
            let Some(wanted) = wanted else { continue };
            let found = height * 1e6 - shift;
            // 32-bit floats of a few micrometres, the coarsest that any of these files holds.
            assert!((found - wanted).abs() < 1e-6, "{name}: {row}, {column}: {found}, {wanted}");
        }
    }
}

/// Whether two surfaces are the same bit by bit, but for what was left out.
fn same(one: &Surface, other: &Surface) -> bool {
    one.mask() == other.mask()
        && one.heights().mapv(f64::to_bits) == other.heights().mapv(f64::to_bits)
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_or_whole() {
    for (name, bytes) in written() {
        let whole = read(&name, &bytes).surface;
        let mut spared = 0;
        for length in 0..bytes.len() {
            if let Ok(scan) = format::read(&bytes[..length], &ReadOptions::default()) {
                assert!(same(&scan.surface, &whole), "{name}: cut after {length} bytes");
                spared += 1;
            }
        }
        // What a trailer, or nothing, holds.
        assert!(spared < 40, "{name}: read after {spared} cuts");
    }
}

#[test]
fn a_file_with_any_byte_changed_is_refused_or_a_surface() {
    let (mut read, mut refused) = (0, 0);
    for (name, bytes) in written() {
        let mut changed = bytes.clone();
        for at in 0..bytes.len() {
            for value in [bytes[at] ^ 1, bytes[at] ^ 0x80, 0xff, b'9'] {
                changed[at] = value;
                match format::read(&changed, &ReadOptions::default()) {
                    Ok(scan) => {
                        let valid = scan.surface.valid_count();
                        assert!(valid >= 256, "{name}: byte {at} made {value}");
                        read += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
            changed[at] = bytes[at];
        }
    }
    assert!(read > 10_000 && refused > 5_000, "{read} read, {refused} refused");
    if let Some(peak) = peak_memory() {
        // A size that is believed would take gigabytes.
        assert!(peak < 256 << 20, "the process took {peak} bytes at its peak");
    }
}

#[test]
fn what_is_wrong_with_an_al3d_is_named() {
    let (name, sound) = written().into_iter().find(|(name, _)| name.ends_with("al3d")).unwrap();
    assert!(read(&name, &sound).metadata.warnings.is_empty());
    for (old, new, wanted) in [
        ("Version\0", "Verzion\0", "the AL3D has no Version"),
        (
            "Version\0\0\0\0\0\0\0\0\0\0\0\0\x001",
            "Version\0\0\0\0\0\0\0\0\0\0\0\0\x002",
            "Version of the AL3D is \"2\"",
        ),
        ("Rows\0", "Cols\0", "the AL3D has several Cols"),
        ("Rows\0", "Rowz\0", "the AL3D has no Rows"),
        ("\x0016\0", "\x000\0\0", "Rows of the AL3D is \"0\", wanted a whole number from 1"),
        ("\x0016\0", "\x0017\0", "the depth image of the AL3D holds 1280 bytes, wanted 1360"),
        ("\x0016\0", "\x00999999999\0", "the limits are"),
        ("\x00845\0", "\x00100\0", "DepthImageOffset of the AL3D is \"100\""),
        ("\x00845\0", "\x009845\0", "DepthImageOffset of the AL3D is \"9845\""),
        ("\r\nCols", "\r\rCols", "the end of a tag of the AL3D is \"\\r\\r\", wanted CR and LF"),
        ("PixelSizeXMeter\0\0\0\0\x004", "PixelSizeXMeter\0\0\0\0\0-", "the spacing along x"),
    ] {
        let at = sound.windows(old.len()).position(|window| window == old.as_bytes());
        let at = at.unwrap_or_else(|| panic!("{old:?}"));
        let mut changed = sound.clone();
        changed[at..at + new.len()].copy_from_slice(new.as_bytes());
        let result = format::read(&changed, &ReadOptions::default());
        let error = match result {
            Ok(_) => panic!("{new:?} was read, wanted {wanted}"),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(wanted), "{error}, wanted {wanted}");
    }
}

#[test]
fn one_object_is_the_same_in_both_formats() {
    let Some(folder) = real_data() else { return };
    let any = ReadOptions {
        limits: Limits { minimum_valid: 1, ..Limits::default() },
        plausibility: Plausibility::Any,
        ..ReadOptions::default()
    };
    let read = |name: &str| {
        let bytes = fs::read(folder.join("formats").join(name)).unwrap();
        format::read(&bytes, &any).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    // Made by the Netherlands Forensic Institute, which pads no rows.
    let (circle, x3p) = (read("circle.al3d"), read("circle.x3p").surface);
    assert_eq!(circle.metadata.warnings, [Warning::RowsNotPadded]);
    assert!(same(&circle.surface, &x3p));
    assert!((circle.surface.spacing().x.ratio(x3p.spacing().x) - 1.0).abs() < 1e-12);

    // Alicona's own program exports an X3P half a sample beside its AL3D, drawn as triangles: in the middle of four samples
    // lies the middle of the diagonal that two triangles share. There is a height where all four were measured.
    let (replica, x3p) =
        (read("Klein_replica_mode.al3d"), read("Klein_replica_mode_X3P_Alicona.x3p"));
    assert!(replica.metadata.warnings.is_empty(), "{:?}", replica.metadata.warnings);
    let (replica, x3p) = (&replica.surface, &x3p.surface);
    assert_eq!((replica.rows(), replica.columns()), (x3p.rows(), x3p.columns()));
    assert!((replica.spacing().x.ratio(x3p.spacing().x) - 1.0).abs() < 1e-6);
    /// From one 32-bit float to the next, between 2^-8 m and 2^-7 m, where these heights are.
    const STEP: f64 = 1.0 / (1_u64 << 31) as f64;
    let (mut count, mut exact) = (0, 0);
    for ((row, column), &valid) in x3p.mask().indexed_iter() {
        if !valid {
            continue;
        }
        // Half a sample from 2 rows further down, and 3 columns further left.
        let four = [(2, 3), (2, 2), (3, 3), (3, 2)].map(|(down, left)| (row + down, column - left));
        assert!(four.iter().all(|&place| replica.mask()[place]), "{row}, {column}");
        let [_, above, below, _] = four.map(|place| replica.heights()[place]);
        let (found, wanted) = (x3p.heights()[(row, column)], f64::midpoint(above, below));
        assert!((found - wanted).abs() <= STEP, "{row}, {column}: {found} and {wanted} m");
        (count, exact) = (count + 1, exact + usize::from((found - wanted).abs() <= STEP / 2.0));
    }
    println!(
        "{count} heights, {exact} of them within half a step of 32-bit floats, all within one"
    );
    assert_eq!(count, 844_549);
}
