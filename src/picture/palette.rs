//! Which colour has a height?
//!
//! Viridis (van der Walt and Smith 2015, released as CC0): equal steps of height are equal steps to the
//! eye, and lightness only rises, so that it can be read by every kind of colour vision and in grey
//! print. Not for regions, which are kinds and not amounts.

use super::canvas::Colour;
use image::Rgb;

/// Every seventeenth of viridis's 256 colours: red, green, blue.
const VIRIDIS: [[f64; 3]; 16] = [
    [0.267_004, 0.004_874, 0.329_415],
    [0.282_656, 0.100_196, 0.422_160],
    [0.277_134, 0.185_228, 0.489_898],
    [0.253_935, 0.265_254, 0.529_983],
    [0.221_989, 0.339_161, 0.548_752],
    [0.190_631, 0.407_061, 0.556_089],
    [0.163_625, 0.471_133, 0.558_148],
    [0.139_147, 0.533_812, 0.555_298],
    [0.120_565, 0.596_422, 0.543_611],
    [0.134_692, 0.658_636, 0.517_649],
    [0.208_030, 0.718_701, 0.472_873],
    [0.327_796, 0.773_980, 0.406_640],
    [0.477_504, 0.821_444, 0.318_195],
    [0.647_257, 0.858_400, 0.209_861],
    [0.824_940, 0.884_720, 0.106_217],
    [0.993_248, 0.906_157, 0.143_936],
];

/// The colour at a share from 0 (lowest) to 1 (highest) of a range; beyond it, that of its end.
pub(super) fn viridis(share: f64) -> Colour {
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let along = place - below as f64;
    let level = |index: usize| {
        let mixed = VIRIDIS[below][index] * (1.0 - along) + VIRIDIS[below + 1][index] * along;
        (mixed * 255.0).round() as u8
    };
    Rgb([level(0), level(1), level(2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lightness L* (CIE 1976) of an sRGB colour.
    fn lightness(colour: Colour) -> f64 {
        let linear = colour.0.map(|level| {
            let level = f64::from(level) / 255.0;
            if level <= 0.04045 { level / 12.92 } else { libm::pow((level + 0.055) / 1.055, 2.4) }
        });
        let luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        116.0 * libm::cbrt(luminance) - 16.0
    }

    #[test]
    fn lightness_rises_evenly_from_dark_to_light() {
        let steps = 64;
        let levels: Vec<f64> = (0..=steps)
            .map(|step| lightness(viridis(f64::from(step) / f64::from(steps))))
            .collect();
        assert!(levels.is_sorted(), "{levels:?}");
        let (first, last) = (levels[0], levels[levels.len() - 1]);
        assert!(first < 20.0 && last > 85.0, "from {first} to {last}");
        let even = (last - first) / f64::from(steps);
        for pair in levels.windows(2) {
            // Levels of 8 bits are about 0.4 of L* each.
            let step = pair[1] - pair[0];
            assert!(step > 0.3 * even && step < 1.9 * even, "a step of {step}, even is {even}");
        }
    }

    #[test]
    fn the_ends_are_those_of_the_published_table_and_hold_beyond() {
        assert_eq!(viridis(0.0), Rgb([68, 1, 84]));
        assert_eq!(viridis(1.0), Rgb([253, 231, 37]));
        // Between two points of our table: entry 128 of the published one is (0.127568, 0.566949, 0.550556).
        let middle = viridis(128.0 / 255.0).0.map(f64::from);
        for (found, wanted) in middle.into_iter().zip([0.127_568, 0.566_949, 0.550_556]) {
            assert!((found / 255.0 - wanted).abs() < 0.01, "{found}, wanted {wanted}");
        }
        assert_eq!((viridis(-3.0), viridis(7.0)), (viridis(0.0), viridis(1.0)));
    }
}
