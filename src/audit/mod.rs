//! Who asked or changed what, when, and has anyone touched the answer since?
//!
//! An append-only log in the folder `audit` of a store, for the service and the program to write what
//! they did, and for an auditor to read. Each entry carries the SHA-256 of the one before, so a change,
//! removal, insertion or reordering is found by [`verify()`], which says where. What [`AuditLog::append`]
//! acknowledged is on the disk; many writers share their syncs.
//!
//! The files are lines of text, so that they can be checked without casemark. A segment,
//! `audit/FIRST.log`, is named for its first entry and begins with `casemark-audit 1 FIRST PREVIOUS`; then
//! each line is `INDEX HASH JSON`, where HASH is the SHA-256 of `PREVIOUS INDEX JSON` and PREVIOUS the HASH
//! of the line before (64 zeros before the first). `audit/head` says durably how many entries were
//! acknowledged and the hash of the last, in two slots that are written in turn.
//!
//! **What is found, and what not.** A crash can leave lines beyond the head, which no one was told of:
//! whole ones are kept, the rest is cut at the next opening, and [`Opening`] says so. All else is a
//! finding: whoever changes the lines without the rest is found at once, whoever cuts the end without the
//! head too. Whoever may write the folder can also compute the whole chain anew, or cut the end and
//! write the head to match: that is found only with a [`Checkpoint`] kept elsewhere, and then exactly if
//! anything up to the checkpoint differs. What was added after the last checkpoint rests on the folder's
//! permissions. A log that is deleted whole looks like one that never was: only a checkpoint tells.
//!
//! The log belongs to one store's folder: stores that merge keep each their own, and a backup has to hold it.
//! Opening reads the last segment only; that the ones before are there and whole is for [`verify()`] to say.
//!
//! Not for results (a digest of them is enough), nor for measuring time: the clock is the caller's.

mod entry;
mod error;
mod head;
mod log;
mod query;
mod segment;
mod verify;

#[cfg(test)]
mod tests;

pub use entry::{EVENT_LIMIT, Entry, Event, Outcome};
pub use error::AuditError;
pub use head::{Checkpoint, CheckpointError};
pub use log::{AuditLog, Opening, Receipt};
pub use query::{Page, Query};
pub use segment::{AUDIT_FORMAT, Place};
pub use verify::{AuditReport, Finding, verify};
