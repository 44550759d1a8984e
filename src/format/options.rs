//! What must the caller tell about a file that the file itself does not, or says wrongly?
//!
//! [`ReadOptions`] are the caller's statements; the defaults state nothing. Nothing in here is ever
//! guessed: a file that needs a statement is refused with an error that names the option.

use super::limits::Limits;
use super::metadata::Warning;
use crate::surface::Spacing;
use crate::units::Length;

/// What the caller states about the file to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadOptions {
    /// Bounds on what reading may cost.
    pub limits: Limits,
    /// Sample distance of images (PNG, TIFF, BMP, JPEG); stronger than a resolution in the file. Other
    /// files state their own, and this changes nothing there.
    pub spacing: Option<Spacing>,
    /// In which unit the numbers of a file are whose format knows metres only: X3P, AL3D and SDF.
    pub assume: SpacingUnit,
    /// In which unit the samples of a floating-point TIFF are.
    pub height_unit: Option<HeightUnit>,
    /// Which sizes are believed.
    pub plausibility: Plausibility,
    /// What a wrong checksum of an X3P's `main.xml` means.
    pub manifest_checksum: ManifestChecksum,
}

/// In which unit an X3P, AL3D or SDF states lengths: spacing and heights alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpacingUnit {
    /// Metres, as ISO 25178-72 and the others demand.
    #[default]
    AsWritten,
    /// Micrometres, against the standard. Some converters leave all three axes in micrometres, so this
    /// applies to x, y and z together.
    Micrometres,
    /// Either, file by file: micrometres where the spacing can only be that of a cartridge case in them. No number
    /// can be both ([`super::plausibility`]).
    Either,
}

/// The unit of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LengthUnit {
    Metres,
    Micrometres,
}

impl LengthUnit {
    /// The length that a number of a file stands for.
    pub(super) const fn length(self, number: f64) -> Length {
        match self {
            Self::Metres => Length::from_metres(number),
            Self::Micrometres => Length::from_micrometres(number),
        }
    }

    /// The height in metres that a number of a file stands for.
    pub(super) const fn metres(self, number: f64) -> f64 {
        self.length(number).metres()
    }

    /// What is to be said of a file that was read so.
    pub(super) fn warning(self) -> Option<Warning> {
        (self == Self::Micrometres).then_some(Warning::ReadAsMicrometres)
    }
}

/// In which unit a floating-point image states heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeightUnit {
    /// Metres.
    Metres,
    /// Millimetres.
    Millimetres,
    /// Micrometres.
    Micrometres,
    /// Nanometres.
    Nanometres,
}

impl HeightUnit {
    /// How many of this unit make a metre.
    #[must_use]
    pub const fn per_metre(self) -> f64 {
        match self {
            Self::Metres => 1.0,
            Self::Millimetres => 1e3,
            Self::Micrometres => 1e6,
            Self::Nanometres => 1e9,
        }
    }

    /// As it is written, in ASCII.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Metres => "m",
            Self::Millimetres => "mm",
            Self::Micrometres => "um",
            Self::Nanometres => "nm",
        }
    }
}

/// Which sizes of a scan are believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plausibility {
    /// A mark on a cartridge case or a bullet; the bounds are those of [`super::plausibility`].
    #[default]
    CartridgeCase,
    /// Any positive spacing and any heights, for samples and tests of the format.
    Any,
}

/// What a wrong checksum of `main.xml` means. Wrong checksums of the points are always errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ManifestChecksum {
    /// An error.
    #[default]
    Enforce,
    /// A warning: somebody edited the metadata and left the checksum as it was.
    Warn,
}
