//! Why has a call no answer?
//!
//! A `tonic::Status` is taken apart here: its outcome in words, the fields at fault, when to come back, and the request's
//! identifier, under which the server's log says more.

use std::error::Error;
use std::fmt;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The server's reasons to refuse a scan.
const SCAN: [&str; 5] = [
    "FILE_UNUSABLE",
    "FILE_NEEDS_STATEMENT",
    "FILE_BEYOND_LIMIT",
    "SURFACE_UNUSABLE",
    "UPLOAD_TOO_LARGE",
];

/// A call that has no answer, and whom it was made to.
#[derive(Debug, thiserror::Error)]
#[error("{server}")]
pub struct ClientError {
    /// The server, as the caller named it.
    pub server: String,
    /// Why.
    #[source]
    pub cause: Cause,
}

impl ClientError {
    /// Whether a scan that was sent is at fault: malformed, unusable, too large, or in need of a statement.
    #[must_use]
    pub fn is_of_a_scan(&self) -> bool {
        self.cause.refused().is_some_and(|refused| SCAN.contains(&refused.reason.as_str()))
    }

    /// Whether the server has nothing of that name.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.cause.refused().is_some_and(|refused| refused.code == Code::NotFound)
    }
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    // The caller's.
    /// No address of a server.
    #[error("this is no server: wanted https://HOST:PORT or http://HOST:PORT")]
    Url,
    /// A server whose certificate cannot be checked.
    #[error("whom to trust is not known: https needs the authority of the server's certificate")]
    NoAuthority,
    /// Certificates for a connection that has none.
    #[error("http is plain text: an authority or a certificate goes with https")]
    PlainText,
    /// Certificates or keys that cannot be used.
    #[error("the authority, the certificate or its key cannot be used")]
    Certificates(#[source] tonic::transport::Error),
    /// A filter that the contract has no words for.
    #[error("a search after an identifier cannot be asked of a server")]
    Filter,

    // The way there.
    /// No connection.
    #[error("no connection: {}", chain(.0))]
    Unreachable(tonic::transport::Error),
    /// No answer in the time that the caller gave.
    #[error("no answer within {} s", after.as_secs_f64())]
    TimedOut {
        /// That time.
        after: Duration,
    },
    /// The caller did not want to wait any more.
    #[error("interrupted")]
    Interrupted,
    /// No runtime to wait in.
    #[error("no runtime")]
    Runtime(#[source] std::io::Error),

    /// The connection broke, as it does where a server wants a certificate and gets none.
    #[error("{0}: the server may want a client certificate, and none was given")]
    Uncertified(Box<Refused>),

    // The server's.
    /// The server ended the call.
    #[error(transparent)]
    Refused(Box<Refused>),
    /// A stream that ended before it had said what makes it a result.
    #[error("the {what} ended without its {wanted}: there is no result")]
    Unfinished {
        /// What was asked for.
        what: &'static str,
        /// What did not come.
        wanted: &'static str,
    },
    /// An answer that is not as the contract has it.
    #[error(
        "the server's answer has no sound {field}: client and server may be of different versions"
    )]
    Answer {
        /// The field of the contract.
        field: &'static str,
    },
    /// A file that is not the one that was announced.
    #[error("the file that came has SHA-256 {found}, {wanted} was announced")]
    Sha256 {
        /// Of what came.
        found: crate::digest::Digest,
        /// What was announced.
        wanted: crate::digest::Digest,
    },
}

impl Cause {
    /// The same, with whom it was asked of.
    pub(super) fn at(self, server: &str) -> ClientError {
        ClientError { server: server.to_owned(), cause: self }
    }

    /// What the server said, if it was the server.
    #[must_use]
    pub fn refused(&self) -> Option<&Refused> {
        if let Self::Refused(refused) = self { Some(refused) } else { None }
    }

    /// The same, from a connection without a client certificate.
    pub(super) fn uncertified(self) -> Self {
        // Whoever answers a call gives it an identifier.
        let unanswered = self.refused().is_some_and(|refused| refused.request_id.is_none());
        match (unanswered, self) {
            (true, Self::Refused(refused)) => Self::Uncertified(refused),
            (_, cause) => cause,
        }
    }
}

/// What a server said when it ended a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The outcome.
    pub code: Code,
    /// The same in the server's words.
    pub message: String,
    /// The server's reason for programs; empty where it gave none.
    pub reason: String,
    /// Fields at fault.
    pub violations: Vec<Violation>,
    /// When the caller may come back.
    pub retry_after: Option<Duration>,
    /// The call's identifier, as in the server's log.
    pub request_id: Option<String>,
}

/// A field at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its path in the request.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

impl Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", outcome(self.code))?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        for Violation { field, description } in &self.violations {
            if *description == self.message {
                write!(f, " (field {field})")?;
            } else {
                write!(f, " (field {field}: {description})")?;
            }
        }
        if let Some(wait) = self.retry_after {
            write!(f, "; try again in {} s", wait.as_secs_f64())?;
        }
        if let Some(id) = &self.request_id {
            write!(f, "; request {id}")?;
        }
        Ok(())
    }
}

impl From<Status> for Cause {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let violations = details.bad_request().into_iter().flat_map(|bad| &bad.field_violations);
        let violations = violations.map(|violation| Violation {
            field: violation.field.clone(),
            description: violation.description.clone(),
        });
        // What failed below gRPC is in the source only.
        let message = match status.source() {
            Some(source) => chain(source),
            None => status.message().to_owned(),
        };
        Self::Refused(Box::new(Refused {
            code: status.code(),
            message,
            reason: details.error_info().map(|info| info.reason.clone()).unwrap_or_default(),
            violations: violations.collect(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            request_id: details.request_info().map(|request| request.request_id.clone()),
        }))
    }
}

/// The outcome in words.
const fn outcome(code: Code) -> &'static str {
    match code {
        Code::Ok => "done",
        Code::Cancelled => "the call was cancelled",
        Code::Unknown => "the call failed",
        Code::InvalidArgument => "the request is at fault",
        Code::DeadlineExceeded => "the time is over",
        Code::NotFound => "not found",
        Code::AlreadyExists => "there already",
        Code::PermissionDenied => "not allowed",
        Code::ResourceExhausted => "too much",
        Code::FailedPrecondition => "not possible as it is",
        Code::Aborted => "given up",
        Code::OutOfRange => "out of range",
        Code::Unimplemented => "the server does not know this call",
        Code::Internal => "the server failed",
        Code::Unavailable => "the server is not available",
        Code::DataLoss => "data is lost",
        Code::Unauthenticated => "who asks is not known",
    }
}

/// An error and all below it in one line; what says the same as the one before is left out.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let below = error.to_string();
        if !text.ends_with(&below) {
            text.push_str(": ");
            text.push_str(&below);
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Refused {
        Refused {
            code: Code::InvalidArgument,
            message: "filter.country is unacceptable".to_owned(),
            reason: String::new(),
            violations: Vec::new(),
            retry_after: None,
            request_id: None,
        }
    }

    #[test]
    fn a_refusal_says_the_field_the_wait_and_the_request() {
        let violation = |description: &str| Violation {
            field: "filter.country".to_owned(),
            description: description.to_owned(),
        };
        let mut refused = refused();
        refused.violations = vec![violation(&refused.message), violation("no country")];
        refused.retry_after = Some(Duration::from_millis(1500));
        refused.request_id = Some("01a2".to_owned());
        assert_eq!(
            Cause::Refused(Box::new(refused)).at("http://host:1").source().unwrap().to_string(),
            "the request is at fault: filter.country is unacceptable (field filter.country) \
             (field filter.country: no country); try again in 1.5 s; request 01a2"
        );
    }
}
