//! One questioned signature against many references.
//!
//! [`Matcher::new`] does the dear part once (the questioned texture turned to every angle and
//! transformed, about 9 ms); [`Matcher::compare`] then costs about 20 ms a reference. The
//! result is a [`Comparison`]: pose, correlation, every cell with its verdict. A score, not a
//! decision: those are the examiner's. Of a striated mark the signature is a profile and the cells are its segments.

mod profiles;

use crate::cmc::{CellCorrelator, CellRegistration, CellVerdict, Judgement, convergence, song2013};
use crate::comparison::{CellResult, Comparison, Direction, DirectionResult};
use crate::correlate::exhaustive::{RotationBank, correlator, transform_size};
use crate::correlate::fft::Arithmetic;
use crate::correlate::masked::Correlator;
use crate::correlate::{Pyramid, Registration, correlation_near, register};
use crate::digest::Digest;
use crate::parameters::Parameters;
use crate::signature::Signature;
use crate::striation::{PreparedProfile, ProfileEngine, ProfileWorkspace};
use crate::surface::{Kind, MarkKind, Pose};
use profiles::{Agreement, compare_profiles};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Two signatures that may not be compared.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompareError {
    /// They were extracted with different parameters.
    #[error(
        "the signature was extracted with parameters {found}, wanted {wanted}: extract it again from its original"
    )]
    ExtractionDigest {
        /// Digest of the signature at fault.
        found: Digest,
        /// Digest of the engine's extraction parameters.
        wanted: Digest,
    },
    /// One is a topography, the other a reflectance image.
    #[error("a topography and a reflectance image cannot be compared")]
    Kind,
    /// They are of two kinds of mark, or were made ready as such.
    #[error("a {questioned} and a {reference} cannot be compared: wanted two marks of one kind")]
    Mark {
        /// The questioned one.
        questioned: MarkKind,
        /// The reference.
        reference: MarkKind,
    },
}

/// Parameters and arithmetic of an engine, and the digest that its results carry.
#[derive(Clone, Debug)]
pub struct Engine {
    parameters: Arc<Parameters>,
    arithmetic: Arithmetic,
    digest: Digest,
    extraction_digest: Digest,
    /// Of a striated mark.
    profiles: Option<ProfileEngine>,
    /// Those for other kinds of mark, each made when it is first wanted.
    others: Arc<[OnceLock<Engine>; MarkKind::ALL.len()]>,
}

/// What is compared of a signature.
#[derive(Clone, Debug)]
enum Ready {
    /// Its texture at three spacings.
    Areal(Box<Pyramid>),
    /// The profile across its striae.
    Striated(PreparedProfile),
}

/// A signature made ready for comparing. About 1 ms, and 1 MB; a profile takes some times as long.
#[derive(Clone, Debug)]
pub struct Prepared {
    ready: Ready,
    source: Digest,
    kind: Kind,
    mark: MarkKind,
}

/// Plans and buffers; one a thread, reused.
#[derive(Debug)]
pub struct Workspace {
    arithmetic: Arithmetic,
    correlators: BTreeMap<usize, Correlator>,
    cells: Option<CellCorrelator>,
    profiles: ProfileWorkspace,
}

/// A questioned signature, ready to be compared with any reference.
#[derive(Debug)]
pub struct Matcher {
    engine: Engine,
    questioned: Prepared,
    /// By size of transform; nearly always one.
    banks: Mutex<BTreeMap<usize, Arc<RotationBank>>>,
    /// A profile from its other end.
    reversed: Option<PreparedProfile>,
}

impl Engine {
    /// An engine with these parameters.
    #[must_use]
    pub fn new(parameters: Parameters, arithmetic: Arithmetic) -> Self {
        let (digest, extraction_digest) = (parameters.digest(), parameters.extraction_digest());
        let striation = parameters.striation.as_ref();
        let profiles = striation.map(|striation| ProfileEngine::new(striation, arithmetic));
        let (parameters, others) = (Arc::new(parameters), Arc::default());
        Self { parameters, arithmetic, digest, extraction_digest, profiles, others }
    }

    /// The engine for marks of this kind: this one if it is, or one of the same arithmetic with the mark's own default
    /// parameters.
    ///
    /// # Panics
    /// Never: there is a place for every kind.
    #[must_use]
    pub fn of_mark(&self, mark: MarkKind) -> Self {
        if self.parameters.mark == mark {
            return self.clone();
        }
        let place = MarkKind::ALL.iter().position(|kind| *kind == mark);
        let other = &self.others[place.expect("all kinds are in it")];
        other.get_or_init(|| Self::new(Parameters::of_mark(mark), self.arithmetic)).clone()
    }

    /// Its parameters.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Digest of all its parameters.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its arithmetic.
    #[must_use]
    pub const fn arithmetic(&self) -> Arithmetic {
        self.arithmetic
    }

    /// Buffers for one thread.
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        Workspace {
            arithmetic: self.arithmetic,
            correlators: BTreeMap::new(),
            cells: None,
            profiles: ProfileWorkspace::default(),
        }
    }

    /// Makes a signature ready for comparing.
    ///
    /// # Errors
    /// [`CompareError::ExtractionDigest`] if it was extracted with other parameters.
    pub fn prepare(&self, signature: &Signature) -> Result<Prepared, CompareError> {
        let (found, wanted) = (signature.extraction_digest(), self.extraction_digest);
        if found != wanted {
            return Err(CompareError::ExtractionDigest { found, wanted });
        }
        let texture = signature.texture();
        let ready = match &self.profiles {
            Some(profiles) => Ready::Striated(profiles.prepare_texture(&texture)),
            None => Ready::Areal(Box::new(Pyramid::new(texture, &self.parameters.registration))),
        };
        let (source, kind, mark) = (signature.source(), signature.kind(), self.parameters.mark);
        Ok(Prepared { ready, source, kind, mark })
    }
}

impl Prepared {
    /// The kind of mark.
    #[must_use]
    pub const fn mark(&self) -> MarkKind {
        self.mark
    }

    /// SHA-256 of the file that the signature was extracted from.
    #[must_use]
    pub const fn source(&self) -> Digest {
        self.source
    }
}

impl Workspace {
    fn correlator(&mut self, size: usize, parameters: &Parameters) -> &mut Correlator {
        let arithmetic = self.arithmetic;
        let make = || correlator(size, &parameters.registration, arithmetic);
        self.correlators.entry(size).or_insert_with(make)
    }
}

impl Matcher {
    /// Makes the questioned signature ready.
    #[must_use]
    pub fn new(engine: &Engine, questioned: Prepared) -> Self {
        let reversed = match (&questioned.ready, &engine.profiles) {
            (Ready::Striated(profile), Some(profiles)) => Some(profiles.reversed(profile)),
            (Ready::Striated(_) | Ready::Areal(_), _) => None,
        };
        Self { engine: engine.clone(), questioned, banks: Mutex::default(), reversed }
    }

    /// The questioned signature.
    #[must_use]
    pub const fn questioned(&self) -> &Prepared {
        &self.questioned
    }

    /// The bank for transforms of this size of the questioned texture, made when first wanted.
    fn bank(
        &self,
        questioned: &Pyramid,
        size: usize,
        workspace: &mut Workspace,
    ) -> Arc<RotationBank> {
        let mut banks = self.banks.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let parameters = self.engine.parameters();
            let correlator = workspace.correlator(size, parameters);
            Arc::new(RotationBank::new(&questioned.coarse, correlator, &parameters.registration))
        };
        Arc::clone(banks.entry(size).or_insert_with(make))
    }

    /// Whether a reference may be compared with the questioned signature.
    fn check(&self, reference: &Prepared) -> Result<(), CompareError> {
        let (questioned, reference_mark) = (self.questioned.mark, reference.mark);
        if questioned != reference_mark {
            return Err(CompareError::Mark { questioned, reference: reference_mark });
        }
        if self.questioned.kind != reference.kind {
            return Err(CompareError::Kind);
        }
        Ok(())
    }

    /// How well the questioned surface correlates with a reference near a pose that is about right
    /// ([`correlation_near`]): only a rank, at a twentieth of the cost of a comparison. `None` of profiles, which have no index
    /// that would know a pose.
    ///
    /// # Errors
    /// [`CompareError::Kind`] for a topography against a reflectance image, [`CompareError::Mark`] for two kinds of mark.
    pub fn correlation_near(
        &self,
        reference: &Prepared,
        pose: Pose,
    ) -> Result<Option<f32>, CompareError> {
        self.check(reference)?;
        let parameters = &self.engine.parameters().registration;
        Ok(match (&self.questioned.ready, &reference.ready) {
            (Ready::Areal(questioned), Ready::Areal(reference)) => {
                correlation_near(questioned, reference, pose, parameters)
            }
            (Ready::Areal(_) | Ready::Striated(_), _) => None,
        })
    }

    /// Compares with one reference: profiles of striated marks at every lag, both ways round
    /// ([`ProfileEngine::compare_both_ways`]); other surfaces by
    ///
    /// 1. global registration ([`register`]);
    /// 2. cells of the reference on the questioned surface, about that pose;
    /// 3. cells of the questioned on the reference surface, about its inverse;
    /// 4. both judged by both rules.
    ///
    /// # Errors
    /// [`CompareError::Kind`] for a topography against a reflectance image, [`CompareError::Mark`] for two kinds of mark.
    pub fn compare(
        &self,
        reference: &Prepared,
        workspace: &mut Workspace,
    ) -> Result<Comparison, CompareError> {
        self.check(reference)?;
        let (registration, directions, profile) = match (&self.questioned.ready, &reference.ready) {
            (Ready::Areal(questioned), Ready::Areal(reference)) => {
                let (registration, directions) =
                    self.compare_textures(questioned, reference, workspace);
                (registration, directions, None)
            }
            (Ready::Striated(questioned), Ready::Striated(reference)) => {
                let agreement = self.compare_profiles(questioned, reference, workspace);
                agreement.map_or((None, Vec::new(), None), |agreement| {
                    let Agreement { registration, directions, profile } = agreement;
                    (Some(registration), directions, Some(profile))
                })
            }
            (Ready::Areal(_), Ready::Striated(_)) | (Ready::Striated(_), Ready::Areal(_)) => {
                let (questioned, reference) = (self.questioned.mark, reference.mark);
                return Err(CompareError::Mark { questioned, reference });
            }
        };
        Ok(Comparison {
            engine_version: crate::VERSION.to_owned(),
            parameters_digest: self.engine.digest,
            mark: self.questioned.mark,
            questioned: self.questioned.source,
            reference: reference.source,
            registration,
            directions,
            profile,
        })
    }

    fn compare_profiles(
        &self,
        questioned: &PreparedProfile,
        reference: &PreparedProfile,
        workspace: &mut Workspace,
    ) -> Option<Agreement> {
        let (engine, reversed) = (self.engine.profiles.as_ref()?, self.reversed.as_ref()?);
        compare_profiles(engine, [questioned, reversed], reference, &mut workspace.profiles)
    }

    /// Steps 1 to 4 of [`Self::compare`].
    fn compare_textures(
        &self,
        questioned: &Pyramid,
        reference: &Pyramid,
        workspace: &mut Workspace,
    ) -> (Option<Registration>, Vec<DirectionResult>) {
        let parameters = self.engine.parameters();
        let size = transform_size(&questioned.coarse, &reference.coarse, &parameters.registration);
        let bank = self.bank(questioned, size, workspace);
        // 1.
        let correlator = workspace.correlator(size, parameters);
        let registration =
            register(&bank, questioned, reference, correlator, &parameters.registration);
        let cells = &parameters.congruent_cells;
        let spacing = questioned.fine.texture().spacing;
        let arithmetic = workspace.arithmetic;
        let cell_correlator =
            workspace.cells.get_or_insert_with(|| CellCorrelator::new(spacing, cells, arithmetic));
        let mut directions = Vec::new();
        if let Some(registration) = registration {
            let (fine_questioned, fine_reference) = (&questioned.fine, &reference.fine);
            let pose = registration.pose;
            // 2. and 3.
            for (direction, gridded, other, pose) in [
                (Direction::ReferenceToQuestioned, fine_reference, fine_questioned, pose),
                (Direction::QuestionedToReference, fine_questioned, fine_reference, pose.inverse()),
            ] {
                let registrations = cell_correlator.register(gridded, other, pose, cells);
                // 4.
                let judgement = song2013(&registrations, cells);
                let converged = convergence(&registrations, cells);
                directions.push(direction_result(direction, registrations, judgement, converged));
            }
        }
        (registration, directions)
    }
}

/// Joins registrations and verdicts, cell by cell.
fn direction_result(
    direction: Direction,
    registrations: Vec<CellRegistration>,
    judgement: Judgement,
    converged: Judgement,
) -> DirectionResult {
    let congruent = |verdict: &CellVerdict| *verdict == CellVerdict::Congruent;
    DirectionResult {
        direction,
        cmc_count: judgement.cmc_count(),
        cells: judgement.cells(),
        convergence_cmc_count: converged
            .verdicts
            .iter()
            .filter(|verdict| congruent(verdict))
            .count(),
        consensus: judgement.consensus,
        cell_results: registrations
            .into_iter()
            .zip(judgement.verdicts)
            .zip(converged.verdicts)
            .map(|((registration, verdict), convergence_verdict)| CellResult {
                registration,
                verdict,
                convergence_verdict,
            })
            .collect(),
    }
}
