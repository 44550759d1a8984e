//! Which store is meant, one on this machine or that of a server?

use super::connect::Settings;
use super::profile::{self, Profile};
use anyhow::{Context as _, bail};
use clap::Args;
use std::path::{Path, PathBuf};

/// Names the server where no flag does.
const SERVER: &str = "CASEMARK_SERVER";
/// Names the profile where no flag does.
const PROFILE: &str = "CASEMARK_PROFILE";

/// How to reach a server.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Server")]
pub(in crate::cli) struct RemoteArguments {
    /// Ask this server: https://HOST:PORT, or http://HOST:PORT in plain text; by default CASEMARK_SERVER
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) server: Option<String>,
    /// Whatever these flags do not say: TOML with any of server, ca, cert, key, server_name and timeout_s; paths go
    /// from its folder. By default CASEMARK_PROFILE
    #[arg(long, value_name = "FILE.toml")]
    pub(in crate::cli) profile: Option<PathBuf>,
    /// The authority of the server's certificate (PEM)
    #[arg(long, value_name = "CA.pem")]
    pub(in crate::cli) ca: Option<PathBuf>,
    /// The client's certificate (PEM), which says who asks
    #[arg(long, value_name = "CERT.pem", requires = "key")]
    pub(in crate::cli) cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "KEY.pem", requires = "cert")]
    pub(in crate::cli) key: Option<PathBuf>,
    /// The name in the server's certificate, where it is not the host of the URL
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) server_name: Option<String>,
    /// Longest time for one call, in seconds; without it, as long as the server allows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(in crate::cli) timeout_s: Option<u64>,
    /// Fail at once where the server has no room, rather than ask again when it says
    #[arg(long)]
    pub(in crate::cli) no_retry: bool,
}

/// A store on this machine, or that of a server.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct SourceArguments {
    /// The store, a folder on this machine
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "server", "profile", "ca", "cert", "key", "server_name", "timeout_s", "no_retry",
    ])]
    pub(in crate::cli) store: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) remote: RemoteArguments,
}

/// Which store is meant.
#[derive(Debug)]
pub(in crate::cli) enum References {
    /// In this folder.
    Store(PathBuf),
    /// Of this server.
    Server(Box<Settings>),
}

impl SourceArguments {
    /// A store on this machine.
    pub(in crate::cli) fn of_store(store: PathBuf) -> Self {
        Self { store: Some(store), ..Self::default() }
    }

    /// Which store is meant: by the flags, or by the environment.
    pub(in crate::cli) fn resolve(&self) -> anyhow::Result<References> {
        if let Some(named) = self.named()? {
            return Ok(named);
        }
        match self.remote.settings()? {
            Some(settings) => Ok(References::Server(Box::new(settings))),
            None => bail!(
                "which store? give --store DIR, or --server URL (or a profile that names one; or set {SERVER})"
            ),
        }
    }

    /// Which store the flags mean, if any: for verbs that can do without one.
    pub(in crate::cli) fn named(&self) -> anyhow::Result<Option<References>> {
        match &self.store {
            Some(store) => Ok(Some(References::Store(store.clone()))),
            None => {
                let settings = self.remote.named()?;
                Ok(settings.map(|settings| References::Server(Box::new(settings))))
            }
        }
    }
}

impl RemoteArguments {
    /// The server that the flags mean, if any: for verbs that can do without one.
    pub(in crate::cli) fn named(&self) -> anyhow::Result<Option<Settings>> {
        if self.server.is_none() && self.profile.is_none() {
            // What makes no sense without a server is not passed over.
            if self.ca.is_some() || self.cert.is_some() || self.server_name.is_some() {
                return self.settings();
            }
            return Ok(None);
        }
        self.settings()
    }

    /// The server by the flags, then the profile that they name, then the environment.
    fn settings(&self) -> anyhow::Result<Option<Settings>> {
        let environment = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let path = self.profile.clone().or_else(|| environment(PROFILE).map(PathBuf::from));
        let profile = match &path {
            Some(path) => {
                let text = std::fs::read_to_string(path);
                let text = text.with_context(|| path.display().to_string())?;
                profile::parse(&text, folder(path)).with_context(|| path.display().to_string())?
            }
            None => Profile::default(),
        };
        let by_environment = match environment(SERVER).map(std::ffi::OsString::into_string) {
            Some(Ok(server)) => Some(server),
            Some(Err(_)) => bail!("{SERVER} is no text"),
            None => None,
        };
        // A profile named by a flag is nearer than the environment, and that nearer than a profile it names.
        let (nearer, farther) = match &self.profile {
            Some(_) => (profile.server.clone(), by_environment),
            None => (by_environment, profile.server.clone()),
        };
        let Some(server) = self.server.clone().or(nearer).or(farther) else {
            if path.is_some() || self.ca.is_some() || self.cert.is_some() {
                bail!("which server? give --server URL, or a profile with the key server");
            }
            return Ok(None);
        };
        let identity = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some((cert.clone(), key.clone())),
            _ => profile.identity,
        };
        Ok(Some(Settings {
            server,
            authority: self.ca.clone().or(profile.ca),
            identity,
            server_name: self.server_name.clone().or(profile.server_name),
            timeout_s: self.timeout_s.or(profile.timeout_s),
            retry: !self.no_retry,
        }))
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new(""))
}
