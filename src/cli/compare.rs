//! `casemark compare`: one questioned scan with one reference.

use super::args::CompareArguments;
use super::output::{decimals, print, print_json, write_file};
use super::scans::{extract, read_options};
use super::{Context, Outcome};
use crate::matcher::Matcher;
use crate::picture::{self, Drawn, Labels};
use crate::report::{ComparisonReport, Figures};
use anyhow::Context as _;
use std::fmt::Write as _;
use std::path::Path;

pub(super) fn run(context: &Context, arguments: &CompareArguments) -> anyhow::Result<Outcome> {
    let options = read_options(&arguments.read)?;
    let (questioned, _) = extract(context, &arguments.questioned, &options)?;
    let (reference, _) = extract(context, &arguments.reference, &options)?;
    let engine = &context.engine;
    let matcher = Matcher::new(engine, engine.prepare(&questioned)?);
    let comparison = matcher
        .compare(&engine.prepare(&reference)?, &mut engine.workspace())
        .with_context(|| arguments.reference.display().to_string())?;
    if let Some(path) = &arguments.picture {
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (one, two) = (name(&arguments.questioned), name(&arguments.reference));
        let labels = Labels { questioned: &one, reference: &two };
        let drawn = Drawn::BothDirections;
        let picture = picture::comparison(&questioned, &reference, &comparison, labels, drawn)?;
        write_file(path, &picture::to_png(&picture)?)?;
    }
    let report = ComparisonReport::from(&comparison);
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&describe(&arguments.questioned, &arguments.reference, &report))?;
    }
    Ok(Outcome::Done)
}

/// The comparison in a few lines.
fn describe(questioned: &Path, reference: &Path, report: &ComparisonReport) -> String {
    let Figures { cmc_count, cells, cmc_fraction, ncc, overlap, theta_deg, dx_um, dy_um, .. } =
        report.figures;
    let mut text = String::new();
    let _ = writeln!(text, "questioned  {}", questioned.display());
    let _ = writeln!(text, "reference   {}", reference.display());
    if ncc.is_none() {
        let _ =
            writeln!(text, "The surfaces share too few samples at any pose: nothing to compare.");
        return text;
    }
    let _ = writeln!(
        text,
        "congruent matching cells  {cmc_count} of {cells} compared, a share of {cmc_fraction:.3} (rank score)"
    );
    for direction in &report.directions {
        let name = match direction.direction {
            crate::comparison::Direction::ReferenceToQuestioned => "cells of the reference ",
            crate::comparison::Direction::QuestionedToReference => "cells of the questioned",
        };
        let _ = writeln!(
            text,
            "  {name} {} of {} (by convergence {})",
            direction.cmc_count, direction.cells, direction.convergence_cmc_count
        );
    }
    let _ = writeln!(
        text,
        "cross-correlation         {} over {} % of the smaller surface",
        decimals(ncc, 3),
        decimals(overlap.map(|share| share * 100.0), 0)
    );
    let _ = writeln!(
        text,
        "pose                      turned {} deg, shifted {} um right and {} um down",
        decimals(theta_deg, 2),
        decimals(dx_um, 1),
        decimals(dy_um, 1)
    );
    let digest = report.parameters_digest.to_string();
    let _ = writeln!(text, "engine {}, parameters {}", report.engine_version, &digest[..16]);
    text
}
