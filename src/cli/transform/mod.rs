//! `casemark transform`: scans moved, masked, converted or harmed on purpose, and written as X3P.
//!
//! `steps` has the steps and their fixed order. The same words give the same files; no original is
//! written over.

mod steps;

use super::args::TransformArguments;
use super::origin::Origin;
use super::output::{print, write_file};
use super::scans::{bytes, check_not_an_input, collect, numbers, read, read_options};
use super::{Context, Outcome};
use crate::format::{self, Plausibility, ReadOptions, Scan, x3p};
use crate::transform::Circle;
use crate::units::Length;
use anyhow::{Context as _, bail, ensure};
use ndarray::Array2;
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// An angle as typed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rotation {
    /// This one, degrees.
    Degrees(f64),
    /// One for each scan, from the seed.
    Random,
}

impl std::str::FromStr for Rotation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "random" {
            return Ok(Self::Random);
        }
        let degrees: f64 = text.parse().map_err(|_| "wanted degrees, or random".to_owned())?;
        if degrees.is_finite() {
            Ok(Self::Degrees(degrees))
        } else {
            Err("wanted degrees".to_owned())
        }
    }
}

/// A circle as typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct CircleWords(Circle);

impl CircleWords {
    /// The circle that they mean.
    pub(super) const fn circle(self) -> Circle {
        self.0
    }
}

impl std::str::FromStr for CircleWords {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let [x, y, radius] = numbers(text)?.map(Length::from_micrometres);
        if radius <= Length::ZERO {
            return Err(format!("the radius is {radius}, wanted a positive one"));
        }
        Ok(Self(Circle { x, y, radius }))
    }
}

/// A mask as read.
struct Mask {
    name: String,
    keep: Array2<bool>,
}

pub(super) fn run(context: &Context, arguments: &TransformArguments) -> anyhow::Result<Outcome> {
    let mut options = read_options(&arguments.read)?;
    let usual = options.clone();
    let restated = arguments.fix_spacing_um.is_some() || arguments.fix_height_unit.is_some();
    if restated {
        // What the file says is wrong; what is written is looked at below.
        options.plausibility = Plausibility::Any;
    }
    let paths = collect(&arguments.paths)?;
    let outputs = outputs(&paths, arguments)?;
    outputs.iter().try_for_each(|output| check_not_an_input(output, &paths))?;
    let mask = arguments.mask.as_deref().map(|path| read_mask(path, &options)).transpose()?;
    let bar = context.progress.bar(paths.len() as u64, "transforming");
    paths.par_iter().zip(&outputs).try_for_each(|(path, output)| {
        let (scan, _) = read(path, &options)?;
        let made = transform(scan, path, arguments, mask.as_ref()).and_then(|bytes| {
            if restated {
                let written =
                    ReadOptions { assume: format::SpacingUnit::AsWritten, ..usual.clone() };
                format::read(&bytes, &written).context("with the units put right")?;
            }
            Ok(bytes)
        });
        write_file(output, &made.with_context(|| path.display().to_string())?)?;
        bar.inc(1);
        anyhow::Ok(())
    })?;
    bar.finish_and_clear();
    let scans = if outputs.len() == 1 { "scan" } else { "scans" };
    print(&format!("{} {scans} written to {}\n", outputs.len(), arguments.out.display()))?;
    Ok(Outcome::Done)
}

fn read_mask(path: &Path, options: &ReadOptions) -> anyhow::Result<Mask> {
    let name = path.display().to_string();
    let keep = bytes(path, options)
        .and_then(|bytes| Ok(format::read_mask(&bytes, &options.limits)?))
        .with_context(|| name.clone())?;
    Ok(Mask { name, keep })
}

/// Where each scan goes: one file, or a folder for all.
fn outputs(paths: &[PathBuf], arguments: &TransformArguments) -> anyhow::Result<Vec<PathBuf>> {
    let out = &arguments.out;
    if out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("x3p")) {
        ensure!(
            paths.len() == 1,
            "{}: one file is named for {} scans: name a folder",
            out.display(),
            paths.len()
        );
        return Ok(vec![out.clone()]);
    }
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let mut outputs: Vec<PathBuf> = Vec::new();
    for path in paths {
        // Not `Path::with_extension`, which would cut a stem at its own last dot.
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let output = out.join(format!("{stem}.x3p"));
        if outputs.contains(&output) {
            bail!("{}: two of the scans would be written here", output.display());
        }
        outputs.push(output);
    }
    Ok(outputs)
}

/// One scan through all steps, as the bytes of an X3P.
fn transform(
    scan: Scan,
    path: &Path,
    arguments: &TransformArguments,
    mask: Option<&Mask>,
) -> anyhow::Result<Vec<u8>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let chance = steps::Chance::of(arguments.seed, &name);
    let Scan { surface, metadata, file_format, sha256, regions: _ } = scan;
    let mut under_way = steps::UnderWay::new(surface);
    under_way.restate(arguments)?;
    under_way.select(arguments, mask)?;
    under_way.move_frame(arguments, chance)?;
    under_way.harm(arguments, chance)?;
    let (surface, done) = under_way.into_parts();
    let origin = Origin { name: &name, sha256, file_format };
    let metadata = origin.written_into(metadata, done)?;
    Ok(x3p::write(&surface, &metadata)?)
}
