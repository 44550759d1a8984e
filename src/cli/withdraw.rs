//! `casemark withdraw`: a tombstone for an exhibit or a scan.

use super::args::WithdrawArguments;
use super::audit::{Auditor, Deed};
use super::output::print;
use super::remote::{self, References};
use super::{Context, Outcome};
use crate::access::Action;
use crate::store::{Found, ReferenceStore as _, Subject};
use anyhow::{Context as _, bail};
use std::path::Path;

pub(super) fn run(context: &Context, arguments: &WithdrawArguments) -> anyhow::Result<Outcome> {
    let subject = match arguments.source.resolve()? {
        References::Store(path) => of_store(arguments, &path)?,
        References::Server(settings) => {
            let remote = settings.connect(context)?;
            remote::withdraw(&remote, &arguments.id, &arguments.reason)?
        }
    };
    print(&format!("{subject} is withdrawn; its files stay until `casemark store purge`\n"))?;
    Ok(Outcome::Done)
}

fn of_store(arguments: &WithdrawArguments, path: &Path) -> anyhow::Result<Subject> {
    let store = super::store::open(path)?;
    let auditor = Auditor::open(&store, &arguments.actor)?;
    let named = || path.display().to_string();
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
    Ok(subject)
}
