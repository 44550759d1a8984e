//! How does a scan, be it of a whole head, become the signature of one of its marks?
//!
//! A scan that shows a primer's shoulder is a head: its parts are found ([`crate::segment`]) and the mark
//! that is wanted is cut out. One that shows none is cropped to its mark and taken as it is, as is a
//! reflectance image. Where the parts of a head are not sure, there is no signature: a person has to say
//! where the mark is. The one way by which the command line and the service come to signatures.

use crate::digest::Digest;
use crate::parameters::Parameters;
use crate::preprocess::PreprocessError;
use crate::segment::{SegmentError, isolate, segment};
use crate::signature::Signature;
use crate::surface::{Region, Surface};

/// Why a scan gives no signature.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum MarkError {
    /// No texture can be had from the mark.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
    /// The scan is of a head that does not show the mark.
    #[error("this is a whole head, and {0}")]
    Segment(SegmentError),
    /// The scan is of a head whose parts are not sure.
    #[error(
        "this is a whole head whose parts are not sure: found a confidence of {found:.2}, wanted at least {wanted}; \
         a person has to mask the mark"
    )]
    NotSure {
        /// The confidence, 0 to 1.
        found: f64,
        /// The least that needs no person.
        wanted: f64,
    },
}

/// The signature of a mark.
#[derive(Clone, Debug)]
pub struct Extracted {
    /// Ready to be kept or compared.
    pub signature: Signature,
    /// How sure the parts of the head were, 0 to 1; `None` where the scan was taken as it is.
    pub confidence: Option<f64>,
}

/// Scan to signature. `region` is the part that is wanted of a head; `source` the SHA-256 of the file.
///
/// Cost: that of [`Signature::extract`], and for finding the parts of a head about as much again as for
/// reading it.
///
/// # Errors
/// A head whose parts are not sure, or that does not show the wanted one; a mark without enough texture.
pub fn extract(
    surface: &Surface,
    region: Region,
    source: Digest,
    parameters: &Parameters,
) -> Result<Extracted, MarkError> {
    let segmented = match segment(surface, &parameters.segmentation) {
        Ok(segmented) => segmented,
        Err(
            SegmentError::NotTopography
            | SegmentError::NoPrimer { .. }
            | SegmentError::NotInView { .. },
        ) => {
            let signature = Signature::extract(surface, source, parameters)?;
            return Ok(Extracted { signature, confidence: None });
        }
    };
    let (found, wanted) = (segmented.confidence, parameters.segmentation.least_confidence);
    if !segmented.is_sure(&parameters.segmentation) {
        return Err(MarkError::NotSure { found, wanted });
    }
    let mark = isolate(surface, &segmented, region).map_err(MarkError::Segment)?;
    let signature = Signature::extract(&mark, source, parameters)?;
    Ok(Extracted { signature, confidence: Some(found) })
}
