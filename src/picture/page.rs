//! The page: what stands where.

use super::canvas::{Area, Canvas, GREY, INK};
use super::cells::{Row, VERDICTS, name, pen};
use super::lettering::Face;
use super::view::{View, Window, measured};
use super::{Drawn, Labels, relief};
use crate::cmc::CellVerdict;
use crate::comparison::{Comparison, Direction, DirectionResult, ProfileAgreement};
use crate::digest::Digest;
use crate::surface::{Kind, Pose, Texture};
use image::RgbImage;

/// Width of the page in pixels.
pub(super) const WIDTH: usize = 1600;
const EDGE: usize = 24;
/// Between the panels.
const GUTTER: usize = 16;
const PANEL: usize = (WIDTH - 2 * EDGE - GUTTER) / 2;
const FULL: usize = WIDTH - 2 * EDGE;
/// Heights of the parts.
const HEADER: usize = 118;
const ROW_HEAD: usize = 56;
const ROW_FOOT: usize = 52;
const FOOTER: usize = 92;

/// Draws the page.
///
/// 1. headline: score and pose;
/// 2. for each direction a sentence, two panels and a legend;
/// 3. provenance.
pub(super) fn draw(
    [questioned, reference]: [&Texture; 2],
    kind: Kind,
    comparison: &Comparison,
    labels: Labels<'_>,
    drawn: Drawn,
) -> RgbImage {
    let pose = comparison.registration.map(|registration| registration.pose);
    let onto = pose.unwrap_or(Pose::IDENTITY);
    let directions = match (pose, drawn) {
        (None, _) | (Some(_), Drawn::ReferenceToQuestioned) => {
            &[Direction::ReferenceToQuestioned][..]
        }
        (Some(_), Drawn::BothDirections) => {
            &[Direction::ReferenceToQuestioned, Direction::QuestionedToReference][..]
        }
    };
    let row = |direction: &Direction| {
        let result = comparison.directions.iter().find(|result| result.direction == *direction);
        result.map(|result| Row { result, pose: onto })
    };
    let rows: Vec<Option<Row<'_>>> = directions.iter().map(row).collect();
    let samples = measured(questioned, onto).chain(measured(reference, Pose::IDENTITY));
    let window = Window::around(samples.chain(rows.iter().flatten().flat_map(Row::corners)));
    let panel_height = window.panel_height(PANEL);
    let row_height = ROW_HEAD + panel_height + ROW_FOOT;
    let height = HEADER + directions.len() * row_height + FOOTER;
    let mut canvas = Canvas::new(WIDTH, height);
    // 1.
    header(&mut canvas, comparison);
    // 2.
    for (index, row) in rows.iter().enumerate() {
        let top = HEADER + index * row_height;
        row_head(&mut canvas, top, row.map(|row| row.result), labels);
        let panel = |left| Area { left, top: top + ROW_HEAD, width: PANEL, height: panel_height };
        let left = View::new(&window, panel(EDGE));
        let right = View::new(&window, panel(EDGE + PANEL + GUTTER));
        relief::draw(&mut canvas, &left, questioned, onto);
        relief::draw(&mut canvas, &right, reference, Pose::IDENTITY);
        if let Some(row) = row {
            let (grid, found) = match row.result.direction {
                Direction::ReferenceToQuestioned => (&right, &left),
                Direction::QuestionedToReference => (&left, &right),
            };
            row.draw_grid(&mut canvas, grid);
            row.draw_found(&mut canvas, found);
            legend(&mut canvas, top + ROW_HEAD + panel_height + 12, row.result);
        }
        for view in [&left, &right] {
            canvas.scale_bar_within(view.area, view.pixel);
            canvas.frame(view.area);
        }
    }
    // 3.
    footer(&mut canvas, height - FOOTER, comparison, kind);
    canvas.into_picture()
}

fn header(canvas: &mut Canvas, comparison: &Comparison) {
    let mut line = |y, text: &str, face: Face, colour| {
        canvas.text((EDGE, y), &face.fit(text, FULL), face, colour);
    };
    let Some(registration) = comparison.registration else {
        line(EDGE, "No registration, no score", Face::Large, INK);
        let why = "The surfaces share too few samples at any pose within reach. Both are drawn as \
                   they were scanned, not aligned; no cells were compared.";
        line(EDGE + 44, why, Face::Plain, INK);
        return;
    };
    let (count, of, share) =
        (comparison.cmc_count(), comparison.cells(), comparison.cmc_fraction());
    let mut headline = format!("{count} of {of} cells congruent: {share:.3}");
    if let Some(ProfileAgreement { score, scale }) = comparison.profile {
        headline += &format!("   score of the profiles {score:.2}, stretched by {scale:.3}");
    }
    line(EDGE, &headline, Face::Large, INK);
    let Pose { dx, dy, theta } = registration.pose;
    let pose = format!(
        "NCC {:.3} over {:.0} % of the smaller surface   theta {:+.2}\u{b0}   dx {:+.1} \u{b5}m   dy {:+.1} \u{b5}m",
        registration.ncc,
        100.0 * registration.overlap,
        theta.degrees(),
        dx.micrometres(),
        dy.micrometres(),
    );
    line(EDGE + 42, &pose, Face::Bold, INK);
    let meaning = "Cells of both directions together. The pose takes the questioned surface onto the \
                   reference: turned counter-clockwise by theta, then moved right by dx and down by dy.";
    line(EDGE + 64, meaning, Face::Plain, GREY);
}

/// What the row shows, and whose the panels are.
fn row_head(canvas: &mut Canvas, top: usize, result: Option<&DirectionResult>, labels: Labels<'_>) {
    let rule = Area { left: EDGE, top, width: FULL, height: 1 };
    canvas.fill(rule, GREY, 0.5);
    let (mut roles, mut sentence) = (["", ""], String::new());
    if let Some(result) = result {
        let (gridded, other) = match result.direction {
            Direction::ReferenceToQuestioned => ("reference", "questioned surface"),
            Direction::QuestionedToReference => ("questioned surface", "reference"),
        };
        roles = match result.direction {
            Direction::ReferenceToQuestioned => ["cells as found", "cells as cut"],
            Direction::QuestionedToReference => ["cells as cut", "cells as found"],
        };
        let (count, of) = (result.cmc_count, result.cells);
        sentence =
            format!("Cells of the {gridded}, sought on the {other}: {count} of {of} congruent");
        if let Some(consensus) = result.consensus {
            sentence += &format!(
                ", agreeing on dx {:+.1} \u{b5}m, dy {:+.1} \u{b5}m, theta {:+.2}\u{b0} from the pose",
                consensus.dx.micrometres(),
                consensus.dy.micrometres(),
                consensus.theta.degrees(),
            );
        }
    }
    canvas.text((EDGE, top + 10), &Face::Plain.fit(&sentence, FULL), Face::Plain, INK);
    let captions = [("Questioned", labels.questioned), ("Reference", labels.reference)];
    for (index, ((side, label), role)) in captions.into_iter().zip(roles).enumerate() {
        let left = EDGE + index * (PANEL + GUTTER);
        let role_left = left + PANEL - Face::Plain.width(role);
        let caption = format!("{side}: {label}");
        let caption = Face::Bold.fit(&caption, role_left - left - EDGE);
        canvas.text((left, top + 34), &caption, Face::Bold, INK);
        canvas.text((role_left, top + 34), role, Face::Plain, GREY);
    }
}

/// Each verdict with its line, its name and how many cells have it.
fn legend(canvas: &mut Canvas, top: usize, result: &DirectionResult) {
    const SWATCH: usize = 34;
    let mut left = EDGE;
    for verdict in VERDICTS {
        let cells = result.cell_results.iter();
        let count = cells.filter(|cell| cell.verdict == verdict).count();
        let middle = (top + Face::Plain.height() / 2) as f64;
        let (from, to) = ((left as f64, middle), ((left + SWATCH) as f64, middle));
        canvas.stroke(from, to, 0.0, pen(verdict));
        let text = format!("{count} {}", name(verdict));
        let colour = if verdict == CellVerdict::NotCompared { GREY } else { INK };
        canvas.text((left + SWATCH + 8, top), &text, Face::Plain, colour);
        left += SWATCH + 8 + Face::Plain.width(&text) + 26;
    }
    let key = "in cells: row.column and NCC";
    let key = Face::Plain.fit(key, WIDTH.saturating_sub(EDGE + left));
    let right = WIDTH - EDGE - Face::Plain.width(&key);
    canvas.text((right, top), &key, Face::Plain, GREY);
}

fn footer(canvas: &mut Canvas, top: usize, comparison: &Comparison, kind: Kind) {
    canvas.fill(Area { left: EDGE, top, width: FULL, height: 1 }, GREY, 0.5);
    let short = |digest: Digest| digest.to_string()[..16].to_owned();
    let provenance = format!(
        "casemark {}   parameters {}   SHA-256 of the files: questioned {}, reference {}",
        comparison.engine_version,
        short(comparison.parameters_digest),
        short(comparison.questioned),
        short(comparison.reference),
    );
    let relief = match kind {
        Kind::Topography => {
            "Shaded relief of the band-passed surfaces, both under the same light; pale: nothing \
             measured. Digests by their first 16 digits."
        }
        Kind::Reflectance => {
            "Reflectance images, not metrological: band-passed grey levels, drawn as if they were heights; \
             pale: masked. Digests by their first 16 digits."
        }
    };
    let warning = "A score, not an identification: only an examiner makes a hit.";
    for (y, text, face, colour) in [
        (12, warning, Face::Bold, INK),
        (34, provenance.as_str(), Face::Plain, GREY),
        (56, relief, Face::Plain, GREY),
    ] {
        canvas.text((EDGE, top + y), &face.fit(text, FULL), face, colour);
    }
}
