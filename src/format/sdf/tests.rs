//! Are files that are made here, of both kinds and every revision, read as they are meant?

use crate::format::{self, FileFormat, ReadOptions, SpacingUnit, Warning};

const ROWS: usize = 16;
const COLUMNS: usize = 20;

/// A text whose heights count up in steps of 1e-8 m from -10; the third is not measured.
fn text(revision: &str, bad: &str) -> String {
    let heights: Vec<String> = (0..ROWS * COLUMNS)
        .map(|index| if index == 2 { bad.to_owned() } else { format!("{}", index as i32 - 10) })
        .collect();
    let lines: Vec<String> = heights.chunks(COLUMNS).map(|row| row.join(" ")).collect();
    format!(
        "a{revision}\r\nManufacID = NIST      \r\nCreateDate = 240120111304\r\nModDate = 000000000000\r\n\
         NumPoints = {COLUMNS}\r\nNumProfiles = {ROWS}\r\nXscale = 5.0E-6\r\nYscale = 6.25e-06\r\n\
         Zscale = 1.0E-8\r\nZresolution = -1\r\nCompression = 0\r\nDataType = 5\r\nCheckType = 0\r\n*\r\n\
         {}\r\n*\r\nOperator = M\r\n*\r\n",
        lines.join("\r\n")
    )
}

/// The same, binary, of any type: (code, number as bytes, that of a missing one).
fn binary(revision: &str, code: u8, write: impl Fn(i32) -> Vec<u8>, missing: &[u8]) -> Vec<u8> {
    let mut bytes = format!("b{revision}NIST      240120111304000000000000").into_bytes();
    let (columns, rows) = (COLUMNS as u16, ROWS as u16);
    if revision == "ISO-2.0" {
        bytes.extend([u32::from(columns), u32::from(rows)].map(u32::to_le_bytes).concat());
    } else {
        bytes.extend([columns, rows].map(u16::to_le_bytes).concat());
    }
    bytes.extend([5e-6_f64, 6.25e-6, 1e-8, -1.0].map(f64::to_le_bytes).concat());
    bytes.extend([0, code, 0]);
    for index in 0..(ROWS * COLUMNS) as i32 {
        bytes.extend(if index == 2 { missing.to_vec() } else { write(index - 10) });
    }
    bytes
}

fn check(name: &str, bytes: &[u8], first: f64) {
    let scan =
        format::read(bytes, &ReadOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let surface = &scan.surface;
    assert_eq!(scan.file_format, FileFormat::Sdf, "{name}");
    assert_eq!((surface.rows(), surface.columns(), surface.valid_count()), (16, 20, 319), "{name}");
    assert!(!surface.mask()[(0, 2)], "{name}");
    assert!((surface.spacing().x.micrometres() - 5.0).abs() < 1e-12, "{name}");
    assert!((surface.spacing().y.micrometres() - 6.25).abs() < 1e-12, "{name}");
    let height = surface.heights()[(1, 5)];
    assert!((height - first - 15e-8).abs() < 1e-18, "{name}: {height}");
    assert_eq!(scan.metadata.date.as_deref(), Some("2011-01-24T13:04:00"), "{name}");
    assert_eq!(scan.metadata.instrument.manufacturer.as_deref(), Some("NIST"), "{name}");
    let unstated = scan.metadata.warnings.contains(&Warning::RowOrderUnstated);
    assert_eq!(unstated, name.contains("BCR"), "{name}");
}

#[test]
fn texts_of_every_revision_are_read() {
    for (revision, bad) in
        [("ISO-1.0", "BAD"), ("ISO-2.0", "bad"), ("BCR-1.0", "32767"), ("BCR-1.0", "BAD")]
    {
        check(revision, text(revision, bad).as_bytes(), 0.0);
        check(revision, text(revision, bad).replace("\r\n", "\n").as_bytes(), 0.0);
    }
    let named = text("BCR-1.0", "32767")
        .replace("DataType = 5", "datatype = Integer ; 16 bits")
        .replace("Compression = 0", "Compression = NULL");
    check("BCR-1.0", named.as_bytes(), 0.0);
}

#[test]
fn binaries_of_every_type_are_read() {
    for revision in ["ISO-1.0", "ISO-2.0", "BCR-1.0"] {
        let end = |low: &[u8], high: &[u8]| {
            if revision == "BCR-1.0" { high.to_vec() } else { low.to_vec() }
        };
        let short = |number: i32| (number as i16).to_le_bytes().to_vec();
        let missing = end(&i16::MIN.to_le_bytes(), &i16::MAX.to_le_bytes());
        check(revision, &binary(revision, 5, short, &missing), 0.0);
        let missing = end(&i32::MIN.to_le_bytes(), &i32::MAX.to_le_bytes());
        check(
            revision,
            &binary(revision, 6, |number| number.to_le_bytes().to_vec(), &missing),
            0.0,
        );
        let missing = end(&f32::MIN.to_le_bytes(), &f32::MAX.to_le_bytes());
        let float = |number: i32| (number as f32).to_le_bytes().to_vec();
        check(revision, &binary(revision, 3, float, &missing), 0.0);
        let missing = end(&f64::MIN.to_le_bytes(), &f64::MAX.to_le_bytes());
        let double = |number: i32| f64::from(number).to_le_bytes().to_vec();
        check(revision, &binary(revision, 7, double, &missing), 0.0);
    }
    let unsigned = |number: i32| ((number + 10) as u16).to_le_bytes().to_vec();
    check("BCR-1.0", &binary("BCR-1.0", 1, unsigned, &u16::MAX.to_le_bytes()), 1e-7);
}

#[test]
fn what_is_unsupported_or_wrong_is_named() {
    let sound = text("ISO-1.0", "BAD");
    for (old, new, wanted) in [
        ("aISO-1.0", "aISO-3.0", "the revision of the SDF is \"ISO-3.0\""),
        ("Compression = 0", "Compression = 1", "Compression of the SDF is \"1\""),
        ("CheckType = 0", "CheckType = 1", "CheckType of the SDF is \"1\""),
        ("DataType = 5", "DataType = 9", "DataType of the SDF is \"9\""),
        ("DataType = 5\r\n", "", "the SDF has no DataType"),
        ("Xscale", "Zscale", "the SDF has several Zscale"),
        ("Zscale = 1.0E-8", "Zscale = 0", "Zscale of the SDF is \"0\""),
        ("Xscale = 5.0E-6", "Xscale = 5.0", "--spacing-unit um"),
        ("NumPoints = 20", "NumPoints = 0", "NumPoints of the SDF is \"0\""),
        ("NumPoints = 20", "NumPoints = 21", "has 320 heights, wanted 336"),
        ("NumPoints = 20", "NumPoints = 19", "has 305 heights, wanted 304"),
        ("NumPoints = 20", "NumPoints = 4294967295", "the limits are"),
        ("-10 -9", "-10 -9x", "height 1 of the SDF is \"-9x\""),
        ("\r\n*\r\nOperator = M\r\n*\r\n", "", "no end of the heights"),
    ] {
        let changed = sound.replacen(old, new, 1);
        assert_ne!(changed, sound, "{old}");
        let error = format::read(changed.as_bytes(), &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}, wanted {wanted}");
    }
}

#[test]
fn micrometres_are_taken_as_such_where_the_caller_says_so() {
    let text = text("ISO-1.0", "BAD")
        .replace("5.0E-6", "5")
        .replace("6.25e-06", "6.25")
        .replace("1.0E-8", "0.01");
    let options = ReadOptions { assume: SpacingUnit::Micrometres, ..ReadOptions::default() };
    let scan = format::read(text.as_bytes(), &options).unwrap();
    let height = scan.surface.heights()[(1, 5)];
    assert!((height - 1.5e-7).abs() < 1e-20, "{height}");
    assert_eq!(scan.metadata.warnings, [Warning::ReadAsMicrometres]);
}
