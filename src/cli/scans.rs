//! Scans on the disk: finding them, reading them, and saying which one was at fault.

use super::Context;
use super::args::{HeightUnit, ReadArguments, SpacingUnit};
use super::correction::Words;
use crate::format::{self, ManifestChecksum, ReadOptions, Scan};
use crate::mark;
use crate::matcher::Prepared;
use crate::signature::Signature;
use crate::surface::{MarkKind, Spacing};
use crate::units::Length;
use anyhow::{Context as _, bail, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What the arguments state about the files.
pub(super) fn read_options(arguments: &ReadArguments) -> anyhow::Result<ReadOptions> {
    let spacing = arguments.spacing_um.map(|um| {
        ensure!(um.is_finite() && um > 0.0, "--spacing-um is {um}, wanted a positive number");
        Ok(Spacing::square(Length::from_micrometres(um)))
    });
    Ok(ReadOptions {
        spacing: spacing.transpose()?,
        assume: match arguments.spacing_unit {
            SpacingUnit::M => format::SpacingUnit::AsWritten,
            SpacingUnit::Um => format::SpacingUnit::Micrometres,
            SpacingUnit::Either => format::SpacingUnit::Either,
        },
        height_unit: arguments.height_unit.map(height_unit),
        manifest_checksum: if arguments.accept_edited_manifest {
            ManifestChecksum::Warn
        } else {
            ManifestChecksum::Enforce
        },
        ..ReadOptions::default()
    })
}

/// A unit of heights.
pub(super) const fn height_unit(unit: HeightUnit) -> format::HeightUnit {
    match unit {
        HeightUnit::M => format::HeightUnit::Metres,
        HeightUnit::Mm => format::HeightUnit::Millimetres,
        HeightUnit::Um => format::HeightUnit::Micrometres,
        HeightUnit::Nm => format::HeightUnit::Nanometres,
    }
}

/// Fails where a result would be written over a file that is read.
pub(super) fn check_not_an_input(output: &Path, inputs: &[PathBuf]) -> anyhow::Result<()> {
    // What is not there yet is no input.
    let Ok(output_place) = fs::canonicalize(output) else { return Ok(()) };
    let over =
        inputs.iter().any(|input| fs::canonicalize(input).is_ok_and(|input| input == output_place));
    ensure!(!over, "{}: a scan that is read would be written over", output.display());
    Ok(())
}

/// Numbers with commas between them, as typed: exactly as many, all finite.
pub(super) fn numbers<const COUNT: usize>(text: &str) -> Result<[f64; COUNT], String> {
    let wanted = || format!("wanted {COUNT} numbers with commas between them");
    let numbers: Vec<f64> = text
        .split(',')
        .map(|number| number.trim().parse().ok().filter(|number: &f64| number.is_finite()))
        .collect::<Option<_>>()
        .ok_or_else(wanted)?;
    numbers.try_into().map_err(|_| wanted())
}

/// The scans among these paths, each once: files as they are, folders walked in the order of names.
pub(super) fn collect(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = BTreeSet::new();
    for path in paths {
        let metadata = fs::metadata(path).with_context(|| path.display().to_string())?;
        if metadata.is_dir() {
            let before = found.len();
            walk(path, &mut found)?;
            ensure!(found.len() > before, "{}: no scans in this folder", path.display());
        } else {
            found.insert(path.clone());
        }
    }
    Ok(found.into_iter().collect())
}

fn walk(folder: &Path, found: &mut BTreeSet<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        let kind = fs::metadata(&path).with_context(|| path.display().to_string())?;
        if kind.is_dir() {
            walk(&path, found)?;
        } else if path
            .file_name()
            .is_some_and(|name| format::looks_like_scan(&name.to_string_lossy()))
        {
            found.insert(path);
        }
    }
    Ok(())
}

/// The bytes of a file, unless it is larger than any scan may be.
pub(super) fn bytes(path: &Path, options: &ReadOptions) -> anyhow::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    ensure!(metadata.is_file(), "this is no file");
    let (found, wanted) = (metadata.len(), options.limits.file_bytes);
    ensure!(found <= wanted, "the file has {found} bytes, at most {wanted} are read");
    Ok(fs::read(path)?)
}

/// A scan, with the bytes it was read from.
pub(super) fn read(path: &Path, options: &ReadOptions) -> anyhow::Result<(Scan, Vec<u8>)> {
    let read = || -> anyhow::Result<_> {
        let bytes = bytes(path, options)?;
        Ok((format::read(&bytes, options)?, bytes))
    };
    read().with_context(|| path.display().to_string())
}

/// A scan and the signature of its mark.
pub(super) struct Extracted {
    pub(super) scan: Scan,
    pub(super) signature: Signature,
}

/// A scan with the signature of its mark, which is cut out where the scan shows a whole head.
pub(super) fn extract(
    context: &Context,
    path: &Path,
    options: &ReadOptions,
    mark: MarkKind,
) -> anyhow::Result<Extracted> {
    extract_said(context, path, options, mark, &Words::default())
}

/// The same where a person may say where the mark is.
pub(super) fn extract_said(
    context: &Context,
    path: &Path,
    options: &ReadOptions,
    mark: MarkKind,
    said: &Words,
) -> anyhow::Result<Extracted> {
    let (scan, _) = read(path, options)?;
    let named = || path.display().to_string();
    let corrected = said.on(&scan.surface, mark, options).with_context(named)?;
    let said = corrected.as_ref().map(|corrected| &corrected.regions);
    let engine = context.engine.of_mark(mark);
    let (region, parameters) = (mark.region(), engine.parameters());
    let extracted = mark::extract(&scan.surface, region, said, scan.sha256, parameters);
    let signature = extracted.with_context(named)?.signature;
    Ok(Extracted { scan, signature })
}

/// A scan, ready for comparing its mark.
pub(super) fn prepare(
    context: &Context,
    path: &Path,
    options: &ReadOptions,
    mark: MarkKind,
) -> anyhow::Result<Prepared> {
    let Extracted { signature, .. } = extract(context, path, options, mark)?;
    context.engine.of_mark(mark).prepare(&signature).with_context(|| path.display().to_string())
}

/// Which of the paths a name stands for: the path itself, or the only one that ends with it.
pub(super) fn resolve<'a>(name: &str, paths: &'a [PathBuf]) -> anyhow::Result<Option<&'a PathBuf>> {
    let wanted = Path::new(name);
    if let Some(path) = paths.iter().find(|path| path.as_path() == wanted) {
        return Ok(Some(path));
    }
    let mut ending = paths.iter().filter(|path| path.ends_with(wanted));
    match (ending.next(), ending.next()) {
        (Some(one), Some(other)) => {
            bail!("{name} may be {} or {}: write more of the path", one.display(), other.display())
        }
        (one, _) => Ok(one),
    }
}
