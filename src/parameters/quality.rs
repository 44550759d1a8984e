//! From when on is an examiner told that a scan is not as it should be?

use super::{Entry, ParameterError, check, tidy};
use crate::units::{Angle, Length};
use serde::{Deserialize, Serialize};

parameters! {
    /// What an examiner is told of a scan. No score depends on them.
    QualityLimits as "quality" {
        /// Greatest distance between samples.
        greatest_spacing: 12.5 um, 1.0..=100.0, "half the cutoff of extraction's S-filter";
        /// Least share of a mark's samples that were measured.
        least_measured: 0.9 share, 0.0..=1.0, "chosen: good marks stay well within it";
        /// Greatest noise as a multiple of the texture's standard deviation.
        greatest_noise: 1.0 share, 0.0..=100.0, "chosen: good marks stay well within it";
        /// Greatest share of samples that are far off their surroundings.
        greatest_outliers: 0.01 share, 0.0..=1.0, "chosen: good marks stay well within it";
        /// Greatest share of samples at the very ends of the range of heights.
        greatest_saturated: 0.005 share, 0.0..=1.0, "an instrument's end of range is flat, a mark is not";
        /// Greatest tilt.
        greatest_tilt: 3.0 deg, 0.0..=90.0, "a primer of 3.5 mm then spans 180 um of depth";
        /// Least share of the primer's circumference in view.
        least_in_view: 0.8 share, 0.0..=1.0, "a fifth of the mark is lost";
        /// Greatest share of a side of the frame that a mark may run along.
        greatest_cut: 0.3 share, 0.0..=1.0, "chosen: a circle touches a side along a tenth of it";
        /// Least standard deviation of the texture that is compared.
        least_texture: 0.1 um, 0.0..=10.0, "chosen: a fifth of the weakest real one";
        /// Greatest NCC with a reference in the store that two cases of one firearm may still have.
        greatest_stored_ncc: 0.95 share, 0.0..=1.0, "measured: two cases of one firearm reach 0.92, one mark exported anew 0.96 to 0.99: benches/README.md, quality";
        /// Greatest age of the instrument's calibration, in days.
        oldest_calibration_days: 365 count, 1..=36_500, "a year, as laboratories' procedures have it";
    }
}

impl QualityLimits {
    /// Checks every bound.
    ///
    /// # Errors
    /// The first limit outside its bounds.
    pub fn check(&self) -> Result<(), ParameterError> {
        check(&self.list())
    }
}
