//! `casemark parameters`: every number that steers the engine.

use super::args::ParametersArguments;
use super::output::{print, print_json, table};
use super::{Context, Outcome};
use crate::parameters::Index;

pub(super) fn run(context: &Context, arguments: &ParametersArguments) -> anyhow::Result<Outcome> {
    let parameters = context.engine.parameters();
    let index = Index::default();
    let list = [parameters.list(), index.list()].concat();
    if arguments.json {
        print_json(&serde_json::json!({
            "engine_version": crate::VERSION,
            "parameters_digest": parameters.digest(),
            "extraction_digest": parameters.extraction_digest(),
            "index_digest": index.digest(),
            "index_entry_digest": index.entry_digest(),
            "parameters": list,
        }))?;
        return Ok(Outcome::Done);
    }
    let rows = list.into_iter().map(|entry| {
        vec![
            entry.key.to_owned(),
            entry.value.to_string(),
            entry.unit.to_owned(),
            format!("{} to {}", entry.minimum, entry.maximum),
            entry.description.to_owned(),
        ]
    });
    print(&table(&["parameter", "value", "unit", "bounds", "what it is"], rows.collect()))?;
    let (digest, index) = (parameters.digest(), index.digest());
    print(&format!("engine {}, digest {digest}, digest of the index {index}\n", crate::VERSION))?;
    Ok(Outcome::Done)
}
