//! Does the index put the mates of real scans before everything else, whatever happens to the questioned
//! scan? On the scans of two studies, if they are there (CASEMARK_REAL_DATA, by default ../shared/data from the
//! project's root); without them nothing is tested, and that is said.

use crate::real::real_data;
use casemark::index::{Block, Indexer};
use casemark::parameters::Index;
use casemark::surface::Kind;
use casemark::transform::{keep_share, rotate};
use casemark::units::Angle;
use casemark::{Arithmetic, Parameters, Signature, Surface};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

const STUDIES: [(&str, usize); 2] = [("fadul", 40), ("weller", 36)];

/// A real scan: its study, its source, its surface.
struct Scan {
    study: usize,
    source: String,
    surface: Surface,
}

fn scans(data: &Path) -> Vec<Scan> {
    let labels = std::fs::read_to_string(data.join("labels.csv")).unwrap();
    let mut files = Vec::new();
    for (study, (folder, count)) in STUDIES.iter().enumerate() {
        let before = files.len();
        let prefix = format!("{folder}/");
        for line in labels.lines().filter(|line| line.starts_with(&prefix)) {
            let (file, source) = line.rsplit_once(',').unwrap();
            files.push((study, format!("{folder} {source}"), data.join(file)));
        }
        assert_eq!(files.len() - before, *count, "scans of {folder} in labels.csv");
    }
    let read = |(study, source, path): (usize, String, PathBuf)| {
        let bytes = std::fs::read(&path).unwrap();
        let surface = casemark::format::read(&bytes, &Default::default()).unwrap().surface;
        Scan { study, source, surface }
    };
    files.into_par_iter().map(read).collect()
}

fn signature(surface: &Surface) -> Signature {
    let source = casemark::Digest::of(b"a real scan");
    Signature::extract(surface, source, &Parameters::default()).unwrap()
}

/// What came of asking for every scan.
struct Answer {
    /// Area under the ROC curve within each study; a tie counts half.
    areas: [f64; 2],
    /// Most different-source scans of both studies above a mate.
    worst_rank: usize,
}

/// Which of the two passes.
#[derive(Clone, Copy)]
enum Pass {
    Coarse,
    Full,
}

/// Asks for every scan, harmed as told (by its number), among all others as they are.
fn ask(
    indexer: &Indexer,
    scans: &[Scan],
    block: &Block,
    pass: Pass,
    harm: impl Fn(usize, &Surface) -> Surface + Sync,
) -> Answer {
    let scores: Vec<Vec<f32>> = scans
        .par_iter()
        .enumerate()
        .map_init(
            || indexer.workspace(),
            |workspace, (number, scan)| {
                let question = indexer.question(&signature(&harm(number, &scan.surface)));
                let asked = [&question];
                if let Pass::Coarse = pass {
                    return indexer.sieve_block(&asked, block, workspace).unwrap().swap_remove(0);
                }
                let found = indexer.score_block(&asked, block, workspace).unwrap();
                found[0].iter().map(|found| found.map_or(0.0, |found| found.score)).collect()
            },
        )
        .collect();
    let mut worst_rank = 0;
    let mut areas = [0.0; 2];
    for (study, area) in areas.iter_mut().enumerate() {
        let (mut same, mut different) = (Vec::new(), Vec::new());
        for (number, questioned) in scans.iter().enumerate() {
            if questioned.study != study {
                continue;
            }
            for (other, reference) in scans.iter().enumerate().filter(|(other, _)| *other != number)
            {
                let score = scores[number][other];
                if reference.source == questioned.source {
                    same.push(score);
                    let above = scans.iter().zip(&scores[number]).filter(|(scan, other)| {
                        scan.source != questioned.source && **other > score
                    });
                    worst_rank = worst_rank.max(above.count());
                } else if reference.study == study {
                    different.push(score);
                }
            }
        }
        different.sort_by(f32::total_cmp);
        let wins = |score: &f32| {
            let below = different.partition_point(|other| other < score);
            let not_above = different.partition_point(|other| other <= score);
            below + not_above
        };
        let wins: usize = same.iter().map(wins).sum();
        *area = wins as f64 / (2 * same.len() * different.len()) as f64;
    }
    Answer { areas, worst_rank }
}

#[test]
fn every_mate_of_a_real_scan_comes_before_every_other() {
    let Some(data) = real_data() else { return };
    let scans = scans(&data);
    let indexer = Indexer::new(Index::default(), Arithmetic::Vectorised).unwrap();
    let mut block = indexer.block(Kind::Topography, Parameters::default().extraction_digest());
    let entries: Vec<_> =
        scans.par_iter().map(|scan| indexer.entry(&signature(&scan.surface))).collect();
    for entry in &entries {
        block.push(entry).unwrap();
    }
    // Any angle, another one for every scan.
    let turn = |number: usize| Angle::from_degrees((number as f64 * 137.508) % 360.0);
    let turned = |number: usize, surface: &Surface| rotate(surface, turn(number)).unwrap();
    let halved = |number: usize, surface: &Surface| {
        keep_share(&turned(number, surface), 0.5, turn(3 * number + 1)).unwrap()
    };
    let found = ask(&indexer, &scans, &block, Pass::Full, turned);
    println!("turned: areas {:?}, worst rank {}", found.areas, found.worst_rank);
    assert!(found.areas.iter().all(|area| *area >= 0.9999), "{:?}", found.areas);
    assert!(found.worst_rank <= 1, "{} others above a mate", found.worst_rank);
    let found = ask(&indexer, &scans, &block, Pass::Full, halved);
    println!("half cut away: areas {:?}, worst rank {}", found.areas, found.worst_rank);
    assert!(found.areas.iter().all(|area| *area >= 0.99), "{:?}", found.areas);
    // The coarse pass need not order them, only lose none; as they are, too: their centres then miss another lattice.
    let found = ask(&indexer, &scans, &block, Pass::Coarse, |_, surface| surface.clone());
    println!("as they are, coarse: areas {:?}, worst rank {}", found.areas, found.worst_rank);
    assert!(found.areas.iter().all(|area| *area >= 0.998), "{:?}", found.areas);
    assert!(found.worst_rank <= 1, "{} others above a mate", found.worst_rank);
    let found = ask(&indexer, &scans, &block, Pass::Coarse, turned);
    println!("turned, coarse: areas {:?}, worst rank {}", found.areas, found.worst_rank);
    assert!(found.areas.iter().all(|area| *area >= 0.998), "{:?}", found.areas);
    assert!(found.worst_rank <= 1, "{} others above a mate", found.worst_rank);
    let found = ask(&indexer, &scans, &block, Pass::Coarse, halved);
    println!("half cut away, coarse: areas {:?}, worst rank {}", found.areas, found.worst_rank);
    assert!(found.areas.iter().all(|area| *area >= 0.98), "{:?}", found.areas);
}
