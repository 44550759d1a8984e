//! Where does one texture lie on another, and how alike are they there?
//!
//! [`exhaustive`] finds hypotheses over every rotation by FFT ([`masked`], [`fft`]); `refine` climbs
//! from them by plain sums ([`direct`]); [`register`] is the recipe. Useful for any two masked fields;
//! knows nothing of cells, marks or files.

pub mod direct;
pub mod exhaustive;
pub mod fft;
pub mod masked;

mod field;
mod moments;
mod peak;
mod pyramid;
mod refine;
mod registration;
mod rotate;

pub use field::Field;
pub use moments::Moments;
pub use peak::vertex;
pub use pyramid::Pyramid;
pub use registration::{Registration, correlation_near, register};
pub use rotate::transform;
