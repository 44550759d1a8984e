//! What does the configuration say of every laboratory?

use super::action::{Action, Roles};
use super::decision::{Decision, DenyReason, RecordFacts, decide};
use super::identity::Identity;
use crate::store::{Country, Sharing};
use std::collections::BTreeMap;

/// What is said of one laboratory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laboratory {
    /// Its name, as in its records and certificates.
    pub name: String,
    /// Its country.
    pub country: Country,
    /// What it may do.
    pub roles: Roles,
    /// With whom its records are shared that have no policy of their own.
    pub sharing: Sharing,
}

/// Laboratories that cannot be told apart.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("laboratory {name} is named twice: records know it by its name alone")]
pub struct PolicyError {
    /// The name.
    pub name: String,
}

/// What is said of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    laboratories: BTreeMap<String, Laboratory>,
    /// For records of laboratories that are not named.
    others: Sharing,
}

impl Policy {
    /// From what is said of each, and how records of other laboratories are shared.
    ///
    /// # Errors
    /// Two of one name.
    pub fn new(
        laboratories: impl IntoIterator<Item = Laboratory>,
        others: Sharing,
    ) -> Result<Self, PolicyError> {
        let mut known = BTreeMap::new();
        for laboratory in laboratories {
            if let Some(before) = known.insert(laboratory.name.clone(), laboratory) {
                return Err(PolicyError { name: before.name });
            }
        }
        Ok(Self { laboratories: known, others })
    }

    /// What is said of a laboratory.
    #[must_use]
    pub fn laboratory(&self, name: &str) -> Option<&Laboratory> {
        self.laboratories.get(name)
    }

    /// All laboratories, in the order of names.
    pub fn laboratories(&self) -> impl Iterator<Item = &Laboratory> {
        self.laboratories.values()
    }

    /// What an identity may do.
    ///
    /// # Errors
    /// A laboratory that is not named, or is another country's.
    pub fn roles(&self, identity: &Identity) -> Result<Roles, DenyReason> {
        let name = identity.laboratory();
        let Some(laboratory) = self.laboratories.get(name) else {
            return Err(DenyReason::UnknownLaboratory { laboratory: name.to_owned() });
        };
        if laboratory.country != identity.country() {
            return Err(DenyReason::OtherCountry {
                laboratory: name.to_owned(),
                wanted: laboratory.country,
                found: identity.country(),
            });
        }
        Ok(laboratory.roles)
    }

    /// The sharing that holds for a record: its own, or its laboratory's, or that of all others.
    #[must_use]
    pub fn sharing<'a>(&'a self, laboratory: &str, own: Option<&'a Sharing>) -> &'a Sharing {
        own.unwrap_or_else(|| {
            self.laboratories.get(laboratory).map_or(&self.others, |known| &known.sharing)
        })
    }

    /// Decides about an action on nothing in particular.
    #[must_use]
    pub fn decide(&self, identity: &Identity, action: Action) -> Decision {
        match self.roles(identity) {
            Ok(roles) => decide(identity, roles, action, None),
            Err(reason) => Decision::Deny(reason),
        }
    }

    /// Decides about an action on a record: of which laboratory it is, and the sharing it has of its own
    /// ([`crate::store::ReferenceStore::sharing`]).
    #[must_use]
    pub fn decide_on(
        &self,
        identity: &Identity,
        action: Action,
        laboratory: &str,
        own: Option<&Sharing>,
    ) -> Decision {
        match self.roles(identity) {
            Ok(roles) => {
                let record = RecordFacts { laboratory, sharing: self.sharing(laboratory, own) };
                decide(identity, roles, action, Some(&record))
            }
            Err(reason) => Decision::Deny(reason),
        }
    }
}
