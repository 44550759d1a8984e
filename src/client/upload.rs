//! A scan on its way to a server: whole, or by its identifier.

use crate::digest::Digest;
use crate::format::{HeightUnit, ManifestChecksum, ReadOptions, SpacingUnit};
use crate::service::{pb, words};
use crate::store::ScanId;
use crate::surface::MarkKind;
use prost::bytes::Bytes;

/// Bytes of one chunk.
const CHUNK: usize = 256 << 10;

/// Samples that are not square, which the contract has no words for.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("samples of {x_um} x {y_um} um cannot be stated to a server: only square ones can")]
pub struct NotSquare {
    /// Distance along x, um.
    pub x_um: f64,
    /// Distance along y, um.
    pub y_um: f64,
}

/// A file that is sent, with what is stated about it.
#[derive(Clone, Debug)]
pub struct Upload {
    file_name: String,
    bytes: Bytes,
    sha256: Digest,
    options: pb::ReadOptions,
    mark: Option<MarkKind>,
}

impl Upload {
    /// A file of this name and content. Of the options those that the contract has: limits and plausibility are the
    /// server's. Hashes the file.
    ///
    /// # Errors
    /// A stated spacing that is not square.
    pub fn new(
        file_name: impl Into<String>,
        bytes: Vec<u8>,
        options: &ReadOptions,
    ) -> Result<Self, NotSquare> {
        let spacing_um = options.spacing.map(|spacing| {
            let (x_um, y_um) = (spacing.x.micrometres(), spacing.y.micrometres());
            if x_um.to_bits() == y_um.to_bits() { Ok(x_um) } else { Err(NotSquare { x_um, y_um }) }
        });
        let length_unit = match options.assume {
            SpacingUnit::AsWritten => pb::LengthUnit::Unspecified,
            SpacingUnit::Micrometres => pb::LengthUnit::Micrometres,
            SpacingUnit::Either => pb::LengthUnit::Either,
        };
        let height_unit = match options.height_unit {
            None => pb::HeightUnit::Unspecified,
            Some(HeightUnit::Metres) => pb::HeightUnit::Metres,
            Some(HeightUnit::Millimetres) => pb::HeightUnit::Millimetres,
            Some(HeightUnit::Micrometres) => pb::HeightUnit::Micrometres,
            Some(HeightUnit::Nanometres) => pb::HeightUnit::Nanometres,
        };
        Ok(Self {
            file_name: file_name.into(),
            sha256: Digest::of(&bytes),
            bytes: bytes.into(),
            options: pb::ReadOptions {
                spacing_um: spacing_um.transpose()?,
                length_unit: length_unit.into(),
                height_unit: height_unit.into(),
                accept_edited_manifest: options.manifest_checksum == ManifestChecksum::Warn,
            },
            mark: None,
        })
    }

    /// The same, of which this mark is meant: without a word, the breech face.
    #[must_use]
    pub fn of_mark(self, mark: MarkKind) -> Self {
        Self { mark: Some(mark), ..self }
    }

    /// SHA-256 of the file.
    #[must_use]
    pub const fn sha256(&self) -> Digest {
        self.sha256
    }

    /// What goes before its chunks.
    pub(super) fn head(&self) -> pb::ScanUpload {
        pb::ScanUpload {
            file_name: self.file_name.clone(),
            size_bytes: Some(self.bytes.len() as u64),
            sha256: Some(self.sha256.to_string()),
            options: Some(self.options),
            mark: self.mark.map_or(pb::MarkKind::Unspecified, words::mark).into(),
        }
    }

    /// Its bytes, piece by piece; nothing is copied.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Bytes> + Send + use<> {
        let bytes = self.bytes.clone();
        (0..bytes.len())
            .step_by(CHUNK)
            .map(move |from| bytes.slice(from..bytes.len().min(from + CHUNK)))
    }
}

/// A scan to compare or to search with.
#[derive(Clone, Debug)]
pub enum ScanSource {
    /// One of the server's store.
    Stored(ScanId),
    /// One that is sent.
    Upload(Upload),
}

impl ScanSource {
    pub(super) fn head(&self) -> pb::ScanSource {
        let source = match self {
            Self::Stored(id) => pb::scan_source::Source::ScanId(id.to_string()),
            Self::Upload(upload) => pb::scan_source::Source::Upload(upload.head()),
        };
        pb::ScanSource { source: Some(source) }
    }

    pub(super) fn chunks(&self) -> impl Iterator<Item = Bytes> + Send + use<> {
        let upload = if let Self::Upload(upload) = self { Some(upload) } else { None };
        upload.map(Upload::chunks).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::Spacing;
    use crate::units::Length;

    #[test]
    fn a_file_is_sent_whole_in_pieces() {
        let bytes: Vec<u8> = (0..CHUNK + 5).map(|at| (at % 251) as u8).collect();
        let upload = Upload::new("scan.x3p", bytes.clone(), &ReadOptions::default()).unwrap();
        let chunks: Vec<Bytes> = upload.chunks().collect();
        assert_eq!(chunks.iter().map(Bytes::len).collect::<Vec<_>>(), [CHUNK, 5]);
        assert_eq!(chunks.concat(), bytes);
        assert_eq!(upload.head().sha256, Some(Digest::of(&bytes).to_string()));
    }

    #[test]
    fn what_the_contract_cannot_say_is_refused() {
        let um = Length::from_micrometres;
        let spacing = Some(Spacing { x: um(1.0), y: um(2.0) });
        let options = ReadOptions { spacing, ..ReadOptions::default() };
        let refused = NotSquare { x_um: 1.0, y_um: 2.0 };
        assert_eq!(Upload::new("scan.png", Vec::new(), &options).unwrap_err(), refused);
    }
}
