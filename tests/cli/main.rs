//! The program as its users see it: words in, words, files and an exit code out.
//!
//! One test program for all of it, a module for each question: to link one takes as long as to run many of these.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/head.rs"]
mod head;
#[path = "../support/made_up.rs"]
mod made_up;
#[path = "../support/program.rs"]
mod program;
#[cfg(unix)]
#[path = "../support/python.rs"]
mod python;
#[path = "../support/real.rs"]
mod real;
#[path = "../support/served.rs"]
mod served;
#[path = "../support/mod.rs"]
mod support;

mod access;
mod accuracy;
mod crash;
mod evidence;
mod exhibits;
mod heads;
mod images;
mod malformed;
#[cfg(unix)]
mod python_client;
mod quality;
mod remote;
mod render;
mod segment;
mod shear;
mod transform;
mod verbs;
#[cfg(unix)]
mod x3p_reader;
