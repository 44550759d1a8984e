//! How is an SDF of text taken apart?
//!
//! Lines of `Name = Value` up to a line with an asterisk, then the heights with blanks between them up to
//! the next such line, which must be there: without it nobody could tell whether the last height is whole.
//! `BAD` is a point that was not measured. BCR-1.0 has comments after a semicolon and names for codes.

use super::FORMAT;
use super::header::{DataType, Header, Revision, Scale, check_plain, count, date, invalid};
use crate::format::fields::{shortened, text};
use crate::format::{FormatError, Limits};
use ndarray::Array2;

/// Fields that are read; each may stand there once.
const NAMES: [&str; 10] = [
    "ManufacID",
    "CreateDate",
    "NumPoints",
    "NumProfiles",
    "Xscale",
    "Yscale",
    "Zscale",
    "Compression",
    "DataType",
    "CheckType",
];

/// Names that BCR-1.0 has for codes.
const CODES: [(&str, u64); 12] = [
    ("null", 0),
    ("none", 0),
    ("uchar", 0),
    ("uinteger", 1),
    ("ulongint", 2),
    ("float", 3),
    ("char", 4),
    ("integer", 5),
    ("longint", 6),
    ("double", 7),
    ("rll", 1),
    ("uinttrace", 1),
];

/// The header, and the bytes after it.
pub(super) fn header<'a>(
    bytes: &'a [u8],
    revision: Revision,
    limits: &Limits,
) -> Result<(Header, &'a [u8]), FormatError> {
    let mut values = NAMES.map(|_| None);
    let bound = usize::try_from(limits.manifest_bytes).unwrap_or(usize::MAX);
    let mut rest = bytes.get(Revision::MAGIC..).unwrap_or_default();
    loop {
        let field = "end of the header (*)";
        if rest.is_empty() || bytes.len() - rest.len() > bound {
            return Err(FormatError::FieldMissing { format: FORMAT, field });
        }
        let line;
        (line, rest) = next_line(rest, revision);
        let line = text(line.get(..bound).unwrap_or(line));
        if line == "*" {
            break;
        }
        let Some((name, value)) = line.split_once('=') else {
            if line.is_empty() {
                continue;
            }
            return Err(invalid("a line of the header", &line, "Name = Value"));
        };
        let name = name.trim();
        let known =
            NAMES.iter().zip(&mut values).find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((field, place)) = known else { continue };
        if place.replace(value.trim().to_owned()).is_some() {
            return Err(FormatError::FieldNotUnique { format: FORMAT, field });
        }
    }
    let values = Values(values);
    check_plain(values.code("Compression", revision)?, values.code("CheckType", revision)?)?;
    let header = Header {
        manufacturer: values.of("ManufacID").unwrap_or_default().to_owned(),
        created: values.of("CreateDate").and_then(date),
        rows: count("NumProfiles", values.number("NumProfiles", "a whole number from 1")?)?,
        columns: count("NumPoints", values.number("NumPoints", "a whole number from 1")?)?,
        scale: Scale::checked(
            values.number("Xscale", "a length")?,
            values.number("Yscale", "a length")?,
            values.number("Zscale", "a length")?,
        )?,
        data_type: DataType::of(values.code("DataType", revision)?)?,
    };
    Ok((header, rest))
}

/// The stored numbers, NaN where missing.
pub(super) fn matrix(
    mut rest: &[u8],
    revision: Revision,
    data_type: DataType,
    (rows, columns): (usize, usize),
) -> Result<Array2<f64>, FormatError> {
    let wanted = rows * columns;
    let mut numbers = Vec::new();
    loop {
        if rest.is_empty() {
            let field = "end of the heights (*)";
            return Err(FormatError::FieldMissing { format: FORMAT, field });
        }
        let line;
        (line, rest) = next_line(rest, revision);
        if line.trim_ascii() == b"*" {
            break;
        }
        let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        for word in words {
            let index = numbers.len();
            if index == wanted {
                return Err(FormatError::SampleCount { found: wanted + 1, wanted, rows, columns });
            }
            let number = number(word).ok_or_else(|| {
                let found = shortened(&text(word.get(..40).unwrap_or(word)));
                FormatError::SampleText { index, found }
            })?;
            numbers.push(data_type.measured(number, revision));
        }
    }
    let wrong = FormatError::SampleCount { found: numbers.len(), wanted, rows, columns };
    Array2::from_shape_vec((rows, columns), numbers).map_err(|_| wrong)
}

/// A height as it is written; NaN where it was not measured.
fn number(word: &[u8]) -> Option<f64> {
    if word.eq_ignore_ascii_case(b"BAD") || word.eq_ignore_ascii_case(b"NaN") {
        return Some(f64::NAN);
    }
    let number: f64 = std::str::from_utf8(word).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The next line without its end and its comment, and what comes after it.
fn next_line(rest: &[u8], revision: Revision) -> (&[u8], &[u8]) {
    let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
    let (line, rest) = match end {
        Some(end) => (&rest[..end], &rest[end + 1..]),
        None => (rest, &[][..]),
    };
    let comment = line.iter().position(|&byte| byte == b';' && revision == Revision::Bcr1);
    (&line[..comment.unwrap_or(line.len())], rest)
}

struct Values([Option<String>; NAMES.len()]);

impl Values {
    fn of(&self, name: &str) -> Option<&str> {
        let index = NAMES.iter().position(|known| *known == name)?;
        self.0[index].as_deref()
    }

    fn required(&self, field: &'static str) -> Result<&str, FormatError> {
        self.of(field).ok_or(FormatError::FieldMissing { format: FORMAT, field })
    }

    fn number<N: std::str::FromStr>(
        &self,
        field: &'static str,
        wanted: &'static str,
    ) -> Result<N, FormatError> {
        let value = self.required(field)?;
        value.parse().map_err(|_| invalid(field, value, wanted))
    }

    fn code(&self, field: &'static str, revision: Revision) -> Result<u64, FormatError> {
        let value = self.required(field)?;
        let named = CODES.iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
        match named {
            Some((_, code)) if revision == Revision::Bcr1 => Ok(*code),
            _ => self.number(field, "a code"),
        }
    }
}
