//! With whom is an exhibit's record shared?
//!
//! A laboratory has a policy for all its exhibits, in the configuration of whoever serves the store; an
//! exhibit may have one of its own, which is a record of the store and travels with it when stores merge.
//! What the policy then allows is decided in `access`.

use super::metadata::Country;
use super::model::ExhibitId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who may see the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The laboratory that entered it.
    #[default]
    OwnLaboratory,
    /// That laboratory, and those of these countries.
    Countries(BTreeSet<Country>),
    /// Every laboratory that the store serves.
    Region,
}

/// What those may learn who may not see the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existence {
    /// Nothing: to them it is as if it were not there.
    #[default]
    Hidden,
    /// That there is one, and whose.
    Told,
}

/// A sharing policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sharing {
    /// Who may see the record.
    pub audience: Audience,
    /// What the others may learn.
    pub existence: Existence,
}

/// An exhibit's own policy, or that it has none any more; the latest holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SharingChoice {
    pub(super) exhibit: ExhibitId,
    pub(super) sharing: Option<Sharing>,
}
