//! How do laboratories reach the engine over a network?
//!
//! The gRPC service whose contract is in `proto/`, for whoever serves a store to others, and the contract's own client
//! ([`pb`]). [`Server`] joins an [`crate::Engine`] and a store; [`Gate`] is where identities and policies come in; [`Limits`]
//! bounds everything that clients could make grow. What an answer says is what the engine says: nothing is computed here.
//! Not for files, configuration or certificates on the disk, which are the command line's.
//!
//! The way of a call: `server` (transport) → `call` (gate, identifier, deadline) → one file a service → `upload` (chunks to
//! bytes) → `work` (bounded queues before a rayon pool) → the engine → `convert` → the wire; whatever fails goes through
//! `status`.

mod admin;
mod answers;
mod batch;
mod call;
mod comparison;
mod convert;
mod evidence;
mod exhibits;
mod extraction;
mod flow;
mod gate;
mod laboratories;
mod limits;
mod listener;
mod metrics;
mod metrics_page;
mod pace;
pub mod pb;
mod quota;
mod reference;
mod replays;
mod room;
mod scans;
mod search;
mod server;
mod status;
mod trail;
mod upload;
mod work;

pub(crate) use convert::words;
pub use gate::{Access, Arrival, Caller, Gate, OpenGate, Refusal, Rpc};
pub use laboratories::LaboratoryGate;
pub use limits::Limits;
pub use metrics::Activity;
pub use server::{Monitor, Parts, Security, ServeError, Server, Tls};
