//! Which calibration weighs a mark, where there are several?

use super::Installed;
use crate::surface::MarkKind;

/// Calibrations in use, at most one for a kind of mark.
#[derive(Clone, Debug, Default)]
pub struct Calibrations {
    each: Vec<Installed>,
    none: Installed,
}

/// A second calibration for a kind of mark.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a second calibration for {mark}, wanted one for each kind of mark")]
pub struct SecondCalibration {
    /// The mark, as it is written.
    pub mark: String,
}

impl Calibrations {
    /// Adds one.
    ///
    /// # Errors
    /// There is one for its kind of mark.
    pub fn add(&mut self, installed: Installed) -> Result<(), SecondCalibration> {
        if let Some((calibration, _)) = installed.calibration() {
            let mark = &calibration.population.mark;
            if self.each.iter().any(|other| is_of(other, mark)) {
                return Err(SecondCalibration { mark: mark.clone() });
            }
            self.each.push(installed);
        }
        Ok(())
    }

    /// The one for a kind of mark. One alone is taken as it is, and says itself where it does not hold.
    #[must_use]
    pub fn of_mark(&self, mark: MarkKind) -> &Installed {
        match &self.each[..] {
            [alone] => alone,
            each => each.iter().find(|one| is_of(one, mark.name())).unwrap_or(&self.none),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Installed> {
        self.each.iter()
    }
}

impl From<Installed> for Calibrations {
    fn from(installed: Installed) -> Self {
        let each = if installed.is_some() { vec![installed] } else { Vec::new() };
        Self { each, none: Installed::default() }
    }
}

fn is_of(installed: &Installed, mark: &str) -> bool {
    installed.calibration().is_some_and(|(calibration, _)| calibration.population.mark == mark)
}
