//! How far from flowback has the ground come to rest?
//!
//! Metal that flows back rises in a wall and may leave a moat at its foot, or none. Neither stands out of the texture, but a moat goes
//! all around, and so does the mean of the ground at one distance from the wall: of hundreds of cells, known to a third of
//! a micrometre.

use super::patches::grow;
use super::relief::Relief;
use ndarray::{Array2, Zip};

/// Nearer to flowback, in micrometres, ground is the foot of its wall.
const FOOT: f64 = 40.0;
/// Ground so far from flowback, in micrometres, is at rest.
const FAR: (f64, f64) = (100.0, 160.0);
/// Where its mean height is so near to that of the far ground, in micrometres, nearer ground is at rest too: twice what texture
/// makes of a mean.
const AT_REST: f64 = 0.6;

/// From where on the ground about `flowback` within `enclosed` is at rest, in micrometres: at most `margin`.
pub(super) fn rest(
    departures: &Relief,
    flowback: &Array2<bool>,
    enclosed: &Array2<bool>,
    margin: f64,
) -> f64 {
    let height = |between| mean_between(departures, flowback, enclosed, between);
    let Some(far) = height(FAR) else { return margin };
    let mut at = FOOT.min(margin);
    while at < margin {
        let near = height((at, at + departures.spacing));
        if near.is_some_and(|near| (near - far).abs() < AT_REST) {
            break;
        }
        at = (at + departures.spacing / 2.0).min(margin);
    }
    at
}

/// Mean height of what was measured between two distances from a shape; `None` where nothing was.
fn mean_between(
    departures: &Relief,
    shape: &Array2<bool>,
    enclosed: &Array2<bool>,
    (from, to): (f64, f64),
) -> Option<f64> {
    let [inner, outer] = [from, to].map(|distance| grow(shape, distance / departures.spacing));
    let (mut sum, mut count) = (0.0, 0.0);
    let counted = Zip::from(&departures.heights).and(&departures.mask).and(enclosed);
    counted.and(&inner).and(&outer).for_each(|&height, &valid, &enclosed, &inner, &outer| {
        if valid && enclosed && outer && !inner {
            (sum, count) = (sum + f64::from(height), count + 1.0);
        }
    });
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Segmentation;
    use crate::surface::{Kind, Spacing, Surface};
    use crate::units::Length;

    const FLOWBACK_UM: f64 = 500.0;

    /// Uneven ground about a disc of flowback, with a moat of this depth in micrometres.
    fn found(moat_um: f64, margin_um: f64) -> f64 {
        const SPACING_UM: f64 = 10.0;
        let away = |(row, column): (usize, usize)| {
            let (x, y) = (column as f64 - 100.0, row as f64 - 100.0);
            (x * x + y * y).sqrt() * SPACING_UM - FLOWBACK_UM
        };
        let heights = Array2::from_shape_fn((201, 201), |(row, column)| {
            let texture = if (row / 3 + column / 4) % 2 == 0 { 2.0 } else { -2.0 };
            let part = match away((row, column)) {
                away if away < 0.0 => 40.0,
                away if (20.0..90.0).contains(&away) => -moat_um,
                _ => 0.0,
            };
            (part + texture) / 1e6
        });
        let spacing = Spacing::square(Length::from_micrometres(SPACING_UM));
        let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
        let relief = Relief::new(&surface, &Segmentation::default());
        let flowback = Array2::from_shape_fn(relief.dim(), |(row, column)| {
            let (x, y) = relief.place(row, column);
            (x * x + y * y).sqrt() < FLOWBACK_UM
        });
        rest(&relief, &flowback, &Array2::from_elem(relief.dim(), true), margin_um)
    }

    #[test]
    fn ground_without_a_moat_is_at_rest_sooner() {
        assert_eq!(found(0.0, 57.0).to_bits(), FOOT.to_bits());
        assert_eq!(found(3.0, 57.0).to_bits(), 57.0_f64.to_bits());
        // As far as the moat goes, where that is asked for.
        assert!((80.0..=110.0).contains(&found(3.0, 200.0)));
        assert_eq!(found(0.0, 30.0).to_bits(), 30.0_f64.to_bits());
    }
}
