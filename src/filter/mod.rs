//! What is short and what is long on a surface?
//!
//! The Gaussian filters of ISO 16610-61 (areal) and ISO 16610-21 (profiles), which honour missing samples
//! and resample in the same step, and what is made of their output: useful for preprocessing and for the
//! coarser levels of a search. [`regression`] has those that follow form to the edge and past outliers.

mod coarsen;
mod gaussian;
mod profile;
pub mod regression;

pub use coarsen::{coarsen, keep_supported};
pub use gaussian::{Samples, Smoothed, smooth};
pub use profile::{SmoothedProfile, smooth_profile};
