//! What is the smallest shape without dents that holds a mask?
//!
//! The convex hull (monotone chain, Andrew 1979), filled: an aperture is such a shape, also where the metal
//! over it was sheared down to the height of what is around it.

use ndarray::Array2;

/// The cells within the convex hull of the true ones.
pub(super) fn hull(mask: &Array2<bool>) -> Array2<bool> {
    let mut filled = Array2::from_elem(mask.dim(), false);
    // First and last cell of each row are all that the hull can touch.
    let mut ends: Vec<(i64, i64)> = Vec::new();
    for (row, cells) in mask.outer_iter().enumerate() {
        let place = |column: usize| (row as i64, column as i64);
        if let Some(first) = cells.iter().position(|inside| *inside) {
            let last = cells.iter().rposition(|inside| *inside).unwrap_or(first);
            ends.push(place(first));
            ends.push(place(last));
        }
    }
    if ends.is_empty() {
        return filled;
    }
    let left = chain(ends.iter().copied(), 1);
    let right = chain(ends.iter().copied(), -1);
    let (first, last) = (ends[0].0, ends[ends.len() - 1].0);
    for row in first..=last {
        let (from, to) = (at(&left, row), at(&right, row));
        for column in from.ceil() as usize..=to.floor() as usize {
            filled[[row as usize, column]] = true;
        }
    }
    filled
}

/// One side of the hull of points in the order of their rows: the left for 1, the right for -1.
fn chain(points: impl Iterator<Item = (i64, i64)>, side: i64) -> Vec<(i64, i64)> {
    let mut corners: Vec<(i64, i64)> = Vec::new();
    for point in points {
        // Of one row only the outermost cell counts.
        if let Some(last) = corners.last()
            && last.0 == point.0
        {
            if side * (point.1 - last.1) >= 0 {
                continue;
            }
            corners.pop();
        }
        while let [.., one, other] = corners[..] {
            let turn =
                (other.0 - one.0) * (point.1 - one.1) - (other.1 - one.1) * (point.0 - one.0);
            // The middle one is not outside the line of its neighbours.
            if side * turn > 0 {
                break;
            }
            corners.pop();
        }
        corners.push(point);
    }
    corners
}

/// Where a chain crosses a row.
fn at(corners: &[(i64, i64)], row: i64) -> f64 {
    let below = corners.partition_point(|corner| corner.0 < row).min(corners.len() - 1);
    let (end, start) = (corners[below], corners[below.saturating_sub(1)]);
    if end.0 == start.0 {
        return end.1 as f64;
    }
    let share = (row - start.0) as f64 / (end.0 - start.0) as f64;
    start.1 as f64 + share * (end.1 - start.1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_with_a_bite_becomes_whole_again() {
        let disc = |row: usize, column: usize| {
            let (y, x) = (row as f64 - 30.0, column as f64 - 28.0);
            x * x + y * y <= 400.0
        };
        let whole = Array2::from_shape_fn((60, 60), |(row, column)| disc(row, column));
        let bitten = Array2::from_shape_fn((60, 60), |(row, column)| {
            disc(row, column) && !(row.abs_diff(30) < 6 && column > 20 && column < 44)
        });
        let filled = hull(&bitten);
        let count = |mask: &Array2<bool>| mask.iter().filter(|inside| **inside).count();
        assert!(filled.iter().zip(&whole).all(|(filled, whole)| !filled || *whole));
        assert!(count(&whole) - count(&filled) < 30, "{} of {}", count(&filled), count(&whole));
        assert!(filled.iter().zip(&bitten).all(|(filled, bitten)| *filled || !bitten));
        assert_eq!(count(&hull(&Array2::from_elem((4, 4), false))), 0);
    }
}
