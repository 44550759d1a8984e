//! From files to scores, without a store, a wire or a program: formats, parts of a head, comparisons, marks, weights.
//!
//! Real scans are looked for in `CASEMARK_REAL_DATA`; where there are none, tests of them say so and pass. What takes
//! minutes is ignored: `cargo test --release --no-default-features --features calibration,simulate --test science -- --ignored
//! --nocapture MODULE`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/real.rs"]
mod real;
#[cfg(feature = "simulate")]
#[path = "../support/surrogates.rs"]
mod surrogates;

mod conformance;
mod decoys;
mod engine;
mod images;
mod index;
mod likelihood_ratio;
mod marks;
mod oracle;
mod segment;
mod segment_search;
mod segment_simulated;
mod striation;
