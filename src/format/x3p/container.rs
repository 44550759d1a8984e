//! What is in the zip, and is it safe to unpack?
//!
//! A [`Container`] lists the entries of an X3P and unpacks one at a time into memory, never to disk and
//! never more than a bound. Names are compared without regard to case, as openGPS does, and with either
//! slash. The container may sit under a folder (FiX3P, macOS); what macOS adds beside it is ignored.

use crate::format::{FormatError, Limits};
use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use zip::ZipArchive;
use zip::result::ZipError;

const MANIFEST: &str = "main.xml";

/// The entries of an X3P.
pub(super) struct Container<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Path of each entry, with forward slashes, in the order of the archive.
    names: Vec<String>,
    /// Folder of the manifest, empty or with a slash at its end.
    folder: String,
    limits: Limits,
    file_bytes: u64,
    unpacked: u64,
}

impl<'a> Container<'a> {
    /// Lists the entries and finds the one manifest. Nothing is unpacked.
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, FormatError> {
        // Counted before the zip reader allocates for each.
        const HEADER: &[u8] = b"PK\x01\x02";
        let found = memchr::memmem::find_iter(bytes, HEADER).take(limits.entries + 1).count();
        if found > limits.entries {
            return Err(FormatError::TooManyEntries { found, limit: limits.entries });
        }
        let archive = ZipArchive::new(Cursor::new(bytes))
            .map_err(|source| FormatError::Container { source })?;
        let names = entry_names(&archive)?;
        let folder = manifest_folder(&names)?;
        let file_bytes = bytes.len() as u64;
        Ok(Self { archive, names, folder, limits: limits.clone(), file_bytes, unpacked: 0 })
    }

    /// The manifest's bytes.
    pub(super) fn manifest(&mut self, limit: u64) -> Result<Vec<u8>, FormatError> {
        let content = self.read(MANIFEST, limit)?.ok_or(FormatError::ManifestMissing)?;
        if content.len() as u64 > limit {
            return Err(FormatError::EntryTooLarge { name: MANIFEST.to_owned(), limit });
        }
        Ok(content)
    }

    /// Unpacks the entry of this path beside the manifest; `None` where there is none. Stops one byte
    /// after `most`, so that the caller sees that there is more.
    pub(super) fn read(&mut self, path: &str, most: u64) -> Result<Option<Vec<u8>>, FormatError> {
        let path = safe_path(path)?;
        let wanted = format!("{}{path}", self.folder);
        let exact = self.names.iter().position(|name| *name == wanted);
        let index =
            exact.or_else(|| self.names.iter().position(|name| name.eq_ignore_ascii_case(&wanted)));
        index.map(|index| self.unpack(index, &path, most)).transpose()
    }

    /// Whether the container holds the coloured regions that x3ptools and FiX3P write.
    pub(super) fn has_annotation_mask(&self) -> bool {
        self.names.iter().any(|name| {
            name.strip_prefix(self.folder.as_str()).is_some_and(|path| {
                let file = path.rsplit('/').next().unwrap_or(path);
                file.eq_ignore_ascii_case("mask.png")
            })
        })
    }

    fn unpack(&mut self, index: usize, path: &str, most: u64) -> Result<Vec<u8>, FormatError> {
        let name = || path.to_owned();
        let limits = &self.limits;
        let entry = self.archive.by_index(index).map_err(|error| entry_error(path, error))?;
        let (packed, stated) = (entry.compressed_size(), entry.size());
        let end = entry.data_start().and_then(|start| start.checked_add(packed));
        if end.is_none_or(|end| end > self.file_bytes) {
            return Err(FormatError::PackedSize { name: name(), packed });
        }
        let by_ratio = packed.saturating_mul(limits.unpacking_ratio).max(limits.unjudged_bytes);
        let left = limits.total_bytes.saturating_sub(self.unpacked);
        let bound = most.min(limits.entry_bytes).min(by_ratio).min(left);
        // The stated size is a hint, not a promise.
        let mut content = Vec::with_capacity(stated.min(bound).min(1 << 20) as usize);
        entry
            .take(bound.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(|error| entry_error(path, error.into()))?;
        let length = content.len() as u64;
        self.unpacked += length;
        if length <= bound && length != stated {
            Err(FormatError::UnpackedSize { name: name(), stated, found: length })
        } else if length <= bound || bound == most {
            Ok(content)
        } else if bound == limits.entry_bytes {
            Err(FormatError::EntryTooLarge { name: name(), limit: limits.entry_bytes })
        } else if bound == by_ratio {
            let limit = limits.unpacking_ratio;
            Err(FormatError::UnpackingRatio { name: name(), packed, limit })
        } else {
            Err(FormatError::ContainerTooLarge { limit: limits.total_bytes })
        }
    }
}

/// Why an entry cannot be unpacked. The zip reader wraps its own errors in those of reading.
fn entry_error(path: &str, source: ZipError) -> FormatError {
    let name = path.to_owned();
    let inner = if let ZipError::Io(error) = &source {
        error.get_ref().and_then(|inner| inner.downcast_ref())
    } else {
        Some(&source)
    };
    if let Some(&ZipError::CompressionMethodNotSupported(method)) = inner {
        return FormatError::Compression { name, method };
    }
    FormatError::Entry { name, source }
}

/// The paths of all entries, checked.
fn entry_names(archive: &ZipArchive<Cursor<&[u8]>>) -> Result<Vec<String>, FormatError> {
    if archive.has_duplicate_names() {
        return Err(FormatError::DuplicateEntries);
    }
    let mut names = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry =
            archive.by_index_data(index).map_err(|source| FormatError::Container { source })?;
        let name = safe_path(&String::from_utf8_lossy(entry.name_raw()))?;
        if entry.encrypted() {
            return Err(FormatError::Encrypted { name });
        }
        names.push(name);
    }
    let distinct: BTreeSet<&String> = names.iter().collect();
    if distinct.len() != names.len() {
        return Err(FormatError::DuplicateEntries);
    }
    Ok(names)
}

/// The folder of the one manifest.
fn manifest_folder(names: &[String]) -> Result<String, FormatError> {
    let mut manifests = names.iter().filter_map(|name| {
        let cut = name.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, file) = name.split_at(cut);
        let counts = file.eq_ignore_ascii_case(MANIFEST) && !folder.starts_with("__MACOSX/");
        counts.then_some((folder, name))
    });
    let (folder, first) = manifests.next().ok_or(FormatError::ManifestMissing)?;
    if let Some((_, second)) = manifests.next() {
        let (first, second) = (first.clone(), second.clone());
        return Err(FormatError::ManifestNotUnique { first, second });
    }
    Ok(folder.to_owned())
}

/// The path with forward slashes, if it stays within the container. Nothing is written to disk here,
/// but a path that leaves the container has no honest reason.
fn safe_path(name: &str) -> Result<String, FormatError> {
    let path = name.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let unsafe_path = path.is_empty()
        || path.starts_with('/')
        || path.contains([':', '\0'])
        || path.split('/').any(|part| part == "..");
    if unsafe_path {
        let name = name.chars().take(100).flat_map(char::escape_default).collect();
        return Err(FormatError::UnsafeEntryName { name });
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_container_are_unsafe() {
        for path in ["/main.xml", "../main.xml", "a/../../b", "C:/x", "\\\\host\\x", "a\\..\\b", ""]
        {
            assert!(safe_path(path).is_err(), "{path}");
        }
        assert_eq!(safe_path("./bindata\\data.bin").unwrap(), "bindata/data.bin");
        assert_eq!(safe_path("a..b/main.xml").unwrap(), "a..b/main.xml");
    }

    #[test]
    fn the_manifest_may_sit_in_a_folder_but_must_be_the_only_one() {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(manifest_folder(&names(&["bindata/data.bin", "main.xml"])).unwrap(), "");
        let mac = names(&["__MACOSX/land/main.xml", "__MACOSX/._main.xml", "land/main.xml"]);
        assert_eq!(manifest_folder(&mac).unwrap(), "land/");
        assert!(manifest_folder(&names(&["main.xml", "copy/main.xml"])).is_err());
        assert!(manifest_folder(&names(&["data.bin"])).is_err());
    }
}
