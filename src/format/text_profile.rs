//! How does a list of numbers become a profile?
//!
//! Styluses and microscopes export a profile as text: one line a sample with position and height,
//! separated by tabs, semicolons, commas or blanks, and perhaps a line of headings first. Both numbers are in
//! one unit, which the file does not say and the caller states. A height that is empty, `NaN` or `NA` was not measured.
//! Steps must be even: nothing is resampled here. Not for areal files.

use super::limits::Limits;
use super::options::HeightUnit;
use super::plausibility::{COARSEST, FINEST, WIDEST};
use crate::surface::{Profile, ProfileError};
use crate::units::Length;

/// What the caller states about a profile in text.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileOptions {
    /// In which unit positions and heights are; micrometres if nothing is said.
    pub unit: HeightUnit,
    /// Bounds on what reading may cost.
    pub limits: Limits,
}

impl Default for ProfileOptions {
    fn default() -> Self {
        Self { unit: HeightUnit::Micrometres, limits: Limits::default() }
    }
}

/// Greatest number of samples: a metre at a micrometre.
const MOST_SAMPLES: usize = 1 << 20;
/// Fewest samples that are a profile.
const LEAST_SAMPLES: usize = 16;
/// How far a position may lie from its even place, in steps: rounding in the file, not uneven drawing.
const UNEVENNESS: f64 = 0.01;
/// Characters of a line that an error shows.
const SHOWN: usize = 40;

/// Why text is no profile.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum TextProfileError {
    /// There is no sample.
    #[error(
        "the file has {found} samples, wanted at least {LEAST_SAMPLES} lines of position and height"
    )]
    TooFewSamples {
        /// How many lines have a sample.
        found: usize,
    },
    /// Bytes that are no text.
    #[error("line {line} is no UTF-8 text")]
    NoText {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A line that has not two fields.
    #[error(
        "line {line} is \"{found}\", wanted position and height separated by tab, semicolon, comma or blank"
    )]
    Fields {
        /// Number of the line, from 1.
        line: usize,
        /// Its beginning.
        found: String,
    },
    /// A position or height that is no number.
    #[error("the {field} in line {line} is \"{found}\", wanted a number with a decimal point")]
    NoNumber {
        /// "position" or "height".
        field: &'static str,
        /// Number of the line, from 1.
        line: usize,
        /// What is there.
        found: String,
    },
    /// Positions that do not grow by even steps.
    #[error(
        "the position in line {line} is {found}, wanted {wanted}: steps must grow evenly, to {UNEVENNESS} of one"
    )]
    UnevenSteps {
        /// Number of the line, from 1.
        line: usize,
        /// What is there.
        found: f64,
        /// Where an even step would lie.
        wanted: f64,
    },
    /// More bytes or samples than allowed.
    #[error("the file has more than {limit} {what}")]
    TooLarge {
        /// "bytes" or "samples".
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A size that no mark has: the unit is another.
    #[error(
        "read in {unit}, the {what} is {found}, wanted {least} to {greatest}: state the unit of the file"
    )]
    Implausible {
        /// In which unit the numbers were taken.
        unit: &'static str,
        /// "spacing", "length" or "range of heights".
        what: &'static str,
        /// What it comes to.
        found: Length,
        /// Least believed.
        least: Length,
        /// Greatest believed.
        greatest: Length,
    },
    /// Not enough was measured.
    #[error("{found} of {samples} heights are measured, wanted at least {LEAST_SAMPLES}")]
    TooFewValid {
        /// Measured heights.
        found: usize,
        /// Of how many.
        samples: usize,
    },
    /// The numbers make no profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
}

/// Position and height of a line; no height where it was not measured.
fn sample(line: usize, text: &str) -> Result<(f64, Option<f64>), TextProfileError> {
    let separator = ['\t', ';', ','].into_iter().find(|separator| text.contains(*separator));
    let split = match separator {
        Some(separator) => text.split_once(separator),
        None => text.split_once(' '),
    };
    let shown = |text: &str| text.chars().take(SHOWN).collect::<String>();
    let two = split.filter(|(_, height)| separator.is_none_or(|mark| !height.contains(mark)));
    let Some((position, height)) = two else {
        return Err(TextProfileError::Fields { line, found: shown(text) });
    };
    let number = |field, text: &str| match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) | Err(_) => Err(TextProfileError::NoNumber { field, line, found: shown(text) }),
    };
    let height = height.trim();
    let missing = ["", "nan", "na"].iter().any(|word| height.eq_ignore_ascii_case(word));
    let position = number("position", position.trim())?;
    Ok((position, if missing { None } else { Some(number("height", height)?) }))
}

/// Every sample with the number of its line.
fn samples(bytes: &[u8]) -> Result<Vec<(usize, f64, Option<f64>)>, TextProfileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut samples: Vec<(usize, f64, Option<f64>)> = Vec::new();
    let mut headings = false;
    for (index, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = index + 1;
        let text = std::str::from_utf8(text)
            .map_err(|_| TextProfileError::NoText { line })?
            .trim_matches([' ', '\r']);
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        match sample(line, text) {
            Ok((position, height)) => samples.push((line, position, height)),
            // One line of headings: before all samples, and without any digit at its beginning.
            Err(_)
                if samples.is_empty()
                    && !headings
                    && text.starts_with(|c: char| c.is_alphabetic() || c == '"') =>
            {
                headings = true;
            }
            Err(error) => return Err(error),
        }
        if samples.len() > MOST_SAMPLES {
            return Err(TextProfileError::TooLarge { what: "samples", limit: MOST_SAMPLES as u64 });
        }
    }
    Ok(samples)
}

/// Reads a profile from text.
///
/// # Errors
/// Lines that are no sample, uneven steps, a size that no mark has, or a limit exceeded.
pub fn read_profile(bytes: &[u8], options: &ProfileOptions) -> Result<Profile, TextProfileError> {
    let limit = options.limits.file_bytes;
    if bytes.len() as u64 > limit {
        return Err(TextProfileError::TooLarge { what: "bytes", limit });
    }
    let samples = samples(bytes)?;
    let count = samples.len();
    if count < LEAST_SAMPLES {
        return Err(TextProfileError::TooFewSamples { found: count });
    }
    let (first, last) = (samples[0].1, samples[count - 1].1);
    let step = (last - first) / (count - 1) as f64;
    for (index, &(line, found, _)) in samples.iter().enumerate() {
        let wanted = first + step * index as f64;
        // A step that is none, or no number, is not even either.
        let even = step > 0.0 && (found - wanted).abs() <= UNEVENNESS * step;
        if !even {
            return Err(TextProfileError::UnevenSteps { line, found, wanted });
        }
    }
    let unit = options.unit;
    let length = |value: f64| Length::from_metres(value / unit.per_metre());
    let measured = samples.iter().filter_map(|(_, _, height)| *height);
    let (low, high) = measured.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), height| {
        (low.min(height), high.max(height))
    });
    let range = if high > low { length(high - low) } else { Length::ZERO };
    for (what, found, least, greatest) in [
        ("spacing", length(step), FINEST, COARSEST),
        ("length", length(last - first), FINEST, WIDEST),
        // A mark is no deeper than a millimetre.
        ("range of heights", range, Length::ZERO, Length::from_micrometres(1000.0)),
    ] {
        if !(least..=greatest).contains(&found) {
            let unit = unit.symbol();
            return Err(TextProfileError::Implausible { unit, what, found, least, greatest });
        }
    }
    let heights = samples
        .iter()
        .map(|(_, _, height)| height.map_or(f64::NAN, |height| height / unit.per_metre()));
    let profile = Profile::from_finite(heights.collect(), length(step))?;
    let found = profile.valid_count();
    if found < LEAST_SAMPLES {
        return Err(TextProfileError::TooFewValid { found, samples: count });
    }
    Ok(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty samples with this between the fields, the heights as they come.
    fn text(separator: &str) -> String {
        let line = |index: i32| {
            let height = f64::from(index * index % 11) * 0.25;
            format!("{:.6}{separator}{height:.5}\r\n", 0.69003 * f64::from(index))
        };
        (0..40).map(line).collect()
    }

    fn read(text: &str) -> Result<Profile, TextProfileError> {
        read_profile(text.as_bytes(), &ProfileOptions::default())
    }

    #[test]
    fn all_separators_headings_and_missing_heights_are_read() {
        let wanted = read(&text("\t")).unwrap();
        assert_eq!((wanted.len(), wanted.valid_count()), (40, 40));
        assert!((wanted.spacing().micrometres() - 0.69003).abs() < 1e-9, "{}", wanted.spacing());
        assert!((wanted.heights()[1] - 0.25e-6).abs() < 1e-18, "{}", wanted.heights()[1]);
        for separator in [";", ",", "  ", " ", ", "] {
            assert_eq!(read(&text(separator)).as_ref(), Ok(&wanted), "\"{separator}\"");
        }
        let headed = format!("\u{feff}Position (um);Height\n# drawn by hand\n\n{}", text(";"));
        assert_eq!(read(&headed), Ok(wanted));
        let holed = text("\t").replace("\t0.25000", "\tNaN").replace("\t1.00000", "\t");
        let holed = read(&holed).unwrap();
        assert!(holed.valid_count() < 40 && holed.valid_count() > 16, "{}", holed.valid_count());
        assert!(!holed.mask()[1]);
    }

    #[test]
    fn the_unit_is_the_callers() {
        let options = ProfileOptions { unit: HeightUnit::Millimetres, ..Default::default() };
        let text = text("\t");
        let error = read_profile(text.as_bytes(), &options).unwrap_err().to_string();
        assert!(error.contains("read in mm") && error.contains("state the unit"), "{error}");
        let options = ProfileOptions { unit: HeightUnit::Nanometres, ..Default::default() };
        assert!(read_profile(text.as_bytes(), &options).is_err());
    }

    #[test]
    fn what_is_no_profile_is_refused_with_its_line() {
        let good = text("\t");
        let third = |line: &str| {
            let mut lines: Vec<&str> = good.lines().collect();
            lines[2] = line;
            lines.join("\n")
        };
        for (text, words) in [
            (String::new(), "0 samples"),
            ("1\t2\n2\t3\n".to_owned(), "2 samples"),
            (third("1.38"), "line 3 is \"1.38\""),
            (third("1.38\t2\t3"), "line 3 is"),
            (third("1.38\tdeep"), "height in line 3 is \"deep\""),
            (third("here\t1"), "position in line 3 is \"here\""),
            (third("inf\t1"), "position in line 3 is \"inf\""),
            (third("1.38\tinf"), "height in line 3 is \"inf\""),
            (third("1,38;0,5"), "position in line 3 is \"1,38\""),
            (third("1.40\t1"), "position in line 3 is 1.4,"),
            (third("1.38006\t1e300"), "range of heights"),
            (text("\t").lines().rev().collect::<Vec<_>>().join("\n"), "grow evenly"),
            (text("\t").replace("\t", "\tNA "), "height in line 1"),
        ] {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.contains(words), "\"{error}\", wanted \"{words}\"");
        }
        let missing: String = (0..40).map(|index| format!("{index}\tNA\n")).collect();
        assert!(read(&missing).unwrap_err().to_string().contains("0 of 40"));
        let error = read_profile(b"\xff\xfe1\x00\n", &ProfileOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), "line 1 is no UTF-8 text");
        let limits = Limits { file_bytes: 100, ..Limits::default() };
        let options = ProfileOptions { limits, ..Default::default() };
        let error = read_profile(good.as_bytes(), &options).unwrap_err().to_string();
        assert!(error.contains("more than 100 bytes"), "{error}");
    }

    #[test]
    fn damaged_text_is_refused_or_read_without_panic() {
        let good = text("\t").into_bytes();
        let mut state = 7_u64;
        let mut below = |bound: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % bound
        };
        let (mut read, mut refused) = (0, 0);
        for _ in 0..5000 {
            let mut bytes = good.clone();
            for _ in 0..=below(3) {
                let at = below(bytes.len());
                match below(4) {
                    0 => bytes.truncate(at.max(1)),
                    1 => bytes[at] ^= 1 << below(8),
                    2 => bytes[at] = b"\t;,. -eENa\n\r0\xff"[below(14)],
                    _ => {
                        let piece = bytes[at..(at + 30).min(bytes.len())].to_vec();
                        bytes.splice(at..at, piece);
                    }
                }
            }
            match read_profile(&bytes, &ProfileOptions::default()) {
                Ok(profile) => {
                    assert!(profile.valid_count() >= LEAST_SAMPLES);
                    read += 1;
                }
                Err(_) => refused += 1,
            }
        }
        assert!(read > 200 && refused > 200, "{read} read, {refused} refused");
    }
}
