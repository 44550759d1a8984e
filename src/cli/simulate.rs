//! `casemark simulate`: synthetic breech faces or whole heads as X3P, with their ground truth.

use super::args::SimulateArguments;
use super::output::{print, write_file};
use super::{Context, Outcome};
use crate::format::{Metadata, write_regions, x3p};
use crate::simulate::{Head, HeadTruth, Shot, Simulation, Truth, shot_name};
use crate::units::Length;
use anyhow::Context as _;
use rayon::prelude::*;
use std::fmt::Write as _;
use std::fs;

pub(super) fn run(context: &Context, arguments: &SimulateArguments) -> anyhow::Result<Outcome> {
    let simulation = Simulation {
        seed: arguments.seed,
        spacing: Length::from_micrometres(arguments.spacing_um),
        ..Simulation::default()
    };
    simulation.check()?;
    let (firearms, shots) = (arguments.firearms as usize, arguments.shots as usize);
    let folder = &arguments.out;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let metadata = Metadata {
        creator: Some("casemark simulate".to_owned()),
        comment: Some(format!("synthetic, seed {}", arguments.seed)),
        ..Metadata::default()
    };
    let bar = context.progress.bar((firearms * shots) as u64, "simulating");
    let rows: Vec<Vec<String>> = (0..firearms)
        .into_par_iter()
        .map(|index| {
            let firearm = simulation.firearm(index)?;
            (0..shots)
                .map(|shot| {
                    let path = folder.join(format!("{}.x3p", shot_name(index, shot)));
                    let (surface, row) = if arguments.heads {
                        let Head { surface, truth } = firearm.head(shot);
                        let regions = write_regions(&truth.regions)
                            .with_context(|| path.display().to_string())?;
                        write_file(&path.with_extension("parts.png"), &regions)?;
                        (surface, of_head(&truth))
                    } else {
                        let Shot { surface, truth } = firearm.shot(shot);
                        (surface, of_shot(&truth))
                    };
                    let bytes = x3p::write(&surface, &metadata)
                        .with_context(|| path.display().to_string())?;
                    write_file(&path, &bytes)?;
                    bar.inc(1);
                    Ok(row)
                })
                .collect()
        })
        .collect::<anyhow::Result<_>>()?;
    bar.finish_and_clear();
    let mut labels = "file,source\n".to_owned();
    let mut truth = if arguments.heads { HEAD_COLUMNS } else { SHOT_COLUMNS }.to_owned();
    for (index, rows) in rows.iter().enumerate() {
        for (shot, row) in rows.iter().enumerate() {
            let name = shot_name(index, shot);
            let (source, _) = name.split_once('-').unwrap_or((&name, ""));
            let _ = writeln!(labels, "{name}.x3p,{source}");
            let _ = writeln!(truth, "{name}.x3p,{row}");
        }
    }
    write_file(&folder.join("labels.csv"), labels.as_bytes())?;
    write_file(&folder.join("truth.csv"), truth.as_bytes())?;
    print(&format!(
        "{} scans of {firearms} firearms, labels.csv and truth.csv in {}\n",
        firearms * shots,
        folder.display()
    ))?;
    Ok(Outcome::Done)
}

const SHOT_COLUMNS: &str = "file,theta_deg,dx_um,dy_um,group\n";

fn of_shot(truth: &Truth) -> String {
    let Truth { pose, group, .. } = truth;
    let (dx, dy) = (pose.dx.micrometres(), pose.dy.micrometres());
    format!("{:.4},{dx:.3},{dy:.3},{group}", pose.theta.degrees())
}

const HEAD_COLUMNS: &str =
    "file,theta_deg,dx_um,dy_um,group,primer_x_um,primer_y_um,primer_radius_um,in_view,parts\n";

fn of_head(truth: &HeadTruth) -> String {
    let HeadTruth { pose, group, primer_x, primer_y, primer_radius, in_view, .. } = truth;
    let [dx, dy, x, y, radius] =
        [pose.dx, pose.dy, *primer_x, *primer_y, *primer_radius].map(Length::micrometres);
    let parts = format!("{}.parts.png", shot_name(truth.firearm, truth.shot));
    format!(
        "{:.4},{dx:.3},{dy:.3},{group},{x:.3},{y:.3},{radius:.3},{in_view:.4},{parts}",
        pose.theta.degrees()
    )
}
