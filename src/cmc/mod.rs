//! How many cells of one surface are found, in their places, on the other?
//!
//! Congruent matching cells (Song 2013): `grid` cuts one surface into cells, `register` finds each on
//! the other about the global pose, `rules` judges the records. Useful for areal (impressed) marks; not
//! for striated ones, and it takes no decision about sources.

mod grid;
mod register;
mod rules;

pub use grid::{Cell, cell_side, cells};
pub use register::{CellCorrelator, CellRegistration, Peak};
pub use rules::{CellVerdict, Consensus, Judgement, convergence, song2013};
