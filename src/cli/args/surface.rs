//! Verbs on single scans: `transform`, `render` and `segment`, as typed.

use super::{HeightUnit, ReadArguments};
use crate::cli::render::{LineWords, RangeWords};
use crate::cli::transform::{CircleWords, Rotation};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Where a person says that the mark of one scan is, in place of what the engine finds.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Saying where the mark is")]
pub(in crate::cli) struct CorrectionArguments {
    /// The mark in a file of the scan's size: a PNG (white is the mark, or each part in its colour) or an X3P (its
    /// mask, or without one what it has measured)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) mask: Option<PathBuf>,
    /// The mark lies in this circle: its centre from that of the frame (x right, y down) and its radius, um.
    /// Where there are several, in any
    #[arg(long, value_name = "X,Y,RADIUS", allow_hyphen_values = true)]
    pub(in crate::cli) keep_circle: Vec<CircleWords>,
    /// What lies in this circle is not the mark; may be given again
    #[arg(long, value_name = "X,Y,RADIUS", allow_hyphen_values = true)]
    pub(in crate::cli) drop_circle: Vec<CircleWords>,
}

/// Move, mask or convert scans, or harm them on purpose, and write them as X3P
///
/// Any format that is read becomes X3P; of an image there are no heights to write. Steps come in this order:
/// units put right, mask, circles, resample, crop, rotate, shift, tilt, keep a share, drop samples, add noise.
/// What was done, and to which file, is added to the comment of the new one; an original is never written over.
/// The same words give the same files.
#[derive(Debug, Args)]
pub(in crate::cli) struct TransformArguments {
    /// Scans, or folders of them (walked)
    #[arg(required = true, value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// An X3P file for one scan, or a folder
    #[arg(long, value_name = "OUT")]
    pub(in crate::cli) out: PathBuf,
    /// The file states its sample distance wrongly: it is this one, um
    #[arg(long, value_name = "UM", help_heading = "Putting units right")]
    pub(in crate::cli) fix_spacing_um: Option<f64>,
    /// The file's heights are in this unit, and not in metres
    #[arg(long, value_name = "UNIT", help_heading = "Putting units right")]
    pub(in crate::cli) fix_height_unit: Option<HeightUnit>,
    /// Keep what is white in this PNG of the same size, make what is black missing
    #[arg(long, value_name = "PNG")]
    pub(in crate::cli) mask: Option<PathBuf>,
    /// Keep what lies in this circle: its centre from that of the frame (x right, y down) and its radius, um.
    /// Where there are several, what lies in any
    #[arg(long, value_name = "X,Y,RADIUS", allow_hyphen_values = true)]
    pub(in crate::cli) keep_circle: Vec<CircleWords>,
    /// Make what lies in this circle missing; may be given again
    #[arg(long, value_name = "X,Y,RADIUS", allow_hyphen_values = true)]
    pub(in crate::cli) drop_circle: Vec<CircleWords>,
    /// Sample distance to resample to, um
    #[arg(long, value_name = "UM")]
    pub(in crate::cli) resample_um: Option<f64>,
    /// Part of the frame to keep, in samples
    #[arg(long, value_name = "LEFT,TOP,WIDTH,HEIGHT", value_delimiter = ',', num_args = 1)]
    pub(in crate::cli) crop: Option<Vec<usize>>,
    /// Turn counter-clockwise as seen, about the centre of the frame: degrees, or `random`
    #[arg(long, value_name = "DEG", allow_negative_numbers = true)]
    pub(in crate::cli) rotate: Option<Rotation>,
    /// Shift of the content to the right within its frame, um
    #[arg(long, value_name = "UM", allow_negative_numbers = true)]
    pub(in crate::cli) shift_x_um: Option<f64>,
    /// Shift of the content down within its frame, um
    #[arg(long, value_name = "UM", allow_negative_numbers = true)]
    pub(in crate::cli) shift_y_um: Option<f64>,
    /// Tilt that is added, degrees
    #[arg(long, value_name = "DEG", allow_negative_numbers = true)]
    pub(in crate::cli) tilt: Option<f64>,
    /// Direction in which the tilt rises, degrees counter-clockwise from the right
    #[arg(long, value_name = "DEG", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(in crate::cli) tilt_direction: f64,
    /// Share of the measured samples to keep, on one side of a straight cut, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub(in crate::cli) keep: Option<f64>,
    /// Direction in which the kept side lies: degrees counter-clockwise from the right, or `random`
    #[arg(long, value_name = "DEG", default_value = "random", allow_negative_numbers = true)]
    pub(in crate::cli) keep_direction: Rotation,
    /// Share of the measured samples to drop at random, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub(in crate::cli) drop: Option<f64>,
    /// Normal noise to add, in standard deviations of the heights about their plane
    #[arg(long, value_name = "SHARE")]
    pub(in crate::cli) noise: Option<f64>,
    /// Seed of everything random; each scan's own chance follows from it and from its name
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(in crate::cli) seed: u64,
    #[command(flatten)]
    pub(in crate::cli) read: ReadArguments,
}

/// Draw a scan as a PNG: relief under a lamp, heights in colours, or the heights along a line
///
/// Places are in um from the centre of the frame, x right and y down, as at the ticks of the picture. Missing
/// samples are pale and hatched. What was done to the heights is written on the picture.
#[derive(Debug, Args)]
pub(in crate::cli) struct RenderArguments {
    /// The scan: a topography
    pub(in crate::cli) file: PathBuf,
    /// Where the picture is written
    #[arg(long, value_name = "PNG")]
    pub(in crate::cli) out: PathBuf,
    /// What is drawn; by default a hillshade, with a line its profile
    #[arg(long = "as", value_name = "WHAT")]
    pub(in crate::cli) what: Option<RenderedAs>,
    /// What is taken away first: nothing, or the plane that the greater part of the samples lies on
    #[arg(long, value_name = "LEVEL", default_value = "plane")]
    pub(in crate::cli) level: RenderedLevel,
    /// Heights that the colours or the plot span, um; by default from the 1st to the 99th percentile, and
    /// for a profile all of them
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    pub(in crate::cli) range_um: Option<RangeWords>,
    /// Pixels of the longer side of the surface, or of the width of the plot; the page is larger
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(in crate::cli) size_px: usize,
    /// Where the lamp stands, degrees counter-clockwise from the right: 135, the upper left, by default
    #[arg(long, value_name = "DEG", allow_negative_numbers = true)]
    pub(in crate::cli) light_azimuth: Option<f64>,
    /// How high the lamp stands, degrees, 90 being overhead: 45 by default
    #[arg(long, value_name = "DEG")]
    pub(in crate::cli) light_elevation: Option<f64>,
    /// Factor of heights under the lamp; by default a round one at which usual slopes are seen
    #[arg(long, value_name = "FACTOR")]
    pub(in crate::cli) exaggeration: Option<f64>,
    /// Draw the heights along the line from here to there, um
    #[arg(long, value_name = "X0,Y0,X1,Y1", allow_hyphen_values = true, group = "line")]
    pub(in crate::cli) profile: Option<LineWords>,
    /// Draw the heights along this row of samples, from 0 at the top
    #[arg(long, value_name = "N", group = "line")]
    pub(in crate::cli) row: Option<usize>,
    /// Draw the heights along this column of samples, from 0 at the left
    #[arg(long, value_name = "N", group = "line")]
    pub(in crate::cli) column: Option<usize>,
    #[command(flatten)]
    pub(in crate::cli) read: ReadArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RenderedAs {
    Hillshade,
    Height,
    Profile,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum RenderedLevel {
    None,
    Plane,
}

/// Find the parts of the head of a cartridge case, as the microscope measured it, and cut one out
///
/// Breech face, flowback, aperture shear, firing pin, primer groove, headstamp and ejector. Exit code 1 if it is not sure: then nothing is cut
/// out, and the picture is for a person to look at.
#[derive(Debug, Args)]
pub(in crate::cli) struct SegmentArguments {
    /// The scan of a head: a topography, or a picture of a whole primer
    pub(in crate::cli) file: PathBuf,
    /// Where the part is written: an X3P cropped about the primer, with all else missing; of a picture a PNG
    #[arg(long, value_name = "MASKED")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// The part that is cut out
    #[arg(long, value_name = "REGION", default_value = "breech_face")]
    pub(in crate::cli) region: crate::surface::Region,
    /// Write the whole scan with all of its parts as a mask, as x3ptools and FiX3P read it: sure or not
    #[arg(long, value_name = "LABELLED.x3p")]
    pub(in crate::cli) regions: Option<PathBuf>,
    /// Write a picture of the head with its parts
    #[arg(long, value_name = "PNG")]
    pub(in crate::cli) picture: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) read: ReadArguments,
}

/// Compare two striated marks (aperture shear, tool marks) by the profiles across them
///
/// A mark is a profile as text (position and height a line) or a scan cut to the mark. The score ranks: it is no
/// likelihood ratio.
#[derive(Debug, Args)]
pub(in crate::cli) struct StriationArguments {
    /// The questioned mark: a profile or a scan
    pub(in crate::cli) questioned: PathBuf,
    /// The mark it is compared with
    pub(in crate::cli) reference: PathBuf,
    /// Unit of positions and heights of profiles in text
    #[arg(long, value_name = "UNIT", default_value = "um")]
    pub(in crate::cli) profile_unit: HeightUnit,
    /// Print what was found as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) read: ReadArguments,
}
