//! How is a figure drawn?
//!
//! By `plotters`, as SVG whose text stays text. Coordinates are 2.3 times the points that a page shows, since `plotters` rounds
//! them to whole ones. Colours are of Okabe and Ito (2008), which colour-blind readers tell apart; what matters is also
//! said by dashes or by place. Legends are written by the page, in HTML.

mod det;
mod entropy;
mod histogram;
mod ranks;
mod tippett;

pub(super) use det::det;
pub(super) use entropy::entropy;
pub(super) use histogram::histogram;
pub(super) use ranks::ranks;
pub(super) use tippett::tippett;

use super::ValidationError;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;

/// Known matches.
const MATCHES: RGBColor = RGBColor(0x00, 0x72, 0xB2);
/// Known non-matches.
const NON_MATCHES: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
/// What would be the best.
const BEST: RGBColor = RGBColor(0x00, 0x9E, 0x73);
/// What is there to compare with.
const NEUTRAL: RGBColor = RGBColor(0x6B, 0x72, 0x80);
/// Lines of the grid.
const GRID: RGBColor = RGBColor(0xE5, 0xE7, 0xEB);
/// Axes and their words.
const INK: RGBColor = RGBColor(0x37, 0x41, 0x51);

/// A figure over half of the page.
const HALF: (u32, u32) = (1080, 780);
/// A figure over the whole width.
const FULL: (u32, u32) = (2200, 720);

/// Height of letters.
const LETTERS: u32 = 34;
/// Width of a curve.
const LINE: u32 = 4;

/// An axis: range, labelled places, and what it is of.
struct Axis<'a> {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
    label: &'a dyn Fn(&f64) -> String,
    title: &'a str,
}

/// A straight axis whose labels are where we say.
struct Ticked {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Ranged for Ticked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let length = f64::from(limit.1) - f64::from(limit.0);
        limit.0 + (length * (value - self.low) / (self.high - self.low)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

/// What is drawn in a frame, in order.
enum Mark {
    Line(Vec<(f64, f64)>, RGBColor),
    Dashed(Vec<(f64, f64)>, RGBColor),
    /// Filled, and thin enough that another shows through.
    Area(Vec<(f64, f64)>, RGBColor),
    Dots(Vec<(f64, f64)>, RGBColor),
}

type Drawn<T> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// Draws; `figure` is also what a screen reader says.
fn draw(
    figure: &'static str,
    size: (u32, u32),
    axes: [Axis<'_>; 2],
    marks: Vec<Mark>,
) -> Result<String, ValidationError> {
    let mut svg = String::new();
    drawn(&mut svg, size, axes, marks)
        .map_err(|source| ValidationError::Figure { figure, source: Box::new(source) })?;
    // Within HTML the name space is known.
    let said = format!("<svg role=\"img\" aria-label=\"{figure}\" ");
    Ok(svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1).replacen("<svg ", &said, 1))
}

fn drawn(svg: &mut String, size: (u32, u32), axes: [Axis<'_>; 2], marks: Vec<Mark>) -> Drawn<()> {
    let area = SVGBackend::with_string(svg, size).into_drawing_area();
    let [x, y] = axes;
    let thinned = |points: Vec<(f64, f64)>| thinned(points, [x.high - x.low, y.high - y.low]);
    let mut chart = ChartBuilder::on(&area)
        .margin_top(24)
        .margin_right(40)
        .x_label_area_size(108)
        .y_label_area_size(140)
        .build_cartesian_2d(
            Ticked { low: x.low, high: x.high, ticks: x.ticks },
            Ticked { low: y.low, high: y.high, ticks: y.ticks },
        )?;
    let letters = ("sans-serif", LETTERS).into_font().color(&INK);
    chart
        .configure_mesh()
        .bold_line_style(GRID.stroke_width(2))
        .axis_style(INK.stroke_width(2))
        .set_all_tick_mark_size(8)
        .label_style(letters.clone())
        .axis_desc_style(letters)
        .x_label_formatter(x.label)
        .y_label_formatter(y.label)
        .x_desc(x.title)
        .y_desc(y.title)
        .draw()?;
    for mark in marks {
        match mark {
            Mark::Line(points, colour) => {
                chart.draw_series(LineSeries::new(thinned(points), colour.stroke_width(LINE)))?;
            }
            Mark::Dashed(points, colour) => {
                let style = colour.stroke_width(LINE);
                chart.draw_series(DashedLineSeries::new(thinned(points), 14, 10, style))?;
            }
            Mark::Area(points, colour) => {
                chart.draw_series([Polygon::new(points, colour.mix(0.22))])?;
            }
            Mark::Dots(points, colour) => {
                let dot = |point| Circle::new(point, 9, colour.filled());
                chart.draw_series(points.into_iter().map(dot))?;
            }
        }
    }
    area.present()
}

/// Points without those that lie where the one before is drawn.
fn thinned(points: Vec<(f64, f64)>, spans: [f64; 2]) -> Vec<(f64, f64)> {
    let finest = 2200.0;
    let mut thinned: Vec<(f64, f64)> = Vec::new();
    let count = points.len();
    for (place, point) in points.into_iter().enumerate() {
        let apart = thinned.last().is_none_or(|last| {
            (point.0 - last.0).abs() * finest > spans[0]
                || (point.1 - last.1).abs() * finest > spans[1]
        });
        if apart || place + 1 == count {
            thinned.push(point);
        }
    }
    thinned
}

/// Round places in a range, about as many as asked for.
fn ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let rough = (high - low) / about as f64;
    let power = libm::pow(10.0, libm::floor(libm::log10(rough)));
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|part| part * power)
        .into_iter()
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(rough);
    let first = libm::ceil(low / step - 1e-9) as i64;
    let last = libm::floor(high / step + 1e-9) as i64;
    (first..=last).map(|place| place as f64 * step).collect()
}

/// A share in whole percent, as axes have it.
fn whole_percent(share: &f64) -> String {
    format!("{}%", (share * 100.0).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let alike = |found: Vec<f64>, wanted: &[f64]| {
            assert_eq!(found.len(), wanted.len(), "{found:?}");
            let alike = found.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 1e-9);
            assert!(alike, "{found:?}, wanted {wanted:?}");
        };
        alike(ticks(0.0, 1.0, 5), &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        alike(ticks(-3.3, 2.2, 6), &[-3.0, -2.0, -1.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn points_on_one_another_are_drawn_once() {
        let points = vec![(0.0, 0.0), (1e-9, 0.0), (0.5, 0.5), (0.5, 0.5), (1.0, 1.0), (1.0, 1.0)];
        assert_eq!(thinned(points, [1.0, 1.0]).len(), 4);
    }
}
