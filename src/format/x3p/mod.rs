//! How is an X3P read, and how written?
//!
//! X3P is a zip that holds a manifest (`main.xml`), a matrix of heights (`bindata/data.bin`), perhaps a
//! bit mask of valid points, and an MD5 of each; ISO 25178-72:2017, before that ISO 5436-2:2012. Where
//! the standard is silent or files differ from it, the open library of its authors (openGPS) and its
//! sample files decide; each such decision is noted where it is made. Profiles, point lists and heights
//! written as text are refused.

mod checksum;
mod container;
mod document;
mod manifest;
mod matrix;
mod regions;
mod writer;

pub use writer::{write, write_with_regions};

use super::metadata::{Metadata, Warning};
use super::options::{ManifestChecksum, ReadOptions};
use super::{FormatError, check_dimensions, plausibility, topography};
use crate::surface::{Regions, Spacing, Surface};
use container::Container;
use manifest::{Link, Manifest};

/// Reads an X3P.
///
/// 1. List the container and find the one manifest.
/// 2. Parse the manifest; check its checksum, then its content.
/// 3. Check dimensions and spacing, before anything of that size is read.
/// 4. Unpack points and valid points; check their sizes and checksums.
/// 5. Decode heights; check that they suffice and are those of a cartridge case.
/// 6. Read the regions of a head, where the file carries some.
pub(super) fn read(
    bytes: &[u8],
    options: &ReadOptions,
) -> Result<(Surface, Metadata, Option<Regions>), FormatError> {
    // 1.
    let limits = &options.limits;
    let mut container = Container::open(bytes, limits)?;
    let manifest_bytes = container.manifest(limits.manifest_bytes)?;

    // 2.
    let text = document::text(&manifest_bytes)?;
    let xml = document::parse(text, limits)?;
    let checksum_name = manifest::checksum_file(&xml);
    let mut warnings = Vec::new();
    warnings.extend(check_manifest(&mut container, &manifest_bytes, &checksum_name, options)?);
    let Manifest { mut metadata, spacing, axis, rotated, rows, columns, points, valid_points } =
        Manifest::of(&xml)?;

    // 3.
    let (rows, columns) = check_dimensions(rows, columns, limits)?;
    let unit = plausibility::length_unit(options.assume, spacing, (rows, columns));
    let spacing = Spacing { x: unit.length(spacing.0), y: unit.length(spacing.1) };
    plausibility::check_spacing(spacing, (rows, columns), options.plausibility, unit)?;

    // 4.
    let samples = rows * columns;
    let wanted = samples * axis.data_type.bytes();
    let data = read_linked(&mut container, &points, wanted, (rows, columns))?;
    if points.checksum.is_none() {
        warnings.push(Warning::PointChecksumMissing);
    }
    let mut valid = None;
    if let Some(link) = &valid_points {
        valid = Some(read_linked(&mut container, link, samples.div_ceil(8), (rows, columns))?);
        if link.checksum.is_none() {
            warnings.push(Warning::ValidPointChecksumMissing);
        }
    }

    // 5.
    let decoded = matrix::decode(&data, valid.as_deref(), &axis, unit, (rows, columns));
    if let Some(increment) = axis.ignored_increment {
        warnings.push(Warning::IncrementNotApplied { increment });
    }
    if rotated {
        warnings.push(Warning::RotationNotApplied);
    }
    if decoded.infinite > 0 {
        warnings.push(Warning::InfiniteHeights { count: decoded.infinite });
    }
    warnings.extend(unit.warning());
    let surface = topography(decoded.heights, spacing, options, unit)?;
    metadata.annotation_mask = container.has_annotation_mask();
    metadata.warnings = warnings;

    // 6.
    let regions = regions::read(&mut container, &xml, (rows, columns), limits)?;
    Ok((surface, metadata, regions))
}

/// Compares the manifest with its checksum file.
fn check_manifest(
    container: &mut Container<'_>,
    manifest: &[u8],
    checksum_name: &str,
    options: &ReadOptions,
) -> Result<Option<Warning>, FormatError> {
    // A checksum file is one line; a manifest's bound is ample for it.
    let Some(content) = container.read(checksum_name, options.limits.manifest_bytes)? else {
        return Ok(Some(Warning::ManifestChecksumMissing));
    };
    let result = checksum::first(checksum_name, &content)
        .and_then(|wanted| checksum::verify("main.xml", manifest, &wanted));
    match result {
        Err(FormatError::Checksum { found, wanted, .. })
            if options.manifest_checksum == ManifestChecksum::Warn =>
        {
            Ok(Some(Warning::ManifestChecksumMismatch { found, wanted }))
        }
        Err(error) => Err(error),
        Ok(()) => Ok(None),
    }
}

/// Unpacks what a link names, and checks its size and checksum.
fn read_linked(
    container: &mut Container<'_>,
    link: &Link,
    wanted: usize,
    (rows, columns): (usize, usize),
) -> Result<Vec<u8>, FormatError> {
    let name = || link.name.clone();
    let content = container
        .read(&link.name, wanted as u64)?
        .ok_or_else(|| FormatError::EntryMissing { name: name() })?;
    // Size first: a file that goes on beyond its size was not read to its end.
    if content.len() != wanted {
        let (found, wanted) = (content.len() as u64, wanted as u64);
        return Err(FormatError::DataSize { name: name(), found, wanted, rows, columns });
    }
    if let Some(stated) = &link.checksum {
        let stated = checksum::first(&link.name, stated.as_bytes())?;
        checksum::verify(&link.name, &content, &stated)?;
    }
    Ok(content)
}
