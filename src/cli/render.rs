//! `casemark render`: one scan as a picture.
//!
//! An option that does not belong to what is drawn is refused rather than ignored.

use super::Outcome;
use super::args::{RenderArguments, RenderedAs, RenderedLevel};
use super::output::{print, write_file};
use super::scans::{check_not_an_input, numbers, read, read_options};
use crate::picture::{
    self, HeightRange, Levelling, Light, Line, Look, MapStyle, ProfileStyle, Subject,
};
use crate::surface::Surface;
use crate::units::{Angle, Length};
use anyhow::{Context as _, bail, ensure};
use std::slice;

/// A line as typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineWords(Line);

impl std::str::FromStr for LineWords {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let [x0, y0, x1, y1] = numbers(text)?.map(Length::from_micrometres);
        Ok(Self(Line { from: (x0, y0), to: (x1, y1) }))
    }
}

/// A range of heights as typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct RangeWords(HeightRange);

impl std::str::FromStr for RangeWords {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let [low, high] = numbers(text)?.map(Length::from_micrometres);
        Ok(Self(HeightRange { low, high }))
    }
}

pub(super) fn run(arguments: &RenderArguments) -> anyhow::Result<Outcome> {
    let what = what(arguments)?;
    check_not_an_input(&arguments.out, slice::from_ref(&arguments.file))?;
    let (scan, _) = read(&arguments.file, &read_options(&arguments.read)?)?;
    let name = arguments.file.file_name().unwrap_or_default().to_string_lossy();
    let subject =
        Subject { surface: &scan.surface, label: &name, source: scan.sha256, regions: None };
    let drawn = draw(&subject, what, arguments);
    let picture = drawn.with_context(|| arguments.file.display().to_string())?;
    write_file(&arguments.out, &picture::to_png(&picture)?)?;
    let (width, height) = picture.dimensions();
    let words = match what {
        RenderedAs::Hillshade => "relief",
        RenderedAs::Height => "heights",
        RenderedAs::Profile => "profile",
    };
    print(&format!(
        "{words} of {} written to {}, {width} x {height} pixels\n",
        arguments.file.display(),
        arguments.out.display()
    ))?;
    Ok(Outcome::Done)
}

/// What is to be drawn, once every option is seen to belong to it.
fn what(arguments: &RenderArguments) -> anyhow::Result<RenderedAs> {
    let line = arguments.profile.is_some() || arguments.row.is_some() || arguments.column.is_some();
    let what = match (arguments.what, line) {
        (Some(what), _) => what,
        (None, true) => RenderedAs::Profile,
        (None, false) => RenderedAs::Hillshade,
    };
    let light = arguments.light_azimuth.or(arguments.light_elevation).or(arguments.exaggeration);
    match what {
        RenderedAs::Profile => {
            ensure!(
                line,
                "--as profile needs a line: --profile X0,Y0,X1,Y1, --row N or --column N"
            );
            ensure!(
                light.is_none(),
                "--light-azimuth, --light-elevation and --exaggeration are for --as hillshade, found a profile"
            );
        }
        RenderedAs::Height => {
            ensure!(!line, "a line is for --as profile, found --as height");
            ensure!(
                light.is_none(),
                "--light-azimuth, --light-elevation and --exaggeration are for --as hillshade, found --as height"
            );
        }
        RenderedAs::Hillshade => {
            ensure!(!line, "a line is for --as profile, found --as hillshade");
            if arguments.range_um.is_some() {
                bail!("--range-um is for --as height or profile, found a hillshade")
            }
        }
    }
    Ok(what)
}

fn draw(
    subject: &Subject<'_>,
    what: RenderedAs,
    arguments: &RenderArguments,
) -> anyhow::Result<image::RgbImage> {
    let levelling = match arguments.level {
        RenderedLevel::None => Levelling::None,
        RenderedLevel::Plane => Levelling::Plane,
    };
    let range = arguments.range_um.map(|RangeWords(range)| range);
    let longer_side = arguments.size_px;
    let map = |look| picture::map(subject, &MapStyle { look, levelling, longer_side });
    Ok(match what {
        RenderedAs::Hillshade => map(Look::Hillshade(light(arguments)))?,
        RenderedAs::Height => map(Look::Heights(range))?,
        RenderedAs::Profile => {
            let line = line(subject.surface, arguments)?;
            let style = ProfileStyle { levelling, range, width: arguments.size_px };
            picture::profile(subject, &line, &style)?
        }
    })
}

fn light(arguments: &RenderArguments) -> Light {
    let usual = Light::default();
    let angle = |asked: Option<f64>, usual| asked.map_or(usual, Angle::from_degrees);
    Light {
        azimuth: angle(arguments.light_azimuth, usual.azimuth),
        elevation: angle(arguments.light_elevation, usual.elevation),
        exaggeration: arguments.exaggeration,
    }
}

fn line(surface: &Surface, arguments: &RenderArguments) -> anyhow::Result<Line> {
    Ok(match (arguments.profile, arguments.row, arguments.column) {
        (Some(LineWords(line)), None, None) => line,
        (None, Some(row), None) => Line::row(surface, row)?,
        (None, None, Some(column)) => Line::column(surface, column)?,
        (None, None, None) | (Some(_), ..) | (None, Some(_), Some(_)) => {
            bail!("wanted one of --profile, --row and --column")
        }
    })
}
