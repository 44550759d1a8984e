//! Does `casemark render` draw what it says? Runs the real binary in fresh folders.

use crate::program::{Program, testdata_text};

fn scan() -> String {
    testdata_text("demo/references/F0001-S01.x3p")
}

fn decoded(program: &Program, name: &str) -> image::RgbImage {
    image::open(program.path(name)).unwrap().into_rgb8()
}

#[test]
fn a_hillshade_is_drawn_as_the_readme_shows() {
    let program = Program::new();
    let name = "testdata/demo/references/F0001-S01.x3p";
    program.write(name, &std::fs::read(scan()).unwrap());
    let run = program.run(&["render", name, "--out", "relief.png"]).exits(0);
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("casemark render {name} --out relief.png")));
    assert_eq!(run.stdout().lines().count(), 1, "{}", run.told());
    assert!(readme.contains(run.stdout().trim_end()), "{}", run.told());
    let picture = decoded(&program, "relief.png");
    let (width, height) = picture.dimensions();
    assert!(run.stdout().contains(&format!("{width} x {height} pixels")), "{}", run.told());
}

#[test]
fn every_picture_has_the_same_bytes_on_any_number_of_threads() {
    let program = Program::new();
    let scan = scan();
    let ways: [&[&str]; 5] = [
        &[],
        &["--as", "height"],
        &["--row", "60"],
        &["--profile", "-1500,-900,1400,1100", "--level", "none"],
        &["--light-azimuth", "20", "--light-elevation", "30", "--exaggeration", "3"],
    ];
    let mut pictures = Vec::new();
    for way in ways {
        let draw = |threads: &str| {
            let words = [&["render", &scan, "--out", "p.png", "--threads", threads], way].concat();
            program.run(&words).exits(0);
            std::fs::read(program.path("p.png")).unwrap()
        };
        let picture = draw("1");
        assert!(picture == draw("3"), "{way:?}: the bytes differ");
        assert!(!pictures.contains(&picture), "{way:?} draws what another way does");
        pictures.push(picture);
    }
}

#[test]
fn the_size_and_the_range_are_those_asked_for() {
    let program = Program::new();
    let scan = scan();
    let draw = |words: &[&str]| {
        program.run(&[&["render", &scan, "--out", "p.png"], words].concat()).exits(0);
        decoded(&program, "p.png")
    };
    let (small, large) = (draw(&["--size-px", "700"]), draw(&["--size-px", "900"]));
    // The page about the surface is the same.
    assert_eq!(large.width() - small.width(), 200);
    // All heights beyond a range take the colours of its ends: the darkest of viridis.
    let picture = draw(&["--as", "height", "--range-um", "500,501"]);
    let darkest = picture.pixels().filter(|pixel| pixel.0 == [68, 1, 84]).count();
    assert!(darkest > 100_000, "{darkest} pixels");
}

#[test]
fn what_cannot_be_drawn_is_refused_and_nothing_is_written() {
    let program = Program::new();
    let scan = scan();
    let cases: [(&[&str], &str); 13] = [
        (&["--as", "profile"], "needs a line"),
        (&["--as", "height", "--row", "3"], "--as height"),
        (&["--as", "hillshade", "--column", "3"], "--as hillshade"),
        (&["--range-um", "0,1"], "--range-um"),
        (&["--as", "height", "--exaggeration", "2"], "--exaggeration"),
        (&["--row", "100000"], "row 100000"),
        (&["--profile", "0,0,0"], "4 numbers"),
        (&["--profile", "0,0,0,0"], "0 m long"),
        (&["--row", "3", "--column", "3"], "cannot be used with"),
        (&["--light-elevation", "0"], "elevation is 0 deg"),
        (&["--size-px", "10"], "side is 10 pixels, wanted 200 to 8000"),
        (&["--as", "height", "--range-um", "3,1"], "the lower one first"),
        (&["--exaggeration", "0"], "exaggeration is 0"),
    ];
    for (words, complaint) in cases {
        let all = [&["render", &scan, "--out", "p.png"], words].concat();
        program.run(&all).exits(2).complains(complaint);
        assert!(!program.path("p.png").exists(), "{words:?}");
    }
    program.run(&["render", "none.x3p", "--out", "p.png"]).exits(2).complains("none.x3p");
}

#[test]
fn an_image_has_no_heights_and_is_not_written_over() {
    let program = Program::new();
    let grey = image::GrayImage::from_fn(40, 30, |x, y| image::Luma([(x * y % 251) as u8]));
    grey.save(program.path("grey.png")).unwrap();
    let before = std::fs::read(program.path("grey.png")).unwrap();
    let words = ["render", "grey.png", "--spacing-um", "5", "--out"];
    let run = |out| program.run(&[&words[..], &[out]].concat()).exits(2);
    run("p.png").complains("grey.png").complains("no heights");
    run("./grey.png").complains("written over");
    assert!(std::fs::read(program.path("grey.png")).unwrap() == before);
    assert!(!program.path("p.png").exists());
}
