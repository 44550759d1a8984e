//! From when on is something said of a scan, and what of it keeps a scan out?

use super::finding::{Finding, Level, Name};
use crate::parameters::QualityLimits;
use std::collections::BTreeSet;

/// What a laboratory holds scans against. By default nothing but a mark without any texture is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// From when on something is said.
    pub limits: QualityLimits,
    /// For these a scan is not entered.
    pub refuse: BTreeSet<Name>,
    /// These are worth knowing and no more.
    pub note: BTreeSet<Name>,
    /// Whether what is entered is held against what is in the store.
    pub near_duplicates: bool,
}

impl Default for Rules {
    fn default() -> Self {
        let none = BTreeSet::new;
        let limits = QualityLimits::default();
        Self { limits, refuse: none(), note: none(), near_duplicates: true }
    }
}

impl Rules {
    /// How bad a finding is by these rules. Where no signature can be had, no rule helps.
    pub(super) fn level(&self, finding: &Finding) -> Level {
        let Finding { name, level, .. } = finding;
        if *level == Level::Refuse || self.refuse.contains(name) {
            Level::Refuse
        } else if self.note.contains(name) {
            Level::Note
        } else {
            *level
        }
    }
}
