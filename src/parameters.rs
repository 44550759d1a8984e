//! Which numbers steer the engine, what are they, and who says so?
//!
//! Every parameter is declared once, in this file, with its unit, bounds, default and source; the
//! struct, the default, the check of bounds, the list for people ([`Parameters::list`]) and the digest
//! that results carry all come from that one line. Two groups: what changes a stored signature
//! ([`Segmentation`], [`Extraction`]) and what changes only a comparison of two ([`Registration`], [`CongruentCells`]).
//! Marks differ in size and texture, so each kind has numbers of its own ([`Parameters::of_mark`]); a striated one has
//! [`Striation`] in place of all but the first.

use crate::digest::Digest;
use crate::surface::MarkKind;
use crate::units::{Angle, Length};
use fitted::fitted;
use serde::{Deserialize, Serialize};

/// One parameter as people see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Group and name, `group.name`.
    pub key: &'static str,
    /// The value in [`Entry::unit`].
    pub value: f64,
    /// "um", "deg", "1" (a share or a ratio) or "count".
    pub unit: &'static str,
    /// The default, in the same unit.
    pub default: f64,
    /// Least allowed value, in the same unit.
    pub minimum: f64,
    /// Greatest allowed value, in the same unit.
    pub maximum: f64,
    /// What it does.
    pub description: &'static str,
    /// The paper, clause or measurement it comes from.
    pub source: &'static str,
}

/// A parameter outside its bounds.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[error("parameter {key} is {value} {unit}, wanted {minimum} to {maximum} {unit}")]
pub struct ParameterError {
    /// Which.
    pub key: &'static str,
    /// What was found.
    pub value: f64,
    /// Unit of all three.
    pub unit: &'static str,
    /// Least allowed.
    pub minimum: f64,
    /// Greatest allowed.
    pub maximum: f64,
}

macro_rules! parameters {
    (@type um) => { Length };
    (@type deg) => { Angle };
    (@type share) => { f64 };
    (@type count) => { usize };
    (@make um, $value:expr) => { Length::from_micrometres($value) };
    (@make deg, $value:expr) => { Angle::from_degrees($value) };
    (@make share, $value:expr) => { $value };
    (@make count, $value:expr) => { $value };
    (@from um, $value:expr) => { Length::from_micrometres($value) };
    (@from deg, $value:expr) => { Angle::from_degrees($value) };
    (@from share, $value:expr) => { $value };
    (@from count, $value:expr) => { $value as usize };
    (@number um, $value:expr) => { $value.micrometres() };
    (@number deg, $value:expr) => { $value.degrees() };
    (@number share, $value:expr) => { $value };
    (@number count, $value:expr) => { $value as f64 };
    (@unit share) => { "1" };
    (@unit $unit:ident) => { stringify!($unit) };
    ($(#[doc = $group_doc:literal])+ $group:ident as $prefix:literal {
        $(#[doc = $doc:literal] $name:ident: $default:literal $unit:ident, $minimum:literal..=$maximum:literal, $source:literal;)+
    }) => {
        $(#[doc = $group_doc])+
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $group {
            $(
                #[doc = $doc]
                #[doc = concat!("\nDefault ", $default, " ", stringify!($unit), ", from ", $minimum, " to ", $maximum, ". Source: ", $source, ".")]
                pub $name: parameters!(@type $unit),
            )+
        }

        impl Default for $group {
            fn default() -> Self {
                Self { $($name: parameters!(@make $unit, $default),)+ }
            }
        }

        impl $group {
            /// Sets the parameter of this key, in its unit; says whether there is one. Bounds are checked where the
            /// group is put to use.
            pub fn set(&mut self, key: &str, value: f64) -> bool {
                $(if key == concat!($prefix, ".", stringify!($name)) {
                    self.$name = parameters!(@from $unit, value);
                    return true;
                })+
                false
            }

            /// Every parameter of the group with its declaration.
            #[must_use]
            pub fn list(&self) -> Vec<Entry> {
                vec![$(Entry {
                    key: concat!($prefix, ".", stringify!($name)),
                    value: tidy(parameters!(@number $unit, self.$name)),
                    unit: parameters!(@unit $unit),
                    default: f64::from($default),
                    minimum: f64::from($minimum),
                    maximum: f64::from($maximum),
                    description: $doc.trim_ascii(),
                    source: $source,
                },)+]
            }
        }
    };
}

mod fitted;
mod quality;
mod striation;

pub use quality::QualityLimits;
pub use striation::Striation;

parameters! {
    /// What is done to a surface before it is stored as a signature.
    Extraction as "extraction" {
        /// Sample distance of the signature.
        spacing: 12.5 um, 5.0..=50.0, "measured: cells of 0.4 mm at 12.5 um separate both studies";
        /// Cutoff (nesting index) of the S-filter: shorter wavelengths are removed.
        s_filter_cutoff: 25.0 um, 5.0..=100.0, "ISO 16610-61; Tong, Song, Chu 2015 use 16 um to 37 um";
        /// Cutoff (nesting index) of the L-filter: longer wavelengths are removed.
        l_filter_cutoff: 250.0 um, 100.0..=1000.0, "ISO 16610-61; Tong, Song, Chu 2015 use 150 um to 400 um";
        /// Heights beyond this many robust standard deviations from the local surface are dropped.
        outlier_limit: 6.0 share, 3.0..=20.0, "measured: beyond any texture, within any spike";
        /// Heights are clipped at this many robust standard deviations of the texture.
        height_limit: 3.0 share, 1.0..=20.0, "measured: clipping at 3 robust standard deviations tames flowback edges";
        /// Least number of samples that a signature must hold.
        least_samples: 1000 count, 100..=100_000, "one cell of 0.4 mm is 1024 samples";
        /// Least share of the S-filter's weight on measured samples for a sample to be kept.
        least_support: 0.5 share, 0.05..=1.0, "half the kernel: the edge of the mask stays where it was";
    }
}

parameters! {
    /// What is done before extraction to marks whose ground is steep or small.
    FormRemoval as "form" {
        /// Cutoff (nesting index) of the robust regression filter of second degree: longer wavelengths are form.
        cutoff: 200.0 um, 50.0..=1000.0, "ISO 16610-71; measured on simulated marks: benches/README.md, marks";
        /// Greatest slope of the form.
        greatest_slope: 45.0 deg, 5.0..=85.0, "what objectives of most instruments still collect";
        /// How far the surroundings of a sample reach, each way along each axis.
        margin: 40.0 um, 0.0..=200.0, "the rounded edge of a mark";
        /// Least share of the surroundings that was measured for a sample to be kept.
        least_surroundings: 0.8 share, 0.0..=1.0, "at a straight edge half, at three fifths of the margin inside it four fifths";
    }
}

parameters! {
    /// How the pose of the questioned on the reference surface is found.
    Registration as "registration" {
        /// Sample distance of the exhaustive search.
        coarse_spacing: 50.0 um, 20.0..=100.0, "measured: separates both studies at every rotation";
        /// Low-pass cutoff of the exhaustive search: what remains varies slowly against its steps.
        coarse_cutoff: 150.0 um, 50.0..=400.0, "three samples of the coarse spacing";
        /// Sample distance of the local search.
        middle_spacing: 25.0 um, 10.0..=50.0, "half the coarse spacing";
        /// Low-pass cutoff of the local search.
        middle_cutoff: 60.0 um, 20.0..=200.0, "measured: the best separation by global NCC";
        /// Least share of the low-pass's weight on measured samples for a coarser sample to be kept.
        least_support: 0.5 share, 0.05..=1.0, "half the kernel: the edge of the mask stays where it was";
        /// Step of the exhaustive search over the full turn.
        rotation_step: 3.0 deg, 1.0..=10.0, "measured; 1.5 deg move the rim by 46 um, a third of the coarse cutoff";
        /// Greatest shift between the centres of the frames, each way along each axis.
        shift_reach: 1000.0 um, 50.0..=2000.0, "measured: up to 0.21 mm between primer centres; the rest is for frames cropped off centre";
        /// Least overlap as a share of the smaller surface's samples.
        least_overlap: 0.3 share, 0.05..=1.0, "less makes chance agreement likely";
        /// Number of poses of the exhaustive search that are refined.
        hypotheses: 4 count, 1..=50, "measured: the first was right in every same-source pair";
        /// Step of the local search's turns.
        middle_rotation_step: 0.8 deg, 0.1..=3.0, "a quarter of the exhaustive step";
        /// Greatest number of steps of a local search.
        steps: 6 count, 1..=50, "two steps of the exhaustive search, each way";
        /// Step of the last search's turns.
        fine_rotation_step: 0.25 deg, 0.05..=3.0, "moves the rim by half a sample";
    }
}

parameters! {
    /// How cells are compared and judged.
    CongruentCells as "congruent_cells" {
        /// Side of a square cell.
        cell_side: 400.0 um, 100.0..=1000.0, "Song 2013; measured on both studies against 300 um and 500 um";
        /// Least share of measured samples in a cell.
        least_fill: 0.3 share, 0.05..=1.0, "measured";
        /// Least share of a cell's samples valid on both surfaces at the global pose for the cell to be compared.
        least_joint: 0.15 share, 0.05..=1.0, "measured";
        /// Least share of a cell's samples valid on both surfaces where a correlation may peak.
        least_joint_at_peak: 0.3 share, 0.05..=1.0, "measured";
        /// Greatest displacement searched from the global pose, each way along each axis.
        search_reach: 100.0 um, 25.0..=500.0, "measured: cells of one source lie within 60 um";
        /// Greatest turn searched from the global pose, each way.
        rotation_reach: 1.5 deg, 0.0..=30.0, "measured";
        /// Step of the turns.
        rotation_step: 0.75 deg, 0.1..=10.0, "measured";
        /// Least NCC of a congruent cell.
        ncc_threshold: 0.5 share, 0.0..=1.0, "Song 2013 uses 0.25 to 0.6; measured on both studies";
        /// Greatest displacement of a congruent cell from the consensus, along each axis.
        displacement_threshold: 60.0 um, 5.0..=500.0, "Song 2013 uses 20 to 30 samples of 6.25 um from registration over the whole surface; measured on both studies";
        /// Greatest turn of a congruent cell from the consensus.
        rotation_threshold: 3.0 deg, 0.1..=30.0, "Song 2013 uses 3 deg to 6 deg";
    }
}

parameters! {
    /// What the index keeps of a signature.
    IndexEntry as "index_entry" {
        /// Low-pass cutoff of the heights that are kept.
        cutoff: 150.0 um, 50.0..=400.0, "that of the exhaustive search";
        /// Sample distance of the low-passed heights, from which the rings are read.
        spacing: 25.0 um, 10.0..=50.0, "a sixth of the cutoff";
        /// Number of rings about the centre of the mark, evenly spaced from it to the outer radius.
        rings: 24 count, 4..=64, "measured: see benches/README.md";
        /// Radius of the outermost ring's far edge; what lies beyond is not in the index.
        outer_radius: 1750.0 um, 500.0..=4000.0, "a primer's flat of 3.5 mm";
        /// Number of angles that a turn is searched at; its factors are 2 and 3, and it is a multiple of 8.
        angles: 192 count, 48..=1024, "the next good size above twice the harmonics";
        /// Highest harmonic of the heights along a ring.
        harmonics: 80 count, 8..=256, "measured: see benches/README.md";
        /// Harmonics that would be shorter waves than this on a ring are not kept.
        shortest_wave: 130.0 um, 20.0..=1000.0, "below the cutoff, which passes half";
        /// Number of rings of the mask and of the squared heights, each the mean of as many rings of the heights.
        mask_rings: 12 count, 1..=64, "measured: both vary slowly";
        /// Highest harmonic of the mask and of the squared heights along a ring.
        mask_harmonics: 8 count, 1..=64, "measured: 8 do as well as 16";
    }
}

parameters! {
    /// How the index is asked for the references that are most alike.
    IndexSearch as "index_search" {
        /// Greatest distance of the centres that are tried for the questioned mark.
        offset_reach: 250.0 um, 0.0..=1500.0, "measured: primers of one firearm lie up to 0.21 mm apart";
        /// Distance between neighbouring centres, on a hexagonal lattice.
        offset_spacing: 62.5 um, 20.0..=500.0, "measured: see benches/README.md";
        /// Least overlap as a share of the smaller mark.
        least_overlap: 0.3 share, 0.05..=1.0, "as registration.least_overlap";
        /// How much short waves along a ring count more, in both passes: 1 + this x (index_entry.cutoff / wave)^2.
        emphasis: 4.0 share, 0.0..=10.0, "measured: benches/README.md, emphasis; without it one halved mark in thirty is lost";
        /// Greatest distance of the centres of the coarse pass, which every reference goes through.
        sieve_reach: 250.0 um, 0.0..=1500.0, "as index_search.offset_reach";
        /// Distance between neighbouring centres of the coarse pass.
        sieve_spacing: 69.0 um, 20.0..=500.0, "measured: benches/README.md, share of decoys above the worst mate in the coarse pass; 80 um lose one of 414 mates";
        /// Number of angles of the coarse pass; its factors are 2 and 3, and it is a multiple of 8.
        sieve_angles: 192 count, 48..=1024, "measured: the same table; 144 save a tenth of the time for eight times the decoys above the worst mate";
        /// Highest harmonic of the heights in the coarse pass.
        sieve_harmonics: 64 count, 8..=256, "measured: the same table; fewer save little and lose halves of marks";
        /// Share of the references that is scored in full after the coarse pass.
        sieve_share: 0.0625 share, 0.0..=1.0, "measured: two hundred times the share of decoys above the worst mate, about that of the worst halved one";
        /// Least number of references that is scored in full after the coarse pass.
        sieve_least: 4000 count, 1..=1000000, "measured: a twentieth of a second of one core";
    }
}

parameters! {
    /// How the parts of a raw head are found.
    Segmentation as "segmentation" {
        /// Sample distance of the relief that edges and forms are found on.
        spacing: 20.0 um, 5.0..=50.0, "measured: edges to a few micrometres on rays across several samples";
        /// Low-pass cutoff of that relief.
        cutoff: 60.0 um, 20.0..=200.0, "three samples";
        /// Least radius of a primer at its rim.
        least_primer_radius: 1300.0 um, 500.0..=5000.0, "below a small primer's 2.2 mm, whose edge is rounded";
        /// Greatest radius of a primer at its rim.
        greatest_primer_radius: 2800.0 um, 500.0..=5000.0, "above a large primer's 2.67 mm";
        /// Greatest width of the groove about the primer, from its rim.
        greatest_groove: 900.0 um, 50.0..=3000.0, "measured on whole heads: 0.6 mm";
        /// Where the shoulder has fallen by this, the breech face ends.
        shoulder_depth: 6.0 um, 0.0..=50.0, "measured: masks made by hand on whole heads reach so far";
        /// Greatest distance that the breech face keeps from flowback: a smaller one where there is no moat at its foot.
        margin: 57.0 um, 0.0..=200.0, "measured: what masks made by hand on whole heads leave out; moats go on to 100";
        /// Least confidence that needs no person to look.
        least_confidence: 0.5 share, 0.0..=1.0, "each of four signs half way between none and enough would give less";
    }
}

impl Segmentation {
    /// Digest of the parameters that regions depend on.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest(&self.list())
    }
}

parameters! {
    /// How many references go on from stage to stage of a search.
    Cascade as "cascade" {
        /// Least share of same-source references that the stages keep; beyond what was measured, all are compared.
        target_recall: 0.999 share, 0.5..=1.0, "benches/README.md: one mate in a thousand, among decoys as hard as real references";
        /// Fewest references that are registered from the index's pose.
        least_registered: 200 count, 1..=100_000, "measured: a fifth of a second of two cores";
        /// Fewest references that are compared in full.
        least_compared: 24 count, 1..=100_000, "as many as are given out, and some more";
    }
}

impl Cascade {
    /// Checks every bound.
    ///
    /// # Errors
    /// The first parameter outside its bounds.
    pub fn check(&self) -> Result<(), ParameterError> {
        check(&self.list())
    }

    /// Digest of all parameters that decide which references are compared; `None` where there is no index and all are.
    #[must_use]
    pub fn digest(&self, index: Option<&Index>) -> Digest {
        digest(&[index.map(Index::list).unwrap_or_default(), self.list()].concat())
    }
}

/// The parameters of the index. No score that a comparison gives depends on them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Signature to entry.
    pub entry: IndexEntry,
    /// Question to the most alike.
    pub search: IndexSearch,
}

impl Index {
    /// The defaults for a kind of mark; `None` of one that has no index: a profile has no picture in polar coordinates, and two
    /// are compared at the cost of a registration.
    #[must_use]
    pub fn of_mark(mark: MarkKind) -> Option<Self> {
        match mark {
            MarkKind::BreechFace | MarkKind::FiringPin | MarkKind::Ejector => {}
            MarkKind::ApertureShear => return None,
        }
        let mut index = Self::default();
        for one in fitted(mark) {
            index.set(one.key, one.value);
        }
        Some(index)
    }

    fn set(&mut self, key: &str, value: f64) -> bool {
        self.entry.set(key, value) || self.search.set(key, value)
    }

    /// Every parameter with its declaration, in a fixed order.
    #[must_use]
    pub fn list(&self) -> Vec<Entry> {
        [self.entry.list(), self.search.list()].concat()
    }

    /// Checks every bound, and that the numbers fit each other.
    ///
    /// # Errors
    /// The first parameter outside its bounds.
    pub fn check(&self) -> Result<(), ParameterError> {
        check(&self.list())?;
        let IndexEntry { rings, angles, harmonics, mask_rings, mask_harmonics, .. } = self.entry;
        let within = |key, value: usize, minimum: usize, maximum: usize| {
            let (found, least, most) = (value as f64, minimum as f64, maximum as f64);
            let refused =
                ParameterError { key, value: found, unit: "count", minimum: least, maximum: most };
            if (minimum..=maximum).contains(&value) { Ok(()) } else { Err(refused) }
        };
        let good = |number: usize| {
            let mut rest = number;
            for factor in [2, 3] {
                while rest.is_multiple_of(factor) {
                    rest /= factor;
                }
            }
            rest == 1 && number.is_multiple_of(8)
        };
        let below = |angles: usize| (1..=angles).rev().find(|angles| good(*angles)).unwrap_or(8);
        within("index_entry.angles", angles, below(angles), below(angles))?;
        // Beyond these a harmonic has the samples of a lower one.
        within("index_entry.harmonics", harmonics, 8, angles / 2 - 1)?;
        within("index_entry.mask_harmonics", mask_harmonics, 1, harmonics.min(angles / 8 - 1))?;
        let part = (1..=mask_rings).rev().find(|part| rings.is_multiple_of(*part)).unwrap_or(1);
        within("index_entry.mask_rings", mask_rings, part, part)?;
        let IndexSearch { sieve_angles, sieve_harmonics, .. } = self.search;
        let angles = below(sieve_angles);
        within("index_search.sieve_angles", sieve_angles, angles, angles)?;
        within("index_search.sieve_harmonics", sieve_harmonics, 8, sieve_angles / 2 - 1)
    }

    /// Digest of the parameters that an entry depends on: what an entry carries.
    #[must_use]
    pub fn entry_digest(&self) -> Digest {
        digest(&self.entry.list())
    }

    /// Digest of all parameters of the index.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest(&self.list())
    }
}

/// All parameters of the engine for one kind of mark. The default is the breech face's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The kind of mark.
    pub mark: MarkKind,
    /// Head to marks.
    pub segmentation: Segmentation,
    /// Form of a mark whose ground is steep or small; `None` where the ground is flat.
    pub form: Option<FormRemoval>,
    /// Surface to signature.
    pub extraction: Extraction,
    /// Signatures to pose.
    pub registration: Registration,
    /// Pose to congruent matching cells.
    pub congruent_cells: CongruentCells,
    /// Of a striated mark everything from its surface to congruent segments of its profile, in place of `form`, `extraction`,
    /// `registration` and `congruent_cells`, which are then neither used nor listed; `None` of an impressed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub striation: Option<Striation>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self::of_mark(MarkKind::BreechFace)
    }
}

impl Parameters {
    /// The defaults for a kind of mark: those of the breech face, and what was fitted to the mark.
    ///
    /// # Panics
    /// Never: a test sets every fitted parameter of every mark.
    #[must_use]
    pub fn of_mark(mark: MarkKind) -> Self {
        let mut parameters = Self {
            mark,
            segmentation: Segmentation::default(),
            form: match mark {
                MarkKind::BreechFace | MarkKind::ApertureShear => None,
                MarkKind::FiringPin | MarkKind::Ejector => Some(FormRemoval::default()),
            },
            extraction: Extraction::default(),
            registration: Registration::default(),
            congruent_cells: CongruentCells::default(),
            striation: match mark {
                MarkKind::BreechFace | MarkKind::FiringPin | MarkKind::Ejector => None,
                MarkKind::ApertureShear => Some(Striation::default()),
            },
        };
        for one in fitted(mark) {
            let form = parameters.form.as_mut();
            let striation = parameters.striation.as_mut();
            let known = form.is_some_and(|form| form.set(one.key, one.value))
                || striation.is_some_and(|striation| striation.set(one.key, one.value))
                || parameters.extraction.set(one.key, one.value)
                || parameters.registration.set(one.key, one.value)
                || parameters.congruent_cells.set(one.key, one.value)
                || Index::default().set(one.key, one.value);
            assert!(known, "{} is no parameter", one.key);
        }
        parameters
    }

    /// Every parameter with its declaration, in a fixed order.
    #[must_use]
    pub fn list(&self) -> Vec<Entry> {
        if let Some(striation) = &self.striation {
            let groups = [self.segmentation.list(), striation.list()];
            return declared_for(self.mark, groups.concat());
        }
        let groups = [
            self.segmentation.list(),
            self.form.as_ref().map(FormRemoval::list).unwrap_or_default(),
            self.extraction.list(),
            self.registration.list(),
            self.congruent_cells.list(),
        ];
        declared_for(self.mark, groups.concat())
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// The first parameter outside its bounds.
    pub fn check(&self) -> Result<(), ParameterError> {
        check(&self.list())?;
        self.striation.as_ref().map_or(Ok(()), Striation::check)
    }

    /// Digest of all parameters: what a comparison carries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest_for(self.mark, &self.list())
    }

    /// Digest of the parameters that a stored signature depends on: what a signature carries. Signatures of two kinds of
    /// mark never have the same.
    #[must_use]
    pub fn extraction_digest(&self) -> Digest {
        let of_mark = match &self.striation {
            Some(striation) => striation.list_of_profiles(),
            None => {
                let form = self.form.as_ref().map(FormRemoval::list).unwrap_or_default();
                [form, self.extraction.list()].concat()
            }
        };
        digest_for(self.mark, &[self.segmentation.list(), of_mark].concat())
    }
}

/// The entries with the defaults and sources that hold for this kind of mark.
fn declared_for(mark: MarkKind, mut entries: Vec<Entry>) -> Vec<Entry> {
    for one in fitted(mark) {
        for entry in entries.iter_mut().filter(|entry| entry.key == one.key) {
            (entry.default, entry.source) = (one.value, one.source);
        }
    }
    entries
}

/// Every entry must lie within its bounds.
fn check(entries: &[Entry]) -> Result<(), ParameterError> {
    for &Entry { key, value, unit, minimum, maximum, .. } in entries {
        if !(minimum..=maximum).contains(&value) {
            return Err(ParameterError { key, value, unit, minimum, maximum });
        }
    }
    Ok(())
}

/// SHA-256 of one line `key=value unit` a parameter.
fn digest(entries: &[Entry]) -> Digest {
    digest_for(MarkKind::BreechFace, entries)
}

/// The same after a line that names the mark, but for the breech face, which was there first.
fn digest_for(mark: MarkKind, entries: &[Entry]) -> Digest {
    use std::fmt::Write as _;
    let mut text = String::new();
    if mark != MarkKind::BreechFace {
        let _ = writeln!(text, "mark={mark}");
    }
    for Entry { key, value, unit, .. } in entries {
        let _ = writeln!(text, "{key}={value} {unit}");
    }
    Digest::of(text.as_bytes())
}

/// Twelve significant digits: the digest must not see the dust of a conversion.
fn tidy(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}
