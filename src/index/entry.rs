//! What is kept of a reference for the index, and its bytes.
//!
//! Layout, little-endian: magic `CMIDX`, format version (u8), kind (u8), a zero; digest of the parameters
//! of entries (32 bytes); digest of the extraction's (32 bytes); centre of the mark from that of the frame,
//! x and y (f32, m); what one step of the heights, the squares and the mask stands for (3 f32); number of
//! values (u32); the values, one i8 each, real and imaginary parts in turn, in the order of
//! `Layout`; zeros up to a multiple of 64 bytes.

use super::IndexError;
use super::polar::{Harmonics, Point};
use crate::digest::Digest;
use crate::surface::Kind;
use crate::units::Length;
use casemark_fft::num_complex::Complex32;

/// The format that [`Entry::to_bytes`] writes, and the only one there is.
pub const FORMAT_VERSION: u8 = 1;

const MAGIC: &[u8; 5] = b"CMIDX";
const HEADER: usize = 96;
const ALIGNMENT: usize = 64;
/// Greatest number of values: 64 rings of 256 harmonics are 33,000.
const GREATEST_COUNT: usize = 1 << 20;
/// Values are kept as multiples of the greatest divided by this.
pub(super) const LEVELS: f32 = 127.0;

/// A reference as the index knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub(super) family: Family,
    pub(super) centre: Point,
    pub(super) steps: Steps,
    pub(super) values: Vec<i8>,
}

/// What entries and questions must share to be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Family {
    pub(super) entry_digest: Digest,
    pub(super) extraction_digest: Digest,
    pub(super) kind: Kind,
}

impl Family {
    /// Refuses what is of another family than this.
    pub(super) fn admit(self, other: Self) -> Result<(), IndexError> {
        if other.entry_digest != self.entry_digest {
            let (found, wanted) = (other.entry_digest, self.entry_digest);
            return Err(IndexError::EntryDigest { found, wanted });
        }
        if other.extraction_digest != self.extraction_digest {
            let (found, wanted) = (other.extraction_digest, self.extraction_digest);
            return Err(IndexError::ExtractionDigest { found, wanted });
        }
        if other.kind != self.kind {
            return Err(IndexError::Kind);
        }
        Ok(())
    }
}

/// What one step of the values stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steps {
    pub(super) heights: f32,
    pub(super) squares: f32,
    pub(super) mask: f32,
}

impl Steps {
    /// Steps of which the greatest value takes so many.
    pub(super) fn of<'a>(
        harmonics: impl IntoIterator<Item = &'a Harmonics> + Clone,
        levels: f32,
    ) -> Self {
        let step = |part: fn(&Harmonics) -> &[Complex32]| {
            let values = harmonics.clone().into_iter().flat_map(part);
            let greatest =
                |most: f32, value: &Complex32| most.max(value.re.abs()).max(value.im.abs());
            values.fold(0.0, greatest) / levels
        };
        Self {
            heights: step(|harmonics| &harmonics.heights),
            squares: step(|harmonics| &harmonics.squares),
            mask: step(|harmonics| &harmonics.mask),
        }
    }
}

impl Entry {
    pub(super) fn new(family: Family, centre: Point, harmonics: &Harmonics) -> Self {
        let parts = [&harmonics.heights, &harmonics.squares, &harmonics.mask];
        let steps = Steps::of([harmonics], LEVELS);
        let mut values = Vec::new();
        for (part, step) in parts.into_iter().zip([steps.heights, steps.squares, steps.mask]) {
            // Within -127 to 127, since the greatest is 127.
            let round = |value: f32| if step > 0.0 { (value / step).round() as i8 } else { 0 };
            values.extend(part.iter().flat_map(|value| [round(value.re), round(value.im)]));
        }
        Self { family, centre, steps, values }
    }

    /// Number of bytes of an entry with so many values.
    pub(super) fn length(values: usize) -> usize {
        (HEADER + values).next_multiple_of(ALIGNMENT)
    }

    /// Of which kind of surface it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.family.kind
    }

    /// The bytes that are stored; the same for the same entry.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::length(self.values.len()));
        bytes.extend_from_slice(MAGIC);
        bytes.push(FORMAT_VERSION);
        bytes.push(match self.family.kind {
            Kind::Topography => 0,
            Kind::Reflectance => 1,
        });
        bytes.push(0);
        bytes.extend_from_slice(self.family.entry_digest.as_bytes());
        bytes.extend_from_slice(self.family.extraction_digest.as_bytes());
        for length in [self.centre.x, self.centre.y] {
            bytes.extend_from_slice(&(length.metres() as f32).to_le_bytes());
        }
        for step in [self.steps.heights, self.steps.squares, self.steps.mask] {
            bytes.extend_from_slice(&step.to_le_bytes());
        }
        // As many as a layout has: far below 2^32.
        bytes.extend_from_slice(&(self.values.len() as u32).to_le_bytes());
        bytes.extend(self.values.iter().map(|value| value.to_le_bytes()[0]));
        bytes.resize(Self::length(self.values.len()), 0);
        bytes
    }

    /// Reads what [`Entry::to_bytes`] wrote.
    ///
    /// # Errors
    /// Bytes that are no entry, of an unknown version, cut short or too long, or with impossible values.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        let Read { family, centre, steps, values } = Read::new(bytes)?;
        let values = values.iter().map(|&byte| i8::from_le_bytes([byte])).collect();
        Ok(Self { family, centre, steps, values })
    }
}

/// An entry's bytes, checked; the values stay where they are.
pub(super) struct Read<'a> {
    pub(super) family: Family,
    pub(super) centre: Point,
    pub(super) steps: Steps,
    /// One i8 each.
    pub(super) values: &'a [u8],
}

impl<'a> Read<'a> {
    /// Refuses what [`Entry::from_bytes`] says.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, IndexError> {
        if bytes.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(IndexError::NotAnEntry { length: bytes.len() });
        }
        let header: &[u8; HEADER] =
            bytes.first_chunk().ok_or(IndexError::Length { found: bytes.len(), wanted: HEADER })?;
        if header[5] != FORMAT_VERSION {
            return Err(IndexError::Version { found: header[5] });
        }
        let kind = match header[6] {
            0 => Kind::Topography,
            1 => Kind::Reflectance,
            _ => return Err(IndexError::Field { field: "kind" }),
        };
        if header[7] != 0 {
            return Err(IndexError::Field { field: "padding" });
        }
        let digest = |at: usize| {
            let mut digest = [0; 32];
            digest.copy_from_slice(&header[at..at + 32]);
            Digest::from_bytes(digest)
        };
        let four = |at: usize| [header[at], header[at + 1], header[at + 2], header[at + 3]];
        let number = |at: usize, field: &'static str, least: f32| {
            let value = f32::from_le_bytes(four(at));
            let possible = value.is_finite() && value >= least;
            if possible { Ok(value) } else { Err(IndexError::Field { field }) }
        };
        let length = |at| {
            // A frame is far smaller than a metre.
            let value = number(at, "centre", -1.0)?;
            Ok::<_, IndexError>(Length::from_metres(f64::from(value)))
        };
        let centre = Point { x: length(72)?, y: length(76)? };
        let steps = Steps {
            heights: number(80, "step of the heights", 0.0)?,
            squares: number(84, "step of the squares", 0.0)?,
            mask: number(88, "step of the mask", 0.0)?,
        };
        let count = u32::from_le_bytes(four(92)) as usize;
        if count > GREATEST_COUNT {
            return Err(IndexError::Field { field: "number of values" });
        }
        let wanted = Entry::length(count);
        if bytes.len() != wanted {
            return Err(IndexError::Length { found: bytes.len(), wanted });
        }
        let (values, padding) = bytes[HEADER..].split_at(count);
        if values.contains(&i8::MIN.to_le_bytes()[0]) {
            return Err(IndexError::Field { field: "values" });
        }
        if padding.iter().any(|&byte| byte != 0) {
            return Err(IndexError::Field { field: "padding" });
        }
        let family = Family { entry_digest: digest(8), extraction_digest: digest(40), kind };
        Ok(Self { family, centre, steps, values })
    }
}
