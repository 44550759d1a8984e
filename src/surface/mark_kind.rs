//! Which marks of a cartridge case are compared?
//!
//! What a firearm leaves and a laboratory searches by; on which part of a head each lies is [`MarkKind::region`].

use super::region::Region;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Which mark of a cartridge case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// Impression of the breech face on the primer.
    BreechFace,
    /// Impression of the firing pin.
    FiringPin,
    /// Impression of the ejector on the head.
    Ejector,
    /// Striation that the firing pin aperture shears into the primer.
    ApertureShear,
}

impl MarkKind {
    /// All, in a fixed order.
    pub const ALL: [Self; 4] =
        [Self::BreechFace, Self::FiringPin, Self::Ejector, Self::ApertureShear];

    /// The name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BreechFace => "breech_face",
            Self::FiringPin => "firing_pin",
            Self::Ejector => "ejector",
            Self::ApertureShear => "aperture_shear",
        }
    }

    /// The part of a firearm that makes it.
    #[must_use]
    pub const fn part(self) -> FirearmPart {
        match self {
            Self::BreechFace | Self::ApertureShear => FirearmPart::BreechBlock,
            Self::FiringPin => FirearmPart::FiringPin,
            Self::Ejector => FirearmPart::Ejector,
        }
    }

    /// The part of a head that it is on.
    #[must_use]
    pub const fn region(self) -> Region {
        match self {
            Self::BreechFace => Region::BreechFace,
            Self::FiringPin => Region::FiringPin,
            Self::Ejector => Region::Ejector,
            Self::ApertureShear => Region::ApertureShear,
        }
    }
}

/// A part of a firearm that is made by itself, and can be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirearmPart {
    /// The slide or bolt, with the face around the firing pin's aperture and the aperture's edge.
    BreechBlock,
    /// The firing pin.
    FiringPin,
    /// The ejector.
    Ejector,
}

impl fmt::Display for MarkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Text that names no mark.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{found} is no mark: wanted breech_face, firing_pin, ejector or aperture_shear")]
pub struct MarkKindError {
    /// The text.
    pub found: String,
}

impl FromStr for MarkKind {
    type Err = MarkKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|kind| kind.name() == text);
        named.ok_or_else(|| MarkKindError { found: text.to_owned() })
    }
}
