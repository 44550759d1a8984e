//! How high are the marks along a line?
//!
//! A [`Profile`] is heights at equal distances along a line, with a mask that says which of them were
//! measured: what a stylus draws across a striated mark, or the mean along the striae of an areal scan. It
//! knows no file and no filter. The origin of a place along it is its middle, as for surfaces.

use crate::units::Length;

/// Heights along a line, in metres; 0 where the mask is false.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    heights: Vec<f64>,
    mask: Vec<bool>,
    spacing: Length,
}

/// Why lists do not make a profile.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum ProfileError {
    /// Heights and mask are of different lengths.
    #[error("a profile has {heights} heights but its mask {mask} entries")]
    LengthMismatch {
        /// Number of heights.
        heights: usize,
        /// Number of entries of the mask.
        mask: usize,
    },
    /// A profile of fewer than two samples.
    #[error("a profile needs at least 2 samples, found {found}")]
    TooFewSamples {
        /// How many there are.
        found: usize,
    },
    /// The spacing is not a positive, finite length.
    #[error("the spacing of a profile is {metres} m, wanted a positive length")]
    Spacing {
        /// What was found.
        metres: f64,
    },
    /// A height that the mask calls valid is infinite or not a number.
    #[error("the height of sample {index} is {height}, but its mask says measured")]
    NotFinite {
        /// The first such sample.
        index: usize,
        /// What was found.
        height: f64,
    },
}

impl Profile {
    /// Checks and joins the parts. Heights outside the mask are set to 0.
    ///
    /// # Errors
    /// Lists of different lengths or fewer than two samples, a spacing that is no positive length, a valid
    /// height that is not finite.
    pub fn new(
        mut heights: Vec<f64>,
        mask: Vec<bool>,
        spacing: Length,
    ) -> Result<Self, ProfileError> {
        if heights.len() != mask.len() {
            return Err(ProfileError::LengthMismatch { heights: heights.len(), mask: mask.len() });
        }
        if heights.len() < 2 {
            return Err(ProfileError::TooFewSamples { found: heights.len() });
        }
        let metres = spacing.metres();
        if !(metres.is_finite() && metres > 0.0) {
            return Err(ProfileError::Spacing { metres });
        }
        for (index, (height, &valid)) in heights.iter_mut().zip(&mask).enumerate() {
            if !valid {
                *height = 0.0;
            } else if !height.is_finite() {
                return Err(ProfileError::NotFinite { index, height: *height });
            }
        }
        Ok(Self { heights, mask, spacing })
    }

    /// From heights in which every sample that is not finite is a missing one.
    ///
    /// # Errors
    /// As [`Profile::new`], except that no height can be at fault.
    pub fn from_finite(heights: Vec<f64>, spacing: Length) -> Result<Self, ProfileError> {
        let mask = heights.iter().map(|height| height.is_finite()).collect();
        Self::new(heights, mask, spacing)
    }

    /// Heights in metres; 0 where not valid.
    #[must_use]
    pub fn heights(&self) -> &[f64] {
        &self.heights
    }

    /// True where a height was measured.
    #[must_use]
    pub fn mask(&self) -> &[bool] {
        &self.mask
    }

    /// Distance between neighbouring samples.
    #[must_use]
    pub const fn spacing(&self) -> Length {
        self.spacing
    }

    /// Number of samples, at least two.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a profile is never empty")]
    pub fn len(&self) -> usize {
        self.heights.len()
    }

    /// Distance between the first and the last sample.
    #[must_use]
    pub fn extent(&self) -> Length {
        self.spacing * (self.heights.len() - 1) as f64
    }

    /// Number of measured samples.
    #[must_use]
    pub fn valid_count(&self) -> usize {
        self.mask.iter().filter(|valid| **valid).count()
    }

    /// The same marks, drawn from the other end.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut turned = self.clone();
        turned.heights.reverse();
        turned.mask.reverse();
        turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACING: Length = Length::from_micrometres(0.69);

    #[test]
    fn missing_samples_are_zero_and_counted() {
        let heights = vec![1e-7, f64::NAN, 2e-7, f64::INFINITY];
        let profile = Profile::from_finite(heights, SPACING).unwrap();
        assert_eq!(profile.mask(), [true, false, true, false]);
        assert_eq!(profile.heights()[1].to_bits(), 0);
        assert_eq!((profile.len(), profile.valid_count()), (4, 2));
        assert!((profile.extent().micrometres() - 2.07).abs() < 1e-9, "{}", profile.extent());
        assert_eq!(profile.reversed().mask(), [false, true, false, true]);
        assert_eq!(profile.reversed().reversed(), profile);
    }

    #[test]
    fn lists_that_are_no_profile_are_refused() {
        let no_length = Length::from_micrometres(f64::NAN);
        for (heights, mask, spacing, words) in [
            (vec![0.0, 1.0], vec![true], SPACING, "2 heights but its mask 1"),
            (vec![0.0], vec![true], SPACING, "at least 2 samples, found 1"),
            (vec![0.0, 1.0], vec![true, true], Length::ZERO, "is 0 m"),
            (vec![0.0, 1.0], vec![true, true], no_length, "is NaN m"),
            (vec![0.0, f64::NAN], vec![true, true], SPACING, "sample 1 is NaN"),
        ] {
            let error = Profile::new(heights, mask, spacing).unwrap_err().to_string();
            assert!(error.contains(words), "\"{error}\", wanted \"{words}\"");
        }
    }
}
