//! May they?

use super::action::{Action, Roles};
use super::identity::Identity;
use crate::store::{Audience, Country, Existence, Sharing};

/// What has to be known of a record to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordFacts<'a> {
    /// The laboratory that entered it.
    pub laboratory: &'a str,
    /// With whom it is shared.
    pub sharing: &'a Sharing,
}

/// Why something is denied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DenyReason {
    /// The configuration does not name the laboratory.
    #[error("laboratory {laboratory} is not known here")]
    UnknownLaboratory {
        /// The laboratory.
        laboratory: String,
    },
    /// The certificate names another country than the configuration.
    #[error("laboratory {laboratory} is one of {wanted}, not of {found}")]
    OtherCountry {
        /// The laboratory.
        laboratory: String,
        /// The country of the configuration.
        wanted: Country,
        /// The country of the certificate.
        found: Country,
    },
    /// No role of the laboratory may.
    #[error("no role of laboratory {laboratory} allows {action}")]
    Role {
        /// The laboratory.
        laboratory: String,
        /// What was asked.
        action: Action,
    },
    /// The record is another laboratory's, and only that one may.
    #[error("only the laboratory that entered it may {action} it")]
    NotOwner {
        /// What was asked.
        action: Action,
    },
    /// The asker may not even learn that there is such a record: the answer has to be the one that a record
    /// gets that is not there.
    #[error("nothing of that name is there")]
    Hidden,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny(DenyReason),
    /// The asker may learn that there is such a record, and whose, and nothing else of it: no score, no
    /// metadata, no file.
    Restricted,
}

impl Decision {
    /// Whether it is yes.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        *self == Self::Allow
    }
}

/// Decides whether an identity with these roles may do this, to this record if it is about one.
///
/// 1. One of the roles has to allow the action.
/// 2. An own record is open.
/// 3. Only its own laboratory changes one.
/// 4. Others see it if they are in its audience.
/// 5. Else its policy says what they learn.
#[must_use]
pub fn decide(
    identity: &Identity,
    roles: Roles,
    action: Action,
    record: Option<&RecordFacts<'_>>,
) -> Decision {
    // 1.
    if !roles.may(action) {
        let laboratory = identity.laboratory().to_owned();
        return Decision::Deny(DenyReason::Role { laboratory, action });
    }
    // 2.
    let Some(record) = record else { return Decision::Allow };
    if record.laboratory == identity.laboratory() {
        return Decision::Allow;
    }
    let seen = match &record.sharing.audience {
        Audience::OwnLaboratory => false,
        Audience::Countries(countries) => countries.contains(&identity.country()),
        Audience::Region => true,
    };
    let known = seen || record.sharing.existence == Existence::Told;
    // 3.
    if action.changes_a_record() {
        let reason = if known { DenyReason::NotOwner { action } } else { DenyReason::Hidden };
        return Decision::Deny(reason);
    }
    // 4., 5.
    match (seen, known) {
        (true, _) => Decision::Allow,
        (false, true) => Decision::Restricted,
        (false, false) => Decision::Deny(DenyReason::Hidden),
    }
}
