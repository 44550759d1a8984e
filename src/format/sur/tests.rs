//! Are files that are made here, field by field, read as they are meant?

use crate::format::{self, FileFormat, Limits, ReadOptions, Warning};
use flate2::{Compression, write::ZlibEncoder};
use std::io::Write as _;

const ROWS: i32 = 16;
const COLUMNS: i32 = 20;

/// The parts of a SUR that tests change.
#[derive(Clone)]
struct Sur {
    kind: i16,
    objects: i16,
    special: i16,
    bits: i16,
    units: [&'static [u8]; 3],
    inverted: i16,
    comment: &'static [u8],
    /// As many as the streams; none for plain points.
    streams: usize,
}

const SOUND: Sur = Sur {
    kind: 2,
    objects: 1,
    special: 1,
    bits: 32,
    units: [b"mm", b"mm", b"\xb5m"],
    inverted: 0,
    comment: b"",
    streams: 0,
};

impl Sur {
    /// Points -100, -99 ... in the order of rows; the third is not measured.
    fn bytes(&self) -> Vec<u8> {
        let text = |text: &[u8], width: usize| {
            let mut bytes = text.to_vec();
            bytes.resize(width, b' ');
            bytes
        };
        let shorts = |numbers: &[i16]| -> Vec<u8> {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        };
        let longs = |numbers: &[i32]| -> Vec<u8> {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        };
        let floats = |numbers: &[f32]| -> Vec<u8> {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        };
        let [x, y, z] = self.units;
        let mut bytes = [
            if self.streams == 0 { b"DIGITAL SURF".to_vec() } else { b"DSCOMPRESSED".to_vec() },
            shorts(&[0, self.objects, 1, self.kind]),
            text(b"case 7", 30),
            text(b"M\xfcller", 30),
            shorts(&[0, 0, 0, self.special, 1]),
            floats(&[0.0]),
            vec![0; 4],
            shorts(&[self.bits]),
            longs(&[-100, 219, COLUMNS, ROWS, COLUMNS * ROWS]),
            floats(&[0.005, 0.00625, 0.25]),
            [b"X", b"Y", b"Z"].iter().flat_map(|name| text(*name, 16)).collect(),
            [x, y, z, x, y, z].iter().flat_map(|name| text(name, 16)).collect(),
            floats(&[1.0, 1.0, 1.0]),
            shorts(&[0, self.inverted, 0]),
            vec![0; 12],
            shorts(&[5, 4, 13, 24, 1, 2011, 1]),
            floats(&[0.0]),
            vec![0; 10],
            shorts(&[self.comment.len() as i16, 3]),
            vec![0; 128],
            floats(&[0.0, 0.0, 2.0, 0.0, 0.0]),
            vec![0; 26],
        ]
        .concat();
        assert_eq!(bytes.len(), 512);
        bytes.extend(self.comment);
        bytes.extend(b"own");
        let mut points: Vec<i32> = (0..ROWS * COLUMNS).map(|index| index - 100).collect();
        points[2] = -102;
        let points: Vec<u8> = if self.bits == 16 {
            points.iter().flat_map(|&point| (point as i16).to_le_bytes()).collect()
        } else {
            longs(&points)
        };
        if self.streams == 0 {
            bytes.extend(points);
            return bytes;
        }
        let parts: Vec<&[u8]> = points.chunks(points.len().div_ceil(self.streams)).collect();
        let packed: Vec<Vec<u8>> = parts
            .iter()
            .map(|part| {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(part).unwrap();
                encoder.finish().unwrap()
            })
            .collect();
        bytes.extend(longs(&[parts.len() as i32]));
        for (part, packed) in parts.iter().zip(&packed) {
            bytes.extend(longs(&[part.len() as i32, packed.len() as i32]));
        }
        bytes.extend(packed.concat());
        bytes
    }

    fn error(&self) -> String {
        format::read(&self.bytes(), &ReadOptions::default()).unwrap_err().to_string()
    }
}

#[test]
fn points_become_heights_in_the_units_that_are_named() {
    let kinds = [
        SOUND,
        Sur { bits: 16, ..SOUND },
        Sur { streams: 1, ..SOUND },
        Sur { streams: 3, bits: 16, ..SOUND },
        Sur { units: [b"mm", b"mm", "\u{b5}m".as_bytes()], ..SOUND },
        Sur { kind: 16, ..SOUND },
        Sur { kind: 1, ..SOUND },
    ];
    for kind in kinds {
        let scan = format::read(&kind.bytes(), &ReadOptions::default()).unwrap();
        let surface = &scan.surface;
        assert_eq!(scan.file_format, FileFormat::Sur);
        assert_eq!((surface.rows(), surface.columns(), surface.valid_count()), (16, 20, 319));
        assert!(!surface.mask()[(0, 2)], "what is below the least point was not measured");
        assert!((surface.spacing().x.micrometres() - 5.0).abs() < 1e-6);
        assert!((surface.spacing().y.micrometres() - 6.25).abs() < 1e-6);
        // 25 steps of a quarter of a micrometre above the offset of two.
        let height = surface.heights()[(1, 5)];
        assert!((height - 8.25e-6).abs() < 1e-18, "{height}");
        assert!(scan.metadata.warnings.is_empty(), "{:?}", scan.metadata.warnings);
    }
}

#[test]
fn what_the_file_says_of_itself_is_kept() {
    let file = Sur { inverted: 1, comment: b"polished", ..SOUND };
    let metadata = format::read(&file.bytes(), &ReadOptions::default()).unwrap().metadata;
    assert_eq!(metadata.creator.as_deref(), Some("M\u{fc}ller"));
    assert_eq!(metadata.date.as_deref(), Some("2011-01-24T13:04:05"));
    assert_eq!(metadata.comment.as_deref(), Some("case 7; polished"));
    assert_eq!(metadata.warnings, [Warning::InversionNotApplied { code: 1 }]);
}

#[test]
fn points_count_as_they_are_where_none_is_special() {
    let file = Sur { special: 0, ..SOUND };
    let surface = format::read(&file.bytes(), &ReadOptions::default()).unwrap().surface;
    assert_eq!(surface.valid_count(), 320);
}

#[test]
fn what_is_no_single_surface_is_named() {
    for (file, wanted) in [
        (Sur { kind: 5, objects: 3, ..SOUND }, "a series of surfaces (type 5)"),
        (Sur { kind: 8, ..SOUND }, "a surface of several layers"),
        (Sur { kind: 2, objects: 2, ..SOUND }, "several surfaces"),
        (Sur { kind: 99, ..SOUND }, "something unknown (type 99)"),
        (Sur { bits: 8, ..SOUND }, "the size of a point of the SUR is \"8\", wanted 16 or 32 bits"),
        (Sur { units: [b"mm", b"mm", b"V"], ..SOUND }, "the unit of heights of the SUR is \"V\""),
        (Sur { units: [b"m", b"mm", b"nm"], ..SOUND }, "the spacing along x"),
    ] {
        let error = file.error();
        assert!(error.contains(wanted), "{error}, wanted {wanted}");
    }
}

#[test]
fn streams_are_not_believed() {
    let sound = Sur { streams: 2, ..SOUND }.bytes();
    let read = |at: usize, value: u32, limits: Limits| {
        let mut bytes = sound.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let options = ReadOptions { limits, ..ReadOptions::default() };
        format::read(&bytes, &options).unwrap_err().to_string()
    };
    let start = 515;
    for (at, value, wanted) in [
        (start, u32::MAX, "its header needs"),
        (start, 1, "cannot be unpacked"),
        (start, 0, "holds 0 bytes, wanted 1280"),
        (start + 4, 5, "stream 0 of the SUR unpacks to 640 bytes, the container states 5"),
        (start + 8, u32::MAX, "its header needs"),
    ] {
        let error = read(at, value, Limits::default());
        assert!(error.contains(wanted), "{error}, wanted {wanted}");
    }
    let strict = Limits { unpacking_ratio: 1, unjudged_bytes: 0, ..Limits::default() };
    let error = read(start, 2, strict);
    assert!(error.contains("more than 1 times"), "{error}");
}
