//! The verbs of the command line at a server: `--server URL` in place of `--store DIR`.
//!
//! `arguments` and `profile` say which server, `connect` goes there; one file a verb asks it and gives back what the same
//! verb finds on this machine, so that one and the same code prints both. What a server is told of the person is the client
//! certificate and nothing else.

mod arguments;
mod batch;
mod connect;
mod enrol;
mod fault;
mod laboratory;
mod named;
mod profile;
mod withdraw;

pub(super) use arguments::{References, RemoteArguments, SourceArguments};
pub(super) use batch::compare as batch;
pub(super) use connect::{Remote, Settings};
pub(super) use enrol::enrol;
pub(super) use fault::{of_file, upload};
pub(super) use named::{find, scan};
pub(super) use withdraw::withdraw;
