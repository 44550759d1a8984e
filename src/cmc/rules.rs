//! Which cells are congruent?
//!
//! Pure functions over the recorded registrations: no heights, no FFT. [`song2013`] judges each cell
//! by its best place, [`convergence`] (after Chen et al. 2017) by its place at the turn on which most
//! cells converge. Cells of one source keep their places relative to each other; those of different
//! sources peak anywhere.

use super::register::{CellRegistration, Peak};
use crate::parameters::CongruentCells;
use crate::units::{Angle, Length};
use serde::{Deserialize, Serialize};

/// Whether a cell is congruent, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellVerdict {
    /// Correlated, and at the consensus.
    Congruent,
    /// Compared, but its NCC stays below the threshold.
    LowCorrelation,
    /// Correlated, but displaced from the consensus.
    Displaced,
    /// Correlated and at its place, but turned from the consensus.
    Turned,
    /// Not compared: too few samples are valid on both surfaces at the global pose.
    NotCompared,
}

/// What the correlated cells agree on, relative to the global pose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consensus {
    /// Displacement to the right.
    pub dx: Length,
    /// Displacement down.
    pub dy: Length,
    /// Turn.
    pub theta: Angle,
}

/// The verdict on every cell, in the order of the registrations, and what it was judged against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// One verdict a cell.
    pub verdicts: Vec<CellVerdict>,
    /// The consensus; `None` where no cell was correlated.
    pub consensus: Option<Consensus>,
}

impl Judgement {
    /// Number of congruent matching cells.
    #[must_use]
    pub fn cmc_count(&self) -> usize {
        self.verdicts.iter().filter(|verdict| **verdict == CellVerdict::Congruent).count()
    }

    /// Number of cells that were compared.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.verdicts.iter().filter(|verdict| **verdict != CellVerdict::NotCompared).count()
    }
}

/// Song 2013: the best place of each cell over all turns; a cell is congruent when its NCC reaches
/// the threshold and its displacement and turn are near the medians of those that do.
#[must_use]
pub fn song2013(registrations: &[CellRegistration], parameters: &CongruentCells) -> Judgement {
    let places: Vec<Option<Peak>> =
        registrations.iter().map(|cell| compared(cell, parameters).then(|| cell.best())?).collect();
    let consensus = consensus(&correlated(&places, parameters));
    judge(registrations, &places, consensus, parameters)
}

/// After Chen et al. 2017: at each turn the cells' places are judged against the medians, which are
/// taken again over the congruent ones until those no longer change; the turn with the most congruent
/// cells counts, of equals the one with the smaller angle. Every cell stands for the same turn, so a
/// cell whose best peak is a chance one elsewhere still counts where it does correlate.
#[must_use]
pub fn convergence(registrations: &[CellRegistration], parameters: &CongruentCells) -> Judgement {
    let mut turns: Vec<Angle> =
        registrations.iter().flat_map(|cell| cell.peaks.iter().map(|peak| peak.theta)).collect();
    turns.sort_by(|a, b| {
        let (a, b) = (a.radians(), b.radians());
        a.abs().total_cmp(&b.abs()).then(a.total_cmp(&b))
    });
    turns.dedup();
    let at_turn = |theta: Angle| {
        let place = |cell: &CellRegistration| {
            let peak = cell.peaks.iter().copied().find(|peak| peak.theta == theta);
            peak.filter(|_| compared(cell, parameters))
        };
        let places: Vec<Option<Peak>> = registrations.iter().map(place).collect();
        let mut members = correlated(&places, parameters);
        let mut judgement = judge(registrations, &places, consensus(&members), parameters);
        // Each round either keeps the members or changes them; a bound guards against a cycle.
        for _ in 0..registrations.len() {
            let congruent = judgement.verdicts.iter().zip(&places);
            let next: Vec<Peak> = congruent
                .filter(|(verdict, _)| **verdict == CellVerdict::Congruent)
                .filter_map(|(_, place)| *place)
                .collect();
            if next == members {
                break;
            }
            members = next;
            let again = judge(registrations, &places, consensus(&members), parameters);
            if again.cmc_count() < judgement.cmc_count() {
                break;
            }
            judgement = again;
        }
        judgement
    };
    let more = |best: Judgement, next: Judgement| {
        if next.cmc_count() > best.cmc_count() { next } else { best }
    };
    let nothing = || song2013(registrations, parameters);
    turns.into_iter().map(at_turn).reduce(more).unwrap_or_else(nothing)
}

/// Whether enough of the cell lies on the other surface.
fn compared(cell: &CellRegistration, parameters: &CongruentCells) -> bool {
    cell.joint_fraction >= parameters.least_joint
}

/// Places whose NCC reaches the threshold.
fn correlated(places: &[Option<Peak>], parameters: &CongruentCells) -> Vec<Peak> {
    places.iter().flatten().copied().filter(|peak| peak.ncc >= parameters.ncc_threshold).collect()
}

/// Medians; of an even number of values, the mean of the two in the middle.
fn consensus(places: &[Peak]) -> Option<Consensus> {
    let median = |value: fn(&Peak) -> f64| {
        let mut values: Vec<f64> = places.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        let upper = values.len() / 2;
        let lower = values.len().checked_sub(1)? / 2;
        Some((values[lower] + values[upper]) / 2.0)
    };
    Some(Consensus {
        dx: Length::from_metres(median(|peak| peak.dx.metres())?),
        dy: Length::from_metres(median(|peak| peak.dy.metres())?),
        theta: Angle::from_radians(median(|peak| peak.theta.radians())?),
    })
}

/// One verdict a cell, against a consensus.
fn judge(
    registrations: &[CellRegistration],
    places: &[Option<Peak>],
    consensus: Option<Consensus>,
    parameters: &CongruentCells,
) -> Judgement {
    let verdict = |(cell, place): (&CellRegistration, &Option<Peak>)| {
        if !compared(cell, parameters) {
            return CellVerdict::NotCompared;
        }
        let correlated = place.filter(|peak| peak.ncc >= parameters.ncc_threshold);
        let (Some(peak), Some(consensus)) = (correlated, consensus) else {
            return CellVerdict::LowCorrelation;
        };
        let away = |one: Length, other: Length| {
            (one - other).metres().abs() > parameters.displacement_threshold.metres()
        };
        if away(peak.dx, consensus.dx) || away(peak.dy, consensus.dy) {
            CellVerdict::Displaced
        } else if (peak.theta - consensus.theta).radians().abs()
            > parameters.rotation_threshold.radians()
        {
            CellVerdict::Turned
        } else {
            CellVerdict::Congruent
        }
    };
    let verdicts = registrations.iter().zip(places).map(verdict).collect();
    Judgement { verdicts, consensus }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cell found at each turn (degrees) with a displacement (um) and an NCC.
    fn cell(peaks: &[(f64, f64, f64, f64)]) -> CellRegistration {
        let peak = |&(theta, dx, dy, ncc): &(f64, f64, f64, f64)| Peak {
            theta: Angle::from_degrees(theta),
            dx: Length::from_micrometres(dx),
            dy: Length::from_micrometres(dy),
            ncc,
            joint_fraction: 0.9,
        };
        CellRegistration {
            row: 0,
            column: 0,
            x: Length::ZERO,
            y: Length::ZERO,
            side: Length::from_micrometres(400.0),
            fill_fraction: 1.0,
            joint_fraction: 0.9,
            peaks: peaks.iter().map(peak).collect(),
        }
    }

    fn parameters() -> CongruentCells {
        CongruentCells::default()
    }

    #[test]
    fn song2013_gives_each_verdict_its_reason() {
        let mut outside = cell(&[(0.0, 10.0, 0.0, 0.9)]);
        outside.joint_fraction = 0.1;
        let cells = [
            cell(&[(0.0, 10.0, 0.0, 0.8)]),
            cell(&[(0.0, 12.0, -4.0, 0.9), (1.5, 80.0, 80.0, 0.4)]),
            cell(&[(0.0, 8.0, 4.0, 0.7)]),
            // The best place counts, not the first.
            cell(&[(-1.5, 10.0, 0.0, 0.6), (0.0, 95.0, 0.0, 0.65)]),
            cell(&[(0.0, 10.0, -70.0, 0.6)]),
            cell(&[(5.0, 10.0, 0.0, 0.7)]),
            cell(&[(0.0, 10.0, 0.0, 0.49)]),
            cell(&[]),
            outside,
        ];
        let judgement = song2013(&cells, &parameters());
        use CellVerdict::{Congruent, Displaced, LowCorrelation, NotCompared, Turned};
        assert_eq!(
            judgement.verdicts,
            [
                Congruent,
                Congruent,
                Congruent,
                Displaced,
                Displaced,
                Turned,
                LowCorrelation,
                LowCorrelation,
                NotCompared
            ]
        );
        assert_eq!((judgement.cmc_count(), judgement.cells()), (3, 8));
        let consensus = judgement.consensus.unwrap();
        // Median of 10, 12, 8, 95, 10 and 10 um.
        assert!((consensus.dx.micrometres() - 10.0).abs() < 1e-9, "{consensus:?}");
        assert!(consensus.theta.radians().abs() < 1e-12, "{consensus:?}");
    }

    #[test]
    fn the_thresholds_themselves_are_congruent() {
        let limit = parameters();
        // Five cells at none, one at the greatest displacement.
        let mut cells = vec![cell(&[(0.0, 0.0, 0.0, limit.ncc_threshold)]); 5];
        let greatest = limit.displacement_threshold;
        cells.push(cell(&[(0.0, 0.0, 0.0, 0.5)]));
        cells[5].peaks[0].dx = greatest;
        assert_eq!(song2013(&cells, &limit).cmc_count(), 6);
        cells[5].peaks[0].dx = greatest + Length::from_micrometres(0.01);
        assert_eq!(song2013(&cells, &limit).verdicts[5], CellVerdict::Displaced);
    }

    #[test]
    fn without_a_correlated_cell_there_is_no_consensus() {
        let cells = [cell(&[(0.0, 1.0, 2.0, 0.2)]), cell(&[])];
        for judgement in [song2013(&cells, &parameters()), convergence(&cells, &parameters())] {
            assert_eq!(judgement.consensus, None);
            assert_eq!(judgement.verdicts, [CellVerdict::LowCorrelation; 2]);
        }
        let none = song2013(&[], &parameters());
        assert_eq!((none.cmc_count(), none.cells(), none.consensus), (0, 0, None));
    }

    #[test]
    fn convergence_takes_the_turn_that_most_cells_agree_on() {
        // Each cell's best place is a chance one, but at 0.75 degrees all lie together.
        let together = |x: f64, chance: f64| {
            cell(&[(0.0, chance, -chance, 0.8), (0.75, x, 5.0, 0.7), (1.5, -chance, chance, 0.55)])
        };
        let cells =
            [together(0.0, 99.0), together(9.0, -99.0), together(-9.0, 40.0), together(4.0, -80.0)];
        let converged = convergence(&cells, &parameters());
        assert_eq!(converged.cmc_count(), 4, "{converged:?}");
        let consensus = converged.consensus.unwrap();
        assert!((consensus.theta.degrees() - 0.75).abs() < 1e-9, "{consensus:?}");
        assert!(song2013(&cells, &parameters()).cmc_count() < 4);
    }

    #[test]
    fn convergence_gives_reasons_too() {
        let good = |x: f64| cell(&[(0.0, x, 0.0, 0.8)]);
        let mut outside = good(0.0);
        outside.joint_fraction = 0.0;
        let cells = [
            good(-5.0),
            good(0.0),
            good(5.0),
            good(90.0),
            cell(&[(0.0, 0.0, 0.0, 0.3)]),
            // Nowhere at the turn that counts.
            cell(&[(0.75, 0.0, 0.0, 0.9)]),
            outside,
        ];
        use CellVerdict::{Congruent, Displaced, LowCorrelation, NotCompared};
        assert_eq!(
            convergence(&cells, &parameters()).verdicts,
            [
                Congruent,
                Congruent,
                Congruent,
                Displaced,
                LowCorrelation,
                LowCorrelation,
                NotCompared
            ]
        );
    }
}
