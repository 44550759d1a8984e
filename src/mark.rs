//! How does a scan, be it of a whole head, become the signature of one of its marks?
//!
//! A scan that shows a primer's shoulder is a head: its parts are found ([`crate::segment`]) and the mark
//! that is wanted is cut out. One that shows none is cropped to its mark and taken as it is; the same goes for
//! a reflectance image, by the rim and the aperture that it shows. Where the parts of a head are not sure, there is no signature: a person has to say
//! where the mark is. The one way by which the command line and the service come to signatures.

use crate::digest::Digest;
use crate::parameters::{Parameters, Segmentation};
use crate::preprocess::PreprocessError;
use crate::segment::{SegmentError, isolate, segment};
use crate::signature::Signature;
use crate::surface::{Region, Surface};
use std::borrow::Cow;

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

/// The surface of a mark.
#[derive(Clone, Debug)]
pub struct Mark<'a> {
    /// Cut out of its head, or the scan as it is.
    pub surface: Cow<'a, Surface>,
    /// What is said of the head; `None` where the scan was taken as it is.
    pub head: Option<Head>,
}

/// What is said of a whole head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Head {
    /// How sure its parts are, 0 to 1.
    pub confidence: f64,
    /// Share of the primer's circumference in view, 0 to 1.
    pub in_view: f64,
}

/// The signature of a mark.
#[derive(Clone, Debug)]
pub struct Extracted {
    /// Ready to be kept or compared.
    pub signature: Signature,
    /// What is said of the head; `None` where the scan was taken as it is.
    pub head: Option<Head>,
}

/// Scan to mark; `region` is the part that is wanted of a head.
///
/// Cost: about that of reading the file for a head, a fifth of it for a scan that is none.
///
/// # Errors
/// A head whose parts are not sure, or that does not show the wanted one.
pub fn find<'a>(
    surface: &'a Surface,
    region: Region,
    parameters: &Segmentation,
) -> Result<Mark<'a>, MarkError> {
    let segmented = match segment(surface, parameters) {
        Ok(segmented) => segmented,
        Err(
            SegmentError::NoPrimer { .. }
            | SegmentError::NoPrimerInPicture { .. }
            | SegmentError::NotInView { .. },
        ) => return Ok(Mark { surface: Cow::Borrowed(surface), head: None }),
    };
    let (confidence, in_view) = (segmented.confidence, segmented.in_view);
    if !segmented.is_sure(parameters) {
        let wanted = parameters.least_confidence;
        return Err(MarkError::NotSure { found: confidence, wanted });
    }
    let mark = isolate(surface, &segmented, region).map_err(MarkError::Segment)?;
    Ok(Mark { surface: Cow::Owned(mark), head: Some(Head { confidence, in_view }) })
}

/// Scan to signature, by [`find`]; `source` is the SHA-256 of the file.
///
/// # Errors
/// As [`find`], and a mark without enough texture.
pub fn extract(
    surface: &Surface,
    region: Region,
    source: Digest,
    parameters: &Parameters,
) -> Result<Extracted, MarkError> {
    let mark = find(surface, region, &parameters.segmentation)?;
    let signature = Signature::extract(&mark.surface, source, parameters)?;
    Ok(Extracted { signature, head: mark.head })
}
