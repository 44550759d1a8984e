//! A model that was chosen, with the bounds of what it may say.

use super::choose::{Trial, choose};
use super::{CalibrationError, CalibrationSettings};
use crate::statistics::{Bounds, Features, Labelled, LabelledError, Method, Model, Sample, Scored};

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
                let bounds = supported(&model, scored)?;
                Ok(Self { method, trials: Vec::new(), bounds, model })
            }
            Err(error) => Err(error),
        }
    }

    /// log10 of the likelihood ratios, within the bounds.
    #[must_use]
    pub fn log10_lrs(&self, features: &[Features]) -> Vec<f64> {
        within(&self.bounds, &self.model, features)
    }
}

/// log10 of the likelihood ratios that a model gives, within bounds.
pub(super) fn within(bounds: &Bounds, model: &Model, features: &[Features]) -> Vec<f64> {
    model.log10_lrs(features).into_iter().map(|ratio| bounds.apply(ratio).0).collect()
}

/// The bounds that a model's ratios of known pairs support.
pub(super) fn supported(model: &Model, known: &[Scored]) -> Result<Bounds, LabelledError> {
    let features: Vec<Features> = known.iter().map(|one| one.features).collect();
    let ratios = known.iter().map(|one| one.truth).zip(model.log10_lrs(&features));
    Ok(Bounds::empirical(&Labelled::from_pairs(ratios)?))
}
