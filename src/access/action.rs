//! What can be asked, and which role may ask it?

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a laboratory was made to do in the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks at records.
    Reader,
    /// Compares and searches, and looks at records.
    Examiner,
    /// Enters records and looks after its own.
    Contributor,
    /// Reads the audit log and verifies the store; sees no records.
    Auditor,
    /// Looks after the store; sees no records.
    Administrator,
}

impl Role {
    /// All, in the order of the matrix.
    pub const ALL: [Self; 5] =
        [Self::Reader, Self::Examiner, Self::Contributor, Self::Auditor, Self::Administrator];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Examiner => "examiner",
            Self::Contributor => "contributor",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Text that names no role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{found} is no role: wanted reader, examiner, contributor, auditor or administrator")]
pub struct RoleError {
    /// The text.
    pub found: String,
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|role| role.name() == text);
        named.ok_or_else(|| RoleError { found: text.to_owned() })
    }
}

/// A set of roles.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles([bool; Role::ALL.len()]);

impl Roles {
    /// No role: nothing is allowed.
    pub const NONE: Self = Self([false; Role::ALL.len()]);

    /// Whether the role is among them.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0[role as usize]
    }

    /// Whether one of them may ask for this.
    #[must_use]
    pub fn may(self, action: Action) -> bool {
        let (_, row) = &MATRIX[action as usize];
        Role::ALL.into_iter().any(|role| self.has(role) && row[role as usize])
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        let mut all = Self::NONE;
        roles.into_iter().for_each(|role| all.0[role as usize] = true);
        all
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Role::ALL.into_iter().filter(|role| self.has(*role))).finish()
    }
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $action:ident $name:literal $reader:ident $examiner:ident
        $contributor:ident $auditor:ident $administrator:ident;)+) => {
        /// What can be asked; an audit entry has its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action {
            $($(#[doc = $doc])+ $action,)+
        }

        impl Action {
            /// All, in the order of the matrix.
            pub const ALL: &'static [Self] = &[$(Self::$action),+];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)+
                }
            }
        }

        /// Which role may ask for what: a row an action, a column a role, in the order of [`Role::ALL`].
        pub const MATRIX: &[(Action, [bool; Role::ALL.len()])] = &[
            $((Action::$action, [
                $reader, $examiner, $contributor, $auditor, $administrator,
            ]),)+
        ];
    };
}

/// Allowed.
const Y: bool = true;
/// Not allowed.
const N: bool = false;

actions! {
    // name                                                    reader, examiner, contributor, auditor, administrator
    /// Extract a signature and its quality from a scan.
    Extract "extract"                                          N Y Y N N;
    /// Compare two scans, uploaded or stored.
    Compare "compare"                                          N Y N N N;
    /// Compare many pairs.
    BatchCompare "batch_compare"                               N Y N N N;
    /// Search the store for the references most like a questioned scan.
    Search "search"                                            N Y N N N;
    /// See a record.
    Get "get"                                                  Y Y Y N N;
    /// List records.
    List "list"                                                Y Y Y N N;
    /// Have the original file of a scan.
    Download "download"                                        N Y Y N N;
    /// Enter a scan for the own laboratory.
    Enrol "enrol"                                              N N Y N N;
    /// Replace the metadata of an own exhibit.
    Revise "revise"                                            N N Y N N;
    /// Choose with whom an own exhibit is shared.
    Share "share"                                              N N Y N N;
    /// Take an own exhibit or scan out of every search.
    Withdraw "withdraw"                                        N N Y N N;
    /// Count what is in the store: everyone's records, whoever they are shared with.
    Statistics "statistics"                                    N N N Y Y;
    /// Check store and audit log.
    Verify "verify"                                            N N N Y Y;
    /// Read the audit log.
    QueryAudit "query_audit"                                   N N N Y N;
    /// Delete the files of what was withdrawn.
    Purge "purge"                                              N N N N Y;
    /// Take in everything that another store knows.
    Merge "merge"                                              N N N N Y;
    /// Extract signatures anew after a change of parameters.
    Upgrade "upgrade"                                          N N N N Y;
}

impl Action {
    /// Whether it changes a record, which only the laboratory may that entered it.
    #[must_use]
    pub const fn changes_a_record(self) -> bool {
        match self {
            Self::Enrol | Self::Revise | Self::Share | Self::Withdraw => true,
            Self::Extract
            | Self::Compare
            | Self::BatchCompare
            | Self::Search
            | Self::Get
            | Self::List
            | Self::Download
            | Self::Statistics
            | Self::Verify
            | Self::QueryAudit
            | Self::Purge
            | Self::Merge
            | Self::Upgrade => false,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
