//! What is a score worth, how sure is that, and how often is it wrong?
//!
//! Numbers only: labelled comparisons ([`Scored`]) come in, and nothing here knows what a surface is. [`Method::fit`] makes a
//! [`Model`] that gives log10 of a likelihood ratio; [`Bounds`] keep it to what the data support, [`Bootstrap`] gives its
//! interval, [`Folds`] try it on sources it has not seen, [`Labelled`] measures how good it was, [`Support`] says it in words,
//! and [`ChanceModel`] says how many references reach a score by chance.
//!
//! A likelihood ratio holds for the population that its pairs came from. It says how strongly findings support one
//! proposition over the other; which of them is true is for those who know the rest of the case.

mod beta_binomial;
mod binomial;
mod bootstrap;
mod bounds;
mod chance;
mod cost;
mod counts;
mod density;
mod draw;
mod folds;
mod interval;
mod labelled;
mod logistic;
mod model;
mod monotone;
mod ranks;
mod rates;
mod scored;
mod verbal;

pub use beta_binomial::BetaBinomial;
pub use binomial::Binomial;
pub use bootstrap::{Bootstrap, BootstrapError, Models};
pub use bounds::{BoundReached, Bounds};
pub use chance::{ChanceCandidates, ChanceModel};
#[cfg(feature = "validation")]
pub(crate) use cost::bits;
pub use cost::{Cost, CrossEntropy};
pub use counts::{CountDistribution, CountModel};
pub use density::DensityModel;
pub use folds::{FoldError, Folds, Split};
pub use interval::Interval;
pub use labelled::{ErrorRates, Labelled, LabelledError, OperatingPoint, TippettPoint};
pub use logistic::LogisticModel;
pub use model::{FitError, Method, Model};
pub use monotone::{IsotonicModel, Score};
pub use ranks::{RankPoint, rank_curve};
pub use rates::{ErrorRate, RateError};
pub use scored::{Features, Sample, SampleError, Scored, Truth};
pub use verbal::{Proposition, Strength, Support};
