//! What does `main.xml` say?
//!
//! A [`Manifest`] is the part of ISO 25178-72 that a surface needs: axes, dimensions, links, and the
//! texts of Record1 and Record2. Sizes are not judged here.

use super::document::{
    check_unique, finite, invalid, node_at, number, required, text_at, whole_number,
};
use crate::format::FormatError;
use crate::format::metadata::{Instrument, Metadata, ProbingSystem};
use roxmltree::Document;

/// Elements whose children are read.
const SINGLE: [&str; 9] = [
    "Record1",
    "Record1/Axes",
    "Record1/Axes/CX",
    "Record1/Axes/CY",
    "Record1/Axes/CZ",
    "Record3",
    "Record3/MatrixDimension",
    "Record3/DataLink",
    "Record3/Mask",
];

/// What a surface needs of the manifest.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) metadata: Metadata,
    /// Along x and y, as written, neither unit nor sign checked.
    pub(super) spacing: (f64, f64),
    pub(super) axis: HeightAxis,
    /// The axes are rotated or mirrored.
    pub(super) rotated: bool,
    pub(super) rows: u64,
    pub(super) columns: u64,
    pub(super) points: Link,
    pub(super) valid_points: Option<Link>,
}

/// An entry of the container with its stated MD5, as written.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) checksum: Option<String>,
}

/// How stored numbers become heights.
#[derive(Debug, PartialEq)]
pub(super) struct HeightAxis {
    pub(super) data_type: DataType,
    /// Factor, where one applies.
    pub(super) increment: Option<f64>,
    /// Addend, where it is not zero.
    pub(super) offset: Option<f64>,
    /// An increment other than 1 that does not apply.
    pub(super) ignored_increment: Option<f64>,
}

/// Type of stored numbers, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataType {
    /// "I".
    Int16,
    /// "L".
    Int32,
    /// "F".
    Float32,
    /// "D".
    Float64,
}

impl DataType {
    /// Bytes of one number.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Int16 => 2,
            Self::Int32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }
}

/// Where the manifest's own checksum lies.
pub(super) fn checksum_file(document: &Document<'_>) -> String {
    text_at(document, "Record4/ChecksumFile").unwrap_or_else(|| "md5checksum.hex".to_owned())
}

impl Manifest {
    /// Reads the elements. Sizes are not checked against limits here.
    pub(super) fn of(document: &Document<'_>) -> Result<Self, FormatError> {
        check_unique(document, &SINGLE)?;
        let feature = required(document, "Record1/FeatureType")?;
        match feature.as_str() {
            "SUR" => {}
            "PRF" => return Err(FormatError::Profile),
            "PCL" => return Err(FormatError::PointCloud),
            _ => return Err(invalid("Record1/FeatureType", &feature, "SUR, PRF or PCL")),
        }
        check_lateral("CX", "Record1/Axes/CX/AxisType", document)?;
        check_lateral("CY", "Record1/Axes/CY/AxisType", document)?;
        let spacing = (
            number(document, "Record1/Axes/CX/Increment")?,
            number(document, "Record1/Axes/CY/Increment")?,
        );
        let axis = height_axis(document)?;
        let rotated = is_rotated(document);
        if text_at(document, "Record3/ListDimension").is_some() {
            return Err(FormatError::PointCloud);
        }
        let columns = whole_number(document, "Record3/MatrixDimension/SizeX")?;
        let rows = whole_number(document, "Record3/MatrixDimension/SizeY")?;
        if text_at(document, "Record3/MatrixDimension/SizeZ").is_some() {
            let found = whole_number(document, "Record3/MatrixDimension/SizeZ")?;
            if found != 1 {
                return Err(FormatError::Layers { found });
            }
        }
        if node_at(document, "Record3/DataList").is_some() {
            return Err(FormatError::DataList);
        }
        let name = required(document, "Record3/DataLink/PointDataLink")?;
        let checksum = text_at(document, "Record3/DataLink/MD5ChecksumPointData");
        let points = Link { name, checksum };
        let valid_points = text_at(document, "Record3/DataLink/ValidPointsLink").map(|name| Link {
            name,
            checksum: text_at(document, "Record3/DataLink/MD5ChecksumValidPoints"),
        });
        let metadata = metadata(document);
        Ok(Self { metadata, spacing, axis, rotated, rows, columns, points, valid_points })
    }
}

/// The z axis, which the standard wants absolute.
///
/// Integers are multiplied by the increment and shifted by the offset: sample 4 of ISO 5436-2 (16-bit,
/// absolute, 0.001 and -0.5) then equals sample 1 (double). Floating-point heights on an absolute axis
/// are only shifted, as openGPS does: files exist whose heights are metres beside an increment of 1e-6.
fn height_axis(document: &Document<'_>) -> Result<HeightAxis, FormatError> {
    let data_type = required(document, "Record1/Axes/CZ/DataType")?;
    let data_type = match data_type.as_str() {
        "I" => DataType::Int16,
        "L" => DataType::Int32,
        "F" => DataType::Float32,
        "D" => DataType::Float64,
        _ => return Err(invalid("Record1/Axes/CZ/DataType", &data_type, "I, L, F or D")),
    };
    let axis_type = required(document, "Record1/Axes/CZ/AxisType")?;
    let absolute = match axis_type.as_str() {
        "A" => true,
        "I" => false,
        _ => return Err(invalid("Record1/Axes/CZ/AxisType", &axis_type, "A or I")),
    };
    let stated = finite(document, "Record1/Axes/CZ/Increment")?;
    if stated.is_some_and(|increment| increment.abs() <= 0.0) {
        return Err(invalid("Record1/Axes/CZ/Increment", "0", "a factor other than 0"));
    }
    let other_than_one = stated.filter(|increment| (increment - 1.0).abs() > 0.0);
    let float = matches!(data_type, DataType::Float32 | DataType::Float64);
    let (increment, ignored_increment) =
        if float && absolute { (None, other_than_one) } else { (other_than_one, None) };
    let offset = finite(document, "Record1/Axes/CZ/Offset")?.filter(|offset| offset.abs() > 0.0);
    Ok(HeightAxis { data_type, increment, offset, ignored_increment })
}

/// Whether a rotation is stated that is not the identity.
fn is_rotated(document: &Document<'_>) -> bool {
    let Some(rotation) = node_at(document, "Record1/Axes/Rotation") else { return false };
    let element = |name: &str, identity: f64| {
        let node = rotation.children().find(|child| child.tag_name().name() == name);
        let value = node.and_then(|node| node.text()).map(|text| text.trim().parse::<f64>());
        // Rotations are written with some six digits; one that is not understood counts as stated.
        value.is_some_and(|value| value.map_or(true, |value| (value - identity).abs() > 1e-6))
    };
    element("r11", 1.0)
        || element("r12", 0.0)
        || element("r13", 0.0)
        || element("r21", 0.0)
        || element("r22", 1.0)
        || element("r23", 0.0)
        || element("r31", 0.0)
        || element("r32", 0.0)
        || element("r33", 1.0)
}

fn check_lateral(
    axis: &'static str,
    element: &'static str,
    document: &Document<'_>,
) -> Result<(), FormatError> {
    let found = required(document, element)?;
    match found.as_str() {
        "I" => Ok(()),
        "A" => Err(FormatError::AbsoluteAxis { axis }),
        _ => Err(invalid(element, &found, "A or I")),
    }
}

fn metadata(document: &Document<'_>) -> Metadata {
    let text = |path| text_at(document, path);
    Metadata {
        revision: text("Record1/Revision"),
        feature_type: text("Record1/FeatureType"),
        creator: text("Record2/Creator"),
        date: text("Record2/Date"),
        calibration_date: text("Record2/CalibrationDate"),
        instrument: Instrument {
            manufacturer: text("Record2/Instrument/Manufacturer"),
            model: text("Record2/Instrument/Model"),
            serial: text("Record2/Instrument/Serial"),
            version: text("Record2/Instrument/Version"),
        },
        probing_system: ProbingSystem {
            kind: text("Record2/ProbingSystem/Type"),
            identification: text("Record2/ProbingSystem/Identification"),
        },
        comment: text("Record2/Comment"),
        ..Metadata::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::parse;
    use super::*;
    use crate::format::Limits;

    fn manifest(cz: &str) -> String {
        format!(
            "<p:ISO5436_2 xmlns:p='x'><Record1><FeatureType>SUR</FeatureType><Axes>\
             <CX><AxisType>I</AxisType><Increment>1.6016E-0002</Increment></CX>\
             <CY><AxisType>I</AxisType><Increment> 2e-6 </Increment></CY><CZ>{cz}</CZ></Axes>\
             </Record1><Record3><MatrixDimension><SizeX>4</SizeX><SizeY>3</SizeY></MatrixDimension>\
             <DataLink><PointDataLink>bindata/data.bin</PointDataLink></DataLink></Record3>\
             </p:ISO5436_2>"
        )
    }

    fn axis(cz: &str) -> Result<HeightAxis, FormatError> {
        let text = manifest(cz);
        let document = parse(&text, &Limits::default())?;
        Manifest::of(&document).map(|manifest| manifest.axis)
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let text = manifest("<AxisType>A</AxisType><DataType>D</DataType>");
        let document = parse(&text, &Limits::default()).unwrap();
        let manifest = Manifest::of(&document).unwrap();
        assert!((manifest.spacing.0 - 0.016016).abs() < 1e-17, "{:?}", manifest.spacing);
        assert!((manifest.spacing.1 - 2e-6).abs() < 1e-20, "{:?}", manifest.spacing);
        assert_eq!((manifest.rows, manifest.columns), (3, 4));
        assert_eq!(checksum_file(&document), "md5checksum.hex");
    }

    #[test]
    fn an_increment_applies_to_integers_and_to_incremental_axes_only() {
        let of = |kind: &str, data: &str| {
            axis(&format!(
                "<AxisType>{kind}</AxisType><DataType>{data}</DataType>\
                 <Increment>1e-6</Increment><Offset>-0.5</Offset>"
            ))
            .unwrap()
        };
        for (kind, data, applies) in [
            ("A", "I", true),
            ("A", "L", true),
            ("A", "D", false),
            ("A", "F", false),
            ("I", "D", true),
        ] {
            let axis = of(kind, data);
            assert_eq!(axis.increment.is_some(), applies, "{kind} {data}");
            assert_eq!(axis.ignored_increment.is_some(), !applies, "{kind} {data}");
            assert_eq!(axis.offset, Some(-0.5));
        }
        let neutral = axis(
            "<AxisType>A</AxisType><DataType>D</DataType><Increment>1</Increment><Offset>0</Offset>",
        );
        let neutral = neutral.unwrap();
        assert_eq!(
            (neutral.increment, neutral.offset, neutral.ignored_increment),
            (None, None, None)
        );
    }

    #[test]
    fn a_rotation_other_than_none_is_noticed() {
        for (rotation, rotated) in [
            ("", false),
            ("<Rotation><r11>1</r11><r12>0</r12><r22>1.0</r22></Rotation>", false),
            ("<Rotation><r11>1</r11><r12>0</r12><r22>-1</r22></Rotation>", true),
        ] {
            let text = manifest("").replace("</Axes>", &format!("{rotation}</Axes>"));
            let document = parse(&text, &Limits::default()).unwrap();
            assert_eq!(is_rotated(&document), rotated, "{rotation}");
        }
    }

    #[test]
    fn unknown_types_are_named() {
        let error = axis("<AxisType>A</AxisType><DataType>Q</DataType>").unwrap_err();
        assert!(error.to_string().contains("is \"Q\", wanted I, L, F or D"), "{error}");
    }
}
