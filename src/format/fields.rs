//! How are numbers and texts taken out of a binary header, one after the other?
//!
//! [`Fields`] walks over the little-endian header of an AL3D, SUR or SDF and never beyond its end: a
//! header that is cut short is an error that says how much of it there is.

use super::{FileFormat, FormatError};

/// A position in a header.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    format: FileFormat,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// From the beginning of a file.
    pub(super) const fn new(format: FileFormat, bytes: &'a [u8]) -> Self {
        Self { format, bytes, at: 0 }
    }

    /// How many bytes were taken.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// So many bytes as they are.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], FormatError> {
        let wanted = self.at.saturating_add(count);
        let (format, found) = (self.format, self.bytes.len());
        let cut = FormatError::HeaderCut { format, found, wanted };
        let taken = self.bytes.get(self.at..wanted).ok_or(cut)?;
        self.at = wanted;
        Ok(taken)
    }

    /// A text in so many bytes.
    pub(super) fn text(&mut self, count: usize) -> Result<String, FormatError> {
        Ok(text(self.take(count)?))
    }

    pub(super) fn u8(&mut self) -> Result<u8, FormatError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16, FormatError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn i16(&mut self) -> Result<i16, FormatError> {
        Ok(i16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, FormatError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32, FormatError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(super) fn f32(&mut self) -> Result<f32, FormatError> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    pub(super) fn f64(&mut self) -> Result<f64, FormatError> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    fn array<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], FormatError> {
        let mut array = [0; COUNT];
        array.copy_from_slice(self.take(COUNT)?);
        Ok(array)
    }
}

/// A text of a fixed width: it ends with a NUL or with spaces, and is UTF-8, or else ISO 8859-1.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let bytes = &bytes[..end];
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    text.trim().to_owned()
}

/// A text, unless it is empty.
pub(super) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The beginning of a text, fit to stand in a message.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_taken_in_order_and_never_beyond_the_end() {
        let bytes = [0xfe, 0xff, 1, 0, 0, 0x80, b'a', b' ', 0, b'x', 7];
        let mut fields = Fields::new(FileFormat::Al3d, &bytes);
        assert_eq!(fields.i16().unwrap(), -2);
        assert_eq!(fields.u32().unwrap(), 0x8000_0001);
        assert_eq!(fields.text(4).unwrap(), "a");
        let error = fields.f64().unwrap_err().to_string();
        assert_eq!(error, "the AL3D ends after 11 bytes, its header needs 18");
        assert_eq!(fields.position(), 10);
    }

    #[test]
    fn texts_of_both_encodings_are_read() {
        assert_eq!(text("\u{b5}m  ".as_bytes()), "\u{b5}m");
        assert_eq!(text(b"\xb5m\0\xff\xff"), "\u{b5}m");
    }
}
