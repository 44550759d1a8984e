//! What a comparison found, whole: enough to explain it cell by cell and to judge it again.
//!
//! Two profiles across striae are compared segment by segment: each is a cell of one row, and the pose is a shift to the right,
//! after half a turn where one lies the other way round.
//!
//! Useful for reports, for storage and for statistics. It holds scores; it says nothing about sources.

use crate::cmc::{CellRegistration, CellVerdict, Consensus};
use crate::correlate::Registration;
use crate::digest::Digest;
use crate::surface::MarkKind;
use serde::{Deserialize, Serialize};

/// Which surface was gridded, and on which its cells were sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Cells of the reference, sought on the questioned surface.
    ReferenceToQuestioned,
    /// Cells of the questioned surface, sought on the reference.
    QuestionedToReference,
}

/// One cell: where it was found, and what the rules say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// Where it was found at every turn.
    pub registration: CellRegistration,
    /// By Song 2013, the rule that the score counts.
    pub verdict: CellVerdict,
    /// By convergence, after Chen et al. 2017.
    pub convergence_verdict: CellVerdict,
}

/// All cells of one surface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DirectionResult {
    /// Which surface was gridded.
    pub direction: Direction,
    /// Congruent matching cells by Song 2013.
    pub cmc_count: usize,
    /// Cells compared.
    pub cells: usize,
    /// Congruent matching cells by convergence.
    pub convergence_cmc_count: usize,
    /// What the correlated cells agree on, relative to the global pose.
    pub consensus: Option<Consensus>,
    /// Every cell of the grid, row by row.
    pub cell_results: Vec<CellResult>,
}

/// How much two profiles agree, apart from their segments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileAgreement {
    /// Information that both have in common, in nats for each of as many longest waves as the overlap holds: at least 0, and it
    /// grows with the overlap.
    pub score: f64,
    /// How many times as long as the questioned profile the reference is.
    pub scale: f64,
}

/// A questioned surface compared with a reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Version of the engine.
    pub engine_version: String,
    /// Digest of all parameters.
    pub parameters_digest: Digest,
    /// Which mark of the cases was compared.
    pub mark: MarkKind,
    /// SHA-256 of the questioned file.
    pub questioned: Digest,
    /// SHA-256 of the reference file.
    pub reference: Digest,
    /// The global registration; `None` where the surfaces share too few samples at any pose.
    pub registration: Option<Registration>,
    /// Cells in both directions; empty without a registration.
    pub directions: Vec<DirectionResult>,
    /// Of two striated marks how much their profiles agree; `None` of others, and without a registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileAgreement>,
}

impl Comparison {
    /// Congruent matching cells, both directions together.
    #[must_use]
    pub fn cmc_count(&self) -> usize {
        self.directions.iter().map(|direction| direction.cmc_count).sum()
    }

    /// Cells compared, both directions together.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.directions.iter().map(|direction| direction.cells).sum()
    }

    /// What candidates are ranked by, 0 where nothing could be compared. Of one kind of mark alone, greater is more alike.
    ///
    /// The share of congruent cells (Song 2013); of a firing pin or an ejector its product with the NCC, since of few cells all
    /// may agree by chance; of two striated marks the score of their profiles. Measured: benches/README.md, marks.
    #[must_use]
    pub fn score(&self) -> f64 {
        match self.mark {
            MarkKind::BreechFace => self.cmc_fraction(),
            MarkKind::FiringPin | MarkKind::Ejector => {
                self.cmc_fraction() * self.ncc().unwrap_or(0.0).max(0.0)
            }
            MarkKind::ApertureShear => self.profile.map_or(0.0, |profile| profile.score),
        }
    }

    /// NCC of two surfaces, by which it shows whether one mark was measured twice; `None` of profiles, since even two cases of
    /// one firearm may share almost all of theirs.
    #[must_use]
    pub fn areal_ncc(&self) -> Option<f64> {
        self.ncc().filter(|_| self.profile.is_none())
    }

    /// Congruent matching cells as a share of the cells compared, 0 to 1; 0 where none was.
    #[must_use]
    pub fn cmc_fraction(&self) -> f64 {
        fraction(self.cmc_count(), self.cells())
    }

    /// The same by the convergence rule.
    #[must_use]
    pub fn convergence_cmc_fraction(&self) -> f64 {
        let count = self.directions.iter().map(|direction| direction.convergence_cmc_count).sum();
        fraction(count, self.cells())
    }

    /// Normalised cross-correlation at the global pose; `None` without a registration.
    #[must_use]
    pub fn ncc(&self) -> Option<f64> {
        self.registration.map(|registration| registration.ncc)
    }
}

fn fraction(count: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}
