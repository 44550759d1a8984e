//! Is a scan good enough, and what should the examiner know of it?
//!
//! [`examine`] measures the surface of a mark and says what it found in words: each [`Finding`] has a
//! name that never changes, a level, the figure and the threshold. For whoever stands at the door, before a
//! scan is entered or compared. Not for what a comparison is worth, and not for files that cannot be read.

#[cfg(feature = "store")]
mod door;
mod finding;
mod measure;
mod rules;
#[cfg(test)]
mod tests;

#[cfg(feature = "store")]
pub use door::examine_mark;
pub use finding::{Finding, Level, Name, Nearest, Unit};
pub use measure::Measures;
pub use rules::Rules;

use crate::preprocess::PreprocessError;
use crate::surface::{Kind, Surface};
use crate::units::{Angle, Length};
use std::cmp::Reverse;

/// What is known of a scan besides the surface of its mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    /// Standard deviation of the mark's texture in the band that is compared, `None` of a picture; or why there is
    /// no texture.
    pub texture: Result<Option<Length>, PreprocessError>,
    /// Share of the primer's circumference that is in view, 0 to 1; `None` where the scan is cropped to its mark.
    pub in_view: Option<f64>,
    /// Between flat ground of the scan and the horizontal; `None` where none is known, and of a picture.
    pub tilt: Option<Angle>,
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
    /// Holds the mark against what is most like it in a store.
    pub fn hold_against(&mut self, nearest: &Nearest, rules: &Rules) {
        self.findings.extend(nearest.finding(&rules.limits));
        self.judge(rules);
    }

    /// Whether it was found most like another mark already.
    #[must_use]
    pub fn is_near_duplicate(&self) -> bool {
        self.findings.iter().any(|finding| finding.name == Name::NearDuplicate)
    }

    /// Levels by these rules, and the order.
    fn judge(&mut self, rules: &Rules) {
        self.findings.iter_mut().for_each(|finding| finding.level = rules.level(finding));
        self.findings.sort_by_key(|finding| (Reverse(finding.level), finding.name));
    }

    /// Why the mark is not to be entered, in words; `None` if it may be.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let refusing = self.findings.iter().filter(|finding| finding.level == Level::Refuse);
        let words: Vec<&str> = refusing.map(|finding| finding.words.as_str()).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// Measures the surface of a mark and holds it against the rules.
///
/// Cost: about that of reading the surface once, some milliseconds for a mark of 550 by 550 samples.
#[must_use]
pub fn examine(surface: &Surface, circumstances: &Circumstances, rules: &Rules) -> Quality {
    let measures = Measures::of(surface);
    let kind = surface.kind();
    let mut findings = finding::of_measures(&measures, kind, circumstances, &rules.limits);
    if kind == Kind::Reflectance {
        findings.push(Finding::not_metrological());
    }
    let mut quality = Quality { measures, findings };
    quality.judge(rules);
    quality
}
