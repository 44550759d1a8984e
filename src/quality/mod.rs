//! Is a scan good enough, and what should the examiner know of it?
//!
//! [`examine`] measures the surface of a mark and says what it found in words: each [`Finding`] has a
//! name that never changes, a level, the figure and the threshold. For whoever stands at the door, before a
//! scan is entered or compared. Not for what a comparison is worth, and not for files that cannot be read.

mod finding;
mod measure;
#[cfg(test)]
mod tests;

pub use finding::{Finding, Level, Name};
pub use measure::Measures;

use crate::parameters::QualityLimits;
use crate::preprocess::PreprocessError;
use crate::surface::{Kind, Surface};
use crate::units::Length;

/// What is known of a scan besides the surface of its mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    /// Standard deviation of the mark's texture in the band that is compared, `None` of a picture; or why there is
    /// no texture.
    pub texture: Result<Option<Length>, PreprocessError>,
    /// Share of the primer's circumference that is in view, 0 to 1; `None` where the scan is cropped to its mark.
    pub in_view: Option<f64>,
    /// When the instrument was calibrated.
    pub calibration: Calibration,
}

/// When the instrument was calibrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calibration {
    /// Nobody says.
    NotStated,
    /// So many days before the scan was measured; fewer than none if after it.
    DaysBefore(i64),
    /// At a date, but it is not known when the scan was measured.
    Undated,
}

/// Everything that was measured, and what of it an examiner should know.
#[derive(Clone, Debug)]
pub struct Quality {
    /// The figures.
    pub measures: Measures,
    /// What is wrong or odd, the worst first, then in the order of [`Name`].
    pub findings: Vec<Finding>,
}

impl Quality {
    /// The worst level, if anything was found.
    #[must_use]
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.level).max()
    }
}

/// Measures the surface of a mark and holds it against the limits.
///
/// Cost: about that of reading the surface once, some milliseconds for a mark of 550 by 550 samples.
#[must_use]
pub fn examine(
    surface: &Surface,
    circumstances: &Circumstances,
    limits: &QualityLimits,
) -> Quality {
    let measures = Measures::of(surface);
    let mut findings = finding::of_measures(&measures, circumstances, limits);
    if surface.kind() == Kind::Reflectance {
        findings.push(Finding::not_metrological());
    }
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.level), finding.name));
    Quality { measures, findings }
}
