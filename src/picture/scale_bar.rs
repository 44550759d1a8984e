//! How long is a millimetre here?

use super::canvas::{Area, Canvas, INK, PAPER};
use super::lettering::Face;
use super::ticks;
use crate::units::Length;

impl Canvas {
    /// A bar of a round length, about a fifth of an area's width, in its lower left corner, on a plate that
    /// sets it off from what is below.
    pub(super) fn scale_bar_within(&mut self, area: Area, pixel: Length) {
        let longest = pixel * (0.25 * area.width as f64);
        let Some((length, words)) = ticks::scale_bar(longest) else { return };
        let width = length.ratio(pixel).round() as usize;
        let (left, top) = (area.left + 14, (area.top + area.height).saturating_sub(20));
        let plate =
            Area { left: left - 6, top: top.saturating_sub(20), width: width + 12, height: 32 };
        self.fill(plate, PAPER, 0.85);
        self.fill(Area { left, top, width, height: 6 }, INK, 1.0);
        let middle = (left as f64 + width as f64 / 2.0, top as f64 - 10.0);
        self.plate(middle, &words, Face::Plain, (INK, PAPER));
    }

    /// The same with its words beside it, whose top left is at (x, y). Gives the width it takes.
    pub(super) fn scale_bar(
        &mut self,
        (x, y): (usize, usize),
        longest: Length,
        pixel: Length,
    ) -> usize {
        let Some((length, words)) = ticks::scale_bar(longest) else { return 0 };
        let width = length.ratio(pixel).round() as usize;
        let height = Face::Plain.height();
        self.fill(Area { left: x, top: y + height / 2 - 2, width, height: 5 }, INK, 1.0);
        for end in [x, (x + width).saturating_sub(2)] {
            self.fill(Area { left: end, top: y + 1, width: 2, height: height - 1 }, INK, 1.0);
        }
        self.text((x + width + 8, y), &words, Face::Plain, INK);
        width + 8 + Face::Plain.width(&words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_as_many_pixels_as_its_words_say() {
        for (pixel, longest, wanted) in [(4.0, 900.0, 125), (0.5, 130.0, 200), (7.3, 2400.0, 274)] {
            let mut canvas = Canvas::new(600, 40);
            let (pixel, longest) =
                (Length::from_micrometres(pixel), Length::from_micrometres(longest));
            canvas.scale_bar((10, 10), longest, pixel);
            let picture = canvas.into_picture();
            let line = 10 + Face::Plain.height() as u32 / 2;
            let inked = (0..600).take_while(|&x| x < 10 || *picture.get_pixel(x, line) == INK);
            assert_eq!(inked.count() - 10, wanted);
        }
    }
}
