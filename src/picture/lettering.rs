//! Text in built-in bitmap fonts: some sizes, and on a plate where it lies on a picture.

use super::canvas::{Canvas, Colour};
use embedded_graphics::Drawable as _;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::iso_8859_1::{FONT_7X13_BOLD, FONT_9X15, FONT_9X15_BOLD};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::text::{Baseline, Text};
use ndarray::Array2;
use std::convert::Infallible;

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// Numbers in cells.
    Small,
    /// Sentences.
    Plain,
    /// Names and captions.
    Bold,
    /// The headline: bold, twice the size.
    Large,
}

impl Face {
    const fn font(self) -> &'static MonoFont<'static> {
        match self {
            Self::Small => &FONT_7X13_BOLD,
            Self::Plain => &FONT_9X15,
            Self::Bold | Self::Large => &FONT_9X15_BOLD,
        }
    }

    const fn scale(self) -> usize {
        match self {
            Self::Small | Self::Plain | Self::Bold => 1,
            Self::Large => 2,
        }
    }

    /// Width of a text in pixels.
    pub(super) fn width(self, text: &str) -> usize {
        text.chars().count() * self.font().character_size.width as usize * self.scale()
    }

    /// Height of a line in pixels.
    pub(super) const fn height(self) -> usize {
        self.font().character_size.height as usize * self.scale()
    }

    /// The text, or as much of its beginning and end as fits a width: the end of a file's name tells
    /// it from its neighbours.
    pub(super) fn fit(self, text: &str, width: usize) -> String {
        const GAP: &str = "...";
        if self.width(text) <= width {
            return text.to_owned();
        }
        let fitting = width / self.width("m");
        let kept = fitting.saturating_sub(GAP.len());
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let count = text.chars().count();
        let head: String = text.chars().take(head).collect();
        let tail: String = text.chars().skip(count - tail).collect();
        format!("{head}{GAP}{tail}").chars().take(fitting).collect()
    }
}

/// A text cut between words into lines of at most this width; a longer word keeps its beginning and
/// its end.
pub(super) fn wrap(text: &str, face: Face, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let word = face.fit(word, width);
        match lines.last_mut() {
            Some(line) if face.width(line) + face.width(" ") + face.width(&word) <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(_) | None => lines.push(word),
        }
    }
    lines
}

/// Dots of a text.
struct Dots(Array2<bool>);

impl OriginDimensions for Dots {
    fn size(&self) -> Size {
        Size::new(self.0.ncols() as u32, self.0.nrows() as u32)
    }
}

impl DrawTarget for Dots {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<BinaryColor>>,
    {
        for Pixel(point, colour) in pixels {
            let place = usize::try_from(point.y).ok().zip(usize::try_from(point.x).ok());
            if let Some(dot) = place.and_then(|place| self.0.get_mut(place)) {
                *dot = colour.is_on();
            }
        }
        Ok(())
    }
}

impl Dots {
    fn of(text: &str, face: Face) -> Self {
        let font = face.font();
        // A control character would move the pen.
        let text: String =
            text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect();
        let size = font.character_size;
        let mut dots = Self(Array2::from_elem(
            (size.height as usize, text.chars().count() * size.width as usize),
            false,
        ));
        let style = MonoTextStyle::new(font, BinaryColor::On);
        let drawn = Text::with_baseline(&text, Point::zero(), style, Baseline::Top).draw(&mut dots);
        match drawn {
            Ok(_) => {}
            Err(impossible) => match impossible {},
        }
        if face.scale() == 2 { dots.doubled() } else { dots }
    }

    /// Twice the size, with the corners of diagonals filled (Scale2x, Mazzoleni 2001).
    fn doubled(&self) -> Self {
        let at = |row: usize, column: usize, down: isize, right: isize| {
            let place = (row.checked_add_signed(down), column.checked_add_signed(right));
            let (Some(row), Some(column)) = place else { return false };
            self.0.get((row, column)).copied().unwrap_or(false)
        };
        Self(Array2::from_shape_fn((2 * self.0.nrows(), 2 * self.0.ncols()), |(row, column)| {
            let (y, x) = (row / 2, column / 2);
            let vertical = if row % 2 == 0 { -1 } else { 1 };
            let horizontal = if column % 2 == 0 { -1 } else { 1 };
            let (near_y, far_y) = (at(y, x, vertical, 0), at(y, x, -vertical, 0));
            let (near_x, far_x) = (at(y, x, 0, horizontal), at(y, x, 0, -horizontal));
            let corner = near_y == near_x && near_y != far_y && near_x != far_x;
            if corner { near_y } else { at(y, x, 0, 0) }
        }))
    }
}

impl Canvas {
    /// Text whose top left is at (x, y).
    pub(super) fn text(&mut self, (x, y): (usize, usize), text: &str, face: Face, colour: Colour) {
        for ((row, column), &dot) in Dots::of(text, face).0.indexed_iter() {
            if dot {
                self.blend((x + column) as isize, (y + row) as isize, colour, 1.0);
            }
        }
    }

    /// Text in the middle of (x, y), on a plate that sets it off from what is below.
    pub(super) fn plate(
        &mut self,
        (x, y): (f64, f64),
        text: &str,
        face: Face,
        (colour, plate): (Colour, Colour),
    ) {
        let dots = Dots::of(text, face).0;
        let (height, width) = dots.dim();
        let left = (x - width as f64 / 2.0).round() as isize;
        let top = (y - height as f64 / 2.0).round() as isize;
        for row in 0..height {
            for column in 0..width + 2 {
                self.blend(left + column as isize - 1, top + row as isize, plate, 0.82);
            }
        }
        for ((row, column), &dot) in dots.indexed_iter() {
            if dot {
                self.blend(left + column as isize, top + row as isize, colour, 1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        let fitted = Face::Plain.fit("a very long name of a scan 0001.x3p", 9 * 17);
        assert_eq!(fitted, "a very ...001.x3p");
        assert_eq!(Face::Plain.fit("short.x3p", 9 * 9), "short.x3p");
        assert_eq!(Face::Plain.fit("too narrow", 18), "..");
        assert_eq!(Face::Plain.fit("жжжжжжжж", 9 * 5), "ж...ж");
    }

    #[test]
    fn lines_are_cut_between_words() {
        let lines = wrap("one two three four", Face::Plain, 9 * 9);
        assert_eq!(lines, ["one two", "three", "four"]);
        assert_eq!(wrap("abcdefghij k", Face::Plain, 9 * 7), ["ab...ij", "k"]);
    }

    #[test]
    fn control_characters_leave_the_line_alone() {
        assert_eq!(Dots::of("a\nb", Face::Plain).0.dim(), (15, 27));
        assert_eq!(Dots::of("a\nb", Face::Large).0.dim(), (30, 54));
    }
}
