//! `casemark segment`: where the marks are on a head, and one of them cut out of it.
//!
//! Where the parts are not sure, nothing is cut out: the picture is for a person, whose circles or mask
//! `casemark transform` takes.

use super::args::SegmentArguments;
use super::origin::Origin;
use super::output::{print, print_json, table, write_file};
use super::scans::{check_not_an_input, read, read_options};
use super::{Context, Outcome};
use crate::digest::Digest;
use crate::format::{self, Scan, x3p};
use crate::parameters::Segmentation;
use crate::picture::{self, Levelling, Light, Look, MapStyle, Subject};
use crate::segment::{Segmented, isolate, segment};
use crate::surface::{Kind, Region, Surface};
use anyhow::Context as _;
use serde::Serialize;
use std::slice;

/// What was found on a head.
#[derive(Serialize)]
struct Report {
    file: String,
    sha256: Digest,
    kind: Kind,
    /// Whether it is of heights that were measured.
    metrological: bool,
    engine_version: &'static str,
    segmentation_digest: Digest,
    /// From 0 to 1.
    confidence: f64,
    /// Below it a person has to look.
    least_confidence: f64,
    sure: bool,
    /// Share of the primer's circumference in view.
    in_view: f64,
    primer: Primer,
    regions: Vec<Part>,
}

/// Of the primer's rim, from the centre of the frame, x right and y down.
#[derive(Serialize)]
struct Primer {
    x_um: f64,
    y_um: f64,
    radius_um: f64,
}

#[derive(Serialize)]
struct Part {
    region: Region,
    samples: usize,
    measured_samples: usize,
    area_mm2: f64,
}

pub(super) fn run(context: &Context, arguments: &SegmentArguments) -> anyhow::Result<Outcome> {
    let outputs = [&arguments.out, &arguments.regions, &arguments.picture];
    for output in outputs.into_iter().flatten() {
        check_not_an_input(output, slice::from_ref(&arguments.file))?;
    }
    let file = arguments.file.display().to_string();
    let (scan, _) = read(&arguments.file, &read_options(&arguments.read)?)?;
    let parameters = Segmentation::default();
    let spinner = context.progress.bar(1, "segmenting");
    let segmented = segment(&scan.surface, &parameters).with_context(|| file.clone())?;
    spinner.finish_and_clear();
    let name = arguments.file.file_name().unwrap_or_default().to_string_lossy();
    if let Some(path) = &arguments.picture {
        let regions = Some(&segmented.regions);
        let subject =
            Subject { surface: &scan.surface, label: &name, source: scan.sha256, regions };
        let look = match scan.surface.kind() {
            Kind::Topography => Look::Hillshade(Light::default()),
            Kind::Reflectance => Look::Grey,
        };
        let style = MapStyle { look, levelling: Levelling::Plane, longer_side: 1000 };
        let drawn = picture::map(&subject, &style).with_context(|| file.clone())?;
        write_file(path, &picture::to_png(&drawn)?)?;
    }
    if let Some(path) = &arguments.regions {
        let bytes = labelled(&scan, &segmented, &name, parameters.digest())
            .with_context(|| file.clone())?;
        write_file(path, &bytes)?;
    }
    let sure = segmented.is_sure(&parameters);
    let report = report(&file, &scan, &segmented, &parameters);
    if let (Some(path), true) = (&arguments.out, sure) {
        let region = arguments.region;
        let bytes = cut_out(scan, &segmented, region, &name, parameters.digest())
            .with_context(|| file.clone())?;
        write_file(path, &bytes)?;
    }
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&describe(&report, arguments))?;
    }
    Ok(if sure { Outcome::Done } else { Outcome::NothingFound })
}

/// One part of the head as the bytes of an X3P, of a picture as those of a PNG, that says where it comes from.
fn cut_out(
    scan: Scan,
    segmented: &Segmented,
    region: Region,
    name: &str,
    digest: Digest,
) -> anyhow::Result<Vec<u8>> {
    let mark = isolate(&scan.surface, segmented, region)?;
    if mark.kind() == Kind::Reflectance {
        let words = format!(
            "{} found by segmentation of casemark {} with confidence {:.2}, cropped about the primer (of {name}, SHA-256 {})",
            region.name(),
            crate::VERSION,
            segmented.confidence,
            scan.sha256
        );
        return Ok(format::write_grey_png(&mark, &words)?);
    }
    let origin = Origin { name, sha256: scan.sha256, file_format: scan.file_format };
    let done = format!(
        "{} found by segmentation {digest} with confidence {:.2}, cropped about the primer",
        region.name(),
        segmented.confidence
    );
    Ok(x3p::write(&mark, &origin.written_into(scan.metadata, vec![done])?)?)
}

/// The whole scan with its parts as the bytes of an X3P that says where they come from.
fn labelled(
    scan: &Scan,
    segmented: &Segmented,
    name: &str,
    digest: Digest,
) -> anyhow::Result<Vec<u8>> {
    let origin = Origin { name, sha256: scan.sha256, file_format: scan.file_format };
    let confidence = segmented.confidence;
    let done = format!(
        "parts found by segmentation {digest} with confidence {confidence:.2} in its mask.png"
    );
    let metadata = origin.written_into(scan.metadata.clone(), vec![done])?;
    Ok(x3p::write_with_regions(&scan.surface, &metadata, &segmented.regions)?)
}

fn report(file: &str, scan: &Scan, segmented: &Segmented, parameters: &Segmentation) -> Report {
    let primer = segmented.primer;
    Report {
        file: file.to_owned(),
        sha256: scan.sha256,
        kind: scan.surface.kind(),
        metrological: scan.surface.kind() == Kind::Topography,
        engine_version: crate::VERSION,
        segmentation_digest: parameters.digest(),
        confidence: segmented.confidence,
        least_confidence: parameters.least_confidence,
        sure: segmented.is_sure(parameters),
        in_view: segmented.in_view,
        primer: Primer {
            x_um: primer.x.micrometres(),
            y_um: primer.y.micrometres(),
            radius_um: primer.radius.micrometres(),
        },
        regions: parts(&scan.surface, segmented),
    }
}

/// The regions that have a sample.
fn parts(surface: &Surface, segmented: &Segmented) -> Vec<Part> {
    let spacing = surface.spacing();
    let sample_mm2 = spacing.x.micrometres() * spacing.y.micrometres() / 1e6;
    let labelled = || segmented.regions.labels().iter().zip(surface.mask());
    let part = |region| {
        let samples = segmented.regions.count(region);
        let measured =
            labelled().filter(|(label, valid)| **valid && **label == Some(region)).count();
        let area_mm2 = samples as f64 * sample_mm2;
        (samples > 0).then_some(Part { region, samples, measured_samples: measured, area_mm2 })
    };
    Region::ALL.into_iter().filter_map(part).collect()
}

fn describe(report: &Report, arguments: &SegmentArguments) -> String {
    let rows = report.regions.iter().map(|part| {
        let measured = part.measured_samples as f64 / part.samples as f64 * 100.0;
        let area = format!("{:.2}", part.area_mm2);
        vec![part.region.name().to_owned(), area, format!("{measured:.1}")]
    });
    let Primer { x_um, y_um, radius_um } = report.primer;
    let mut text = table(&["region", "area, mm2", "measured, %"], rows.collect());
    text += &format!(
        "primer at {x_um:.0}, {y_um:.0} um from the centre of the frame, radius {radius_um:.0} um, \
         {:.0} % in view\nconfidence {:.2}, at least {} needs nobody to look\n",
        report.in_view * 100.0,
        report.confidence,
        report.least_confidence
    );
    if !report.metrological {
        text += "a reflectance image: grey levels, not metrological\n";
    }
    if let Some(path) = &arguments.regions {
        text += &format!("the scan with its parts written to {}\n", path.display());
    }
    match (&arguments.out, report.sure) {
        (Some(path), true) => {
            text += &format!("{} written to {}\n", arguments.region.name(), path.display());
        }
        (Some(_), false) => {
            text += "nothing was cut out: look at the picture (--picture), and say where the mark is with \
                     casemark transform --keep-circle, --drop-circle or --mask\n";
        }
        (None, _) => {}
    }
    text
}
