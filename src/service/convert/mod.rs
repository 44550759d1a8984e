//! What do the contract's messages mean to the engine, and how does the engine's answer look in the contract?
//!
//! Only here. From the wire (`received`) everything is checked and an error names the field; to the wire (`given`) nothing
//! can fail; what both ways and the client need is in `words`.

mod given;
mod received;
pub(crate) mod words;

pub(super) use given::{
    Cells, audit_entry, comparison, enrolled, extraction, figures, record, search_stage,
    statistics, verification, weight,
};
pub(super) use received::{
    any_mark, audit_query, cascade, count, describe, describe_sharing, download_content, exhibit,
    filter, identifier, mark, read_options, sharing, text,
};
