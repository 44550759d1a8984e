//! Which cells hang together, and what is near them?
//!
//! Connected patches of a mask, what it encloses, and masks grown and shrunk by a disc. A cell's four
//! neighbours are connected to it.

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
    let mut left = Framed::new(mask, false);
    let mut found = Vec::new();
    for start in 0..left.cells.len() {
        if left.cells[start] {
            let cells = left.take(start).into_iter().map(|place| left.cell(place)).collect();
            found.push(Patch { cells });
        }
    }
    found
}

/// The mask with everything that it encloses.
pub(super) fn fill_holes(mask: &Array2<bool>) -> Array2<bool> {
    let mut outside = Framed::new(&not(mask), true);
    // All that can be reached from beyond the frame; what is left is enclosed.
    outside.take(0);
    let mut filled = mask.clone();
    for (mut row, left) in filled.outer_iter_mut().zip(outside.rows()) {
        for (inside, left) in row.iter_mut().zip(left) {
            *inside |= left;
        }
    }
    filled
}

/// A mask row by row with cells around it, so that every cell of it has four neighbours.
struct Framed {
    cells: Vec<bool>,
    /// Of a row: the cell after its last is the one before the first of the next.
    width: usize,
}

impl Framed {
    /// The mask, with `around` in the cells around it.
    fn new(mask: &Array2<bool>, around: bool) -> Self {
        let (rows, columns) = mask.dim();
        let width = columns + 1;
        let mut cells = vec![around; (rows + 2) * width];
        for (row, framed) in
            rows_of(mask).chunks_exact(columns).zip(cells.chunks_exact_mut(width).skip(1))
        {
            framed[..columns].copy_from_slice(row);
        }
        Self { cells, width }
    }

    /// Takes away the true cell at `start` and all that hang together with it, and says where they were.
    fn take(&mut self, start: usize) -> Vec<usize> {
        self.cells[start] = false;
        // What was found and not yet looked around from is the end of this.
        let mut found = vec![start];
        let mut looked = 0;
        while let Some(&place) = found.get(looked) {
            looked += 1;
            let above = place.wrapping_sub(self.width);
            for near in [above, place + self.width, place.wrapping_sub(1), place + 1] {
                if let Some(cell) = self.cells.get_mut(near)
                    && *cell
                {
                    *cell = false;
                    found.push(near);
                }
            }
        }
        found
    }

    /// (row, column) of a place.
    fn cell(&self, place: usize) -> (usize, usize) {
        (place / self.width - 1, place % self.width)
    }

    /// The rows of the mask, each with a cell around it at its end.
    fn rows(&self) -> impl Iterator<Item = &[bool]> {
        self.cells.chunks_exact(self.width).skip(1)
    }
}

/// The mask grown by a disc of this radius in cells.
pub(super) fn grow(mask: &Array2<bool>, radius: f64) -> Array2<bool> {
    let reach = radius.floor() as usize;
    let (rows, columns) = mask.dim();
    // A row of the disc at each distance from its middle.
    let half: Vec<usize> = (0..=reach)
        .map(|down| (radius * radius - (down * down) as f64).max(0.0).sqrt() as usize)
        .collect();
    let mut grown = vec![false; rows * columns];
    for (row, cells) in rows_of(mask).chunks_exact(columns).enumerate() {
        // The discs about a run of cells are together a run in each row.
        let mut end = 0;
        while let Some(start) = cells[end..].iter().position(|inside| *inside) {
            let start = end + start;
            end = cells[start..].iter().position(|inside| !inside).map_or(columns, |n| start + n);
            for (down, &across) in half.iter().enumerate() {
                let (left, right) = (start.saturating_sub(across), (end + across).min(columns));
                let (above, below) = (row.checked_sub(down), row + down);
                for other in above.into_iter().chain((below < rows).then_some(below)) {
                    grown[other * columns + left..other * columns + right].fill(true);
                }
            }
        }
    }
    Array2::from_shape_vec((rows, columns), grown).expect("as many cells as the mask has")
}

/// The cells one after the other, row by row.
fn rows_of(mask: &Array2<bool>) -> Vec<bool> {
    mask.as_standard_layout().into_owned().into_raw_vec_and_offset().0
}

/// What is false.
pub(super) fn not(mask: &Array2<bool>) -> Array2<bool> {
    mask.mapv(|inside| !inside)
}

/// The mask shrunk by a disc of this radius in cells; what lies beyond the frame does not shrink it.
pub(super) fn shrink(mask: &Array2<bool>, radius: f64) -> Array2<bool> {
    not(&grow(&not(mask), radius))
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
    fn what_is_enclosed_is_filled_and_what_opens_to_the_frame_is_not() {
        let ring = Array2::from_shape_fn((41, 51), |cell| disc(9.0)[cell] && !disc(6.0)[cell]);
        assert_eq!(fill_holes(&ring), disc(9.0));
        let mut open = ring.clone();
        open.slice_mut(ndarray::s![20, ..25]).fill(false);
        assert_eq!(fill_holes(&open), open);
        let corner = Array2::from_shape_fn((5, 6), |(row, column)| {
            row == 1 && column < 2 || column == 1 && row < 2
        });
        assert_eq!(fill_holes(&corner), corner);
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
