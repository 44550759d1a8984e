//! Can a scan of a cartridge case have this size?
//!
//! ISO 25178-72 states lengths in metres, and some converters write micrometres. A number alone cannot
//! tell which, but the object can: the head of the largest cartridge in common use (.50 BMG) is 20.4 mm
//! wide, and no instrument that resolves tool marks samples coarser than 0.1 mm or finer than 1 nm. So
//! a spacing outside [[`FINEST`], [`COARSEST`]] or a frame above [`WIDEST`] is refused; where the same
//! number in micrometres would be believed, the error says so. Nothing is converted unless the caller
//! states it. Heights are checked by their range in the same way.

use super::error::FormatError;
use super::options::{LengthUnit, Plausibility, SpacingUnit};
use crate::surface::{Kind, Spacing, Surface};
use crate::units::Length;

/// Finest spacing that is believed.
pub const FINEST: Length = Length::from_metres(1e-9);
/// Coarsest spacing that is believed.
pub const COARSEST: Length = Length::from_metres(1e-4);
/// Widest frame, and deepest range of heights, that is believed.
pub const WIDEST: Length = Length::from_metres(0.05);
/// Least range of heights that is believed once the caller has said that they are micrometres.
pub const SHALLOWEST: Length = Length::from_metres(1e-9);

/// The unit of a file that states this spacing along x and y, as far as the caller leaves it open.
pub(super) fn length_unit(
    stated: SpacingUnit,
    (x, y): (f64, f64),
    (rows, columns): (usize, usize),
) -> LengthUnit {
    let fits =
        |unit: LengthUnit| believable(unit.length(x), columns) && believable(unit.length(y), rows);
    match stated {
        SpacingUnit::AsWritten => LengthUnit::Metres,
        SpacingUnit::Micrometres => LengthUnit::Micrometres,
        SpacingUnit::Either if fits(LengthUnit::Micrometres) => LengthUnit::Micrometres,
        SpacingUnit::Either => LengthUnit::Metres,
    }
}

/// Checks a spacing, in metres, against a number of samples: finite and positive always, the size of a
/// cartridge case where that is asked for.
pub(super) fn check_spacing(
    spacing: Spacing,
    (rows, columns): (usize, usize),
    plausibility: Plausibility,
    assumed: LengthUnit,
) -> Result<(), FormatError> {
    for (axis, length, count) in [("x", spacing.x, columns), ("y", spacing.y, rows)] {
        let metres = length.metres();
        if !(metres.is_finite() && metres > 0.0) {
            return Err(FormatError::SpacingNotPositive { axis, metres });
        }
        if plausibility == Plausibility::Any || believable(length, count) {
            continue;
        }
        let frame = frame(length, count).metres();
        let in_micrometres = Length::from_micrometres(metres);
        return Err(match assumed {
            LengthUnit::Metres if believable(in_micrometres, count) => {
                FormatError::SpacingNotMetres { axis, metres, frame }
            }
            LengthUnit::Metres => FormatError::SpacingImplausible { axis, metres, frame },
            LengthUnit::Micrometres => {
                FormatError::SpacingNotMicrometres { axis, written: metres * 1e6, metres, frame }
            }
        });
    }
    Ok(())
}

/// Checks a spacing that the caller gave for an image.
pub(super) fn check_given(spacing: Spacing, plausibility: Plausibility) -> Result<(), FormatError> {
    for (axis, length) in [("x", spacing.x), ("y", spacing.y)] {
        let (metres, frame) = (length.metres(), length.metres());
        if !(metres.is_finite() && metres > 0.0) {
            return Err(FormatError::SpacingNotPositive { axis, metres });
        }
        if plausibility == Plausibility::CartridgeCase && !believable(length, 2) {
            return Err(FormatError::SpacingImplausible { axis, metres, frame });
        }
    }
    Ok(())
}

/// Checks the range of the heights of a topography.
pub(super) fn check_heights(
    surface: &Surface,
    plausibility: Plausibility,
    assumed: LengthUnit,
) -> Result<(), FormatError> {
    if plausibility == Plausibility::Any || surface.kind() != Kind::Topography {
        return Ok(());
    }
    let valid = surface.heights().iter().zip(surface.mask()).filter(|&(_, &valid)| valid);
    let (lowest, highest) = valid
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (&z, _)| (low.min(z), high.max(z)));
    let range = highest - lowest;
    if range > WIDEST.metres() {
        return Err(FormatError::HeightsNotMetres { range });
    }
    // A plane is as flat in one unit as in the other.
    let shallow = range > 0.0 && range < SHALLOWEST.metres();
    if assumed == LengthUnit::Micrometres && shallow {
        return Err(FormatError::HeightsNotMicrometres { range });
    }
    Ok(())
}

fn frame(spacing: Length, count: usize) -> Length {
    spacing * count.saturating_sub(1) as f64
}

fn believable(spacing: Length, count: usize) -> bool {
    spacing >= FINEST && spacing <= COARSEST && frame(spacing, count) <= WIDEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(metres: f64, count: usize, assumed: LengthUnit) -> Result<(), FormatError> {
        let spacing = Spacing::square(Length::from_metres(metres));
        check_spacing(spacing, (count, count), Plausibility::CartridgeCase, assumed)
    }

    #[test]
    fn metres_are_believed_where_a_cartridge_case_fits() {
        for (metres, count) in [(6.25e-6, 545), (7.4e-6, 3076), (8.7e-7, 924), (1.25e-5, 2000)] {
            assert!(check(metres, count, LengthUnit::Metres).is_ok(), "{metres} x {count}");
        }
    }

    #[test]
    fn micrometres_written_as_metres_are_named_as_such() {
        let error = check(7.37364, 769, LengthUnit::Metres).unwrap_err();
        assert!(matches!(error, FormatError::SpacingNotMetres { axis: "x", .. }), "{error}");
        assert!(error.to_string().contains("--spacing-unit um"), "{error}");
    }

    #[test]
    fn a_size_that_fits_in_no_unit_is_not_excused() {
        for metres in [500.0, 1e-12] {
            let error = check(metres, 500, LengthUnit::Metres).unwrap_err();
            assert!(matches!(error, FormatError::SpacingImplausible { .. }), "{error}");
        }
    }

    #[test]
    fn heights_must_be_in_the_unit_of_the_spacing() {
        let check = |factor: f64, assumed| {
            let spacing = Spacing::square(Length::from_micrometres(6.25));
            let heights = ndarray::array![[factor, 3.0 * factor, 2.0 * factor]];
            let surface = Surface::from_finite(heights, spacing, Kind::Topography).unwrap();
            check_heights(&surface, Plausibility::CartridgeCase, assumed)
        };
        assert!(check(1e-6, LengthUnit::Metres).is_ok());
        assert!(check(1e-6, LengthUnit::Micrometres).is_ok());
        assert!(check(0.0, LengthUnit::Micrometres).is_ok());
        let error = check(10.0, LengthUnit::Metres).unwrap_err();
        assert!(matches!(error, FormatError::HeightsNotMetres { .. }), "{error}");
        let error = check(1e-12, LengthUnit::Micrometres).unwrap_err();
        assert!(matches!(error, FormatError::HeightsNotMicrometres { .. }), "{error}");
    }

    #[test]
    fn metres_called_micrometres_are_refused() {
        let error = check(6.25e-12, 545, LengthUnit::Micrometres).unwrap_err();
        assert!(matches!(error, FormatError::SpacingNotMicrometres { .. }), "{error}");
    }

    #[test]
    fn either_unit_is_the_only_one_that_fits() {
        let unit = |spacing| length_unit(SpacingUnit::Either, (spacing, spacing), (545, 545));
        for (spacing, wanted) in [
            (6.25e-6, LengthUnit::Metres),
            (7.37, LengthUnit::Micrometres),
            // The finest and the coarsest of each.
            (1e-9, LengthUnit::Metres),
            (9e-5, LengthUnit::Metres),
            (1e-3, LengthUnit::Micrometres),
            (90.0, LengthUnit::Micrometres),
            // Neither, and refused as what it says.
            (500.0, LengthUnit::Metres),
        ] {
            assert_eq!(unit(spacing), wanted, "{spacing}");
        }
        // Both axes, or none.
        let mixed = length_unit(SpacingUnit::Either, (6.25e-6, 6.25), (545, 545));
        assert_eq!(mixed, LengthUnit::Metres);
    }
}
