//! Which round numbers stand at an axis, and which length at a scale bar?

use crate::units::Length;

/// The greatest of 1, 2 and 5 times a power of ten that is at most this positive number.
pub(super) fn round_down(number: f64) -> f64 {
    let mut power = 1.0;
    while power > number {
        power /= 10.0;
    }
    while power * 10.0 <= number {
        power *= 10.0;
    }
    // A trillionth forgives the rounding of the powers.
    [5.0, 2.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|&round| round <= number * (1.0 + 1e-12))
        .unwrap_or(power)
}

/// Places of an axis, in its unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    step: f64,
    first: i64,
    last: i64,
}

impl Ticks {
    /// Multiples of a round step within a range, about `most` of them and no more; none in a range
    /// that is none.
    pub(super) fn within(low: f64, high: f64, most: usize) -> Self {
        let span = high - low;
        // Beyond these powers of ten are not exact, and no surface is.
        if !(1e-100..1e100).contains(&span) {
            return Self { step: 1.0, first: 1, last: 0 };
        }
        let mut step = round_down(span / most.max(1) as f64);
        // The next round steps are at most 2.5 times as large.
        while span / step > most.max(1) as f64 {
            step = round_down(step * 2.5 * (1.0 + 1e-9));
        }
        // A millionth of a step forgives rounding.
        let first = (low / step - 1e-6).ceil() as i64;
        let last = (high / step + 1e-6).floor() as i64;
        Self { step, first, last }
    }

    /// Each place with what is written there.
    pub(super) fn labelled(&self) -> impl Iterator<Item = (f64, String)> {
        let mut decimals = 0;
        let mut unit = 1.0;
        while unit > self.step * (1.0 + 1e-9) && decimals < 9 {
            unit /= 10.0;
            decimals += 1;
        }
        let step = self.step;
        (self.first..=self.last).map(move |index| {
            let place = index as f64 * step;
            (place, format!("{place:.decimals$}"))
        })
    }
}

/// The greatest round length that is at most this one, in words: micrometres below a tenth of a
/// millimetre. None for what is below a nanometre
/// or no length of a surface.
pub(super) fn scale_bar(longest: Length) -> Option<(Length, String)> {
    let metres = longest.metres();
    if !(1e-9..1e9).contains(&metres) {
        return None;
    }
    // In nanometres a round length is a whole number.
    let nanometres = round_down(metres * 1e9 * (1.0 + 1e-12));
    let words = if nanometres >= 1e5 {
        format!("{} mm", nanometres / 1e6)
    } else if nanometres >= 1e3 {
        format!("{} \u{b5}m", nanometres / 1e3)
    } else {
        format!("{nanometres} nm")
    };
    Some((Length::from_metres(nanometres / 1e9), words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_numbers_are_the_nearest_below() {
        for (number, wanted) in [
            (1.0, 1.0),
            (1.99, 1.0),
            (2.0, 2.0),
            (4.999, 2.0),
            (5.0, 5.0),
            (9.99, 5.0),
            (1e4, 1e4),
            (0.3, 0.2),
            (0.05, 0.05),
        ] {
            let found = round_down(number);
            assert!((found - wanted).abs() < 1e-9 * wanted, "{number}: {found}, wanted {wanted}");
        }
    }

    #[test]
    fn a_scale_bar_is_as_long_as_it_says() {
        for (longest, micrometres, wanted) in [
            (1234.0, 1000.0, "1 mm"),
            (640.0, 500.0, "0.5 mm"),
            (100.0, 100.0, "0.1 mm"),
            (99.0, 50.0, "50 \u{b5}m"),
            (1.0, 1.0, "1 \u{b5}m"),
            (0.4, 0.2, "200 nm"),
            (30_000.0, 20_000.0, "20 mm"),
        ] {
            let (length, words) = scale_bar(Length::from_micrometres(longest)).unwrap();
            assert_eq!(words, wanted);
            assert!((length.micrometres() - micrometres).abs() < 1e-9 * micrometres, "{length}");
        }
        assert_eq!(scale_bar(Length::from_metres(1e-10)), None);
        assert_eq!(scale_bar(Length::from_metres(f64::NAN)), None);
        assert_eq!(scale_bar(Length::from_metres(f64::MAX)), None);
    }

    #[test]
    fn ticks_are_few_round_and_within() {
        let written = |low, high, most| -> Vec<String> {
            Ticks::within(low, high, most).labelled().map(|(_, text)| text).collect()
        };
        assert_eq!(written(-1.3, 2.2, 5), ["-1", "0", "1", "2"]);
        assert_eq!(written(0.0, 1.0, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(written(-0.03, 0.05, 4), ["-0.02", "0.00", "0.02", "0.04"]);
        assert_eq!(written(990.0, 3400.0, 3), ["1000", "2000", "3000"]);
        for (low, high) in [(0.0, 0.0), (1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert!(written(low, high, 5).is_empty(), "{low} to {high}");
        }
        for most in 1..12 {
            for span in [0.7, 1.0, 3.3, 480.0] {
                let count = Ticks::within(-span / 3.0, span, most).labelled().count();
                assert!(count <= most + 1, "{count} ticks, wanted about {most}");
            }
        }
    }
}
