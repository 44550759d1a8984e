//! The way to a server.

use crate::cli::Context;
use crate::client::{Blocking, Client, ClientIdentity, Connection, Wait};
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How to reach a server, its files not read yet.
#[derive(Debug)]
pub(in crate::cli) struct Settings {
    pub(super) server: String,
    pub(super) authority: Option<PathBuf>,
    /// Certificate and key.
    pub(super) identity: Option<(PathBuf, PathBuf)>,
    pub(super) server_name: Option<String>,
    pub(super) timeout_s: Option<u64>,
    pub(super) retry: bool,
}

/// A server that is connected.
pub(in crate::cli) struct Remote(Blocking);

impl Settings {
    /// Reads the certificates and connects.
    pub(in crate::cli) fn connect(&self, context: &Context) -> anyhow::Result<Remote> {
        let read = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
        let identity = self.identity.as_ref().map(|(certificate, key)| {
            Ok::<_, anyhow::Error>(ClientIdentity {
                certificate: read(certificate)?,
                key: read(key)?,
            })
        });
        let mut connection = Connection {
            authority: self.authority.as_deref().map(read).transpose()?,
            identity: identity.transpose()?,
            server_name: self.server_name.clone(),
            timeout: self.timeout_s.map(Duration::from_secs),
            ..Connection::to(&self.server)
        };
        if !self.retry {
            connection.retries = 0;
        }
        let (server, progress) = (self.server.clone(), context.progress.clone());
        let tell = move |Wait { refused, .. }: &Wait| {
            progress.suspend(|| eprintln!("waiting: {server}: {refused}"));
        };
        Ok(Remote(Blocking::connect(&connection, tell)?))
    }
}

impl Remote {
    /// The client, whose calls [`Self::wait`] waits for.
    pub(in crate::cli) const fn client(&self) -> &Client {
        self.0.client()
    }

    /// The server, as it was named.
    pub(in crate::cli) fn server(&self) -> &str {
        self.client().server()
    }

    /// Waits for a call, at most until Ctrl-C.
    pub(in crate::cli) fn wait<T, E: From<crate::client::ClientError>>(
        &self,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.0.wait(call)
    }
}
