//! What is known of a scan that stands at the door?

use super::{Calibration, Circumstances, Quality, Rules, examine};
use crate::format::Metadata;
use crate::mark::Mark;
use crate::preprocess::PreprocessError;
use crate::signature::Signature;
use crate::units::Length;
use jiff::civil::Date;

/// Examines a mark that was found on a scan, by its surface, its texture and what the file says of the instrument.
///
/// Cost: as [`examine`].
#[must_use]
pub fn examine_mark(
    mark: &Mark<'_>,
    signature: &Result<Signature, PreprocessError>,
    metadata: &Metadata,
    rules: &Rules,
) -> Quality {
    let texture =
        |signature: &Signature| signature.summary().deviation_um.map(Length::from_micrometres);
    let circumstances = Circumstances {
        texture: signature.as_ref().map(texture).map_err(Clone::clone),
        in_view: mark.head.as_ref().map(|head| head.in_view),
        calibration: calibration(metadata),
    };
    examine(&mark.surface, &circumstances, rules)
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
