//! One surface, seen from above: the page.

use super::canvas::{Area, Canvas, GREY};
use super::field::{Field, Levelling};
use super::heights::{BAR_COLUMN, BAR_HEIGHT, Colours, HeightRange};
use super::lambert::Light;
use super::lettering::Face;
use super::region_layer::{Cover, Legend, RegionLayer};
use super::sheet::{EDGE, NARROWEST, draw_footing, footing, footing_height, heading};
use super::ticks::Ticks;
use super::{PictureError, Subject, grey, hillshade};
use crate::units::Length;
use image::RgbImage;

/// What a map shows of the heights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Look {
    /// Shaded relief under one lamp.
    Hillshade(Light),
    /// Heights as colours, over this range or one of percentiles.
    Heights(Option<HeightRange>),
    /// Grey levels of a reflectance image, which are not levelled.
    Grey,
}

/// How a map is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapStyle {
    /// What is shown.
    pub look: Look,
    /// What is taken away first.
    pub levelling: Levelling,
    /// Pixels of the longer side of the surface, 200 to 8000; the page about it is larger.
    pub longer_side: usize,
}

impl Default for MapStyle {
    fn default() -> Self {
        let (look, levelling) = (Look::Hillshade(Light::default()), Levelling::default());
        Self { look, levelling, longer_side: 1000 }
    }
}

/// Left of the surface: what is written at the ticks of y.
const SIDE: usize = 58;
/// Below the surface: ticks of x, then the scale bar.
const BELOW: usize = 62;

/// Draws the page.
///
/// 1. the field, levelled, a height a pixel;
/// 2. what the words about it need, so that the page can be measured;
/// 3. heading, surface, regions, ticks, bars, legend, footing.
pub(super) fn draw(subject: &Subject<'_>, style: &MapStyle) -> Result<RgbImage, PictureError> {
    // 1.
    let field = match style.look {
        Look::Grey => grey::field(subject.surface, style.longer_side)?,
        Look::Hillshade(_) | Look::Heights(_) => {
            Field::of(&style.levelling.apply(subject.surface)?, style.longer_side)?
        }
    };
    let (rows, columns) = field.dim();
    // 2.
    let (colours, shown, cover, column) = match style.look {
        Look::Hillshade(light) => {
            light.check()?;
            (None, relief_words(&field, light), Cover::Tints, 0)
        }
        Look::Heights(range) => {
            let colours = Colours::of(&field, range)?;
            (Some(colours), colours.words(), Cover::Outlines, BAR_COLUMN)
        }
        Look::Grey => (None, grey::WORDS.to_owned(), Cover::Tints, 0),
    };
    let layer = subject.regions.map(|regions| RegionLayer::of(subject.surface, regions, &field));
    let layer = layer.transpose()?;
    let width = (2 * EDGE + SIDE + columns + column).max(NARROWEST);
    let full = width - 2 * EDGE;
    let mut shown = vec![shown];
    if style.look != Look::Grey {
        shown.push(capitalised(style.levelling.words()));
    }
    let heading = heading(subject, &shown, full);
    let legend = Legend::new(&field, layer.as_ref(), full - SIDE);
    let footing = footing(subject, full);
    let body = if colours.is_some() { rows.max(BAR_HEIGHT) } else { rows };
    let top = EDGE + heading.height() + 12;
    let area = Area { left: EDGE + SIDE, top, width: columns, height: rows };
    let legend_top = top + body + BELOW;
    let foot_top = legend_top + legend.height() + 10;
    // 3.
    let mut canvas = Canvas::new(width, foot_top + footing_height(&footing));
    heading.draw(&mut canvas, (EDGE, EDGE));
    match (style.look, &colours) {
        (Look::Hillshade(light), _) => hillshade::draw(&mut canvas, area, &field, light),
        (Look::Heights(_), Some(colours)) => {
            colours.draw(&mut canvas, area, &field);
            let left = area.left + area.width + EDGE;
            colours.bar(&mut canvas, Area { left, top, width: BAR_COLUMN, height: body });
        }
        (Look::Grey, _) => grey::draw(&mut canvas, area, &field),
        (Look::Heights(_), None) => {}
    }
    if let Some(layer) = &layer {
        layer.draw(&mut canvas, area, cover);
    }
    canvas.frame(area);
    places(&mut canvas, area, field.pixel);
    scale(&mut canvas, area, field.pixel, full - SIDE);
    legend.draw(&mut canvas, (area.left, legend_top));
    draw_footing(&mut canvas, &footing, foot_top);
    Ok(canvas.into_picture())
}

fn relief_words(field: &Field, light: Light) -> String {
    let exaggeration = hillshade::exaggeration(field, light);
    format!(
        "Shaded relief, lit from {} at {:.0}\u{b0} elevation, heights multiplied by {exaggeration}",
        light.side_words(),
        light.elevation.degrees(),
    )
}

/// A sentence of words.
pub(super) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Places in micrometres from the centre of the frame, at the left and lower edges.
fn places(canvas: &mut Canvas, area: Area, pixel: Length) {
    const FACE: Face = Face::Small;
    let along = |pixels: usize| {
        let half = (pixels as f64 / 2.0) * pixel.micrometres();
        let middle = (pixels as f64 - 1.0) / 2.0;
        let ticks = Ticks::within(-half, half, (pixels / 110).clamp(1, 12));
        let places: Vec<(f64, String)> = ticks.labelled().collect();
        places.into_iter().filter_map(move |(place, text)| {
            let index = (middle + place / pixel.micrometres()).round();
            (index >= 0.0 && index < pixels as f64).then_some((index as usize, text))
        })
    };
    for (column, text) in along(area.width) {
        let (x, y) = (area.left + column, area.top + area.height);
        canvas.fill(Area { left: x, top: y, width: 1, height: 6 }, GREY, 1.0);
        canvas.text((x.saturating_sub(FACE.width(&text) / 2), y + 8), &text, FACE, GREY);
    }
    for (row, text) in along(area.height) {
        let (x, y) = (area.left - 6, area.top + row);
        canvas.fill(Area { left: x, top: y, width: 6, height: 1 }, GREY, 1.0);
        let place = (x.saturating_sub(4 + FACE.width(&text)), y.saturating_sub(FACE.height() / 2));
        canvas.text(place, &text, FACE, GREY);
    }
}

/// The scale bar, and what the ticks are.
fn scale(canvas: &mut Canvas, area: Area, pixel: Length, width: usize) {
    let top = area.top + area.height + 32;
    let longest = pixel * (0.25 * area.width.max(area.height) as f64);
    let taken = canvas.scale_bar((area.left, top), longest, pixel);
    let words = "\u{b5}m from the centre, x right, y down";
    let words = Face::Plain.fit(words, width.saturating_sub(taken + EDGE));
    let left = area.left + width - Face::Plain.width(&words);
    canvas.text((left, top), &words, Face::Plain, GREY);
}
