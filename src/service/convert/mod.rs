//! What do the contract's messages mean to the engine, and how does the engine's answer look in the contract?
//!
//! Only here. From the wire (`received`) everything is checked and an error names the field; to the wire (`given`) nothing
//! can fail.

mod given;
mod received;

pub(super) use given::{
    Cells, audit_entry, comparison, enrolled, extraction, figures, record, shared, statistics,
    timestamp, verification,
};
pub(super) use received::{
    audit_query, count, describe, describe_sharing, exhibit, filter, identifier, mark,
    read_options, sharing, text,
};
