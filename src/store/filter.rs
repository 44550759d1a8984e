//! Which scans does a search look at?
//!
//! By mark, calibre, country, laboratory, case and time of entry. Where calibre or country is not known,
//! the scan is looked at all the same, unless the caller excludes it: an unknown calibre is no reason to
//! miss a connection. Runs along the narrowest key that the index has, in the order of scans.

use super::apply::Visible;
use super::draft::decode;
use super::error::StoreError;
use super::index::{Entries, Index};
use super::keys::{self, Facet};
use super::live::Facets;
use super::metadata::Country;
use super::model::ScanId;
use crate::surface::MarkKind;
use jiff::Timestamp;
use std::iter::Peekable;

/// What becomes of scans whose calibre or country is not known, where one is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// They are looked at.
    #[default]
    Included,
    /// They are not.
    Excluded,
}

/// Chooses scans; what is `None` does not matter. The default chooses all that are not withdrawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this mark.
    pub mark: Option<MarkKind>,
    /// Of this calibre, upper and lower case and spaces aside.
    pub calibre: Option<String>,
    /// From this country.
    pub country: Option<Country>,
    /// Of this laboratory, exactly.
    pub laboratory: Option<String>,
    /// Of the cases with this number, of whichever laboratory; exhibits without a case have none.
    pub case_number: Option<String>,
    /// Entered at this time or later.
    pub entered_from: Option<Timestamp>,
    /// Entered before this time.
    pub entered_before: Option<Timestamp>,
    /// What becomes of unknown calibres and countries.
    pub unknown: Unknown,
    /// Only scans whose identifiers come after this one: where a listing in pages goes on.
    pub after: Option<ScanId>,
}

/// How many scans in use a filter does not choose. A scan is counted with the first part of the filter that does not
/// allow it, in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// By mark.
    pub mark: u64,
    /// By calibre.
    pub calibre: u64,
    /// By country.
    pub country: u64,
    /// By laboratory.
    pub laboratory: u64,
    /// By case number.
    pub case_number: u64,
    /// By time of entry.
    pub entered: u64,
}

/// A part of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterPart {
    /// [`Filter::mark`].
    Mark,
    /// [`Filter::calibre`].
    Calibre,
    /// [`Filter::country`].
    Country,
    /// [`Filter::laboratory`].
    Laboratory,
    /// [`Filter::case_number`].
    CaseNumber,
    /// [`Filter::entered_from`] and [`Filter::entered_before`].
    Entered,
}

impl Skipped {
    /// Counts records that a part does not allow.
    pub const fn add(&mut self, part: FilterPart, records: u64) {
        let count = match part {
            FilterPart::Mark => &mut self.mark,
            FilterPart::Calibre => &mut self.calibre,
            FilterPart::Country => &mut self.country,
            FilterPart::Laboratory => &mut self.laboratory,
            FilterPart::CaseNumber => &mut self.case_number,
            FilterPart::Entered => &mut self.entered,
        };
        *count += records;
    }
}

impl Filter {
    /// The first part, the time of entry aside, that does not allow scans with these facets.
    #[must_use]
    pub fn refuses(&self, facets: &Facets) -> Option<FilterPart> {
        let unknown = self.unknown == Unknown::Included;
        let allowed = [
            (FilterPart::Mark, self.mark.is_none_or(|mark| mark == facets.mark)),
            (
                FilterPart::Calibre,
                self.calibre.as_ref().is_none_or(|wanted| {
                    facets.calibre.as_ref().map_or(unknown, |found| same_calibre(wanted, found))
                }),
            ),
            (
                FilterPart::Country,
                self.country.is_none_or(|wanted| facets.country.map_or(unknown, |c| c == wanted)),
            ),
            (
                FilterPart::Laboratory,
                self.laboratory.as_ref().is_none_or(|wanted| *wanted == facets.laboratory),
            ),
            (
                FilterPart::CaseNumber,
                self.case_number.as_ref().is_none_or(|n| facets.case_number.as_ref() == Some(n)),
            ),
        ];
        allowed.into_iter().find(|(_, allowed)| !allowed).map(|(part, _)| part)
    }

    /// Whether it allows scans that were entered at this time.
    #[must_use]
    pub fn allows_time(&self, entered: Timestamp) -> bool {
        self.entered_from.is_none_or(|from| entered >= from)
            && self.entered_before.is_none_or(|before| entered < before)
    }

    /// Whether it allows a time that is neither before the first nor after the last.
    #[must_use]
    pub fn allows_time_within(&self, first: Timestamp, last: Timestamp) -> bool {
        self.entered_from.is_none_or(|from| last >= from)
            && self.entered_before.is_none_or(|before| first < before)
    }

    /// The first part that does not allow a scan.
    fn leaves_out(&self, visible: &Visible) -> Option<FilterPart> {
        let late = || (!self.allows_time(visible.entered)).then_some(FilterPart::Entered);
        self.refuses(&visible.facets).or_else(late)
    }

    /// Every scan that could be allowed, in order.
    fn candidates<'a>(&self, index: &'a dyn Index) -> Entries<'a> {
        let facet = |facet| index.under(&keys::facet(facet));
        let or_unknown = |known, unknown| match self.unknown {
            Unknown::Included => union(facet(known), facet(unknown)),
            Unknown::Excluded => facet(known),
        };
        if let Some(number) = &self.case_number {
            facet(Facet::CaseNumber(number))
        } else if let Some(calibre) = &self.calibre {
            or_unknown(Facet::Calibre(Some(calibre)), Facet::Calibre(None))
        } else if let Some(laboratory) = &self.laboratory {
            facet(Facet::Laboratory(laboratory))
        } else if let Some(country) = self.country {
            or_unknown(Facet::Country(Some(country)), Facet::Country(None))
        } else if let Some(mark) = self.mark {
            facet(Facet::Mark(mark))
        } else {
            index.under(&[keys::LIVE])
        }
    }
}

fn same_calibre(one: &str, other: &str) -> bool {
    keys::folded(one) == keys::folded(other)
}

/// The scans that a filter allows, in the order of identifiers, with constant memory.
pub(super) fn scans<'a>(
    index: &'a dyn Index,
    filter: &Filter,
) -> impl Iterator<Item = Result<ScanId, StoreError>> + Send + use<'a> {
    let candidates = filter.candidates(index);
    let filter = filter.clone();
    candidates.filter_map(move |candidate| {
        let allowed = candidate.and_then(|(key, _)| {
            let scan = ScanId::from_uuid(keys::last_uuid(&key));
            if filter.after.is_some_and(|after| scan <= after) {
                return Ok(None);
            }
            let live = keys::live(scan);
            // A scan withdrawn since the listing began is not seen any more.
            let visible: Option<Visible> =
                index.get(&live)?.map(|value| decode(&live, &value)).transpose()?;
            Ok(visible.filter(|visible| filter.leaves_out(visible).is_none()).map(|_| scan))
        });
        allowed.transpose()
    })
}

/// Counts the scans in use that a filter does not choose. Costs a walk over the facets of all.
pub(super) fn skipped(index: &dyn Index, filter: &Filter) -> Result<Skipped, StoreError> {
    let mut skipped = Skipped::default();
    if (Filter { after: None, unknown: Unknown::default(), ..filter.clone() }) == Filter::default()
    {
        return Ok(skipped);
    }
    for entry in index.under(&[keys::LIVE]) {
        let (key, value) = entry?;
        let visible: Visible = decode(&key, &value)?;
        if let Some(part) = filter.leaves_out(&visible) {
            skipped.add(part, 1);
        }
    }
    Ok(skipped)
}

/// Two listings as one, in the order of the identifiers at the ends of their keys.
fn union<'a>(one: Entries<'a>, other: Entries<'a>) -> Entries<'a> {
    Box::new(Union { one: one.peekable(), other: other.peekable() })
}

struct Union<'a> {
    one: Peekable<Entries<'a>>,
    other: Peekable<Entries<'a>>,
}

impl<'a> Iterator for Union<'a> {
    type Item = <Entries<'a> as Iterator>::Item;

    fn next(&mut self) -> Option<Self::Item> {
        let other_first = match (self.one.peek(), self.other.peek()) {
            (Some(Ok((one, _))), Some(Ok((other, _)))) => {
                keys::last_uuid(other) < keys::last_uuid(one)
            }
            // An error is handed on at once.
            (Some(Ok(_)), Some(Err(_))) | (None, _) => true,
            (Some(_), None) | (Some(Err(_)), Some(_)) => false,
        };
        if other_first { self.other.next() } else { self.one.next() }
    }
}
