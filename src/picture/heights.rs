//! Heights as colours, with a bar that says which.
//!
//! For reading heights off; marks are better seen under a lamp (see `hillshade`). What lies beyond the
//! range of the bar has the colour of its end, and the picture says how much that is.

use super::PictureError;
use super::canvas::{Area, Canvas, GREY, INK};
use super::field::{Field, quantile};
use super::lettering::Face;
use super::palette::viridis;
use super::ticks::Ticks;
use crate::units::Length;

/// Shares of the heights below either end of the range that is chosen where none is asked for.
const PERCENTILES: (f64, f64) = (0.01, 0.99);
/// Width of the bar.
const BAR: usize = 20;
/// Width that the bar takes with what is written beside it.
pub(super) const BAR_COLUMN: usize = 130;
/// Height that the bar takes at least.
pub(super) const BAR_HEIGHT: usize = 190;

/// Heights from one to another, the lower one first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeightRange {
    /// Lower end.
    pub low: Length,
    /// Upper end.
    pub high: Length,
}

impl HeightRange {
    /// Whether it is a range, of a picometre at least and of places where doubles tell one from another.
    pub(super) fn check(self) -> Result<(), PictureError> {
        let (low, high) = (self.low.metres(), self.high.metres());
        let near = |height: f64| (-1e3..=1e3).contains(&height);
        if near(low) && near(high) && high - low >= 1e-12 {
            Ok(())
        } else {
            Err(PictureError::Range { low, high })
        }
    }

    /// Which share of the range lies below a height in metres.
    fn share(self, height: f64) -> f64 {
        (height - self.low.metres()) / (self.high.metres() - self.low.metres())
    }

    /// Micrometres, or nanometres where there would be less than one, with how many make a metre.
    pub(super) fn unit(self) -> (&'static str, f64) {
        if self.high.metres() - self.low.metres() < 1e-6 { ("nm", 1e9) } else { ("\u{b5}m", 1e6) }
    }

    /// In words.
    pub(super) fn words(self) -> String {
        let (unit, scale) = self.unit();
        let (low, high) = (self.low.metres() * scale, self.high.metres() * scale);
        // Three digits of the range.
        let decimals = usize::from(high - low < 100.0) + usize::from(high - low < 10.0);
        format!("{low:.decimals$} to {high:.decimals$} {unit}")
    }
}

/// A range of colours, and what lies beyond it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colours {
    range: HeightRange,
    /// It was chosen by percentiles.
    chosen: bool,
    /// Shares of the heights below and above it.
    beyond: (f64, f64),
}

impl Colours {
    /// For a field: the range asked for, or one from the 1st to the 99th percentile.
    pub(super) fn of(field: &Field, asked: Option<HeightRange>) -> Result<Self, PictureError> {
        let mut heights: Vec<f64> = field.measured().collect();
        let range = match asked {
            Some(range) => range,
            None => {
                let (low, high) = PERCENTILES;
                let low = quantile(&mut heights, low).unwrap_or(0.0);
                let high = quantile(&mut heights, high).unwrap_or(0.0);
                // Of a surface that is flat: a nanometre to either side.
                let room = if high - low > 1e-10 { 0.0 } else { 1e-9 };
                let metres = Length::from_metres;
                HeightRange { low: metres(low - room), high: metres(high + room) }
            }
        };
        range.check()?;
        let count = heights.len().max(1) as f64;
        let share = |beyond: &dyn Fn(f64) -> bool| {
            heights.iter().filter(|height| beyond(**height)).count() as f64 / count
        };
        let (low, high) = (range.low.metres(), range.high.metres());
        let beyond = (share(&|height| height < low), share(&|height| height > high));
        Ok(Self { range, chosen: asked.is_none(), beyond })
    }

    /// What the colours mean, in a sentence.
    pub(super) fn words(&self) -> String {
        let range = self.range.words();
        let chosen = if self.chosen { " (1st to 99th percentile)" } else { "" };
        let (below, above) = (100.0 * self.beyond.0, 100.0 * self.beyond.1);
        format!(
            "Heights as colours from {range}{chosen}; {below:.1} % lie below and {above:.1} % above and have the colours of the ends"
        )
    }

    /// Draws a field over an area of its size.
    pub(super) fn draw(&self, canvas: &mut Canvas, area: Area, field: &Field) {
        for row in 0..area.height {
            for column in 0..area.width {
                let (x, y) = (area.left + column, area.top + row);
                match field.height(row, column) {
                    Some(height) => {
                        let colour = viridis(self.range.share(height));
                        canvas.blend(x as isize, y as isize, colour, 1.0);
                    }
                    None => canvas.missing(x, y),
                }
            }
        }
    }

    /// The bar with its unit above and its numbers to the right, in an area of [`BAR_COLUMN`].
    pub(super) fn bar(&self, canvas: &mut Canvas, area: Area) {
        const TIP: usize = 12;
        let (unit, scale) = self.range.unit();
        canvas.text((area.left, area.top), &format!("height, {unit}"), Face::Plain, INK);
        let head = Face::Plain.height() + 10 + TIP;
        let top = area.top + head;
        let height = area.height.saturating_sub(head + TIP).max(BAR_HEIGHT / 2);
        let bar = Area { left: area.left, top, width: BAR, height };
        let last = (height - 1) as f64;
        for row in 0..height {
            let colour = viridis(1.0 - row as f64 / last);
            canvas.fill(Area { top: top + row, height: 1, ..bar }, colour, 1.0);
        }
        canvas.frame(bar);
        // Tips where heights lie beyond.
        for (beyond, share, place) in
            [(self.beyond.1, 1.0, top - TIP), (self.beyond.0, 0.0, top + height)]
        {
            let rows = if beyond > 0.0 { TIP } else { 0 };
            for row in 0..rows {
                let from_tip = if share > 0.5 { row } else { TIP - 1 - row };
                let width = BAR * from_tip / TIP;
                let left = bar.left + (BAR - width) / 2;
                canvas.fill(Area { left, top: place + row, width, height: 1 }, viridis(share), 1.0);
            }
        }
        let (low, high) = (self.range.low.metres() * scale, self.range.high.metres() * scale);
        for (value, text) in Ticks::within(low, high, (height / 60).clamp(2, 8)).labelled() {
            let y = top as f64 + last * (high - value) / (high - low);
            let y = y.round() as usize;
            canvas.fill(Area { left: bar.left + BAR, top: y, width: 5, height: 1 }, GREY, 1.0);
            let text_top = y.saturating_sub(Face::Plain.height() / 2);
            canvas.text((bar.left + BAR + 9, text_top), &text, Face::Plain, INK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::{Kind, Spacing, Surface};
    use ndarray::Array2;

    fn field(heights: impl Fn(usize) -> f64) -> Field {
        let heights =
            Array2::from_shape_fn((200, 200), |(row, column)| heights(200 * row + column));
        let spacing = Spacing::square(Length::from_micrometres(5.0));
        Field::of(&Surface::from_finite(heights, spacing, Kind::Topography).unwrap(), 200).unwrap()
    }

    #[test]
    fn a_few_depths_do_not_take_all_colours() {
        // One height in two hundred is 300 um deep, the others spread over 10 um.
        let pitted =
            field(|index| if index % 200 == 7 { -3e-4 } else { 1e-5 * (index % 97) as f64 / 96.0 });
        let colours = Colours::of(&pitted, None).unwrap();
        assert!(colours.range.low.micrometres() > -0.01, "{:?}", colours.range);
        assert!(colours.range.high.micrometres() < 10.01, "{:?}", colours.range);
        assert!((colours.beyond.0 - 0.005).abs() < 0.0051, "{:?}", colours.beyond);
        assert!(colours.words().contains("1st to 99th percentile"), "{}", colours.words());
    }

    #[test]
    fn a_range_asked_for_is_kept_and_says_what_lies_beyond() {
        let micrometres = Length::from_micrometres;
        let asked = HeightRange { low: micrometres(2.5), high: micrometres(5.0) };
        let slope = field(|index| 1e-5 * (index as f64 / 39_999.0));
        let colours = Colours::of(&slope, Some(asked)).unwrap();
        assert_eq!(colours.range, asked);
        assert!((colours.beyond.0 - 0.25).abs() < 0.001, "{:?}", colours.beyond);
        assert!((colours.beyond.1 - 0.5).abs() < 0.001, "{:?}", colours.beyond);
        for (low, high) in [(5.0, 5.0), (5.0, 2.0), (0.0, 1e-9), (f64::NAN, 2.0), (0.0, f64::MAX)] {
            let wrong = HeightRange { low: micrometres(low), high: micrometres(high) };
            assert!(Colours::of(&slope, Some(wrong)).is_err(), "{low} to {high}");
        }
    }

    #[test]
    fn a_flat_surface_has_a_range_too() {
        let colours = Colours::of(&field(|_| 0.0), None).unwrap();
        assert!(colours.range.check().is_ok());
        assert_eq!(colours.range.unit().0, "nm");
    }
}
