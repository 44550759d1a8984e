//! Which numbers steer the engine, what are they, and who says so?
//!
//! Every parameter is declared once, in this file, with its unit, bounds, default and source; the
//! struct, the default, the check of bounds, the list for people ([`Parameters::list`]) and the digest
//! that results carry all come from that one line. Two groups: what changes a stored signature
//! ([`Extraction`]) and what changes only a comparison of two ([`Registration`], [`CongruentCells`]).

use crate::digest::Digest;
use crate::units::Length;
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
#[derive(Debug, thiserror::Error, PartialEq)]
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
        /// Least share of the S-filter's weight on measured samples for a sample to be kept.
        least_support: 0.5 share, 0.05..=1.0, "half the kernel: the edge of the mask stays where it was";
    }
}

/// All parameters of the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Surface to signature.
    pub extraction: Extraction,
}

impl Parameters {
    /// Every parameter with its declaration, in a fixed order.
    #[must_use]
    pub fn list(&self) -> Vec<Entry> {
        self.extraction.list()
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// The first parameter outside its bounds.
    pub fn check(&self) -> Result<(), ParameterError> {
        for Entry { key, value, unit, minimum, maximum, .. } in self.list() {
            if !(minimum..=maximum).contains(&value) {
                return Err(ParameterError { key, value, unit, minimum, maximum });
            }
        }
        Ok(())
    }

    /// Digest of all parameters: what a comparison carries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest(&self.list())
    }

    /// Digest of the parameters that a stored signature depends on: what a signature carries.
    #[must_use]
    pub fn extraction_digest(&self) -> Digest {
        digest(&self.extraction.list())
    }
}

/// SHA-256 of one line `key=value unit` a parameter.
fn digest(entries: &[Entry]) -> Digest {
    use std::fmt::Write as _;
    let mut text = String::new();
    for Entry { key, value, unit, .. } in entries {
        let _ = writeln!(text, "{key}={value} {unit}");
    }
    Digest::of(text.as_bytes())
}

/// Twelve significant digits: the digest must not see the dust of a conversion.
fn tidy(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}
