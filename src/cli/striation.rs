//! `casemark striation`: how much two striated marks have in common.
//!
//! A mark is a profile as text, or a scan cut to the mark, of which the profile across the striae is
//! made. The score ranks; it is no likelihood ratio and no decision.

use super::args::StriationArguments;
use super::output::{decimals, print, print_json, table};
use super::scans::{bytes, height_unit, read_options};
use super::{Context, Outcome};
use crate::digest::Digest;
use crate::format::{self, FileFormat, ProfileOptions, ReadOptions};
use crate::parameters::Striation;
use crate::striation::{ProfileComparison, ProfileEngine, ProfileWorkspace, extract};
use crate::surface::Profile;
use anyhow::Context as _;
use serde::Serialize;
use std::path::Path;

/// One of the two marks.
#[derive(Serialize)]
struct Side {
    file: String,
    sha256: Digest,
    length_um: f64,
    /// Of a scan: the direction of its striae and the share of the variance that the profile explains.
    #[serde(skip_serializing_if = "Option::is_none")]
    direction_deg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coherence: Option<f64>,
}

/// What was found, in the units of people.
#[derive(Serialize)]
struct Report {
    questioned: Side,
    reference: Side,
    engine_version: &'static str,
    parameters_digest: Digest,
    score: f64,
    lag_um: f64,
    scale: f64,
    ncc: f64,
    overlap_um: f64,
    bands: Vec<Band>,
    congruent_segments: usize,
    segments: Vec<Segment>,
}

#[derive(Serialize)]
struct Band {
    shortest_um: f64,
    longest_um: f64,
    ncc: f64,
}

#[derive(Serialize)]
struct Segment {
    centre_um: f64,
    length_um: f64,
    displacement_um: Option<f64>,
    ncc: Option<f64>,
    verdict: &'static str,
}

pub(super) fn run(context: &Context, arguments: &StriationArguments) -> anyhow::Result<Outcome> {
    let options = read_options(&arguments.read)?;
    let text = ProfileOptions {
        unit: height_unit(arguments.profile_unit),
        limits: options.limits.clone(),
    };
    let parameters = Striation::default();
    let side = |path: &Path| {
        read(path, &options, &text, &parameters).with_context(|| path.display().to_string())
    };
    let (questioned, first) = side(&arguments.questioned)?;
    let (reference, second) = side(&arguments.reference)?;
    let engine = ProfileEngine::new(&parameters, context.engine.arithmetic());
    let prepare = |profile: &Profile, path: &Path| {
        engine.prepare(profile).with_context(|| path.display().to_string())
    };
    let first = prepare(&first, &arguments.questioned)?;
    let second = prepare(&second, &arguments.reference)?;
    let found = engine.compare(&first, &second, &mut ProfileWorkspace::default())?;
    let report = report(questioned, reference, &found, &parameters);
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&describe(&report))?;
    }
    Ok(Outcome::Done)
}

/// A profile: of a scan where the first bytes are those of one, else as text.
fn read(
    path: &Path,
    options: &ReadOptions,
    text: &ProfileOptions,
    parameters: &Striation,
) -> anyhow::Result<(Side, Profile)> {
    let bytes = bytes(path, options)?;
    let (profile, striae) = if FileFormat::of(&bytes).is_some() {
        let mark = extract(&format::read(&bytes, options)?.surface, parameters)?;
        (mark.profile, Some((mark.direction.degrees(), mark.coherence)))
    } else {
        (format::read_profile(&bytes, text)?, None)
    };
    let side = Side {
        file: path.display().to_string(),
        sha256: Digest::of(&bytes),
        length_um: profile.extent().micrometres(),
        direction_deg: striae.map(|(direction, _)| direction),
        coherence: striae.map(|(_, coherence)| coherence),
    };
    Ok((side, profile))
}

fn report(
    questioned: Side,
    reference: Side,
    found: &ProfileComparison,
    parameters: &Striation,
) -> Report {
    Report {
        questioned,
        reference,
        engine_version: crate::VERSION,
        parameters_digest: parameters.digest(),
        score: found.score,
        lag_um: found.lag.micrometres(),
        scale: found.scale,
        ncc: found.ncc,
        overlap_um: found.overlap.micrometres(),
        bands: found
            .bands
            .iter()
            .map(|band| Band {
                shortest_um: band.shortest.micrometres(),
                longest_um: band.longest.micrometres(),
                ncc: band.ncc,
            })
            .collect(),
        congruent_segments: found.congruent_count(),
        segments: found
            .segments
            .iter()
            .map(|segment| Segment {
                centre_um: segment.centre.micrometres(),
                length_um: segment.length.micrometres(),
                displacement_um: segment.place.map(|place| place.displacement.micrometres()),
                ncc: segment.place.map(|place| place.ncc),
                verdict: segment.verdict.name(),
            })
            .collect(),
    }
}

fn describe(report: &Report) -> String {
    let mut text = String::new();
    for side in [&report.questioned, &report.reference] {
        if let (Some(direction), Some(coherence)) = (side.direction_deg, side.coherence) {
            text +=
                &format!("{}: striae at {direction:.1} deg, coherence {coherence:.2}\n", side.file);
        }
    }
    text += &format!(
        "score {:.2}\nlag {:.1} um, scale {:.3}, NCC {:.3} over {:.0} um\n",
        report.score, report.lag_um, report.scale, report.ncc, report.overlap_um
    );
    let bands = report.bands.iter().map(|band| {
        let waves = format!("{:.1} to {:.1}", band.shortest_um, band.longest_um);
        vec![waves, format!("{:.3}", band.ncc)]
    });
    text += &table(&["waves, um", "NCC"], bands.collect());
    let segments = report.segments.iter().map(|segment| {
        vec![
            format!("{:.0}", segment.centre_um),
            decimals(segment.displacement_um, 1),
            decimals(segment.ncc, 3),
            segment.verdict.to_owned(),
        ]
    });
    text += &table(&["segment at, um", "displaced, um", "NCC", "verdict"], segments.collect());
    text += &format!(
        "{} of {} segments congruent; parameters {}\n",
        report.congruent_segments,
        report.segments.len(),
        report.parameters_digest
    );
    text
}
