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
    let of_index = index.as_ref().map(Index::list).unwrap_or_default();
    // Those of a striated mark are among its own.
    let of_profiles = if parameters.striation.is_some() { Vec::new() } else { striation.list() };
    let list = [parameters.list(), of_index, cascade.list(), of_profiles].concat();
    if arguments.json {
        print_json(&serde_json::json!({
            "engine_version": crate::VERSION,
            "mark": parameters.mark,
            "parameters_digest": parameters.digest(),
            "extraction_digest": parameters.extraction_digest(),
            "index_entry_digest": index.as_ref().map(Index::entry_digest),
            "cascade_digest": cascade.digest(index.as_ref()),
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
    let digest = parameters.digest();
    let index = index.map_or_else(
        || "no index".to_owned(),
        |index| format!("digest of the index {}", index.digest()),
    );
    print(&format!("engine {}, {}, digest {digest}, {index}\n", crate::VERSION, arguments.mark))?;
    Ok(Outcome::Done)
}
