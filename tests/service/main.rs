//! The service as its clients see it, well-meaning or not; and what is written about it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/made_up.rs"]
mod made_up;

mod access;
mod api_document;
mod calls;
mod client;
mod hostile;
mod operations_document;
