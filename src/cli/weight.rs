//! What a comparison weighs, as it is given out.

use super::args::CalibrationArguments;
use super::output::decimals;
use crate::calibration::{Calibration, OutOfScope, Scope, ScoreClass, Weight};
use crate::digest::Digest;
use crate::report::{ComparisonReport, Figures};
use crate::statistics::{BoundReached, Features};
use crate::surface::Kind;
use anyhow::Context as _;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// The calibration in use, if there is one.
pub(super) struct Installed(Option<(Calibration, Digest)>);

/// The calibration of a file, and its SHA-256.
pub(super) fn calibration(path: &Path) -> anyhow::Result<(Calibration, Digest)> {
    let read =
        || -> anyhow::Result<_> { Ok(Calibration::from_json(&std::fs::read_to_string(path)?)?) };
    read().with_context(|| path.display().to_string())
}

/// What is known of a comparison besides its figures.
#[derive(Clone, Copy, Default)]
pub(super) struct Known<'a> {
    pub(super) kind: Option<Kind>,
    pub(super) mark: Option<&'a str>,
    pub(super) calibre: Option<&'a str>,
    /// References that were searched, for how many may reach the score by chance.
    pub(super) searched: Option<u64>,
}

/// A weight. All of a likelihood ratio, or why there is none.
#[derive(Clone, Debug, Serialize)]
pub(super) struct WeightReport {
    /// What may be made of the score.
    pub(super) score_class: ScoreClass,
    /// log10 of the likelihood ratio, within the bounds.
    pub(super) log10_lr: Option<f64>,
    /// Lower end of its 90 % interval.
    pub(super) log10_lr_low: Option<f64>,
    /// Upper end.
    pub(super) log10_lr_high: Option<f64>,
    /// Whether a bound was met, and which.
    pub(super) bound_reached: Option<BoundReached>,
    /// The same in words (ENFSI 2015).
    pub(super) verbal: Option<String>,
    /// The reference population.
    pub(super) population: Option<String>,
    /// The calibration.
    pub(super) calibration_sha256: Option<Digest>,
    /// Why there is no likelihood ratio.
    pub(super) rank_only_reason: Option<String>,
    /// How many references of other sources may be expected to reach the score in a search of as many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected_by_chance: Option<f64>,
    /// Its upper bound, 95 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected_by_chance_upper: Option<f64>,
}

impl Installed {
    pub(super) fn read(arguments: &CalibrationArguments) -> anyhow::Result<Self> {
        Ok(Self(arguments.calibration.as_deref().map(calibration).transpose()?))
    }

    /// Whether there is one.
    pub(super) const fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn weigh(
        &self,
        report: &ComparisonReport,
        known: Known<'_>,
    ) -> anyhow::Result<WeightReport> {
        let mut weight = WeightReport {
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
        };
        let Some((calibration, digest)) = &self.0 else {
            weight.rank_only_reason = Some(OutOfScope::NoCalibration.to_string());
            return Ok(weight);
        };
        weight.population = Some(calibration.population.name.clone());
        weight.calibration_sha256 = Some(*digest);
        let features = features(&report.figures);
        let scope = Scope {
            engine_version: &report.engine_version,
            parameters_digest: report.parameters_digest,
            kind: known.kind,
            mark: known.mark,
            instruments: [None, None],
            calibres: [known.calibre, None],
        };
        let found = calibration.weigh(&features, &scope)?;
        weight.score_class = found.class();
        match found {
            Weight::RankOnly(reason) => weight.rank_only_reason = Some(reason.to_string()),
            Weight::LikelihoodRatio(ratio) => {
                weight.log10_lr = Some(ratio.log10_lr);
                weight.log10_lr_low = Some(ratio.interval[0]);
                weight.log10_lr_high = Some(ratio.interval[1]);
                weight.bound_reached = Some(ratio.bound);
                weight.verbal = Some(ratio.support.sentence());
                if let Some(searched) = known.searched {
                    let chance = calibration.chance(&features, searched as usize)?;
                    weight.expected_by_chance = Some(chance.expected);
                    weight.expected_by_chance_upper = Some(chance.expected_upper);
                }
            }
        }
        Ok(weight)
    }
}

fn features(figures: &Figures) -> Features {
    Features {
        congruent: figures.cmc_count as u32,
        compared: figures.cells as u32,
        ncc: figures.ncc.unwrap_or(0.0),
    }
}

/// A comparison with what it weighs.
#[derive(Serialize)]
pub(super) struct Weighed {
    #[serde(flatten)]
    pub(super) comparison: ComparisonReport,
    #[serde(flatten)]
    pub(super) weight: WeightReport,
}

impl WeightReport {
    /// Whether there is a likelihood ratio.
    pub(super) const fn is_given(&self) -> bool {
        self.log10_lr.is_some()
    }

    /// The calibration's digest; empty where there is none.
    pub(super) fn calibration(&self) -> String {
        self.calibration_sha256.map(|digest| digest.to_string()).unwrap_or_default()
    }

    /// The ratio and its interval in few characters; a dash where there is none.
    pub(super) fn short(&self) -> String {
        let Some(ratio) = self.log10_lr else { return "-".to_owned() };
        let ends = [self.log10_lr_low, self.log10_lr_high].map(|end| decimals(end, 2));
        let bound = match self.bound_reached {
            Some(BoundReached::Upper) => ">=",
            Some(BoundReached::Lower) => "<=",
            Some(BoundReached::Within) | None => "",
        };
        format!("{bound}{ratio:.2} [{}, {}]", ends[0], ends[1])
    }

    /// In some lines.
    pub(super) fn describe(&self) -> String {
        let mut text = String::new();
        if let (Some(verbal), Some(population)) = (&self.verbal, &self.population) {
            let bound = match self.bound_reached {
                Some(BoundReached::Upper) => ", the most that the data support",
                Some(BoundReached::Lower) => ", the least that the data support",
                Some(BoundReached::Within) | None => "",
            };
            let _ = write!(
                text,
                "log10 likelihood ratio    {} (90 % interval){bound}\n{verbal}\npopulation {population}, calibration {}\n",
                self.short(),
                self.calibration().get(..16).unwrap_or_default(),
            );
        } else if let Some(reason) = &self.rank_only_reason {
            let _ = writeln!(text, "no likelihood ratio: {reason}; the score ranks only");
        }
        text
    }
}
