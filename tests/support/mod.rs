//! What several integration tests share.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(unreachable_pub, reason = "shared by several test crates, each of which ends here")]

pub mod malformed;
pub mod package;
