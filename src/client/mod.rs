//! How does a program ask a casemark service?
//!
//! For Rust programs and for the command line: the contract's rpcs as functions from this crate's types to this crate's
//! types, so that an answer from a server looks like one that was computed here. [`Client`] is asynchronous;
//! [`Blocking`] brings a runtime along and stops at Ctrl-C. A call that the server has no room for is made again after the
//! wait that the server asks for, where doing it twice does no harm. Not for files, profiles or words on a command line,
//! and nothing is computed here.
//!
//! ```no_run
//! use casemark::client::{Client, Connection, ScanSource, Upload};
//! # async fn example(questioned: Vec<u8>, reference: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::connect(&Connection::to("http://127.0.0.1:50051")).await?;
//! let upload = |bytes| Upload::new("scan.x3p", bytes, &Default::default());
//! let questioned = ScanSource::Upload(upload(questioned)?);
//! let reference = ScanSource::Upload(upload(reference)?);
//! let (report, weight) = client.compare(&questioned, &reference).await?;
//! println!("{} of {} cells are congruent", report.figures.cmc_count, report.figures.cells);
//! if let Some(log10_lr) = weight.and_then(|weight| weight.log10_lr) {
//!     println!("log10 likelihood ratio {log10_lr:.2}");
//! }
//! # Ok(())
//! # }
//! ```

mod admin;
mod audit;
mod batch;
mod blocking;
mod call;
mod compare;
mod connection;
mod convert;
mod enrol;
mod error;
mod records;
mod search;
mod upload;

pub use admin::Verification;
pub use audit::{AuditPage, AuditPlace};
pub use batch::{BatchFault, BatchPairs, Compared, Load};
pub use blocking::Blocking;
pub use call::{Client, Wait};
pub use connection::{ClientIdentity, Connection};
pub use enrol::{Correction, Enrolment, Entered};
pub use error::{Cause, ClientError, Refused, Violation};
pub use records::{Download, Exhibit, Record, Withdrawal};
pub use search::{Candidate, Cells, ExhibitLead, Query, Searched, SearchedMarks};
pub use upload::{NotSquare, ScanSource, Upload};
