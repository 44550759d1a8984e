//! Which cells hang together, and what is near them?
//!
//! Connected patches of a mask, and masks grown and shrunk by a disc. A cell's four neighbours are
//! connected to it.

use ndarray::Array2;

/// A connected set of cells.
#[derive(Clone, Debug)]
pub(super) struct Patch {
    /// (row, column), in the order they were found: the first is the topmost, then leftmost.
    pub(super) cells: Vec<(usize, usize)>,
}

impl Patch {
    /// As a mask of this shape.
    pub(super) fn mask(&self, dim: (usize, usize)) -> Array2<bool> {
        let mut mask = Array2::from_elem(dim, false);
        for &cell in &self.cells {
            mask[cell] = true;
        }
        mask
    }
}

/// All patches of true cells, in the order of their first cells.
pub(super) fn patches(mask: &Array2<bool>) -> Vec<Patch> {
    let (rows, columns) = mask.dim();
    // What is still to be found, cell by cell along the rows.
    let mut left: Vec<bool> = mask.iter().copied().collect();
    let mut found = Vec::new();
    for start in 0..left.len() {
        if !left[start] {
            continue;
        }
        left[start] = false;
        // What was found and not yet looked around from is the end of this.
        let mut cells = vec![(start / columns, start % columns)];
        let mut looked = 0;
        while let Some(&(row, column)) = cells.get(looked) {
            looked += 1;
            let place = row * columns + column;
            let mut take = |place: usize, cell: (usize, usize)| {
                if left[place] {
                    left[place] = false;
                    cells.push(cell);
                }
            };
            if row > 0 {
                take(place - columns, (row - 1, column));
            }
            if row + 1 < rows {
                take(place + columns, (row + 1, column));
            }
            if column > 0 {
                take(place - 1, (row, column - 1));
            }
            if column + 1 < columns {
                take(place + 1, (row, column + 1));
            }
        }
        found.push(Patch { cells });
    }
    found
}

/// The mask grown by a disc of this radius in cells.
pub(super) fn grow(mask: &Array2<bool>, radius: f64) -> Array2<bool> {
    let reach = radius.floor() as usize;
    let (rows, columns) = mask.dim();
    let cells: Vec<bool> = mask.iter().copied().collect();
    let mut grown = cells.clone();
    // A row of the disc at each distance from its middle.
    let half: Vec<usize> = (0..=reach)
        .map(|down| (radius * radius - (down * down) as f64).max(0.0).sqrt() as usize)
        .collect();
    for row in 0..rows {
        for column in 0..columns {
            let place = row * columns + column;
            if !cells[place] {
                continue;
            }
            // Only the rim of the mask can grow it.
            let inner = row > 0
                && row + 1 < rows
                && column > 0
                && column + 1 < columns
                && cells[place - columns]
                && cells[place + columns]
                && cells[place - 1]
                && cells[place + 1];
            if inner {
                continue;
            }
            for (down, &across) in half.iter().enumerate() {
                let (left, right) =
                    (column.saturating_sub(across), (column + across).min(columns - 1));
                let (above, below) = (row.checked_sub(down), row + down);
                for other in above.into_iter().chain((below < rows).then_some(below)) {
                    grown[other * columns + left..=other * columns + right].fill(true);
                }
            }
        }
    }
    Array2::from_shape_fn((rows, columns), |(row, column)| grown[row * columns + column])
}

/// The mask shrunk by a disc of this radius in cells; what lies beyond the frame does not shrink it.
pub(super) fn shrink(mask: &Array2<bool>, radius: f64) -> Array2<bool> {
    grow(&mask.mapv(|inside| !inside), radius).mapv(|outside| !outside)
}

/// The mask with gaps closed that a disc of this radius does not fit into.
pub(super) fn close(mask: &Array2<bool>, radius: f64) -> Array2<bool> {
    shrink(&grow(mask, radius), radius)
}

/// The mask with what a disc of this radius does not fit into taken away.
pub(super) fn open(mask: &Array2<bool>, radius: f64) -> Array2<bool> {
    grow(&shrink(mask, radius), radius)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(radius: f64) -> Array2<bool> {
        Array2::from_shape_fn((41, 51), |(row, column)| {
            let (y, x) = (row as f64 - 20.0, column as f64 - 25.0);
            x * x + y * y <= radius * radius
        })
    }

    #[test]
    fn patches_are_what_hangs_together() {
        let mut mask = disc(5.0);
        mask[[0, 0]] = true;
        mask[[1, 1]] = true;
        let sizes: Vec<usize> = patches(&mask).iter().map(|patch| patch.cells.len()).collect();
        assert_eq!(sizes, [1, 1, 81]);
    }

    #[test]
    fn a_disc_grows_and_shrinks_to_discs() {
        let area = |mask: &Array2<bool>| mask.iter().filter(|inside| **inside).count() as f64;
        for (found, radius) in [(grow(&disc(8.0), 4.0), 12.0), (shrink(&disc(12.0), 4.0), 8.0)] {
            let wanted = area(&disc(radius));
            // The rasters of discs differ by less than a rim of half a cell.
            assert!((area(&found) / wanted - 1.0).abs() < 0.09, "{} {wanted}", area(&found));
        }
        assert_eq!(close(&disc(8.0), 3.0), disc(8.0));
        let mut dusty = disc(8.0);
        dusty[[2, 2]] = true;
        let opened = open(&dusty, 3.0);
        assert!(!opened[[2, 2]] && opened[[20, 25]]);
    }
}
