//! A frozen public benchmark, read as it is: marks, pairs and folds.
//!
//! `marks.csv.gz` names marks (`mark_hash,source,label`), `pairs.csv.gz` pairs of them (`pair_id,hash_a,hash_b`),
//! `folds.json` the sources that each fold tests. A submission is `pair_id,lr`.

use super::scores::rows;
use crate::digest::Digest;
use anyhow::{Context as _, ensure};
use flate2::read::GzDecoder;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

#[derive(Debug, Deserialize)]
struct MarkRow {
    mark_hash: String,
    source: String,
    label: String,
}

#[derive(Debug, Deserialize)]
struct PairRow {
    pair_id: String,
    hash_a: String,
    hash_b: String,
}

/// A fold of a file: the sources that it tests.
#[derive(Debug, Deserialize)]
pub(super) struct FoldRow {
    pub(super) test_sources: Vec<String>,
}

/// What the benchmark has.
pub(super) struct Benchmark {
    /// Hash and source of each mark, by the name of its file without folder and extension.
    marks: BTreeMap<String, (String, String)>,
    /// Pairs by their marks' hashes, the lesser first.
    pairs: BTreeMap<[String; 2], String>,
    pub(super) folds: Vec<FoldRow>,
    /// SHA-256 of marks and pairs, unpacked.
    pub(super) sha256: Digest,
}

impl Benchmark {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let (marks_path, pairs_path) = (folder.join("marks.csv.gz"), folder.join("pairs.csv.gz"));
        let (marks_bytes, pairs_bytes) = (unpacked(&marks_path)?, unpacked(&pairs_path)?);
        let mut marks = BTreeMap::new();
        for (place, row) in rows::<MarkRow>(&marks_path, &marks_bytes)? {
            let MarkRow { mark_hash, source, label } = row?;
            let before = marks.insert(stem(&label), (mark_hash, source));
            ensure!(before.is_none(), "{place}: a second mark of the name {label}");
        }
        let mut pairs = BTreeMap::new();
        for (_, row) in rows::<PairRow>(&pairs_path, &pairs_bytes)? {
            let PairRow { pair_id, hash_a, hash_b } = row?;
            pairs.insert(ordered([hash_a, hash_b]), pair_id);
        }
        let folds = folds(&folder.join("folds.json"))?;
        let sha256 = Digest::of(&[marks_bytes, pairs_bytes].concat());
        Ok(Self { marks, pairs, folds, sha256 })
    }

    /// The source of a scan, if it is one of the benchmark's marks.
    pub(super) fn source(&self, scan: &str) -> Option<&str> {
        self.marks.get(&stem(scan)).map(|(_, source)| source.as_str())
    }

    /// The pair of two scans, if it is one of the benchmark's.
    pub(super) fn pair(&self, scans: [&str; 2]) -> Option<&str> {
        let [one, other] = scans.map(|scan| self.marks.get(&stem(scan)));
        let hashes = ordered([one?.0.clone(), other?.0.clone()]);
        self.pairs.get(&hashes).map(String::as_str)
    }

    /// Number of pairs.
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }
}

/// The folds of a file.
pub(super) fn folds(path: &Path) -> anyhow::Result<Vec<FoldRow>> {
    let file = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(file)?;
    let folds: Vec<FoldRow> = serde_json::from_str(&text).with_context(file)?;
    ensure!(!folds.is_empty(), "{}: no folds in this file", path.display());
    Ok(folds)
}

fn unpacked(path: &Path) -> anyhow::Result<Vec<u8>> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        GzDecoder::new(File::open(path)?).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().with_context(|| path.display().to_string())
}

fn stem(name: &str) -> String {
    let name = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".x3p").unwrap_or(&name).to_owned()
}

fn ordered(mut hashes: [String; 2]) -> [String; 2] {
    hashes.sort();
    hashes
}
