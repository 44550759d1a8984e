//! Are pictures of primers taken by the commands that take scans? Runs the real binary in fresh folders.

use crate::program::{Program, testdata_text};
use casemark::format::{ReadOptions, read};
use casemark::surface::Kind;

const SPACING_UM: f64 = 8.0;

/// A primer in few words, a little off the middle of its frame, as PNG without a resolution: pin, moat,
/// flowback, moat, breech face, groove and head, all of them grainy.
fn primer() -> Vec<u8> {
    let (width, height) = (820_u32, 610_u32);
    let image = image::GrayImage::from_fn(width, height, |column, row| {
        let x = (f64::from(column) - f64::from(width - 1) / 2.0) * SPACING_UM - 40.0;
        let y = (f64::from(row) - f64::from(height - 1) / 2.0) * SPACING_UM + 60.0;
        let r = (x * x + y * y).sqrt();
        let s = ((x + 180.0).powi(2) + (y - 300.0).powi(2)).sqrt();
        let level = match () {
            () if s < 550.0 => 0.15,
            () if s < 720.0 => 0.03,
            () if s < 1080.0 => 0.6,
            () if s < 1150.0 => 0.03,
            () if r < 1850.0 => 0.4,
            () if r < 2600.0 => 0.04,
            () => 0.35,
        };
        let mixed = (u64::from(row / 5) * 1_000_003 + u64::from(column / 5))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56;
        let grain = 0.5 + f64::from(u32::try_from(mixed).unwrap()) / 256.0;
        image::Luma([(255.0 * level * grain).min(255.0) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[test]
fn a_pictured_primer_is_taken_apart_cut_out_and_compared() {
    let program = Program::new();
    program.write("primer.png", &primer());
    // The spacing is not guessed.
    let refused = program.run(&["segment", "primer.png"]).exits(2);
    assert!(refused.told().contains("--spacing-um"), "{}", refused.told());
    let words = ["segment", "primer.png", "--spacing-um", "8", "--out", "face.png"];
    let report =
        program.run(&[&words[..], &["--picture", "parts.png", "--json"]].concat()).exits(0).json();
    assert_eq!(report["sure"], true, "{report}");
    assert_eq!(report["kind"], "reflectance");
    assert_eq!(report["metrological"], false);
    let radius = report["primer"]["radius_um"].as_f64().unwrap();
    assert!((radius - 1850.0).abs() < 18.5, "{radius}");
    assert!(image::open(program.path("parts.png")).unwrap().width() > 1000);
    let told = program.run(&words).exits(0);
    assert!(told.stdout().contains("not metrological"), "{}", told.told());
    // What was cut out states its spacing, and is what is compared of the whole picture.
    let bytes = std::fs::read(program.path("face.png")).unwrap();
    let face = read(&bytes, &ReadOptions::default()).unwrap().surface;
    assert_eq!(face.kind(), Kind::Reflectance);
    assert!(face.fill_fraction() < 0.6, "{}", face.fill_fraction());
    let words = ["compare", "primer.png", "face.png", "--spacing-um", "8"];
    let same = program.run(&[&words[..], &["--json"]].concat()).exits(0).json();
    assert_eq!(same["cmc_fraction"], 1.0, "{same}");
    assert_eq!(same["metrological"], false);
    let told = program.run(&words).exits(0);
    assert!(told.stdout().contains("not metrological"), "{}", told.told());
    let inspected =
        program.run(&["inspect", "primer.png", "--spacing-um", "8", "--json"]).exits(0).json();
    assert_eq!(inspected["head_confidence"], report["confidence"]);
    // Never with heights, which are not said to be anything else.
    let heights = testdata_text("demo/questioned/known-firearm.x3p");
    let mixed = program.run(&["compare", "primer.png", &heights, "--spacing-um", "8"]).exits(2);
    assert!(
        mixed.told().contains("a topography and a reflectance image cannot be compared"),
        "{}",
        mixed.told()
    );
    let same = program.run(&["compare", &heights, &heights, "--json"]).exits(0).json();
    assert!(same.get("metrological").is_none(), "{same}");
}

#[test]
fn a_picture_of_something_else_is_refused() {
    let program = Program::new();
    let slope = image::GrayImage::from_fn(400, 300, |column, row| {
        image::Luma([u8::try_from((column + row) / 3).unwrap()])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    slope.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    program.write("slope.png", &bytes.into_inner());
    let refused = program.run(&["segment", "slope.png", "--spacing-um", "10"]).exits(2);
    assert!(refused.told().contains("slope.png"), "{}", refused.told());
    assert!(refused.told().contains("no primer is in the picture"), "{}", refused.told());
}
