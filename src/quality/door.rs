//! What is known of a scan that stands at the door?

use super::{Calibration, Circumstances, Quality, Rules, examine};
use crate::format::Metadata;
use crate::mark::Mark;
use crate::preprocess::{PreprocessError, least_squares_plane};
use crate::signature::Signature;
use crate::surface::{Kind, MarkKind};
use crate::units::Length;
use jiff::civil::Date;

/// Examines a mark that was found on a scan, by its surface, its texture and what the file says of the instrument.
///
/// Cost: as [`examine`].
#[must_use]
pub fn examine_mark(
    mark: &Mark<'_>,
    kind: MarkKind,
    signature: &Result<Signature, PreprocessError>,
    metadata: &Metadata,
    rules: &Rules,
) -> Quality {
    let texture =
        |signature: &Signature| signature.summary().deviation_um.map(Length::from_micrometres);
    let plane = || least_squares_plane(&mark.surface).tilt(mark.surface.spacing());
    let circumstances = Circumstances {
        texture: signature.as_ref().map(texture).map_err(Clone::clone),
        in_view: mark.head.as_ref().map(|head| head.in_view),
        tilt: match &mark.head {
            Some(head) => head.tilt,
            // Other marks slant by themselves.
            None => (kind == MarkKind::BreechFace && mark.surface.kind() == Kind::Topography)
                .then(plane),
        },
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
