//! What does the header of a SUR say?
//!
//! Fields of fixed width, little-endian, in the order of the format. A point is a whole number; its height
//! is (point - least point) * z spacing + z offset, as RosettaSciIO has it (surfalize and Gwyddion leave
//! the least point in, which shifts the whole surface and nothing else). Where special points are stated, a
//! point outside the least and the greatest one was not measured or is saturated.

use super::{FORMAT, MAGIC_DEFLATED};
use crate::format::FormatError;
use crate::format::fields::{Fields, shortened, some};
use crate::format::metadata::Metadata;
use crate::format::options::HeightUnit;

/// What a surface needs of the header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: Metadata,
    /// The points are deflated.
    pub(super) deflated: bool,
    pub(super) rows: u64,
    pub(super) columns: u64,
    /// Along x and y, in metres; the sign is not checked.
    pub(super) spacing: (f64, f64),
    /// Bytes of one point, 2 or 4.
    pub(super) point_bytes: usize,
    pub(super) scale: Scale,
    /// Code of an inversion of axes, where one is stated.
    pub(super) inverted: Option<i16>,
    /// Where header, comment and private zone end; may be beyond the file.
    pub(super) end: usize,
}

/// How points become heights.
#[derive(Debug)]
pub(super) struct Scale {
    special: bool,
    least: i32,
    greatest: i32,
    /// Metres between two points.
    step: f64,
    /// Metres of the least point.
    offset: f64,
}

impl Scale {
    /// The height of a point in metres; NaN where it is none.
    pub(super) fn height(&self, point: i32) -> f64 {
        if self.special && !(self.least..=self.greatest).contains(&point) {
            return f64::NAN;
        }
        (f64::from(point) - f64::from(self.least)) * self.step + self.offset
    }
}

impl Header {
    /// Reads the fields. Sizes are not checked against limits here.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut fields = Fields::new(FORMAT, bytes);
        let deflated = fields.take(12)? == MAGIC_DEFLATED;
        let byte_order = fields.i16()?;
        if byte_order != 0 {
            return Err(invalid("the byte order", byte_order, "0 (PC)"));
        }
        let (objects, version, kind) = (fields.i16()?, fields.i16()?, fields.i16()?);
        if version != 1 {
            return Err(invalid("the version", version, "1"));
        }
        let (object, operator) = (fields.text(30)?, fields.text(30)?);
        fields.take(6)?; // Material, acquisition and range.
        let special = fields.i16()? == 1;
        fields.take(10)?; // Absolute z, gauge resolution, length of a spectrum.
        let bits = fields.i16()?;
        let point_bytes = match bits {
            16 => 2,
            32 => 4,
            _ => return Err(invalid("the size of a point", bits, "16 or 32 bits")),
        };
        let (least, greatest) = (fields.i32()?, fields.i32()?);
        if least > greatest {
            return Err(invalid("the least point", least, "at most the greatest one"));
        }
        let columns = count(&mut fields, "the number of points a line")?;
        let rows = count(&mut fields, "the number of lines")?;
        check_kind(kind, objects, rows)?;
        let total = fields.u32()?;
        if columns.checked_mul(rows) != Some(total.into()) {
            return Err(invalid("the number of points", total, "lines times points a line"));
        }
        let (x, y, z) = (fields.f32()?, fields.f32()?, fields.f32()?);
        fields.take(3 * 16)?; // Names of the axes.
        let x = f64::from(x) / unit(&mut fields, "the unit along x")?;
        let y = f64::from(y) / unit(&mut fields, "the unit along y")?;
        let per_metre = unit(&mut fields, "the unit of heights")?;
        if !(z.is_finite() && z > 0.0) {
            return Err(invalid("the spacing of heights", z, "a positive length"));
        }
        fields.take(3 * 16 + 3 * 4 + 2)?; // Units to show lengths in, their ratios, imprint.
        let inverted = Some(fields.i16()?).filter(|&code| code != 0);
        fields.take(2 + 12)?; // Levelled; obsolete.
        let date = date(&mut fields)?;
        fields.take(2 + 4 + 4 + 6)?; // Day of week, duration, packed size; obsolete.
        let (comment, private) = (usize::from(fields.u16()?), usize::from(fields.u16()?));
        fields.take(128 + 2 * 4)?; // Client zone, offsets along x and y.
        let offset = fields.f32()?;
        if !offset.is_finite() {
            return Err(invalid("the offset of heights", offset, "a length"));
        }
        fields.take(34)?; // A time axis.
        let end = fields.position() + comment + private;
        let comment = fields.text(comment)?;
        let scale = Scale {
            special,
            least,
            greatest,
            step: f64::from(z) / per_metre,
            offset: f64::from(offset) / per_metre,
        };
        let said = [object, comment].into_iter().filter(|text| !text.is_empty());
        let metadata = Metadata {
            feature_type: Some("SUR".to_owned()),
            creator: some(operator),
            date,
            comment: some(said.collect::<Vec<_>>().join("; ")),
            ..Metadata::default()
        };
        let spacing = (x, y);
        Ok(Self { metadata, deflated, rows, columns, spacing, point_bytes, scale, inverted, end })
    }
}

/// One surface: alone, first of a surface with its colours, or as Gwyddion writes it, which calls a
/// surface a profile.
fn check_kind(kind: i16, objects: i16, rows: u64) -> Result<(), FormatError> {
    const KINDS: [(i16, &str); 15] = [
        (1, "a profile"),
        (2, "several surfaces"),
        (3, "a binary image"),
        (4, "a series of profiles"),
        (5, "a series of surfaces"),
        (6, "a meridian disc"),
        (7, "a profile of several layers"),
        (8, "a surface of several layers"),
        (9, "a parallel disc"),
        (10, "an intensity image"),
        (11, "an intensity surface"),
        (12, "a colour image"),
        (13, "a coloured surface"),
        (17, "a parametric profile"),
        (18, "a series of colour images"),
    ];
    match (kind, objects) {
        (2 | 16, ..=1) => Ok(()),
        (1, ..=1) if rows > 1 => Ok(()),
        _ => {
            let named = KINDS.iter().find(|(code, _)| *code == kind);
            let found = named.map_or("something unknown", |(_, name)| *name);
            Err(FormatError::StudiableType { code: kind, found })
        }
    }
}

/// A number from 1.
fn count(fields: &mut Fields<'_>, field: &'static str) -> Result<u64, FormatError> {
    let found = fields.i32()?;
    let count = u64::try_from(found).ok().filter(|&count| count > 0);
    count.ok_or_else(|| invalid(field, found, "a whole number from 1"))
}

/// How many of the unit that is named make a metre.
fn unit(fields: &mut Fields<'_>, field: &'static str) -> Result<f64, FormatError> {
    let name = fields.text(16)?;
    let unit = match name.as_str() {
        "m" => HeightUnit::Metres,
        "mm" => HeightUnit::Millimetres,
        // MICRO SIGN, GREEK SMALL LETTER MU, and what is left of them in ASCII.
        "\u{b5}m" | "\u{3bc}m" | "um" => HeightUnit::Micrometres,
        "nm" => HeightUnit::Nanometres,
        _ => return Err(invalid(field, name, "m, mm, um or nm")),
    };
    Ok(unit.per_metre())
}

/// When it was measured, where that is said.
fn date(fields: &mut Fields<'_>) -> Result<Option<String>, FormatError> {
    let (second, minute, hour) = (fields.i16()?, fields.i16()?, fields.i16()?);
    let (day, month, year) = (fields.i16()?, fields.i16()?, fields.i16()?);
    let sound = (1..=31).contains(&day) && (1..=12).contains(&month) && year > 0;
    let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    Ok(sound.then_some(date))
}

fn invalid(
    field: &'static str,
    found: impl std::fmt::Display,
    wanted: &'static str,
) -> FormatError {
    FormatError::FieldInvalid {
        format: FORMAT,
        field,
        found: shortened(&found.to_string()),
        wanted,
    }
}
