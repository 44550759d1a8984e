//! What is the same word for who asks and for who answers?
//!
//! For the service and for the client: values that stand for one another in the engine and in the contract, both ways.

use crate::audit::Outcome;
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
