//! Are the files of other programs read as other programs read them?
//!
//! On real scans and on samples of the format from its authors, Alicona, R and the NFI, which are not
//! part of this repository: the folder is named by `CASEMARK_REAL_DATA`, by default `../shared/data`.
//! Without it the tests say so and pass; with too few files in it they fail. The expected numbers come
//! from an independent reading with numpy (zip, XML and matrix taken apart without this crate).

use crate::real::real_data;
use casemark::format::{
    self, FormatError, Limits, ManifestChecksum, Plausibility, ReadOptions, Scan, SpacingUnit,
    Warning,
};
use casemark::surface::Kind;
use std::fs;
use std::path::{Path, PathBuf};

/// All X3P of one folder, by name.
fn files(folder: &Path, name: &str, at_least: usize) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder.join(name)).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "x3p"));
    paths.sort();
    assert!(paths.len() >= at_least, "{name} holds {} files, wanted {at_least}", paths.len());
    let named = |path: PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (format!("{name}/{file}"), fs::read(path).expect("a readable file"))
    };
    paths.into_iter().map(named).collect()
}

/// For samples of the format, which are neither cartridge cases nor large.
fn any() -> ReadOptions {
    ReadOptions {
        limits: Limits { minimum_valid: 1, ..Limits::default() },
        plausibility: Plausibility::Any,
        manifest_checksum: ManifestChecksum::Warn,
        ..ReadOptions::default()
    }
}

fn micrometres() -> ReadOptions {
    ReadOptions { assume: SpacingUnit::Micrometres, ..ReadOptions::default() }
}

fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Scan {
    format::read(bytes, options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn assert_close(found: f64, wanted: f64, what: &str) {
    // Sums of up to a million doubles in another order.
    let close = (found - wanted).abs() <= 1e-9 * wanted.abs();
    assert!(close, "{what}: found {found:e}, wanted {wanted:e}");
}

#[test]
fn processed_scans_are_read_without_options() {
    let Some(folder) = real_data() else { return };
    for (study, count) in [("fadul", 40), ("weller", 36)] {
        for (name, bytes) in files(&folder, study, count) {
            let scan = read(&name, &bytes, &ReadOptions::default());
            let spacing = scan.surface.spacing();
            assert_close(spacing.x.metres(), 6.25e-6, &name);
            assert_eq!(spacing.x, spacing.y, "{name}");
            assert!(scan.surface.valid_count() > 50_000, "{name}");
            assert_eq!(scan.surface.kind(), Kind::Topography, "{name}");
            assert!(scan.metadata.warnings.is_empty(), "{name}: {:?}", scan.metadata.warnings);
            assert_eq!(scan.metadata.instrument.manufacturer.as_deref(), Some("NanoFocus"));
        }
    }
}

#[test]
fn surfaces_are_those_that_numpy_reads() {
    let Some(folder) = real_data() else { return };
    // File; rows, columns, valid samples; spacing x and y, mean height, mean of height times row and of
    // height times column (a transposed or mirrored surface differs in these).
    let expected: [(&str, [usize; 3], [f64; 5]); 14] = [
        (
            "fadul/Fadul 1-1.x3p",
            [545, 545, 82542],
            [
                6.25e-6,
                6.25e-6,
                -1.1336934807880786e-7,
                -3.461108118812289e-5,
                -2.3244843529705707e-5,
            ],
        ),
        (
            "fadul/Fadul Q.x3p",
            [539, 540, 81635],
            [
                6.25e-6,
                6.25e-6,
                -1.2796371472604495e-7,
                -3.8842550980494883e-5,
                -1.7410241005354566e-5,
            ],
        ),
        (
            "weller/TW01-01.x3p",
            [563, 561, 116617],
            [6.25e-6, 6.25e-6, 6.873234293471502e-8, 1.5973270315271785e-5, 1.4413468124062057e-5],
        ),
        (
            "weller/TW04-07.x3p",
            [612, 616, 159417],
            [6.25e-6, 6.25e-6, 6.030945667273724e-8, 1.6887245126660468e-5, 7.796913010555364e-6],
        ),
        (
            "formats/sample-land.x3p",
            [256, 918, 209716],
            [
                2.58e-6,
                2.58e-6,
                -5.352068347547567e-7,
                -0.0004869311770551791,
                0.0008018429374657093,
            ],
        ),
        (
            "formats/csafe-logo.x3p",
            [419, 741, 310479],
            [
                6.45000000000095e-7,
                6.45e-7,
                4.2006709556751295e-7,
                8.769411220322499e-5,
                0.00015414452202854926,
            ],
        ),
        (
            "formats/Klein_replica_mode_X3P_Alicona.x3p",
            [924, 924, 844549],
            [
                8.7478882060324e-7,
                8.7478882060324e-7,
                -0.006890987161513228,
                -3.1613092563232934,
                -3.197702193760632,
            ],
        ),
        (
            "formats/circle.x3p",
            [259, 259, 67081],
            [
                8.765432099999998e-7,
                8.765432099999998e-7,
                192.62694354586247,
                24851.47317422221,
                24836.43056901358,
            ],
        ),
        ("formats/pyramid.x3p", [5, 5, 25], [1.0, 1.0, 3.6, 7.2, 7.2]),
        (
            "formats/testing.x3p",
            [20, 30, 600],
            [
                0.0274999996026357,
                0.0274999996026357,
                -0.009498989882540627,
                -0.09484468502613405,
                -0.17804872681452252,
            ],
        ),
        (
            "raw/K013sA1_processed.x3p",
            [423, 416, 49658],
            [
                7.37364e-6,
                7.37364e-6,
                3.0155705778821696e-7,
                5.143871119213789e-5,
                5.693563427223796e-5,
            ],
        ),
        (
            "raw/K013sA2-2.x3p",
            [674, 769, 518306],
            [7.37364, 7.37364, -33.88789567045949, -5764.398620448393, -12072.659227249342],
        ),
        (
            "raw/K011sR1.x3p",
            [414, 418, 56435],
            [7.38452, 7.38452, 0.393071453620652, 87.6281725608327, 89.15176120723197],
        ),
        (
            "raw/K002eG2_original.x3p",
            [440, 440, 89157],
            [7.38452, 7.38452, 0.2882563949401933, 73.36540358393006, 65.15551876445028],
        ),
    ];
    for (name, [rows, columns, valid], [x, y, means @ ..]) in expected {
        let bytes = fs::read(folder.join(name)).unwrap();
        let surface = read(name, &bytes, &any()).surface;
        assert_eq!((surface.rows(), surface.columns()), (rows, columns), "{name}");
        assert_close(surface.spacing().x.metres(), x, name);
        assert_close(surface.spacing().y.metres(), y, name);
        assert_eq!(surface.valid_count(), valid, "{name}");
        let sums = surface.heights().indexed_iter().fold([0.0; 3], |sums, ((row, column), z)| {
            [sums[0] + z, sums[1] + z * row as f64, sums[2] + z * column as f64]
        });
        for (sum, wanted) in sums.into_iter().zip(means) {
            assert_close(sum / valid as f64, wanted, name);
        }
    }
}

#[test]
fn every_binary_sample_of_the_format_is_read() {
    let Some(folder) = real_data() else { return };
    let mut lists = 0;
    for (name, bytes) in files(&folder, "formats", 9) {
        match format::read(&bytes, &any()) {
            Ok(scan) => assert!(scan.surface.valid_count() > 0, "{name}"),
            Err(error) => {
                assert!(matches!(error, FormatError::PointCloud), "{name}: {error}");
                assert!(name.ends_with("sample2.x3p"), "{name}");
                lists += 1;
            }
        }
    }
    assert_eq!(lists, 1);
}

#[test]
fn samples_1_and_4_of_the_standard_are_one_surface() {
    let Some(folder) = real_data() else { return };
    let sample = |number: u8| {
        let name = format!("formats/ISO5436-sample{number}_bin.x3p");
        read(&name, &fs::read(folder.join(&name)).unwrap(), &any()).surface
    };
    let (double, integer) = (sample(1), sample(4));
    assert_eq!((double.rows(), double.columns(), double.valid_count()), (4, 4, 15));
    assert!(!double.mask()[(1, 3)], "the valid points leave out the eighth");
    assert_eq!(double.mask(), integer.mask());
    assert_close(double.heights()[(0, 2)], -0.80836857168283, "sample 1, row 0, column 2");
    for (position, &height) in double.heights().indexed_iter() {
        let other = integer.heights()[position];
        // Sample 4 has steps of a millimetre.
        assert!((height - other).abs() <= 0.5e-3, "{position:?}: {height} and {other}");
    }
}

#[test]
fn sizes_that_no_cartridge_case_has_need_an_option() {
    let Some(folder) = real_data() else { return };
    for name in ["testing", "pyramid", "ISO5436-sample1_bin", "circle"] {
        let bytes = fs::read(folder.join(format!("formats/{name}.x3p"))).unwrap();
        let error = format::read(&bytes, &ReadOptions::default()).unwrap_err();
        let refused = matches!(
            error,
            FormatError::SpacingNotMetres { .. } | FormatError::HeightsNotMetres { .. }
        );
        assert!(refused, "{name}: {error}");
    }
}

#[test]
fn micrometres_in_place_of_metres_are_refused_and_then_read_as_told() {
    let Some(folder) = real_data() else { return };
    let mut converted = 0;
    for (name, bytes) in files(&folder, "raw", 9) {
        if name.contains("_processed") {
            let scan = read(&name, &bytes, &ReadOptions::default());
            assert!(scan.metadata.warnings.is_empty(), "{name}");
            let error = format::read(&bytes, &micrometres()).unwrap_err();
            assert!(matches!(error, FormatError::SpacingNotMicrometres { .. }), "{name}: {error}");
            continue;
        }
        let error = format::read(&bytes, &ReadOptions::default()).unwrap_err();
        assert!(matches!(error, FormatError::SpacingNotMetres { .. }), "{name}: {error}");
        let scan = read(&name, &bytes, &micrometres());
        let x = scan.surface.spacing().x.micrometres();
        assert!((7.37..7.39).contains(&x), "{name}: {x} um");
        // Heights too: marks are some tens of micrometres deep, whole heads some hundreds.
        let deepest = scan.surface.heights().iter().fold(0.0_f64, |most, z| most.max(z.abs()));
        assert!((1e-6..1e-3).contains(&deepest), "{name}: {deepest} m");
        assert_eq!(scan.metadata.warnings, [Warning::ReadAsMicrometres], "{name}");
        converted += 1;
    }
    assert_eq!(converted, 6);
}

#[test]
fn spacing_read_as_micrometres_is_that_of_the_processed_version() {
    let Some(folder) = real_data() else { return };
    let spacing = |name: &str, options: &ReadOptions| {
        read(name, &fs::read(folder.join(name)).unwrap(), options).surface.spacing()
    };
    let whole = spacing("raw/K013sA2-2.x3p", &micrometres());
    let processed = spacing("raw/K013sA2_processed.x3p", &ReadOptions::default());
    assert_eq!(whole, processed);
}

#[test]
fn what_is_dirty_is_noticed() {
    let Some(folder) = real_data() else { return };
    let bytes = fs::read(folder.join("formats/csafe-logo.x3p")).unwrap();
    // Its manifest was edited four months after its checksum was written.
    let error = format::read(&bytes, &ReadOptions::default()).unwrap_err();
    let found = "MD5 of main.xml is ";
    assert!(error.to_string().starts_with(found), "{error}");
    let warnings = read("csafe-logo", &bytes, &any()).metadata.warnings;
    assert!(matches!(warnings[0], Warning::ManifestChecksumMismatch { .. }), "{warnings:?}");
    assert_eq!(warnings[1], Warning::IncrementNotApplied { increment: 1e-6 });

    let bytes = fs::read(folder.join("formats/sample-land.x3p")).unwrap();
    let metadata = read("sample-land", &bytes, &ReadOptions::default()).metadata;
    assert!(metadata.annotation_mask);
    assert_eq!(metadata.instrument.model.as_deref(), Some("Sneox1"));
    assert_eq!(metadata.probing_system.identification.as_deref(), Some("Nikon - EPI 20X"));
    assert_eq!(metadata.calibration_date.as_deref(), Some("2017-01-17T09:21:52"));
}

#[test]
fn real_scans_survive_being_written() {
    let Some(folder) = real_data() else { return };
    for name in ["fadul/Fadul 1-1.x3p", "formats/csafe-logo.x3p", "formats/sample-land.x3p"] {
        let first = read(name, &fs::read(folder.join(name)).unwrap(), &any());
        let bytes = format::x3p::write(&first.surface, &first.metadata).unwrap();
        let second = read(name, &bytes, &ReadOptions::default());
        assert_eq!(first.surface, second.surface, "{name}");
        let bits = |scan: &Scan| scan.surface.heights().mapv(f64::to_bits);
        assert!(bits(&first) == bits(&second), "{name}: heights differ in some bit");
    }
}

#[test]
fn pictures_are_reflectance_at_the_resolution_they_state() {
    let Some(folder) = real_data() else { return };
    let entries = fs::read_dir(folder.join("images")).unwrap();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(paths.len() >= 2, "images holds {} files, wanted 2", paths.len());
    for path in paths {
        let name = path.display().to_string();
        let scan = read(&name, &fs::read(&path).unwrap(), &ReadOptions::default());
        assert_eq!(scan.surface.kind(), Kind::Reflectance, "{name}");
        assert_eq!((scan.surface.rows(), scan.surface.columns()), (1944, 2592), "{name}");
        let x = scan.surface.spacing().x.micrometres();
        assert!((x - 2.53).abs() < 0.001, "{name}: {x} um");
    }
}
