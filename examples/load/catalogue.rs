//! What is in the store, as its clients know it, and which filters choose a wanted number of its records.
//!
//! Listed through the service itself. A search has a filter on the case, or on laboratory, calibre and a stretch of time of
//! entry, as an examiner narrows one; how many records that chooses is known beforehand, so an answer can be held against
//! it.

use crate::clients::{self, Questioned, Wanted};
use crate::scans::Pool;
use crate::world::{Draws, LABEL};
use anyhow::{anyhow, ensure};
use casemark::service::pb;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use tonic::transport::Channel;

/// Records of a page, while the catalogue is read.
const PAGE: i32 = 500;

/// A record, as far as filters are concerned.
#[derive(Clone, Debug)]
struct Known {
    scan: String,
    laboratory: String,
    calibre: String,
    case_number: String,
    entered: prost_types::Timestamp,
}

/// A search, and how many records it has to search.
#[derive(Clone, Debug)]
pub(crate) struct Narrowed {
    pub(crate) wanted: Wanted,
    pub(crate) records: RangeInclusive<u64>,
}

/// The records of the store before the load.
#[derive(Debug)]
pub(crate) struct Catalogue {
    records: Vec<Known>,
    /// Of one laboratory and calibre each, by time of entry.
    groups: Vec<Vec<usize>>,
    /// Of one case each, where their number is among those wanted.
    cases: Vec<Vec<usize>>,
    /// Least and greatest number of records of a search.
    per_search: (usize, usize),
}

impl Catalogue {
    /// Lists all records; searches are to choose about so many of them.
    pub(crate) async fn read(channel: Channel, per_search: usize) -> anyhow::Result<Self> {
        let (mut records, mut token) = (Vec::new(), String::new());
        loop {
            let page = clients::list(channel.clone(), None, PAGE, token).await;
            let page = page.map_err(|trouble| anyhow!("the store cannot be listed: {trouble}"))?;
            records.extend(page.records.into_iter().filter_map(known));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        ensure!(records.len() > 1, "the store has {} records: fill it", records.len());
        let per_search = ((per_search * 2 / 3).max(1), (per_search * 4 / 3).max(1));
        let (mut groups, mut cases) = (BTreeMap::<_, Vec<usize>>::new(), BTreeMap::new());
        for (index, record) in records.iter().enumerate() {
            groups.entry((&record.laboratory, &record.calibre)).or_default().push(index);
            cases.entry(&record.case_number).or_insert_with(Vec::new).push(index);
        }
        let time = |index: &usize| (records[*index].entered.seconds, records[*index].entered.nanos);
        let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
        groups.iter_mut().for_each(|group| group.sort_by_key(time));
        let cases = cases.into_values();
        let cases = cases.filter(|case| (per_search.0..=per_search.1).contains(&case.len()));
        let cases = cases.collect();
        Ok(Self { groups, cases, per_search, records })
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Any scan.
    pub(crate) fn scan(&self, draws: &mut Draws) -> String {
        self.records[draws.index(self.records.len())].scan.clone()
    }

    /// Any laboratory's calibre, for lists.
    pub(crate) fn group(&self, draws: &mut Draws) -> pb::Filter {
        let group = &self.groups[draws.index(self.groups.len())];
        self.alike(group[0])
    }

    fn alike(&self, record: usize) -> pb::Filter {
        let record = &self.records[record];
        pb::Filter {
            laboratory: Some(record.laboratory.clone()),
            calibre: Some(record.calibre.clone()),
            ..Default::default()
        }
    }

    /// A search of some records, half of them with a scan of the store, half with a file.
    pub(crate) fn narrowed(
        &self,
        pool: &Pool,
        draws: &mut Draws,
        note: &str,
    ) -> anyhow::Result<Narrowed> {
        let (chosen, filter) = if !self.cases.is_empty() && draws.below(3) == 0 {
            let case = &self.cases[draws.index(self.cases.len())];
            let case_number = Some(self.records[case[0]].case_number.clone());
            (case.as_slice(), pb::Filter { case_number, ..Default::default() })
        } else {
            self.stretch(draws)
        };
        let of_store = chosen[draws.index(chosen.len())];
        let wanted = self.wanted(of_store, pool, draws, note, Some(filter))?;
        let records = chosen.len() as u64;
        Ok(Narrowed { wanted, records: records..=records })
    }

    /// A search over everything. What a load has entered meanwhile is searched too.
    pub(crate) fn whole(
        &self,
        pool: &Pool,
        draws: &mut Draws,
        note: &str,
    ) -> anyhow::Result<Narrowed> {
        let of_store = draws.index(self.records.len());
        let wanted = self.wanted(of_store, pool, draws, note, None)?;
        Ok(Narrowed { wanted, records: self.len() as u64..=u64::MAX })
    }

    /// A search with this scan of the store, or with a file.
    fn wanted(
        &self,
        of_store: usize,
        pool: &Pool,
        draws: &mut Draws,
        note: &str,
        filter: Option<pb::Filter>,
    ) -> anyhow::Result<Wanted> {
        let questioned = if draws.below(2) == 0 {
            Questioned::Stored(self.records[of_store].scan.clone())
        } else {
            let (name, file) = pool.copy(draws.index(pool.len()), note)?;
            Questioned::File(name, file)
        };
        Ok(Wanted { questioned, filter, omit_cells: draws.below(2) == 0 })
    }

    /// A search over everything, to be given up.
    pub(crate) fn wide(&self, draws: &mut Draws) -> Wanted {
        let questioned = Questioned::Stored(self.scan(draws));
        Wanted { questioned, filter: None, omit_cells: true }
    }

    /// Some records of one laboratory and calibre, entered one after the other.
    fn stretch(&self, draws: &mut Draws) -> (&[usize], pb::Filter) {
        let (least, most) = self.per_search;
        // A record rather than a group, so that large groups are looked at more often.
        let group = loop {
            let record = &self.records[draws.index(self.records.len())];
            let same = |group: &&Vec<usize>| {
                let first = &self.records[group[0]];
                (&first.laboratory, &first.calibre) == (&record.laboratory, &record.calibre)
            };
            if let Some(group) = self.groups.iter().find(same) {
                break group;
            }
        };
        let length = (least + draws.index(most - least + 1)).min(group.len());
        let from = draws.index(group.len() - length + 1);
        let chosen = &group[from..from + length];
        let mut filter = self.alike(chosen[0]);
        filter.entered_from_time = Some(self.records[chosen[0]].entered);
        let last = self.records[chosen[length - 1]].entered;
        // The next nanosecond.
        let (seconds, nanos) = match last.nanos {
            999_999_999 => (last.seconds + 1, 0),
            nanos => (last.seconds, nanos + 1),
        };
        filter.entered_before_time = Some(prost_types::Timestamp { seconds, nanos });
        (chosen, filter)
    }
}

/// A record of the plan. Those that a load entered are copies of a few scans, which no search can tell apart.
fn known(record: pb::Record) -> Option<Known> {
    let exhibit = record.exhibit?;
    exhibit.label.filter(|label| label.starts_with(LABEL))?;
    Some(Known {
        scan: record.scan_id,
        laboratory: exhibit.laboratory,
        calibre: exhibit.calibre?,
        case_number: exhibit.case_number?,
        entered: record.entered_time?,
    })
}
