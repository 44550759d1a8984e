//! An open ballistic-forensics matching engine.

#[cfg(feature = "cli")]
pub mod cli;
pub mod cmc;
pub mod comparison;
pub mod correlate;
pub mod digest;
pub mod format;
pub mod matcher;
pub mod parameters;
#[cfg(feature = "picture")]
pub mod picture;
pub mod preprocess;
pub mod report;
#[cfg(feature = "store")]
pub mod search;
pub mod signature;
#[cfg(feature = "simulate")]
pub mod simulate;
#[cfg(feature = "store")]
pub mod store;
pub mod surface;
pub mod transform;
pub mod units;

/// Version of the engine, as every result carries it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
