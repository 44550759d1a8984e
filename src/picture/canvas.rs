//! Pixels: areas, and smooth lines of any width and pattern.

use image::{Rgb, RgbImage};

/// A colour, sRGB.
pub(super) type Colour = Rgb<u8>;

/// Text and rules.
pub(super) const INK: Colour = Rgb([28, 33, 40]);
/// What matters less.
pub(super) const GREY: Colour = Rgb([98, 107, 118]);
/// The page.
pub(super) const PAPER: Colour = Rgb([255, 255, 255]);
/// Missing samples.
pub(super) const MISSING: Colour = Rgb([222, 229, 236]);
/// Lines over missing samples, where the picture's own tones come near to theirs.
pub(super) const HATCH: Colour = Rgb([178, 190, 203]);
/// Congruent cells: the blue of Okabe and Ito's palette, told from its vermilion by every kind of
/// colour vision.
pub(super) const BLUE: Colour = Rgb([0, 90, 181]);
/// Other cells: the vermilion of that palette, darkened.
pub(super) const VERMILION: Colour = Rgb([200, 78, 0]);

/// How a line is interrupted; lengths are multiples of its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Not at all.
    Solid,
    /// Long strokes.
    Dashed,
    /// Points.
    Dotted,
    /// Strokes and points in turn.
    DashDotted,
}

impl Pattern {
    /// Whether there is ink at a distance along the line.
    fn inked(self, along: f64) -> bool {
        match self {
            Self::Solid => true,
            Self::Dashed => along % 7.0 < 4.5,
            Self::Dotted => along % 3.0 < 1.2,
            Self::DashDotted => {
                let place = along % 9.0;
                place < 4.5 || (6.2..7.4).contains(&place)
            }
        }
    }
}

/// A line's look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    pub(super) colour: Colour,
    /// In pixels.
    pub(super) width: f64,
    pub(super) pattern: Pattern,
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Area {
    fn holds(self, x: isize, y: isize) -> bool {
        let inside = |place: isize, first: usize, length: usize| {
            usize::try_from(place).is_ok_and(|place| (first..first + length).contains(&place))
        };
        inside(x, self.left, self.width) && inside(y, self.top, self.height)
    }
}

/// A picture in the making.
#[derive(Debug)]
pub(super) struct Canvas {
    pixels: RgbImage,
    /// Nothing is drawn outside.
    clip: Area,
}

impl Canvas {
    /// A blank page.
    pub(super) fn new(width: usize, height: usize) -> Self {
        // A page of 1600 by a few thousand pixels.
        let pixels = RgbImage::from_pixel(width as u32, height as u32, PAPER);
        Self { pixels, clip: Area { left: 0, top: 0, width, height } }
    }

    /// Draws within an area only.
    pub(super) fn within(&mut self, area: Area, draw: impl FnOnce(&mut Self)) {
        let whole = std::mem::replace(&mut self.clip, area);
        draw(self);
        self.clip = whole;
    }

    /// Lays a colour over a pixel, with an opacity from 0 to 1.
    pub(super) fn blend(&mut self, x: isize, y: isize, colour: Colour, opacity: f64) {
        if !self.clip.holds(x, y) {
            return;
        }
        // Within the clip, so neither negative nor large.
        if let Some(pixel) = self.pixels.get_pixel_mut_checked(x as u32, y as u32) {
            for (under, over) in pixel.0.iter_mut().zip(colour.0) {
                let mixed = f64::from(*under) * (1.0 - opacity) + f64::from(over) * opacity;
                *under = mixed.round().clamp(0.0, 255.0) as u8;
            }
        }
    }

    /// Fills an area.
    pub(super) fn fill(&mut self, area: Area, colour: Colour, opacity: f64) {
        for y in area.top..area.top + area.height {
            for x in area.left..area.left + area.width {
                self.blend(x as isize, y as isize, colour, opacity);
            }
        }
    }

    /// What a pixel shows where nothing was measured: a pale tone under a sparse hatch.
    pub(super) fn missing(&mut self, x: usize, y: usize) {
        let colour = if (x + y).is_multiple_of(9) { HATCH } else { MISSING };
        self.blend(x as isize, y as isize, colour, 1.0);
    }

    /// A thin line about an area, over its outermost pixels.
    pub(super) fn frame(&mut self, area: Area) {
        let (left, top) = (area.left as f64, area.top as f64);
        let (right, bottom) = (left + area.width as f64 - 1.0, top + area.height as f64 - 1.0);
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        self.outline(&corners, Pen { colour: GREY, width: 1.0, pattern: Pattern::Solid });
    }

    /// A closed line through points, which lie at the centres of pixels.
    pub(super) fn outline(&mut self, corners: &[(f64, f64)], pen: Pen) {
        let mut along = 0.0;
        for (index, &from) in corners.iter().enumerate() {
            let to = corners[(index + 1) % corners.len()];
            along = self.stroke(from, to, along, pen);
        }
    }

    /// A line; what it is interrupted by goes on from `along` pixels. Gives where that has come to.
    pub(super) fn stroke(&mut self, from: (f64, f64), to: (f64, f64), along: f64, pen: Pen) -> f64 {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        if length < 1e-9 {
            return along;
        }
        let reach = pen.width / 2.0 + 1.0;
        let span = |a: f64, b: f64| {
            (a.min(b) - reach).floor() as isize..=(a.max(b) + reach).ceil() as isize
        };
        for y in span(from.1, to.1) {
            for x in span(from.0, to.0) {
                let (px, py) = (x as f64 - from.0, y as f64 - from.1);
                let run = ((px * dx + py * dy) / length).clamp(0.0, length);
                let (away_x, away_y) = (px - run * dx / length, py - run * dy / length);
                let away = (away_x * away_x + away_y * away_y).sqrt();
                let cover = (pen.width / 2.0 + 0.5 - away).clamp(0.0, 1.0);
                if cover > 0.0 && pen.pattern.inked((along + run) / pen.width) {
                    self.blend(x, y, pen.colour, cover);
                }
            }
        }
        along + length
    }

    /// The finished picture.
    pub(super) fn into_picture(self) -> RgbImage {
        self.pixels
    }
}
