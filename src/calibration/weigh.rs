//! What does a comparison weigh?

use super::{CONFIDENCE, Calibration, CalibrationError};
use crate::digest::Digest;
use crate::statistics::{Bootstrap, BoundReached, Features, Models, Support};
use crate::surface::Kind;
use serde::Serialize;
use std::sync::OnceLock;

/// What a comparison is of, as far as a population may lack it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Version of the engine that compared.
    pub engine_version: &'a str,
    /// Digest of its parameters.
    pub parameters_digest: Digest,
    /// Heights or reflectance; `None` where that is not known.
    pub kind: Option<Kind>,
    /// Kind of mark, as `breech_face`; `None` where that is not known.
    pub mark: Option<&'a str>,
    /// Instruments that measured the two scans, as far as they are known.
    pub instruments: [Option<&'a str>; 2],
    /// Calibres of the two, as far as they are known.
    pub calibres: [Option<&'a str>; 2],
}

/// Why there is no likelihood ratio.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutOfScope {
    /// None was installed.
    #[error("no calibration is installed")]
    NoCalibration,
    /// The engine is another.
    #[error("the calibration is of engine {wanted}, the score of engine {found}")]
    Engine {
        /// What compared.
        found: String,
        /// What the calibration is of.
        wanted: String,
    },
    /// The parameters are others.
    #[error("the calibration is of parameters {wanted}, the score of parameters {found}")]
    Parameters {
        /// What compared.
        found: Digest,
        /// What the calibration is of.
        wanted: Digest,
    },
    /// It is not known whether the scans are heights or reflectance.
    #[error("it is not known here whether the scans are topographies or images")]
    UnknownKind,
    /// Heights against reflectance.
    #[error("the population has {wanted}, the scans are {found}")]
    Kind {
        /// What was compared.
        found: &'static str,
        /// What the population has.
        wanted: &'static str,
    },
    /// The population lacks the mark, instrument or calibre.
    #[error("the population has no {what} {found:?}, it has {wanted}")]
    Lacks {
        /// What it lacks.
        what: &'static str,
        /// What was compared.
        found: String,
        /// What it has.
        wanted: String,
    },
    /// Nothing was compared.
    #[error("no cell was compared")]
    NoCells,
}

/// What may be made of a score (ANSI/ASB Standard 062, 2021).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreClass {
    /// It ranks, and says no more.
    RankOnly,
    /// It can be interpreted, as a likelihood ratio of a named population.
    Interpretable,
    /// The same, by a calibration that met criteria which were set beforehand, on other scans than it was made of.
    StatisticallyValidated,
}

/// A likelihood ratio: how much more probable the findings are if both marks are of one source than if they are of two.
#[derive(Clone, Debug, PartialEq)]
pub struct LikelihoodRatio {
    /// Its logarithm to the base 10, within the bounds.
    pub log10_lr: f64,
    /// The ends of its 90 % interval, within the bounds.
    pub interval: [f64; 2],
    /// Which bound it met.
    pub bound: BoundReached,
    /// The same in words.
    pub support: Support,
}

/// What a comparison weighs.
#[derive(Clone, Debug, PartialEq)]
pub enum Weight {
    /// This much.
    LikelihoodRatio(LikelihoodRatio),
    /// It ranks only, for this reason.
    RankOnly(OutOfScope),
}

impl Weight {
    /// What may be made of the score.
    #[must_use]
    pub const fn class(&self) -> ScoreClass {
        match self {
            Self::LikelihoodRatio(_) => ScoreClass::Interpretable,
            Self::RankOnly(_) => ScoreClass::RankOnly,
        }
    }
}

/// The models of the bootstrap, made when first asked for. They follow from the rest of a calibration, so that two that
/// differ in them alone are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct LazyModels(OnceLock<Models>);

impl PartialEq for LazyModels {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Calibration {
    /// Weighs a comparison, in about a millisecond. The first of a model that is not of counts takes as long as its bootstrap,
    /// up to some seconds.
    ///
    /// # Errors
    /// A bootstrap that cannot be done.
    pub fn weigh(
        &self,
        features: &Features,
        scope: &Scope<'_>,
    ) -> Result<Weight, CalibrationError> {
        if let Err(reason) = self.admits(scope) {
            return Ok(Weight::RankOnly(reason));
        }
        if features.compared == 0 {
            return Ok(Weight::RankOnly(OutOfScope::NoCells));
        }
        let (log10_lr, bound) = self.bounds.apply(self.model.log10_lr(features));
        let Some(support) = Support::of(log10_lr) else {
            return Ok(Weight::RankOnly(OutOfScope::NoCells));
        };
        // Percentiles of other sources need not lie on both sides of what all say.
        let [low, high] = self.ends(features)?.map(|end| self.bounds.apply(end).0);
        let interval = [low.min(log10_lr), high.max(log10_lr)];
        Ok(Weight::LikelihoodRatio(LikelihoodRatio { log10_lr, interval, bound, support }))
    }

    fn ends(&self, features: &Features) -> Result<[f64; 2], CalibrationError> {
        if let Some(ends) = self.intervals.as_ref().and_then(|table| table.ends(features)) {
            return Ok(ends);
        }
        let found = self.models()?.log10_lrs(&[*features])?;
        Ok(found
            .first()
            .map_or([f64::NEG_INFINITY, f64::INFINITY], |found| [found.low, found.high]))
    }

    /// The models of the bootstrap.
    fn models(&self) -> Result<&Models, CalibrationError> {
        if let Some(models) = self.models.0.get() {
            return Ok(models);
        }
        let bootstrap = Bootstrap { rounds: self.rounds, seed: self.seed, confidence: CONFIDENCE };
        let models = bootstrap.models(self.method, &self.comparisons)?;
        // Whoever was first: they are the same.
        Ok(self.models.0.get_or_init(|| models))
    }

    /// Whether the population has what was compared, and the engine is the one that scored it.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, scope: &Scope<'_>) -> Result<(), OutOfScope> {
        let population = &self.population;
        if self.parameters_digest != scope.parameters_digest {
            let (found, wanted) = (scope.parameters_digest, self.parameters_digest);
            return Err(OutOfScope::Parameters { found, wanted });
        }
        if self.engine_version != scope.engine_version {
            let (found, wanted) = (scope.engine_version.to_owned(), self.engine_version.clone());
            return Err(OutOfScope::Engine { found, wanted });
        }
        let Some(found) = scope.kind else { return Err(OutOfScope::UnknownKind) };
        if population.kind != found {
            let (found, wanted) = (kind(found), kind(population.kind));
            return Err(OutOfScope::Kind { found, wanted });
        }
        let lacks = |what, found: &str, wanted: &[String]| OutOfScope::Lacks {
            what,
            found: found.to_owned(),
            wanted: wanted.join(", "),
        };
        if let Some(mark) = scope.mark.filter(|mark| *mark != population.mark) {
            return Err(lacks("mark", mark, std::slice::from_ref(&population.mark)));
        }
        // A population that does not say which it has admits all.
        for (what, found, known) in [
            ("instrument", scope.instruments, &population.instruments),
            ("calibre", scope.calibres, &population.calibres),
        ] {
            let known_to = |one: &&str| known.iter().any(|other| alike(one, other));
            let mut unknown = found.iter().flatten().filter(|one| !known_to(one));
            if let Some(one) = unknown.next().filter(|_| !known.is_empty()) {
                return Err(lacks(what, one, known));
            }
        }
        Ok(())
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Topography => "topographies",
        Kind::Reflectance => "reflectance images",
    }
}

/// Names that differ in case and in space alone are one.
fn alike(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.split_whitespace().collect::<String>().to_lowercase();
    plain(one) == plain(other)
}
