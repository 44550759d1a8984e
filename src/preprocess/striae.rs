//! What is kept of a mark that is striated: the one profile across its striae.

use super::PreprocessError;
use crate::parameters::Striation;
use crate::striation;
use crate::surface::{Surface, Texture};
use crate::units::Length;

/// Surface to texture of one row; with it the standard deviation of the profile's heights in the pass band.
///
/// 1. [`striation::extract`](fn@striation::extract): the direction of the striae is found, and heights along them are averaged;
/// 2. [`striation::texture`]: what is neither form, noise nor loudness of that profile.
///
/// Cost: a second for a million samples.
///
/// # Errors
/// What these refuse.
pub fn extract_striae(
    surface: &Surface,
    parameters: &Striation,
) -> Result<(Texture, Length), PreprocessError> {
    // 1.
    let profile = striation::extract(surface, parameters)?.profile;
    // 2.
    Ok(striation::texture(&profile, parameters)?)
}
