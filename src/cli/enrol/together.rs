//! Was one mark measured twice among the scans that are entered together?

use super::{Ready, Tally};
use crate::cli::Context;
use crate::gallery::Galleries;
use crate::nearest::{Earlier, Entering, nearest_earlier};
use crate::quality::{Nearest, Rules};
use std::collections::{BTreeMap, BTreeSet};

/// Holds each scan against those before it that are entered together with it, and so are not in the store yet, as it was held
/// against the store. What is left is entered.
pub(super) fn hold(
    context: &Context,
    galleries: &Galleries,
    rules: &Rules,
    ready: Vec<Ready>,
    tally: &mut Tally,
) -> anyhow::Result<Vec<Ready>> {
    let mut earlier: Vec<Vec<Earlier>> = vec![Vec::new(); ready.len()];
    let like = |scan: &Ready| (scan.mark, scan.signature.kind());
    for (mark, kind) in ready.iter().map(like).collect::<BTreeSet<_>>() {
        let Some(indexer) = galleries.of_mark(mark).indexer() else { continue };
        let of_kind = ready.iter().enumerate().filter(|(_, scan)| like(scan) == (mark, kind));
        let (places, together): (Vec<usize>, Vec<Entering<'_>>) = of_kind
            .filter_map(|(place, scan)| {
                let (signature, entry) = (&scan.signature, scan.entry.as_ref()?);
                Some((place, Entering { signature, entry }))
            })
            .unzip();
        let found = nearest_earlier(&context.engine.of_mark(mark), indexer, &together)?;
        for (place, found) in places.iter().zip(found) {
            let within = |one: Earlier| Earlier { place: places[one.place], ..one };
            earlier[*place] = found.into_iter().map(within).collect();
        }
    }
    // Not against what the rules have kept out.
    let mut admitted: BTreeMap<usize, Ready> = BTreeMap::new();
    for (place, (mut scan, earlier)) in ready.into_iter().zip(earlier).enumerate() {
        let nearest = earlier.iter().find_map(|one| Some((one.ncc, admitted.get(&one.place)?)));
        if let Some((ncc, other)) = nearest.filter(|_| !scan.quality.is_near_duplicate()) {
            let reference = format!("{} that is entered with it", other.path.display());
            let nearest = Nearest { reference, ncc: Some(ncc), same_file: false };
            scan.quality.hold_against(&nearest, rules);
        }
        match scan.admitted() {
            Ok(scan) => drop(admitted.insert(place, scan)),
            Err(error) => tally.refused(&error),
        }
    }
    Ok(admitted.into_values().collect())
}
