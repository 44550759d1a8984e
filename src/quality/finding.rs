//! What is wrong or odd, how badly, and how is that said?

use super::{Calibration, Circumstances, Measures};
use crate::parameters::QualityLimits;
use crate::preprocess::PreprocessError;
use crate::striation::StriationError;
use crate::surface::Kind;
use crate::units::{Angle, Length};
use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// May cost a match: measure again if that is possible.
    Warn,
    /// Not to be entered.
    Refuse,
}

/// What it is about. The names are written into files and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// The samples are too far apart for the mark.
    Spacing,
    /// Much of the mark was not measured.
    Missing,
    /// The noise is large against the texture.
    Noise,
    /// Many samples are far off their surroundings.
    Outliers,
    /// Heights end at the instrument's limit.
    Saturation,
    /// The surface was measured at a slant.
    Tilt,
    /// The mark goes on beyond the frame.
    Clipped,
    /// There is next to no texture in the band that is compared.
    Texture,
    /// The instrument's calibration is not stated, or old.
    Calibration,
    /// Grey levels are no heights.
    NotMetrological,
    /// The very file is in the store.
    Duplicate,
    /// The mark is in the store, measured or exported another time.
    NearDuplicate,
}

/// In what figures of a finding are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Unit {
    /// "1", of shares and ratios.
    #[serde(rename = "1")]
    One,
    /// "um".
    #[serde(rename = "um")]
    Micrometre,
    /// "deg".
    #[serde(rename = "deg")]
    Degree,
    /// "day".
    #[serde(rename = "day")]
    Day,
    /// "sample", of a number of them.
    #[serde(rename = "sample")]
    Sample,
}

impl Unit {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::One, Self::Micrometre, Self::Degree, Self::Day, Self::Sample];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Micrometre => "um",
            Self::Degree => "deg",
            Self::Day => "day",
            Self::Sample => "sample",
        }
    }
}

/// One thing that an examiner should know.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub name: Name,
    /// How bad it is.
    pub level: Level,
    /// What was found, in `unit`; `None` where that is no number.
    pub found: Option<f64>,
    /// The threshold that it passed.
    pub threshold: Option<f64>,
    /// Of both.
    pub unit: Unit,
    /// For people.
    pub words: String,
}

impl Finding {
    /// Why a mark has no texture that could be compared.
    fn refusal(refusal: &PreprocessError) -> Self {
        let micrometres = |length: Length| length.micrometres();
        let (name, found, threshold, unit) = match refusal {
            PreprocessError::TooCoarse { found, wanted, .. }
            | PreprocessError::Striae(StriationError::TooCoarse { found, wanted }) => (
                Name::Spacing,
                Some(micrometres(*found)),
                Some(micrometres(*wanted)),
                Unit::Micrometre,
            ),
            PreprocessError::TooFewSamples { found, wanted, .. }
            | PreprocessError::Striae(StriationError::TooFewValid { found, wanted, .. }) => {
                (Name::Missing, Some(*found as f64), Some(*wanted as f64), Unit::Sample)
            }
            PreprocessError::Flat | PreprocessError::Striae(_) => {
                (Name::Texture, None, None, Unit::Micrometre)
            }
        };
        let words = refusal.to_string();
        Self { name, level: Level::Refuse, found, threshold, unit, words }
    }

    pub(super) fn not_metrological() -> Self {
        Self {
            name: Name::NotMetrological,
            level: Level::Note,
            found: None,
            threshold: None,
            unit: Unit::One,
            words: "grey levels of a picture are no heights: compared with other pictures only"
                .to_owned(),
        }
    }
}

/// A reference in the store that is most like a mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// How people find it: its scan and exhibit.
    pub reference: String,
    /// Normalised cross-correlation with it; `None` where they share too few samples at any pose.
    pub ncc: Option<f64>,
    /// Whether both are of one file.
    pub same_file: bool,
}

impl Nearest {
    /// What to make of it, if anything.
    pub(super) fn finding(&self, limits: &QualityLimits) -> Option<Finding> {
        let Self { reference, ncc, same_file } = self;
        let threshold = limits.greatest_stored_ncc;
        let beyond =
            |name, found| Beyond { name, level: Level::Warn, found, threshold, unit: Unit::One };
        let found = ncc.filter(|ncc| *ncc > threshold);
        if *same_file {
            return Some(Finding {
                name: Name::Duplicate,
                level: Level::Note,
                found: None,
                threshold: None,
                unit: Unit::One,
                words: format!("this very file is in the store: {reference}"),
            });
        }
        found.map(|found| {
            beyond(Name::NearDuplicate, found).finding(format!(
                "the mark is in the store already, it seems, measured or exported another time: it correlates to {found:.3} \
                 with {reference}, and two cases of one firearm to at most {threshold:.2}"
            ))
        })
    }
}

/// A figure on the wrong side of its limit.
struct Beyond {
    name: Name,
    level: Level,
    found: f64,
    threshold: f64,
    unit: Unit,
}

impl Beyond {
    fn finding(self, words: String) -> Finding {
        let Self { name, level, found, threshold, unit } = self;
        Finding { name, level, found: Some(found), threshold: Some(threshold), unit, words }
    }
}

/// Everything beyond its limit.
pub(super) fn of_measures(
    measures: &Measures,
    kind: Kind,
    circumstances: &Circumstances,
    limits: &QualityLimits,
) -> Vec<Finding> {
    let percent = |share: f64| share * 100.0;
    let mut findings = Vec::new();
    let warn =
        |name, found, threshold, unit| Beyond { name, level: Level::Warn, found, threshold, unit };
    let (spacing, wanted) = (measures.spacing.micrometres(), limits.greatest_spacing.micrometres());
    if spacing > wanted {
        findings.push(warn(Name::Spacing, spacing, wanted, Unit::Micrometre).finding(format!(
            "samples are {spacing:.1} um apart, wanted at most {wanted:.1} um: fine marks are lost"
        )));
    }
    let (measured, wanted) = (measures.measured, limits.least_measured);
    if measured < wanted {
        findings.push(warn(Name::Missing, measured, wanted, Unit::One).finding(format!(
            "only {:.0} % of the mark was measured, wanted at least {:.0} %",
            percent(measured),
            percent(wanted)
        )));
    }
    if let (Some(noise), Ok(Some(texture))) = (measures.noise, &circumstances.texture) {
        let (ratio, wanted) = (noise.ratio(*texture), limits.greatest_noise);
        if ratio > wanted {
            findings.push(warn(Name::Noise, ratio, wanted, Unit::One).finding(format!(
                "the noise of {noise:.2} is {ratio:.1} times the texture of {texture:.2}, wanted at most {wanted:.1} times"
            )));
        }
    }
    let (outliers, wanted) = (measures.outliers, limits.greatest_outliers);
    if outliers > wanted {
        findings.push(warn(Name::Outliers, outliers, wanted, Unit::One).finding(format!(
            "{:.1} % of the samples are far off their surroundings, wanted at most {:.1} %",
            percent(outliers),
            percent(wanted)
        )));
    }
    let (saturated, wanted) = (measures.saturated, limits.greatest_saturated);
    if saturated > wanted {
        let (range, why) = match kind {
            Kind::Topography => ("heights", "the instrument cut them off"),
            Kind::Reflectance => ("grey levels", "too much or too little light"),
        };
        findings.push(warn(Name::Saturation, saturated, wanted, Unit::One).finding(format!(
            "{:.1} % of the samples are at the very end of the range of {range}, wanted at most {:.1} %: {why}",
            percent(saturated),
            percent(wanted)
        )));
    }
    let wanted = limits.greatest_tilt.degrees();
    if let Some(tilt) = circumstances.tilt.map(Angle::degrees).filter(|tilt| *tilt > wanted) {
        findings.push(warn(Name::Tilt, tilt, wanted, Unit::Degree).finding(format!(
            "the surface slants by {tilt:.1} deg, wanted at most {wanted:.1} deg: one side may be out of focus"
        )));
    }
    findings.extend(clipped(measures, circumstances, limits));
    findings.extend(texture(circumstances, limits));
    findings.extend(calibration(circumstances, limits));
    findings
}

fn clipped(
    measures: &Measures,
    circumstances: &Circumstances,
    limits: &QualityLimits,
) -> Option<Finding> {
    let beyond = |found, threshold| Beyond {
        name: Name::Clipped,
        level: Level::Warn,
        found,
        threshold,
        unit: Unit::One,
    };
    match circumstances.in_view {
        Some(in_view) => {
            let wanted = limits.least_in_view;
            (in_view < wanted).then(|| {
                beyond(in_view, wanted).finding(format!(
                    "only {:.0} % of the primer's circumference is in view, wanted at least {:.0} %",
                    in_view * 100.0,
                    wanted * 100.0
                ))
            })
        }
        None => {
            let (cut, wanted) = (measures.cut, limits.greatest_cut);
            (cut > wanted).then(|| {
                beyond(cut, wanted).finding(format!(
                    "the mark runs along {:.0} % of a side of the frame, wanted at most {:.0} %: it goes on beyond",
                    cut * 100.0,
                    wanted * 100.0
                ))
            })
        }
    }
}

fn texture(circumstances: &Circumstances, limits: &QualityLimits) -> Option<Finding> {
    let texture = match &circumstances.texture {
        Ok(texture) => (*texture)?,
        Err(refusal) => return Some(Finding::refusal(refusal)),
    };
    let (found, threshold) = (texture.micrometres(), limits.least_texture.micrometres());
    (found < threshold).then(|| {
        Beyond { name: Name::Texture, level: Level::Warn, found, threshold, unit: Unit::Micrometre }.finding(
            format!(
                "the texture that is compared has a standard deviation of {found:.3} um, wanted at least {threshold:.3} um: hardly any mark"
            ),
        )
    })
}

fn calibration(circumstances: &Circumstances, limits: &QualityLimits) -> Option<Finding> {
    let note = |words: &str| Finding {
        name: Name::Calibration,
        level: Level::Note,
        found: None,
        threshold: None,
        unit: Unit::Day,
        words: words.to_owned(),
    };
    match circumstances.calibration {
        Calibration::NotStated => Some(note("when the instrument was calibrated is not stated")),
        Calibration::Undated => Some(note(
            "when the scan was measured is not stated, so how old the calibration was is not known",
        )),
        Calibration::DaysBefore(days) => {
            let (found, threshold) = (days as f64, limits.oldest_calibration_days as f64);
            (days < 0 || found > threshold).then(|| {
                let words = if days < 0 {
                    format!("the instrument is said to be calibrated {} days after the scan", -days)
                } else {
                    format!("the instrument was calibrated {days} days before the scan, wanted at most {threshold}")
                };
                Beyond { name: Name::Calibration, level: Level::Warn, found, threshold, unit: Unit::Day }
                    .finding(words)
            })
        }
    }
}
