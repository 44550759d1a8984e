//! Where does each cell lie, about the pose that the whole surfaces agree on?
//!
//! One surface is gridded, the other is moved into its frame by the global pose and a few small turns
//! about it; every cell is registered on it by masked FFT cross-correlation. What is found is recorded
//! for every turn, so that the rules (which see these records only) can be judged again without
//! computing anything again.

use super::grid::{Cell, cell_side, cells};
use crate::correlate::direct::moments_of_views;
use crate::correlate::masked::{Correlator, MaskedSpectrum};
use crate::correlate::{Field, Moments, fft, transform, vertex};
use crate::parameters::CongruentCells;
use crate::surface::Pose;
use crate::units::{Angle, Length};
use serde::{Deserialize, Serialize};

/// Best place of a cell at one turn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// Turn of the other surface from the global pose.
    pub theta: Angle,
    /// Displacement to the right of the other surface's texture from where the global pose puts it.
    pub dx: Length,
    /// Displacement down.
    pub dy: Length,
    /// NCC over the jointly valid samples there, -1 to 1.
    pub ncc: f64,
    /// Jointly valid samples there as a share of the cell's, 0 to 1.
    pub joint_fraction: f64,
}

/// One cell and where it was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellRegistration {
    /// Row in the grid of cells, from the top.
    pub row: usize,
    /// Column in the grid of cells, from the left.
    pub column: usize,
    /// Centre of the cell, to the right of the centre of the gridded surface's frame.
    pub x: Length,
    /// Centre of the cell, down.
    pub y: Length,
    /// Side of the cell.
    pub side: Length,
    /// Measured samples as a share of the cell's, 0 to 1.
    pub fill_fraction: f64,
    /// Samples valid on both surfaces at the global pose as a share of the cell's, 0 to 1.
    pub joint_fraction: f64,
    /// The best place at each turn at which there is one, by ascending turn.
    pub peaks: Vec<Peak>,
}

impl CellRegistration {
    /// The best place over all turns; of equals, the first.
    #[must_use]
    pub fn best(&self) -> Option<Peak> {
        self.peaks
            .iter()
            .copied()
            .reduce(|best, next| if next.ncc > best.ncc { next } else { best })
    }
}

/// Plans and buffers for the cells of textures at one spacing; one a thread.
#[derive(Clone, Debug)]
pub struct CellCorrelator {
    correlator: Correlator,
    windows: MaskedSpectrum,
}

/// Displacements searched each way, in samples; one more is computed so that peaks have neighbours.
fn reach(spacing: Length, parameters: &CongruentCells) -> usize {
    parameters.search_reach.ratio(spacing).round().max(1.0) as usize
}

impl CellCorrelator {
    /// Plans for cells of textures of this spacing.
    #[must_use]
    pub fn new(spacing: Length, parameters: &CongruentCells, arithmetic: fft::Arithmetic) -> Self {
        let side = parameters.cell_side.ratio(spacing).round().max(2.0) as usize;
        let reach = reach(spacing, parameters);
        // The cell is shifted over a window that is larger by the reach on each side.
        let shifts = 0..=2 * reach as isize;
        Self {
            correlator: Correlator::new(side, shifts, arithmetic),
            windows: MaskedSpectrum::default(),
        }
    }

    /// Registers every cell of `gridded` on `other`, which `pose` takes into the gridded frame.
    ///
    /// Cost a cell and turn: two transforms of the window and three pruned inverse ones.
    pub fn register(
        &mut self,
        gridded: &Field,
        other: &Field,
        pose: Pose,
        parameters: &CongruentCells,
    ) -> Vec<CellRegistration> {
        let spacing = gridded.texture().spacing;
        let (side, reach) = (cell_side(gridded, parameters), reach(spacing, parameters));
        let (rows, columns) = gridded.dim();
        let mut found = Vec::new();
        for cell in cells(gridded, parameters) {
            let mut spectrum = MaskedSpectrum::default();
            let window = ndarray::s![cell.top..cell.top + side, cell.left..cell.left + side];
            let heights = gridded.heights().slice(window);
            let weights = gridded.weights().slice(window);
            self.correlator.transform(heights, weights, (0, 0), &mut spectrum);
            let fill = f64::from(weights.sum()) / (side * side) as f64;
            let centre = |first: usize, length: usize| {
                spacing * ((first as f64 + (side - 1) as f64 / 2.0) - (length - 1) as f64 / 2.0)
            };
            let registration = CellRegistration {
                row: cell.row,
                column: cell.column,
                x: centre(cell.left, columns),
                y: centre(cell.top, rows),
                side: spacing * side as f64,
                fill_fraction: fill,
                joint_fraction: 0.0,
                peaks: Vec::new(),
            };
            found.push((cell, spectrum, registration));
        }
        for theta in turns(parameters) {
            // The frame is wider by the reach on every side, so that every window lies inside.
            let turned = transform(
                other.texture(),
                turned_about_centre(pose, theta),
                (rows + 2 * reach, columns + 2 * reach),
            );
            let other = (&turned.heights, &turned.weights);
            for (cell, spectrum, registration) in &mut found {
                if theta == Angle::ZERO {
                    let joint = self.joint_count(gridded, other, *cell, (side, reach));
                    registration.joint_fraction = f64::from(joint) / (side * side) as f64;
                }
                let peak = self.peak(gridded, other, *cell, spectrum, parameters);
                registration.peaks.extend(peak.map(|peak| Peak { theta, ..peak }));
            }
        }
        found.into_iter().map(|(.., registration)| registration).collect()
    }

    /// Samples of the cell valid on both surfaces where the global pose puts them.
    fn joint_count(
        &self,
        gridded: &Field,
        other: (&ndarray::Array2<f32>, &ndarray::Array2<f32>),
        cell: Cell,
        (side, reach): (usize, usize),
    ) -> f32 {
        let (top, left) = (cell.top, cell.left);
        let mine = gridded.weights().slice(ndarray::s![top..top + side, left..left + side]);
        let (top, left) = (top + reach, left + reach);
        let theirs = other.1.slice(ndarray::s![top..top + side, left..left + side]);
        mine.iter().zip(theirs).map(|(mine, theirs)| mine * theirs).sum()
    }

    /// The best place of one cell on the turned surface, scored again by direct sums.
    fn peak(
        &mut self,
        gridded: &Field,
        other: (&ndarray::Array2<f32>, &ndarray::Array2<f32>),
        cell: Cell,
        spectrum: &MaskedSpectrum,
        parameters: &CongruentCells,
    ) -> Option<Peak> {
        let spacing = gridded.texture().spacing;
        let (side, reach) = (cell_side(gridded, parameters), reach(spacing, parameters));
        let area = (side * side) as f32;
        let least = parameters.least_joint_at_peak as f32 * area;
        let wide = side + 2 * reach;
        let (top, left) = (cell.top, cell.left);
        let window = ndarray::s![top..top + wide, left..left + wide];
        let weights = other.1.slice(window);
        if weights.sum() < least {
            return None;
        }
        let heights = other.0.slice(window);
        self.correlator.transform(heights, weights, (0, 0), &mut self.windows);
        self.correlator.correlate(spectrum, &self.windows);
        let score = |moments: &Moments| if moments.count < least { None } else { moments.ncc() };
        let (dy, dx, best, _) = self.correlator.best(score)?;
        let last = 2 * reach as isize;
        let at = |dy: isize, dx: isize| {
            let inside = (0..=last).contains(&dy) && (0..=last).contains(&dx);
            if inside { score(&self.correlator.moments(dy, dx)) } else { None }
        };
        let offset_y = vertex(at(dy - 1, dx), best, at(dy + 1, dx));
        let offset_x = vertex(at(dy, dx - 1), best, at(dy, dx + 1));
        let mine = ndarray::s![top..top + side, left..left + side];
        let (top, left) = (top + dy as usize, left + dx as usize);
        let theirs = ndarray::s![top..top + side, left..left + side];
        let moments = moments_of_views(
            (gridded.heights().slice(mine), gridded.weights().slice(mine)),
            (other.0.slice(theirs), other.1.slice(theirs)),
        );
        let from_centre =
            |shift: isize, offset: f64| spacing * (shift as f64 - reach as f64 + offset);
        Some(Peak {
            theta: Angle::ZERO,
            dx: from_centre(dx, offset_x),
            dy: from_centre(dy, offset_y),
            ncc: f64::from(moments.ncc()?),
            joint_fraction: f64::from(moments.count / area),
        })
    }
}

/// Turns about the global pose, ascending, zero among them.
fn turns(parameters: &CongruentCells) -> impl Iterator<Item = Angle> {
    let steps = (parameters.rotation_reach.radians() / parameters.rotation_step.radians() + 1e-9)
        .floor() as i32;
    let step = parameters.rotation_step;
    (-steps..=steps).map(move |index| step * f64::from(index))
}

/// `pose`, and then a turn about the centre of the frame it leads to.
fn turned_about_centre(pose: Pose, theta: Angle) -> Pose {
    let turn = Pose { theta, ..Pose::IDENTITY };
    let (dx, dy) = turn.apply(pose.dx, pose.dy);
    Pose { dx, dy, theta: pose.theta + theta }
}
