//! What is a length, what is an angle, and how are they written in the units that people use?
//!
//! Inside the engine lengths are metres and angles radians, as `f64` behind a type of their own. The
//! conversions to micrometres and degrees live here and nowhere else. For everyone; not for heights
//! within a surface, which are plain metres by the contract of [`crate::surface::Surface`].

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

/// A length, in metres.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Length(f64);

impl Length {
    /// A length of nothing.
    pub const ZERO: Self = Self(0.0);

    /// From metres.
    #[must_use]
    pub const fn from_metres(metres: f64) -> Self {
        Self(metres)
    }

    /// From micrometres (1e-6 m).
    #[must_use]
    pub const fn from_micrometres(micrometres: f64) -> Self {
        // Division by a power of ten rounds to the double nearest the decimal, as a parser would.
        Self(micrometres / 1e6)
    }

    /// In metres.
    #[must_use]
    pub const fn metres(self) -> f64 {
        self.0
    }

    /// In micrometres.
    #[must_use]
    pub const fn micrometres(self) -> f64 {
        self.0 * 1e6
    }

    /// How many of `other` this length is.
    #[must_use]
    pub const fn ratio(self, other: Self) -> f64 {
        self.0 / other.0
    }
}

impl Add for Length {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Length {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Length {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<f64> for Length {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self(self.0 * factor)
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match f.precision() {
            Some(precision) => write!(f, "{:.precision$} um", self.micrometres()),
            None => write!(f, "{} um", round_to_digits(self.micrometres())),
        }
    }
}

/// An angle, in radians, counter-clockwise as seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Angle(f64);

impl Angle {
    /// No angle.
    pub const ZERO: Self = Self(0.0);

    /// From radians.
    #[must_use]
    pub const fn from_radians(radians: f64) -> Self {
        Self(radians)
    }

    /// From degrees.
    #[must_use]
    pub const fn from_degrees(degrees: f64) -> Self {
        Self(degrees * (std::f64::consts::PI / 180.0))
    }

    /// In radians.
    #[must_use]
    pub const fn radians(self) -> f64 {
        self.0
    }

    /// In degrees.
    #[must_use]
    pub const fn degrees(self) -> f64 {
        self.0 * (180.0 / std::f64::consts::PI)
    }

    /// The same direction in (-180, 180] degrees.
    #[must_use]
    pub fn wrapped(self) -> Self {
        use std::f64::consts::{PI, TAU};
        let turned = self.0.rem_euclid(TAU);
        Self(if turned > PI { turned - TAU } else { turned })
    }

    /// Sine and cosine, the same bits on every machine.
    #[must_use]
    pub fn sin_cos(self) -> (f64, f64) {
        libm::sincos(self.0)
    }
}

impl Add for Angle {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Angle {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Angle {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<f64> for Angle {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self(self.0 * factor)
    }
}

impl fmt::Display for Angle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match f.precision() {
            Some(precision) => write!(f, "{:.precision$} deg", self.degrees()),
            None => write!(f, "{} deg", round_to_digits(self.degrees())),
        }
    }
}

/// Twelve significant digits: enough for any quantity here, and free of conversion dust.
fn round_to_digits(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn micrometres_and_degrees_survive_the_way_there_and_back() {
        for value in [0.1, 6.25, 12.5, 450.0, 1e4] {
            let back = Length::from_micrometres(value).micrometres();
            assert!((back - value).abs() <= 1e-12 * value, "{value} became {back}");
            let back = Angle::from_degrees(value).degrees();
            assert!((back - value).abs() <= 1e-12 * value, "{value} became {back}");
        }
        assert_eq!(Length::from_micrometres(6.25).to_string(), "6.25 um");
        assert_eq!(Angle::from_degrees(3.0).to_string(), "3 deg");
    }

    #[test]
    fn wrapping_keeps_the_direction_in_a_half_open_turn() {
        for (degrees, wrapped) in [(0.0, 0.0), (180.0, 180.0), (-180.0, 180.0), (359.0, -1.0)] {
            let got = Angle::from_degrees(degrees).wrapped().degrees();
            assert!((got - wrapped).abs() < 1e-9, "{degrees} became {got}, wanted {wrapped}");
        }
    }
}
