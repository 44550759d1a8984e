//! Why can no picture be drawn?

use crate::digest::Digest;

/// A picture that cannot be drawn or encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The signature is of another file than the comparison: its picture would mislead.
    #[error("the {role} signature is of file {found}, but the comparison is of {wanted}")]
    OtherSurface {
        /// "questioned" or "reference".
        role: &'static str,
        /// SHA-256 of the signature's file.
        found: Digest,
        /// SHA-256 of the comparison's file.
        wanted: Digest,
    },
    /// The PNG encoder failed.
    #[error("the picture could not be encoded as PNG")]
    Encode {
        /// What the encoder said.
        #[from]
        source: image::ImageError,
    },
}
