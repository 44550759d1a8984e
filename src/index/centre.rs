//! Where is the centre of a mark, whatever part of it is missing and however its frame was cropped?
//!
//! A primer's flat is round, and firing pins, flowback and cuts take away parts of it, not its whole rim. So:
//! the circle that most of the outline follows. Of a whole mark it is the enclosing circle; of half a mark the
//! circle of the half's arc.

use super::polar::Point;
use crate::surface::Texture;

/// Places along the outline.
const PLACES: usize = 48;
/// Every so many places is one of those of which three make a circle: 2,024 circles, which all places judge.
const STRIDE: usize = 2;
/// A place lies on a circle if it is this near, in shares of the outline's radius: 35 um of 1.75 mm.
const TOLERANCE: f64 = 0.02;
/// Least share of the outline that a circle must account for.
const LEAST_SHARE: f64 = 0.3;
/// The circle's radius in shares of the outline's own, which is too small if more than half is missing.
const RADII: std::ops::RangeInclusive<f64> = 0.8..=1.5;

/// The centre of the mark. The frame's centre, if the outline is no outline.
pub(super) fn centre(texture: &Texture) -> Point {
    let outline = hull(&rim(texture));
    let places = spread(&outline);
    let found = match circle(&places) {
        Some(circle) => refine(&places, circle),
        None => middle(&outline),
    };
    Point { x: texture.spacing * found.0, y: texture.spacing * found.1 }
}

type Place = (f64, f64);

/// The middle of the extent; the frame's centre of nothing.
fn middle(outline: &[Place]) -> Place {
    let along = |of: fn(&Place) -> f64| {
        let values = outline.iter().map(of);
        let least = values.clone().reduce(f64::min);
        least.zip(values.reduce(f64::max)).map_or(0.0, |(least, greatest)| (least + greatest) / 2.0)
    };
    (along(|place| place.0), along(|place| place.1))
}

/// The ends of every row's measured samples that have measured neighbours, from the centre of the frame:
/// specks outside the mark do not count.
fn rim(texture: &Texture) -> Vec<Place> {
    let (rows, columns) = texture.dim();
    let measured = |row: usize, column: usize| texture.weights[(row, column)] > 0.0;
    let solid = |row: usize, column: usize| {
        let rows = row.saturating_sub(2)..(row + 3).min(rows);
        let columns = column.saturating_sub(2)..(column + 3).min(columns);
        let around = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        // Nearly half of the 25: a straight rim has three columns of five.
        measured(row, column)
            && around.filter(|(row, column)| measured(*row, *column)).count() >= 10
    };
    let middle = ((columns - 1) as f64 / 2.0, (rows - 1) as f64 / 2.0);
    let place = |row: usize, column: usize| (column as f64 - middle.0, row as f64 - middle.1);
    let mut rim = Vec::new();
    for row in 0..rows {
        if let Some(first) = (0..columns).find(|column| solid(row, *column)) {
            rim.push(place(row, first));
        }
        if let Some(last) = (0..columns).rfind(|column| solid(row, *column)) {
            rim.push(place(row, last));
        }
    }
    rim
}

/// The convex hull, in order around it (Andrew 1979).
fn hull(places: &[Place]) -> Vec<Place> {
    let mut sorted = places.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    sorted.dedup();
    let chain = |places: &mut dyn Iterator<Item = Place>| {
        let mut chain: Vec<Place> = Vec::new();
        for place in places {
            while let [.., before, last] = chain[..] {
                if turn(before, last, place) > 0.0 {
                    break;
                }
                chain.pop();
            }
            chain.push(place);
        }
        chain.pop();
        chain
    };
    let mut hull = chain(&mut sorted.iter().copied());
    hull.extend(chain(&mut sorted.iter().rev().copied()));
    hull
}

/// Twice the signed area of a triangle.
fn turn(a: Place, b: Place, c: Place) -> f64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

fn distance(a: Place, b: Place) -> f64 {
    let (x, y) = (a.0 - b.0, a.1 - b.1);
    (x * x + y * y).sqrt()
}

/// Places evenly spread along a closed outline; none of an outline without length.
fn spread(outline: &[Place]) -> Vec<Place> {
    let sides: Vec<(Place, Place)> =
        outline.iter().copied().zip(outline.iter().copied().cycle().skip(1)).collect();
    let length: f64 = sides.iter().map(|(a, b)| distance(*a, *b)).sum();
    if length <= 0.0 {
        return Vec::new();
    }
    let mut places = Vec::with_capacity(PLACES);
    let mut walked = 0.0;
    for (a, b) in sides {
        let side = distance(a, b);
        while places.len() < PLACES {
            let along = (places.len() as f64 + 0.5) / PLACES as f64 * length - walked;
            if along > side {
                break;
            }
            let share = along / side;
            places.push((a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share));
        }
        walked += side;
    }
    places
}

#[derive(Clone, Copy)]
struct Circle {
    centre: Place,
    radius: f64,
}

/// Half the greatest extent: what the radius is at least of anything up to half a disc.
fn extent(places: &[Place]) -> f64 {
    let pairs = places.iter().flat_map(|a| places.iter().map(|b| distance(*a, *b)));
    pairs.fold(0.0, f64::max) / 2.0
}

/// The circle through three places that the others follow best.
fn circle(places: &[Place]) -> Option<Circle> {
    let extent = extent(places);
    let tolerance = TOLERANCE * extent;
    let corners: Vec<Place> = places.iter().copied().step_by(STRIDE).collect();
    let mut best: Option<(f64, Circle)> = None;
    for (i, &a) in corners.iter().enumerate() {
        for (j, &b) in corners.iter().enumerate().skip(i + 1) {
            for &c in &corners[j + 1..] {
                let Some(circle) = through(a, b, c) else { continue };
                if !RADII.contains(&(circle.radius / extent)) {
                    continue;
                }
                let follow = |place: &Place| {
                    let away = (distance(*place, circle.centre) - circle.radius) / tolerance;
                    (1.0 - away * away).max(0.0)
                };
                let score: f64 = places.iter().map(follow).sum();
                if best.is_none_or(|(least, _)| score > least) {
                    best = Some((score, circle));
                }
            }
        }
    }
    best.filter(|(score, _)| *score >= LEAST_SHARE * places.len() as f64).map(|(_, circle)| circle)
}

/// The circle through three places that are not on a line.
fn through(a: Place, b: Place, c: Place) -> Option<Circle> {
    let area = turn(a, b, c);
    if area.abs() < 1e-6 {
        return None;
    }
    let (bx, by, cx, cy) = (b.0 - a.0, b.1 - a.1, c.0 - a.0, c.1 - a.1);
    let (bb, cc) = (bx * bx + by * by, cx * cx + cy * cy);
    let (x, y) = ((cy * bb - by * cc) / (2.0 * area), (bx * cc - cx * bb) / (2.0 * area));
    Some(Circle { centre: (a.0 + x, a.1 + y), radius: (x * x + y * y).sqrt() })
}

/// The centre by least squares over the places that follow the circle: x^2 + y^2 = 2 u x + 2 v y + w.
fn refine(places: &[Place], circle: Circle) -> Place {
    let tolerance = TOLERANCE * extent(places);
    let on = |place: &&Place| (distance(**place, circle.centre) - circle.radius).abs() < tolerance;
    let on: Vec<Place> = places.iter().filter(on).copied().collect();
    let count = on.len() as f64;
    let mean = |value: &dyn Fn(f64, f64) -> f64| {
        on.iter().map(|(x, y)| value(*x, *y)).sum::<f64>() / count
    };
    let (mx, my) = (mean(&|x, _| x), mean(&|_, y| y));
    let centred = |power: &dyn Fn(f64, f64) -> f64| mean(&|x, y| power(x - mx, y - my));
    let (xx, xy, yy) = (centred(&|x, _| x * x), centred(&|x, y| x * y), centred(&|_, y| y * y));
    let square = |x: f64, y: f64| x * x + y * y;
    let (xs, ys) = (centred(&|x, y| x * square(x, y)), centred(&|x, y| y * square(x, y)));
    let determinant = 2.0 * (xx * yy - xy * xy);
    if determinant.abs() < 1e-9 {
        return circle.centre;
    }
    (mx + (xs * yy - ys * xy) / determinant, my + (ys * xx - xs * xy) / determinant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Length;
    use ndarray::Array2;

    /// A disc of radius 1.7 mm in a frame of 4 mm, without an aperture of 1.1 mm off its centre; `keep` says what
    /// else is measured.
    fn found(at: Place, keep: impl Fn(f64, f64) -> bool) -> Place {
        let weights = Array2::from_shape_fn((160, 160), |(row, column)| {
            let (x, y) = (column as f64 - 79.5 - at.0, row as f64 - 79.5 - at.1);
            let measured =
                x * x + y * y < 68.0 * 68.0 && distance((x, y), (-10.0, 6.0)) > 44.0 && keep(x, y);
            f32::from(u8::from(measured))
        });
        let spacing = Length::from_micrometres(25.0);
        let texture = Texture { heights: Array2::zeros((160, 160)), weights, spacing };
        let centre = centre(&texture);
        (centre.x.ratio(spacing), centre.y.ratio(spacing))
    }

    #[test]
    fn the_centre_of_a_disc_is_found_whatever_is_missing() {
        for at in [(0.0, 0.0), (9.0, -7.0)] {
            for (what, keep) in [
                ("nothing", &(|_, _| true) as &dyn Fn(f64, f64) -> bool),
                ("half", &|x, y| x + 0.3 * y > 0.0),
                ("more than half", &|x, y| y - 0.5 * x > 12.0),
                ("a bite", &|x, y| distance((x, y), (60.0, 40.0)) > 35.0),
            ] {
                let found = found(at, keep);
                let away = distance(found, at);
                assert!(away < 1.5, "{what} missing: {found:?} instead of {at:?}");
            }
        }
    }

    #[test]
    fn what_is_not_round_has_its_middle() {
        let spacing = Length::from_micrometres(25.0);
        let weights = Array2::from_shape_fn((100, 160), |(row, column)| {
            f32::from(u8::from((20..60).contains(&row) && (30..150).contains(&column)))
        });
        let texture = Texture { heights: Array2::zeros((100, 160)), weights, spacing };
        let centre = centre(&texture);
        let away = distance((centre.x.ratio(spacing), centre.y.ratio(spacing)), (10.0, -10.0));
        assert!(away < 1.0, "{centre:?}");
    }

    #[test]
    fn specks_outside_the_mark_and_empty_frames_do_no_harm() {
        let spacing = Length::from_micrometres(25.0);
        for measured in [0, 1, 2] {
            let weights = Array2::from_shape_fn((20, 20), |(row, column)| {
                f32::from(u8::from(row * 20 + column < measured))
            });
            let texture = Texture { heights: Array2::zeros((20, 20)), weights, spacing };
            assert_eq!(centre(&texture), Point::default());
        }
    }
}
