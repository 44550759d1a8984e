//! The command line of what concerns other laboratories: sharing, the audit log, certificates, the service.

use super::{ActorArguments, LookArguments, StoreArguments};
use crate::cli::remote::SourceArguments;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Choose with whom an exhibit's record is shared
#[derive(Debug, Args)]
pub(in crate::cli) struct ShareArguments {
    /// Identifier of the exhibit, or its first characters
    pub(in crate::cli) id: String,
    #[command(flatten)]
    pub(in crate::cli) source: SourceArguments,
    /// Who sees the record; `default` is whatever the configuration says of its laboratory
    #[arg(long, value_name = "WHOM")]
    pub(in crate::cli) with: ShareWith,
    /// The countries (ISO 3166-1 alpha-2) of `--with countries`
    #[arg(long, value_name = "BB,TT", value_delimiter = ',')]
    pub(in crate::cli) countries: Vec<crate::store::Country>,
    /// Tell laboratories that may not see the record that it exists, and whose it is
    #[arg(long)]
    pub(in crate::cli) tell_existence: bool,
    #[command(flatten)]
    pub(in crate::cli) actor: ActorArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShareWith {
    Default,
    OwnLaboratory,
    Countries,
    Region,
}

/// Read and check the audit log of a store, or read that of a server
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AuditCommand {
    /// Check that no entry was changed, removed, added or moved
    Verify(AuditVerifyArguments),
    /// List entries, oldest first
    List(AuditListArguments),
    /// Print ENTRIES:HASH, to be kept elsewhere: with it `audit verify` finds any later rewriting
    Checkpoint(CheckpointArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditVerifyArguments {
    #[command(flatten)]
    pub(in crate::cli) store: StoreArguments,
    /// What `audit checkpoint` printed earlier, or a file with it
    #[arg(long, value_name = "ENTRIES:HASH|FILE")]
    pub(in crate::cli) checkpoint: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CheckpointArguments {
    #[command(flatten)]
    pub(in crate::cli) look: LookArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditListArguments {
    #[command(flatten)]
    pub(in crate::cli) look: LookArguments,
    /// Not before this time (2026-03-01T00:00:00Z)
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) since: Option<jiff::Timestamp>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) until: Option<jiff::Timestamp>,
    /// By whom, as listed
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) actor: Option<String>,
    /// For which laboratory
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) laboratory: Option<String>,
    /// What was asked: enrol, search, withdraw ...
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) action: Option<String>,
    /// Of what, as listed
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) subject: Option<String>,
    /// How it ended; `begun` are changes that were about to be made
    #[arg(long, value_name = "HOW")]
    pub(in crate::cli) outcome: Option<AuditOutcome>,
    /// From this entry on
    #[arg(long, value_name = "ENTRY", default_value_t = 0)]
    pub(in crate::cli) from: u64,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(in crate::cli) limit: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum AuditOutcome {
    Done,
    Refused,
    Failed,
    Cancelled,
    Begun,
}

/// The configuration of the service
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ConfigCommand {
    /// Print a complete, commented file with the defaults
    Print,
    /// Say whether a file, with the environment over it, is fit to use
    Check(ConfigCheckArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfigCheckArguments {
    /// The file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) config: Option<PathBuf>,
}

/// Make a development authority, a server's and a client's certificate
///
/// Authority and server certificate are used again where they are; nothing is overwritten.
#[derive(Debug, Args)]
pub(in crate::cli) struct CertsArguments {
    /// Folder for the files
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,
    /// Laboratory that the client's certificate names
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) laboratory: String,
    /// Its country (ISO 3166-1 alpha-2)
    #[arg(long, value_name = "BB")]
    pub(in crate::cli) country: crate::store::Country,
    /// Someone in the laboratory, or one of its programs
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) person: Option<String>,
    /// Host or address that the server's certificate names beside this machine; may be repeated
    #[arg(long = "server-name", value_name = "HOST")]
    pub(in crate::cli) server_names: Vec<String>,
    /// Days that the certificates are valid
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub(in crate::cli) days: u16,
}

/// Serve a store to other laboratories over gRPC
///
/// One configuration file says where, to whom and within which limits (`--print-config` prints it with every key
/// explained); the environment (CASEMARK__SECTION__KEY) goes before it. Without one, nobody is known and nobody may
/// call, unless --insecure-open says otherwise. Prints the address once it listens; SIGTERM or Ctrl-C lets calls in
/// flight finish.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServeArguments {
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "CASEMARK_CONFIG")]
    pub(in crate::cli) config: Option<PathBuf>,
    /// The store, instead of server.store; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) store: Option<PathBuf>,
    /// Address and port to listen on, instead of server.address; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub(in crate::cli) listen: Option<std::net::SocketAddr>,
    /// Let everyone who can connect do everything: for trying on this machine
    #[arg(long)]
    pub(in crate::cli) insecure_open: bool,
    /// Print a complete, commented configuration file with the defaults, and do nothing else
    #[arg(long)]
    pub(in crate::cli) print_config: bool,
}
