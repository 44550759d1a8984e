//! Which files must be refused, and in which words?
//!
//! A corpus made by code from one small sound X3P and some small images. Each case says a part of the
//! message it must give, so that a file is refused for the right reason.

use super::package::{COLUMNS, Package, ROWS, md5, patch_entry, zip};
use casemark::format;
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use std::io::Cursor;
use tiff::encoder::colortype::{ColorType, Gray32, Gray32Float};
use tiff::encoder::{TiffEncoder, TiffValue};

/// A file that must be refused.
pub struct Malformed {
    /// What is wrong with it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Part of the message.
    pub expected: &'static str,
}

/// All cases. Takes about a second: one of them packs 40 MB of zeros.
pub fn corpus() -> Vec<Malformed> {
    let mut cases = Cases(Vec::new());
    not_an_x3p(&mut cases);
    truncations(&mut cases);
    checksums(&mut cases);
    containers(&mut cases);
    lying_headers(&mut cases);
    bombs(&mut cases);
    manifests(&mut cases);
    axes(&mut cases);
    dimensions(&mut cases);
    points(&mut cases);
    masks(&mut cases);
    images(&mut cases);
    tiffs(&mut cases);
    cases.0
}

struct Cases(Vec<Malformed>);

impl Cases {
    fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>, expected: &'static str) {
        self.0.push(Malformed { name: name.into(), bytes, expected });
    }

    /// The sound X3P with one part of its manifest replaced.
    fn replaced(&mut self, name: &str, old: &str, new: &str, expected: &'static str) {
        self.add(name, Package::sound().with(old, new).packed(), expected);
    }
}

fn not_an_x3p(cases: &mut Cases) {
    cases.add("no bytes", Vec::new(), "the file is empty");
    cases.add("one byte", vec![b'P'], "begins with 50, wanted X3P");
    cases.add("text", b"hello, world".to_vec(), "unknown format");
    cases.add("magic of AL3D alone", b"AliconaImaging\0\r\n".to_vec(), "the AL3D ends after 17");
    cases.add("magic of SUR alone", b"DIGITAL SURF".to_vec(), "the SUR ends after 12");
    cases.add("magic of SDF alone", b"bISO-1.0".to_vec(), "the SDF ends after 8");
    cases.add("only a magic number", b"PK\x03\x04".to_vec(), "not a readable zip");
    cases.add("a zip without entries", zip(&[]), "no main.xml");
    let nested = zip(&[("scan.x3p", &Package::sound().packed())]);
    cases.add("an X3P within a zip", nested, "no main.xml");
}

fn truncations(cases: &mut Cases) {
    let bytes = Package::sound().packed();
    for length in (1024..bytes.len()).step_by(1024) {
        let cut = bytes[..length].to_vec();
        cases.add(format!("cut after {length} bytes"), cut, "not a readable zip");
    }
    let cut = bytes[..bytes.len() - 1].to_vec();
    cases.add("cut by its last byte", cut, "not a readable zip");
    cases.add("without its first 100 bytes", bytes[100..].to_vec(), "unknown format");
}

fn checksums(cases: &mut Cases) {
    let sound = Package::sound();
    for digit in [0, 15, 31] {
        let mut checksum = md5(&sound.points);
        let other = if checksum.as_bytes()[digit] == b'0' { "1" } else { "0" };
        checksum.replace_range(digit..=digit, other);
        let name = format!("checksum of the points wrong in digit {digit}");
        let bytes = sound.clone().with("MD5<", &format!("{checksum}<")).packed();
        cases.add(name, bytes, "MD5 of bindata/data.bin is");
    }
    cases.replaced("checksum of the points too short", "MD5<", "abc<", "wanted 32 hexadecimal");
    let manifest = sound.sealed_manifest();
    for (name, checksum, expected) in [
        ("checksum of the manifest wrong", "0".repeat(32), "MD5 of main.xml is"),
        ("checksum of the manifest is words", "none".to_owned(), "wanted 32 hexadecimal"),
        ("checksum of the manifest empty", String::new(), "wanted 32 hexadecimal"),
    ] {
        let bytes = zip(&[
            ("main.xml", manifest.as_bytes()),
            ("bindata/data.bin", &sound.points),
            ("md5checksum.hex", checksum.as_bytes()),
        ]);
        cases.add(name, bytes, expected);
    }
    let mut changed = sound.points.clone();
    changed[100] ^= 1;
    let stated = format!("{}<", md5(&sound.points));
    let bytes = sound.clone().with("MD5<", &stated).with_points(changed).packed();
    cases.add("one bit of the points flipped", bytes, "MD5 of bindata/data.bin is");
    let link = "</MD5ChecksumPointData><ValidPointsLink>bindata/valid.bin</ValidPointsLink>\
                <MD5ChecksumValidPoints>00000000000000000000000000000000</MD5ChecksumValidPoints>";
    let valid = vec![0xff; (ROWS * COLUMNS).div_ceil(8)];
    let bytes = sound.with("</MD5ChecksumPointData>", link).with_entry("bindata/valid.bin", &valid);
    cases.add("checksum of valid points wrong", bytes.packed(), "MD5 of bindata/valid.bin is");
}

fn containers(cases: &mut Cases) {
    let sound = Package::sound();
    for (name, path) in [
        ("path above the container", "../evil"),
        ("path above, further down", "a/b/../../../evil"),
        ("path above with backslashes", "a\\..\\..\\evil"),
        ("absolute path", "/etc/evil"),
        ("drive", "C:\\evil"),
        ("network share", "\\\\host\\evil"),
        ("NUL in a name", "evil\0.bin"),
    ] {
        cases.add(name, sound.clone().with_entry(path, b"x").packed(), "is unsafe");
    }
    let mut twice = sound.clone().with_entry("Main.bak", b"<x/>").packed();
    patch_entry(&mut twice, "Main.bak", 46, 30, b"main.xml");
    cases.add("main.xml twice", twice, "same name");
    let folder = sound.clone().with_entry("copy/main.xml", b"<x/>").packed();
    cases.add("main.xml in two folders", folder, "two manifests");
    let cased = sound.clone().with_entry("MAIN.XML", b"<x/>").packed();
    cases.add("main.xml in two cases", cased, "two manifests");
    let slashes = sound.clone().with_entry("bindata\\data.bin", b"x").packed();
    cases.add("points twice, by either slash", slashes, "same name");
    let manifest = sound.sealed_manifest();
    cases.add("no points", zip(&[("main.xml", manifest.as_bytes())]), "no entry bindata/data.bin");
    let points = zip(&[("bindata/data.bin", &sound.points)]);
    cases.add("no manifest", points, "no main.xml");
    let mac = zip(&[("__MACOSX/main.xml", manifest.as_bytes())]);
    cases.add("a manifest of macOS only", mac, "no main.xml");
    let link = "<PointDataLink>bindata/data.bin";
    cases.replaced("link above", link, "<PointDataLink>../data.bin", "is unsafe");
    cases.replaced("absolute link", link, "<PointDataLink>/etc/passwd", "is unsafe");
    cases.replaced("link to an address", link, "<PointDataLink>http://x/data.bin", "is unsafe");
    let file = "<ChecksumFile>md5checksum.hex";
    cases.replaced("checksum file above", file, "<ChecksumFile>../../x", "is unsafe");
}

fn lying_headers(cases: &mut Cases) {
    let sound = Package::sound().packed();
    let points = "bindata/data.bin";
    let wanted = u32::try_from(ROWS * COLUMNS * 8).expect("small");
    let mut patched = |name: &str, central, local, value: &[u8], expected| {
        let mut bytes = sound.clone();
        patch_entry(&mut bytes, points, central, local, value);
        cases.add(name, bytes, expected);
    };
    patched("encrypted", 8, 6, &[1, 0], "entry bindata/data.bin is encrypted");
    patched("packed by an unknown method", 10, 8, &[77, 0], "by zip method 77");
    patched("stored, it says", 10, 8, &[0, 0], "bindata/data.bin");
    patched("wrong CRC", 16, 14, &[1, 2, 3, 4], "entry bindata/data.bin cannot be unpacked");
    for (name, size) in [
        ("unpacked size of nothing", 0),
        ("unpacked size too small", wanted / 2),
        ("unpacked size too large", wanted + 1),
        ("unpacked size of 4 GiB", u32::MAX - 1),
    ] {
        patched(name, 24, 22, &size.to_le_bytes(), "bindata/data.bin");
    }
    patched("packed size of nothing", 20, 18, &[0; 4], "bindata/data.bin");
    patched("packed size beyond the file", 20, 18, &[0xff, 0xff, 0xff, 0x7f], "bindata/data.bin");
    let mut far = sound.clone();
    patch_entry(&mut far, points, 42, 4, &[0xff, 0xff, 0xff, 0x7f]);
    cases.add("local header beyond the file", far, "bindata/data.bin cannot be unpacked");
    let mut many = sound.clone();
    let end = many.len() - 22;
    many[end + 8..end + 12].copy_from_slice(&[0xfe, 0xff, 0xfe, 0xff]);
    cases.add("65,534 entries, it says", many, "not a readable zip");
    let mut start = sound;
    start[end + 16..end + 20].copy_from_slice(&[0xf0, 0xff, 0xff, 0x7f]);
    cases.add("directory beyond the file", start, "not a readable zip");
}

fn bombs(cases: &mut Cases) {
    let side = 2236;
    let bomb = Package::sound()
        .with(&format!("<SizeX>{COLUMNS}"), &format!("<SizeX>{side}"))
        .with(&format!("<SizeY>{ROWS}"), &format!("<SizeY>{side}"))
        .with_points(vec![0; side * side * 8]);
    cases.add("40 MB of zeros", bomb.packed(), "unpacks to more than 200 times");
    let small = Package::sound().with_points(vec![0; 4 << 20]).packed();
    cases.add("zeros beyond the dimensions", small, "holds at least");
    let names: Vec<String> = (0..300).map(|index| format!("{index}")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    cases.add("300 entries", zip(&entries), "at least 257 entries");
    let long = format!("<!--{}-->", " ".repeat(2 << 20));
    let bytes = zip(&[("main.xml", long.as_bytes())]);
    cases.add("2 MB of manifest", bytes, "main.xml unpacks to more than 1048576");
    let deep = "<a>".repeat(5000) + &"</a>".repeat(5000);
    cases.add("manifest 5,000 deep", zip(&[("main.xml", deep.as_bytes())]), "nested deeper");
    let wide = format!("<a>{}</a>", "<b/>".repeat(20_000));
    cases.add("manifest 20,000 wide", zip(&[("main.xml", wide.as_bytes())]), "more than 10000");
    let lol = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;\">\
               <!ENTITY c \"&b;&b;&b;&b;\">]><ISO5436_2>&c;</ISO5436_2>";
    cases.add("entity bomb", zip(&[("main.xml", lol.as_bytes())]), "document type definition");
    let external =
        "<!DOCTYPE l [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><ISO5436_2>&a;</ISO5436_2>";
    let bytes = zip(&[("main.xml", external.as_bytes())]);
    cases.add("external entity", bytes, "document type definition");
}

fn manifests(cases: &mut Cases) {
    for (name, text, expected) in [
        ("empty manifest", &b""[..], "not well-formed"),
        ("manifest of words", b"hello", "not well-formed"),
        ("unclosed manifest", b"<ISO5436_2><Record1>", "not well-formed"),
        ("undefined entity", b"<ISO5436_2>&x;</ISO5436_2>", "not well-formed"),
        ("manifest in Latin-1", b"<ISO5436_2>\xb5surf</ISO5436_2>", "not UTF-8 after byte 11"),
        ("manifest in UTF-16", b"\xff\xfe<\0a\0/\0>\0", "not UTF-8 after byte 0"),
        ("another document", b"<html/>", "a html document, wanted ISO5436_2"),
        ("manifest without records", b"<ISO5436_2/>", "no Record1/FeatureType"),
    ] {
        cases.add(name, zip(&[("main.xml", text)]), expected);
    }
    let feature = "<FeatureType>SUR";
    cases.replaced("profile", feature, "<FeatureType>PRF", "is a profile (PRF)");
    cases.replaced("point cloud", feature, "<FeatureType>PCL", "is a point cloud");
    cases.replaced("unknown feature", feature, "<FeatureType>XYZ", "wanted SUR, PRF or PCL");
    cases.replaced("no feature", feature, "<FeatureType>", "no Record1/FeatureType");
    let list = "<Record3><ListDimension>16</ListDimension>";
    cases.replaced("list of points", "<Record3>", list, "point cloud or list");
    let ascii = "<DataList><Datum>0;0;1</Datum></DataList><DataLink>";
    cases.replaced("heights as text", "<DataLink>", ascii, "an ASCII list");
    let twice = "<SizeX>4</SizeX><SizeX>";
    cases.replaced("SizeX twice", "<SizeX>", twice, "has several SizeX");
    cases.replaced("no link", "PointDataLink>", "Somewhere>", "not well-formed");
    let link = "<PointDataLink>bindata/data.bin</PointDataLink>";
    cases.replaced("link left out", link, "", "no Record3/DataLink/PointDataLink");
}

fn axes(cases: &mut Cases) {
    let spacing = "<Increment>6.25e-6</Increment>";
    for (name, text, expected) in [
        ("spacing of zero", "0", "along x is 0 m"),
        ("negative spacing", "-6.25e-6", "along x is -0.00000625 m"),
        ("spacing not a number", "NaN", "along x is NaN m"),
        ("infinite spacing", "inf", "along x is inf m"),
        ("spacing overflows", "1e999", "along x is inf m"),
        ("spacing underflows", "1e-999", "along x is 0 m"),
        ("spacing of words", "fine", "\"fine\", wanted a number"),
        ("spacing with a comma", "6,25e-6", "wanted a number"),
        ("spacing in micrometres", "6.25", "--spacing-unit um accepts it"),
        ("spacing in nanometres", "6250", "wanted 1e-9 to 1e-4 m"),
        ("spacing of atoms", "1e-12", "wanted 1e-9 to 1e-4 m"),
        ("frame of half a metre", "9e-2", "--spacing-unit um accepts it"),
    ] {
        let new = format!("<Increment>{text}</Increment>");
        cases.replaced(name, spacing, &new, expected);
    }
    cases.replaced("empty spacing", spacing, "<Increment/>", "no Record1/Axes/CX/Increment");
    cases.replaced("no spacing", spacing, "", "no Record1/Axes/CX/Increment");
    let x = "<CX><AxisType>I";
    cases.replaced("absolute x", x, "<CX><AxisType>A", "axis CX is absolute");
    cases.replaced("unknown type of x", x, "<CX><AxisType>Q", "CX/AxisType in main.xml is \"Q\"");
    let y = "<CY><AxisType>I</AxisType>";
    cases.replaced("no type of y", y, "<CY>", "no Record1/Axes/CY/AxisType");
    let z = "<CZ><AxisType>A</AxisType><DataType>D</DataType><Increment>1</Increment><Offset>0";
    let of = |kind: &str, data: &str, increment: &str, offset: &str| {
        format!(
            "<CZ><AxisType>{kind}</AxisType><DataType>{data}</DataType>\
             <Increment>{increment}</Increment><Offset>{offset}"
        )
    };
    for (name, new, expected) in [
        ("unknown data type", of("A", "Q", "1", "0"), "\"Q\", wanted I, L, F or D"),
        ("unknown type of z", of("Q", "D", "1", "0"), "CZ/AxisType in main.xml is \"Q\""),
        ("increment of zero", of("A", "D", "0", "0"), "a factor other than 0"),
        ("increment of words", of("A", "D", "one", "0"), "wanted a finite number"),
        ("infinite offset", of("A", "D", "1", "inf"), "wanted a finite number"),
        ("doubles called floats", of("A", "F", "1", "0"), "holds at least 7041 bytes, wanted 7040"),
        ("doubles called integers", of("A", "I", "1", "0"), "holds at least 3521 bytes"),
    ] {
        cases.replaced(name, z, &new, expected);
    }
}

fn dimensions(cases: &mut Cases) {
    let columns = format!("<SizeX>{COLUMNS}</SizeX>");
    for (name, text, expected) in [
        ("one column more", "45", "bindata/data.bin holds 14080 bytes, wanted 14400"),
        ("one column less", "43", "holds at least 13761 bytes, wanted 13760"),
        ("no column", "0", "\"0\", wanted a whole number"),
        ("negative columns", "-44", "\"-44\", wanted a whole number"),
        ("columns of words", "many", "\"many\", wanted a whole number"),
        ("columns with a fraction", "44.0", "wanted a whole number"),
        ("hexadecimal columns", "0x2c", "wanted a whole number"),
        ("four milliard columns", "4294967296", "the limits are"),
        ("more columns than 64 bits", "99999999999999999999", "wanted a whole number"),
        ("columns that overflow the product", "9223372036854775807", "the limits are"),
        ("empty columns", "", "no Record3/MatrixDimension/SizeX"),
    ] {
        cases.replaced(name, &columns, &format!("<SizeX>{text}</SizeX>"), expected);
    }
    let layers = "<SizeZ>1</SizeZ>";
    cases.replaced("two layers", layers, "<SizeZ>2</SizeZ>", "2 layers (SizeZ), wanted 1");
    cases.replaced("no layer", layers, "<SizeZ>0</SizeZ>", "\"0\", wanted a whole number");
    cases.replaced("no dimensions", "MatrixDimension", "Matrix", "not well-formed");
}

fn points(cases: &mut Cases) {
    let sound = Package::sound();
    let of = |height: fn(usize) -> f64| -> Vec<u8> {
        (0..ROWS * COLUMNS).flat_map(|index| height(index).to_le_bytes()).collect()
    };
    for (name, points, expected) in [
        ("no height", of(|_| f64::NAN), "0 of 1760 samples are measured"),
        ("missing values of R", of(|_| f64::from_bits(0x7ff0_0000_0000_07a2)), "0 of 1760"),
        ("infinite heights", of(|_| f64::INFINITY), "0 of 1760 samples are measured"),
        ("one height", of(|index| if index == 7 { 0.0 } else { f64::NAN }), "1 of 1760 samples"),
        ("a kilometre high", of(|index| index as f64), "the heights range over"),
        ("huge heights", of(|index| if index % 2 == 0 { 1e308 } else { -1e308 }), "range over"),
        ("no points", Vec::new(), "bindata/data.bin holds 0 bytes, wanted 14080"),
        ("one byte less", sound.points[..14079].to_vec(), "holds 14079 bytes, wanted 14080"),
    ] {
        cases.add(name, sound.clone().with_points(points).packed(), expected);
    }
    let link = "<DataLink><ValidPointsLink>bindata/valid.bin</ValidPointsLink>";
    let linked = sound.with("<DataLink>", link);
    cases.add("no valid points", linked.packed(), "no entry bindata/valid.bin");
    for (name, valid, expected) in [
        ("valid points too few", vec![0xff; 219], "valid.bin holds 219 bytes, wanted 220"),
        ("valid points too many", vec![0xff; 221], "valid.bin holds at least 221 bytes"),
        ("no point valid", vec![0; 220], "0 of 1760 samples are measured"),
    ] {
        let bytes = linked.clone().with_entry("bindata/valid.bin", &valid).packed();
        cases.add(name, bytes, expected);
    }
}

/// A small grey image, without a resolution.
pub fn picture(format: ImageFormat) -> Vec<u8> {
    let grey = GrayImage::from_fn(48, 40, |x, y| Luma([(x * 5 + y * y) as u8]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(grey).write_to(&mut bytes, format).expect("an encoded image");
    bytes.into_inner()
}

/// Masks that say that they hold the parts of a head.
fn masks(cases: &mut Cases) {
    let with = |annotations: &str, picture: Option<&[u8]>, md5: &str| {
        let mask = format!(
            "</DataLink>\n<Mask><Annotations>{annotations}</Annotations>\
             <MD5ChecksumMask>{md5}</MD5ChecksumMask></Mask>"
        );
        let sound = Package::sound().with("</DataLink>\n", &mask);
        let package = match picture {
            Some(picture) => sound.with_entry("bindata/mask.png", picture),
            None => sound,
        };
        package.packed()
    };
    let face = "<Annotation color='#009e73'>breech_face</Annotation>";
    let other = DynamicImage::from(GrayImage::new(40, 44));
    let mut picture = Cursor::new(Vec::new());
    other.write_to(&mut picture, ImageFormat::Png).expect("an encoded image");
    let picture = picture.into_inner();
    let sum = md5(&picture);
    cases.add("mask that is not there", with(face, None, &sum), "no entry bindata/mask.png");
    let bytes = with(face, Some(&picture), &md5(b"another"));
    cases.add("mask with a wrong checksum", bytes, "MD5 of bindata/mask.png is");
    let bytes = with(face, Some(&picture), &sum);
    cases.add("mask of another size", bytes, "has 44 rows of 40 pixels, wanted 40 of 44");
    let bytes = with(face, Some(b"PNG"), &md5(b"PNG"));
    cases.add("mask that is no PNG", bytes, "the regions in bindata/mask.png cannot be read");
    let bytes = with(&face.replace("#009e73", "green"), Some(&picture), &sum);
    cases.add("mask with a colour in words", bytes, "wanted a colour as #009e73");
    let twice = format!("{face}{}", face.replace("breech_face", "Firing pin"));
    let bytes = with(&twice, Some(&picture), &sum);
    cases.add("mask with one colour for two regions", bytes, "wanted a colour for each region");
}

fn images(cases: &mut Cases) {
    let named = [
        (ImageFormat::Png, "the PNG cannot be decoded", "the PNG states no resolution"),
        (ImageFormat::Tiff, "the TIFF cannot be decoded", "the TIFF states"),
        (ImageFormat::Bmp, "the BMP cannot be decoded", "the BMP states no resolution"),
        (ImageFormat::Jpeg, "the JPEG cannot be decoded", "the JPEG states no resolution"),
    ];
    for (format, damaged, unknown) in named {
        let bytes = picture(format);
        assert!(format::FileFormat::of(&bytes).is_some());
        cases.add(format!("{format:?} without resolution"), bytes.clone(), unknown);
        let cut = |length: usize| bytes[..length].to_vec();
        cases.add(format!("{format:?} cut after 12 bytes"), cut(12), damaged);
        // The decoder of JPEG fills a cut scan with grey.
        let jpeg = format == ImageFormat::Jpeg;
        let expected = if jpeg { "it was cut short" } else { damaged };
        cases.add(format!("{format:?} cut in half"), cut(bytes.len() / 2), expected);
    }
    let mut png = picture(ImageFormat::Png);
    png[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let crc = crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&crc);
    cases.add("PNG of 2^31 by 2^31", png.clone(), "PNG");
    png[16..24].copy_from_slice(&[0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff]);
    let crc = crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&crc);
    cases.add("PNG of 32,767 by 32,767", png.clone(), "the limits are");
    png[20..24].copy_from_slice(&[0, 0, 0, 0]);
    let crc = crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&crc);
    cases.add("PNG of no rows", png, "the PNG cannot be decoded");
    let mut bmp = picture(ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f]);
    cases.add("BMP of 2^31 by 2^31", bmp.clone(), "BMP");
    bmp[18..26].copy_from_slice(&[0xff, 0x7f, 0, 0, 0xff, 0x7f, 0, 0]);
    cases.add("BMP of 32,767 by 32,767", bmp, "the limits are");
    let mut jpeg = picture(ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    cases.add("JPEG of 65,535 by 65,535", jpeg, "the limits are");
}

/// A small TIFF of one channel of 32-bit floats, without a resolution.
pub fn float_picture() -> Vec<u8> {
    let samples: Vec<f32> = (0..48 * 40).map(|index| (index % 97) as f32).collect();
    tiff::<Gray32Float>(&samples)
}

fn tiff<C: ColorType>(samples: &[C::Inner]) -> Vec<u8>
where
    [C::Inner]: TiffValue,
{
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).expect("an encoder");
    encoder.write_image::<C>(48, 40, samples).expect("an encoded image");
    bytes.into_inner()
}

fn tiffs(cases: &mut Cases) {
    let float = float_picture();
    cases.add("heights of unknown unit", float.clone(), "by --height-unit");
    let integers: Vec<u32> = (0..48 * 40).collect();
    cases.add("TIFF of 32-bit integers", tiff::<Gray32>(&integers), "the TIFF has samples of type");
    let mut wide = picture(ImageFormat::Tiff);
    // Tag 256 (ImageWidth), one number of 32 bits.
    let tag = [0, 1, 4, 0, 1, 0, 0, 0];
    let at = wide.windows(8).position(|window| window == tag).expect("a width");
    wide[at + 8..at + 12].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f]);
    cases.add("TIFF of 2^31 columns", wide, "the limits are");
    let mut loops = picture(ImageFormat::Tiff);
    loops[4..8].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f]);
    cases.add("TIFF with its directory beyond the file", loops, "the TIFF cannot be decoded");
}

/// CRC-32 of PNG and zip (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}
