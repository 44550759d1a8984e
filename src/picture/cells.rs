//! Where were the cells cut, and where were they found?

use super::canvas::{BLUE, Canvas, Colour, GREY, PAPER, Pattern, Pen, VERMILION};
use super::lettering::Face;
use super::view::View;
use crate::cmc::CellVerdict;
use crate::comparison::{CellResult, Direction, DirectionResult};
use crate::surface::Pose;
use crate::units::{Angle, Length};

/// Verdicts in the order of the legend.
pub(super) const VERDICTS: [CellVerdict; 5] = [
    CellVerdict::Congruent,
    CellVerdict::LowCorrelation,
    CellVerdict::Displaced,
    CellVerdict::Turned,
    CellVerdict::NotCompared,
];

/// How a verdict is drawn: colour and pattern both differ, for those who see or print no colour.
pub(super) const fn pen(verdict: CellVerdict) -> Pen {
    let (colour, width, pattern) = match verdict {
        CellVerdict::Congruent => (BLUE, 3.0, Pattern::Solid),
        CellVerdict::LowCorrelation => (VERMILION, 1.8, Pattern::Dotted),
        CellVerdict::Displaced => (VERMILION, 1.8, Pattern::Dashed),
        CellVerdict::Turned => (VERMILION, 1.8, Pattern::DashDotted),
        CellVerdict::NotCompared => (GREY, 1.2, Pattern::Dotted),
    };
    Pen { colour, width, pattern }
}

/// What the legend calls a verdict.
pub(super) const fn name(verdict: CellVerdict) -> &'static str {
    match verdict {
        CellVerdict::Congruent => "congruent",
        CellVerdict::LowCorrelation => "low correlation",
        CellVerdict::Displaced => "displaced",
        CellVerdict::Turned => "turned",
        CellVerdict::NotCompared => "not compared",
    }
}

/// The panels of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) result: &'a DirectionResult,
    /// Takes the questioned surface onto the reference.
    pub(super) pose: Pose,
}

impl Row<'_> {
    /// Takes the gridded surface's frame onto the reference's, in which all is drawn.
    fn onto_reference(&self) -> Pose {
        match self.result.direction {
            Direction::ReferenceToQuestioned => Pose::IDENTITY,
            Direction::QuestionedToReference => self.pose,
        }
    }

    /// The cells where they were cut, on the panel of the gridded surface.
    pub(super) fn draw_grid(&self, canvas: &mut Canvas, view: &View) {
        let onto = self.onto_reference();
        let corners = |cell: &CellResult| {
            square(cell, (Length::ZERO, Length::ZERO)).map(|(x, y)| view.point(onto.apply(x, y)))
        };
        self.draw(canvas, view, corners, |_| None);
    }

    /// The cells where they were found, on the panel of the other surface.
    pub(super) fn draw_found(&self, canvas: &mut Canvas, view: &View) {
        let onto = self.onto_reference();
        let corners = |cell: &CellResult| {
            // The other surface was turned by theta under the cell; here the cell is turned back.
            let peak = cell.registration.best();
            let shift = peak.map_or((Length::ZERO, Length::ZERO), |peak| (peak.dx, peak.dy));
            let theta = peak.map_or(Angle::ZERO, |peak| -peak.theta);
            let back = Pose { theta, ..Pose::IDENTITY };
            square(cell, shift).map(|(x, y)| {
                let (x, y) = back.apply(x, y);
                view.point(onto.apply(x, y))
            })
        };
        self.draw(canvas, view, corners, |cell| cell.registration.best().map(|peak| peak.ncc));
    }

    /// Outlines, the congruent ones last and so on top, then numbers.
    fn draw(
        &self,
        canvas: &mut Canvas,
        view: &View,
        corners: impl Fn(&CellResult) -> [(f64, f64); 4],
        score: impl Fn(&CellResult) -> Option<f64>,
    ) {
        let compared = |cell: &CellResult| cell.verdict != CellVerdict::NotCompared;
        canvas.within(view.area, |canvas| {
            for verdict in VERDICTS.iter().rev() {
                let of_verdict = |cell: &&CellResult| cell.verdict == *verdict;
                for cell in self.result.cell_results.iter().filter(of_verdict) {
                    outline(canvas, &corners(cell), pen(*verdict));
                }
            }
            for cell in &self.result.cell_results {
                let corners = corners(cell);
                let middle =
                    |axis: fn(&(f64, f64)) -> f64| corners.iter().map(axis).sum::<f64>() / 4.0;
                let (x, y) = (middle(|corner| corner.0), middle(|corner| corner.1));
                let colours = (ink(cell.verdict), PAPER);
                let number = format!("{}.{}", cell.registration.row, cell.registration.column);
                match score(cell).filter(|_| compared(cell)) {
                    Some(ncc) => {
                        canvas.label((x, y - 7.0), &number, Face::Small, colours);
                        canvas.label((x, y + 7.0), &format!("{ncc:.2}"), Face::Small, colours);
                    }
                    None => canvas.label((x, y), &number, Face::Small, colours),
                }
            }
        });
    }
}

/// A colour for numbers: that of the outline.
const fn ink(verdict: CellVerdict) -> Colour {
    pen(verdict).colour
}

/// An outline on a pale band, which sets it off from dark and light relief alike.
fn outline(canvas: &mut Canvas, corners: &[(f64, f64); 4], pen: Pen) {
    let band = Pen { colour: PAPER, width: pen.width + 1.6, pattern: Pattern::Solid };
    canvas.outline(corners, band);
    canvas.outline(corners, pen);
}

/// Corners of a cell, shifted, in the frame of the gridded surface.
fn square(cell: &CellResult, (dx, dy): (Length, Length)) -> [(Length, Length); 4] {
    let registration = &cell.registration;
    // Neighbours share an edge; a tenth is left between them so that both can be seen.
    let half = registration.side * 0.46;
    let (x, y) = (registration.x + dx, registration.y + dy);
    [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
}
