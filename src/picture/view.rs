//! Which part of the plane does a panel show?

use super::canvas::Area;
use crate::surface::{Pose, Texture};
use crate::units::Length;

/// A window on the reference's frame, whose origin is that frame's centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    left: Length,
    top: Length,
    width: Length,
    height: Length,
}

/// What lies between the marks and the window's edge.
const MARGIN: Length = Length::from_micrometres(60.0);
/// Greatest and least of a panel's height as a share of its width.
const HEIGHTS: (f64, f64) = (0.3, 1.0);

impl Window {
    /// The smallest that holds all points, and a margin.
    pub(super) fn around(points: impl Iterator<Item = (Length, Length)>) -> Self {
        let nothing = ((Length::ZERO, Length::ZERO), (Length::ZERO, Length::ZERO));
        let extents = points.map(|point| (point, point));
        let (low, high) = extents.reduce(join).unwrap_or(nothing);
        let (left, top) = (low.0 - MARGIN, low.1 - MARGIN);
        Self { left, top, width: high.0 + MARGIN - left, height: high.1 + MARGIN - top }
    }

    /// Height in pixels of a panel of this width.
    pub(super) fn panel_height(&self, width: usize) -> usize {
        let share = self.height.ratio(self.width).clamp(HEIGHTS.0, HEIGHTS.1);
        (share * width as f64).round() as usize
    }
}

/// Least and greatest of (x, y).
type Extent = ((Length, Length), (Length, Length));

fn join(one: Extent, other: Extent) -> Extent {
    let lesser = |one: Length, other: Length| if other < one { other } else { one };
    let greater = |one: Length, other: Length| if other > one { other } else { one };
    (
        (lesser(one.0.0, other.0.0), lesser(one.0.1, other.0.1)),
        (greater(one.1.0, other.1.0), greater(one.1.1, other.1.1)),
    )
}

/// Every measured sample of a texture, under a pose.
pub(super) fn measured(texture: &Texture, pose: Pose) -> impl Iterator<Item = (Length, Length)> {
    let (rows, columns) = texture.dim();
    let from_centre =
        |index: usize, count: usize| texture.spacing * (index as f64 - (count - 1) as f64 / 2.0);
    let valid = texture.weights.indexed_iter().filter(|(_, weight)| **weight > 0.0);
    valid.map(move |((row, column), _)| {
        pose.apply(from_centre(column, columns), from_centre(row, rows))
    })
}

/// A window and the pixels that show it.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) area: Area,
    /// Length that a pixel is wide and high.
    pub(super) pixel: Length,
    centre: (Length, Length),
}

impl View {
    /// The window, as large as it fits in the middle of an area.
    pub(super) fn new(window: &Window, area: Area) -> Self {
        let pixel_x = window.width * (1.0 / area.width as f64);
        let pixel_y = window.height * (1.0 / area.height as f64);
        let pixel = if pixel_x < pixel_y { pixel_y } else { pixel_x };
        let centre = (window.left + window.width * 0.5, window.top + window.height * 0.5);
        Self { area, pixel, centre }
    }

    /// Where a point of the plane is drawn, in pixels.
    pub(super) fn point(&self, (x, y): (Length, Length)) -> (f64, f64) {
        let (middle_x, middle_y) = self.middle();
        (
            middle_x + (x - self.centre.0).ratio(self.pixel),
            middle_y + (y - self.centre.1).ratio(self.pixel),
        )
    }

    /// Which point of the plane a pixel shows.
    pub(super) fn place(&self, x: f64, y: f64) -> (Length, Length) {
        let (middle_x, middle_y) = self.middle();
        (self.centre.0 + self.pixel * (x - middle_x), self.centre.1 + self.pixel * (y - middle_y))
    }

    fn middle(&self) -> (f64, f64) {
        let middle = |first: usize, length: usize| first as f64 + (length as f64 - 1.0) / 2.0;
        (middle(self.area.left, self.area.width), middle(self.area.top, self.area.height))
    }
}
