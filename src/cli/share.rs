//! `casemark share`: with whom an exhibit's record is shared.

use super::args::{ShareArguments, ShareWith};
use super::audit::{Auditor, Deed};
use super::output::print;
use super::record::FoundReport;
use super::remote::{self, References};
use super::{Context, Outcome};
use crate::access::Action;
use crate::store::{Audience, ExhibitId, Existence, Found, ReferenceStore as _, Sharing};
use anyhow::{Context as _, bail, ensure};
use std::path::Path;

pub(super) fn run(context: &Context, arguments: &ShareArguments) -> anyhow::Result<Outcome> {
    let sharing = sharing(arguments)?;
    let exhibit = match arguments.source.resolve()? {
        References::Store(path) => of_store(arguments, &path, sharing.as_ref())?,
        References::Server(settings) => {
            let remote = settings.connect(context)?;
            let FoundReport::Exhibit(exhibit) = remote::find(&remote, &arguments.id)?.0 else {
                bail!("{} is no exhibit: only exhibits are shared", arguments.id);
            };
            remote.wait(remote.client().share(exhibit.id(), sharing.as_ref()))?;
            exhibit.id()
        }
    };
    print(&match sharing {
        Some(_) => format!("exhibit {exhibit} has its own sharing now\n"),
        None => format!("exhibit {exhibit} is shared as its laboratory's others\n"),
    })?;
    Ok(Outcome::Done)
}

/// What was asked for.
fn sharing(arguments: &ShareArguments) -> anyhow::Result<Option<Sharing>> {
    let countries = arguments.with == ShareWith::Countries;
    ensure!(
        countries != arguments.countries.is_empty(),
        "--countries goes with `--with countries`, and that with it"
    );
    let audience = match arguments.with {
        ShareWith::Default => None,
        ShareWith::OwnLaboratory => Some(Audience::OwnLaboratory),
        ShareWith::Countries => {
            Some(Audience::Countries(arguments.countries.iter().copied().collect()))
        }
        ShareWith::Region => Some(Audience::Region),
    };
    let existence = if arguments.tell_existence { Existence::Told } else { Existence::Hidden };
    Ok(audience.map(|audience| Sharing { audience, existence }))
}

fn of_store(
    arguments: &ShareArguments,
    path: &Path,
    sharing: Option<&Sharing>,
) -> anyhow::Result<ExhibitId> {
    let store = super::store::open(path)?;
    let auditor = Auditor::open(&store, &arguments.actor)?;
    let named = || path.display().to_string();
    let Found::Exhibit(exhibit) = store.find(&arguments.id).with_context(named)? else {
        bail!("{} is no exhibit: only exhibits are shared", arguments.id);
    };
    let deed = || Deed {
        subject: Some(format!("exhibit {}", exhibit.id)),
        detail: serde_json::to_string(&sharing).ok(),
        ..Deed::new(Action::Share)
    };
    auditor.change(deed, || {
        store.share(exhibit.id, sharing, jiff::Timestamp::now()).with_context(named)
    })?;
    auditor.done([deed()])?;
    Ok(exhibit.id)
}
