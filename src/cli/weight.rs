//! What a comparison weighs, as it is given out.

use super::args::CalibrationArguments;
use super::output::decimals;
use crate::calibration::{Calibration, Calibrations, Installed, Scope, Traits, WeightReport};
use crate::digest::Digest;
use crate::report::ComparisonReport;
use crate::statistics::BoundReached;
use crate::surface::MarkKind;
use anyhow::{Context as _, ensure};
use serde::Serialize;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The calibration of a file, and its SHA-256.
pub(super) fn calibration(path: &Path) -> anyhow::Result<(Calibration, Digest)> {
    let read = || -> anyhow::Result<_> { Ok(Calibration::from_json(&fs::read_to_string(path)?)?) };
    read().with_context(|| path.display().to_string())
}

/// What these files install; the second are the metrics of the first one's validation.
pub(super) fn install(
    calibration: Option<&Path>,
    validation: Option<&Path>,
) -> anyhow::Result<Installed> {
    let Some(path) = calibration else {
        ensure!(validation.is_none(), "there is a validation, but no calibration that it is of");
        return Ok(Installed::default());
    };
    let read = || -> anyhow::Result<_> { Ok(Installed::from_json(&fs::read_to_string(path)?)?) };
    let installed = read().with_context(|| path.display().to_string())?;
    let Some(path) = validation else { return Ok(installed) };
    let read = || -> anyhow::Result<_> { Ok(installed.validated_by(&fs::read_to_string(path)?)?) };
    read().with_context(|| path.display().to_string())
}

/// The calibrations of the command line, one for each kind of mark; each validation is of the calibration in its place.
pub(super) fn calibrations(arguments: &CalibrationArguments) -> anyhow::Result<Calibrations> {
    installed_from(&arguments.calibration, &arguments.validation)
}

/// The same of files, wherever they are named.
pub(super) fn installed_from(
    calibrations: &[PathBuf],
    validations: &[PathBuf],
) -> anyhow::Result<Calibrations> {
    ensure!(
        validations.is_empty() || validations.len() == calibrations.len().max(1),
        "there are {} validations of {} calibrations: wanted none, or one for each",
        validations.len(),
        calibrations.len()
    );
    if calibrations.is_empty() {
        return Ok(Calibrations::from(install(None, validations.first().map(PathBuf::as_path))?));
    }
    let mut all = Calibrations::default();
    for (place, path) in calibrations.iter().enumerate() {
        let validation = validations.get(place).map(PathBuf::as_path);
        let added = all.add(install(Some(path), validation)?);
        added.with_context(|| path.display().to_string())?;
    }
    Ok(all)
}

/// The calibration for a kind of mark.
pub(super) fn installed(
    arguments: &CalibrationArguments,
    mark: MarkKind,
) -> anyhow::Result<Installed> {
    Ok(calibrations(arguments)?.of_mark(mark).clone())
}

/// Weighs a comparison of a questioned scan with a reference; in a search, with how many references were searched.
pub(super) fn weigh(
    installed: &Installed,
    report: &ComparisonReport,
    traits: [&Traits; 2],
    searched: Option<u64>,
) -> anyhow::Result<WeightReport> {
    let scope = Scope::of(&report.engine_version, report.parameters_digest, traits);
    Ok(installed.weigh(&report.figures, &scope, searched)?)
}

/// A comparison with what it weighs.
#[derive(Serialize)]
pub(super) struct Weighed {
    #[serde(flatten)]
    pub(super) comparison: ComparisonReport,
    #[serde(flatten)]
    pub(super) weight: WeightReport,
    /// `false` of reflectance images; not said of topographies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metrological: Option<bool>,
}

/// The first digits of the calibration's hash; empty where there is none.
pub(super) fn calibration_id(weight: &WeightReport) -> String {
    let digest = weight.calibration_sha256.map(|digest| digest.to_string()).unwrap_or_default();
    digest.get(..16).unwrap_or_default().to_owned()
}

/// The ratio and its interval in few characters; a dash where there is none.
pub(super) fn short(weight: &WeightReport) -> String {
    let Some(ratio) = weight.log10_lr else { return "-".to_owned() };
    let ends = [weight.log10_lr_low, weight.log10_lr_high].map(|end| decimals(end, 2));
    let bound = match weight.bound_reached {
        Some(BoundReached::Upper) => ">=",
        Some(BoundReached::Lower) => "<=",
        Some(BoundReached::Within) | None => "",
    };
    format!("{bound}{ratio:.2} [{}, {}]", ends[0], ends[1])
}

/// In some lines.
pub(super) fn describe(weight: &WeightReport) -> String {
    let mut text = String::new();
    if let (Some(verbal), Some(population)) = (&weight.verbal, &weight.population) {
        let bound = match weight.bound_reached {
            Some(BoundReached::Upper) => ", the most that the data support",
            Some(BoundReached::Lower) => ", the least that the data support",
            Some(BoundReached::Within) | None => "",
        };
        let _ = write!(
            text,
            "log10 likelihood ratio    {} (90 % interval){bound}\n{verbal}\npopulation {population}, calibration {}\n",
            short(weight),
            calibration_id(weight),
        );
    } else if let Some(reason) = &weight.rank_only_reason {
        let _ = writeln!(text, "no likelihood ratio: {reason}; the score ranks only");
    }
    text
}
