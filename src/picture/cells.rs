//! Where were the cells cut, and where were they found?

use super::canvas::{BLUE, Canvas, GREY, PAPER, Pattern, Pen, VERMILION};
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

/// What the numbers in the cells are written in.
const NUMBERS: Face = Face::Small;

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

/// Four points of the plane, clockwise as seen.
type Corners = [(Length, Length); 4];

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

    /// Corners of a cell where it was cut, in the frame of the reference.
    fn cut(&self, cell: &CellResult) -> Corners {
        let onto = self.onto_reference();
        square(cell, (Length::ZERO, Length::ZERO)).map(|(x, y)| onto.apply(x, y))
    }

    /// Corners of a cell where it was found, in the frame of the reference.
    fn found(&self, cell: &CellResult) -> Corners {
        let onto = self.onto_reference();
        // The other surface was turned by theta under the cell; here the cell is turned back.
        let peak = cell.registration.best();
        let shift = peak.map_or((Length::ZERO, Length::ZERO), |peak| (peak.dx, peak.dy));
        let theta = peak.map_or(Angle::ZERO, |peak| -peak.theta);
        let back = Pose { theta, ..Pose::IDENTITY };
        square(cell, shift).map(|(x, y)| {
            let (x, y) = back.apply(x, y);
            onto.apply(x, y)
        })
    }

    /// Corners of everything that is drawn.
    pub(super) fn corners(&self) -> impl Iterator<Item = (Length, Length)> {
        let cells = self.result.cell_results.iter();
        cells.flat_map(|cell| self.cut(cell).into_iter().chain(self.found(cell)))
    }

    /// The cells where they were cut, on the panel of the gridded surface.
    pub(super) fn draw_grid(&self, canvas: &mut Canvas, view: &View) {
        self.draw(canvas, view, |cell| self.cut(cell), |_| true, |_| None);
    }

    /// The cells that were compared where they were found, on the panel of the other surface.
    pub(super) fn draw_found(&self, canvas: &mut Canvas, view: &View) {
        let compared = |cell: &CellResult| cell.verdict != CellVerdict::NotCompared;
        let score = |cell: &CellResult| cell.registration.best().map(|peak| peak.ncc);
        self.draw(canvas, view, |cell| self.found(cell), compared, score);
    }

    /// Outlines, the congruent ones last and so on top, then numbers.
    fn draw(
        &self,
        canvas: &mut Canvas,
        view: &View,
        corners: impl Fn(&CellResult) -> Corners,
        drawn: impl Fn(&CellResult) -> bool,
        score: impl Fn(&CellResult) -> Option<f64>,
    ) {
        let corners = |cell: &CellResult| corners(cell).map(|corner| view.point(corner));
        canvas.within(view.area, |canvas| {
            for verdict in VERDICTS.iter().rev() {
                let of_verdict = |cell: &&CellResult| cell.verdict == *verdict;
                let cells = self.result.cell_results.iter().filter(of_verdict);
                for cell in cells.filter(|cell| drawn(cell)) {
                    outline(canvas, &corners(cell), pen(*verdict));
                }
            }
            for cell in self.result.cell_results.iter().filter(|cell| drawn(cell)) {
                let (row, column) = (cell.registration.row, cell.registration.column);
                let text = match score(cell) {
                    Some(ncc) => format!("{row}.{column} {ncc:.2}"),
                    None => format!("{row}.{column}"),
                };
                let middle = beneath_top_edge(&corners(cell), &text);
                canvas.plate(middle, &text, NUMBERS, (pen(cell.verdict).colour, PAPER));
            }
        });
    }
}

/// Where a text stands so that it lies within the outline, beneath the middle of its upper edge: there
/// it hides no more of the marks than it must.
fn beneath_top_edge(corners: &[(f64, f64); 4], text: &str) -> (f64, f64) {
    let edges = (0..4).map(|index| (corners[index], corners[(index + 1) % 4]));
    let lower = |one: &((f64, f64), (f64, f64))| one.0.1 + one.1.1;
    let top = edges.min_by(|one, other| lower(one).total_cmp(&lower(other)));
    let (from, to) = top.unwrap_or((corners[0], corners[1]));
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let (cos, sin) = (dx / length, dy / length);
    let (half_width, half_height) =
        (NUMBERS.width(text) as f64 / 2.0, NUMBERS.height() as f64 / 2.0);
    let inwards = 4.0 + half_width * sin.abs() + half_height * cos.abs();
    // Corners run clockwise as seen, so the inside is on the right of an edge.
    ((from.0 + to.0) / 2.0 - sin * inwards, (from.1 + to.1) / 2.0 + cos * inwards)
}

/// An outline on a pale band, which sets it off from dark and light relief alike.
fn outline(canvas: &mut Canvas, corners: &[(f64, f64); 4], pen: Pen) {
    let band = Pen { colour: PAPER, width: pen.width + 1.6, pattern: Pattern::Solid };
    canvas.outline(corners, band);
    canvas.outline(corners, pen);
}

/// Corners of a cell, shifted, in the frame of the gridded surface.
fn square(cell: &CellResult, (dx, dy): (Length, Length)) -> Corners {
    let registration = &cell.registration;
    // Neighbours share an edge; a tenth is left between them so that both can be seen.
    let half = registration.side * 0.46;
    let (x, y) = (registration.x + dx, registration.y + dy);
    [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
}
