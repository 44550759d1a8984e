//! The steps of a transformation, in their order, and the words for each.

use super::{CircleWords, Mask, Rotation};
use crate::cli::args::TransformArguments;
use crate::cli::scans::height_unit;
use crate::digest::Digest;
use crate::surface::{Spacing, Surface};
use crate::transform::{
    Circle, add_noise, crop, drop_samples, keep_share, mask, mask_circles, resample,
    restate_heights, restate_spacing, rotate, tilt, translate,
};
use crate::units::{Angle, Length};
use anyhow::{Context as _, bail};

/// What is random about a scan: it depends on the seed given and the scan's name only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chance {
    seed: u64,
}

impl Chance {
    pub(super) fn of(seed: u64, name: &str) -> Self {
        let digest = Digest::of(format!("{seed} {name}").as_bytes());
        let mut seed = [0; 8];
        seed.copy_from_slice(&digest.as_bytes()[..8]);
        Self { seed: u64::from_le_bytes(seed) }
    }

    fn degrees(self, rotation: Rotation) -> f64 {
        match rotation {
            Rotation::Degrees(degrees) => degrees,
            Rotation::Random => 360.0 * ((self.seed >> 11) as f64 / (1_u64 << 53) as f64),
        }
    }
}

/// A surface, and what was done to it so far.
#[derive(Debug)]
pub(super) struct UnderWay {
    surface: Surface,
    done: Vec<String>,
}

impl UnderWay {
    pub(super) const fn new(surface: Surface) -> Self {
        Self { surface, done: Vec::new() }
    }

    pub(super) fn into_parts(self) -> (Surface, Vec<String>) {
        (self.surface, self.done)
    }

    fn step(&mut self, words: String, surface: Surface) {
        self.surface = surface;
        self.done.push(words);
    }

    /// Units put right.
    pub(super) fn restate(&mut self, arguments: &TransformArguments) -> anyhow::Result<()> {
        if let Some(um) = arguments.fix_spacing_um {
            let spacing = Spacing::square(Length::from_micrometres(um));
            let restated = restate_spacing(&self.surface, spacing).context("--fix-spacing-um")?;
            self.step(format!("spacing stated as {um} um"), restated);
        }
        if let Some(unit) = arguments.fix_height_unit {
            let unit = height_unit(unit);
            let one = Length::from_metres(1.0 / unit.per_metre());
            let restated = restate_heights(&self.surface, one).context("--fix-height-unit")?;
            self.step(format!("heights stated to be in {}", unit.symbol()), restated);
        }
        Ok(())
    }

    /// Masks.
    pub(super) fn select(
        &mut self,
        arguments: &TransformArguments,
        file: Option<&Mask>,
    ) -> anyhow::Result<()> {
        if let Some(Mask { name, keep }) = file {
            let masked = mask(&self.surface, keep).with_context(|| name.clone())?;
            self.step("masked by a picture".to_owned(), masked);
        }
        let circles = |words: &[CircleWords]| -> Vec<Circle> {
            words.iter().map(|CircleWords(circle)| *circle).collect()
        };
        let (keep, drop) = (circles(&arguments.keep_circle), circles(&arguments.drop_circle));
        if !(keep.is_empty() && drop.is_empty()) {
            let words = [("kept", &keep), ("dropped", &drop)];
            let words = words.into_iter().flat_map(|(what, circles)| {
                circles.iter().map(move |Circle { x, y, radius }| {
                    format!("{what} the circle of {radius} about {x}, {y}")
                })
            });
            let words = words.collect::<Vec<_>>().join(", ");
            self.step(words, mask_circles(&self.surface, &keep, &drop)?);
        }
        Ok(())
    }

    /// The frame, and where the surface lies in it.
    pub(super) fn move_frame(
        &mut self,
        arguments: &TransformArguments,
        chance: Chance,
    ) -> anyhow::Result<()> {
        if let Some(um) = arguments.resample_um {
            let resampled = resample(&self.surface, Length::from_micrometres(um))?;
            self.step(format!("resampled to {um} um"), resampled);
        }
        if let Some(window) = &arguments.crop {
            let [x, y, width, height] = window[..] else {
                bail!("--crop takes four numbers, found {}", window.len())
            };
            let cropped = crop(&self.surface, x, y, width, height)?;
            self.step(format!("cropped to {x}, {y}, {width}, {height}"), cropped);
        }
        if let Some(rotation) = arguments.rotate {
            let degrees = chance.degrees(rotation);
            let rotated = rotate(&self.surface, Angle::from_degrees(degrees))?;
            self.step(format!("rotated by {degrees:.4} deg"), rotated);
        }
        let (dx, dy) = (arguments.shift_x_um, arguments.shift_y_um);
        if dx.is_some() || dy.is_some() {
            let (dx, dy) = (dx.unwrap_or(0.0), dy.unwrap_or(0.0));
            let (x, y) = (Length::from_micrometres(dx), Length::from_micrometres(dy));
            self.step(format!("shifted by {dx}, {dy} um"), translate(&self.surface, x, y)?);
        }
        if let Some(degrees) = arguments.tilt {
            let towards = arguments.tilt_direction;
            let (angle, direction) = (Angle::from_degrees(degrees), Angle::from_degrees(towards));
            let tilted = tilt(&self.surface, angle, direction)?;
            self.step(format!("tilted by {degrees} deg towards {towards} deg"), tilted);
        }
        Ok(())
    }

    /// Harm on purpose.
    pub(super) fn harm(
        &mut self,
        arguments: &TransformArguments,
        chance: Chance,
    ) -> anyhow::Result<()> {
        let seed = chance.seed;
        if let Some(share) = arguments.keep {
            let degrees = chance.degrees(arguments.keep_direction);
            let kept = keep_share(&self.surface, share, Angle::from_degrees(degrees))?;
            self.step(format!("cut to {share} of it towards {degrees:.4} deg"), kept);
        }
        if let Some(share) = arguments.drop {
            let dropped = drop_samples(&self.surface, share, seed)?;
            let words = format!("{share} of the samples dropped (seed {})", arguments.seed);
            self.step(words, dropped);
        }
        if let Some(share) = arguments.noise {
            let noisy = add_noise(&self.surface, share, seed)?;
            let words = format!("noise of {share} deviations added (seed {})", arguments.seed);
            self.step(words, noisy);
        }
        Ok(())
    }
}
