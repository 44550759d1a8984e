//! Which references does a search look at?

use super::classes::Class;
use super::segment::{Row, Segment};
use super::snapshot::Snapshot;
use crate::store::{Filter, FilterPart, ScanId, Skipped, StoreError};

/// References that a search looks at.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Segment by segment, places in it.
    pub(super) places: Vec<Vec<usize>>,
    /// How many of them have an index entry.
    pub(super) indexed: u64,
    /// Those without an index entry, in the order of identifiers.
    pub(super) unindexed: Vec<ScanId>,
    /// How many the filter leaves out.
    pub(super) skipped: Skipped,
}

impl Choice {
    /// How many references there are.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.indexed + self.unindexed.len() as u64
    }

    /// Those without an index entry, in the order of identifiers: their signatures are not there or cannot be read, or marks of
    /// their kind have no index.
    #[must_use]
    pub fn unindexed(&self) -> &[ScanId] {
        &self.unindexed
    }

    /// How many references the filter leaves out, those that do not take part aside.
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.skipped
    }
}

/// What becomes of the references of a class.
#[derive(Clone, Copy)]
enum Fate {
    /// They are looked at, if the time is right.
    Chosen,
    /// The filter leaves them out.
    LeftOut(FilterPart),
    /// As if they were not there.
    Absent,
}

/// Chooses by the filter among those that take part. Asks `admits` once for every class that the filter allows or not.
pub(super) fn choose(
    snapshot: &Snapshot,
    filter: &Filter,
    admits: &dyn Fn(&Class) -> Result<bool, StoreError>,
) -> Result<Choice, StoreError> {
    let fate = |class: &Class| -> Result<Fate, StoreError> {
        Ok(if !admits(class)? {
            Fate::Absent
        } else if let Some(part) = filter.refuses(&class.facets) {
            Fate::LeftOut(part)
        } else {
            Fate::Chosen
        })
    };
    let fates: Vec<Fate> = snapshot.classes.all().iter().map(fate).collect::<Result<_, _>>()?;
    let mut choice = Choice::default();
    let looked_at = |row: &Row, skipped: &mut Skipped| {
        let part = match fates[row.class as usize] {
            Fate::Absent => return false,
            Fate::LeftOut(part) => part,
            Fate::Chosen if !filter.allows_time(row.entered) => FilterPart::Entered,
            Fate::Chosen => return filter.after.is_none_or(|after| row.scan > after),
        };
        skipped.add(part, 1);
        false
    };
    for segment in &snapshot.segments {
        if !may_have(segment, &fates, filter) {
            for (class, records) in segment.classes() {
                match fates[*class as usize] {
                    Fate::Absent => {}
                    Fate::LeftOut(part) => choice.skipped.add(part, *records),
                    Fate::Chosen => choice.skipped.add(FilterPart::Entered, *records),
                }
            }
            choice.places.push(Vec::new());
            continue;
        }
        let places = places(segment, |row| looked_at(row, &mut choice.skipped));
        choice.indexed += places.len() as u64;
        choice.places.push(places);
    }
    for row in snapshot.unindexed.values() {
        if looked_at(row, &mut choice.skipped) {
            choice.unindexed.push(row.scan);
        }
    }
    Ok(choice)
}

/// Whether a search may look at one of a segment, by its summary.
fn may_have(segment: &Segment, fates: &[Fate], filter: &Filter) -> bool {
    let in_time =
        segment.entered().is_some_and(|(first, last)| filter.allows_time_within(first, last));
    let chosen = |class: &u32| matches!(fates[*class as usize], Fate::Chosen);
    in_time && segment.classes().keys().any(chosen)
}

fn places(segment: &Segment, mut looked_at: impl FnMut(&Row) -> bool) -> Vec<usize> {
    let rows = segment.rows().iter().enumerate();
    rows.filter(|(_, row)| row.as_ref().is_some_and(&mut looked_at)).map(|(at, _)| at).collect()
}
