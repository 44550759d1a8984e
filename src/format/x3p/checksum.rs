//! Does content have the MD5 that the file states?
//!
//! The checksums of X3P find damage, not intent: MD5 (RFC 1321) is broken as a signature. Writers
//! differ: upper or lower case, with or without a file name and a newline after it.

use crate::format::FormatError;
use md5::{Digest as _, Md5};

/// MD5, as 32 lower-case hexadecimal digits.
pub(super) fn md5_hex(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The checksum at the beginning of a checksum file or element, in lower case.
pub(super) fn first(name: &str, content: &[u8]) -> Result<String, FormatError> {
    let text = String::from_utf8_lossy(content);
    let word = text.trim_start_matches('\u{feff}').split_whitespace().next().unwrap_or_default();
    if word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(word.to_ascii_lowercase())
    } else {
        let found = word.chars().take(40).flat_map(char::escape_default).collect();
        Err(FormatError::ChecksumSyntax { name: name.to_owned(), found })
    }
}

/// Compares content with a lower-case checksum.
pub(super) fn verify(name: &str, content: &[u8], wanted: &str) -> Result<(), FormatError> {
    let found = md5_hex(content);
    if found == wanted {
        return Ok(());
    }
    Err(FormatError::Checksum { name: name.to_owned(), found, wanted: wanted.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_abc_is_the_one_in_the_rfc() {
        assert_eq!(md5_hex(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn every_way_of_writing_a_checksum_file_is_understood() {
        let plain = "900150983cd24fb0d6963f7d28e17f72";
        for tail in ["", "\n", "\r\n", " *main.xml", " *main.xml\n", "  main.xml"] {
            assert_eq!(first("f", format!("{plain}{tail}").as_bytes()).unwrap(), plain);
        }
        assert_eq!(first("f", plain.to_ascii_uppercase().as_bytes()).unwrap(), plain);
        for bad in
            ["", "main.xml", "900150983cd24fb0d6963f7d28e17f7", "z00150983cd24fb0d6963f7d28e17f72"]
        {
            assert!(first("f", bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
