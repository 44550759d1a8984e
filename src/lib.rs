//! An open ballistic-forensics matching engine.

pub mod digest;
pub mod parameters;
#[cfg(feature = "simulate")]
pub mod simulate;
pub mod surface;
pub mod units;
