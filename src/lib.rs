//! An open ballistic-forensics matching engine.

pub mod digest;
pub mod format;
pub mod parameters;
pub mod surface;
pub mod units;
