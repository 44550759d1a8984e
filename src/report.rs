//! What does a comparison look like to a program or a person?
//!
//! The same facts as a [`Comparison`], in micrometres and degrees, each number with its unit in its
//! name: what the command line and the service give out as JSON. Not for judging again: the engine's own
//! [`Comparison`] keeps every turn of every cell.

use crate::cmc::{CellVerdict, Peak};
use crate::comparison::{CellResult, Comparison, Direction};
use crate::digest::Digest;
use serde::Serialize;

/// The figures of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Congruent matching cells (Song 2013), both directions together.
    pub cmc_count: usize,
    /// Cells compared, both directions together.
    pub cells: usize,
    /// The first as a share of the second, 0 to 1: the score, but for striated marks. 0 where no cell was compared.
    pub cmc_fraction: f64,
    /// Share of congruent cells by the convergence rule (after Chen et al. 2017), 0 to 1.
    pub convergence_cmc_fraction: f64,
    /// Normalised cross-correlation at the pose, -1 to 1; `None` where nothing could be registered.
    pub ncc: Option<f64>,
    /// Jointly valid samples as a share of the smaller surface's, 0 to 1.
    pub overlap: Option<f64>,
    /// Turn that takes the questioned surface onto the reference, degrees counter-clockwise as seen.
    pub theta_deg: Option<f64>,
    /// Shift to the right that does so, um.
    pub dx_um: Option<f64>,
    /// Shift down that does so, um.
    pub dy_um: Option<f64>,
    /// Of two striated marks the information that their profiles have in common, at least 0: the score; left out of others, and
    /// where nothing could be registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_score: Option<f64>,
    /// How many times as long as the questioned profile the reference is, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_scale: Option<f64>,
}

/// Of what a comparison is, and by which engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Version of the engine.
    pub engine_version: String,
    /// Digest of all parameters.
    pub parameters_digest: Digest,
    /// SHA-256 of the questioned file.
    pub questioned_sha256: Digest,
    /// SHA-256 of the reference file.
    pub reference_sha256: Digest,
}

/// A comparison with its provenance and its cells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparisonReport {
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Version of the engine.
    pub engine_version: String,
    /// Digest of all parameters.
    pub parameters_digest: Digest,
    /// SHA-256 of the questioned file.
    pub questioned_sha256: Digest,
    /// SHA-256 of the reference file.
    pub reference_sha256: Digest,
    /// Cells in both directions.
    pub directions: Vec<DirectionReport>,
}

/// The cells of one surface.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DirectionReport {
    /// Which surface was gridded.
    pub direction: Direction,
    /// Congruent matching cells (Song 2013).
    pub cmc_count: usize,
    /// Cells compared.
    pub cells: usize,
    /// Congruent matching cells by the convergence rule.
    pub convergence_cmc_count: usize,
    /// Displacement to the right that the correlated cells agree on, from the global pose, um.
    pub consensus_dx_um: Option<f64>,
    /// Displacement down, um.
    pub consensus_dy_um: Option<f64>,
    /// Turn, degrees.
    pub consensus_theta_deg: Option<f64>,
    /// Every cell of the grid, row by row.
    pub cell_results: Vec<CellReport>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellReport {
    /// Row in the grid, from the top.
    pub row: usize,
    /// Column in the grid, from the left.
    pub column: usize,
    /// Centre of the cell to the right of the gridded frame's centre, um.
    pub x_um: f64,
    /// Centre of the cell below the gridded frame's centre, um.
    pub y_um: f64,
    /// Side of the cell, um.
    pub side_um: f64,
    /// Measured share of the cell, 0 to 1.
    pub fill_fraction: f64,
    /// Share of the cell valid on both surfaces at the global pose, 0 to 1.
    pub joint_fraction: f64,
    /// Verdict by Song 2013, which the score counts.
    pub verdict: CellVerdict,
    /// Verdict by convergence.
    pub convergence_verdict: CellVerdict,
    /// NCC at its best place, -1 to 1; `None` where it has none.
    pub ncc: Option<f64>,
    /// Displacement of its best place from the global pose to the right, um.
    pub dx_um: Option<f64>,
    /// Displacement down, um.
    pub dy_um: Option<f64>,
    /// Turn of its best place from the global pose, degrees.
    pub theta_deg: Option<f64>,
}

impl From<&Comparison> for Figures {
    fn from(comparison: &Comparison) -> Self {
        let registration = comparison.registration;
        let pose = registration.map(|registration| registration.pose);
        Self {
            cmc_count: comparison.cmc_count(),
            cells: comparison.cells(),
            cmc_fraction: comparison.cmc_fraction(),
            convergence_cmc_fraction: comparison.convergence_cmc_fraction(),
            ncc: comparison.ncc(),
            overlap: registration.map(|registration| registration.overlap),
            theta_deg: pose.map(|pose| pose.theta.degrees()),
            dx_um: pose.map(|pose| pose.dx.micrometres()),
            dy_um: pose.map(|pose| pose.dy.micrometres()),
            profile_score: comparison.profile.map(|profile| profile.score),
            profile_scale: comparison.profile.map(|profile| profile.scale),
        }
    }
}

impl From<&Comparison> for Provenance {
    fn from(comparison: &Comparison) -> Self {
        Self {
            engine_version: comparison.engine_version.clone(),
            parameters_digest: comparison.parameters_digest,
            questioned_sha256: comparison.questioned,
            reference_sha256: comparison.reference,
        }
    }
}

impl From<&Comparison> for ComparisonReport {
    fn from(comparison: &Comparison) -> Self {
        let directions = comparison.directions.iter().map(|direction| DirectionReport {
            direction: direction.direction,
            cmc_count: direction.cmc_count,
            cells: direction.cells,
            convergence_cmc_count: direction.convergence_cmc_count,
            consensus_dx_um: direction.consensus.map(|consensus| consensus.dx.micrometres()),
            consensus_dy_um: direction.consensus.map(|consensus| consensus.dy.micrometres()),
            consensus_theta_deg: direction.consensus.map(|consensus| consensus.theta.degrees()),
            cell_results: direction.cell_results.iter().map(CellReport::from).collect(),
        });
        Self {
            figures: comparison.into(),
            engine_version: comparison.engine_version.clone(),
            parameters_digest: comparison.parameters_digest,
            questioned_sha256: comparison.questioned,
            reference_sha256: comparison.reference,
            directions: directions.collect(),
        }
    }
}

impl From<&CellResult> for CellReport {
    fn from(cell: &CellResult) -> Self {
        let registration = &cell.registration;
        let best: Option<Peak> = registration.best();
        Self {
            row: registration.row,
            column: registration.column,
            x_um: registration.x.micrometres(),
            y_um: registration.y.micrometres(),
            side_um: registration.side.micrometres(),
            fill_fraction: registration.fill_fraction,
            joint_fraction: registration.joint_fraction,
            verdict: cell.verdict,
            convergence_verdict: cell.convergence_verdict,
            ncc: best.map(|peak| peak.ncc),
            dx_um: best.map(|peak| peak.dx.micrometres()),
            dy_um: best.map(|peak| peak.dy.micrometres()),
            theta_deg: best.map(|peak| peak.theta.degrees()),
        }
    }
}
