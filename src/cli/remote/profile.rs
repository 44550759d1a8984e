//! A file that says how to reach a server, so that it need not be typed.

use ::config::{Config, File, FileFormat};
use anyhow::{bail, ensure};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    server: Option<String>,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    server_name: Option<String>,
    timeout_s: Option<u64>,
}

/// What a profile says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) server: Option<String>,
    pub(super) ca: Option<PathBuf>,
    /// Certificate and key.
    pub(super) identity: Option<(PathBuf, PathBuf)>,
    pub(super) server_name: Option<String>,
    pub(super) timeout_s: Option<u64>,
}

/// Reads a profile whose file lies in this folder.
pub(super) fn parse(text: &str, folder: &Path) -> anyhow::Result<Profile> {
    let file = File::from_str(text, FileFormat::Toml);
    let Written { server, ca, cert, key, server_name, timeout_s } =
        Config::builder().add_source(file).build()?.try_deserialize()?;
    ensure!(
        timeout_s.is_none_or(|seconds| (1..=86_400).contains(&seconds)),
        "timeout_s is not within 1 to 86400"
    );
    let from = |path: PathBuf| folder.join(path);
    let identity = match (cert, key) {
        (Some(cert), Some(key)) => Some((from(cert), from(key))),
        (None, None) => None,
        _ => bail!("cert and key go together"),
    };
    Ok(Profile { server, ca: ca.map(from), identity, server_name, timeout_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_from_the_folder_of_the_file() {
        let text = "server = \"https://a:1\"\nca = \"ca.pem\"\ncert = \"/c.pem\"\nkey = \"k.pem\"\ntimeout_s = 5";
        let profile = parse(text, Path::new("/etc/casemark")).unwrap();
        let expected = Profile {
            server: Some("https://a:1".to_owned()),
            ca: Some("/etc/casemark/ca.pem".into()),
            identity: Some(("/c.pem".into(), "/etc/casemark/k.pem".into())),
            server_name: None,
            timeout_s: Some(5),
        };
        assert_eq!(profile, expected);
    }

    #[test]
    fn a_profile_at_fault_is_refused() {
        for (text, expected) in [
            ("cert = \"c.pem\"", "cert and key go together"),
            ("timeout_s = 0", "timeout_s is not within"),
            ("sever = \"https://a:1\"", "sever"),
            ("server", ""),
        ] {
            let error = parse(text, Path::new("")).unwrap_err();
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
    }
}
