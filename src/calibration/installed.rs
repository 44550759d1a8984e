//! What does a program that has a calibration, or none, say of a comparison?
//!
//! [`WeightReport`] is what the command line and the service give out: all of a likelihood ratio, or the reason why the score
//! only ranks. A score is *statistically validated* where the calibration was tried on other sources against
//! criteria that were set beforehand and met them: the `metrics.json` of `casemark evaluate --calibration` says so.

use super::{
    Calibration, CalibrationError, CalibrationFileError, OutOfScope, Scope, ScoreClass, Weight,
};
use crate::digest::Digest;
use crate::report::Figures;
use crate::statistics::{BoundReached, Features};
use serde::{Deserialize, Serialize};

/// A calibration in use, or none.
#[derive(Clone, Debug, Default)]
pub struct Installed(Option<One>);

#[derive(Clone, Debug)]
struct One {
    calibration: Calibration,
    sha256: Digest,
    validated: bool,
}

/// What cannot be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// It is no validation.
    #[error("no validation of a calibration: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another calibration, or of none.
    #[error("it validates {}, the calibration is {wanted}", Found(.found.as_ref()))]
    Other {
        /// Of which.
        found: Option<Digest>,
        /// Of which it should be.
        wanted: Digest,
    },
    /// It was tried on what it was made of.
    #[error("the calibration was tried on the very scores that it was made of, wanted others")]
    OfItsOwn,
    /// Its criteria were not met, or there were none.
    #[error("the calibration {}", if *.criteria { "did not meet the criteria" } else { "was not held against criteria" })]
    NotPassed {
        /// Whether there were criteria.
        criteria: bool,
    },
}

struct Found<'a>(Option<&'a Digest>);

impl std::fmt::Display for Found<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(digest) => write!(formatter, "the calibration {digest}"),
            None => formatter.write_str("no frozen calibration"),
        }
    }
}

/// What is read of the metrics of a validation.
#[derive(Deserialize)]
struct Validation {
    calibration_sha256: Option<Digest>,
    scores_sha256: Digest,
    passed: Option<bool>,
}

/// A weight. All of a likelihood ratio, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeightReport {
    /// What may be made of the score.
    pub score_class: ScoreClass,
    /// log10 of the likelihood ratio, within the bounds.
    pub log10_lr: Option<f64>,
    /// Lower end of its 90 % interval.
    pub log10_lr_low: Option<f64>,
    /// Upper end.
    pub log10_lr_high: Option<f64>,
    /// Whether a bound was met, and which.
    pub bound_reached: Option<BoundReached>,
    /// The same in words (ENFSI 2015).
    pub verbal: Option<String>,
    /// The reference population.
    pub population: Option<String>,
    /// The calibration.
    pub calibration_sha256: Option<Digest>,
    /// Why there is no likelihood ratio.
    pub rank_only_reason: Option<String>,
    /// How many references of other sources may be expected to reach the score in a search of as many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_by_chance: Option<f64>,
    /// Its upper bound, 95 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_by_chance_upper: Option<f64>,
}

impl Installed {
    /// The calibration of a file's text.
    ///
    /// # Errors
    /// It is none, was changed, or is of another version.
    pub fn from_json(calibration: &str) -> Result<Self, CalibrationFileError> {
        let (calibration, sha256) = Calibration::from_json(calibration)?;
        Ok(Self(Some(One { calibration, sha256, validated: false })))
    }

    /// The same, validated: by the text of the metrics of its validation. None stays none.
    ///
    /// # Errors
    /// They are of another calibration, or say that it did not pass.
    pub fn validated_by(mut self, metrics: &str) -> Result<Self, InstallError> {
        let Validation { calibration_sha256: found, scores_sha256, passed } =
            serde_json::from_str(metrics)?;
        if let Some(one) = &mut self.0 {
            let wanted = one.sha256;
            if found != Some(wanted) {
                return Err(InstallError::Other { found, wanted });
            }
            if scores_sha256 == one.calibration.population.scores_sha256 {
                return Err(InstallError::OfItsOwn);
            }
            if passed != Some(true) {
                return Err(InstallError::NotPassed { criteria: passed.is_some() });
            }
            one.validated = true;
        }
        Ok(self)
    }

    /// Whether there is one.
    #[must_use]
    pub const fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// The calibration and the SHA-256 of its file.
    #[must_use]
    pub fn calibration(&self) -> Option<(&Calibration, Digest)> {
        self.0.as_ref().map(|one| (&one.calibration, one.sha256))
    }

    /// Weighs a comparison, found among so many searched references or none. Time: [`Calibration::weigh`].
    ///
    /// # Errors
    /// A bootstrap that cannot be done.
    pub fn weigh(
        &self,
        figures: &Figures,
        scope: &Scope<'_>,
        searched: Option<u64>,
    ) -> Result<WeightReport, CalibrationError> {
        let Some(One { calibration, sha256, validated }) = &self.0 else {
            return Ok(WeightReport::rank_only(&OutOfScope::NoCalibration));
        };
        let features = Features {
            congruent: u32::try_from(figures.cmc_count).unwrap_or(u32::MAX),
            compared: u32::try_from(figures.cells).unwrap_or(u32::MAX),
            ncc: figures.ncc.unwrap_or(0.0),
        };
        let mut weight = match calibration.weigh(&features, scope)? {
            Weight::RankOnly(reason) => WeightReport::rank_only(&reason),
            Weight::LikelihoodRatio(ratio) => WeightReport {
                score_class: if *validated {
                    ScoreClass::StatisticallyValidated
                } else {
                    ScoreClass::Interpretable
                },
                log10_lr: Some(ratio.log10_lr),
                log10_lr_low: Some(ratio.interval[0]),
                log10_lr_high: Some(ratio.interval[1]),
                bound_reached: Some(ratio.bound),
                verbal: Some(ratio.support.sentence()),
                ..WeightReport::default()
            },
        };
        weight.population = Some(calibration.population.name.clone());
        weight.calibration_sha256 = Some(*sha256);
        if let (Some(searched), true) = (searched, weight.is_given()) {
            let chance = calibration.chance(&features, searched as usize)?;
            weight.expected_by_chance = Some(chance.expected);
            weight.expected_by_chance_upper = Some(chance.expected_upper);
        }
        Ok(weight)
    }
}

impl Default for WeightReport {
    /// Nothing is known.
    fn default() -> Self {
        Self {
            score_class: ScoreClass::RankOnly,
            log10_lr: None,
            log10_lr_low: None,
            log10_lr_high: None,
            bound_reached: None,
            verbal: None,
            population: None,
            calibration_sha256: None,
            rank_only_reason: None,
            expected_by_chance: None,
            expected_by_chance_upper: None,
        }
    }
}

impl WeightReport {
    /// Of a score that only ranks.
    #[must_use]
    pub fn rank_only(reason: &OutOfScope) -> Self {
        Self { rank_only_reason: Some(reason.to_string()), ..Self::default() }
    }

    /// Whether there is a likelihood ratio.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.log10_lr.is_some()
    }
}
