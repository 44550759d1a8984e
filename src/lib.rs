//! An open ballistic-forensics matching engine.

pub mod digest;
pub mod parameters;
#[cfg(feature = "store")]
pub mod store;
pub mod surface;
pub mod units;
