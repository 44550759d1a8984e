//! How large may a file be before it is refused?
//!
//! Scans come from other laboratories and may be damaged or hostile. [`Limits`] bounds what reading one
//! can cost in memory and time, whatever the file says about itself. The defaults leave room for the
//! largest scans of current instruments and for nothing beyond. Not for judging whether a scan is good
//! enough to compare.

/// Bounds on one file. A file beyond any of them is an error that names the bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Entries in a zip container, folders and foreign files included.
    pub entries: usize,
    /// Bytes of one entry, unpacked.
    pub entry_bytes: u64,
    /// Bytes of all entries that are read, unpacked.
    pub total_bytes: u64,
    /// Unpacked size of an entry as a multiple of its packed size. Measured surfaces stay below 100.
    pub unpacking_ratio: u64,
    /// Bytes up to which the ratio is not judged: small constant entries pack very well.
    pub unjudged_bytes: u64,
    /// Bytes of `main.xml`.
    pub manifest_bytes: u64,
    /// Nesting of elements in `main.xml`.
    pub manifest_depth: usize,
    /// Elements, attributes and texts in `main.xml`.
    pub manifest_nodes: u32,
    /// Rows, and likewise columns, of a surface.
    pub side: usize,
    /// Rows times columns.
    pub samples: usize,
    /// Fewest measured samples of a usable scan. The default, a patch of 16 x 16, is below what any
    /// cell of a comparison needs; it catches files that are all but empty.
    pub minimum_valid: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MEBI: u64 = 1 << 20;
        Self {
            file_bytes: 256 * MEBI,
            entries: 256,
            entry_bytes: 256 * MEBI,
            total_bytes: 320 * MEBI,
            unpacking_ratio: 200,
            unjudged_bytes: 8 * MEBI,
            manifest_bytes: MEBI,
            manifest_depth: 32,
            manifest_nodes: 10_000,
            side: 32_768,
            samples: 32 << 20,
            minimum_valid: 256,
        }
    }
}
