//! Facets and sharing policies, each kept once.
//!
//! Exhibits of a case have one laboratory, number, calibre and country: a million scans have far fewer combinations.
//! What a filter or a sharing policy says is asked once a combination.

use crate::store::{Facets, Sharing};
use std::collections::HashMap;

/// What scans may have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Class {
    /// By what they can be chosen.
    pub facets: Facets,
    /// Their exhibits' own sharing policy.
    pub sharing: Option<Sharing>,
}

/// All there are; they are never forgotten.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    classes: Vec<Class>,
    numbers: HashMap<Class, u32>,
}

impl Classes {
    pub(super) fn all(&self) -> &[Class] {
        &self.classes
    }

    /// Its number, if it is known.
    pub(super) fn find(&self, class: &Class) -> Option<u32> {
        self.numbers.get(class).copied()
    }

    /// Makes it known.
    pub(super) fn add(&mut self, class: Class) -> u32 {
        // Fewer than there are scans, and of those a gallery holds less than that.
        let number = self.classes.len() as u32;
        self.classes.push(class.clone());
        self.numbers.insert(class, number);
        number
    }
}
