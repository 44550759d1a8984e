//! Where does the questioned surface lie on the reference?
//!
//! For registration and its explanation; not for resampling, which is `preprocess`'s.

use crate::units::{Angle, Length};
use serde::{Deserialize, Serialize};

/// A rigid movement in the plane of the surface: first a turn about the centre of the frame, then a
/// shift. As a result of a comparison it takes the *questioned* surface onto the *reference*.
///
/// With (x, y) from the centre of the questioned frame (x right, y down) and theta counter-clockwise
/// as seen, the point lies at
/// x' = x cos(theta) + y sin(theta) + dx, y' = -x sin(theta) + y cos(theta) + dy
/// from the centre of the reference's frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Shift to the right.
    pub dx: Length,
    /// Shift down.
    pub dy: Length,
    /// Counter-clockwise turn as seen.
    pub theta: Angle,
}

impl Pose {
    /// No movement.
    pub const IDENTITY: Self = Self { dx: Length::ZERO, dy: Length::ZERO, theta: Angle::ZERO };

    /// The movement that takes this one back: reference onto questioned.
    #[must_use]
    pub fn inverse(self) -> Self {
        let back = Self { dx: Length::ZERO, dy: Length::ZERO, theta: (-self.theta).wrapped() };
        let (x, y) = back.apply(-self.dx, -self.dy);
        Self { dx: x, dy: y, theta: back.theta }
    }

    /// Where a point of the questioned frame lies in the reference's, both from their centres.
    #[must_use]
    pub fn apply(self, x: Length, y: Length) -> (Length, Length) {
        let (sin, cos) = self.theta.sin_cos();
        (x * cos + y * sin + self.dx, y * cos - x * sin + self.dy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_counter_clockwise_takes_right_to_up() {
        let pose = Pose { theta: Angle::from_degrees(90.0), ..Pose::IDENTITY };
        let (x, y) = pose.apply(Length::from_metres(1.0), Length::ZERO);
        assert!(x.metres().abs() < 1e-12 && (y.metres() + 1.0).abs() < 1e-12, "{x} {y}");
    }

    #[test]
    fn the_inverse_takes_every_point_back() {
        let pose = Pose {
            dx: Length::from_micrometres(80.0),
            dy: Length::from_micrometres(-35.0),
            theta: Angle::from_degrees(27.0),
        };
        let start = (Length::from_micrometres(500.0), Length::from_micrometres(-900.0));
        let there = pose.apply(start.0, start.1);
        let back = pose.inverse().apply(there.0, there.1);
        assert!((back.0 - start.0).micrometres().abs() < 1e-9, "{} {}", back.0, start.0);
        assert!((back.1 - start.1).micrometres().abs() < 1e-9, "{} {}", back.1, start.1);
    }
}
