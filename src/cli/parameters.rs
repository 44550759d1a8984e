//! `casemark parameters`: every number that steers the engine.

use super::args::ParametersArguments;
use super::output::{print, print_json, table};
use super::{Context, Outcome};
use crate::parameters::{Cascade, Index, Striation};

pub(super) fn run(context: &Context, arguments: &ParametersArguments) -> anyhow::Result<Outcome> {
    let engine = context.engine.of_mark(arguments.mark);
    let parameters = engine.parameters();
    let index = Index::of_mark(arguments.mark);
    let (cascade, striation) = (Cascade::default(), Striation::default());
    let list = [parameters.list(), index.list(), cascade.list(), striation.list()].concat();
    if arguments.json {
        print_json(&serde_json::json!({
            "engine_version": crate::VERSION,
            "mark": parameters.mark,
            "parameters_digest": parameters.digest(),
            "extraction_digest": parameters.extraction_digest(),
            "index_entry_digest": index.entry_digest(),
            "cascade_digest": cascade.digest(&index),
            "striation_digest": striation.digest(),
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
    print(&format!(
        "engine {}, {}, digest {digest}, digest of the index {index}\n",
        crate::VERSION,
        arguments.mark
    ))?;
    Ok(Outcome::Done)
}
