//! A profile on its page: the plot, and a small map that says where the line lies.

use super::canvas::{Area, BLUE, Canvas, Colour, GREY, INK, PAPER, Pattern, Pen};
use super::field::Field;
use super::heights::HeightRange;
use super::lambert::Light;
use super::lettering::Face;
use super::map::capitalised;
use super::profile::{Line, Profile, ProfileStyle};
use super::sheet::{EDGE, draw_footing, footing, footing_height, heading};
use super::ticks::Ticks;
use super::{PictureError, Subject, hillshade};
use crate::units::Length;
use image::RgbImage;

/// Height of the plot as a share of its width, and its bounds in pixels.
const SHARE: f64 = 0.42;
const HEIGHTS: (usize, usize) = (260, 900);
/// Longer side of the small map.
const MAP: usize = 280;
/// Left of the plot: numbers of the heights.
const SIDE: usize = 70;
/// Above the plot: the unit of the heights. Below: numbers, then what they are.
const ABOVE: usize = 24;
const BELOW: usize = 58;
/// The line on the small map: seen on light and dark relief.
const LINE: Colour = BLUE;

/// Draws the page.
///
/// 1. the profile and the small map;
/// 2. what the words about them need;
/// 3. heading, plot, map, footing.
pub(super) fn draw(
    subject: &Subject<'_>,
    line: &Line,
    style: &ProfileStyle,
) -> Result<RgbImage, PictureError> {
    // 1.
    let levelled = style.levelling.apply(subject.surface)?;
    super::field::check_size(style.width)?;
    let profile = Profile::along(&levelled, line)?;
    let field = Field::of(&levelled, MAP)?;
    // 2.
    let range = match style.range {
        Some(range) => range,
        None => room(profile.extremes()),
    };
    range.check()?;
    let height = ((SHARE * style.width as f64) as usize).clamp(HEIGHTS.0, HEIGHTS.1);
    let width = 2 * EDGE + SIDE + style.width + EDGE + MAP;
    let full = width - 2 * EDGE;
    let plot = Plot { profile: &profile, range, length: line.length() };
    let shown =
        [what(line), plot.words((style.width, height)), capitalised(style.levelling.words())];
    let heading = heading(subject, &shown, full);
    let footing = footing(subject, full);
    let top = EDGE + heading.height() + 12 + ABOVE;
    let area = Area { left: EDGE + SIDE, top, width: style.width, height };
    let (rows, columns) = field.dim();
    let body = (height + BELOW).max(rows + 40);
    let foot_top = top + body + 10;
    // 3.
    let mut canvas = Canvas::new(width, foot_top + footing_height(&footing));
    heading.draw(&mut canvas, (EDGE, EDGE));
    plot.draw(&mut canvas, area);
    let map = Area { left: area.left + area.width + EDGE, top, width: columns, height: rows };
    hillshade::draw(&mut canvas, map, &field, Light::default());
    canvas.frame(map);
    mark(&mut canvas, map, field.pixel, line);
    let longest = field.pixel * (0.4 * columns as f64);
    canvas.scale_bar((map.left, map.top + rows + 14), longest, field.pixel);
    draw_footing(&mut canvas, &footing, foot_top);
    Ok(canvas.into_picture())
}

fn what(line: &Line) -> String {
    let place = |(x, y): (Length, Length)| {
        format!("({:.0}, {:.0})", x.micrometres() + 0.0, y.micrometres() + 0.0)
    };
    format!(
        "Profile from A {} to B {}: \u{b5}m from the centre, x right, y down",
        place(line.from),
        place(line.to),
    )
}

/// All heights and a twentieth more to either side; of a flat profile, ten nanometres.
fn room((low, high): (f64, f64)) -> HeightRange {
    let room = (0.05 * (high - low)).max(1e-8);
    HeightRange { low: Length::from_metres(low - room), high: Length::from_metres(high + room) }
}

/// A profile, and what its plot spans.
#[derive(Clone, Copy, Debug)]
struct Plot<'a> {
    profile: &'a Profile,
    range: HeightRange,
    length: Length,
}

impl Plot<'_> {
    /// What is seen, in a sentence.
    fn words(&self, (width, height): (usize, usize)) -> String {
        let (low, high) = self.profile.extremes();
        let (unit, scale) = self.range.unit();
        let across = self.length.metres() / width as f64;
        let up = (self.range.high - self.range.low).metres() / height as f64;
        let ratio = across / up;
        let decimals = usize::from(ratio < 10.0) + usize::from(ratio < 1.0);
        let share = self.profile.measured().count() as f64 / self.profile.heights.len() as f64;
        let (bottom, top) = (self.range.low.metres(), self.range.high.metres());
        let cut = if low < bottom || high > top { ", cut where it leaves the plot" } else { "" };
        format!(
            "{:.1} \u{b5}m long, highest to lowest {:.2} {unit}, {:.1} % measured; heights drawn {ratio:.decimals$} x as large as lengths{cut}",
            self.length.micrometres(),
            (high - low) * scale,
            100.0 * share,
        )
    }

    /// Where a distance and a height lie in an area.
    fn point(&self, area: Area, along: f64, height: f64) -> (f64, f64) {
        let (low, high) = (self.range.low.metres(), self.range.high.metres());
        let x = area.left as f64 + (area.width - 1) as f64 * along / self.length.metres();
        let y = area.top as f64 + (area.height - 1) as f64 * (high - height) / (high - low);
        (x, y)
    }

    fn draw(&self, canvas: &mut Canvas, area: Area) {
        self.gaps(canvas, area);
        self.axes(canvas, area);
        let step = self.profile.step.metres();
        let pen = Pen { colour: INK, width: 1.6, pattern: Pattern::Solid };
        let inner = Area { left: area.left + 1, width: area.width - 2, ..area };
        canvas.within(inner, |canvas| {
            let heights = &self.profile.heights;
            for (index, pair) in heights.windows(2).enumerate() {
                let [Some(one), Some(two)] = pair else { continue };
                let from = self.point(area, index as f64 * step, *one);
                let to = self.point(area, (index + 1) as f64 * step, *two);
                canvas.stroke(from, to, 0.0, pen);
            }
            // One between two gaps would not be seen.
            for (index, height) in heights.iter().enumerate() {
                let alone = |at: Option<usize>| {
                    at.and_then(|at| heights.get(at)).copied().flatten().is_none()
                };
                if let Some(height) = height
                    && alone(index.checked_sub(1))
                    && alone(index.checked_add(1))
                {
                    let (x, y) = self.point(area, index as f64 * step, *height);
                    canvas.stroke((x - 0.8, y), (x + 0.8, y), 0.0, pen);
                }
            }
        });
        canvas.frame(area);
    }

    /// Hatches what was not measured.
    fn gaps(&self, canvas: &mut Canvas, area: Area) {
        let last = (self.profile.heights.len() - 1) as f64;
        for column in 0..area.width {
            let place = last * column as f64 / (area.width - 1) as f64;
            let measured =
                |index: f64| self.profile.heights.get(index as usize).copied().flatten().is_some();
            if !(measured(place.floor()) && measured(place.ceil())) {
                for row in 0..area.height {
                    canvas.missing(area.left + column, area.top + row);
                }
            }
        }
    }

    /// Grid, numbers and units.
    fn axes(&self, canvas: &mut Canvas, area: Area) {
        const FACE: Face = Face::Plain;
        let (unit, scale) = self.range.unit();
        let (low, high) = (self.range.low.metres() * scale, self.range.high.metres() * scale);
        let bottom = area.top + area.height;
        for (value, text) in Ticks::within(low, high, (area.height / 50).clamp(2, 12)).labelled() {
            let y = self.point(area, 0.0, value / scale).1.round() as usize;
            canvas.fill(Area { top: y, height: 1, ..area }, GREY, 0.3);
            let left = area.left.saturating_sub(8 + FACE.width(&text));
            canvas.text((left, y.saturating_sub(FACE.height() / 2)), &text, FACE, INK);
        }
        canvas.text((area.left, area.top - ABOVE), &format!("height, {unit}"), FACE, INK);
        let length = self.length.micrometres();
        for (value, text) in Ticks::within(0.0, length, (area.width / 110).clamp(2, 14)).labelled()
        {
            let x = self.point(area, value / 1e6, 0.0).0.round() as usize;
            canvas.fill(Area { left: x, width: 1, ..area }, GREY, 0.3);
            canvas.text((x.saturating_sub(FACE.width(&text) / 2), bottom + 6), &text, FACE, INK);
        }
        let along = "distance from A, \u{b5}m";
        let middle = area.left + area.width / 2 - FACE.width(along) / 2;
        canvas.text((middle, bottom + 28), along, FACE, INK);
        canvas.text((area.left, bottom + 28), "A", Face::Bold, LINE);
        let right = area.left + area.width - Face::Bold.width("B");
        canvas.text((right, bottom + 28), "B", Face::Bold, LINE);
    }
}

/// The line on the small map, with its ends.
fn mark(canvas: &mut Canvas, map: Area, pixel: Length, line: &Line) {
    let middle = |first: usize, length: usize| first as f64 + (length as f64 - 1.0) / 2.0;
    let (x0, y0) = (middle(map.left, map.width), middle(map.top, map.height));
    let point = |(x, y): (Length, Length)| (x0 + x.ratio(pixel), y0 + y.ratio(pixel));
    let (from, to) = (point(line.from), point(line.to));
    canvas.within(map, |canvas| {
        for (colour, width) in [(PAPER, 4.0), (LINE, 2.0)] {
            canvas.stroke(from, to, 0.0, Pen { colour, width, pattern: Pattern::Solid });
        }
    });
    // Kept within the map, whatever the line does.
    let within = |place: f64, first: usize, length: usize| {
        place.clamp(first as f64 + 9.0, ((first + length) as f64 - 9.0).max(first as f64 + 9.0))
    };
    for ((x, y), name) in [(from, "A"), (to, "B")] {
        let place = (within(x, map.left, map.width), within(y, map.top, map.height));
        canvas.plate(place, name, Face::Bold, (LINE, PAPER));
    }
}
