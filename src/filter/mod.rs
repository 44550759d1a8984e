//! What is short and what is long on a surface?
//!
//! The areal Gaussian filter of ISO 16610-61, which honours missing samples and resamples in the same
//! step, and what is made of its output. Useful for preprocessing and for the coarser levels of a search;
//! not for levelling or form.

mod coarsen;
mod gaussian;

pub use coarsen::{coarsen, keep_supported};
pub use gaussian::{Samples, Smoothed, smooth};
