//! `casemark withdraw`: a tombstone for an exhibit or a scan.

use super::Outcome;
use super::args::WithdrawArguments;
use super::output::print;
use crate::store::{Found, ReferenceStore as _, Subject};
use anyhow::{Context as _, bail};

pub(super) fn run(arguments: &WithdrawArguments) -> anyhow::Result<Outcome> {
    let store = super::store::open(&arguments.store)?;
    let named = || arguments.store.display().to_string();
    let subject = match store.find(&arguments.id).with_context(named)? {
        Found::Exhibit(exhibit) => Subject::Exhibit(exhibit.id),
        Found::Scan(scan) => Subject::Scan(scan.id),
        Found::Case(_) | Found::Firearm(_) | Found::Mark(_) => {
            bail!("{} is no exhibit and no scan: only those can be withdrawn", arguments.id)
        }
    };
    store.withdraw(subject, &arguments.reason, jiff::Timestamp::now()).with_context(named)?;
    print(&format!("{subject} is withdrawn; its files stay until `casemark store purge`\n"))?;
    Ok(Outcome::Done)
}
