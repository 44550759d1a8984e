//! What stands about a picture of one surface?
//!
//! Its name and size above, with what was done to it; below, who drew it of which file. Shared by maps
//! and profiles, so that any of them can be traced when it lies alone in a report.

use super::Subject;
use super::canvas::{Area, Canvas, Colour, GREY, INK};
use super::lettering::{Face, wrap};

/// Between the picture and its margins.
pub(super) const EDGE: usize = 24;
/// Narrowest page.
pub(super) const NARROWEST: usize = 640;

/// Lines of text, one below the other.
#[derive(Debug)]
pub(super) struct Block {
    width: usize,
    lines: Vec<(String, Face, Colour)>,
}

impl Block {
    /// Of this width.
    pub(super) const fn new(width: usize) -> Self {
        Self { width, lines: Vec::new() }
    }

    /// One more text, cut into lines.
    pub(super) fn add(&mut self, text: &str, face: Face, colour: Colour) {
        let lines = wrap(text, face, self.width);
        self.lines.extend(lines.into_iter().map(|line| (line, face, colour)));
    }

    /// Height of all lines.
    pub(super) fn height(&self) -> usize {
        self.lines.iter().map(|(_, face, _)| advance(*face)).sum()
    }

    /// Draws them.
    pub(super) fn draw(&self, canvas: &mut Canvas, (left, mut top): (usize, usize)) {
        for (line, face, colour) in &self.lines {
            canvas.text((left, top), line, *face, *colour);
            top += advance(*face);
        }
    }
}

/// From one line to the next.
const fn advance(face: Face) -> usize {
    face.height() + face.height() / 3
}

/// What stands above: name, what is shown, and how large the surface is.
pub(super) fn heading(subject: &Subject<'_>, shown: &[String], width: usize) -> Block {
    let mut block = Block::new(width);
    // A name is one word, whatever is in it.
    let name = Face::Large.fit(subject.label, width);
    block.lines.push((name, Face::Large, INK));
    for (index, text) in shown.iter().enumerate() {
        block.add(text, if index == 0 { Face::Bold } else { Face::Plain }, INK);
    }
    let surface = subject.surface;
    let (frame_width, frame_height) = surface.extent();
    let spacing = surface.spacing();
    let (x, y) = (spacing.x.micrometres(), spacing.y.micrometres());
    let apart = if (x - y).abs() < 5e-4 { format!("{x:.3}") } else { format!("{x:.3} x {y:.3}") };
    let size = format!(
        "{:.3} x {:.3} mm, {} x {} samples {apart} \u{b5}m apart, {:.1} % measured",
        frame_width.micrometres() / 1e3,
        frame_height.micrometres() / 1e3,
        surface.columns(),
        surface.rows(),
        100.0 * surface.fill_fraction(),
    );
    block.add(&size, Face::Plain, GREY);
    block
}

/// What stands below.
pub(super) fn footing(subject: &Subject<'_>, width: usize) -> Block {
    let mut block = Block::new(width);
    let provenance =
        format!("casemark {}, of a file with SHA-256 {}", crate::VERSION, subject.source);
    block.add(&provenance, Face::Small, GREY);
    block
}

/// A rule above the footing, which is drawn below it.
pub(super) fn draw_footing(canvas: &mut Canvas, block: &Block, top: usize) {
    canvas.fill(Area { left: EDGE, top, width: block.width, height: 1 }, GREY, 0.5);
    block.draw(canvas, (EDGE, top + 9));
}

/// Height of a footing with its rule and the margin below.
pub(super) fn footing_height(block: &Block) -> usize {
    block.height() + 9 + EDGE / 2
}
