//! The contract's messages, servers and clients, generated from `proto/` when the crate is built. Nothing is written by
//! hand here; what the messages mean to the engine is in `convert`.

#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::large_enum_variant,
    clippy::wildcard_enum_match_arm,
    reason = "generated code"
)]

tonic::include_proto!("casemark.v1");

/// The contract's description, as reflection gives it out.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("casemark_descriptor");
