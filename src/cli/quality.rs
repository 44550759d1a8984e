//! Quality at the door: what is said of a scan before it is entered or compared.

use crate::format::Metadata;
use crate::mark::Mark;
use crate::parameters::QualityLimits;
use crate::preprocess::PreprocessError;
use crate::quality::{Calibration, Circumstances, Finding, Level, Quality, examine};
use crate::signature::Signature;
use crate::units::Length;
use jiff::civil::Date;
use std::fmt::Write as _;

/// Examines a mark that was found on a scan, and its texture.
pub(super) fn of(
    mark: &Mark<'_>,
    signature: &Result<Signature, PreprocessError>,
    metadata: &Metadata,
) -> Quality {
    let texture =
        |signature: &Signature| signature.summary().deviation_um.map(Length::from_micrometres);
    let circumstances = Circumstances {
        texture: signature.as_ref().map(texture).map_err(Clone::clone),
        in_view: mark.head.as_ref().map(|head| head.in_view),
        calibration: calibration(metadata),
    };
    examine(&mark.surface, &circumstances, &QualityLimits::default())
}

/// When the instrument was calibrated, by what the file says.
fn calibration(metadata: &Metadata) -> Calibration {
    // A date may be followed by a time, which does not matter.
    let date = |text: &Option<String>| {
        text.as_deref().and_then(|text| text.get(..10)).and_then(|text| text.parse::<Date>().ok())
    };
    match (date(&metadata.calibration_date), date(&metadata.date)) {
        (None, _) => Calibration::NotStated,
        (Some(_), None) => Calibration::Undated,
        (Some(calibrated), Some(measured)) => {
            let days = measured.duration_since(calibrated).as_secs() / 86_400;
            Calibration::DaysBefore(days)
        }
    }
}

/// A line a finding.
pub(super) fn lines(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { level, words, .. } in findings {
        let level = match level {
            Level::Note => "note",
            Level::Warn => "warning",
            Level::Refuse => "refused",
        };
        let _ = writeln!(text, "{level:<18}{words}");
    }
    text
}
