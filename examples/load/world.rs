//! Which laboratories are there, and what does a store of theirs hold?
//!
//! A plan of exhibits from a seed: fifteen laboratories, calibres in the shares of casework, cases of some exhibits,
//! firearms of four shots each, most of them found by one laboratory and some by another, so that mates exist within a
//! case and across the sea. Exhibit after exhibit in the order of entry, so that a plan of more exhibits begins as one of
//! fewer does.

use casemark::store::{Country, ExhibitMetadata, FirearmMetadata};
use jiff::{Timestamp, ToSpan as _};

/// Country and name of each laboratory. Letters and spaces alone: so are the names of their certificates' files.
pub(crate) const LABORATORIES: [(&str, &str); 15] = [
    ("AG", "Forensic Laboratory of Antigua and Barbuda"),
    ("BB", "Forensic Laboratory of Barbados"),
    ("BS", "Forensic Laboratory of the Bahamas"),
    ("BZ", "Forensic Laboratory of Belize"),
    ("DM", "Forensic Laboratory of Dominica"),
    ("DO", "Forensic Laboratory of the Dominican Republic"),
    ("GD", "Forensic Laboratory of Grenada"),
    ("GY", "Forensic Laboratory of Guyana"),
    ("HT", "Forensic Laboratory of Haiti"),
    ("JM", "Forensic Laboratory of Jamaica"),
    ("KN", "Forensic Laboratory of Saint Kitts and Nevis"),
    ("LC", "Forensic Laboratory of Saint Lucia"),
    ("SR", "Forensic Laboratory of Suriname"),
    ("TT", "Forensic Laboratory of Trinidad and Tobago"),
    ("VC", "Forensic Laboratory of Saint Vincent"),
];

/// Calibres, and how many of a hundred firearms have each.
const CALIBRES: [(&str, u64); 6] = [
    ("9 mm Luger", 55),
    (".40 S&W", 12),
    (".45 ACP", 10),
    (".380 ACP", 10),
    (".223 Rem", 8),
    ("7.62 x 39 mm", 5),
];

/// With which the labels of a plan's exhibits begin.
pub(crate) const LABEL: char = 'E';
/// Shots of one firearm in the store.
pub(crate) const SHOTS: usize = 4;
/// Of so many firearms, one was itself found.
const RECOVERED: u64 = 5;
/// Of so many exhibits, one was found by another laboratory than the firearm's other ones.
const ABROAD: u64 = 6;
/// Least and greatest number of exhibits of a case.
const CASE: (u64, u64) = (6, 22);
/// Between two entries.
const STEP_MINUTES: i64 = 257;

/// An exhibit of the plan.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// The firearm.
    pub(crate) firearm: usize,
    /// Which of its shots.
    pub(crate) shot: usize,
    /// What is known of it.
    pub(crate) metadata: ExhibitMetadata,
    /// When it is entered.
    pub(crate) entered: Timestamp,
}

/// A sequence that a seed fixes: SplitMix64, enough for choices that prove nothing.
#[derive(Clone, Debug)]
pub(crate) struct Draws(u64);

impl Draws {
    /// The sequence of a seed and a part of the whole.
    pub(crate) fn new(seed: u64, part: u64) -> Self {
        let mut draws = Self(seed ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93));
        draws.next();
        draws
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// An index of a list that is not empty.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }
}

/// The time before which no exhibit of a plan is entered, and that which all are entered before.
pub(crate) fn horizon() -> anyhow::Result<(Timestamp, Timestamp)> {
    Ok(("2021-01-04T08:00:00Z".parse()?, "2026-01-01T00:00:00Z".parse()?))
}

/// A plan of so many exhibits.
pub(crate) fn plan(seed: u64, exhibits: usize) -> anyhow::Result<Vec<Planned>> {
    let (start, end) = horizon()?;
    // The case that each laboratory has open: its number, and how many exhibits it still takes.
    let mut open = [(0_u64, 0_u64); LABORATORIES.len()];
    let mut draws = Draws::new(seed, 1);
    let mut planned = Vec::with_capacity(exhibits);
    for number in 0..exhibits {
        let (firearm, shot) = (number / SHOTS, number % SHOTS);
        let mut own = Draws::new(seed, 2 + firearm as u64);
        let home = own.index(LABORATORIES.len());
        let calibre = calibre(own.below(100));
        let recovered = own.below(RECOVERED) == 0;
        let abroad = draws.below(ABROAD) == 0;
        let laboratory = if abroad { draws.index(LABORATORIES.len()) } else { home };
        let (case, room) = &mut open[laboratory];
        if *room == 0 {
            *case += 1;
            *room = CASE.0 + draws.below(CASE.1 - CASE.0 + 1);
        }
        *room -= 1;
        let (country, name) = LABORATORIES[laboratory];
        let entered = start.checked_add((number as i64 * STEP_MINUTES).minutes())?;
        anyhow::ensure!(entered < end, "a plan has at most 10000 exhibits or a few more");
        let metadata = ExhibitMetadata {
            laboratory: name.to_owned(),
            case_number: Some(format!("{country}-{case:04}")),
            label: Some(format!("{LABEL}{:05}", number + 1)),
            country: Some(country.parse::<Country>()?),
            calibre: Some(calibre.to_owned()),
            firearm: (recovered && laboratory == home).then(|| FirearmMetadata {
                label: Some(format!("F{:05}", firearm + 1)),
                ..FirearmMetadata::default()
            }),
            ..ExhibitMetadata::default()
        };
        planned.push(Planned { firearm, shot, metadata, entered });
    }
    Ok(planned)
}

fn calibre(mut share: u64) -> &'static str {
    for (name, of_a_hundred) in CALIBRES {
        if share < of_a_hundred {
            return name;
        }
        share -= of_a_hundred;
    }
    CALIBRES[0].0
}
