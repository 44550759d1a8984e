//! What does a file say about how it was measured?
//!
//! [`Metadata`] carries the texts of an X3P's Record1 and Record2 as written, for `inspect` and for
//! records of origin; [`Warning`] is what reading noticed without refusing. No text in here steers any
//! computation, and dates are not interpreted.

use serde::Serialize;
use std::fmt;

/// What the file says about itself; `None` where it is silent or the element is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Metadata {
    /// Edition of the standard, as written.
    pub revision: Option<String>,
    /// "SUR" for an areal surface; `None` for images.
    pub feature_type: Option<String>,
    /// Who measured.
    pub creator: Option<String>,
    /// When it was measured, as written.
    pub date: Option<String>,
    /// When the instrument was last calibrated, as written.
    pub calibration_date: Option<String>,
    /// What measured.
    pub instrument: Instrument,
    /// How it touched or saw the surface.
    pub probing_system: ProbingSystem,
    /// Free text.
    pub comment: Option<String>,
    /// The container holds a `mask.png`: regions that somebody coloured by hand (x3ptools, FiX3P).
    /// That is an annotation, not validity, and is not applied.
    pub annotation_mask: bool,
    /// What reading noticed.
    pub warnings: Vec<Warning>,
}

/// The instrument of a measurement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Instrument {
    /// Who built it.
    pub manufacturer: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Version of its hardware or software.
    pub version: Option<String>,
}

impl Instrument {
    /// What it is called: who built it and its model, as far as they are written.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let parts: Vec<&str> = [&self.manufacturer, &self.model]
            .into_iter()
            .flatten()
            .map(|part| part.trim())
            .collect();
        let name = parts.join(" ");
        (!name.trim().is_empty()).then_some(name)
    }
}

/// The probing system of a measurement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProbingSystem {
    /// "Contacting", "NonContacting" or "Software", as written.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Lens, tip or set-up.
    pub identification: Option<String>,
}

/// Something odd about a file that does not stop it from being read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// There is no checksum of `main.xml`.
    ManifestChecksumMissing,
    /// The checksum of `main.xml` is wrong, and the caller asked to go on.
    ManifestChecksumMismatch {
        /// MD5 of what is there.
        found: String,
        /// MD5 that the file states.
        wanted: String,
    },
    /// `main.xml` states no checksum of the points.
    PointChecksumMissing,
    /// `main.xml` states no checksum of the valid points.
    ValidPointChecksumMissing,
    /// An absolute axis of floating-point heights states an increment other than 1. Heights on such an
    /// axis are taken as they are.
    IncrementNotApplied {
        /// The increment.
        increment: f64,
    },
    /// The axes state a rotation other than none. It is not applied; a mirrored surface looks like this.
    RotationNotApplied,
    /// Heights that are infinite; taken as missing.
    InfiniteHeights {
        /// How many.
        count: usize,
    },
    /// All lengths were taken as micrometres because the caller said so.
    ReadAsMicrometres,
    /// The image has a resolution too coarse or too fine to be that of a microscope (usually the
    /// default of a program); the caller's spacing was taken.
    ResolutionIgnored {
        /// Sample distance along x that the resolution means, in micrometres.
        micrometres: f64,
    },
    /// The image is in colour; its luma was taken.
    ColourReduced,
    /// The rows of an AL3D are not padded to 8 bytes, as its format wants.
    RowsNotPadded,
    /// An AL3D says how repeatable each height is; no height was left out for it.
    QualityMapNotApplied,
    /// A SUR says that its axes were inverted. The heights were taken as they are.
    InversionNotApplied {
        /// 1 for z, 2 and 3 for z and one of the others.
        code: i16,
    },
    /// An SDF of before the standard (BCR-1.0), which does not say which row is the top; the first was
    /// taken. Where the writer began at the bottom (MountainsMap does) the surface is mirrored.
    RowOrderUnstated,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ManifestChecksumMissing => write!(f, "no checksum of main.xml"),
            Self::ManifestChecksumMismatch { found, wanted } => {
                write!(f, "MD5 of main.xml is {found}, the file states {wanted}")
            }
            Self::PointChecksumMissing => write!(f, "no checksum of the points"),
            Self::ValidPointChecksumMissing => write!(f, "no checksum of the valid points"),
            Self::IncrementNotApplied { increment } => {
                write!(f, "increment {increment:e} of the absolute z axis was not applied")
            }
            Self::RotationNotApplied => write!(f, "the rotation of the axes was not applied"),
            Self::InfiniteHeights { count } => {
                write!(f, "{count} infinite heights were taken as missing")
            }
            Self::ReadAsMicrometres => write!(f, "all lengths were taken as micrometres"),
            Self::ResolutionIgnored { micrometres } => {
                write!(f, "the resolution in the file ({micrometres} um) was not believed")
            }
            Self::ColourReduced => write!(f, "the image is in colour; its luma was taken"),
            Self::RowsNotPadded => write!(f, "the rows are not padded to 8 bytes"),
            Self::QualityMapNotApplied => write!(f, "the map of repeatability was not applied"),
            Self::InversionNotApplied { code } => {
                write!(f, "the inversion of the axes (code {code}) was not applied")
            }
            Self::RowOrderUnstated => {
                write!(
                    f,
                    "BCR-1.0 does not say which row is the top; the first was taken, and the surface may be mirrored"
                )
            }
        }
    }
}
