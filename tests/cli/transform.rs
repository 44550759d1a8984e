//! Does `casemark transform` change what it says, say what it changed, and leave originals alone? Runs
//! the real binary in fresh folders.

use crate::program::Program;
use casemark::format::{self, Metadata, Scan, x3p};
use casemark::surface::{Kind, Spacing, Surface};
use casemark::units::Length;
use ndarray::Array2;

/// A scan of 40 rows of 60, with metadata.
fn original() -> (Surface, Metadata) {
    let heights = Array2::from_shape_fn((40, 60), |(row, column)| {
        1e-6 * (libm::sin(row as f64 / 3.0) + libm::cos(column as f64 / 5.0))
    });
    let spacing = Spacing::square(Length::from_micrometres(10.0));
    let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
    let metadata = Metadata {
        creator: Some("Somebody".to_owned()),
        date: Some("2024-05-06T07:08:09".to_owned()),
        comment: Some("first shot".to_owned()),
        ..Metadata::default()
    };
    (surface, metadata)
}

fn with_original() -> Program {
    let program = Program::new();
    let (surface, metadata) = original();
    program.write("scan.x3p", &x3p::write(&surface, &metadata).unwrap());
    program
}

fn read(program: &Program, name: &str) -> Scan {
    let bytes = std::fs::read(program.path(name)).unwrap();
    format::read(&bytes, &format::ReadOptions::default()).unwrap()
}

fn mask(rows: u32, columns: u32, keep: impl Fn(u32, u32) -> bool) -> Vec<u8> {
    let image = image::GrayImage::from_fn(columns, rows, |column, row| {
        image::Luma([if keep(row, column) { 255 } else { 0 }])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[test]
fn a_mask_of_a_picture_and_circles_leaves_more_samples_missing() {
    let program = with_original();
    program.write("mask.png", &mask(40, 60, |row, column| row >= 10 && column < 50));
    let words = ["transform", "scan.x3p", "--out", "masked.x3p", "--mask", "mask.png"];
    let more = ["--drop-circle", "-45,-5,31"];
    program.run(&[&words[..], &more].concat()).exits(0);
    let (before, scan) = (original().0, read(&program, "masked.x3p"));
    for ((row, column), valid) in scan.surface.mask().indexed_iter() {
        // Sample (19, 25) is at (-45, -5) um from the centre.
        let (x, y) = (10.0 * (column as f64 - 25.0), 10.0 * (row as f64 - 19.0));
        let wanted = row >= 10 && column < 50 && x.hypot(y) > 31.0;
        assert_eq!(*valid, wanted, "row {row}, column {column}");
        if *valid {
            assert_eq!(
                scan.surface.heights()[[row, column]].to_bits(),
                before.heights()[[row, column]].to_bits()
            );
        }
    }
}

#[test]
fn the_new_file_says_what_was_done_to_which() {
    let program = with_original();
    let words = ["transform", "scan.x3p", "--out", "new.x3p", "--keep-circle", "0,0,150"];
    let words = [&words[..], &["--rotate", "90", "--noise", "0.1", "--seed", "7"]].concat();
    program.run(&words).exits(0);
    let first = std::fs::read(program.path("new.x3p")).unwrap();
    program.run(&words).exits(0);
    assert!(first == std::fs::read(program.path("new.x3p")).unwrap(), "the bytes differ");
    let (old, new) = (read(&program, "scan.x3p"), read(&program, "new.x3p"));
    assert_eq!(new.metadata.creator, old.metadata.creator);
    assert_eq!(new.metadata.date, old.metadata.date);
    let comment = new.metadata.comment.unwrap();
    for part in [
        "first shot; kept the circle of 150 um about 0 um, 0 um, rotated by 90.0000 deg, ",
        "noise of 0.1 deviations added (seed 7) (casemark ",
        "of scan.x3p, SHA-256 ",
        &old.sha256.to_string(),
    ] {
        assert!(comment.contains(part), "no \"{part}\" in {comment}");
    }
}

#[test]
fn a_mask_that_does_not_fit_is_named_with_both_sizes() {
    let program = with_original();
    program.write("small.png", &mask(30, 60, |_, _| true));
    program.write("text.png", b"no picture");
    let mut coloured = image::RgbImage::new(60, 40);
    coloured.put_pixel(7, 3, image::Rgb([255, 0, 0]));
    coloured.save(program.path("coloured.png")).unwrap();
    program.write("nothing.png", &mask(40, 60, |_, _| false));
    let cases: [(&str, &[&str]); 5] = [
        ("small.png", &["scan.x3p", "small.png", "30 rows of 60", "40 rows of 60"]),
        ("text.png", &["text.png", "no PNG"]),
        ("coloured.png", &["coloured.png", "row 3, column 7", "black or white"]),
        ("nothing.png", &["scan.x3p", "nothing.png", "no measured sample"]),
        ("none.png", &["none.png"]),
    ];
    for (name, parts) in cases {
        let words = ["transform", "scan.x3p", "--out", "new.x3p", "--mask", name];
        let mut run = program.run(&words).exits(2);
        for part in parts {
            run = run.complains(part);
        }
        assert!(!program.path("new.x3p").exists(), "{name}");
    }
    for circle in ["1,2", "1,2,-3", "a,b,c", "0,0,nan"] {
        let words = ["transform", "scan.x3p", "--out", "new.x3p", "--keep-circle", circle];
        program.run(&words).exits(2).complains("--keep-circle");
    }
}

#[test]
fn an_original_is_never_written_over() {
    let program = with_original();
    let before = program.tree(".");
    for out in ["scan.x3p", "./scan.x3p", "."] {
        let words = ["transform", "scan.x3p", "--rotate", "90", "--out", out];
        program.run(&words).exits(2).complains("written over");
    }
    program.run(&["transform", "scan.x3p", "--out", "new.x3p"]).exits(2).complains("no step");
    assert!(program.tree(".") == before, "a file was changed or left behind");
}

#[test]
fn units_that_a_file_states_wrongly_are_put_right() {
    let program = Program::new();
    let (surface, metadata) = original();
    let (heights, mask, ..) = surface.into_parts();
    // Spacing alone in micrometres; heights alone; all three axes.
    let write = |name: &str, spacing: f64, scale: f64| {
        let spacing = Spacing::square(Length::from_metres(spacing));
        let heights = heights.mapv(|height| height * scale);
        let stated = Surface::new(heights, mask.clone(), spacing, Kind::Topography).unwrap();
        program.write(name, &x3p::write(&stated, &metadata).unwrap());
    };
    write("spacing.x3p", 10.0, 1.0);
    write("heights.x3p", 1e-5, 1e6);
    write("all.x3p", 10.0, 1e6);
    let cases: [(&str, &[&str], &str); 3] = [
        ("spacing.x3p", &["--fix-spacing-um", "10"], "spacing stated as 10 um"),
        ("heights.x3p", &["--fix-height-unit", "um"], "heights stated to be in um"),
        ("all.x3p", &["--spacing-unit", "um"], "lengths taken as um"),
    ];
    for (name, fix, words) in cases {
        if name != "heights.x3p" {
            program.run(&["inspect", name]).exits(2).complains(name);
        }
        program.run(&[&["transform", name, "--out", "fixed.x3p"], fix].concat()).exits(0);
        let fixed = read(&program, "fixed.x3p");
        let um = fixed.surface.spacing().x.micrometres();
        assert!((um - 10.0).abs() < 1e-9, "{name}: {um} um");
        for (found, wanted) in fixed.surface.heights().iter().zip(&heights) {
            assert!((found - wanted).abs() < 1e-18, "{name}: {found}, wanted {wanted}");
        }
        assert!(fixed.metadata.comment.unwrap().contains(words), "{name}");
    }
    // Files of both units together.
    write("metres.x3p", 1e-5, 1.0);
    let both = |unit: &str| {
        let words = ["transform", "--rotate", "90", "--out", "both", "--spacing-unit", unit];
        program.run(&[&words[..], &["all.x3p", "metres.x3p"]].concat())
    };
    both("m").exits(2).complains("all.x3p: the spacing").complains("either beside files in metres");
    both("um").exits(2).complains("metres.x3p: the spacing").complains("or say either");
    both("either").exits(0);
    let [all, metres] = ["both/all.x3p", "both/metres.x3p"].map(|name| read(&program, name));
    for (one, other) in all.surface.heights().iter().zip(metres.surface.heights()) {
        assert!((one - other).abs() < 1e-18, "{one}, {other}");
    }
    // A unit that makes no cartridge case of it is refused.
    let words = ["transform", "all.x3p", "--out", "wrong.x3p", "--fix-spacing-um", "5000"];
    program.run(&words).exits(2).complains("all.x3p").complains("units put right");
    assert!(!program.path("wrong.x3p").exists());
}

#[test]
fn other_formats_become_x3p_and_images_do_not() {
    let program = Program::new();
    let heights: Vec<f32> = (0..40 * 60).map(|index| (index % 97) as f32 / 10.0).collect();
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<tiff::encoder::colortype::Gray32Float>(60, 40, &heights).unwrap();
    program.write("heights.tif", &bytes.into_inner());
    let words = ["transform", "heights.tif", "--spacing-um", "5", "--height-unit", "um"];
    program.run(&[&words[..], &["--out", "heights.x3p"]].concat()).exits(0);
    let scan = read(&program, "heights.x3p");
    assert_eq!((scan.surface.rows(), scan.surface.columns()), (40, 60));
    for (height, wanted) in scan.surface.heights().iter().zip(&heights) {
        assert!((height * 1e6 - f64::from(*wanted)).abs() < 1e-9, "{height}");
    }
    assert!(scan.metadata.comment.unwrap().contains("converted from TIFF"));
    program.write("grey.png", &mask(40, 60, |row, column| (row + column) % 2 == 0));
    let words = ["transform", "grey.png", "--spacing-um", "5", "--out", "grey.x3p"];
    program.run(&words).exits(2).complains("grey.png");
    assert!(!program.path("grey.x3p").exists());
}
