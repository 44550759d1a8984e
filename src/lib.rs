//! An open ballistic-forensics matching engine.

pub mod digest;
pub mod parameters;
pub mod surface;
pub mod units;
