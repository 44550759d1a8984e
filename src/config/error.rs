//! What can be wrong with a configuration?

use crate::access::{IdentityError, PolicyError};
use crate::parameters::ParameterError;

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No TOML, or a value of another type.
    #[error("{origin}: a value cannot be understood")]
    Value {
        /// The file, or the variables.
        origin: String,
        /// Which key, and what was wanted.
        #[source]
        source: Box<::config::ConfigError>,
    },
    /// A key that no one knows.
    #[error("{file}: there is no key {key}; `casemark config print` lists all")]
    UnknownKey {
        /// The file.
        file: String,
        /// The key, with its section.
        key: String,
    },
    /// A variable that names no key.
    #[error(
        "the variable {variable} names no key: wanted CASEMARK__SECTION__KEY in capitals; `casemark config print` lists all"
    )]
    UnknownVariable {
        /// The variable.
        variable: String,
    },
    /// A section that is written as something else.
    #[error("{file}: {key} has to be a table ([section], or [[laboratory]] once for each)")]
    NotATable {
        /// The file.
        file: String,
        /// The section.
        key: String,
    },
    /// A number out of its bounds.
    #[error("{origin}: {key} is {value}, wanted {minimum} to {maximum}")]
    OutOfBounds {
        /// The file, or the variables.
        origin: String,
        /// The key, with its section.
        key: String,
        /// What was found.
        value: i64,
        /// Least allowed.
        minimum: u64,
        /// Greatest allowed.
        maximum: u64,
    },
    /// Keys that do not go together.
    #[error("{key} does not go with the rest: wanted {wanted}")]
    Contradiction {
        /// One of them.
        key: &'static str,
        /// What would go.
        wanted: &'static str,
    },
    /// A laboratory whose name no record may hold.
    #[error("laboratory.name is \"{name}\"")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: IdentityError,
    },
    /// A limit of quality out of its bounds.
    #[error(transparent)]
    Quality(#[from] ParameterError),
    /// Laboratories that cannot be told apart.
    #[error("the laboratories cannot be told apart")]
    Policy {
        /// Which.
        #[source]
        source: PolicyError,
    },
}
