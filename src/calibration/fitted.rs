//! A model that was chosen, with the bounds of what it may say.

use super::choose::{Trial, choose};
use super::{CalibrationError, CalibrationSettings};
use crate::statistics::{Bounds, Features, Labelled, Method, Model, Sample, Scored};

/// A model with its bounds: what a calibration is without population and intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// How the model was made.
    pub method: Method,
    /// What every method that was tried cost on sources that it had not seen.
    pub trials: Vec<Trial>,
    /// Bounds of log10 of the likelihood ratio.
    pub bounds: Bounds,
    pub(super) model: Model,
}

impl Fitted {
    /// Chooses the method, fits it to all comparisons and bounds it by what it said of sources it had not seen. Where there
    /// are too few sources to hold any out, it is the plainest, bounded by what it says of its own.
    ///
    /// # Errors
    /// Too few sources, or comparisons that no model fits.
    pub fn new(
        scored: &[Scored],
        settings: &CalibrationSettings,
    ) -> Result<Self, CalibrationError> {
        let sample = Sample::new(scored)?;
        match choose(scored, settings) {
            Ok(choice) => {
                let model = choice.method.fit_sample(&sample)?;
                let bounds = Bounds::empirical(&choice.held_out);
                Ok(Self { method: choice.method, trials: choice.trials, bounds, model })
            }
            Err(CalibrationError::TooFewSources { .. }) => {
                let method = settings.method.unwrap_or(Method::BetaBinomial);
                let model = method.fit_sample(&sample)?;
                let features: Vec<Features> = scored.iter().map(|one| one.features).collect();
                let known = scored.iter().map(|one| one.truth).zip(model.log10_lrs(&features));
                let bounds = Bounds::empirical(&Labelled::from_pairs(known)?);
                Ok(Self { method, trials: Vec::new(), bounds, model })
            }
            Err(error) => Err(error),
        }
    }

    /// log10 of the likelihood ratios, within the bounds.
    #[must_use]
    pub fn log10_lrs(&self, features: &[Features]) -> Vec<f64> {
        let ratios = self.model.log10_lrs(features);
        ratios.into_iter().map(|ratio| self.bounds.apply(ratio).0).collect()
    }
}
