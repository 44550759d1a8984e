//! Which server, and by which certificates is it known and are we?

use super::error::Cause;
use std::fmt;
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// How often a silent connection is tried, and how long an answer to that may take.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Calls made again, where nothing else is said.
const RETRIES: u32 = 5;

/// How to reach a server.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `https://HOST:PORT`, or `http://HOST:PORT` for plain text.
    pub server: String,
    /// The authority of the server's certificate (PEM); https needs it.
    pub authority: Option<Vec<u8>>,
    /// The client's own certificate.
    pub identity: Option<ClientIdentity>,
    /// The name in the server's certificate, where it is not the host of `server`.
    pub server_name: Option<String>,
    /// Longest time for one call; `None` for as long as the server allows.
    pub timeout: Option<Duration>,
    /// How many times a call is made again that the server had no room for.
    pub retries: u32,
}

/// A client's certificate with its private key.
#[derive(Clone)]
pub struct ClientIdentity {
    /// The certificate, with those between it and its authority (PEM).
    pub certificate: Vec<u8>,
    /// Its private key (PEM).
    pub key: Vec<u8>,
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

impl Connection {
    /// To this server, without certificates.
    #[must_use]
    pub fn to(server: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            authority: None,
            identity: None,
            server_name: None,
            timeout: None,
            retries: RETRIES,
        }
    }
}

/// Connects.
pub(super) async fn channel(connection: &Connection) -> Result<Channel, Cause> {
    let endpoint = Endpoint::from_shared(connection.server.clone()).map_err(|_| Cause::Url)?;
    let uri = endpoint.uri();
    if uri.host().is_none_or(str::is_empty) || !matches!(uri.path(), "" | "/") {
        return Err(Cause::Url);
    }
    let endpoint = match uri.scheme_str() {
        Some("https") => secure(endpoint, connection)?,
        Some("http") => {
            let Connection { authority, identity, server_name, .. } = connection;
            if authority.is_some() || identity.is_some() || server_name.is_some() {
                return Err(Cause::PlainText);
            }
            endpoint
        }
        _ => return Err(Cause::Url),
    };
    endpoint
        .connect_timeout(CONNECTING)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .connect()
        .await
        .map_err(Cause::Unreachable)
}

fn secure(endpoint: Endpoint, connection: &Connection) -> Result<Endpoint, Cause> {
    let authority = connection.authority.as_ref().ok_or(Cause::NoAuthority)?;
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
    if let Some(ClientIdentity { certificate, key }) = &connection.identity {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    if let Some(name) = &connection.server_name {
        tls = tls.domain_name(name);
    }
    endpoint.tls_config(tls).map_err(Cause::Certificates)
}
