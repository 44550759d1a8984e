//! What would the cases look like that firearms of known history leave behind?
//!
//! Synthetic breech-face impressions for demonstrations, tests and benchmarks with known truth. A
//! [`Simulation`] makes [`Firearm`]s, whose slides carry machined breech faces; a firearm makes
//! [`Shot`]s, each the topography of one fired primer as a laboratory would store it: cropped to the
//! primer, levelled, with the firing-pin aperture missing; and [`Head`]s, whole heads as they leave the
//! microscope. The same seed and options give the same bits
//! on every machine, and no shot depends on which others were made.
//!
//! Tuned on the Fadul and Weller studies (spectrum, rms, valid share, correlation of same-source
//! pairs). Not evidence about any real firearm, and no substitute for real data when error rates are
//! to be stated.
//!
//! All frames are the impression's, not the slide's mirror image of it.
//!
//! ```
//! use casemark::simulate::{Simulation, shot_name};
//!
//! let firearm = Simulation { seed: 42, ..Simulation::default() }.firearm(0)?;
//! let (first, second) = (firearm.shot(0), firearm.shot(1));
//! let pose = second.truth.pose_onto(&first.truth);
//! println!("{} lies on {} turned by {:.1}", shot_name(0, 1), shot_name(0, 0), pose.theta);
//! # Ok::<(), casemark::simulate::SimulationError>(())
//! ```

mod face;
mod head;
mod impression;
mod lattice;
mod options;
mod sensor;
mod shot;
mod stream;
#[cfg(test)]
mod tests;

pub use face::Firearm;
pub use head::{Head, HeadTruth};
pub(crate) use lattice::Lattice;
pub use options::{Simulation, SimulationError};
pub use shot::{Shot, Truth, shot_name};
pub(crate) use stream::{Part, Stream};
