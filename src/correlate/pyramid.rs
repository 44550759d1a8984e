//! One texture at the three spacings of the coarse-to-fine search.

use super::field::Field;
use crate::filter::coarsen;
use crate::parameters::Registration;
use crate::surface::Texture;

/// Fine, middle and coarse fields of one texture; made once, compared often.
#[derive(Clone, Debug)]
pub struct Pyramid {
    /// At the signature's own spacing: cells, and the score.
    pub fine: Field,
    /// For the local search about a hypothesis.
    pub middle: Field,
    /// For the exhaustive search.
    pub coarse: Field,
}

impl Pyramid {
    /// Low-passes the texture twice. Cost: under 1 ms for 300 by 300 samples.
    #[must_use]
    pub fn new(texture: Texture, parameters: &Registration) -> Self {
        let least = parameters.least_support;
        let middle = coarsen(&texture, parameters.middle_spacing, parameters.middle_cutoff, least);
        let coarse = coarsen(&texture, parameters.coarse_spacing, parameters.coarse_cutoff, least);
        Self { fine: Field::new(texture), middle: Field::new(middle), coarse: Field::new(coarse) }
    }
}
