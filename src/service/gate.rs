//! Who calls, and what may they see?
//!
//! [`Gate`] is the seam between the service and whatever knows laboratories, roles and policies. Every rpc asks
//! [`Gate::admit`] before it reads the first message, [`Gate::access`] before it uses or names a record, and
//! [`Gate::enters`] before it enters one. The service itself decides nothing of this. [`OpenGate`] lets everyone do
//! everything: for a loopback interface, or a network that was called insecure by name.

use crate::store::{Country, ExhibitMetadata, ScanView};
use std::fmt;
use std::net::SocketAddr;
use tonic::Extensions;
use tonic::metadata::MetadataMap;

macro_rules! rpcs {
    ($($(#[doc = $doc:literal])+ $name:ident is $path:literal;)+) => {
        /// A call of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rpc {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Rpc {
            /// All, in a fixed order.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Service and method, as the contract writes them.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $path,)+
                }
            }
        }
    };
}

rpcs! {
    /// Extracting without storing.
    Extract is "ExtractionService.Extract";
    /// Comparing two scans.
    Compare is "ComparisonService.Compare";
    /// Entering a scan.
    Enrol is "ReferenceService.Enrol";
    /// Reading a record.
    Get is "ReferenceService.Get";
    /// Listing records.
    List is "ReferenceService.List";
    /// Taking a record out of every search.
    Withdraw is "ReferenceService.Withdraw";
    /// Reading an original.
    Download is "ReferenceService.Download";
    /// Searching.
    Search is "SearchService.Search";
    /// Comparing many pairs.
    BatchCompare is "BatchService.Compare";
    /// Counting.
    Statistics is "AdminService.Statistics";
    /// Checking.
    Verify is "AdminService.Verify";
    /// Asking for the contract itself.
    Reflection is "ServerReflection";
}

impl fmt::Display for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A call before anything of it was read.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// Which call.
    pub rpc: Rpc,
    /// From where, where that is known.
    pub peer: Option<SocketAddr>,
    /// The client's certificates as DER, its own first; verified against the client authority. Empty without mutual TLS.
    pub certificates: Vec<&'a [u8]>,
    /// Metadata of the call.
    pub metadata: &'a MetadataMap,
    /// What layers and the transport know of the call.
    pub extensions: &'a Extensions,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// By which name the log knows them.
    pub name: String,
    /// For which laboratory, where that is known.
    pub laboratory: Option<String>,
    /// In which country, where that is known.
    pub country: Option<Country>,
    /// Whether every record is open to them. Where it is not, [`Gate::access`] is asked for each.
    pub unrestricted: bool,
}

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not known who calls.
    #[error("a client certificate that this server knows is required")]
    Unauthenticated,
    /// They may not do this.
    #[error("{caller} may not call {rpc}")]
    Denied {
        /// Who.
        caller: String,
        /// What.
        rpc: Rpc,
    },
}

/// Whether a caller may use a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// They may.
    Allowed,
    /// To them it does not exist.
    Hidden,
    /// They may know that it exists, and no more.
    Denied,
}

/// Decides who may do what.
pub trait Gate: Send + Sync + 'static {
    /// Who calls, if they may call this at all. Asked before anything else.
    ///
    /// # Errors
    /// They may not.
    fn admit(&self, arrival: &Arrival<'_>) -> Result<Caller, Refusal>;

    /// Whether a caller may use a record in a call; not asked for those who are unrestricted.
    fn access(&self, caller: &Caller, rpc: Rpc, record: &ScanView) -> Access;

    /// Whether a caller may enter a scan of such an exhibit.
    ///
    /// # Errors
    /// They may not.
    fn enters(&self, caller: &Caller, exhibit: &ExhibitMetadata) -> Result<(), Refusal>;
}

/// Everyone may do everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenGate;

impl Gate for OpenGate {
    fn admit(&self, arrival: &Arrival<'_>) -> Result<Caller, Refusal> {
        let name = arrival.peer.map_or_else(|| "unknown".to_owned(), |peer| peer.ip().to_string());
        Ok(Caller { name, laboratory: None, country: None, unrestricted: true })
    }

    fn access(&self, _caller: &Caller, _rpc: Rpc, _record: &ScanView) -> Access {
        Access::Allowed
    }

    fn enters(&self, _caller: &Caller, _exhibit: &ExhibitMetadata) -> Result<(), Refusal> {
        Ok(())
    }
}
