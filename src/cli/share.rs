//! `casemark share`: with whom an exhibit's record is shared.

use super::Outcome;
use super::args::{ShareArguments, ShareWith};
use super::audit::{Auditor, Deed};
use super::output::print;
use crate::access::Action;
use crate::store::{Audience, Existence, Found, ReferenceStore as _, Sharing};
use anyhow::{Context as _, bail, ensure};

pub(super) fn run(arguments: &ShareArguments) -> anyhow::Result<Outcome> {
    let store = super::store::open(&arguments.store)?;
    let auditor = Auditor::open(&store, &arguments.actor)?;
    let named = || arguments.store.display().to_string();
    let Found::Exhibit(exhibit) = store.find(&arguments.id).with_context(named)? else {
        bail!("{} is no exhibit: only exhibits are shared", arguments.id);
    };
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
    let sharing = audience.map(|audience| Sharing { audience, existence });
    let deed = || Deed {
        subject: Some(format!("exhibit {}", exhibit.id)),
        detail: serde_json::to_string(&sharing).ok(),
        ..Deed::new(Action::Share)
    };
    auditor.change(deed, || {
        store.share(exhibit.id, sharing.as_ref(), jiff::Timestamp::now()).with_context(named)
    })?;
    auditor.done([deed()])?;
    print(&match sharing {
        Some(_) => format!("exhibit {} has its own sharing now\n", exhibit.id),
        None => format!("exhibit {} is shared as its laboratory's others\n", exhibit.id),
    })?;
    Ok(Outcome::Done)
}
