//! Which part of the head of a cartridge case is which?
//!
//! [`Regions`] gives each sample of a surface at most one [`Region`]: what a segmentation finds, what the
//! simulator knows, what an X3P mask carries and what a picture is coloured by. Not the mask of measured
//! samples: a region may have holes in the data.

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A part of the head of a fired cartridge case, from the outside in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// The face of the head around the primer, with its stamped letters.
    Headstamp,
    /// What the ejector left on the head.
    Ejector,
    /// The groove between head and primer, with the rounded edges of both.
    PrimerGroove,
    /// The impression of the breech face on the primer, without edges and flowback.
    BreechFace,
    /// Metal that flowed back into the firing-pin aperture, and the aperture's edge.
    Flowback,
    /// Flowback that the aperture's edge sheared as the barrel tipped: parallel striations.
    ApertureShear,
    /// The impression of the firing pin, with its walls and drag.
    FiringPin,
}

impl Region {
    /// All of them, from the outside in.
    pub const ALL: [Self; 7] = [
        Self::Headstamp,
        Self::Ejector,
        Self::PrimerGroove,
        Self::BreechFace,
        Self::Flowback,
        Self::ApertureShear,
        Self::FiringPin,
    ];

    /// Its name, as `breech_face`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Headstamp => "headstamp",
            Self::Ejector => "ejector",
            Self::PrimerGroove => "primer_groove",
            Self::BreechFace => "breech_face",
            Self::Flowback => "flowback",
            Self::ApertureShear => "aperture_shear",
            Self::FiringPin => "firing_pin",
        }
    }

    /// The colour it has in masks and pictures: red, green, blue. The seven are told apart by people who
    /// see few colours (after Okabe and Ito 2008).
    #[must_use]
    pub const fn colour(self) -> [u8; 3] {
        match self {
            Self::Headstamp => [0xe6, 0x9f, 0x00],
            Self::Ejector => [0xcc, 0x79, 0xa7],
            Self::PrimerGroove => [0x00, 0x72, 0xb2],
            Self::BreechFace => [0x00, 0x9e, 0x73],
            Self::Flowback => [0xf0, 0xe4, 0x42],
            Self::ApertureShear => [0x56, 0xb4, 0xe9],
            Self::FiringPin => [0xd5, 0x5e, 0x00],
        }
    }
}

/// A word that names no region.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{found} is no region: wanted headstamp, ejector, primer_groove, breech_face, flowback, \
     aperture_shear or firing_pin"
)]
pub struct UnknownRegion {
    /// What was found.
    pub found: String,
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|region| region.name() == text);
        named.ok_or_else(|| UnknownRegion { found: text.to_owned() })
    }
}

/// The region of every sample of a surface, (rows, columns); none where nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regions {
    labels: Array2<Option<Region>>,
}

impl Regions {
    /// From one label a sample.
    #[must_use]
    pub const fn new(labels: Array2<Option<Region>>) -> Self {
        Self { labels }
    }

    /// The label of every sample, (rows, columns).
    #[must_use]
    pub const fn labels(&self) -> &Array2<Option<Region>> {
        &self.labels
    }

    /// True at the samples of one region, (rows, columns).
    #[must_use]
    pub fn mask(&self, region: Region) -> Array2<bool> {
        self.labels.mapv(|label| label == Some(region))
    }

    /// Number of samples of one region.
    #[must_use]
    pub fn count(&self, region: Region) -> usize {
        self.labels.iter().filter(|label| **label == Some(region)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn every_sample_is_in_one_region_or_none() {
        let (face, pin) = (Some(Region::BreechFace), Some(Region::FiringPin));
        let regions = Regions::new(array![[face, face, None], [pin, None, face]]);
        assert_eq!(
            regions.mask(Region::BreechFace),
            array![[true, true, false], [false, false, true]]
        );
        let counts = Region::ALL.map(|region| regions.count(region));
        assert_eq!(counts, [0, 0, 0, 3, 0, 0, 1]);
    }

    #[test]
    fn a_word_that_is_no_region_is_named() {
        let error = "breech".parse::<Region>().unwrap_err().to_string();
        assert!(error.starts_with("breech is no region: wanted headstamp"), "{error}");
    }

    #[test]
    fn names_and_colours_tell_regions_apart() {
        let (mut names, mut colours) = (Vec::new(), Vec::new());
        for region in Region::ALL {
            assert!(!names.contains(&region.name()), "{region:?}");
            assert!(!colours.contains(&region.colour()), "{region:?}");
            names.push(region.name());
            assert_eq!(region.name().parse(), Ok(region));
            colours.push(region.colour());
        }
    }
}
