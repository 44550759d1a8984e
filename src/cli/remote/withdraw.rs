//! Which record of a server is withdrawn, by its identifier or the beginning of it.

use super::connect::Remote;
use super::named::find;
use crate::cli::record::FoundReport;
use crate::store::{ExhibitId, ScanId, Subject};
use anyhow::bail;

/// Withdraws an exhibit or a scan of a server, and says which.
pub(in crate::cli) fn withdraw(
    remote: &Remote,
    name: &str,
    reason: &str,
) -> anyhow::Result<Subject> {
    let subject = subject(remote, name)?;
    remote.wait(remote.client().withdraw(subject, reason))?;
    Ok(subject)
}

fn subject(remote: &Remote, name: &str) -> anyhow::Result<Subject> {
    // What is withdrawn already is in no list, but the server knows it by its whole identifier and says when it was.
    if let (Ok(scan), Ok(exhibit)) = (name.parse::<ScanId>(), name.parse::<ExhibitId>()) {
        return match remote.wait(remote.client().record(scan)) {
            Ok(_) => Ok(Subject::Scan(scan)),
            Err(error) if error.is_not_found() => Ok(Subject::Exhibit(exhibit)),
            Err(error) => Err(error.into()),
        };
    }
    match find(remote, name)?.0 {
        FoundReport::Exhibit(exhibit) => Ok(Subject::Exhibit(exhibit.id())),
        FoundReport::Scan(scan) => Ok(Subject::Scan(scan.id)),
        FoundReport::Case(_) | FoundReport::Firearm(_) | FoundReport::Mark(_) => {
            bail!("{name} is no exhibit and no scan: only those can be withdrawn")
        }
    }
}
