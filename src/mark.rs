//! How does a scan, be it of a whole head, become the signature of one of its marks?
//!
//! A scan that shows a primer's shoulder is a head: its parts are found ([`crate::segment`]) and the mark
//! that is wanted is cut out. One that shows none is cropped to its mark and taken as it is; the same goes for
//! a reflectance image, by the rim and the aperture that it shows. Where the parts of a head are not sure, there is no signature: a person has to say
//! where the mark is, and is believed whatever the engine found; what it found is told all the same. The one way by which the command line and the service come to signatures.

use crate::digest::Digest;
use crate::parameters::{Parameters, Segmentation};
use crate::preprocess::PreprocessError;
use crate::segment::{SegmentError, Segmented, isolate, isolate_region, segment};
use crate::signature::Signature;
use crate::surface::{Region, Regions, Surface};
use crate::units::Angle;
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
    /// The scan shows no head, where one was needed.
    #[error("this is cropped to one mark, wanted a whole head, which shows several")]
    Cropped,
    /// The person's regions are not of this scan.
    #[error(
        "the correction has {} rows of {}, the scan {} rows of {}",
        found.0, found.1, wanted.0, wanted.1
    )]
    CorrectionShape {
        /// Rows and columns of the correction.
        found: (usize, usize),
        /// Rows and columns of the scan.
        wanted: (usize, usize),
    },
    /// The person's regions do not hold the mark.
    #[error("the correction holds no measured sample of the {region}")]
    CorrectionEmpty {
        /// Its name.
        region: &'static str,
    },
}

/// The surface of a mark.
#[derive(Clone, Debug)]
pub struct Mark<'a> {
    /// Cut out of its head, or the scan as it is.
    pub surface: Cow<'a, Surface>,
    /// What the engine found by itself; `None` where the scan shows no head.
    pub head: Option<Head>,
}

/// What the engine finds on a whole head by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// How sure its parts are, 0 to 1.
    pub confidence: f64,
    /// Share of the primer's circumference in view, 0 to 1.
    pub in_view: f64,
    /// Between the primer's flat and the horizontal; `None` of a picture.
    pub tilt: Option<Angle>,
    /// The part of every sample of the scan.
    pub regions: Regions,
}

/// The signature of a mark.
#[derive(Clone, Debug)]
pub struct Extracted {
    /// Ready to be kept or compared.
    pub signature: Signature,
    /// What the engine found by itself; `None` where the scan shows no head.
    pub head: Option<Head>,
}

/// A scan that is looked at for one mark after the other: the parts of a head are found once.
#[derive(Debug)]
pub struct Look<'a> {
    surface: &'a Surface,
    /// By the parameters; `None` where the scan shows no head.
    found: Vec<(Segmentation, Option<Segmented>)>,
}

impl<'a> Look<'a> {
    /// A look at a scan. Nothing is found yet.
    #[must_use]
    pub const fn at(surface: &'a Surface) -> Self {
        Self { surface, found: Vec::new() }
    }

    /// Scan to mark; `region` is the part that is wanted of a head. Where a person says where it lies, `said` holds, however
    /// sure the engine is.
    ///
    /// Cost: the first time about that of reading the file for a head, a fifth of it for a scan that is none; then of cutting
    /// out.
    ///
    /// # Errors
    /// A head whose parts are not sure, or that does not show the wanted one; of what a person says, regions of another shape
    /// than the scan's, or that hold no measured sample of the wanted part.
    pub fn mark(
        &mut self,
        region: Region,
        said: Option<&Regions>,
        parameters: &Segmentation,
    ) -> Result<Mark<'a>, MarkError> {
        let surface = self.surface;
        if let Some(said) = said {
            let (found, wanted) = (said.labels().dim(), surface.mask().dim());
            if found != wanted {
                return Err(MarkError::CorrectionShape { found, wanted });
            }
            let empty = |_| MarkError::CorrectionEmpty { region: region.name() };
            let mark = isolate_region(surface, said, region).map_err(empty)?;
            let head = self.parts(parameters).map(head);
            return Ok(Mark { surface: Cow::Owned(mark), head });
        }
        let Some(segmented) = self.parts(parameters) else {
            return Ok(Mark { surface: Cow::Borrowed(surface), head: None });
        };
        check_sure(segmented, parameters)?;
        let mark = isolate(surface, segmented, region).map_err(MarkError::Segment)?;
        Ok(Mark { surface: Cow::Owned(mark), head: Some(head(segmented)) })
    }

    /// Whether several marks can be had of the scan: it is a head, and its parts are sure.
    ///
    /// # Errors
    /// [`MarkError::Cropped`], [`MarkError::NotSure`].
    pub fn check_head(&mut self, parameters: &Segmentation) -> Result<(), MarkError> {
        let segmented = self.parts(parameters).ok_or(MarkError::Cropped)?;
        check_sure(segmented, parameters)
    }

    /// One of several marks of a whole head; `None` where the head does not show it.
    ///
    /// # Errors
    /// As [`Look::mark`], and a scan that is no head.
    pub fn mark_of_head(
        &mut self,
        region: Region,
        parameters: &Segmentation,
    ) -> Result<Option<Mark<'a>>, MarkError> {
        self.check_head(parameters)?;
        match self.mark(region, None, parameters) {
            Ok(mark) => Ok(Some(mark)),
            Err(MarkError::Segment(SegmentError::NotInView { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Its signature; `source` is the SHA-256 of the file.
    ///
    /// # Errors
    /// As [`Look::mark_of_head`], and a mark without enough texture.
    pub fn signature_of_head(
        &mut self,
        region: Region,
        source: Digest,
        parameters: &Parameters,
    ) -> Result<Option<Signature>, MarkError> {
        let Some(mark) = self.mark_of_head(region, &parameters.segmentation)? else {
            return Ok(None);
        };
        Ok(Some(Signature::extract(&mark.surface, source, parameters)?))
    }

    /// The parts of a head; `None` where the scan shows none.
    fn parts(&mut self, parameters: &Segmentation) -> Option<&Segmented> {
        let known = self.found.iter().position(|(of, _)| of == parameters);
        let place = known.unwrap_or_else(|| {
            self.found.push((parameters.clone(), segment(self.surface, parameters).ok()));
            self.found.len() - 1
        });
        self.found[place].1.as_ref()
    }
}

/// Scan to mark, by [`Look::mark`].
///
/// # Errors
/// As [`Look::mark`].
pub fn find<'a>(
    surface: &'a Surface,
    region: Region,
    said: Option<&Regions>,
    parameters: &Segmentation,
) -> Result<Mark<'a>, MarkError> {
    Look::at(surface).mark(region, said, parameters)
}

fn check_sure(segmented: &Segmented, parameters: &Segmentation) -> Result<(), MarkError> {
    let (found, wanted) = (segmented.confidence, parameters.least_confidence);
    if segmented.is_sure(parameters) { Ok(()) } else { Err(MarkError::NotSure { found, wanted }) }
}

fn head(segmented: &Segmented) -> Head {
    let Segmented { confidence, in_view, tilt, .. } = *segmented;
    Head { confidence, in_view, tilt, regions: segmented.regions.clone() }
}

/// Scan to signature, by [`find`]; `source` is the SHA-256 of the file.
///
/// # Errors
/// As [`find`], and a mark without enough texture.
pub fn extract(
    surface: &Surface,
    region: Region,
    said: Option<&Regions>,
    source: Digest,
    parameters: &Parameters,
) -> Result<Extracted, MarkError> {
    let mark = find(surface, region, said, &parameters.segmentation)?;
    let signature = Signature::extract(&mark.surface, source, parameters)?;
    Ok(Extracted { signature, head: mark.head })
}
