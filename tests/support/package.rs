//! How is a container made that our own writer would never make?
//!
//! [`Package`] holds the parts of a small sound X3P; tests change one and pack it with checksums that
//! fit or do not.

use casemark::format::{self, Metadata};
use casemark::surface::{Kind, Spacing, Surface};
use casemark::units::Length;
use md5::{Digest as _, Md5};
use ndarray::Array2;
use std::io::{Cursor, Read as _, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Rows and columns of the small surface.
pub const ROWS: usize = 40;
/// Columns of the small surface.
pub const COLUMNS: usize = 44;

/// A small sound topography, rough enough not to pack well.
pub fn surface() -> Surface {
    let mut state = 1_u64;
    let heights = Array2::from_shape_fn((ROWS, COLUMNS), |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 * 1e-5
    });
    let spacing = Spacing::square(Length::from_micrometres(6.25));
    Surface::from_finite(heights, spacing, Kind::Topography).expect("a sound surface")
}

/// The parts of an X3P.
#[derive(Clone)]
pub struct Package {
    /// Text of `main.xml`; "MD5" in it stands for the checksum of the points.
    pub manifest: String,
    /// The points.
    pub points: Vec<u8>,
    /// Entries beside manifest, points and checksum.
    pub others: Vec<(String, Vec<u8>)>,
}

impl Package {
    /// The parts of the small surface as our writer writes it.
    pub fn sound() -> Self {
        let bytes = format::x3p::write(&surface(), &Metadata::default()).expect("written");
        let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
        let mut entry = |name: &str| {
            let mut content = Vec::new();
            archive.by_name(name).expect("an entry").read_to_end(&mut content).expect("content");
            content
        };
        let points = entry("bindata/data.bin");
        let manifest = String::from_utf8(entry("main.xml")).expect("text");
        let manifest = manifest.replace(&md5(&points), "MD5");
        Self { manifest, points, others: Vec::new() }
    }

    /// With a part of the manifest replaced, which must be there.
    pub fn with(mut self, old: &str, new: &str) -> Self {
        assert!(self.manifest.contains(old), "no {old} in {}", self.manifest);
        self.manifest = self.manifest.replacen(old, new, 1);
        self
    }

    /// With other points.
    pub fn with_points(mut self, points: Vec<u8>) -> Self {
        self.points = points;
        self
    }

    /// With one more entry.
    pub fn with_entry(mut self, name: &str, content: &[u8]) -> Self {
        self.others.push((name.to_owned(), content.to_vec()));
        self
    }

    /// The manifest with the checksum of the points filled in.
    pub fn sealed_manifest(&self) -> String {
        self.manifest.replace("MD5<", &format!("{}<", md5(&self.points)))
    }

    /// Packed with checksums that fit.
    pub fn packed(&self) -> Vec<u8> {
        let manifest = self.sealed_manifest();
        let checksum = md5(manifest.as_bytes());
        let mut entries: Vec<(&str, &[u8])> = vec![
            ("main.xml", manifest.as_bytes()),
            ("bindata/data.bin", &self.points),
            ("md5checksum.hex", checksum.as_bytes()),
        ];
        entries.extend(self.others.iter().map(|(name, content)| (name.as_str(), &content[..])));
        zip(&entries)
    }
}

/// A zip of these entries, in this order.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, options).expect("an entry");
        writer.write_all(content).expect("content");
    }
    writer.finish().expect("a zip").into_inner()
}

/// MD5 in hexadecimal.
pub fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Overwrites a field of the headers of one entry: at `central` in its central header and at `local` in
/// its local one.
pub fn patch_entry(zip: &mut [u8], name: &str, central: usize, local: usize, value: &[u8]) {
    let mut patched = 0;
    for (magic, fixed, field) in [(b"PK\x01\x02", 46, central), (b"PK\x03\x04", 30, local)] {
        let mut wanted = zip
            .windows(4)
            .enumerate()
            .filter(|(_, window)| window == magic)
            .map(|(at, _)| at)
            .filter(|at| zip[at + fixed..].starts_with(name.as_bytes()));
        let at = wanted.next().expect("a header of this entry");
        zip[at + field..at + field + value.len()].copy_from_slice(value);
        patched += 1;
    }
    assert_eq!(patched, 2);
}
