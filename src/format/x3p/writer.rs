//! How is a surface written as X3P?
//!
//! Doubles in metres, NaN where missing, MD5 of points and manifest, one order of entries and one date
//! (1 January 1980, the earliest a zip can hold): the same surface and metadata give the same bytes.
//! The elements and their order are those of the schema of ISO 5436-2, so that openGPS, x3ptools and
//! others read it. Row 0 is the first row.

use super::checksum::md5_hex;
use super::regions::{self, Written};
use crate::format::{FormatError, Metadata};
use crate::surface::{Kind, Regions, Surface};
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

const POINTS: &str = "bindata/data.bin";
const NAMESPACE: &str = "http://www.opengps.eu/2008/ISO5436_2";

/// Writes a topography with its metadata. Warnings and the annotation mask are not written.
///
/// # Errors
/// [`FormatError::NotTopography`] for reflectance, whose grey levels are no heights in metres.
pub fn write(surface: &Surface, metadata: &Metadata) -> Result<Vec<u8>, FormatError> {
    written(surface, metadata, None)
}

/// Writes a topography with its metadata and the parts of a head as x3ptools and FiX3P keep them: a picture
/// `bindata/mask.png`, and in the manifest which colour is which part. What is in no part is in none.
///
/// # Errors
/// As [`write()`], and [`FormatError::RegionsShape`] for regions that are not of this surface.
pub fn write_with_regions(
    surface: &Surface,
    metadata: &Metadata,
    regions: &Regions,
) -> Result<Vec<u8>, FormatError> {
    let (found, wanted) = (regions.labels().dim(), surface.heights().dim());
    if found != wanted {
        return Err(FormatError::RegionsShape { found, wanted });
    }
    written(surface, metadata, Some(&regions::write(regions)?))
}

fn written(
    surface: &Surface,
    metadata: &Metadata,
    mask: Option<&Written>,
) -> Result<Vec<u8>, FormatError> {
    if surface.kind() != Kind::Topography {
        return Err(FormatError::NotTopography);
    }
    let samples = surface.heights().iter().zip(surface.mask());
    let data: Vec<u8> = samples
        .flat_map(|(&height, &valid)| if valid { height } else { f64::NAN }.to_le_bytes())
        .collect();
    let mask_xml = mask.map_or("", |mask| &mask.xml);
    let manifest = manifest(surface, metadata, &md5_hex(&data), mask_xml);
    let checksum = format!("{} *main.xml\n", md5_hex(manifest.as_bytes()));
    let mut entries = vec![("main.xml", manifest.as_bytes()), (POINTS, &data)];
    entries.extend(mask.map(|mask| (regions::PICTURE, &mask.picture[..])));
    entries.push(("md5checksum.hex", checksum.as_bytes()));
    zip(&entries).map_err(|source| FormatError::Container { source })
}

fn zip(entries: &[(&str, &[u8])]) -> Result<Vec<u8>, zip::result::ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, options)?;
        writer.write_all(content)?;
    }
    Ok(writer.finish()?.into_inner())
}

fn manifest(surface: &Surface, metadata: &Metadata, point_checksum: &str, mask: &str) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let spacing = surface.spacing();
    let revision = metadata.revision.as_deref().unwrap_or("ISO5436 - 2000");
    // Writing to a string cannot fail.
    let _ = write!(
        xml,
        "<p:ISO5436_2 xmlns:p=\"{NAMESPACE}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"{NAMESPACE} {NAMESPACE}/ISO5436_2.xsd\">\n\
         <Record1>\n<Revision>{}</Revision>\n<FeatureType>SUR</FeatureType>\n<Axes>\n\
         <CX><AxisType>I</AxisType><DataType>D</DataType><Increment>{:e}</Increment><Offset>0</Offset></CX>\n\
         <CY><AxisType>I</AxisType><DataType>D</DataType><Increment>{:e}</Increment><Offset>0</Offset></CY>\n\
         <CZ><AxisType>A</AxisType><DataType>D</DataType><Increment>1</Increment><Offset>0</Offset></CZ>\n\
         </Axes>\n</Record1>\n",
        escaped(revision),
        spacing.x.metres(),
        spacing.y.metres(),
    );
    xml.push_str(&origin(metadata));
    let _ = write!(
        xml,
        "<Record3>\n<MatrixDimension><SizeX>{}</SizeX><SizeY>{}</SizeY><SizeZ>1</SizeZ></MatrixDimension>\n\
         <DataLink><PointDataLink>{POINTS}</PointDataLink>\
         <MD5ChecksumPointData>{point_checksum}</MD5ChecksumPointData></DataLink>\n{mask}</Record3>\n\
         <Record4><ChecksumFile>md5checksum.hex</ChecksumFile></Record4>\n</p:ISO5436_2>\n",
        surface.columns(),
        surface.rows(),
    );
    xml
}

/// Record2: who measured what with what.
fn origin(metadata: &Metadata) -> String {
    let text = |name: &str, value: &Option<String>| {
        format!("<{name}>{}</{name}>", escaped(value.as_deref().unwrap_or_default()))
    };
    let optional = |name: &str, value: &Option<String>| match value {
        Some(_) => text(name, value),
        None => String::new(),
    };
    let instrument = &metadata.instrument;
    let probing = &metadata.probing_system;
    [
        "<Record2>\n".to_owned(),
        text("Date", &metadata.date),
        optional("Creator", &metadata.creator),
        "\n<Instrument>".to_owned(),
        text("Manufacturer", &instrument.manufacturer),
        text("Model", &instrument.model),
        text("Serial", &instrument.serial),
        text("Version", &instrument.version),
        "</Instrument>\n".to_owned(),
        text("CalibrationDate", &metadata.calibration_date),
        "\n<ProbingSystem>".to_owned(),
        text("Type", &probing.kind),
        text("Identification", &probing.identification),
        "</ProbingSystem>\n".to_owned(),
        optional("Comment", &metadata.comment),
        "</Record2>\n".to_owned(),
    ]
    .concat()
}

/// Text as XML: markup escaped, characters that XML 1.0 forbids left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{self, Instrument, ProbingSystem, ReadOptions};
    use crate::surface::{Region, Spacing};
    use crate::units::Length;
    use ndarray::Array2;

    fn surface() -> Surface {
        let heights =
            Array2::from_shape_fn((17, 23), |(row, column)| match (row * 23 + column) % 7 {
                0 => f64::NAN,
                1 => -0.0,
                _ => 1e-6 * libm::sin(row as f64 + 0.37 * column as f64) / 3.0,
            });
        let spacing = Spacing {
            x: Length::from_micrometres(6.45000000000095),
            y: Length::from_micrometres(6.45),
        };
        Surface::from_finite(heights, spacing, Kind::Topography).unwrap()
    }

    fn metadata() -> Metadata {
        let some = |text: &str| Some(text.to_owned());
        Metadata {
            revision: some("ISO5436 - 2000"),
            feature_type: some("SUR"),
            creator: some("M\u{fc}ller & Sons <lab>"),
            date: some("2011-01-24T13:00:00"),
            calibration_date: None,
            instrument: Instrument { model: some("\u{b5}surf"), ..Instrument::default() },
            probing_system: ProbingSystem { kind: some("NonContacting"), identification: None },
            comment: some("two\nlines ]]>"),
            ..Metadata::default()
        }
    }

    #[test]
    fn what_is_written_is_read_back_bit_by_bit() {
        let (surface, metadata) = (surface(), metadata());
        let bytes = write(&surface, &metadata).unwrap();
        let scan = format::read(&bytes, &ReadOptions::default()).unwrap();
        assert_eq!(scan.surface, surface);
        let bits = |surface: &Surface| surface.heights().mapv(f64::to_bits);
        assert_eq!(bits(&scan.surface), bits(&surface));
        assert_eq!(scan.metadata, metadata);
        assert_eq!(write(&scan.surface, &scan.metadata).unwrap(), bytes);
    }

    fn labelled() -> Regions {
        Regions::new(Array2::from_shape_fn((17, 23), |(row, column)| match row * column % 4 {
            0 => None,
            1 => Some(Region::BreechFace),
            2 => Some(Region::FiringPin),
            _ => Some(Region::Flowback),
        }))
    }

    #[test]
    fn regions_are_read_back_and_the_surface_is_as_without_them() {
        let bytes = write_with_regions(&surface(), &metadata(), &labelled()).unwrap();
        let scan = format::read(&bytes, &ReadOptions::default()).unwrap();
        assert_eq!(scan.regions, Some(labelled()));
        assert_eq!(scan.surface, surface());
        assert!(scan.metadata.annotation_mask);
        assert!(scan.metadata.warnings.is_empty());
        assert_eq!(write_with_regions(&surface(), &metadata(), &labelled()).unwrap(), bytes);
        let plain = write(&surface(), &metadata()).unwrap();
        assert_eq!(format::read(&plain, &ReadOptions::default()).unwrap().regions, None);
        let other = Regions::new(Array2::from_elem((23, 17), None));
        let error = write_with_regions(&surface(), &metadata(), &other).unwrap_err();
        assert!(matches!(error, FormatError::RegionsShape { .. }), "{error}");
    }

    #[test]
    fn grey_levels_are_not_written_as_heights() {
        let (heights, mask, spacing, _) = surface().into_parts();
        let grey = Surface::new(heights, mask, spacing, Kind::Reflectance).unwrap();
        assert!(matches!(write(&grey, &metadata()), Err(FormatError::NotTopography)));
    }

    #[test]
    fn characters_that_xml_forbids_are_left_out() {
        assert_eq!(escaped("a\u{0}b\u{7}<&>\r"), "ab&lt;&amp;&gt;&#13;");
    }
}
