//! The reference store and the audit log, whatever happens to the process; and the search over them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod audit_killed;
mod killed;
mod search;
