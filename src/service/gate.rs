//! Who calls, and what may they see?
//!
//! [`Gate`] is what the service asks: [`Gate::identify`] and [`Gate::allows`] before it reads the first message of a call,
//! [`Gate::access`] before it uses or names a record, [`Gate::enters`] before it enters one. The service itself decides
//! nothing of this. [`LaboratoryGate`](super::LaboratoryGate) decides by certificates and the configured policy;
//! [`OpenGate`] lets everyone do everything: for trying on a loopback interface, or a network that was called insecure by
//! name.

use crate::access::{Action, Identity};
use crate::store::{ExhibitMetadata, Sharing};
use std::fmt;
use std::net::SocketAddr;
use tonic::Extensions;
use tonic::metadata::MetadataMap;

macro_rules! rpcs {
    ($($(#[doc = $doc:literal])+ $name:ident is $path:literal, $action:expr;)+) => {
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

            /// What is asked for by it; `None` where every laboratory that is known may.
            #[must_use]
            pub const fn action(self) -> Option<Action> {
                match self {
                    $(Self::$name => $action,)+
                }
            }
        }
    };
}

rpcs! {
    /// Extracting without storing.
    Extract is "ExtractionService.Extract", Some(Action::Extract);
    /// Comparing two scans.
    Compare is "ComparisonService.Compare", Some(Action::Compare);
    /// Entering a scan.
    Enrol is "ReferenceService.Enrol", Some(Action::Enrol);
    /// Reading a record.
    Get is "ReferenceService.Get", Some(Action::Get);
    /// Listing records.
    List is "ReferenceService.List", Some(Action::List);
    /// Taking a record out of every search.
    Withdraw is "ReferenceService.Withdraw", Some(Action::Withdraw);
    /// Choosing with whom an exhibit is shared.
    Share is "ReferenceService.Share", Some(Action::Share);
    /// Reading an original.
    Download is "ReferenceService.Download", Some(Action::Download);
    /// Searching.
    Search is "SearchService.Search", Some(Action::Search);
    /// Comparing many pairs.
    BatchCompare is "BatchService.Compare", Some(Action::BatchCompare);
    /// Counting.
    Statistics is "AdminService.Statistics", Some(Action::Statistics);
    /// Checking.
    Verify is "AdminService.Verify", Some(Action::Verify);
    /// Reading the audit log.
    QueryAudit is "AdminService.QueryAudit", Some(Action::QueryAudit);
    /// Asking for the contract itself.
    Reflection is "ServerReflection", None;
}

impl Rpc {
    /// Whether its answer depends on the engine's parameters.
    pub(super) const fn computes(self) -> bool {
        match self {
            Self::Extract | Self::Compare | Self::Enrol | Self::Search | Self::BatchCompare => true,
            Self::Get
            | Self::List
            | Self::Withdraw
            | Self::Share
            | Self::Download
            | Self::Statistics
            | Self::Verify
            | Self::QueryAudit
            | Self::Reflection => false,
        }
    }
}

impl fmt::Display for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
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
    /// By which name the logs know them: that of the identity, where there is one.
    pub name: String,
    /// For which laboratory, where that is known.
    pub identity: Option<Identity>,
    /// Whether every record is open to them. Where it is not, [`Gate::access`] is asked for each.
    pub unrestricted: bool,
}

impl Caller {
    /// Who counts as one where callers have a share each: the laboratory, or else the name.
    pub(super) fn account(&self) -> &str {
        self.identity.as_ref().map_or(&self.name, Identity::laboratory)
    }
}

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not known who calls.
    #[error("a client certificate that names a laboratory is required{}", detail(reason.as_deref()))]
    Unauthenticated {
        /// What is wrong with the one shown, if one was.
        reason: Option<String>,
    },
    /// They may not do this.
    #[error("{caller} may not call {rpc}: {reason}")]
    Denied {
        /// Who.
        caller: String,
        /// What.
        rpc: Rpc,
        /// Why not.
        reason: String,
    },
    /// They may know that the record exists, and no more.
    #[error("it is of {laboratory}, which does not share it: ask there")]
    Restricted {
        /// Whose it is.
        laboratory: String,
    },
    /// Only the laboratory that entered it may.
    #[error("it is of {laboratory}, and only that laboratory may change it")]
    NotOwner {
        /// Whose it is.
        laboratory: String,
    },
    /// Records are entered for the own laboratory.
    #[error("records are entered for the own laboratory: found {found}, wanted {wanted}")]
    OtherLaboratory {
        /// The laboratory that the record names.
        found: String,
        /// The caller's.
        wanted: String,
    },
}

fn detail(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

/// Whether a caller may use a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// They may.
    Allowed,
    /// To them it does not exist.
    Hidden,
    /// They may know that it exists and whose it is, and no more.
    Restricted,
    /// They may see it, and only its own laboratory may do this.
    NotOwner,
}

/// Decides who may do what.
pub trait Gate: Send + Sync + 'static {
    /// Who calls. Asked before anything else.
    ///
    /// # Errors
    /// That is not known.
    fn identify(&self, arrival: &Arrival<'_>) -> Result<Caller, Refusal>;

    /// Whether a caller may call this at all.
    ///
    /// # Errors
    /// They may not.
    fn allows(&self, caller: &Caller, rpc: Rpc) -> Result<(), Refusal>;

    /// Whether a caller may use a record of this laboratory, with the sharing policy that its exhibit has of its own, in a call; not asked
    /// for those who are unrestricted.
    fn access(&self, caller: &Caller, rpc: Rpc, laboratory: &str, own: Option<&Sharing>) -> Access;

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
    fn identify(&self, arrival: &Arrival<'_>) -> Result<Caller, Refusal> {
        let address =
            arrival.peer.map_or_else(|| "unknown".to_owned(), |peer| peer.ip().to_string());
        Ok(Caller { name: format!("anonymous:{address}"), identity: None, unrestricted: true })
    }

    fn allows(&self, _caller: &Caller, _rpc: Rpc) -> Result<(), Refusal> {
        Ok(())
    }

    fn access(
        &self,
        _caller: &Caller,
        _rpc: Rpc,
        _laboratory: &str,
        _own: Option<&Sharing>,
    ) -> Access {
        Access::Allowed
    }

    fn enters(&self, _caller: &Caller, _exhibit: &ExhibitMetadata) -> Result<(), Refusal> {
        Ok(())
    }
}
