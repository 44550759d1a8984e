//! Which part of the frame is looked at?
//!
//! What lies within the breech face is looked for there alone: it is a third of the frame.

use ndarray::{Array2, s};
use std::ops::Range;

/// Rows and columns of cells of a frame.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Window {
    /// All of a frame.
    pub(super) fn whole((rows, columns): (usize, usize)) -> Self {
        Self { rows: 0..rows, columns: 0..columns }
    }

    /// The smallest part that holds all that is true and so many cells around it; the whole frame where nothing is.
    pub(super) fn about(mask: &Array2<bool>, around: usize) -> Self {
        let any = |cells: ndarray::ArrayView1<'_, bool>| cells.iter().any(|inside| *inside);
        let rows: Vec<bool> = mask.outer_iter().map(any).collect();
        let Some(rows) = span(&rows, around) else { return Self::whole(mask.dim()) };
        let columns: Vec<bool> = mask.columns().into_iter().map(any).collect();
        let Some(columns) = span(&columns, around) else { return Self::whole(mask.dim()) };
        Self { rows, columns }
    }

    /// What a field of the frame has here.
    pub(super) fn cut<T: Clone>(&self, field: &Array2<T>) -> Array2<T> {
        field.slice(s![self.rows.clone(), self.columns.clone()]).to_owned()
    }

    /// A mask of this part as one of a frame of this shape.
    pub(super) fn paste(&self, mask: &Array2<bool>, frame: (usize, usize)) -> Array2<bool> {
        let mut whole = Array2::from_elem(frame, false);
        whole.slice_mut(s![self.rows.clone(), self.columns.clone()]).assign(mask);
        whole
    }
}

/// From the first that is true to the last, and so many around.
fn span(along: &[bool], around: usize) -> Option<Range<usize>> {
    let first = along.iter().position(|any| *any)?;
    let last = along.iter().rposition(|any| *any)?;
    Some(first.saturating_sub(around)..(last + around + 1).min(along.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_out_and_put_back() {
        let mut mask = Array2::from_elem((9, 7), false);
        mask[[2, 3]] = true;
        mask[[4, 5]] = true;
        let window = Window::about(&mask, 2);
        assert_eq!((window.rows.clone(), window.columns.clone()), (0..7, 1..7));
        let part = window.cut(&mask);
        assert!(part[[2, 2]] && part[[4, 4]]);
        assert_eq!(window.paste(&part, mask.dim()), mask);
        let nothing = Window::about(&Array2::from_elem((3, 4), false), 1);
        assert_eq!((nothing.rows, nothing.columns), (0..3, 0..4));
    }
}
