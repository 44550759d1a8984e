//! Who asks, and may they?
//!
//! For the service: [`Identity`] is who a client certificate names, [`Roles`] what a laboratory may do at
//! all, [`Sharing`](crate::store::Sharing) who may see a record, [`decide`] the answer, a pure function of
//! these. [`Policy`] holds what the configuration says of every laboratory. Whatever is not allowed is
//! denied. Not for checking that a certificate is genuine, which is the TLS library's, and not for the
//! program on its own machine, where the file system's permissions rule.

mod action;
mod decision;
mod identity;
mod policy;

#[cfg(test)]
mod tests;

pub use action::{Action, MATRIX, Role, RoleError, Roles};
pub use decision::{Decision, DenyReason, RecordFacts, decide};
pub use identity::{Identity, IdentityError, SCHEME};
pub use policy::{Laboratory, Policy, PolicyError};
