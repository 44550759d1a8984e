//! Why was a file not read, and whose fault is it?
//!
//! One enum, sorted by fault: the file is malformed, the file is sound but unsupported, a limit was
//! exceeded, the caller must state something. Messages say what was found and what was wanted; what the
//! zip, XML and image readers say is the source. The path is added by the caller, who knows it.

use super::plausibility::{COARSEST, FINEST, WIDEST};
use super::{FileFormat, MaskImageError};
use crate::surface::SurfaceError;

/// Why bytes are not a scan, or a surface not a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    // Malformed.
    /// There are no bytes.
    #[error("the file is empty")]
    EmptyFile,
    /// The first bytes are those of no format that is read.
    #[error(
        "unknown format: the file begins with {found}, wanted X3P (zip), AL3D, SUR, SDF, PNG, TIFF, BMP or JPEG"
    )]
    UnknownFormat {
        /// Up to eight bytes, in hexadecimal.
        found: String,
    },
    /// The container is no readable zip.
    #[error("the container is not a readable zip")]
    Container {
        /// What the zip reader says.
        source: zip::result::ZipError,
    },
    /// An entry of the container is damaged.
    #[error("entry {name} cannot be unpacked")]
    Entry {
        /// Its name.
        name: String,
        /// What the zip reader says.
        source: zip::result::ZipError,
    },
    /// An entry is stated to end after the file does.
    #[error("entry {name} is stated to be packed in {packed} bytes, more than the file has left")]
    PackedSize {
        /// Its name.
        name: String,
        /// Packed bytes stated.
        packed: u64,
    },
    /// An entry is not as long as the container says.
    #[error("entry {name} unpacks to {found} bytes, the container states {stated}")]
    UnpackedSize {
        /// Its name.
        name: String,
        /// Bytes stated.
        stated: u64,
        /// Bytes found.
        found: u64,
    },
    /// The name of an entry points outside the container.
    #[error("entry name {name} is unsafe, wanted a relative path without ..")]
    UnsafeEntryName {
        /// The name, escaped.
        name: String,
    },
    /// Two entries have one name.
    #[error("two entries of the container have the same name, wanted distinct names")]
    DuplicateEntries,
    /// There is no manifest.
    #[error("the container has no main.xml")]
    ManifestMissing,
    /// There are several manifests.
    #[error("the container has two manifests, {first} and {second}, wanted one main.xml")]
    ManifestNotUnique {
        /// The first one's path.
        first: String,
        /// The second one's path.
        second: String,
    },
    /// An entry that the manifest links to is not there.
    #[error("the container has no entry {name}, to which main.xml links")]
    EntryMissing {
        /// Its name.
        name: String,
    },
    /// The manifest is not UTF-8.
    #[error("main.xml is not UTF-8 after byte {valid_up_to}")]
    ManifestEncoding {
        /// Bytes before the first bad one.
        valid_up_to: usize,
    },
    /// The manifest is not well-formed XML.
    #[error("main.xml is not well-formed")]
    ManifestSyntax {
        /// What the XML reader says.
        source: Box<roxmltree::Error>,
    },
    /// The manifest defines entities or other document types.
    #[error("main.xml has a document type definition, wanted none")]
    ManifestDtd,
    /// The manifest is XML of another kind.
    #[error("main.xml is a {found} document, wanted ISO5436_2")]
    ManifestRoot {
        /// Name of its root element.
        found: String,
    },
    /// An element is not there.
    #[error("main.xml has no {element}")]
    ElementMissing {
        /// Its path from the root.
        element: &'static str,
    },
    /// An element is there twice.
    #[error("{element} in main.xml has several {child}, wanted one")]
    ElementNotUnique {
        /// Path of its parent from the root.
        element: &'static str,
        /// Its name.
        child: String,
    },
    /// An element holds what it may not.
    #[error("{element} in main.xml is \"{found}\", wanted {wanted}")]
    ElementInvalid {
        /// Its path from the root.
        element: &'static str,
        /// Its text, shortened.
        found: String,
        /// What it may hold.
        wanted: &'static str,
    },
    /// Content does not have the checksum that the file states.
    #[error("MD5 of {name} is {found}, the file states {wanted}")]
    Checksum {
        /// Which entry.
        name: String,
        /// MD5 of what is there.
        found: String,
        /// MD5 that the file states.
        wanted: String,
    },
    /// The checksum file holds no checksum.
    #[error("{name} begins with \"{found}\", wanted 32 hexadecimal digits")]
    ChecksumSyntax {
        /// Which entry or element.
        name: String,
        /// Its beginning, shortened.
        found: String,
    },
    /// An entry is shorter or longer than the dimensions say.
    #[error(
        "{name} holds {}{found} bytes, wanted {wanted} for {rows} rows of {columns}",
        if found > wanted { "at least " } else { "" }
    )]
    DataSize {
        /// Which entry.
        name: String,
        /// Bytes found; where it is longer than wanted, reading stopped here.
        found: u64,
        /// Bytes that the dimensions need.
        wanted: u64,
        /// Rows stated.
        rows: usize,
        /// Columns stated.
        columns: usize,
    },
    /// The picture of the regions is damaged.
    #[error("the regions in {name} cannot be read")]
    Mask {
        /// Which entry.
        name: String,
        /// What is wrong with it.
        source: Box<MaskImageError>,
    },
    /// The picture of the regions is of another size than the matrix.
    #[error(
        "{name} has {rows} rows of {columns} pixels, wanted {} of {}, as the matrix", wanted.0, wanted.1
    )]
    MaskSize {
        /// Which entry.
        name: String,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// Rows and columns of the matrix.
        wanted: (usize, usize),
    },
    /// A spacing is zero, negative, infinite or not a number.
    #[error("the spacing along {axis} is {metres} m, wanted a positive length")]
    SpacingNotPositive {
        /// "x" or "y".
        axis: &'static str,
        /// What was found.
        metres: f64,
    },
    /// A spacing that fits a cartridge case neither in metres nor in micrometres.
    #[error(
        "the spacing along {axis} is {metres:e} m, a frame of {frame:e} m; wanted {:e} to {:e} m and a frame of at most {} m",
        FINEST.metres(), COARSEST.metres(), WIDEST.metres()
    )]
    SpacingImplausible {
        /// "x" or "y".
        axis: &'static str,
        /// What was found.
        metres: f64,
        /// Width or height of the frame, in metres.
        frame: f64,
    },
    /// Fewer measured samples than a scan needs.
    #[error("{found} of {samples} samples are measured, wanted at least {wanted}")]
    TooFewValid {
        /// Measured samples.
        found: usize,
        /// All samples.
        samples: usize,
        /// The least number.
        wanted: usize,
    },
    /// The header of a binary file ends before its fields do.
    #[error("the {format} ends after {found} bytes, its header needs {wanted}")]
    HeaderCut {
        /// Which format.
        format: FileFormat,
        /// Bytes of the file.
        found: usize,
        /// Bytes up to the end of the field that is cut.
        wanted: usize,
    },
    /// A field of a header is not there.
    #[error("the {format} has no {field}")]
    FieldMissing {
        /// Which format.
        format: FileFormat,
        /// Its name.
        field: &'static str,
    },
    /// A field of a header is there twice.
    #[error("the {format} has several {field}, wanted one")]
    FieldNotUnique {
        /// Which format.
        format: FileFormat,
        /// Its name.
        field: &'static str,
    },
    /// A field of a header holds what it may not.
    #[error("{field} of the {format} is \"{found}\", wanted {wanted}")]
    FieldInvalid {
        /// Which format.
        format: FileFormat,
        /// Its name.
        field: &'static str,
        /// What it holds, shortened.
        found: String,
        /// What it may hold.
        wanted: &'static str,
    },
    /// A height in a text is no number.
    #[error("height {index} of the SDF is \"{found}\", wanted a number or BAD")]
    SampleText {
        /// Which one, from 0.
        index: usize,
        /// What stands there, shortened.
        found: String,
    },
    /// There are fewer or more heights in a text than the dimensions say.
    #[error("the SDF has {found} heights, wanted {wanted} for {rows} rows of {columns}")]
    SampleCount {
        /// How many; where there are more than wanted, one more.
        found: usize,
        /// How many the dimensions need.
        wanted: usize,
        /// Rows stated.
        rows: usize,
        /// Columns stated.
        columns: usize,
    },
    /// Deflated points are damaged.
    #[error("stream {index} of the SUR cannot be unpacked")]
    Stream {
        /// Which one, from 0.
        index: usize,
        /// What the decoder says.
        source: std::io::Error,
    },
    /// A JPEG ends before its picture does; decoders fill the rest with grey.
    #[error("the JPEG has no end marker, so it was cut short")]
    CutJpeg,
    /// Samples and spacing make no surface.
    #[error("the file holds no surface")]
    Surface {
        /// Why not.
        source: SurfaceError,
    },
    /// An image is damaged.
    #[error("the {format} cannot be decoded")]
    Image {
        /// Which format.
        format: FileFormat,
        /// What the decoder says.
        source: Box<image::ImageError>,
    },
    /// A TIFF is damaged.
    #[error("the TIFF cannot be decoded")]
    Tiff {
        /// What the decoder says.
        source: Box<tiff::TiffError>,
    },

    // Unsupported.
    /// An entry is encrypted.
    #[error("entry {name} is encrypted, which is not supported")]
    Encrypted {
        /// Its name.
        name: String,
    },
    /// An entry is packed by an uncommon method.
    #[error("entry {name} is packed by zip method {method}, wanted 0 (stored) or 8 (deflated)")]
    Compression {
        /// Its name.
        name: String,
        /// The method's number.
        method: u16,
    },
    /// A profile instead of a surface.
    #[error("the file is a profile (PRF), wanted an areal surface (SUR)")]
    Profile,
    /// Points without a grid.
    #[error("the file is a point cloud or list (PCL or ListDimension), wanted a matrix (SUR)")]
    PointCloud,
    /// Heights as text in the manifest.
    #[error(
        "the heights are an ASCII list in main.xml (DataList), wanted a binary file (DataLink)"
    )]
    DataList,
    /// Several layers of heights.
    #[error("the surface has {found} layers (SizeZ), wanted 1")]
    Layers {
        /// How many.
        found: u64,
    },
    /// Something else than one surface.
    #[error("the SUR holds {found} (type {code}), wanted one surface (2)")]
    StudiableType {
        /// Its number in the file.
        code: i16,
        /// What that is.
        found: &'static str,
    },
    /// Positions of x or y are given one by one.
    #[error("axis {axis} is absolute (A), wanted an incremental one (I)")]
    AbsoluteAxis {
        /// "CX" or "CY".
        axis: &'static str,
    },
    /// A sound image with samples of an unusual kind.
    #[error(
        "the {format} has samples of type {found}, wanted 8- or 16-bit grey or colour, or one channel of 32- or 64-bit floats in a TIFF"
    )]
    SampleType {
        /// Which format.
        format: FileFormat,
        /// The type found.
        found: String,
    },
    /// Regions were to be written that are those of another surface, or of none.
    #[error("the regions have {found:?} (rows, columns), wanted {wanted:?}, as the surface")]
    RegionsShape {
        /// Their rows and columns.
        found: (usize, usize),
        /// Rows and columns of the surface.
        wanted: (usize, usize),
    },
    /// Regions cannot be drawn.
    #[error("the regions cannot be written as PNG")]
    MaskUnwritable {
        /// What the encoder says.
        source: Box<image::ImageError>,
    },
    /// A reflectance image was to be written as an X3P.
    #[error("a reflectance image has no heights in metres and cannot be written as X3P")]
    NotTopography,

    // Limit exceeded.
    /// The file is too large.
    #[error("the file has {found} bytes, the limit is {limit}")]
    FileTooLarge {
        /// Its bytes.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The container has too many entries.
    #[error("the container has at least {found} entries, the limit is {limit}")]
    TooManyEntries {
        /// How many were counted.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// An entry is too large unpacked.
    #[error("entry {name} unpacks to more than {limit} bytes, the limit")]
    EntryTooLarge {
        /// Its name.
        name: String,
        /// The limit.
        limit: u64,
    },
    /// The entries are too large together.
    #[error("the entries together unpack to more than {limit} bytes, the limit")]
    ContainerTooLarge {
        /// The limit.
        limit: u64,
    },
    /// An entry unpacks to a suspicious multiple of itself.
    #[error("entry {name} unpacks to more than {limit} times its {packed} bytes, the limit")]
    UnpackingRatio {
        /// Its name.
        name: String,
        /// Its packed bytes.
        packed: u64,
        /// The limit.
        limit: u64,
    },
    /// The manifest is nested too deeply.
    #[error("main.xml is nested deeper than {limit} elements, the limit")]
    ManifestDepth {
        /// The limit.
        limit: usize,
    },
    /// The manifest has too many parts.
    #[error("main.xml has more than {limit} nodes, the limit")]
    ManifestNodes {
        /// The limit.
        limit: u32,
    },
    /// The surface has too many rows, columns or samples.
    #[error(
        "the surface has {rows} rows of {columns}, the limits are {side} a side and {samples} in all"
    )]
    TooManySamples {
        /// Rows stated.
        rows: u64,
        /// Columns stated.
        columns: u64,
        /// Limit of either.
        side: usize,
        /// Limit of their product.
        samples: usize,
    },

    // The caller must state something.
    /// The spacing is that of a cartridge case in micrometres, not in metres.
    #[error(
        "the spacing along {axis} is {metres} m, a frame of {frame} m: not a cartridge case in metres; if the file states micrometres, --spacing-unit um accepts it, and either beside files in metres"
    )]
    SpacingNotMetres {
        /// "x" or "y".
        axis: &'static str,
        /// What was found.
        metres: f64,
        /// Width or height of the frame, in metres.
        frame: f64,
    },
    /// The caller said micrometres, and that is no cartridge case.
    #[error(
        "the spacing along {axis} is {written:e}, as micrometres {metres:e} m and a frame of {frame:e} m: not a cartridge case; leave out --spacing-unit um, or say either beside files in micrometres"
    )]
    SpacingNotMicrometres {
        /// "x" or "y".
        axis: &'static str,
        /// What was found.
        written: f64,
        /// The same, taken as micrometres, in metres.
        metres: f64,
        /// Width or height of the frame, in metres.
        frame: f64,
    },
    /// The heights range over more than a cartridge case is long.
    #[error(
        "the heights range over {range:e} m, wanted at most {} m: the spacing is in metres but the heights are not",
        WIDEST.metres()
    )]
    HeightsNotMetres {
        /// Highest less lowest, in metres.
        range: f64,
    },
    /// The caller said micrometres, but the heights are metres already.
    #[error(
        "the heights, taken as micrometres, range over {range:e} m: the spacing is in micrometres but the heights are not"
    )]
    HeightsNotMicrometres {
        /// Highest less lowest, in metres.
        range: f64,
    },
    /// The image has no resolution, or none that a microscope could have.
    #[error("the {format} states {}, wanted a sample distance: give it by --spacing-um",
        match found { Some(um) => format!("an implausible resolution ({um} um)"), None => "no resolution".to_owned() })]
    SpacingMissing {
        /// Which format.
        format: FileFormat,
        /// The sample distance that its resolution means, in micrometres.
        found: Option<f64>,
    },
    /// The unit of a floating-point image's heights is unknown.
    #[error(
        "the TIFF holds floating-point heights of unknown unit, wanted one of m, mm, um, nm by --height-unit"
    )]
    HeightUnitMissing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_cross_threads() {
        fn check<T: std::error::Error + Send + Sync + 'static>() {}
        check::<FormatError>();
    }

    #[test]
    fn messages_state_what_was_found_and_what_was_wanted() {
        let error = FormatError::SpacingNotMetres { axis: "x", metres: 7.38, frame: 5.66784 };
        assert_eq!(
            error.to_string(),
            "the spacing along x is 7.38 m, a frame of 5.66784 m: not a cartridge case in metres; \
             if the file states micrometres, --spacing-unit um accepts it, and either beside files in metres"
        );
        let error = FormatError::DataSize {
            name: "bindata/data.bin".to_owned(),
            found: 9,
            wanted: 8,
            rows: 1,
            columns: 1,
        };
        assert_eq!(
            error.to_string(),
            "bindata/data.bin holds at least 9 bytes, wanted 8 for 1 rows of 1"
        );
    }
}
