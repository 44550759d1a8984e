//! `casemark simulate`: synthetic breech faces as X3P, with their ground truth.

use super::args::SimulateArguments;
use super::output::{print, write_file};
use super::{Context, Outcome};
use crate::format::{Metadata, x3p};
use crate::simulate::{Simulation, Truth, shot_name};
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
    let truths: Vec<Vec<Truth>> = (0..firearms)
        .into_par_iter()
        .map(|index| {
            let firearm = simulation.firearm(index)?;
            (0..shots)
                .map(|shot| {
                    let made = firearm.shot(shot);
                    let path = folder.join(format!("{}.x3p", shot_name(index, shot)));
                    let bytes = x3p::write(&made.surface, &metadata)
                        .with_context(|| path.display().to_string())?;
                    write_file(&path, &bytes)?;
                    bar.inc(1);
                    Ok(made.truth)
                })
                .collect()
        })
        .collect::<anyhow::Result<_>>()?;
    bar.finish_and_clear();
    let mut labels = "file,source\n".to_owned();
    let mut truth = "file,theta_deg,dx_um,dy_um,group\n".to_owned();
    for shot in truths.iter().flatten() {
        let name = shot_name(shot.firearm, shot.shot);
        let (source, _) = name.split_once('-').unwrap_or((&name, ""));
        let _ = writeln!(labels, "{name}.x3p,{source}");
        let _ = writeln!(
            truth,
            "{name}.x3p,{:.4},{:.3},{:.3},{}",
            shot.pose.theta.degrees(),
            shot.pose.dx.micrometres(),
            shot.pose.dy.micrometres(),
            shot.group
        );
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
