//! What is the same word for who asks and for who answers?
//!
//! For the service and for the client: values that stand for one another in the engine and in the contract, both ways.

use crate::audit::Outcome;
use crate::quality::Name;
use crate::service::pb;
use crate::store::{Audience, Existence, MarkKind, Sharing};
use jiff::Timestamp;
use prost_types::Timestamp as PbTimestamp;

pub(crate) fn timestamp(time: Timestamp) -> PbTimestamp {
    // The contract counts nanoseconds forward from the second, the engine towards zero before 1970.
    let (seconds, nanos) = (time.as_second(), time.subsec_nanosecond());
    if nanos < 0 {
        PbTimestamp { seconds: seconds - 1, nanos: nanos + 1_000_000_000 }
    } else {
        PbTimestamp { seconds, nanos }
    }
}

pub(crate) const fn mark(kind: MarkKind) -> pb::MarkKind {
    match kind {
        MarkKind::BreechFace => pb::MarkKind::BreechFace,
        MarkKind::FiringPin => pb::MarkKind::FiringPin,
        MarkKind::Ejector => pb::MarkKind::Ejector,
        MarkKind::ApertureShear => pb::MarkKind::ApertureShear,
    }
}

/// `None` for what is not stated.
pub(crate) const fn mark_kind(mark: pb::MarkKind) -> Option<MarkKind> {
    Some(match mark {
        pb::MarkKind::Unspecified => return None,
        pb::MarkKind::BreechFace => MarkKind::BreechFace,
        pb::MarkKind::FiringPin => MarkKind::FiringPin,
        pb::MarkKind::Ejector => MarkKind::Ejector,
        pb::MarkKind::ApertureShear => MarkKind::ApertureShear,
    })
}

pub(crate) const fn finding(name: Name) -> pb::QualityFindingKind {
    match name {
        Name::Spacing => pb::QualityFindingKind::Spacing,
        Name::Missing => pb::QualityFindingKind::Missing,
        Name::Noise => pb::QualityFindingKind::Noise,
        Name::Outliers => pb::QualityFindingKind::Outliers,
        Name::Saturation => pb::QualityFindingKind::Saturation,
        Name::Tilt => pb::QualityFindingKind::Tilt,
        Name::Clipped => pb::QualityFindingKind::Clipped,
        Name::Texture => pb::QualityFindingKind::Texture,
        Name::Calibration => pb::QualityFindingKind::Calibration,
        Name::NotMetrological => pb::QualityFindingKind::NotMetrological,
        Name::Duplicate => pb::QualityFindingKind::Duplicate,
        Name::NearDuplicate => pb::QualityFindingKind::NearDuplicate,
    }
}

/// `None` for what is said of the file, not of the mark.
pub(crate) const fn finding_name(kind: pb::QualityFindingKind) -> Option<Name> {
    Some(match kind {
        pb::QualityFindingKind::Spacing => Name::Spacing,
        pb::QualityFindingKind::Missing => Name::Missing,
        pb::QualityFindingKind::Noise => Name::Noise,
        pb::QualityFindingKind::Outliers => Name::Outliers,
        pb::QualityFindingKind::Saturation => Name::Saturation,
        pb::QualityFindingKind::Tilt => Name::Tilt,
        pb::QualityFindingKind::Clipped => Name::Clipped,
        pb::QualityFindingKind::Texture => Name::Texture,
        pb::QualityFindingKind::Calibration => Name::Calibration,
        pb::QualityFindingKind::NotMetrological => Name::NotMetrological,
        pb::QualityFindingKind::Duplicate => Name::Duplicate,
        pb::QualityFindingKind::NearDuplicate => Name::NearDuplicate,
        pb::QualityFindingKind::Unspecified
        | pb::QualityFindingKind::ManifestChecksumMissing
        | pb::QualityFindingKind::ManifestChecksumMismatch
        | pb::QualityFindingKind::PointChecksumMissing
        | pb::QualityFindingKind::ValidPointChecksumMissing
        | pb::QualityFindingKind::IncrementNotApplied
        | pb::QualityFindingKind::RotationNotApplied
        | pb::QualityFindingKind::InfiniteHeights
        | pb::QualityFindingKind::ReadAsMicrometres
        | pb::QualityFindingKind::ResolutionIgnored
        | pb::QualityFindingKind::ColourReduced
        | pb::QualityFindingKind::RowsNotPadded
        | pb::QualityFindingKind::QualityMapNotApplied
        | pb::QualityFindingKind::InversionNotApplied
        | pb::QualityFindingKind::RowOrderUnstated => return None,
    })
}

pub(crate) fn sharing(sharing: &Sharing) -> pb::Sharing {
    let (audience, countries) = match &sharing.audience {
        Audience::OwnLaboratory => (pb::Audience::OwnLaboratory, Vec::new()),
        Audience::Region => (pb::Audience::Region, Vec::new()),
        Audience::Countries(countries) => {
            (pb::Audience::Countries, countries.iter().map(ToString::to_string).collect())
        }
    };
    let tell_existence = sharing.existence == Existence::Told;
    pb::Sharing { audience: audience.into(), countries, tell_existence }
}

pub(crate) const fn audit_outcome(outcome: Outcome) -> pb::AuditOutcome {
    match outcome {
        Outcome::Done => pb::AuditOutcome::Done,
        Outcome::Refused => pb::AuditOutcome::Refused,
        Outcome::Failed => pb::AuditOutcome::Failed,
        Outcome::Cancelled => pb::AuditOutcome::Cancelled,
        Outcome::Begun => pb::AuditOutcome::Begun,
    }
}

/// `None` for what is not stated.
pub(crate) const fn outcome(outcome: pb::AuditOutcome) -> Option<Outcome> {
    Some(match outcome {
        pb::AuditOutcome::Unspecified => return None,
        pb::AuditOutcome::Done => Outcome::Done,
        pb::AuditOutcome::Refused => Outcome::Refused,
        pb::AuditOutcome::Failed => Outcome::Failed,
        pb::AuditOutcome::Cancelled => Outcome::Cancelled,
        pb::AuditOutcome::Begun => Outcome::Begun,
    })
}
