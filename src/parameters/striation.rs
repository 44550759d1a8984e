//! Which numbers steer the comparison of striated marks?
//!
//! They are part of the parameters of a kind of mark that is striated; profiles that are no part of a head have no other.

use super::{Entry, ParameterError, check, digest, tidy};
use crate::digest::Digest;
use crate::units::Length;
use serde::{Deserialize, Serialize};

parameters! {
    /// How profiles of striated marks are prepared and compared.
    Striation as "striation" {
        /// Sample distance of a prepared profile.
        spacing: 2.0 um, 0.25..=20.0, "six samples of the shortest wave";
        /// Cutoff (nesting index) of the low-pass filter: shorter waves are removed.
        shortest_wave: 12.5 um, 2.0..=100.0, "measured: shorter waves are not shared by marks of one tool";
        /// Cutoff (nesting index) of the high-pass filter: longer waves are removed.
        longest_wave: 200.0 um, 50.0..=2000.0, "measured: longer waves are the form of the mark";
        /// Number of bands that the waves between are split into, of equal ratio; each has its own NCC.
        bands: 4 count, 1..=8, "octaves; measured against halves and doubles of them";
        /// Cutoff of the mean over which heights are divided by their local standard deviation.
        evening_length: 150.0 um, 20.0..=2000.0, "measured: 100 um to 200 um do alike";
        /// Where heights are locally below this share of the whole profile's, they are not raised further.
        evening_floor: 0.3 share, 0.01..=1.0, "measured: 0.1 to 0.5 do alike";
        /// Heights are clipped at this many local standard deviations.
        height_limit: 5.0 share, 1.0..=20.0, "beyond any stria, and a step of one byte is then a twenty-fifth of a deviation";
        /// Least share of a filter's weight on measured samples for a sample to be kept.
        least_support: 0.5 share, 0.05..=1.0, "half the kernel: the end of the mask stays where it was";
        /// Greatest stretch of one profile against the other, each way.
        scale_reach: 0.03 share, 0.0..=0.1, "Chen et al. 2019: the angle of a tool moves striae by a few percent";
        /// Step of the stretches.
        scale_step: 0.01 share, 0.001..=0.05, "measured: half of it finds no more";
        /// Least overlap as a share of the shorter profile.
        least_overlap: 0.25 share, 0.05..=1.0, "measured: marks of one tool overlap by a third where they were drawn apart";
        /// A band's NCC counts no more than this.
        ncc_limit: 0.95 share, 0.5..=0.999, "a short overlap of few waves may agree by chance beyond any long one";
        /// Length of a segment.
        segment_length: 150.0 um, 20.0..=1000.0, "measured";
        /// Greatest displacement searched from the global registration, each way.
        segment_reach: 25.0 um, 0.0..=200.0, "measured";
        /// Least share of a segment's samples valid on both profiles for it to be compared.
        segment_least_joint: 0.5 share, 0.05..=1.0, "half the segment";
        /// Least NCC of a congruent segment.
        segment_ncc: 0.6 share, 0.0..=1.0, "measured";
        /// Greatest displacement of a congruent segment from the median one.
        segment_displacement: 10.0 um, 0.5..=100.0, "measured";
    }
}

/// What a stored profile depends on; the rest is of comparisons alone.
const OF_PROFILES: [&str; 7] = [
    "striation.spacing",
    "striation.shortest_wave",
    "striation.longest_wave",
    "striation.evening_length",
    "striation.evening_floor",
    "striation.height_limit",
    "striation.least_support",
];

impl Striation {
    /// Those that a stored profile depends on.
    pub(super) fn list_of_profiles(&self) -> Vec<Entry> {
        let mut entries = self.list();
        entries.retain(|entry| OF_PROFILES.contains(&entry.key));
        entries
    }

    /// Checks every bound, and that the pass band is one.
    ///
    /// # Errors
    /// The first parameter outside its bounds.
    pub fn check(&self) -> Result<(), ParameterError> {
        check(&self.list())?;
        let bounds = |key, value: Length, minimum: Length| {
            let [value, minimum] = [value, minimum].map(Length::micrometres);
            let refused = ParameterError { key, value, unit: "um", minimum, maximum: 2000.0 };
            if value >= minimum { Ok(()) } else { Err(refused) }
        };
        // Fewer than two samples a wave are none; a band is to have some width.
        bounds("striation.shortest_wave", self.shortest_wave, self.spacing * 2.0)?;
        bounds("striation.longest_wave", self.longest_wave, self.shortest_wave * 2.0)?;
        bounds("striation.segment_length", self.segment_length, self.spacing * 8.0)
    }

    /// Digest of these alone: what a comparison of profiles that are no part of a head carries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest(&self.list())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_profile_depends_on_is_declared() {
        assert_eq!(Striation::default().list_of_profiles().len(), OF_PROFILES.len());
    }
}
