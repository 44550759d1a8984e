//! Where are the real scans, which are no part of this repository?

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder of real data, which `CASEMARK_REAL_DATA` names, by default `../shared/data`; `None`, said aloud, where it is not
/// there.
pub(crate) fn real_data() -> Option<PathBuf> {
    let named = std::env::var_os("CASEMARK_REAL_DATA").map(PathBuf::from);
    let folder =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    if folder.is_dir() {
        return Some(folder.canonicalize().unwrap());
    }
    // Not by println!, which the test harness keeps to itself.
    let place = folder.display();
    let _ =
        writeln!(std::io::stderr(), "SKIPPED: no real data at {place} (set CASEMARK_REAL_DATA)");
    None
}
