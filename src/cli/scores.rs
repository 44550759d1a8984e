//! Scores of pairs whose sources are known: the CSV of `casemark batch` and a file of labels.

use crate::calibration::LabelledComparison;
use crate::digest::Digest;
use crate::statistics::Features;
use anyhow::{Context as _, anyhow, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One row of the scores.
#[derive(Debug, Deserialize)]
struct ScoreRow {
    questioned: String,
    reference: String,
    cmc_count: u32,
    cells: u32,
    ncc: Option<f64>,
    engine_version: Option<String>,
    parameters_digest: Option<String>,
}

/// One row of the labels.
#[derive(Debug, Deserialize)]
struct LabelRow {
    file: String,
    source: String,
}

/// Labelled scores and what they were read from.
pub(super) struct LabelledScores {
    /// In the order of the file; pairs of a scan with itself are none.
    pub(super) comparisons: Vec<LabelledComparison>,
    /// The engine that made them, if the file says.
    pub(super) engine_version: Option<String>,
    /// Its parameters, if the file says.
    pub(super) parameters_digest: Option<Digest>,
    pub(super) scores_sha256: Digest,
    pub(super) labels_sha256: Digest,
}

/// Reads both files. Every scan of the scores needs one label.
pub(super) fn read(scores: &Path, labels: &Path) -> anyhow::Result<LabelledScores> {
    let bytes = bytes(labels)?;
    let known = Labels::read(labels, &bytes)?;
    read_by(scores, Digest::of(&bytes), |scan| known.source(scan).map(Some))
}

/// Reads scores whose sources somebody knows; pairs with a scan that is not meant are passed over.
pub(super) fn read_by(
    scores: &Path,
    labels_sha256: Digest,
    source: impl Fn(&str) -> anyhow::Result<Option<String>>,
) -> anyhow::Result<LabelledScores> {
    let score_bytes = bytes(scores)?;
    let mut comparisons = Vec::new();
    let mut engines: BTreeMap<(Option<String>, Option<String>), usize> = BTreeMap::new();
    for (place, row) in rows::<ScoreRow>(scores, &score_bytes)? {
        let row = row?;
        ensure!(
            row.cmc_count <= row.cells,
            "{place}: {} congruent cells of {} compared",
            row.cmc_count,
            row.cells
        );
        if row.questioned == row.reference {
            continue;
        }
        let [one, other] = [&row.questioned, &row.reference]
            .map(|scan| source(scan).with_context(|| place.clone()));
        let (Some(one), Some(other)) = (one?, other?) else { continue };
        engines.entry((row.engine_version, row.parameters_digest)).or_insert(comparisons.len());
        comparisons.push(LabelledComparison {
            questioned: row.questioned,
            reference: row.reference,
            // Nothing could be registered: as little alike as there is.
            features: Features {
                congruent: row.cmc_count,
                compared: row.cells,
                ncc: row.ncc.unwrap_or(0.0),
            },
            sources: [one, other],
        });
    }
    ensure!(!comparisons.is_empty(), "{}: no pairs in this file", scores.display());
    let mut engines = engines.into_keys();
    let (engine_version, parameters_digest) = engines.next().unwrap_or_default();
    if engines.next().is_some() {
        bail!(
            "{}: the scores are of more than one engine or set of parameters, wanted those of one",
            scores.display()
        );
    }
    let digest = parameters_digest.map(|digest| {
        digest.parse::<Digest>().map_err(|_| {
            anyhow!("{}: parameters_digest {digest:?} is no SHA-256", scores.display())
        })
    });
    Ok(LabelledScores {
        comparisons,
        engine_version,
        parameters_digest: digest.transpose()?,
        scores_sha256: Digest::of(&score_bytes),
        labels_sha256,
    })
}

pub(super) fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

/// The rows of a CSV file, each with where it is.
pub(super) fn rows<'a, T: serde::de::DeserializeOwned + 'a>(
    path: &'a Path,
    bytes: &'a [u8],
) -> anyhow::Result<impl Iterator<Item = (String, anyhow::Result<T>)> + 'a> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    reader.headers().with_context(|| path.display().to_string())?;
    Ok(reader.into_deserialize::<T>().enumerate().map(move |(row, result)| {
        let place = format!("{}, row {}", path.display(), row + 2);
        let result = result.with_context(|| place.clone());
        (place, result)
    }))
}

/// Sources by file.
struct Labels {
    named: BTreeMap<String, String>,
    shown: String,
}

impl Labels {
    fn read(path: &Path, bytes: &[u8]) -> anyhow::Result<Self> {
        let mut named = BTreeMap::new();
        for (place, row) in rows::<LabelRow>(path, bytes)? {
            let LabelRow { file, source } = row?;
            if let Some(other) = named.insert(file.clone(), source.clone()) {
                ensure!(other == source, "{place}: {file} is of {source}, and of {other} before");
            }
        }
        ensure!(!named.is_empty(), "{}: no labels in this file", path.display());
        Ok(Self { named, shown: path.display().to_string() })
    }

    /// The source of a scan: by its name, or by the one label that its path ends with.
    fn source(&self, scan: &str) -> anyhow::Result<String> {
        if let Some(source) = self.named.get(scan) {
            return Ok(source.clone());
        }
        let path = Path::new(scan);
        let mut ends = self.named.iter().filter(|(file, _)| path.ends_with(file));
        match (ends.next(), ends.next()) {
            (Some((_, source)), None) => Ok(source.clone()),
            (Some((one, _)), Some((other, _))) => {
                bail!("{}: both {one} and {other} could be {scan}", self.shown)
            }
            (None, _) => bail!("{}: no label for {scan}", self.shown),
        }
    }
}
