//! `casemark transform`: scans moved, or harmed on purpose, and written as X3P.
//!
//! Steps come in a fixed order: resample, crop, rotate, shift, tilt, keep a share, drop samples, add
//! noise. What was done is added to the comment of the file. For validation: the same words give the
//! same files.

use super::args::TransformArguments;
use super::output::{print, write_file};
use super::scans::{collect, read, read_options};
use super::{Context, Outcome};
use crate::digest::Digest;
use crate::format::{Scan, x3p};
use crate::surface::Surface;
use crate::transform::{
    add_noise, crop, drop_samples, keep_share, resample, rotate, tilt, translate,
};
use crate::units::{Angle, Length};
use anyhow::{Context as _, bail, ensure};
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

pub(super) fn run(context: &Context, arguments: &TransformArguments) -> anyhow::Result<Outcome> {
    let options = read_options(&arguments.read)?;
    let paths = collect(&arguments.paths)?;
    let outputs = outputs(&paths, arguments)?;
    let bar = context.progress.bar(paths.len() as u64, "transforming");
    paths.par_iter().zip(&outputs).try_for_each(|(path, output)| {
        let (scan, _) = read(path, &options)?;
        let bytes = transform(scan, path, arguments).with_context(|| path.display().to_string())?;
        write_file(output, &bytes)?;
        bar.inc(1);
        anyhow::Ok(())
    })?;
    bar.finish_and_clear();
    print(&format!("{} scans written to {}\n", outputs.len(), arguments.out.display()))?;
    Ok(Outcome::Done)
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

/// A number from 0 to 1 and a seed that depend on the seed given and the scan's name only.
fn chance(arguments: &TransformArguments, path: &Path) -> (f64, u64) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let digest = Digest::of(format!("{} {name}", arguments.seed).as_bytes());
    let mut seed = [0; 8];
    seed.copy_from_slice(&digest.as_bytes()[..8]);
    let seed = u64::from_le_bytes(seed);
    ((seed >> 11) as f64 / (1_u64 << 53) as f64, seed)
}

/// One scan through all steps, as the bytes of an X3P.
fn transform(scan: Scan, path: &Path, arguments: &TransformArguments) -> anyhow::Result<Vec<u8>> {
    let Scan { mut surface, mut metadata, .. } = scan;
    let (share_of_turn, seed) = chance(arguments, path);
    let mut done: Vec<String> = Vec::new();
    let mut step = |words: String, moved: Surface| {
        done.push(words);
        moved
    };
    if let Some(um) = arguments.resample_um {
        surface = step(
            format!("resampled to {um} um"),
            resample(&surface, Length::from_micrometres(um))?,
        );
    }
    if let Some(window) = &arguments.crop {
        let [x, y, width, height] = window[..] else {
            bail!("--crop takes four numbers, found {}", window.len())
        };
        surface = step(format!("cropped to {window:?}"), crop(&surface, x, y, width, height)?);
    }
    if let Some(rotation) = arguments.rotate {
        let degrees = match rotation {
            Rotation::Degrees(degrees) => degrees,
            Rotation::Random => 360.0 * share_of_turn,
        };
        surface = step(
            format!("rotated by {degrees:.4} deg"),
            rotate(&surface, Angle::from_degrees(degrees))?,
        );
    }
    let (dx, dy) = (arguments.shift_x_um.unwrap_or(0.0), arguments.shift_y_um.unwrap_or(0.0));
    if arguments.shift_x_um.is_some() || arguments.shift_y_um.is_some() {
        let (x, y) = (Length::from_micrometres(dx), Length::from_micrometres(dy));
        surface = step(format!("shifted by {dx}, {dy} um"), translate(&surface, x, y)?);
    }
    if let Some(degrees) = arguments.tilt {
        let direction = Angle::from_degrees(arguments.tilt_direction);
        surface = step(
            format!("tilted by {degrees} deg"),
            tilt(&surface, Angle::from_degrees(degrees), direction)?,
        );
    }
    if let Some(share) = arguments.keep {
        let direction = match arguments.keep_direction {
            Rotation::Degrees(degrees) => Angle::from_degrees(degrees),
            Rotation::Random => Angle::from_degrees(360.0 * share_of_turn),
        };
        surface = step(format!("cut to {share} of it"), keep_share(&surface, share, direction)?);
    }
    if let Some(share) = arguments.drop {
        surface =
            step(format!("{share} of the samples dropped"), drop_samples(&surface, share, seed)?);
    }
    if let Some(share) = arguments.noise {
        surface =
            step(format!("noise of {share} deviations added"), add_noise(&surface, share, seed)?);
    }
    ensure!(!done.is_empty(), "no step is named: see casemark transform --help");
    let words = format!("{} (casemark {})", done.join(", "), crate::VERSION);
    metadata.comment = Some(match metadata.comment {
        Some(comment) => format!("{comment}; {words}"),
        None => words,
    });
    Ok(x3p::write(&surface, &metadata)?)
}
