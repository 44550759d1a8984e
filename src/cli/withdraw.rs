//! `casemark withdraw`: a tombstone for an exhibit or a scan.

use super::Outcome;
use super::args::WithdrawArguments;
use super::audit::{Auditor, Deed};
use super::output::print;
use crate::access::Action;
use crate::store::{Found, ReferenceStore as _, Subject};
use anyhow::{Context as _, bail};

pub(super) fn run(arguments: &WithdrawArguments) -> anyhow::Result<Outcome> {
    let store = super::store::open(&arguments.store)?;
    let auditor = Auditor::open(&store, &arguments.actor)?;
    let named = || arguments.store.display().to_string();
    let subject = match store.find(&arguments.id).with_context(named)? {
        Found::Exhibit(exhibit) => Subject::Exhibit(exhibit.id),
        Found::Scan(scan) => Subject::Scan(scan.id),
        Found::Case(_) | Found::Firearm(_) | Found::Mark(_) => {
            bail!("{} is no exhibit and no scan: only those can be withdrawn", arguments.id)
        }
    };
    let deed = || Deed {
        subject: Some(subject.to_string()),
        detail: Some(arguments.reason.clone()),
        ..Deed::new(Action::Withdraw)
    };
    auditor.change(deed, || {
        store.withdraw(subject, &arguments.reason, jiff::Timestamp::now()).with_context(named)
    })?;
    auditor.done([deed()])?;
    print(&format!("{subject} is withdrawn; its files stay until `casemark store purge`\n"))?;
    Ok(Outcome::Done)
}
