//! An open ballistic-forensics matching engine.
//!
//! When a pistol fires, its breech face presses its texture into the cartridge case. Casemark extracts a
//! [`Signature`] of that texture from a surface scan, compares two of them over every rotation by FFT
//! cross-correlation and congruent matching cells, and searches a reference store for the most alike. A
//! score is explained cell by cell and is the same, to the bit, on any number of threads. It is a lead:
//! only an examiner makes a hit.
//!
//! Four nouns: a [`Surface`] is what was measured, a [`Signature`] what is kept of it, a [`Matcher`] a
//! questioned signature made ready, a [`Comparison`] what was found.
//!
//! ```
//! # #[cfg(feature = "simulate")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use casemark::{Arithmetic, Digest, Engine, Matcher, Parameters, Signature, simulate::Simulation};
//!
//! // Two cases from one firearm, as bytes of X3P; usually they are read from files.
//! let firearm = Simulation::default().firearm(0)?;
//! let files = [0, 1].map(|shot| {
//!     casemark::format::x3p::write(&firearm.shot(shot).surface, &Default::default())
//! });
//! let [questioned, reference] = files;
//!
//! let parameters = Parameters::default();
//! let engine = Engine::new(parameters.clone(), Arithmetic::Vectorised);
//! let prepare = |file: &[u8]| -> Result<_, Box<dyn std::error::Error>> {
//!     let scan = casemark::format::read(file, &Default::default())?;
//!     Ok(engine.prepare(&Signature::extract(&scan.surface, scan.sha256, &parameters)?)?)
//! };
//!
//! // Dear once, cheap a reference.
//! let matcher = Matcher::new(&engine, prepare(&questioned?)?);
//! let comparison = matcher.compare(&prepare(&reference?)?, &mut engine.workspace())?;
//! println!("{} of {} cells are congruent", comparison.cmc_count(), comparison.cells());
//! assert!(comparison.cmc_fraction() > 0.5);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "simulate"))]
//! # fn main() {}
//! ```
//!
//! Features: without any, the science alone; `store` adds the reference store, the search over it and the
//! audit log, `access` who may do what and the configuration, `service` the gRPC service and its client, `simulate`
//! synthetic cases and decoys, `picture` pictures for reports, `validation` what
//! likelihood ratios of known pairs come to, `cli` (default) the program. See
//! `ARCHITECTURE.md` for how the parts fit together.

#[cfg(feature = "access")]
pub mod access;
#[cfg(feature = "store")]
pub mod audit;
#[cfg(feature = "calibration")]
pub mod calibration;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "service")]
pub mod client;
pub mod cmc;
pub mod comparison;
#[cfg(feature = "access")]
pub mod config;
pub mod correlate;
#[cfg(feature = "simulate")]
pub mod decoy;
pub mod digest;
#[cfg(all(feature = "store", feature = "calibration"))]
pub mod exhibits;
pub mod filter;
pub mod format;
#[cfg(feature = "store")]
pub mod gallery;
pub mod index;
pub mod mark;
pub mod matcher;
#[cfg(feature = "store")]
pub mod nearest;
pub mod parameters;
#[cfg(feature = "picture")]
pub mod picture;
pub mod preprocess;
pub mod quality;
pub mod report;
#[cfg(feature = "store")]
pub mod search;
pub mod segment;
#[cfg(feature = "service")]
pub mod service;
pub mod signature;
#[cfg(feature = "simulate")]
pub mod simulate;
pub mod statistics;
#[cfg(feature = "store")]
pub mod store;
pub mod striation;
pub mod surface;
pub mod transform;
pub mod units;
#[cfg(feature = "validation")]
pub mod validation;

/// Version of the engine, as every result carries it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use comparison::Comparison;
pub use correlate::fft::Arithmetic;
pub use digest::Digest;
pub use matcher::{Engine, Matcher, Prepared, Workspace};
pub use parameters::Parameters;
pub use signature::Signature;
pub use surface::Surface;
