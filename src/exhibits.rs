//! To which exhibits do several marks of one questioned head lead together?
//!
//! One search a mark that the head shows; then every mark of the exhibits found that no search compared is compared in full,
//! so that a mark which speaks against an exhibit is heard; then [`fuse`] says what they weigh together, and
//! exhibits are ranked by that. A mark that the questioned head or an exhibit does not bear is no evidence. The one way by
//! which the command line and the service search by several marks.

use crate::calibration::{
    CalibrationError, FusedWeight, Installed, MarkWeight, Scope, Traits, WeightReport, fuse,
};
use crate::comparison::Comparison;
use crate::report::Figures;
use crate::search::{
    Candidate, Failure, Observer, Query, Questioned, Search, SearchError, Summary,
};
use crate::signature::Signature;
use crate::store::{
    ExhibitId, Filter, ReferenceStore, ScanId, ScanView, Skipped, StoreError, StoredSignature,
};
use crate::surface::MarkKind;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A mark of the questioned head, and where it is searched for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Which mark.
    pub mark: MarkKind,
    /// Its signature, ready to be searched for.
    pub questioned: &'a Questioned,
    /// What is known of it.
    pub traits: &'a Traits,
    /// The references of its kind, and how they are searched.
    pub search: Search<'a>,
    /// What its scores are worth.
    pub calibration: &'a Installed,
}

/// A mark of an exhibit, compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Which mark.
    pub mark: MarkKind,
    /// Of several scans of it the one that compares best, as the store knows it.
    pub reference: ScanView,
    /// How it compares.
    pub comparison: Comparison,
    /// What that weighs by itself.
    pub weight: WeightReport,
}

/// An exhibit that marks lead to. Only an examiner makes a hit.
#[derive(Clone, Debug)]
pub struct Lead {
    /// Which exhibit.
    pub exhibit: ExhibitId,
    /// What its marks weigh together; `None` where no calibration weighs any of them.
    pub weight: Option<FusedWeight>,
    /// How the marks were taken together, in words.
    pub together: String,
    /// Every mark that both sides bear, in the order of marks.
    pub marks: Vec<Compared>,
}

/// What was searched for one mark.
#[derive(Clone, Debug)]
pub struct Searched {
    /// Which mark.
    pub mark: MarkKind,
    /// What was searched.
    pub summary: Summary,
    /// What the filter left out.
    pub skipped: Skipped,
}

/// What the marks of a questioned head lead to.
#[derive(Debug)]
pub struct Leads {
    /// Best first.
    pub leads: Vec<Lead>,
    /// One a mark, in the order in which they were asked for.
    pub searches: Vec<Searched>,
    /// What could not be compared: the search is not complete where there is anything.
    pub failures: Vec<(ScanId, Failure)>,
}

/// Why a search by several marks has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExhibitsError {
    /// None of the marks is there to be searched by: that is no search that found nothing.
    #[error("the questioned scan shows none of the marks that are asked for")]
    NoMark,
    /// A search has none.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// A score cannot be weighed.
    #[error(transparent)]
    Weight(#[from] CalibrationError),
}

impl From<StoreError> for ExhibitsError {
    fn from(error: StoreError) -> Self {
        Self::Search(error.into())
    }
}

/// 1. searches for every mark, 2. compares what no search did, 3. weighs and ranks the exhibits.
///
/// `query.filter` chooses among all marks; its own mark is not looked at. Memory: as [`Search::run`], a mark after the other.
///
/// # Errors
/// No mark is asked for, the observer stopped it, the store cannot be read, a score cannot be weighed.
pub fn search(
    store: &dyn ReferenceStore,
    asked: &[Asked<'_>],
    query: &Query<'_>,
    observer: &mut dyn Observer,
) -> Result<Leads, ExhibitsError> {
    if asked.is_empty() {
        return Err(ExhibitsError::NoMark);
    }
    let (mut searches, mut failures) = (Vec::new(), Vec::new());
    // 1.
    let mut found: BTreeMap<ExhibitId, BTreeMap<MarkKind, Candidate>> = BTreeMap::new();
    for Asked { mark, questioned, search, .. } in asked {
        let filter = Filter { mark: Some(*mark), ..query.filter.clone() };
        let result = search.run(&Query { filter: &filter, ..*query }, questioned, observer)?;
        for candidate in result.candidates {
            let exhibit = store.view(candidate.scan)?.exhibit.id;
            // They come best first.
            found.entry(exhibit).or_default().entry(*mark).or_insert(candidate);
        }
        failures.extend(result.failures);
        let (summary, skipped) = (result.summary, result.skipped);
        searches.push(Searched { mark: *mark, summary, skipped });
    }
    // 2.
    for (exhibit, marks) in &mut found {
        for asked in asked {
            if marks.contains_key(&asked.mark) {
                continue;
            }
            let mut best: Option<Candidate> = None;
            for scan in store.scans_of(*exhibit)? {
                match compare(asked, store, scan)? {
                    Some(Ok(comparison)) => {
                        let candidate = Candidate { scan, comparison };
                        if best.as_ref().is_none_or(|best| candidate.rank(best).is_lt()) {
                            best = Some(candidate);
                        }
                    }
                    Some(Err(why)) => failures.push((scan, why)),
                    None => {}
                }
            }
            marks.extend(best.map(|best| (asked.mark, best)));
        }
    }
    // 3.
    let mut leads = Vec::new();
    for (exhibit, mut candidates) in found {
        let mut marks = Vec::new();
        for (asked, searched) in asked.iter().zip(&searches) {
            if let Some(candidate) = candidates.remove(&asked.mark) {
                marks.push(weighed(asked, store, candidate, searched.summary.records_searched)?);
            }
        }
        marks.sort_by_key(|compared| compared.mark);
        leads.push(lead(exhibit, marks));
    }
    rank(&mut leads);
    leads.truncate(query.top);
    Ok(Leads { leads, searches, failures })
}

/// A full comparison with a scan of an exhibit; `None` where it is of another mark, or has left.
fn compare(
    asked: &Asked<'_>,
    store: &dyn ReferenceStore,
    scan: ScanId,
) -> Result<Option<Result<Comparison, Failure>>, StoreError> {
    let view = store.view(scan)?;
    if view.mark.kind != asked.mark || view.withdrawal.is_some() {
        return Ok(None);
    }
    let Some(StoredSignature { bytes, .. }) = asked.search.signatures.signature(scan)? else {
        return Ok(None);
    };
    let Some(bytes) = bytes else { return Ok(Some(Err(Failure::NoSignature))) };
    let signature = match Signature::from_bytes(&bytes) {
        Ok(signature) => signature,
        Err(error) => return Ok(Some(Err(Failure::Signature(error)))),
    };
    let (engine, matcher) = (asked.search.engine, asked.questioned.matcher());
    let compare = || matcher.compare(&engine.prepare(&signature)?, &mut engine.workspace());
    Ok(Some(compare().map_err(Failure::Compare)))
}

/// A comparison with what the store knows of the reference and what it weighs among so many.
fn weighed(
    asked: &Asked<'_>,
    store: &dyn ReferenceStore,
    candidate: Candidate,
    searched: u64,
) -> Result<Compared, ExhibitsError> {
    let Candidate { scan, comparison } = candidate;
    let reference = store.view(scan)?;
    let mark = Some(asked.mark.to_string());
    let calibre = reference.exhibit.calibre.clone();
    let traits = Traits { mark, calibre, ..Traits::default() };
    let (version, digest) = (&comparison.engine_version, comparison.parameters_digest);
    let scope = Scope::of(version, digest, [asked.traits, &traits]);
    let figures = Figures::from(&comparison);
    let weight = asked.calibration.weigh(&figures, &scope, Some(searched))?;
    Ok(Compared { mark: asked.mark, reference, comparison, weight })
}

fn lead(exhibit: ExhibitId, marks: Vec<Compared>) -> Lead {
    let weights = marks.iter().filter_map(|compared| {
        let WeightReport { log10_lr, log10_lr_low, log10_lr_high, .. } = compared.weight;
        let interval = [log10_lr_low?, log10_lr_high?];
        Some(MarkWeight { mark: compared.mark, log10_lr: log10_lr?, interval })
    });
    let weight = fuse(&weights.collect::<Vec<_>>());
    let together = match (&weight, strongest(&marks)) {
        (Some(weight), _) => weight.sentence(),
        (None, Some(strongest)) => format!(
            "by the {} alone: no calibration says what the marks weigh together",
            strongest.mark.name().replace('_', " ")
        ),
        (None, None) => String::new(),
    };
    Lead { exhibit, weight, together, marks }
}

/// The mark with the greatest share of congruent cells: scores of different kinds of mark are no measure of one another.
fn strongest(marks: &[Compared]) -> Option<&Compared> {
    let share = |compared: &&Compared| compared.comparison.cmc_fraction();
    // Of several the first, in the order of marks.
    marks.iter().rev().max_by(|one, two| share(one).total_cmp(&share(two)))
}

/// Puts exhibits in order: by what their marks weigh together, those without a weight after them, by their strongest mark.
fn rank(leads: &mut [Lead]) {
    let share = |lead: &Lead| {
        strongest(&lead.marks).map_or(0.0, |compared| compared.comparison.cmc_fraction())
    };
    let ratio = |lead: &Lead| lead.weight.as_ref().map_or(0.0, |weight| weight.log10_lr);
    leads.sort_by(|one, two| {
        let weighed = |lead: &Lead| Reverse(lead.weight.is_some());
        weighed(one)
            .cmp(&weighed(two))
            .then_with(|| ratio(two).total_cmp(&ratio(one)))
            .then_with(|| share(two).total_cmp(&share(one)))
            .then_with(|| one.exhibit.to_string().cmp(&two.exhibit.to_string()))
    });
}
