//! What is short and what is long on a surface?
//!
//! The Gaussian filters of ISO 16610-61 (areal) and ISO 16610-21 (profiles), which honour missing samples
//! and resample in the same step, and what is made of their output. Useful for preprocessing and for the
//! coarser levels of a search; not for levelling or form.

mod coarsen;
mod gaussian;
mod profile;

pub use coarsen::{coarsen, keep_supported};
pub use gaussian::{Samples, Smoothed, smooth};
pub use profile::{SmoothedProfile, smooth_profile};
