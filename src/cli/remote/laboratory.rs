//! For which laboratory is something entered at a server?
//!
//! A server takes records of the laboratory that the client certificate names, and of no other.

use super::connect::Settings;
use crate::access::Identity;
use anyhow::{Context as _, anyhow};

impl Settings {
    /// The laboratory that is stated, or else that of the client certificate; none without either.
    pub(in crate::cli) fn laboratory(
        &self,
        stated: Option<&str>,
    ) -> anyhow::Result<Option<String>> {
        let (None, Some((path, _))) = (stated, &self.identity) else {
            return Ok(stated.map(str::to_owned));
        };
        let identity = || -> anyhow::Result<Identity> {
            let (_, pem) = x509_parser::pem::parse_x509_pem(&std::fs::read(path)?)
                .map_err(|_| anyhow!("this is no certificate (PEM)"))?;
            Ok(Identity::from_certificate(&pem.contents, jiff::Timestamp::now())?)
        };
        let identity = identity().with_context(|| path.display().to_string())?;
        Ok(Some(identity.laboratory().to_owned()))
    }
}
