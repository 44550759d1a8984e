//! Which world is simulated, and which worlds cannot be?
//!
//! The options of a [`Simulation`], their defaults and bounds. All but the seed are declared once, in
//! the table below; what they do is in [`super::face`] (slides), [`super::impression`] (shots)
//! and [`super::head`] (whole heads).

use super::face::Firearm;
use crate::units::{Angle, Length};
use serde::{Deserialize, Serialize};

/// An option outside its bounds.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SimulationError {
    /// One number is outside its own bounds.
    #[error("simulation option {key} is {value} {unit}, wanted {minimum} to {maximum} {unit}")]
    OutOfBounds {
        /// Which.
        key: &'static str,
        /// What was found.
        value: f64,
        /// Unit of all three.
        unit: &'static str,
        /// Least allowed.
        minimum: f64,
        /// Greatest allowed.
        maximum: f64,
    },
    /// The aperture would leave next to nothing of the primer.
    #[error(
        "an aperture of {aperture} leaves too little of a primer of {primer}, wanted at most 0.9 of it"
    )]
    ApertureTooLarge {
        /// Diameter of the aperture.
        aperture: Length,
        /// Diameter of the primer.
        primer: Length,
    },
}

macro_rules! options {
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
    ($($(#[doc = $doc:literal])+ $name:ident: $default:literal $unit:ident, $minimum:literal..=$maximum:literal;)+) => {
        /// A reproducible world of firearms: a seed and how its cases are made and measured.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Simulation {
            /// Same seed and options, same bits. Default 0.
            pub seed: u64,
            $(
                $(#[doc = $doc])+
                #[doc = concat!("\nDefault ", $default, " ", stringify!($unit), ", from ", $minimum, " to ", $maximum, ".")]
                pub $name: options!(@type $unit),
            )+
        }

        impl Default for Simulation {
            fn default() -> Self {
                Self { seed: 0, $($name: options!(@make $unit, $default),)+ }
            }
        }

        impl Simulation {
            /// Checks every bound.
            ///
            /// # Errors
            /// The first option outside its bounds, or an aperture too large for the primer.
            pub fn check(&self) -> Result<(), SimulationError> {
                $({
                    // Bounds are inclusive, a conversion's dust is not to break them.
                    const DUST: f64 = 1e-9;
                    let value = options!(@number $unit, self.$name);
                    let (minimum, maximum) = (f64::from($minimum), f64::from($maximum));
                    if !(minimum - DUST..=maximum + DUST).contains(&value) {
                        let unit = options!(@unit $unit);
                        let key = stringify!($name);
                        return Err(SimulationError::OutOfBounds { key, value, unit, minimum, maximum });
                    }
                })+
                let (aperture, primer) = (self.aperture_diameter, self.primer_diameter);
                if aperture.ratio(primer) > 0.9 {
                    return Err(SimulationError::ApertureTooLarge { aperture, primer });
                }
                Ok(())
            }
        }
    };
}

options! {
    /// Sample distance of the surfaces, along both axes.
    spacing: 6.25 um, 3.0..=50.0;
    /// Diameter of the impressed part of the primer, which the frame is cropped to.
    primer_diameter: 3480.0 um, 500.0..=6000.0;
    /// Diameter of the hole that the firing-pin aperture leaves.
    aperture_diameter: 2580.0 um, 0.0..=5000.0;
    /// Greatest relative deviation of both diameters, by firearm and by shot.
    diameter_spread: 0.04 share, 0.0..=0.2;
    /// Greatest distance from the aperture's centre to where a firearm's primers lie on average.
    aperture_offset: 350.0 um, 0.0..=1000.0;
    /// Rms height of an impression, on average over firearms.
    height_rms: 1.75 um, 0.1..=20.0;
    /// Number of consecutive firearms whose slides were machined with the same tool.
    subclass_group: 5 count, 1.0..=1e9;
    /// Share of the breech face's variance that the slides of a group have in common.
    subclass_share: 0.35 share, 0.0..=1.0;
    /// Share of the breech face's variance that each shot replaces by new marks.
    wear: 0.0005 share, 0.0..=0.1;
    /// Share of an impression's variance that is the primer's own texture, on average over shots.
    shot_variation: 0.12 share, 0.0..=0.95;
    /// Share of the primer that is not fully pressed onto the breech face, on average over shots.
    contact_loss: 0.15 share, 0.0..=0.9;
    /// Plastic smoothing: standard deviation of the Gaussian over which the primer's metal follows the breech face.
    smoothing: 4.0 um, 0.0..=50.0;
    /// Rms of the smooth distortion of each shot within its plane.
    distortion: 4.0 um, 0.0..=50.0;
    /// Shots lie at any angle within this range, centred on none.
    rotation_range: 360.0 deg, 0.0..=360.0;
    /// Greatest distance of a shot's primer from where the firearm's primers lie on average.
    shift: 150.0 um, 0.0..=500.0;
    /// Rms noise of the measurement.
    noise: 0.35 um, 0.0..=5.0;
    /// Share of samples lost in specks, beside those lost on slopes.
    dropout: 0.003 share, 0.0..=0.5;
    /// Share of samples with a wrong height (spikes).
    outliers: 0.0002 share, 0.0..=0.1;
    /// Rms of what levelling left of tilt and curvature.
    residual_form: 0.15 um, 0.0..=100.0;
    /// Width of the frame of a whole head.
    head_width: 5670.0 um, 2000.0..=12000.0;
    /// Height of the frame of a whole head.
    head_height: 5520.0 um, 2000.0..=12000.0;
    /// Greatest distance of a whole head's primer from the middle of its frame, along both axes.
    head_shift: 200.0 um, 0.0..=2000.0;
    /// Share of whole heads that lie so that part of the primer is beyond the frame.
    cropped: 0.1 share, 0.0..=1.0;
    /// Greatest slope of a whole head on the stage.
    head_tilt: 0.04 share, 0.0..=0.2;
    /// Greatest height of the bowl that the instrument makes of a whole head's frame.
    head_bowl: 15.0 um, 0.0..=200.0;
    /// Mean depth of the groove about the primer, below its flat.
    groove_depth: 250.0 um, 20.0..=1000.0;
    /// Mean depth of the firing pin's impression, below the flowback around it.
    pin_depth: 260.0 um, 10.0..=800.0;
    /// Mean height of the metal in the aperture above the primer's flat.
    flowback_height: 45.0 um, 0.0..=200.0;
    /// Share of firearms whose barrel tips and so shears the flowback.
    sheared: 0.5 share, 0.0..=1.0;
    /// Mean depth of the head's stamped letters.
    headstamp_depth: 50.0 um, 0.0..=300.0;
    /// Mean slope that the instrument no longer measures on a whole head.
    steepest: 1.6 share, 0.1..=20.0;
}

impl Simulation {
    /// The firearm of this index, its breech face made: about 80 milliseconds at the default size.
    ///
    /// # Errors
    /// As [`Simulation::check`].
    pub fn firearm(&self, index: usize) -> Result<Firearm, SimulationError> {
        self.check()?;
        Ok(Firearm::machine(self, index))
    }
}
